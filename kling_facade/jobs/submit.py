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
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import evolve, field, frozen

from ..errors import (
    AlreadyExists,
    AuthError,
    BadResponse,
    InvalidRequest,
    JobNotFound,
    JournalError,
    KlingError,
    NotSent,
    OutcomeUnknown,
    Throttled,
    TransientRead,
    WaitTimeout,
)
from ..gateway.job_id import Ids
from ..gateway.task import State, Task
from ..limits import Limits, PollPlan, RetryBudget

if TYPE_CHECKING:
    from .journal import Entry

__all__ = [
    "CREATE",
    "SHORTEST_CALL",
    "Call",
    "Do",
    "Effect",
    "Now",
    "Policy",
    "Progress",
    "Recall",
    "Record",
    "Send",
    "Sleep",
    "Tell",
    "ask",
    "is_over",
    "look_back",
    "note",
    "refresh",
    "search",
    "submit",
    "wait",
]

log: logging.Logger = logging.getLogger("kling_facade")

_T = TypeVar("_T")

CREATE: Final = "create_image_to_video"
"""The one operation that costs money."""
_STALE_TOKEN: Final = frozenset({1003, 1004})
_FIRST_LOOKS: Final = 0.5
_LOOK_CAP: Final = 8.0
_BACKOFF_CAP: Final = 60.0
_BAD_ANSWERS: Final = 3
_EMPTY_RESULTS: Final = 4
SHORTEST_CALL: Final = 1.0
"""Seconds that a question gets although its deadline is nearer."""


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
        shared: Whether a list that others ask for may bring the answer, a little later.
    """

    call: Call
    within: float | None = None
    shared: bool = False


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
        event: ``intent``, ``accepted``, ``refused``, ``waiting``, ``finished``, ``stored`` (the
            file is whole, and not yet under its name) or ``saved``.
        facts: Columns of the journal; the ids among them name the row.
    """

    event: str
    facts: Mapping[str, Any]


@frozen
class Recall:
    """Say what the journal knows of a job, and keep other processes off it.

    The result is a `journal.Entry`, or ``None``.

    Attributes:
        external_task_id: Our id of the job.
    """

    external_task_id: str


@frozen
class Do:
    """Run a function that works on the disk.

    Attributes:
        function: Called without arguments; its result is the effect's.
    """

    function: Callable[[], Any]


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


Effect = Send | Sleep | Now | Record | Recall | Do | Tell
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


def _task(envelope: Any, ids: Ids) -> Task:
    """The snapshot in an envelope, if it is ours."""
    if envelope is None or not envelope.data:
        raise ids.on(BadResponse("the gateway's answer names no job"))
    return ids.check(Task.read(envelope.data))


# --- submit --------------------------------------------------------------------------------------


def submit(
    create: Call,
    find: Call,
    ids: Ids,
    policy: Policy,
    facts: Mapping[str, Any],
    digest: Callable[[], str] | None = None,
) -> Flow[Task]:
    """Gets one job accepted, and never two.

    Only a call that surely never left, or that was turned away with "wait", is made again, under
    the same external id. After any unclear outcome the job is looked up by that id. So is a job
    that the journal knows from an earlier run, before anything is posted.

    Args:
        create: The POST.
        find: The look-up by external id.
        ids: The external id.
        policy: Limits and randomness.
        facts: What the journal keeps besides the ids.
        digest: Tells this request from others; given when there is a journal.

    Raises:
        OutcomeUnknown: The answer was lost and the job could not be found within the grace time.
        KlingError: Refused; or it could not be sent; or the journal could not be written.
    """
    end = (yield Now()) + policy.limits.submit
    if digest is not None:
        facts = {**facts, "digest": (yield Do(digest))}
        task = yield from _from_earlier_run(find, ids, policy, facts)
        if task is not None:
            return task
    yield Record("intent", {**facts, "external_task_id": ids.external_task_id})
    try:
        task = yield from _post_once(create, find, ids, policy, end)
    except OutcomeUnknown:
        raise
    except KlingError as error:
        refusal = ids.on(error)
    else:
        yield from _accepted(task, ids)
        return task
    yield from note("refused", ids)
    raise refusal


def _accepted(task: Task, ids: Ids) -> Flow[None]:
    """Notes the task id. A journal that fails now loses nothing: intent is enough to resume."""
    if task.other_task_ids:
        log.warning(
            "%s: the gateway has %d more jobs under this id, each perhaps charged: %s",
            ids.external_task_id,
            len(task.other_task_ids),
            ", ".join(task.other_task_ids),
        )
    yield from note("accepted", evolve(ids, task_id=task.task_id))


def _from_earlier_run(
    find: Call, ids: Ids, policy: Policy, facts: Mapping[str, Any]
) -> Flow[Task | None]:
    """The job that an earlier run submitted under this id, if there is one."""
    entry = yield Recall(str(ids.external_task_id))
    if entry is None or entry.state == "refused":
        return None
    if entry.digest not in (None, facts["digest"]):
        raise ids.on(
            InvalidRequest(
                f"the journal has another request under {ids.external_task_id!r}",
                hint="One external_task_id is one job: choose a new one for a changed request.",
            )
        )
    task = yield from look_back(entry, find, ids, policy)
    if task is not None:  # the file may have another destination by now
        yield from note("accepted", evolve(ids, task_id=task.task_id), **facts)
    return task


