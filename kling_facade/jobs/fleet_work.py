"""What a fleet hands out to be done, and what it goes by."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from attrs import define, frozen

from ..errors import (
    KlingError,
    Throttled,
)
from ..gateway.job_id import Ids
from .effects import Flow, Policy, Send
from .fleet_status import Outcome
from .known_job import KnownJob

if TYPE_CHECKING:
    from ..requests.image_to_video import ImageToVideo

__all__ = ["Entry", "Pause", "Terms", "Work"]


@define(eq=False)
class Entry:
    """One request on its way."""

    number: int
    request: ImageToVideo
    phase: Literal["create", "wait", "fetch", "over"] = "create"
    flow: Flow[Any] | None = None
    ids: Ids | None = None
    known: KnownJob | None = None
    job: Any = None
    asking: Send | None = None
    timer: int = 0
    news: Any = None
    began: float = 0.0
    book: Any = None
    outcome: Outcome[Any] | None = None


@frozen
class Pause:
    """A submit flow that waits.

    Attributes:
        seconds: How long it wants to.
        throttled: Why, when the gateway turned it away.
    """

    seconds: float
    throttled: Throttled | None = None


@frozen(eq=False)
class Work:
    """One thing to do outside.

    Attributes:
        kind: ``"create"``: take the entry's submit flow, or a new one, as far as it goes without
            waiting; the result is a `Pause` or the task. ``"fetch"``: store the entry's video; the
            result is the `Video`. ``"perform"``: perform ``effect``. ``"release"``: let go of its
            row in the journal.
        entry: Whose work it is; ``None`` for a list.
        effect: What to perform.
        refusal: For a create: what is raised instead of sending anything.
    """

    kind: Literal["create", "fetch", "perform", "release"]
    entry: Entry | None = None
    effect: Any = None
    refusal: KlingError | None = None


@frozen(kw_only=True)
class Terms:
    """What a fleet goes by.

    Attributes:
        concurrency: Most creates in flight.
        questions: Most questions in flight.
        downloads: Most downloads in flight.
        timeout: Longest wait for one job in seconds; ``None`` for the client's own.
        fetches: Whether videos are to be stored.
        tells: Whether somebody wants to hear of each question's answer.
        policy: Limits, poll plan and randomness of the waits.
        adopt: Makes the caller's handle of a job, and of what the journal is written through.
    """

    concurrency: int = 8
    questions: int = 8
    downloads: int = 4
    timeout: float | None = None
    fetches: bool = True
    tells: bool = False
    policy: Policy
    adopt: Callable[[KnownJob, Any], Any]
