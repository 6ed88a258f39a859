"""Every decision about submitting and waiting, without doing anything.

Each function here is a generator. It yields what it wants done, an *effect*, and is sent the result
or thrown the error. Two drivers of a few lines perform the effects, one blocking and one with
``await``, so that sync and async can't drift apart and a test can play the world by hand:

    flow = submit(create, find, ids, policy)
    next(flow)                  # Now()
    flow.send(0.0)              # Record("intent", ...)
    flow.send(None)             # Send(create, ...)
    flow.throw(OutcomeUnknown("the answer was lost"))   # Now(): and off it goes to look it up

The promise kept here: one `submit` is at most one paid job, and no accepted job is lost.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final, TypeVar

from attrs import evolve, field, frozen

from .errors import (
    AlreadyExists,
    AuthError,
    BadResponse,
    JobNotFound,
    KlingError,
    NotSent,
    OutcomeUnknown,
    Throttled,
    TransientRead,
    WaitTimeout,
)
from .limits import Limits, PollPlan, RetryBudget
from .task import State, Task

__all__ = [
    "Call",
    "Effect",
    "Ids",
    "Now",
    "Policy",
    "Progress",
    "Record",
    "Send",
    "Sleep",
    "Tell",
    "refresh",
    "submit",
    "wait",
]

log = logging.getLogger("kling_facade")

_T = TypeVar("_T")

_STALE_TOKEN: Final = frozenset({1003, 1004})
_FIRST_LOOKS: Final = 0.5
_LOOK_CAP: Final = 8.0
_BACKOFF_CAP: Final = 60.0
_BAD_ANSWERS: Final = 3
_EMPTY_RESULTS: Final = 4
_SHORTEST_CALL: Final = 1.0


# --- effects -------------------------------------------------------------------------------------


@frozen
class Call:
    """One operation of the generated client, with its arguments.

    Attributes:
        operation: Module name in ``kling_client.api.image_to_video``.
        arguments: What the operation is given besides the client.
    """

    operation: str
    arguments: Mapping[str, Any] = field(repr=False)


@frozen
class Send:
    """Make the call; the result is the generated envelope.

    Attributes:
        call: What to ask.
        within: Longest time the exchange may take, in seconds; ``None`` for the client's own limit.
    """

    call: Call
    within: float | None = None


@frozen
class Sleep:
    """Let time pass.

    Attributes:
        seconds: How much.
    """

    seconds: float


@frozen
class Now:
    """Say what time it is, in seconds on a clock that never goes back."""


@frozen
class Record:
    """Write down what is known, before going on.

    Attributes:
        event: ``intent``, ``accepted``, ``refused`` or ``finished``.
        facts: Columns of the journal.
    """

    event: str
    facts: Mapping[str, Any]


@frozen
class Progress:
    """How a wait stands; what ``on_update`` is given.

    Attributes:
        task: The newest snapshot.
        elapsed: Seconds since the wait began.
        polls: Questions asked so far.
        trouble: Why the last question brought nothing, or ``None``. The job goes on all the same.
    """

    task: Task
    elapsed: float
    polls: int
    trouble: str | None = None

    def __str__(self) -> str:
        text = f"{self.task}, {self.elapsed:.0f} s"
        return f"{text} (still trying: {self.trouble})" if self.trouble else text


@frozen
class Tell:
    """Tell the caller.

    Attributes:
        progress: What.
    """

    progress: Progress


Effect = Send | Sleep | Now | Record | Tell
Flow = Generator[Any, Any, _T]


# --- what the decisions rest on ------------------------------------------------------------------


@frozen(kw_only=True)
class Policy:
    """Limits, poll plan, randomness and the client's retry budget."""

    limits: Limits = field(factory=Limits)
    plan: PollPlan = field(factory=PollPlan)
    uniform: Callable[[], float] = random.random
    budget: RetryBudget = field(factory=RetryBudget)

    def backoff(self, attempt: int) -> float:
        """Seconds before the next try: from 0.5 to a ceiling that doubles, at random."""
        ceiling = min(_BACKOFF_CAP, 2.0**attempt)
        return 0.5 + (ceiling - 0.5) * self.uniform()

    def throttled(self, error: KlingError, attempt: int) -> float:
        """Seconds to hold back: what the gateway asks for and a little more, else a backoff."""
        low, high = self.limits.retry_after
        if error.retry_after is None:
            return max(low, self.backoff(attempt))
        asked = min(max(error.retry_after, low), high)
        return asked * (1.0 + 0.25 * self.uniform())


