"""What `generate_many` was asked for: one flow to begin each request, one to fetch its video."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import evolve

from ..errors import InvalidRequest
from ..jobs.destination import Exist, Video, destination_path, place, ready_folder
from ..jobs.effects import Do, Flow, Policy
from ..jobs.fleet_work import Terms
from ..jobs.known_job import KnownJob
from ..requests.request_fields import as_request
from .outcome import Outcome
from .session import Session

if TYPE_CHECKING:
    from ..jobs.journal import Book
    from ..requests.image_to_video import ImageToVideo

__all__ = ["Names", "Orders", "file_names", "fleet_terms"]

Names: TypeAlias = "Callable[[int, ImageToVideo], str] | Iterable[str] | None"
"""How the files of a batch are called: see `file_names`."""

_LONGEST_STEM: Final = 60
_CREATES: Final = 8
_QUESTIONS: Final = 8
_DOWNLOADS: Final = 4


class Orders:
    """The requests' destination and terms, shared by all entries of one batch.

    Args:
        session: The client's.
        to: The folder; ``None`` for none.
        names: As `file_names` takes them.
        exist: What to do with a file that is there.
        max_units: Most that one video may cost.
    """

    def __init__(
        self,
        session: Session,
        to: str | os.PathLike[str] | None,
        names: Names,
        exist: Exist,
        max_units: float | None,
    ) -> None:
        self._session = session
        self._folder = None if to is None else destination_path(to)
        self._name = file_names(names)
        self._exist = exist
        self._max_units = max_units
        self._taken: dict[str, int] = {}
        # A request may queue for a free slot as long as it takes.
        limits = evolve(session.policy.limits, submit=float("inf"))
        self._policy: Policy = evolve(session.policy, limits=limits)

    def ready(self) -> None:
        """Makes the folder."""
        if self._folder is not None:
            ready_folder(self._folder)

    def book(self) -> Book | None:
        """What one request's operation writes to the journal."""
        return self._session.book()

    def begin(self, entry: Any) -> Flow[Any]:
        """The video that is there already, or the task of a job that was accepted."""
        entry.request = as_request(entry.request, {})
        session, request, facts = self._session, entry.request, None
        if self._folder is not None:
            path = self._path(entry)
            video = yield from session.existing_video(request, path, self._exist)
            if video is not None:
                return video
            facts = place(path, self._exist)
        session.check_price(request, self._max_units)
        flow, entry.ids = yield Do(lambda: session.submission(request, facts, self._policy))
        return (yield from flow)

    def fetch(self, entry: Any) -> Flow[Video]:
        """The video, stored."""
        session, known = self._session, entry.known
        assert isinstance(known, KnownJob)
        digest = entry.book is not None
        path = self._path(entry)
        return (
            yield from known.download(
                session.policy, session.gateway, path, self._exist, digest=digest
            )
        )

    def _path(self, entry: Any) -> Path:
        """Where a video goes.

        Raises:
            InvalidRequest: Another video of this batch goes there, or it is not a file's name.
        """
        assert self._folder is not None
        name = self._name(entry.number, entry.request)
        if self._taken.setdefault(name.name, entry.number) != entry.number:
            raise InvalidRequest(
                f"{name} is the name of another video of this batch",
                hint="Give each its own with names=...",
            )
        return self._folder / name


def fleet_terms(
    session: Session,
    adopt: Callable[[KnownJob, Book | None], Any],
    timeout: float | None,
    concurrency: int | None = None,
    *,
    fetches: bool = True,
    tells: bool = False,
) -> Terms:
    """What a fleet of this client goes by.

    Args:
        session: The client's.
        adopt: Makes the handle of a job.
        timeout: Longest wait for one job in seconds; ``None`` for the client's own.
        concurrency: Most creates in flight; ``None`` for as many as seem sensible.
        fetches: Whether videos are stored.
        tells: Whether somebody wants to hear of each answer.

    Raises:
        InvalidRequest: More creates at once than the client has connections, or less than one.
    """
    most = session.policy.limits.connections
    if concurrency is None:
        concurrency = min(_CREATES, most)
    if not 1 <= concurrency <= most:
        raise InvalidRequest(
            f"concurrency is {concurrency}; it is 1 to {most}",
            hint="Limits(connections=...) allows for more.",
        )
    return Terms(
        concurrency=concurrency,
        questions=min(_QUESTIONS, most),
        downloads=min(_DOWNLOADS, most),
        timeout=timeout,
        fetches=fetches,
        tells=tells,
        policy=session.policy,
        adopt=adopt,
        ended=Outcome,
    )


def file_names(names: Names) -> Callable[[int, ImageToVideo], Path]:
    """How files are called: as a function or a list says, else by number and picture.

    Args:
        names: ``None``, a function of number and request, or names in the order of the requests.
    """
    if names is None:
        return _default_name
    if callable(names):
        return lambda number, request: _plain_name(names(number, request))
    listed = list(names)
    return lambda number, request: _plain_name(listed[number])


def _default_name(number: int, request: ImageToVideo) -> Path:
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(request.image.label).stem)
    return Path(f"{number + 1:04d}-{stem[:_LONGEST_STEM].strip('-') or 'video'}.mp4")


def _plain_name(name: Any) -> Path:
    path = Path(str(name))
    if not path.name or path.name != str(name) or path.name == "..":
        raise InvalidRequest(
            f"{str(name)[:80]!r} is not the name of a file",
            hint="A name has no folder in it; the folder is given once, with to=...",
        )
    return path if path.suffix else path.with_suffix(".mp4")
