"""What a fleet hands out to be done, and what it goes by."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Literal, Protocol

from attrs import define, frozen

from ..errors import KlingError, Throttled
from ..gateway.job_id import Ids
from .effects import Flow, Policy
from .fleet_status import Ended
from .known_job import KnownJob

__all__ = ["Entry", "Pause", "Phase", "Terms", "Work"]


class Phase(Enum):
    """What a request on its way waits for."""

    CREATING = auto()
    """Its submit flow goes on outside."""
    PAUSED = auto()
    """Its submit flow waits: for its time, or until another one has found a free slot."""
    SLEEPING = auto()
    """Its job runs; the next question comes when its time has come."""
    ASKING = auto()
    """A question about its job is due: a list may answer it, or it is sent by itself."""
    AWAY = auto()
    """An effect of its wait flow is performed outside."""
    FETCHING = auto()
    """Its video is stored outside, or waits for its turn."""
    OVER = auto()
    """It has ended."""


class _Book(Protocol):
    """What an entry's operation writes to the journal."""

    def needless(self, event: str) -> bool: ...


@define(eq=False)
class Entry:
    """One request on its way.

    Attributes:
        number: Its place among the requests, from 0.
        request: The request, or whatever else the driver makes flows of.
        phase: What it waits for.
        flow: The flow that goes on when that has come: the submit flow, then the wait flow.
        book: What it is written down through, if there is a journal. Set by the driver.
        ids: What its job will be known by. Set by the submit flow.
        known: Its job, once that was accepted.
        job: The caller's handle of the job.
        began: When its newest create began.
        news: A list's answer to the question that its wait flow will ask next.
        ended: How it ended.
    """

    number: int
    request: Any
    phase: Phase = Phase.CREATING
    flow: Flow[Any] | None = None
    book: Any = None
    ids: Ids | None = None
    known: KnownJob | None = None
    job: Any = None
    began: float = 0.0
    news: Any = None
    ended: Ended | None = None

    def needless(self, event: str) -> bool:
        """Whether there is nobody to write this down, or nothing new about it."""
        book: _Book | None = self.book
        return book is None or book.needless(event)


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
        ended: Makes what the caller is given of each request that has ended.
    """

    concurrency: int = 8
    questions: int = 8
    downloads: int = 4
    timeout: float | None = None
    fetches: bool = True
    tells: bool = False
    policy: Policy
    adopt: Callable[[KnownJob, Any], Any]
    ended: Callable[..., Ended] = Ended
