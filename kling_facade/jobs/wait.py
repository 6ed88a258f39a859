"""Asking for a job and waiting for its end. Decisions only, no I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve, frozen

from ..errors import (
    BadResponse,
    KlingError,
    WaitTimeout,
)
from ..gateway.job_id import Ids
from ..gateway.task import State, Task
from .effects import SHORTEST_CALL, Call, Flow, Now, Policy, Progress, Send, Sleep, Tell, log, note
from .verdicts import Verdict, foreign, verdict_on

__all__ = ["ask", "is_over", "refresh", "task_in", "wait"]


_BAD_ANSWERS: Final = 3
"""Answers in a row that can't be used, after which a wait gives up."""
_EMPTY_RESULTS: Final = 4
"""Answers that say "succeeded" without the address of a video, after which a wait gives up. A
gateway may learn the address a moment later than the state."""


def task_in(envelope: Any, ids: Ids) -> Task:
    """The snapshot in a generated envelope.

    Raises:
        BadResponse: The envelope has no task, or the task of another job.
    """
    if envelope is None or not envelope.data:
        raise ids.on(BadResponse("the gateway's answer names no job"))
    return ids.check(Task.read(envelope.data))


def refresh(find: Call, ids: Ids, policy: Policy) -> Flow[Task]:
    """Asks for a job once, and a few times more after temporary failures.

    Raises:
        JobNotFound: The gateway knows no such job.
        KlingError: The last read failed as well.
    """
    task: Task = yield from ask(find, policy, lambda envelope: task_in(envelope, ids), ids)
    return task


def ask(
    call: Call,
    policy: Policy,
    read: Callable[[Any], Any] = lambda envelope: envelope,
    ids: Ids | None = None,
) -> Flow[Any]:
    """Makes a call that costs nothing, and repeats it a few times after temporary failures.

    Args:
        call: The question; never a create.
        policy: Limits and randomness.
        read: Reads the result from the answer. If it raises, the answer counts as a failed one.
        ids: The ids that errors carry.

    Raises:
        KlingError: The call failed in a way that repeating does not help, or too often.
    """
    attempt, signed, known = 0, False, ids or Ids()
    while True:
        attempt += 1
        try:
            return read((yield Send(call)))
        except Exception as error:  # noqa: BLE001 - the table decides
            verdict, failure = verdict_on(error, "ask"), known.on(foreign(error, paid=False))
        if verdict is Verdict.STOP or (verdict is Verdict.SIGN and signed):
            raise failure
        if attempt >= policy.limits.attempts or not policy.budget.spend():
            raise failure
        signed = signed or verdict is Verdict.SIGN
        yield Sleep(_ask_after(verdict, failure, attempt, policy))


def _ask_after(verdict: Verdict, failure: KlingError, attempt: int, policy: Policy) -> float:
    """Seconds before a question is asked again."""
    match verdict:
        case Verdict.SIGN:
            return 0.0
        case Verdict.HOLD:
            return policy.throttled(failure, attempt)
        case _:
            return policy.backoff(attempt)


@frozen
class _Poll:
    """The state of a wait after a question.

    Attributes:
        task: The newest snapshot.
        trouble: Why the last question failed, or ``None``.
        hold: Seconds until the next question, if the gateway or the error says so.
        bad: Unreadable answers in a row.
        stale: Whether the last token was refused for its times.
        seen: When the gateway last showed the job, in seconds since the wait began.
    """

    task: Task
    trouble: str | None = None
    hold: float | None = None
    bad: int = 0
    stale: bool = False
    seen: float = 0.0


def wait(find: Call, task: Task | None, ids: Ids, policy: Policy, timeout: float) -> Flow[Task]:
    """Asks until the job has ended.

    A failed question never ends the wait, only the deadline does: the job runs at the gateway, not
    here. An unknown state counts as running. The first final state counts, whatever comes later.
    After a sleep that took much longer than asked (the laptop was closed), one question is asked,
    not one for each missed turn.

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
    while not is_over(poll.task):
        now = yield Now()
        if now >= began + timeout:
            raise _too_long(poll, ids, timeout)
        gap = next(gaps) if poll.hold is None else poll.hold
        yield Sleep(min(gap, began + timeout - now))
        now = yield Now()
        # The last question is sent at the deadline itself, and needs a moment for its answer.
        left = max(began + timeout - now, SHORTEST_CALL)
        poll = yield from _ask(find, poll, ids, policy, now - began, left)
        polls += 1
        yield from note("waiting", ids)
        yield Tell(Progress(poll.task, (yield Now()) - began, polls, poll.trouble))
        warned = _warn_once(poll.task, warned=warned)
        empties += poll.task.state is State.SUCCEEDED and not poll.task.videos
        if empties >= _EMPTY_RESULTS:
            raise ids.on(
                BadResponse("the job succeeded, but the gateway gives no address for its video")
            )
    yield from note("finished", ids, task_id=poll.task.task_id, outcome=str(poll.task.state))
    return poll.task


def is_over(task: Task) -> bool:
    """Whether the wait is over: the job has failed, or its video has an address."""
    return task.state is State.FAILED or (task.state is State.SUCCEEDED and bool(task.videos))


def _ask(
    find: Call, before: _Poll, ids: Ids, policy: Policy, elapsed: float, left: float
) -> Flow[_Poll]:
    """Asks one question of a wait.

    Raises:
        KlingError: Further questions would not help.
    """
    try:
        return _Poll(task_in((yield Send(find, left, shared=True)), ids), seen=elapsed)
    except Exception as error:  # noqa: BLE001 - the table decides
        verdict, failure = verdict_on(error, "poll"), ids.on(foreign(error, paid=False))
    trouble = evolve(before, trouble=failure.message, hold=None)
    match verdict:
        case Verdict.AGAIN:
            return trouble
        case Verdict.HOLD:
            return evolve(trouble, hold=policy.throttled(failure, 3))
        case Verdict.SIGN if not before.stale:
            return evolve(trouble, hold=0.0, stale=True)
        case Verdict.FEW if before.bad + 1 < _BAD_ANSWERS:
            return evolve(trouble, bad=before.bad + 1)
        case Verdict.ABSENT if elapsed - before.seen < policy.limits.grace:
            return trouble
        case _:
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