def look_back(entry: Entry, find: Call, ids: Ids, policy: Policy) -> Flow[Task | None]:
    """Looks up what the journal knows of; ``None`` for an intent that never became a job.

    Raises:
        JobNotFound: The job was accepted, and the gateway knows it no more.
        OutcomeUnknown: It can't be told.
    """
    lost = OutcomeUnknown("an earlier run ended before it had the answer")
    task = yield from search(find, ids, policy, lost, policy.limits.grace - entry.age)
    if task is not None:
        yield from _accepted(task, ids)
        return task
    if entry.state == "intent":
        return None
    raise JobNotFound(
        "the gateway does not know a job that it accepted before",
        hint="Check the base URL, and that the key is of the account that made the job.",
        task_id=entry.task_id,
        external_task_id=ids.external_task_id,
    )


def _post_once(create: Call, find: Call, ids: Ids, policy: Policy, end: float) -> Flow[Task]:
    attempt, signed_again = 0, False
    failure: KlingError
    delay: float | None
    while True:
        attempt += 1
        left = end - (yield Now())
        try:
            envelope = yield Send(create, within=max(left, SHORTEST_CALL))
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
    """The job that a lost answer was about."""
    log.warning("submit %s: %s; looking it up", ids.external_task_id, lost.message)
    task = yield from search(find, ids, policy, lost, policy.limits.grace)
    if task is None:
        raise _unknown(lost, JobNotFound("the gateway knows no such job"), ids)
    return task


def search(find: Call, ids: Ids, policy: Policy, lost: KlingError, lag: float) -> Flow[Task | None]:
    """Looks a job up that may exist, until it is seen or the grace time is over.

    Args:
        find: The look-up.
        ids: What it is known by.
        policy: Limits and randomness.
        lost: Why it is not known whether it exists.
        lag: For how many seconds from now a job that is there may still be invisible. After that a
            look that finds nothing is believed.

    Returns:
        The job, or ``None`` when the gateway's last word is that there is none.

    Raises:
        OutcomeUnknown: It could not be asked.
    """
    began = yield Now()
    end = began + policy.limits.grace
    gap = _FIRST_LOOKS
    last: KlingError
    while True:
        left = end - (yield Now())
        try:
            return _task((yield Send(find, within=max(left, SHORTEST_CALL))), ids)
        except JobNotFound as error:
            last, delay, until = error, gap, min(end, began + lag)
        except (TransientRead, NotSent, BadResponse) as error:
            last, delay, until = error, gap, end
        except Throttled as error:
            last, delay, until = error, policy.throttled(error, 1), end
        except KlingError as error:
            last, delay, until = error, 0.0, began
        if (yield Now()) + delay >= until:
            break
        yield Sleep(delay)
        gap = min(gap * 2, _LOOK_CAP)
    if isinstance(last, JobNotFound):
        return None
    raise _unknown(lost, last, ids)


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
    task: Task = yield from ask(find, policy, lambda envelope: _task(envelope, ids), ids)
    return task


def ask(
    call: Call,
    policy: Policy,
    read: Callable[[Any], Any] = lambda envelope: envelope,
    ids: Ids | None = None,
) -> Flow[Any]:
    """A question that costs nothing, asked a few times more where it fails in passing.

    Args:
        call: The question; never a create.
        policy: Limits and randomness.
        read: Makes the result of the answer; what it raises counts as a failed answer.
        ids: What errors carry.

    Raises:
        KlingError: It failed for good.
    """
    attempt, known = 0, ids or Ids()
    while True:
        attempt += 1
        try:
            return read((yield Send(call)))
        except KlingError as error:
            failure = known.on(error)
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
    seen: float = 0.0


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
    while not is_over(poll.task):
        now = yield Now()
        if now >= began + timeout:
            raise _too_long(poll, ids, timeout)
        gap = next(gaps) if poll.hold is None else poll.hold
        yield Sleep(min(gap, began + timeout - now))
        now = yield Now()
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


def note(event: str, ids: Ids, **facts: Any) -> Flow[None]:
    """Writes down what is already done. A journal that fails now must not undo it."""
    try:
        yield Record(event, {**ids.facts(), **facts})
    except JournalError as error:
        log.warning("job %s: %s, but %s", ids.task_id, event, error.message)


def is_over(task: Task) -> bool:
    """Whether there is nothing more to wait for: it failed, or its video has an address."""
    return task.state is State.FAILED or (task.state is State.SUCCEEDED and bool(task.videos))


def _ask(
    find: Call, before: _Poll, ids: Ids, policy: Policy, elapsed: float, left: float
) -> Flow[_Poll]:
    """One question; an error that may pass becomes trouble, any other is raised."""
    try:
        return _Poll(_task((yield Send(find, left, shared=True)), ids), seen=elapsed)
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
    if isinstance(failure, JobNotFound) and elapsed - before.seen < policy.limits.grace:
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
