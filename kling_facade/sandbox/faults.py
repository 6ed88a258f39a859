"""Things that go wrong on purpose, so that a program can be tested against them.

    from kling_facade.sandbox import Sandbox, faults

    with Sandbox(faults=[faults.lost_answer(), faults.throttle(3)]) as sandbox:
        ...

Each fault is a value with its own count. They are asked in the order given. To make another, write
a subclass of `Fault` that overrides one method.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import define, evolve

from .answers import RefusedError
from .jobs import TOO_MANY_JOBS, slower

if TYPE_CHECKING:
    from .jobs import Job, Jobs

__all__ = [
    "Call",
    "Fault",
    "RefusedError",
    "concurrency_limit",
    "cut_files",
    "expired_results",
    "fail_jobs",
    "late_lookup",
    "lost_answer",
    "refuse",
    "slow_jobs",
    "throttle",
]

Call: TypeAlias = Literal["create", "look-up", "list", "file"]
"""What a request is for."""

_MESSAGES = {
    1302: "Requests are too fast: the rate limit is exceeded",
    1303: TOO_MANY_JOBS,
    1102: "Account balance not enough",
    5000: "Internal error",
    5001: "The service is under maintenance",
    5002: "Internal timeout",
}


@define
class Fault:
    """Base of all faults: does nothing. Override what is to go wrong."""

    def before(self, call: Call, jobs: Jobs) -> None:
        """Called before a request is worked on; raises `RefusedError` to refuse it."""

    def admit(self, jobs: Jobs) -> None:
        """Called right before a job is made, one at a time; raises `RefusedError` to refuse it."""

    def change(self, job: Job) -> Job:
        """Called with each new job; returns it, or another life for it."""
        return job

    def loses_answer(self, call: Call) -> bool:
        """Called when a request has been worked on; true drops the connection unanswered."""
        return False

    def hides(self, job: Job, now: float) -> bool:
        """Called when a job is looked up; true says that the job does not exist."""
        return False

    def deletes(self, job: Job, now: float) -> bool:
        """Called when a result is fetched; true says that it is gone."""
        return False

    def cuts(self, length: int) -> int | None:
        """Called when a result goes out; says after how many of its bytes the connection ends."""
        return None


@define
class _Counted(Fault):
    """A fault that happens a number of times."""

    left: float

    def _due(self, wanted: bool) -> bool:
        if not wanted or self.left <= 0:
            return False
        self.left -= 1
        return True


@define
class _LostAnswer(_Counted):
    call: Call

    def loses_answer(self, call: Call) -> bool:
        return self._due(call == self.call)


def lost_answer(times: int = 1, *, on: Call = "create") -> Fault:
    """Work on the request, then close the connection without a word.

    This is the fault that makes careless clients pay twice: the job exists, and its id is lost.

    Args:
        times: How many answers are lost.
        on: Which kind of request: ``create``, ``look-up``, ``list`` or ``file``.
    """
    return _LostAnswer(times, on)


@define
class _Refuse(_Counted):
    call: Call | None
    error: RefusedError

    def before(self, call: Call, jobs: Jobs) -> None:
        if self._due(self.call in (None, call)):
            raise self.error


def refuse(code: int, times: int = 1, *, on: Call | None = "create", message: str = "") -> Fault:
    """Refuse requests with one of Kling's codes; nothing is done.

    Args:
        code: Kling's code, such as 1102 (nothing left to pay with) or 5001 (maintenance).
        times: How many requests are refused.
        on: Which kind of request; ``None`` is every kind.
        message: What the answer says; left out, a usual text.
    """
    return _Refuse(times, on, RefusedError(code, message or _MESSAGES.get(code, "refused")))


def throttle(
    times: int = 1,
    *,
    code: int = 1302,
    retry_after: float | None = None,
    on: Call | None = "create",
) -> Fault:
    """Answer 429 with code 1302 (too fast) or 1303 (too many jobs at once).

    Args:
        times: How many requests are throttled.
        code: 1302 or 1303.
        retry_after: Seconds for the ``Retry-After`` header; left out, the header is not sent.
        on: Which kind of request; ``None`` is every kind.
    """
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return _Refuse(times, on, RefusedError(code, _MESSAGES[code], headers=headers))


@define
class _ConcurrencyLimit(Fault):
    limit: int

    def admit(self, jobs: Jobs) -> None:
        if jobs.unfinished() >= self.limit:
            raise RefusedError(1303, TOO_MANY_JOBS)


def concurrency_limit(limit: int) -> Fault:
    """Refuse a create with 1303 while this many jobs are unfinished, whatever their models.

    ``Sandbox(slots=...)`` counts as an account does: the jobs of each model by themselves.

    Args:
        limit: How many jobs may run at once.
    """
    return _ConcurrencyLimit(limit)


@define
class _SlowJobs(_Counted):
    factor: float

    def change(self, job: Job) -> Job:
        return slower(job, self.factor) if self._due(True) else job


def slow_jobs(factor: float = 10.0, *, times: float = math.inf) -> Fault:
    """Stretch the life of jobs.

    Args:
        factor: How many times longer they take.
        times: How many jobs, from the next on; left out, all.
    """
    return _SlowJobs(times, factor)


@define
class _FailJobs(_Counted):
    reason: str

    def change(self, job: Job) -> Job:
        return evolve(job, failure=self.reason) if self._due(True) else job


def fail_jobs(times: int = 1, *, reason: str = "Failure to pass the risk control system") -> Fault:
    """Accept jobs that end as ``failed``.

    Args:
        times: How many jobs, from the next on.
        reason: Their ``task_status_msg``.
    """
    return _FailJobs(times, reason)


@define
class _LateLookup(Fault):
    seconds: float

    def hides(self, job: Job, now: float) -> bool:
        return now < job.created + self.seconds


def late_lookup(seconds: float = 5.0) -> Fault:
    """Don't find a new job for a while, as happens where writes take time to be seen.

    Args:
        seconds: How long, in the sandbox's time.
    """
    return _LateLookup(seconds)


@define
class _ExpiredResults(Fault):
    after: float

    def deletes(self, job: Job, now: float) -> bool:
        return now >= job.ends + self.after


def expired_results(after: float = 0.0) -> Fault:
    """Delete results early: their addresses answer 404.

    Args:
        after: Seconds between a job's end and the deletion, in the sandbox's time.
    """
    return _ExpiredResults(after)


@define
class _CutFiles(_Counted):
    part: float

    def cuts(self, length: int) -> int | None:
        return int(length * self.part) if self._due(True) else None


def cut_files(times: int = 1, *, part: float = 0.5) -> Fault:
    """Close the connection in the middle of a result.

    Args:
        times: How many answers are cut.
        part: How much of each arrives, from 0 to 1.
    """
    return _CutFiles(times, part)
