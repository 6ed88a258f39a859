"""Many jobs at once: who is created, asked for and fetched next. Decisions only, no I/O.

A `Fleet` drives one flow for each job: the same `submit`, `wait` and `download` as for a single
job, so that no policy is written twice. It keeps all their timers in one heap, lets a bounded
number of creates, questions and downloads be under way, and has a `Watch` at the client's `Poller`,
which answers the questions of many waiting jobs from one list where the gateway serves lists. What
is to be done comes out as `Work`; whoever drives it does the work, in threads or tasks, and gives
back the result:

    while not fleet.over:
        for work in fleet.work(now):      # start these
            ...
        fleet.done(work, result, now)     # or fleet.failed(work, error, now)
        fleet.told(news, now)             # whatever its watch was told
                                          # and come back at fleet.wake_at()

The drivers are `batch.Batch` and `batch.AsyncBatch`.
"""

from __future__ import annotations

import copy
import heapq
import math
from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from attrs import evolve

from ..errors import (
    AccountError,
    AuthError,
    KlingError,
)
from ..gateway.task import Task, as_envelope, has_ended
from .destination import Video
from .effects import SHORTEST_CALL, Now, Progress, Record, Send, Sleep, Tell
from .fleet_status import Outcome, Status
from .fleet_work import Entry, Pause, Terms, Work
from .known_job import KnownJob
from .poller import Failed, Found, News, Over, Watch
from .window import Window, is_full

if TYPE_CHECKING:
    from ..requests.image_to_video import ImageToVideo

__all__ = ["Fleet"]

_NOT_ALLOWED: Final = 1304
"""This machine's address is not on the account's allow-list (VD1)."""
_LOCKED_OUT: Final = 3
"""Refusals of the key in a row after which nothing more is sent."""
_UNTAKEN: Final = 1000
"""Outcomes that nobody has taken, from which on no more requests are drawn."""
_NEAR: Final = 60.0
"""Seconds before its deadline from which on a question does not wait for a list beyond it."""


