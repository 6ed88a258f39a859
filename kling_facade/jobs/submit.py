"""How one job gets accepted, and never two. Decisions only, no I/O.

Each function here is a `Flow`; a test can play the world for it by hand:

    flow = submit(create, find, ids, policy)
    next(flow)                  # Now()
    flow.send(0.0)              # Record("intent", ...)
    flow.send(None)             # Send(create, ...)
    flow.throw(OutcomeUnknown("the answer was lost"))   # Now(): the look-up begins

The promise kept here: one `submit` is at most one paid job, and no accepted job is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import evolve

from ..errors import InvalidRequest, JobNotFound, JournalError, KlingError, OutcomeUnknown
from ..gateway.job_id import Ids
from ..gateway.task import Task
from .effects import (
    SHORTEST_CALL,
    Call,
    Do,
    Flow,
    Now,
    Policy,
    Recall,
    Record,
    Send,
    Sleep,
    log,
    note,
)
from .verdicts import Verdict, foreign, verdict_on
from .wait import task_in

if TYPE_CHECKING:
    from .journal import Entry

__all__ = ["Digests", "look_back", "search", "submit"]

Digests: TypeAlias = Callable[[], tuple[str, ...]]
"""Computes what tells a request from others: the digest that the journal stores, then the digests
that earlier versions of this library would have stored."""


_FIRST_LOOKS: Final = 0.5
"""Seconds between the first two look-ups for a job that may exist. The pause doubles each time."""
_LOOK_CAP: Final = 8.0
"""Longest pause between two such look-ups."""


def submit(
    create: Call,
    find: Call,
    ids: Ids,
    policy: Policy,
    facts: Mapping[str, Any],
    digests: Digests | None = None,
) -> Flow[Task]:
    """Submits one job and never creates a second one.

    Only a call that surely never left, or that was turned away with "wait", is made again, under
    the same external id. After any unclear outcome the job is looked up by that id. So is a job
    that the journal knows from an earlier run, before anything is posted.

    Args:
        create: The POST.
        find: The look-up by external id.
        ids: The external id.
        policy: Limits and randomness.
        facts: What the journal keeps besides the ids.
        digests: Computes the digests of this request. Given when the client has a journal.

    Raises:
        OutcomeUnknown: The answer was lost and the job could not be found within the grace time.
        JobTaken: Another process works on a job of this id.
        KlingError: Refused; or it could not be sent; or the journal could not be written.
    """
    end = (yield Now()) + policy.limits.submit
    if digests is not None:
        known = yield Do(digests)
        facts = {**facts, "digest": known[0]}
        task = yield from _from_earlier_run(find, ids, policy, facts, known)
        if task is not None:
            return task
    within = _longest(policy, policy.limits.submit)
    # The intent is written before the POST leaves: a process that is killed between the two leaves
    # a row to look up, and never a paid job that nobody knows of.
    yield Record("intent", ids.facts(**facts, within=within))
    try:
        task = yield from _post_once(create, find, ids, policy, end)
    except (OutcomeUnknown, JournalError) as error:  # the row stays an intent: a job may exist
        raise ids.on(error)  # noqa: B904 - it is the same error
    except KlingError as error:
        refusal = ids.on(error)
    except Exception as error:
        error.add_note(_advice(ids))
        raise
    else:
        yield from _accepted(task, ids)
        return task
    yield from note("refused", ids)
    raise refusal


def _longest(policy: Policy, left: float) -> float:
    """Seconds that one create may take, from its first byte to its answer."""
    limits = policy.limits
    return min(max(left, SHORTEST_CALL), max(limits.upload, limits.call))


def _advice(ids: Ids) -> str:
    return (
        "A job may exist and cost money: don't submit it again. Look later with "
        f"kling.job(external_task_id={ids.external_task_id!r}).refresh()"
    )


def _accepted(task: Task, ids: Ids) -> Flow[None]:
    """Records the task id. If the journal fails now, its intent is still enough to resume."""
    if task.other_task_ids:
        log.warning(
            "%s: the gateway has %d more jobs under this id, which may have been charged: %s",
            ids.external_task_id,
            len(task.other_task_ids),
            ", ".join(task.other_task_ids),
        )
    yield from note("accepted", evolve(ids, task_id=task.task_id))


# --- what an earlier run left --------------------------------------------------------------------


def _from_earlier_run(
    find: Call, ids: Ids, policy: Policy, facts: Mapping[str, Any], digests: tuple[str, ...]
) -> Flow[Task | None]:
    """The job that an earlier run submitted under this id, if there is one."""
    entry = yield Recall(str(ids.external_task_id))
    if entry is None:
        return None
    changed = entry.digest not in (None, *digests)
    if changed and entry.state != "refused":
        raise _changed(ids)
    task = yield from look_back(entry, find, ids, policy)
    if task is None:
        return None
    if changed:  # what counted as refused was accepted after all
        raise _changed(ids)
    # The file may have another destination by now.
    yield from note("accepted", evolve(ids, task_id=task.task_id), **facts)
    return task


def _changed(ids: Ids) -> KlingError:
    return ids.on(
        InvalidRequest(
            f"the journal has another request under {ids.external_task_id!r}",
            hint="One external_task_id is one job: choose a new one for a changed request.",
        )
    )


def look_back(entry: Entry, find: Call, ids: Ids, policy: Policy) -> Flow[Task | None]:
    """Looks up the job of a row of the journal.

    The job of a "refused" row is looked up once as well: the answer may have been misread.

    Returns:
        The job, or ``None`` for an intent that never became one.

    Raises:
        JobNotFound: The job was accepted, and the gateway does not know it any more.
        OutcomeUnknown: The look-ups failed, so it is not known whether the job exists.
    """
    lost = OutcomeUnknown("an earlier run ended before it had the answer")
    # A new job may take up to the grace time to become visible. The age of the row has already
    # used up a part of that; a job that was refused is not expected to appear at all.
    lag = 0.0 if entry.state == "refused" else policy.limits.grace - entry.age
    task = yield from search(find, ids, policy, lost, lag)
    if task is not None:
        yield from _accepted(task, ids)
        return task
    if entry.state in ("intent", "refused"):
        return None
    raise JobNotFound(
        "the gateway does not know a job that it accepted before",
        hint="Check the base URL, and that the key is of the account that made the job.",
        task_id=entry.task_id,
        external_task_id=ids.external_task_id,
    )


# --- the create ----------------------------------------------------------------------------------


def _post_once(create: Call, find: Call, ids: Ids, policy: Policy, end: float) -> Flow[Task]:
    """Posts until the gateway has decided; an unclear outcome is looked up and never posted again.

    The first attempt was recorded with the intent. Each further one is recorded before it leaves,
    so that a process that has lost the row to another one in the meantime posts nothing.
    """
    attempt, signed = 0, False
    while True:
        attempt += 1
        left = end - (yield Now())
        if attempt > 1:
            yield Record("attempt", ids.facts(within=_longest(policy, left)))
        try:
            envelope = yield Send(create, within=max(left, SHORTEST_CALL))
            task = task_in(envelope, ids)
        except Exception as error:  # noqa: BLE001 - the table decides
            verdict, failure = verdict_on(error, "create"), foreign(error, paid=True)
        else:
            policy.budget.earn()
            return task
        # An unclear outcome never reaches the code below, which posts again.
        if verdict is Verdict.LOOK or (verdict is Verdict.HOLD and _names_ours(failure, ids)):
            return (yield from _look_for(find, ids, policy, failure))
        delay = _repost_after(verdict, failure, attempt, policy, signed=signed)
        if delay is None or (yield Now()) + delay >= end:
            raise failure
        signed = signed or verdict is Verdict.SIGN
        log.info("submit %s: %s; again in %.1f s", ids.external_task_id, failure.message, delay)
        yield from note("waiting", ids)
        yield Sleep(delay)


def _names_ours(failure: KlingError, ids: Ids) -> bool:
    """Whether "wait" was said in words that name our external id: a job may have been accepted."""
    ours = re.escape(str(ids.external_task_id))
    return re.search(rf"(?<![\w.-]){ours}(?![\w-])", failure.message) is not None


def _repost_after(
    verdict: Verdict, failure: KlingError, attempt: int, policy: Policy, *, signed: bool
) -> float | None:
    """Seconds before a create that made no job is posted again; ``None`` to give up."""
    match verdict:
        case Verdict.HOLD:
            return policy.throttled(failure, attempt)
        case Verdict.SIGN if not signed:
            return 0.0
        case Verdict.AGAIN if attempt < policy.limits.attempts and policy.budget.spend():
            return policy.backoff(attempt)
        case _:
            return None


def _look_for(find: Call, ids: Ids, policy: Policy, lost: KlingError) -> Flow[Task]:
    """Looks up the job whose answer was lost."""
    log.warning("submit %s: %s; looking it up", ids.external_task_id, lost.message)
    if lost.task_id is not None:
        yield from note("unclear", evolve(ids, task_id=lost.task_id))
    task = yield from search(find, ids, policy, lost, policy.limits.grace)
    if task is None:
        raise _unknown(lost, JobNotFound("the gateway knows no such job"), ids)
    return task


def search(find: Call, ids: Ids, policy: Policy, lost: KlingError, lag: float) -> Flow[Task | None]:
    """Looks up a job that may exist, until the gateway shows it or the grace time is over.

    Args:
        find: The look-up.
        ids: The ids of the job.
        policy: Limits and randomness.
        lost: Why it is not known whether it exists.
        lag: For how many seconds from now a job that exists may still be invisible. After that, a
            look-up that finds nothing means that there is no job.

    Returns:
        The job, or ``None`` when the gateway's last answer is that it has no such job.

    Raises:
        OutcomeUnknown: The gateway could not be asked.
    """
    began = yield Now()
    end = began + policy.limits.grace
    gap, signed = _FIRST_LOOKS, False
    while True:
        left = end - (yield Now())
        try:
            return task_in((yield Send(find, within=max(left, SHORTEST_CALL))), ids)
        except Exception as error:  # noqa: BLE001 - the table decides
            verdict, last = verdict_on(error, "search"), foreign(error, paid=False)
        if verdict is Verdict.STOP or (verdict is Verdict.SIGN and signed):
            raise _unknown(lost, last, ids)
        delay = {Verdict.HOLD: policy.throttled(last, 1), Verdict.SIGN: 0.0}.get(verdict, gap)
        # "Not found" is final once the lag is over; a failed question is repeated until the end.
        until = min(end, began + lag) if verdict is Verdict.ABSENT else end
        if (yield Now()) + delay >= until:
            break
        signed = signed or verdict is Verdict.SIGN
        yield from note("waiting", ids)
        yield Sleep(delay)
        gap = min(gap * 2, _LOOK_CAP)
    if verdict is Verdict.ABSENT:
        return None
    raise _unknown(lost, last, ids)


def _unknown(lost: KlingError, last: KlingError, ids: Ids) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{lost.message}; looked for the job since, last answer: {last.message}",
        hint=_advice(ids),
        external_task_id=ids.external_task_id,
        task_id=lost.task_id or ids.task_id,
        code=lost.code,
        http_status=lost.http_status,
        request_id=lost.request_id,
    )