@frozen
class Ids:
    """How a job is known, for errors and answers."""

    external_task_id: str | None = None
    task_id: str | None = None

    def on(self, error: KlingError) -> KlingError:
        """The error, with the ids it did not have."""
        error.task_id = error.task_id or self.task_id
        error.external_task_id = error.external_task_id or self.external_task_id
        return error

    def check(self, task: Task) -> Task:
        """The task, if it is ours.

        Raises:
            BadResponse: It is an answer about another job: it is never delivered.
        """
        wrong_id = self.task_id is not None and self.task_id not in (
            task.task_id,
            task.external_task_id,
        )
        wrong_echo = bool(
            self.external_task_id
            and task.external_task_id
            and task.external_task_id != self.external_task_id
        )
        if wrong_id or wrong_echo:
            raise self.on(
                BadResponse(
                    f"the gateway answered about another job ({task.task_id})",
                    hint="Tell the gateway's operator; the request id helps.",
                )
            )
        return task


def _task(envelope: Any, ids: Ids) -> Task:
    """The snapshot in an envelope, if it is ours."""
    if envelope is None or not envelope.data:
        raise ids.on(BadResponse("the gateway's answer names no job"))
    return ids.check(Task.read(envelope.data))


# --- submit --------------------------------------------------------------------------------------


def submit(
    create: Call, find: Call, ids: Ids, policy: Policy, facts: Mapping[str, Any]
) -> Flow[Task]:
    """Gets one job accepted, and never two.

    Only a call that surely never left, or that was turned away with "wait", is made again, under
    the same external id. After any unclear outcome the job is looked up by that id.

    Args:
        create: The POST.
        find: The look-up by external id.
        ids: The external id.
        policy: Limits and randomness.
        facts: What the journal keeps besides the ids.

    Raises:
        OutcomeUnknown: The answer was lost and the job could not be found within the grace time.
        KlingError: Refused; or it could not be sent.
    """
    end = (yield Now()) + policy.limits.submit
    yield Record("intent", {**facts, "external_task_id": ids.external_task_id})
    try:
        task = yield from _post_once(create, find, ids, policy, end)
    except OutcomeUnknown:
        raise
    except KlingError as error:
        yield Record("refused", {"external_task_id": ids.external_task_id})
        raise ids.on(error) from None
    yield Record("accepted", {"external_task_id": ids.external_task_id, "task_id": task.task_id})
    return task


def _post_once(create: Call, find: Call, ids: Ids, policy: Policy, end: float) -> Flow[Task]:
    attempt, signed_again = 0, False
    failure: KlingError
    delay: float | None
    while True:
        attempt += 1
        try:
            envelope = yield Send(create)
            policy.budget.earn()
            return _task(envelope, ids)
        except NotSent as error:
            if attempt >= policy.limits.attempts or not policy.budget.spend():
                raise
            failure, delay = error, policy.backoff(attempt)
        except Throttled as error:
            failure, delay = error, policy.throttled(error, attempt)
        except AuthError as error:
            if signed_again or error.code not in _STALE_TOKEN:
                raise
            failure, delay, signed_again = error, 0.0, True
        except (OutcomeUnknown, AlreadyExists, BadResponse) as error:
            failure, delay = error, None
        if delay is None:
            return (yield from _look_for(find, ids, policy, failure))
        if (yield Now()) + delay >= end:
            raise failure
        log.info("submit %s: %s; again in %.1f s", ids.external_task_id, failure.message, delay)
        yield Sleep(delay)


def _look_for(find: Call, ids: Ids, policy: Policy, lost: KlingError) -> Flow[Task]:
    """Looks a job up that may exist, until it is seen or the grace time is over."""
    log.warning("submit %s: %s; looking it up", ids.external_task_id, lost.message)
    end = (yield Now()) + policy.limits.grace
    gap, last = _FIRST_LOOKS, lost
    while True:
        left = end - (yield Now())
        try:
            return _task((yield Send(find, within=max(left, _SHORTEST_CALL))), ids)
        except (JobNotFound, TransientRead, NotSent, BadResponse) as error:
            last, delay = error, gap
        except Throttled as error:
            last, delay = error, policy.throttled(error, 1)
        except KlingError as error:
            raise _unknown(lost, error, ids) from None
        if (yield Now()) + delay >= end:
            raise _unknown(lost, last, ids)
        yield Sleep(delay)
        gap = min(gap * 2, _LOOK_CAP)


def _unknown(lost: KlingError, last: KlingError, ids: Ids) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{lost.message}; looked for the job since, last answer: {last.message}",
        hint="It may exist and cost money: don't submit it again. Look later with "
        f"kling.job(external_task_id={ids.external_task_id!r}).refresh()",
        external_task_id=ids.external_task_id,
        task_id=lost.task_id,
        code=lost.code,
        http_status=lost.http_status,
        request_id=lost.request_id,
    )


# --- ask and wait --------------------------------------------------------------------------------