class Fleet:
    """The scheduler. See the module's text.

    Args:
        requests: The requests; taken one by one, when there is room for one.
        terms: What to go by.
        watch: Its place at the client's poller.
        now: The time of its start, in seconds on the clock that all later times are read from.

    Attributes:
        outcomes: What has ended and was not taken yet.
        progress: What the gateway said of single jobs and was not taken yet.
        broken: What the iterable of requests raised, if it did: no more are taken from it.
    """

    def __init__(
        self, requests: Iterable[ImageToVideo], terms: Terms, watch: Watch, now: float
    ) -> None:
        self.outcomes: deque[Outcome[Any]] = deque()
        self.progress: deque[Progress] = deque()
        self.broken: Exception | None = None
        self._terms = terms
        self._watch = watch
        self._source: Iterator[tuple[int, ImageToVideo]] | None = enumerate(requests)
        self._window = Window(terms.concurrency)
        self._began = self._now = now
        self._timers: list[tuple[float, int, Entry]] = []
        self._turn = 0
        self._again: deque[Entry] = deque()
        self._held: dict[Entry, None] = {}
        self._asking: dict[Entry, None] = {}
        self._alone: deque[Entry] = deque()
        self._ready: deque[Work] = deque()
        self._to_fetch: deque[Entry] = deque()
        self._waiting: dict[str, Entry] = {}
        self._busy = {"create": 0, "fetch": 0, "question": 0}
        self._live = 0
        self._listing_at: float | None = None
        self._refusals = 0
        self._refusal: KlingError | None = None
        self._made = self._taken = 0
        self._counts = {"succeeded": 0, "failed": 0, "unpriced": 0}
        self._units = Decimal(0)
        self._trouble: str | None = None

    # --- seen from outside

    @property
    def over(self) -> bool:
        """Whether everything has ended."""
        return self._source is None and not self._live

    @property
    def status(self) -> Status:
        """Where it stands."""
        downloading = len(self._to_fetch) + self._busy["fetch"]
        return Status(
            creating=self._live - len(self._waiting) - downloading,
            waiting=len(self._waiting),
            downloading=downloading,
            units=self._units,
            elapsed=self._now - self._began,
            slots=self._window.slots,
            trouble=self._trouble,
            **self._counts,
        )

    def wake_at(self) -> float | None:
        """When to come back at the latest; ``None`` when only a result can bring news."""
        times = [self._timers[0][0]] if self._timers else []
        if self._listing_at is not None:
            times.append(self._listing_at)
        return min(times, default=None)

    def work(self, now: float) -> list[Work]:
        """What to start now."""
        self._now = now
        while self._timers and self._timers[0][0] <= now:
            _, turn, entry = heapq.heappop(self._timers)
            if entry.timer == turn:
                entry.timer = 0
                self._woken(entry)
        works = [*self._questions(), *self._fetches(), *self._creates()]
        works += self._ready
        self._ready.clear()
        return works

    def resign(self) -> None:
        """Asks for no more lists on behalf of others."""
        self._watch.resign()

    def stop(self) -> list[Entry]:
        """Lets everything go, and says what that was. Called when no work is under way."""
        self._watch.close()
        self._source = None
        left = [*self._held, *self._again, *self._waiting.values(), *self._to_fetch]
        left += [work.entry for work in self._ready if work.entry is not None]
        for entry in left:
            if entry.flow is not None:
                entry.flow.close()
        return left

    def take(self) -> bool:
        """Somebody has taken an outcome; says whether that makes room. Called in any thread."""
        self._taken += 1
        return self._made - self._taken == _UNTAKEN - 1

    # --- results

    def done(self, work: Work, result: Any, now: float) -> None:
        """Takes the result of a work."""
        self._now = now
        entry = work.entry
        if work.kind == "create":
            assert entry is not None
            self._busy["create"] -= 1
            self._created(entry, result)
        elif work.kind == "fetch":
            assert entry is not None
            self._busy["fetch"] -= 1
            self._end(entry, video=result)
        elif work.kind == "release":
            self._over(entry)
        elif entry is None:
            self._busy["question"] -= 1
            call = self._watch.listed(result.data or (), now)
            if call is not None:
                self._ready.append(self._ask_list(Send(call)))
        else:
            self._busy["question"] -= isinstance(work.effect, Send)
            self._step(entry, result)

    def failed(self, work: Work, error: Exception, now: float) -> None:
        """Takes the error of a work."""
        self._now = now
        entry = work.entry
        if work.kind in ("create", "fetch"):
            assert entry is not None
            self._busy[work.kind] -= 1
            if work.kind == "create" and work.refusal is None and _is_lockout(error):
                self._refused(error)
            self._end(entry, error=error)
            self._release_held(unless_one_tries=True)
        elif work.kind == "release":
            self._over(entry)
        elif entry is None:
            self._busy["question"] -= 1
            self._watch.failed(error, now)
        else:
            self._busy["question"] -= isinstance(work.effect, Send)
            self._step(entry, error=error)

    def told(self, news: News, now: float) -> None:
        """Takes what its watch was told."""
        self._now = now
        if isinstance(news, Found):
            self._found(news.items)
        elif isinstance(news, Over):  # those that no page knew are asked for one by one
            self._alone.extend(self._asking)
            self._asking.clear()
        elif isinstance(news, Failed):
            asking, self._asking = list(self._asking), {}
            for entry in asking:
                entry.asking = None
                self._step(entry, None, copy.copy(news.error))

    # --- creating

    def _creates(self) -> Iterator[Work]:
        while self._window.room(self._busy["create"], len(self._waiting)):
            entry = self._again.popleft() if self._again else self._next_request()
            if entry is None:
                return
            entry.began = self._now
            self._busy["create"] += 1
            yield Work("create", entry, refusal=copy.copy(self._refusal))

    def _next_request(self) -> Entry | None:
        """A new entry, unless others still wait for room or there is none."""
        if self._held or self._source is None or self._made - self._taken >= _UNTAKEN:
            return None
        try:
            number, request = next(self._source)
        except StopIteration:
            self._source = None
            return None
        except Exception as error:  # noqa: BLE001 - the jobs that run already are not to blame
            self._source, self.broken = None, error
            return None
        self._live += 1
        return Entry(number, request)

    def _refused(self, error: KlingError) -> None:
        """Counts refusals of all that this client sends; at last nothing more is sent."""
        self._refusals += 1
        if self._refusals >= _LOCKED_OUT and self._refusal is None:
            self._refusal = type(error)(
                f"not sent, because the last {self._refusals} were refused: {error.message}",
                hint=error.hint,
                code=error.code,
                http_status=error.http_status,
            )

    def _created(self, entry: Entry, result: Any) -> None:
        if not isinstance(result, Pause):
            self._accepted(entry, result)
            return
        turned_away = result.throttled
        if not (is_full(turned_away) and any(held.timer for held in self._held)):
            self._set_timer(entry, result.seconds)
        if turned_away is not None:
            running = len(self._waiting)
            self._window.throttled(turned_away, running, entry.began, self._now)
            self._trouble = turned_away.message
            self._held[entry] = None
        self._release_held(unless_one_tries=True)

    def _accepted(self, entry: Entry, task: Any) -> None:
        if not isinstance(task, Task):  # it was there already: a video that is kept
            self._end(entry, video=task)
            return
        assert entry.ids is not None
        entry.phase = "wait"
        entry.known = KnownJob(entry.ids, task)
        entry.job = self._terms.adopt(entry.known, entry.book)
        entry.flow = entry.known.wait(self._terms.policy, self._terms.timeout)
        self._waiting[task.task_id] = entry
        self._watch.add(task.task_id)
        self._refusals, self._refusal = 0, None
        self._window.accepted(len(self._waiting))
        self._release_held()
        self._step(entry, None)

    # --- waiting

    def _woken(self, entry: Entry) -> None:
        if entry.asking is not None:  # no list came before its deadline
            entry.asking = evolve(entry.asking, within=SHORTEST_CALL)
            self._asking.pop(entry, None)
            self._alone.append(entry)
        elif entry.phase == "wait":
            self._step(entry, None)
        else:
            self._held.pop(entry, None)
            self._again.append(entry)

    def _set_timer(self, entry: Entry, seconds: float) -> None:
        self._turn += 1
        entry.timer = self._turn
        heapq.heappush(self._timers, (self._now + seconds, self._turn, entry))

    def _step(self, entry: Entry, value: Any = None, error: Exception | None = None) -> None:
        """Takes a wait flow as far as it goes without waiting and without asking."""
        flow, known = entry.flow, entry.known
        assert flow is not None
        assert known is not None
        entry.timer = 0
        try:
            while True:
                effect = flow.send(value) if error is None else flow.throw(error)
                value = error = None
                if isinstance(effect, Now):
                    value = self._now
                elif isinstance(effect, Record) and _needless(entry, effect):
                    pass
                elif isinstance(effect, Tell):
                    known.keep(effect.progress.task)
                    self._trouble = effect.progress.trouble or self._trouble
                    if self._terms.tells:
                        self.progress.append(effect.progress)
                elif isinstance(effect, Sleep):
                    self._set_timer(entry, effect.seconds)
                    return
                elif isinstance(effect, Send) and entry.news is not None:
                    value, entry.news = entry.news, None
                elif isinstance(effect, Send):
                    entry.asking = effect
                    left = math.inf if effect.within is None else effect.within
                    if left <= SHORTEST_CALL:  # no time to wait for a list
                        self._alone.append(entry)
                        return
                    self._asking[entry] = None
                    if left < _NEAR:
                        self._set_timer(entry, left)
                    return
                else:
                    self._ready.append(Work("perform", entry, effect))
                    return
        except StopIteration as finished:
            self._finished(entry, finished.value)
        except Exception as failure:  # noqa: BLE001 - one failing job never stops the others
            self._end(entry, error=failure)

    def _finished(self, entry: Entry, task: Task) -> None:
        known = entry.known
        assert known is not None
        known.keep(task)
        entry.flow = None
        if task.units is None:
            self._counts["unpriced"] += 1
        else:
            self._units += task.units
        failure = known.failure()
        if failure is not None:
            self._end(entry, error=failure)
            return
        self._leave(entry)
        if self._terms.fetches:
            entry.phase = "fetch"
            self._to_fetch.append(entry)
        else:
            self._end(entry)

    def _leave(self, entry: Entry) -> None:
        """A job holds its slot no longer: one that waits for a slot may try."""
        if entry.job is None or self._waiting.pop(entry.job.task_id, None) is None:
            return
        self._watch.discard(entry.job.task_id)
        self._release_held()

    def _release_held(self, *, unless_one_tries: bool = False) -> None:
        """Lets the first of those that wait for a slot try again.

        While no slot is free one of them tries for all, at the times of its own flow.
        """
        if unless_one_tries and (self._again or any(held.timer for held in self._held)):
            return
        for held in list(self._held)[:1]:
            del self._held[held]
            held.timer = 0
            self._again.append(held)

    def _fetches(self) -> Iterator[Work]:
        while self._to_fetch and self._busy["fetch"] < self._terms.downloads:
            self._busy["fetch"] += 1
            yield Work("fetch", self._to_fetch.popleft())

    def _end(
        self, entry: Entry, *, video: Video | None = None, error: Exception | None = None
    ) -> None:
        self._leave(entry)
        entry.phase, entry.flow, entry.timer = "over", None, 0
        self._asking.pop(entry, None)
        self._held.pop(entry, None)
        if isinstance(error, KlingError):
            error.job = error.job or entry.job
            self._trouble = error.message
        entry.outcome = Outcome(entry.number, entry.request, entry.job, video, error)
        if entry.book is not None:
            self._ready.append(Work("release", entry))
        else:
            self._over(entry)

    def _over(self, entry: Entry | None) -> None:
        assert entry is not None
        assert entry.outcome is not None
        self._live -= 1
        self._made += 1
        self._counts["succeeded" if entry.outcome.ok else "failed"] += 1
        self.outcomes.append(entry.outcome)

    # --- asking

    def _questions(self) -> Iterator[Work]:
        """One list for all, where the client's poller says so; else each its own question."""
        self._listing_at = None
        if self._asking:
            turn = self._watch.turn(self._now)
            if turn.call is not None:
                yield self._ask_list(Send(turn.call))
            elif turn.alone:
                self._alone.extend(self._asking)
                self._asking.clear()
            else:
                self._listing_at = self._now + turn.wait
        while self._alone and self._busy["question"] < self._terms.questions:
            entry = self._alone.popleft()
            if entry.asking is not None:
                self._busy["question"] += 1
                effect, entry.asking = entry.asking, None
                entry.timer = 0  # from now on the call's own deadline counts
                self._asking.pop(entry, None)
                yield Work("perform", entry, effect)

    def _ask_list(self, question: Send) -> Work:
        self._busy["question"] += 1
        return Work("perform", None, question)

    def _found(self, items: Iterable[Any]) -> None:
        """Answers from a page what it answers; one that sleeps hears of its job's end."""
        for item in items:
            entry = self._waiting.get(str(item.task_id))
            if entry is None:
                continue
            if entry.asking is not None:
                entry.asking = None
                self._asking.pop(entry, None)
                self._step(entry, as_envelope(item))
            elif entry.timer and has_ended(item):
                entry.news = as_envelope(item)
                self._step(entry, None)


def _is_lockout(error: Exception) -> TypeGuard[KlingError]:
    """Whether it says that nothing else would be let in either, whatever it asks for."""
    return isinstance(error, AuthError) or (
        isinstance(error, AccountError) and error.code == _NOT_ALLOWED
    )


def _needless(entry: Entry, effect: Record) -> bool:
    """Whether there is nobody to write it down."""
    return entry.book is None or bool(entry.book.needless(effect.event))
