"""A process that is killed (SIGKILL) at a labelled point of one `generate`.

A nursery imports everything once and forks a child for each order that it reads from its standard
input, a line of JSON each. The child stands in for a user's program. Where it dies is decided by a
performer of its own, put under the client from outside: the library knows nothing of it.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import signal
import sys
from typing import Any

from attrs import frozen

from kling_facade import AsyncKling, Kling, Limits, PollPlan
from kling_facade.client import awaited_session, blocking_session
from kling_facade.jobs.effects import Do, Record, Send
from kling_facade.jobs.perform import AsyncPerformer, Performer
from tests.support.both_clients import KEY, PlainRequest, skipping_runtime, trust

LIMITS = Limits(connect=2, read=2, call=4, upload=6)


@frozen
class Point:
    """Where to die: before or after the n-th effect with a label."""

    label: str
    when: str = "after"
    count: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.label} {self.count}"


def label(effect: Any) -> str:
    """What an effect is called here."""
    name = type(effect).__name__
    if isinstance(effect, Record):
        return f"{name}:{effect.event}"
    if isinstance(effect, Send):
        return f"{name}:{effect.call.operation.split('_')[0]}"
    if isinstance(effect, Do):
        function = effect.function
        while isinstance(function, functools.partial):
            function = function.func
        return f"{name}:{function.__name__}"
    return name


class _Fate:
    """Counts effects and ends the process at the point."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self.seen = 0

    def meet(self, effect: Any, when: str) -> None:
        if label(effect) != self.point.label or when != self.point.when:
            return
        self.seen += 1
        if self.seen == self.point.count:
            os.kill(os.getpid(), signal.SIGKILL)


def put_under_client(point: Point) -> None:
    """From now on clients of this process die at the point."""
    fate = _Fate(point)

    class Doomed(Performer):
        def __call__(self, effect: Any) -> Any:
            fate.meet(effect, "before")
            result = super().__call__(effect)
            fate.meet(effect, "after")
            return result

    class AsyncDoomed(AsyncPerformer):
        async def __call__(self, effect: Any) -> Any:
            fate.meet(effect, "before")
            result = await super().__call__(effect)
            fate.meet(effect, "after")
            return result

    vars(blocking_session)["Performer"] = Doomed  # where clients find it
    vars(awaited_session)["AsyncPerformer"] = AsyncDoomed


def program(order: dict[str, Any]) -> None:
    """What the user's program does: one `generate`."""
    if order["point"] is not None:
        put_under_client(Point(**order["point"]))
    options: dict[str, Any] = {
        "base_url": order["base_url"],
        "journal": order["journal"],
        "limits": LIMITS,
        "poll": PollPlan(first=0.5, cap=1.0),
        "runtime": skipping_runtime(),
        "trust_env": False,
        "verify": trust(),
    }
    request: Any = PlainRequest(external_task_id=order["external_task_id"])
    if order["kind"] == "sync":
        with Kling(KEY, **options) as kling:
            kling.generate(request, order["to"])
        return

    async def main() -> None:
        async with AsyncKling(KEY, **options) as kling:
            await kling.generate(request, order["to"])

    asyncio.run(main())


def nursery() -> None:
    """Forks a child for each line; says its number at once and its end when it has come."""
    trust()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                program(json.loads(line))
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    nursery()
