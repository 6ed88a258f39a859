"""Two drivers for a `Fleet`: one thread that decides and a few that work, or tasks of asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from attrs import evolve

from ..errors import InvalidRequest, KlingError, Throttled
from ..jobs.destination import place
from ..jobs.effects import CREATE, Do, Open, Policy, Progress, Read, Send, Sleep
from ..jobs.fleet import Fleet, file_names
from ..jobs.fleet_status import Outcome, Status
from ..jobs.fleet_work import Pause, Terms, Work
from ..jobs.perform import AsyncPerformer, Performer, drive, drive_async

if TYPE_CHECKING:
    from ..jobs.destination import Exist
    from ..jobs.journal import Book
    from ..jobs.poller import News
    from .job import AsyncJob, Job
    from .kling import AsyncKling, Kling, _Base
    from .resume import Rows

__all__ = ["AsyncBatch", "Batch", "Orders"]

_T = TypeVar("_T")
_JobT = TypeVar("_JobT")
Flow = Generator[Any, Any, _T]

_LOOK: Final = 0.5
"""Seconds after which a blocked main thread looks up, so that Ctrl-C works on every system."""


class Orders:
    """What `generate_many` was asked for, as flows for one request each.

    Args:
        kling: The client.
        to: The folder; ``None`` for none.
        names: As `fleet.file_names` takes them.
        exist: What to do with a file that is there.
        max_units: Most that one video may cost.
    """

    def __init__(
        self,
        kling: _Base[Any],
        to: str | os.PathLike[str] | None,
        names: Any,
        exist: Exist,
        max_units: float | None,
    ) -> None:
        self._kling = kling
        self._folder = None if to is None else Path(to).absolute()
        self._name = file_names(names)
        self._exist = exist
        self._max_units = max_units
        self._taken: dict[str, int] = {}
        limits = evolve(kling._policy.limits, submit=float("inf"))
        self._policy: Policy = evolve(kling._policy, limits=limits)

    def book(self) -> Book | None:
        """What one request's operation writes to the journal."""
        return self._kling._book()

    def begin(self, entry: Any) -> Flow[Any]:
        """The video that is there already, or the task of a job that was accepted."""
        kling, request, facts = self._kling, entry.request, None
        if self._folder is not None:
            path = self._path(entry)
            video = yield from kling._standing(request, path, self._exist)
            if video is not None:
                return video
            facts = place(path, self._exist)
        kling._check_price(request, self._max_units)
        flow, entry.ids = yield Do(lambda: kling._submission(request, facts, self._policy))
        return (yield from flow)

    def fetch(self, entry: Any) -> Flow[Any]:
        """The video, stored."""
        return (yield from entry.job._download(self._path(entry), self._exist))

    def _path(self, entry: Any) -> Path:
        """Where a video goes.

        Raises:
            InvalidRequest: Another one of this batch goes there, or it is no name.
        """
        assert self._folder is not None
        name = self._name(entry.number, entry.request)
        if self._taken.setdefault(name.name, entry.number) != entry.number:
            raise InvalidRequest(
                f"{name} is the name of another video of this batch",
                hint="Give each its own with names=...",
            )
        return self._folder / name

    def ready(self) -> None:
        """Makes the folder."""
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)


class _Batch(Generic[_JobT]):
    """What both batches share."""

    def __init__(
        self,
        kling: Any,
        requests: Iterable[Any],
        orders: Orders | Rows,
        terms: Terms,
        on_update: Callable[[Status], object] | None,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> None:
        self._kling = kling
        self._requests = requests
        self._orders = orders
        self._terms = terms
        self._on_update = on_update
        self._on_progress = on_progress
        self._started = False
        self._status = Status()

    def _now(self) -> float:
        return float(self._kling._runtime.monotonic() + self._kling._ahead)

    def _slept_until(self, moment: float) -> None:
        """Where time is made up, a sleep that is over has taken as long as it should."""
        if not self._kling._runtime.keeps_time:
            self._kling._ahead += max(0.0, moment - self._now())

    @property
    def status(self) -> Status:
        """Where it stands; after the last outcome, the report."""
        return self._status

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._status}>"

    def _start(self) -> Fleet:
        if self._started:
            raise RuntimeError("a batch runs once: make a new one")
        self._started = True
        self._orders.ready()
        watch = self._kling._poller().watch(self._told)
        return Fleet(self._requests, self._terms, watch, self._now())

    def _told(self, news: News) -> None:
        """Takes what the fleet's watch is told."""
        raise NotImplementedError

    def _delay(self, fleet: Fleet) -> float | None:
        """Seconds until the fleet has to be asked again; ``None`` when a result comes first."""
        wake = fleet.wake_at()
        return None if wake is None else max(0.0, wake - self._now())

    def _farewell(self) -> str:
        status = self._status
        return (
            f"{status.creating + status.waiting + status.downloading} jobs were under way and go "
            "on at the gateway. With a journal, kling.resume() finishes them."
        )


