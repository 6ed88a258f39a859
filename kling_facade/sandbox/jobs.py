"""The life of a job: submitted, processing, then succeed or failed, by a clock that can be set.

A job knows from its start when it will change, so its state is a question to the clock and nothing
has to run in the background.
"""

from __future__ import annotations

import math
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias

from attrs import evolve, field, frozen

from .answers import RefusedError
from .order import Order

__all__ = ["RESULT_LIFE", "TOO_MANY_JOBS", "TYPICAL", "Clock", "Job", "Jobs", "Status"]

Status: TypeAlias = Literal["submitted", "processing", "succeed", "failed"]

TYPICAL: Final = 164.0
"""Seconds a job takes on average (COMFY, averages of 2025)."""

RESULT_LIFE: Final = 30 * 24 * 3600.0
"""Seconds that Kling keeps a result (VD1 early 2026)."""

TOO_MANY_JOBS: Final = "parallel task over resource pack limit"
"""What Kling says with code 1303 (VD4 live 2026-09-20)."""

_FIRST_ID: Final = 812_000_000_000_000_000  # as long as the vendor's


class Clock:
    """The time in the sandbox, in seconds since 1970.

    Args:
        speed: How many seconds pass in the sandbox for each real one; 0 stands still.
        start: The time at the beginning; now, if left out.
        monotonic: Real seconds that only grow.

    Example:
        >>> clock = Clock(speed=0, start=1_000.0)
        >>> clock.advance(5)
        >>> clock.now()
        1005.0
    """

    def __init__(
        self,
        speed: float = 60.0,
        start: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not (math.isfinite(speed) and speed >= 0):
            raise ValueError(f"speed must be a number from 0 upwards, not {speed!r}")
        self.speed = speed
        self._monotonic = monotonic
        self._zero = monotonic()
        self._base = time.time() if start is None else start

    def now(self) -> float:
        """The time in the sandbox."""
        return self._base + (self._monotonic() - self._zero) * self.speed

    def advance(self, seconds: float) -> None:
        """Let time pass at once.

        Raises:
            ValueError: When ``seconds`` is negative: time does not run backwards here.
        """
        if seconds < 0:
            raise ValueError(f"can't advance by {seconds!r} seconds: time only runs forwards")
        self._base += seconds


@frozen
class Job:
    """One job.

    Attributes:
        task_id: The sandbox's id: digits.
        external_task_id: The caller's id, or ``None``.
        order: What was asked for.
        created: When it was accepted, in seconds since 1970 in the sandbox.
        starts: When it begins to be worked on.
        ends: When it is done.
        failure: Why it will fail, or ``None``.
        token: The unguessable part of its result's address.
    """

    task_id: str
    external_task_id: str | None
    order: Order = field(repr=False)
    created: float
    starts: float
    ends: float
    failure: str | None = None
    token: str = field(factory=lambda: secrets.token_urlsafe(24), repr=False)

    def status(self, now: float) -> Status:
        """The state at a time."""
        if now < self.starts:
            return "submitted"
        if now < self.ends:
            return "processing"
        return "failed" if self.failure else "succeed"

    def updated(self, now: float) -> float:
        """When the state last changed, seen at a time."""
        return max(moment for moment in (self.created, self.starts, self.ends) if moment <= now)

    def result_expired(self, now: float) -> bool:
        """Whether the result has been deleted."""
        return now >= self.ends + RESULT_LIFE

    def describe(self, now: float, base_url: str, *, full: bool = True) -> dict[str, Any]:
        """The job as Kling's ``data`` object.

        What is not known is an empty object: ``task_info`` without an external id, ``task_result``
        of a failed job (a live answer in QuantumNous/new-api, pull request 2532, 2025-12).

        Args:
            now: The time in the sandbox.
            base_url: What the result's address begins with.
            full: With state message, result and charge, as a look-up gives them. The answer to a
                create leaves them out.
        """
        status, own = self.status(now), self.external_task_id
        data: dict[str, Any] = {
            "task_id": self.task_id,
            "task_status": status,
            "task_info": {"external_task_id": own} if own else {},
            "created_at": round(self.created * 1000),
            "updated_at": round(self.updated(now) * 1000),
        }
        if full:
            data["task_status_msg"] = (self.failure or "") if status == "failed" else ""
        if full and status == "failed":
            data["task_result"] = {}
        if full and status == "succeed":
            data["task_result"] = {"videos": [self._video(base_url)]}
            data["final_unit_deduction"] = self.order.units
        return data

    def _video(self, base_url: str) -> dict[str, str]:
        return {
            "id": self.task_id[::-1],
            "url": f"{base_url}/files/{self.token}/{self.task_id}.mp4",
            "duration": f"{self.order.film.seconds:.1f}",
        }


class Jobs:
    """All jobs of one account. Safe to use from several threads.

    Args:
        clock: The sandbox's time.
        seed: The same seed gives the same durations in the same order.
        typical: Average seconds of a job.
        slots: How many unfinished jobs of one model there may be; ``None`` for any number.
    """

    def __init__(
        self, clock: Clock, seed: int = 0, typical: float = TYPICAL, slots: int | None = None
    ) -> None:
        self._clock = clock
        self._typical = typical
        self._slots = slots
        self._random = random.Random(seed)  # noqa: S311 - variety, not secrecy
        self._lock = threading.Lock()
        self._by_id: dict[str, Job] = {}
        self._by_external: dict[str, str] = {}
        self._by_token: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Job]:
        """The jobs, the first accepted first."""
        return iter(list(self._by_id.values()))

    def accept(
        self,
        order: Order,
        admit: Callable[[], None] = lambda: None,
        change: Callable[[Job], Job] = lambda job: job,
    ) -> Job:
        """Make a job of an order.

        Args:
            order: What was asked for.
            admit: Raises `RefusedError` when there may not be another job; for faults.
            change: Has the last word on the job's life; for faults.

        Raises:
            RefusedError: With code 1201 when the external id is taken (VD4 live 2026-09-20), with
                1303 when no slot is free.
        """
        external = order.external_task_id
        # One create at a time is counted and made: two can't both take the last slot.
        with self._lock:
            if external is not None and external in self._by_external:
                raise RefusedError(1201, f"External_task_id {external} already exists")
            admit()
            if self._slots is not None and self.unfinished(order.model) >= self._slots:
                raise RefusedError(1303, TOO_MANY_JOBS)
            job = change(self._new(order))
            self._by_id[job.task_id] = job
            self._by_token[job.token] = job.task_id
            if external is not None:
                self._by_external[external] = job.task_id
        return job

    def _new(self, order: Order) -> Job:
        now = self._clock.now()
        queue = self._random.uniform(0.03, 0.12) * self._typical
        total = self._typical * min(max(self._random.lognormvariate(-0.03, 0.25), 0.4), 3.0)
        if order.failure:
            total = queue + 0.1 * self._typical  # the vendor finds these early
        number = _FIRST_ID + len(self._by_id) * 1009 + self._random.randrange(1009)
        return Job(
            task_id=str(number),
            external_task_id=order.external_task_id,
            order=order,
            created=now,
            starts=now + queue,
            ends=now + max(total, queue * 1.5),
            failure=order.failure,
        )

    def find(self, name: str) -> Job | None:
        """The job with this task id, or else with this external id."""
        return self._by_id.get(name) or self._by_id.get(self._by_external.get(name, ""))

    def of_token(self, token: str) -> Job | None:
        """The job whose result has this address."""
        return self._by_id.get(self._by_token.get(token, ""))

    def page(self, number: int, size: int) -> list[Job]:
        """A page of the jobs, the latest first."""
        latest = list(reversed(self._by_id.values()))
        return latest[(number - 1) * size : number * size]

    def unfinished(self, model: str | None = None) -> int:
        """How many jobs hold a slot now: from their create to their end.

        Args:
            model: Count the jobs of this model only.
        """
        now = self._clock.now()
        return sum(job.ends > now and model in (None, job.order.model) for job in self)


def slower(job: Job, factor: float) -> Job:
    """The same job with its whole life stretched."""
    starts = job.created + (job.starts - job.created) * factor
    return evolve(job, starts=starts, ends=job.created + (job.ends - job.created) * factor)
