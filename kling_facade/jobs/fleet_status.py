"""The status of a fleet, and the outcome of each of its requests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import define, evolve, frozen

from ..gateway.task import Task
from .destination import Video

__all__ = ["Ended", "Status", "Tally"]


@frozen
class Ended:
    """The outcome of one request of a fleet.

    Attributes:
        number: Its position among the requests, from 0.
        request: The request.
        job: The job, if one was accepted.
        video: The file, if the request succeeded and the video was to be stored.
        error: The error, or ``None`` if it succeeded.
    """

    number: int
    request: Any
    job: Any = None
    video: Video | None = None
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        """Whether the request succeeded."""
        return self.error is None

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.number}: {type(self.error).__name__}: {self.error}"
        return f"{self.number}: {self.video or self.job}"


@frozen(kw_only=True)
class Status:
    """The counts of a fleet: its progress while it runs, its report at the end.

    Attributes:
        creating: Requests being submitted, those that wait for a free slot included.
        waiting: Jobs under way at the gateway.
        downloading: Videos being stored.
        succeeded: Requests that ended well.
        failed: Requests that ended with an error.
        units: Kling's units that the finished jobs cost, as far as the gateway says.
        unpriced: Finished jobs whose cost the gateway does not say.
        elapsed: Seconds since the start.
        slots: Jobs that the account seems to let run at once; ``None`` while no limit was met.
        trouble: The latest problem, or ``None``.
    """

    creating: int = 0
    waiting: int = 0
    downloading: int = 0
    succeeded: int = 0
    failed: int = 0
    units: Decimal = Decimal(0)
    unpriced: int = 0
    elapsed: float = 0.0
    slots: int | None = None
    trouble: str | None = None

    def __str__(self) -> str:
        text = f"{self.succeeded} done, {self.failed} failed"
        if active := self.creating + self.waiting + self.downloading:
            text += f", {active} under way ({self.creating} to submit, {self.waiting} waiting, "
            text += f"{self.downloading} downloading)"
        text += f", {self.units:f} units, {self.elapsed:.0f} s"
        return f"{text} ({self.trouble})" if self.trouble else text


@define
class Tally:
    """Counts what has ended so far, and keeps the latest problem."""

    counts: Status = Status()

    def finished(self, task: Task) -> None:
        """Counts an ended job and its price, if the gateway names one."""
        units = task.units
        if units is None:
            self.counts = evolve(self.counts, unpriced=self.counts.unpriced + 1)
        else:
            self.counts = evolve(self.counts, units=self.counts.units + units)

    def ended(self, ended: Ended) -> None:
        """Counts an ended request."""
        name = "succeeded" if ended.ok else "failed"
        self.counts = evolve(self.counts, **{name: getattr(self.counts, name) + 1})

    def troubled(self, trouble: str | None) -> None:
        """Keeps the latest problem; ``None`` changes nothing."""
        if trouble is not None:
            self.counts = evolve(self.counts, trouble=trouble)
