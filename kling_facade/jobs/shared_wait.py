"""One wait among others on the same client: its questions are answered from lists."""

from __future__ import annotations

import copy
import math
from typing import Any, TypeVar

from attrs import evolve

from ..gateway.task import as_envelope, has_ended
from .effects import SHORTEST_CALL, Call, Flow, Listen, Now, Send, Sleep, Tell
from .poller import Failed, Found, News, Over, Watch

__all__ = ["together"]

_T = TypeVar("_T")


def together(flow: Flow[_T], watch: Watch, task_id: str | None) -> Flow[_T]:
    """A wait whose questions are answered from lists where others wait on the client as well.

    A list that says that the job has ended cuts its sleep short.

    Args:
        flow: `flow.wait` for one job.
        watch: Its watch.
        task_id: The job, if its id is known already.
    """
    value: Any = None
    error: BaseException | None = None
    ended: Any = None
    if task_id is not None:
        watch.add(task_id)
    while True:
        try:
            effect = flow.send(value) if error is None else flow.throw(error)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return] # what a generator returns is untyped
        value = error = None
        try:
            if isinstance(effect, Sleep):
                ended = yield from _doze(watch, effect.seconds)
            elif isinstance(effect, Send) and effect.shared:
                value = ended or (yield from _answer(watch, effect))
                ended = None
            else:
                if isinstance(effect, Tell):
                    watch.add(effect.progress.task.task_id)
                value = yield effect
        except BaseException as caught:  # noqa: BLE001 - the flow cleans up, then it goes on
            error = caught


def _doze(watch: Watch, seconds: float) -> Flow[Any]:
    """Sleeps; gives the answer of a list that says that the job has ended, if one comes."""
    if not watch.crowded:
        yield Sleep(seconds)
        return None
    now = yield Now()
    end = now + seconds
    while now < end:
        for news in (yield Listen(end - now)):
            if isinstance(news, Found) and has_ended(news.items[-1]):
                return as_envelope(news.items[-1])
        now = yield Now()
    return None


def _answer(watch: Watch, question: Send) -> Flow[Any]:
    """The answer of a list, or of the question itself."""
    now = yield Now()
    end = now + (math.inf if question.within is None else question.within)
    for news in (yield Listen(0.0)):
        if isinstance(news, Found) and has_ended(news.items[-1]):
            return as_envelope(news.items[-1])
    while now < end:
        turn = watch.turn(now, end - now)
        if turn.alone:
            break
        if turn.call is not None:
            yield from _ask_list(watch, turn.call, end)
        told = yield Listen(min(end - now, turn.wait))
        found = _item(told)
        if found is not None:
            return as_envelope(found)
        if any(isinstance(one, Over) for one in told):
            break
        now = yield Now()
    return (yield evolve(question, within=max(end - (yield Now()), SHORTEST_CALL)))


def _ask_list(watch: Watch, call: Call | None, end: float) -> Flow[None]:
    """Asks for all pages, on behalf of everyone, as long as there is time."""
    while call is not None:
        left = end - (yield Now())
        if left <= 0.0:
            watch.resign()
            return
        try:
            envelope = yield Send(call, within=max(left, SHORTEST_CALL))
        except Exception as error:  # noqa: BLE001 - all who wait are told
            failure = error
        else:
            call = watch.listed(envelope.data or (), (yield Now()))
            continue
        watch.failed(failure, (yield Now()))
        return


def _item(told: list[News]) -> Any:
    """The newest that the news have of the one job.

    Raises:
        Exception: The list failed.
    """
    items = [item for one in told if isinstance(one, Found) for item in one.items]
    if items:
        return items[-1]
    for one in told:
        if isinstance(one, Failed):
            raise copy.copy(one.error)
    return None
