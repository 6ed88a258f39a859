"""How many jobs at once stand, and how each of them ended."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from attrs import define, evolve, frozen

from ..gateway.task import Task
from .destination import Video

__all__ = ["Ended", "Status", "Tally"]


@frozen
class Ended:
    """How one request of many ended.

    Attributes:
        number: Its place among the requests, from 0.
        request: The request.
        job: The job, once it was accepted. ``None`` when it never was, or was not needed.
        video: The file, when all went well and there was a folder to put it in.
        error: What went wrong, or ``None``.
    """

    number: int
    request: Any
    job: Any = None
    video: Video | None = None
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        """Whether it went well."""
        return self.error is None

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.number}: {type(self.error).__name__}: {self.error}"
        return f"{self.number}: {self.video or self.job}"


@frozen(kw_only=True)
class Status:
    """Where a fleet stands; at the end, the report.

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
        trouble: The last thing that did not go as hoped, or ``None``.
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
    """What has ended so far, and what the last trouble was."""

    counts: Status = Status()

    def finished(self, task: Task) -> None:
        """A job has ended; it may have a price."""
        units = task.units
        if units is None:
            self.counts = evolve(self.counts, unpriced=self.counts.unpriced + 1)
        else:
            self.counts = evolve(self.counts, units=self.counts.units + units)

    def ended(self, ended: Ended) -> None:
        """A request has ended."""
        name = "succeeded" if ended.ok else "failed"
        self.counts = evolve(self.counts, **{name: getattr(self.counts, name) + 1})

    def troubled(self, trouble: str | None) -> None:
        """Something did not go as hoped; ``None`` when it did."""
        if trouble is not None:
            self.counts = evolve(self.counts, trouble=trouble)
