"""How one request of many ended, as the caller is given it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from ..jobs.fleet_status import Ended

if TYPE_CHECKING:
    from ..requests.image_to_video import ImageToVideo

__all__ = ["Outcome"]

_JobT = TypeVar("_JobT")


class Outcome(Ended, Generic[_JobT]):
    """How one request of many ended.

    Attributes:
        number: Its place among the requests, from 0.
        request: The request.
        job: The job, once it was accepted. ``None`` when it never was, or was not needed.
        video: The file, when all went well and there was a folder to put it in.
        error: What went wrong, or ``None``.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        request: ImageToVideo
        job: _JobT | None