def refresh(find: Call, ids: Ids, policy: Policy) -> Flow[Task]:
    """One look at a job, with a few more tries where a read fails in passing.

    Raises:
        JobNotFound: The gateway knows no such job.
        KlingError: The reads failed for good.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return _task((yield Send(find)), ids)
        except KlingError as error:
            failure = ids.on(error)
        delay = _read_again(failure, attempt, policy)
        if delay is None or attempt >= policy.limits.attempts or not policy.budget.spend():
            raise failure
        yield Sleep(delay)


def _read_again(error: KlingError, attempt: int, policy: Policy) -> float | None:
    """Seconds before a read is tried again; ``None`` when that would not help."""
    if isinstance(error, AuthError):
        return 0.0 if error.code in _STALE_TOKEN and attempt == 1 else None
    if isinstance(error, Throttled):
        return policy.throttled(error, attempt)
    if isinstance(error, (TransientRead, NotSent, BadResponse)):
        return policy.backoff(attempt)
    return None


@frozen
class _Poll:
    """What one question brought."""

    task: Task
    trouble: str | None = None
    hold: float | None = None
    bad: int = 0
    stale: bool = False


def wait(find: Call, task: Task | None, ids: Ids, policy: Policy, timeout: float) -> Flow[Task]:
    """Asks until the job has ended.

    A failed question never ends the wait, only the deadline does: the job runs at the gateway, not
    here. An unknown state is a running one. The first final state that is seen stands. After a
    sleep that took much longer than asked (a laptop was closed) there is one question, not many.

    Returns:
        The final snapshot.

    Raises:
        WaitTimeout: ``timeout`` seconds have passed.
        BadResponse: A finished job without a video, or unreadable answers several times in a row.
        KlingError: The key was refused, or the gateway has no such job after the grace time.
    """
    began = yield Now()
    if task is None:
        task = yield from refresh(find, ids, policy)
    poll, polls, empties, warned = _Poll(task), 0, 0, False
    gaps = policy.plan.gaps(policy.uniform)
    while not _finished(poll.task):
        now = yield Now()
        if now >= began + timeout:
            raise _too_long(poll, ids, timeout)
        gap = next(gaps) if poll.hold is None else poll.hold
        yield Sleep(min(gap, began + timeout - now))
        now = yield Now()
        left = max(began + timeout - now, _SHORTEST_CALL)
        poll = yield from _ask(find, poll, ids, policy, now - began, left)
        polls += 1
        yield Tell(Progress(poll.task, (yield Now()) - began, polls, poll.trouble))
        warned = _warn_once(poll.task, warned=warned)
        empties += poll.task.state is State.SUCCEEDED and not poll.task.videos
        if empties >= _EMPTY_RESULTS:
            raise ids.on(
                BadResponse("the job succeeded, but the gateway gives no address for its video")
            )
    return poll.task


def _finished(task: Task) -> bool:
    return task.state is State.FAILED or (task.state is State.SUCCEEDED and bool(task.videos))


def _ask(
    find: Call, before: _Poll, ids: Ids, policy: Policy, elapsed: float, left: float
) -> Flow[_Poll]:
    """One question; an error that may pass becomes trouble, any other is raised."""
    try:
        return _Poll(_task((yield Send(find, within=left)), ids))
    except KlingError as error:
        failure = ids.on(error)
    trouble = evolve(before, trouble=failure.message, hold=None)
    if isinstance(failure, AuthError) and failure.code in _STALE_TOKEN and not before.stale:
        return evolve(trouble, hold=0.0, stale=True)
    if isinstance(failure, Throttled):
        return evolve(trouble, hold=policy.throttled(failure, 3))
    if isinstance(failure, (TransientRead, NotSent)):
        return trouble
    if isinstance(failure, BadResponse) and before.bad + 1 < _BAD_ANSWERS:
        return evolve(trouble, bad=before.bad + 1)
    if isinstance(failure, JobNotFound) and elapsed < policy.limits.grace:
        return trouble
    raise failure


def _warn_once(task: Task, *, warned: bool) -> bool:
    if task.state is State.UNKNOWN and not warned:
        log.warning("job %s: unknown state %r, taken as still running", task.task_id, task.status)
        return True
    return warned


def _too_long(poll: _Poll, ids: Ids, timeout: float) -> KlingError:
    last = f"; last trouble: {poll.trouble}" if poll.trouble else ""
    return ids.on(
        WaitTimeout(
            f"no video after {timeout:g} s; the job is {poll.task.status or 'under way'}{last}",
            hint="It goes on at the gateway and stays paid. Wait for it again: "
            f"kling.job({poll.task.task_id!r}).wait()",
            task_id=poll.task.task_id,
        )
    )
