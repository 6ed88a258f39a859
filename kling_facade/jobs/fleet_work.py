"""The values that a fleet and its driver exchange: entries, work, and the fleet's settings."""

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
    """What a request waits for."""

    CREATING = auto()
    """The driver runs its submit flow."""
    PAUSED = auto()
    """Its submit flow waits for a moment in time, or until another entry has found a free slot."""
    SLEEPING = auto()
    """Its job runs, and the next question is due later."""
    ASKING = auto()
    """A question about its job is due: a list may answer it, or it is sent by itself."""
    AWAY = auto()
    """The driver performs an effect of its wait flow."""
    FETCHING = auto()
    """Its video is being downloaded, or waits for its turn."""
    OVER = auto()
    """It has ended."""


class _Book(Protocol):
    """What an entry needs of `journal.Book`."""

    def needless(self, event: str) -> bool: ...


@define(eq=False)
class Entry:
    """One request of a fleet.

    Attributes:
        number: Its position among the requests, from 0.
        request: The request, or another object from which the driver makes flows.
        phase: What it waits for.
        flow: The flow that continues after that: the submit flow, then the wait flow.
        book: Its access to the journal, if there is one. Set by the driver.
        ids: The ids of its job. Set by the submit flow.
        known: Its job, once it was accepted.
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
        """Whether this event need not be recorded: there is no journal, or it changes no row."""
        book: _Book | None = self.book
        return book is None or book.needless(event)


@frozen
class Pause:
    """The wish of a submit flow to wait.

    Attributes:
        seconds: How long.
        throttled: The gateway's answer, if that was the reason.
    """

    seconds: float
    throttled: Throttled | None = None


@frozen(eq=False)
class Work:
    """One piece of work for the driver.

    Attributes:
        kind: ``"create"``: run the entry's submit flow, or a new one, until it has to wait; the
            result is a `Pause` or the task. ``"fetch"``: download the entry's video; the result is
            the `Video`. ``"perform"``: perform ``effect``. ``"release"``: release its row in the
            journal.
        entry: The entry; ``None`` for a list.
        effect: The effect to perform.
        refusal: For a create: the error to raise instead of sending anything.
    """

    kind: Literal["create", "fetch", "perform", "release"]
    entry: Entry | None = None
    effect: Any = None
    refusal: KlingError | None = None


@frozen(kw_only=True)
class Terms:
    """The settings of a fleet.

    Attributes:
        concurrency: Largest number of creates in flight.
        questions: Largest number of questions in flight.
        downloads: Largest number of downloads in flight.
        timeout: Longest wait for one job, in seconds; ``None`` for the client's limit.
        fetches: Whether to download the videos.
        tells: Whether the caller wants the progress of each job.
        policy: Limits, poll plan and randomness of the waits.
        adopt: Makes the caller's handle from a job and the journal's book.
        ended: Makes the outcome of an ended request.
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
