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

from collections.abc import Callable, Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
)

from attrs import evolve

from ..errors import (
    AlreadyExists,
    AuthError,
    BadResponse,
    InvalidRequest,
    JobNotFound,
    KlingError,
    NotSent,
    OutcomeUnknown,
    Throttled,
    TransientRead,
)
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
from .wait import task_in

if TYPE_CHECKING:
    from .journal import Entry

__all__ = ["look_back", "search", "submit"]


_STALE_TOKEN: Final = frozenset({1003, 1004})
_FIRST_LOOKS: Final = 0.5
_LOOK_CAP: Final = 8.0


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
            return task_in(envelope, ids)
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
            return task_in((yield Send(find, within=max(left, SHORTEST_CALL))), ids)
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
