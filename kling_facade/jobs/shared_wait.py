"""One wait among several on the same client, whose questions are answered from lists."""

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
    """Runs a wait, and answers its questions from lists where others wait on the client as well.

    When a list shows that the job has ended, the wait's sleep ends early.

    Args:
        flow: The flow of `wait` for one job.
        watch: The watch of this wait.
        task_id: The gateway's id of the job, if it is known already.
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
                ended = yield from _sleep_or_hear(watch, effect.seconds)
            elif isinstance(effect, Send) and effect.shared:
                value = ended or (yield from _answer(watch, effect))
                ended = None
            else:
                if isinstance(effect, Tell):
                    watch.add(effect.progress.task.task_id)
                value = yield effect
        except BaseException as caught:  # noqa: BLE001 - the flow cleans up, then it goes on
            error = caught


def _sleep_or_hear(watch: Watch, seconds: float) -> Flow[Any]:
    """Sleeps. Returns early with the answer of a list that shows that the job has ended."""
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
    """Gets the answer from a list, or by sending the question itself."""
    now = yield Now()
    end = now + (math.inf if question.within is None else question.within)
    # News from before this question are used only if they are final: other states may be old.
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
    """Asks for all pages on behalf of all watches, as long as there is time."""
    while call is not None:
        left = end - (yield Now())
        if left <= 0.0:
            watch.resign()
            return
        try:
            envelope = yield Send(call, within=max(left, SHORTEST_CALL))
        except Exception as error:  # noqa: BLE001 - every waiting watch is told
            failure = error
        else:
            call = watch.listed(envelope.data or (), (yield Now()))
            continue
        watch.failed(failure, (yield Now()))
        return


def _item(told: list[News]) -> Any:
    """The newest item in the news of one job, or ``None``.

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