class _Stopped(BaseException):
    """The batch was given up while a download ran."""


class Batch(_Batch["Job"]):
    """Many jobs, from `Kling.generate_many`. Iterate over it once: outcomes come as they finish.

    One thread of its own schedules; a few more submit, ask and download. They end with the
    iteration, however it ends.
    """

    def __init__(self, kling: Kling, *args: Any) -> None:
        super().__init__(kling, *args)
        self._inbox: queue.SimpleQueue[tuple[Work, Any, BaseException | None] | News | None]
        self._inbox = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stopping = threading.Event()

    def __iter__(self) -> Generator[Outcome[Job], None, None]:
        fleet = self._start()
        thread = threading.Thread(target=self._coordinate, args=(fleet,), name="kling-fleet")
        thread.start()
        shown: Status | None = None
        try:
            while (item := self._next()) is not None:
                if self._on_update is not None and self._status is not shown:
                    shown = self._status
                    self._on_update(shown)
                if isinstance(item, Outcome):
                    if fleet.take():
                        self._inbox.put(None)
                    yield item
                elif isinstance(item, Progress) and self._on_progress is not None:
                    self._on_progress(item)
        except (KeyboardInterrupt, SystemExit) as error:
            error.add_note(self._farewell())
            raise
        finally:
            self._stopping.set()
            self._inbox.put(None)
            thread.join()
        if fleet.broken is not None:
            raise fleet.broken

    def _told(self, news: News) -> None:
        self._inbox.put(news)

    def _next(self) -> Any:
        while True:
            try:
                item = self._outbox.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if isinstance(item, BaseException):
                raise item
            return item

    def _coordinate(self, fleet: Fleet) -> None:
        """The scheduling thread."""
        terms = self._terms
        workers = terms.concurrency + terms.questions + terms.downloads
        end: BaseException | None = None
        try:
            try:
                with ThreadPoolExecutor(workers, "kling-fleet") as pool:
                    self._schedule(fleet, pool)
            finally:
                _release(*fleet.stop(), *self._unsettled())
        except BaseException as error:  # noqa: BLE001 - raised where the caller is
            end = error
        self._outbox.put(end)

    def _schedule(self, fleet: Fleet, pool: ThreadPoolExecutor) -> None:
        busy = 0
        while not self._stopping.is_set():
            for work in fleet.work(self._now()):
                busy += 1
                pool.submit(self._do, work)
            self._emit(fleet)
            if fleet.over:
                return
            delay, runtime = self._delay(fleet), self._kling._runtime
            if runtime.keeps_time:
                busy -= self._take(fleet, None if delay is None else delay / runtime.pace)
            elif busy:
                busy -= self._take(fleet, None)
            else:
                wake = self._now() + (delay or 0.0)
                runtime.sleep(delay or 0.0)
                self._slept_until(wake)
        fleet.resign()
        while busy:
            busy -= self._take(fleet, None)

    def _take(self, fleet: Fleet, timeout: float | None) -> int:
        """Waits for a result, then takes all that are there; says how many."""
        taken = 0
        try:
            item = self._inbox.get(timeout=timeout)
            while True:
                if isinstance(item, tuple):
                    taken += 1
                    self._settle(fleet, *item)
                elif item is not None:
                    fleet.told(item, self._now())
                item = self._inbox.get_nowait()
        except queue.Empty:
            return taken

    def _unsettled(self) -> list[Any]:
        """The entries whose results nobody looked at, after an end that was not foreseen."""
        entries = []
        with contextlib.suppress(queue.Empty):
            while True:
                item = self._inbox.get_nowait()
                if isinstance(item, tuple):
                    entries.append(item[0].entry)
        return entries

    def _settle(self, fleet: Fleet, work: Work, result: Any, error: BaseException | None) -> None:
        now = self._now()
        if error is None:
            fleet.done(work, result, now)
        elif isinstance(error, Exception):
            fleet.failed(work, error, now)
        else:
            _release(work.entry)
            raise error

    def _emit(self, fleet: Fleet) -> None:
        self._status = fleet.status
        self._outbox.put(self._status)
        while fleet.progress:
            self._outbox.put(fleet.progress.popleft())
        while fleet.outcomes:
            self._outbox.put(fleet.outcomes.popleft())

    def _do(self, work: Work) -> None:
        try:
            result = self._result(work)
        except _Stopped:
            self._inbox.put((work, None, RuntimeError("stopped")))
        except BaseException as error:  # noqa: BLE001 - the outcome of this job, or the end of all
            self._inbox.put((work, None, error))
        else:
            self._inbox.put((work, result, None))

    def _result(self, work: Work) -> Any:
        entry = work.entry
        if work.kind == "create":
            assert entry is not None
            if entry.flow is None:
                entry.book = self._orders.book()
                entry.flow = self._orders.begin(entry)
            return _advance(entry.flow, _refusing(self._performer(entry), work.refusal))
        if work.kind == "fetch":
            perform = self._performer(entry)
            return drive(self._orders.fetch(entry), lambda effect: self._going(perform, effect))
        if work.kind == "release":
            return _release(entry)
        return self._performer(entry)(work.effect)

    def _going(self, perform: Performer, effect: Any) -> Any:
        """Performs an effect of a download, as long as anybody wants it."""
        if self._stopping.is_set() and isinstance(effect, (Open, Read, Sleep)):
            raise _Stopped
        return perform(effect)

    def _performer(self, entry: Any) -> Performer:
        performer: Performer = self._kling._performer(book=entry.book if entry else None)
        return performer


