"""Many jobs at once: which one is created, asked for and fetched next. Decisions only, no I/O.

A `Fleet` drives one flow for each job: the same `submit`, `wait` and `download` as for a single
job, so that no policy is written twice. It keeps all their timers in one heap, lets a bounded
number of creates, questions and downloads be under way, and has a `Watch` at the client's `Poller`,
which answers the questions of many waiting jobs from one list where the gateway serves lists. A
fleet hands out `Work`; its driver does the work in threads or tasks and gives back the result:

    while not fleet.over:
        for work in fleet.work(now):      # start these
            ...
        fleet.done(work, result, now)     # or fleet.failed(work, error, now)
        fleet.told(news, now)             # the news that its watch was told
                                          # call work() again at fleet.wake_at()

The drivers are `batch.Batch` and `batch.AsyncBatch`.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from attrs import evolve

from ..errors import KlingError
from ..gateway.task import Task, as_envelope, has_ended
from .admission import Admission
from .destination import Video
from .effects import Now, Progress, Record, Send, Sleep, Tell
from .fleet_status import Ended, Status, Tally
from .fleet_work import Entry, Pause, Phase, Terms, Work
from .known_job import KnownJob
from .poller import Failed, Found, News, Over, Watch
from .questions import Questions
from .timers import Timers

__all__ = ["Fleet"]


class Fleet:
    """The scheduler of many jobs; the module's docstring shows how to drive it.

    It moves entries from one `Phase` to the next. `Admission` decides what is created next, and
    `Questions` decides how each question gets its answer.

    Args:
        requests: The requests. They are taken one by one, when there is room.
        terms: The settings.
        watch: Its watch at the client's poller.
        now: The time of its start, in seconds, on the clock of all later times.

    Attributes:
        outcomes: The outcomes of ended requests that were not taken yet.
        progress: The progress of single jobs that was not taken yet.
    """

    def __init__(self, requests: Iterable[Any], terms: Terms, watch: Watch, now: float) -> None:
        self.outcomes: deque[Ended] = deque()
        self.progress: deque[Progress] = deque()
        self._terms = terms
        self._watch = watch
        self._began = self._now = now
        self._timers: Timers[Entry] = Timers()
        self._admission = Admission(requests, terms.concurrency, self._timers)
        self._questions = Questions(watch, terms.questions)
        self._tally = Tally()
        self._running: dict[str, Entry] = {}  # jobs that hold a slot, by the gateway's id
        self._to_fetch: deque[Entry] = deque()
        self._fetching = 0
        self._ready: deque[Work] = deque()

    # --- seen from outside

    @property
    def over(self) -> bool:
        """Whether every request has ended and none is left to draw."""
        return self._admission.over

    @property
    def broken(self) -> Exception | None:
        """What the iterable of requests raised, if it did: no more are taken from it."""
        return self._admission.broken

    @property
    def status(self) -> Status:
        """The counts of requests in each state."""
        downloading = len(self._to_fetch) + self._fetching
        return evolve(
            self._tally.counts,
            creating=self._admission.live - len(self._running) - downloading,
            waiting=len(self._running),
            downloading=downloading,
            elapsed=self._now - self._began,
            slots=self._admission.slots,
        )

    def wake_at(self) -> float | None:
        """When `work` has to be called again; ``None`` when only a result can start more work."""
        times = (self._timers.next, self._questions.list_at)
        return min((time for time in times if time is not None), default=None)

    def work(self, now: float) -> list[Work]:
        """Returns the work to start now."""
        self._now = now
        for entry in self._timers.due(now):
            self._woken(entry)
        # Questions and downloads come before creates: an ended job frees a slot for a new one.
        works = [*self._questions.works(now), *self._fetches()]
        works += self._admission.works(now, len(self._running))
        works += self._ready
        self._ready.clear()
        return works

    def resign(self) -> None:
        """Leaves a list that this fleet was to ask for to another watch."""
        self._watch.resign()

    def stop(self) -> list[Entry]:
        """Abandons all entries and returns them. To be called when no work is under way."""
        self._watch.close()
        left = [*self._admission.stop(), *self._running.values(), *self._to_fetch]
        left += [work.entry for work in self._ready if work.entry is not None]
        for entry in left:
            if entry.flow is not None:
                entry.flow.close()
        return left

    def take(self) -> bool:
        """Counts an outcome that was taken. Returns whether that makes room for more requests.

        It may be called in any thread.
        """
        return self._admission.take()

    # --- results

    def done(self, work: Work, result: Any, now: float) -> None:
        """Takes the result of a piece of work."""
        self._now = now
        match work:
            case Work("create", Entry() as entry):
                self._admission.busy -= 1
                self._created(entry, result)
            case Work("fetch", Entry() as entry):
                self._fetching -= 1
                self._end(entry, video=result)
            case Work("release", Entry() as entry):
                self._hand_over(entry)
            case Work("perform", None):
                self._questions.listed(result.data or (), now)
            case Work("perform", Entry() as entry, effect):
                if isinstance(effect, Send):
                    self._questions.returned()
                self._step(entry, result)

    def failed(self, work: Work, error: Exception, now: float) -> None:
        """Takes the error of a work."""
        self._now = now
        match work:
            case Work("create", Entry() as entry):
                self._admission.busy -= 1
                self._end(entry, error=error)
                self._admission.failed(error, sent=work.refusal is None)
            case Work("fetch", Entry() as entry):
                self._fetching -= 1
                self._end(entry, error=error)
                self._admission.failed(error, sent=False)
            case Work("release", Entry() as entry):
                self._hand_over(entry)
            case Work("perform", None):
                self._questions.list_failed(error, now)
            case Work("perform", Entry() as entry, effect):
                if isinstance(effect, Send):
                    self._questions.returned()
                self._step(entry, error=error)

    def told(self, news: News, now: float) -> None:
        """Takes the news that its watch was told."""
        self._now = now
        match news:
            case Found(items):
                for item in items:
                    self._found(item)
            case Over():  # those that no page knew are asked for one by one
                self._questions.each_alone()
            case Failed(error):
                for entry in self._questions.failing():
                    self._step(entry, error=copy.copy(error))

    # --- from one phase to the next

    def _created(self, entry: Entry, result: Any) -> None:
        """Takes the result of a submit flow, or its wish to wait."""
        match result:
            case Pause():
                if result.throttled is not None:
                    self._tally.troubled(result.throttled.message)
                self._admission.paused(entry, result, len(self._running), self._now)
            case Task():
                self._accepted(entry, result)
            case _:  # the video was there already and is kept
                self._end(entry, video=result)

    def _accepted(self, entry: Entry, task: Task) -> None:
        assert entry.ids is not None
        entry.known = KnownJob(entry.ids, task)
        entry.job = self._terms.adopt(entry.known, entry.book)
        entry.flow = entry.known.wait(self._terms.policy, self._terms.timeout)
        self._running[task.task_id] = entry
        self._watch.add(task.task_id)
        self._admission.accepted(len(self._running))
        self._step(entry)

    def _woken(self, entry: Entry) -> None:
        """Continues an entry whose timer has come."""
        match entry.phase:
            case Phase.PAUSED:
                self._admission.woken(entry)
            case Phase.SLEEPING:
                self._step(entry)
            case Phase.ASKING:
                self._questions.hurry(entry)
            case _:
                pass  # its call is under way, and has a deadline of its own

    def _found(self, item: Any) -> None:
        """Takes a job from a list: it answers a question that is due, or ends a sleep early."""
        entry = self._running.get(str(item.task_id))
        if entry is None:
            return
        match entry.phase:
            case Phase.ASKING:
                self._questions.drop(entry)
                self._step(entry, as_envelope(item))
            case Phase.SLEEPING if has_ended(item):
                entry.news = as_envelope(item)
                self._step(entry)
            case _:
                pass  # its own question is under way and brings a newer answer

    def _step(self, entry: Entry, value: Any = None, error: Exception | None = None) -> None:
        """Runs a wait flow until it has to sleep, to ask the gateway or to use the disk."""
        flow = entry.flow
        assert flow is not None
        self._timers.cancel(entry)
        try:
            effect = flow.send(value) if error is None else flow.throw(error)
            while not self._waits(entry, effect):
                effect = flow.send(self._at_once(entry, effect))
        except StopIteration as finished:
            self._finished(entry, finished.value)
        except Exception as failure:  # noqa: BLE001 - one failing job never stops the others
            self._end(entry, error=failure)

    def _waits(self, entry: Entry, effect: Any) -> bool:
        """Whether the flow has to wait for this effect. If so, arranges for it to continue."""
        match effect:
            case Now() | Tell():
                return False
            case Record(event) if entry.needless(event):
                return False
            case Send() if entry.news is not None:
                return False
            case Sleep(seconds):
                entry.phase = Phase.SLEEPING
                self._timers.set(entry, self._now + seconds)
            case Send():
                entry.phase = Phase.ASKING
                left = self._questions.ask(entry, effect)
                if left is not None:
                    self._timers.set(entry, self._now + left)
            case _:
                entry.phase = Phase.AWAY
                self._ready.append(Work("perform", entry, effect))
        return True

    def _at_once(self, entry: Entry, effect: Any) -> Any:
        """Performs an effect that needs no I/O, and returns its result."""
        match effect:
            case Now():
                return self._now
            case Tell(progress):
                assert entry.known is not None
                entry.known.keep(progress.task)
                self._tally.troubled(progress.trouble)
                if self._terms.tells:
                    self.progress.append(progress)
            case Send():
                news, entry.news = entry.news, None
                return news
        return None

    def _finished(self, entry: Entry, task: Task) -> None:
        """Takes the final snapshot of a job."""
        known = entry.known
        assert known is not None
        known.keep(task)
        entry.flow = None
        self._tally.finished(task)
        failure = known.failure()
        if failure is not None or not self._terms.fetches:
            self._end(entry, error=failure)
            return
        self._leave(entry)
        entry.phase = Phase.FETCHING
        self._to_fetch.append(entry)

    def _fetches(self) -> Iterator[Work]:
        while self._to_fetch and self._fetching < self._terms.downloads:
            self._fetching += 1
            yield Work("fetch", self._to_fetch.popleft())

    def _leave(self, entry: Entry) -> None:
        """Frees the slot of a job, so that an entry that waits for a slot may try again."""
        task_id = "" if entry.known is None else str(entry.known.task_id)
        if self._running.pop(task_id, None) is not None:
            self._watch.discard(task_id)
            self._admission.next_in_line()

    def _end(
        self, entry: Entry, *, video: Video | None = None, error: Exception | None = None
    ) -> None:
        """Ends a request. Its row in the journal is released before the outcome is handed over.

        Otherwise, a caller who submits the same id again at once would meet the old claim.
        """
        self._leave(entry)
        entry.phase, entry.flow = Phase.OVER, None
        self._timers.cancel(entry)
        self._questions.drop(entry)
        self._admission.ended(entry)
        if isinstance(error, KlingError):
            error.job = error.job or entry.job
            self._tally.troubled(error.message)
        entry.ended = self._terms.ended(entry.number, entry.request, entry.job, video, error)
        if entry.book is None:
            self._hand_over(entry)
        else:
            self._ready.append(Work("release", entry))

    def _hand_over(self, entry: Entry) -> None:
        assert entry.ended is not None
        self._admission.made()
        self._tally.ended(entry.ended)
        self.outcomes.append(entry.ended)
