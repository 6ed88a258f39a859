"""A batch for `Kling`: one thread schedules, a few more submit, ask and download."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from ..jobs.effects import Open, Progress, Read, Sleep
from ..jobs.fleet import Fleet
from ..jobs.fleet_status import Status
from ..jobs.fleet_work import Work
from ..jobs.perform import Performer, advance, drive, refusing
from .any_batch import AnyBatch, release_rows
from .blocking_session import BlockingSession
from .job import Job
from .outcome import Outcome

if TYPE_CHECKING:
    from ..jobs.poller import News

__all__ = ["Batch"]

_LOOK: Final = 0.5
"""Seconds after which a blocked main thread looks up, so that Ctrl-C works on every system."""


class _Stopped(BaseException):
    """The batch was given up while a download ran."""


class Batch(AnyBatch[Job]):
    """Many jobs, from `Kling.generate_many`. Iterate over it once: outcomes come as they finish.

    One thread of its own schedules; a few more submit, ask and download. They end with the
    iteration, however it ends.
    """

    def __init__(self, session: BlockingSession, *args: Any) -> None:
        super().__init__(session, *args)
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
                release_rows(*fleet.stop(), *self._unsettled())
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
            delay, runtime = self._delay(fleet), self._session.runtime
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
            release_rows(work.entry)
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
            return advance(entry.flow, refusing(self._performer(entry), work.refusal))
        if work.kind == "fetch":
            perform = self._performer(entry)
            return drive(self._orders.fetch(entry), lambda effect: self._going(perform, effect))
        if work.kind == "release":
            return release_rows(entry)
        return self._performer(entry)(work.effect)

    def _going(self, perform: Performer, effect: Any) -> Any:
        """Performs an effect of a download, as long as anybody wants it."""
        if self._stopping.is_set() and isinstance(effect, (Open, Read, Sleep)):
            raise _Stopped
        return perform(effect)

    def _performer(self, entry: Any) -> Performer:
        performer: Performer = self._session.performer(book=entry.book if entry else None)
        return performer