class AsyncBatch(_Batch["AsyncJob"]):
    """Many jobs, from `AsyncKling.generate_many`: ``async for outcome in batch``, once.

    It runs in tasks of its own on the running asyncio loop. They end with the iteration; when you
    leave it early, use ``contextlib.aclosing(aiter(batch))`` to have them ended at once.
    """

    def __init__(self, kling: AsyncKling, *args: Any) -> None:
        super().__init__(kling, *args)
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
            raise
        finally:
            runner.cancel()
            await asyncio.wait([runner])
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
            if works:
                await asyncio.wait(works)
            _release(*fleet.stop(), *(work.entry for work in works.values() if work))
            self._outbox.put_nowait(None)

    async def _schedule(self, fleet: Fleet, works: dict[asyncio.Task[Any], Work | None]) -> None:
        runtime = self._kling._runtime
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
            _release(work.entry)
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
            return await _advance_async(entry.flow, _refusing(self._performer(entry), work.refusal))
        if work.kind == "fetch":
            return await drive_async(self._orders.fetch(entry), self._performer(entry))
        if work.kind == "release":
            return await asyncio.to_thread(_release, entry)
        return await self._performer(entry)(work.effect)

    def _performer(self, entry: Any) -> AsyncPerformer:
        performer: AsyncPerformer = self._kling._performer(book=entry.book if entry else None)
        return performer


async def _nap(runtime: Any, seconds: float) -> None:
    await runtime.async_sleep(seconds)


def _release(*entries: Any) -> None:
    """Lets go of the entries' rows in the journal, so that another run may take them."""
    for entry in entries:
        if entry is not None and entry.book is not None:
            entry.book.release()


def _refusing(perform: Callable[[Any], Any], refusal: KlingError | None) -> Callable[[Any], Any]:
    """A performer that creates nothing, when all creates are refused. Look-ups cost nothing."""
    if refusal is None:
        return perform

    def refuse(effect: Any) -> Any:
        if isinstance(effect, Send) and effect.call.operation == CREATE:
            raise refusal
        return perform(effect)

    return refuse


def _advance(flow: Flow[_T], perform: Callable[[Any], Any]) -> _T | Pause:
    """Runs a flow until it ends or wants to sleep."""
    throttled: Throttled | None = None
    try:
        effect = next(flow)
        while not isinstance(effect, Sleep):
            try:
                result = perform(effect)
            except BaseException as error:  # noqa: BLE001 - the flow decides
                throttled = error if isinstance(error, Throttled) else throttled
                effect = flow.throw(error)
            else:
                effect = flow.send(result)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return] # what a generator returns is untyped here
    return Pause(effect.seconds, throttled)


async def _advance_async(flow: Flow[_T], perform: Any) -> _T | Pause:
    """The same with ``await``."""
    throttled: Throttled | None = None
    try:
        effect = next(flow)
        while not isinstance(effect, Sleep):
            try:
                result = await perform(effect)
            except BaseException as error:  # noqa: BLE001 - the flow decides
                throttled = error if isinstance(error, Throttled) else throttled
                effect = flow.throw(error)
            else:
                effect = flow.send(result)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return] # what a generator returns is untyped here
    return Pause(effect.seconds, throttled)
