"""A batch for `AsyncKling`: tasks on the running asyncio loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from ..jobs.effects import Progress
from ..jobs.fleet import Fleet
from ..jobs.fleet_status import Status
from ..jobs.fleet_work import Work
from ..jobs.perform import AsyncPerformer, advance_async, drive_async, refusing
from ..wire.uninterrupted import in_thread, until_done
from .any_batch import AnyBatch, release_rows
from .async_job import AsyncJob
from .awaited_session import AwaitedSession
from .outcome import Outcome

if TYPE_CHECKING:
    from ..jobs.poller import News

__all__ = ["AsyncBatch"]


class AsyncBatch(AnyBatch[AsyncJob]):
    """Many jobs, from `AsyncKling.generate_many`: ``async for outcome in batch``, once.

    It runs in tasks of its own on the running asyncio loop. They end with the iteration; when you
    leave it early, use ``contextlib.aclosing(aiter(batch))`` to have them ended at once.
    """

    def __init__(self, session: AwaitedSession, *args: Any) -> None:
        super().__init__(session, *args)
        self._outbox: asyncio.Queue[Any] = asyncio.Queue()
        self._news: deque[News] = deque()
        self._bell = asyncio.Event()

    async def __aiter__(self) -> AsyncGenerator[Outcome[AsyncJob], None]:
        fleet = self._start()
        runner = asyncio.create_task(self._coordinate(fleet))
        shown: Status | None = None
        try:
            while (item := await self._outbox.get()) is not None:
                if self._on_update is not None and self._status is not shown:
                    shown = self._status
                    told = self._on_update(shown)
                    if hasattr(told, "__await__"):
                        await told
                if isinstance(item, Outcome):
                    if fleet.take():
                        self._bell.set()
                    yield item
                elif isinstance(item, Progress) and self._on_progress is not None:
                    told = self._on_progress(item)
                    if hasattr(told, "__await__"):
                        await told
        except (asyncio.CancelledError, KeyboardInterrupt) as error:
            error.add_note(self._farewell())
            runner.cancel()
            await until_done(runner, unwinding=True)  # else a second cancellation loses the note
            raise
        finally:
            runner.cancel()
            await until_done(runner)
        if not runner.cancelled():
            runner.result()
        if fleet.broken is not None:
            raise fleet.broken

    def _told(self, news: News) -> None:
        self._news.append(news)
        self._bell.set()

    async def _coordinate(self, fleet: Fleet) -> None:
        """The scheduling task."""
        works: dict[asyncio.Task[Any], Work | None] = {}
        try:
            await self._schedule(fleet, works)
        finally:
            fleet.resign()
            for task in works:
                task.cancel()
            # However often this task is cancelled: the rows are given up when nobody writes them.
            await until_done(*works, unwinding=True)
            left = [*fleet.stop(), *(work.entry for work in works.values() if work)]
            await in_thread(lambda: release_rows(*left), unwinding=True)
            self._outbox.put_nowait(None)

    async def _schedule(self, fleet: Fleet, works: dict[asyncio.Task[Any], Work | None]) -> None:
        runtime = self._session.runtime
        bell = asyncio.create_task(self._bell.wait())
        works[bell] = None
        while True:
            for work in fleet.work(self._now()):
                works[asyncio.create_task(self._result(work))] = work
            self._emit(fleet)
            if fleet.over:
                return
            delay = self._delay(fleet)
            timer, wake = None, self._now() + (delay or 0.0)
            if delay is not None:
                timer = asyncio.create_task(_nap(runtime, delay))
                works[timer] = None
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
            if timer is not None:
                if timer in done:
                    self._slept_until(wake)
                timer.cancel()
                del works[timer]
            for task in done - {timer, bell}:
                finished = works.pop(task)
                assert finished is not None
                self._settle(fleet, finished, task)
            while self._news:
                fleet.told(self._news.popleft(), self._now())
            if bell in done:
                self._bell.clear()
                del works[bell]
                bell = asyncio.create_task(self._bell.wait())
                works[bell] = None

    def _settle(self, fleet: Fleet, work: Work, task: asyncio.Task[Any]) -> None:
        now = self._now()
        error = task.exception()
        if error is None:
            fleet.done(work, task.result(), now)
        elif isinstance(error, Exception):
            fleet.failed(work, error, now)
        else:
            release_rows(work.entry)
            raise error

    def _emit(self, fleet: Fleet) -> None:
        self._status = fleet.status
        self._outbox.put_nowait(self._status)
        while fleet.progress:
            self._outbox.put_nowait(fleet.progress.popleft())
        while fleet.outcomes:
            self._outbox.put_nowait(fleet.outcomes.popleft())

    async def _result(self, work: Work) -> Any:
        entry = work.entry
        if work.kind == "create":
            assert entry is not None
            if entry.flow is None:
                entry.book = self._orders.book()
                entry.flow = self._orders.begin(entry)
            return await advance_async(entry.flow, refusing(self._performer(entry), work.refusal))
        if work.kind == "fetch":
            return await drive_async(self._orders.fetch(entry), self._performer(entry))
        if work.kind == "release":
            return await in_thread(lambda: release_rows(entry))
        return await self._performer(entry)(work.effect)

    def _performer(self, entry: Any) -> AsyncPerformer:
        performer: AsyncPerformer = self._session.performer(book=entry.book if entry else None)
        return performer


async def _nap(runtime: Any, seconds: float) -> None:
    await runtime.async_sleep(seconds)
