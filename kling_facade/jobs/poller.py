"""One list question for all jobs that wait on a client. Decisions only, no I/O.

Whoever waits has a `Watch`: a fleet one for all its jobs, each `Job.wait` one of its own. When a
question is due, `Watch.turn` says how it gets its answer: from a question of its own, from a list
that this watch asks for now, or from a list that comes later. Whoever asked for a list hands each
page in, and every watch is told what concerns it:

    turn = watch.turn(now)
    if turn.call:                       # ask it, then hand in what came
        call = watch.listed(page, now)  # or watch.failed(error, now); perhaps one more page

Where the gateway has no lists, or they never know our jobs, every question is asked by itself: that
is found out. Safe to share between threads; nobody is told anything while the lock is held.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final, Self, TypeAlias

from attrs import frozen

from ..errors import (
    NotSent,
    Throttled,
    TransientRead,
)
from ..gateway.task import is_answer
from .effects import Call, log

__all__ = ["Failed", "Found", "News", "Over", "Poller", "Turn", "Vacant", "Watch"]


_FEWEST: Final = 3
"""Waiting jobs from which on one list is cheaper than a question for each."""
_PAGES: Final = (500, 100)
"""Sizes of a page that are tried: the vendor's largest (VD1), and one that any answer holds."""
_FRUITLESS: Final = 2
_REST: Final = 600.0
"""Seconds without lists after two that told nothing of ours."""
_TROUBLES: Final = 4
_SHORT_REST: Final = 120.0
"""Seconds without lists after so many in a row that failed in passing."""
_LONG_REST: Final = 3600.0
"""Seconds without lists where they are refused or can't be read."""
_PATIENCE: Final = 10.0
"""Seconds that others wait for a page; who has less time left than that does not ask for one."""
_PAGE_GAP: Final = 1.0
"""Seconds between two lists for each page that they have: the more pages, the rarer."""


@frozen
class Found:
    """A page has jobs of this watch.

    Attributes:
        items: They, as generated models.
    """

    items: tuple[Any, ...]


@frozen
class Over:
    """All pages have been read: what they did not answer has to be asked for by itself."""


@frozen
class Failed:
    """The list failed in passing: one trouble for all who asked.

    Attributes:
        error: Why. It is shared: raise a copy.
    """

    error: Exception


@frozen
class Vacant:
    """Who was to ask for the list has left: take your turn again."""


News: TypeAlias = Found | Over | Failed | Vacant


@frozen(kw_only=True)
class Turn:
    """How a question that is due gets its answer.

    Attributes:
        alone: Ask it by itself.
        call: Ask this instead and hand the answer in.
        wait: With neither: seconds until the next turn, if no news come before.
    """

    alone: bool = False
    call: Call | None = None
    wait: float = 0.0


class Watch:
    """One that waits for jobs. Close it, or use it as a context manager.

    Args:
        poller: What it belongs to.
        told: Takes `News`, perhaps in another thread.
    """

    __slots__ = ("_poller", "told")

    def __init__(self, poller: Poller, told: Callable[[News], object]) -> None:
        self._poller = poller
        self.told: Callable[[News], object] = told

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def crowded(self) -> bool:
        """Whether so many jobs wait on the client that lists are worth it."""
        return self._poller.crowded

    def add(self, task_id: str) -> None:
        """Waits for this job. If another watch does already, that one is told of it."""
        self._poller.add(self, task_id)

    def discard(self, task_id: str) -> None:
        """Waits for it no longer."""
        self._poller.discard(self, task_id)

    def turn(self, now: float, left: float = math.inf) -> Turn:
        """Says how a question that is due now gets its answer.

        Args:
            now: The time.
            left: Seconds that the question may take.
        """
        return self._poller.turn(self, now, left)

    def listed(self, items: Iterable[Any], now: float) -> Call | None:
        """Takes a page of the list that this watch asked for, and tells everyone.

        Returns:
            The next page to ask for, or ``None`` when this was the last.
        """
        return self._poller.listed(self, items, now)

    def failed(self, error: Exception, now: float) -> None:
        """Takes the error of a list that this watch asked for, and tells everyone."""
        self._poller.failed(self, error, now)

    def resign(self) -> None:
        """Leaves the list that this watch was to ask for to somebody else."""
        self._poller.resign(self)

    def close(self) -> None:
        """Leaves. A list that this watch was to ask for is somebody else's now."""
        self._poller.leave(self)


class Poller:
    """What is known of the gateway's lists, and who waits.

    Args:
        gap: Seconds between two lists.
        pace: Seconds that pass on the watches' clocks in each real one, which calls take.
    """

    def __init__(self, gap: float, pace: float = 1.0) -> None:
        self._watched: dict[str, Watch] = {}
        self._gap = gap
        self._patience = _PATIENCE * pace
        self._lock = threading.Lock()
        self._asker: Watch | None = None
        self._due: dict[Watch, None] = {}
        self._size = _PAGES[0]
        self._next = self._off_until = -math.inf
        self._asked_at = -math.inf
        self._page = self._seen = self._wanted = self._fruitless = self._troubles = 0

    def __repr__(self) -> str:
        return f"Poller({len(self._watched)} jobs)"

    @property
    def crowded(self) -> bool:
        """See `Watch.crowded`."""
        return len(self._watched) >= _FEWEST

    def watch(self, told: Callable[[News], object]) -> Watch:
        """One more that waits.

        Args:
            told: Takes its `News`, perhaps in another thread.
        """
        return Watch(self, told)

    def add(self, watch: Watch, task_id: str) -> None:
        """See `Watch.add`."""
        with self._lock:
            self._watched.setdefault(task_id, watch)

    def discard(self, watch: Watch, task_id: str) -> None:
        """See `Watch.discard`."""
        with self._lock:
            if self._watched.get(task_id) is watch:
                del self._watched[task_id]

    def turn(self, watch: Watch, now: float, left: float) -> Turn:
        """See `Watch.turn`."""
        with self._lock:
            self._due.pop(watch, None)
            if self._asker is not None and now >= self._asked_at + self._patience:
                self._asker = None  # it hangs; what it may bring yet is not heard
            if self._asker is not None:
                ready = self._asked_at + self._patience
            elif now < self._off_until or not self.crowded:
                ready = -math.inf
            elif now >= self._next and left >= _PATIENCE:
                self._asker = watch
                self._page = self._seen = 0
                self._wanted = len(self._watched)
                return Turn(call=self._next_page(now))
            else:
                ready = self._next
            if now >= ready:
                return Turn(alone=True)
            self._due[watch] = None
            return Turn(wait=ready - now)

    def listed(self, watch: Watch, items: Iterable[Any], now: float) -> Call | None:
        """See `Watch.listed`."""
        call: Call | None = None
        over: list[Watch] = []
        found: dict[Watch, list[Any]] = {}
        with self._lock:
            if watch is not self._asker:
                return None
            for item in items:
                owner = self._watched.get(str(item.task_id))
                if owner is not None:
                    found.setdefault(owner, []).append(item)
            hits = sum(map(len, found.values()))
            self._seen += hits
            if hits and self._seen < self._wanted:
                call = self._next_page(now)
            else:
                over = self._finish(now)
        for owner, jobs in found.items():
            if answers := tuple(filter(is_answer, jobs)):
                owner.told(Found(answers))
        for waiting in over:
            waiting.told(Over())
        return call

    def failed(self, watch: Watch, error: Exception, now: float) -> None:
        """See `Watch.failed`. A passing trouble is one for all; any other ends the lists."""
        passing = isinstance(error, (Throttled, TransientRead, NotSent))
        with self._lock:
            if watch is not self._asker:
                return
            over = self._finish(now, failed=True)
            if not passing:
                self._refused(now)
        if not passing:
            log.info("the gateway's list of jobs is of no use (%s): asking for each", error)
        for waiting in over:
            waiting.told(Failed(error) if passing else Over())

    def leave(self, watch: Watch) -> None:
        """See `Watch.close`."""
        with self._lock:
            self._due.pop(watch, None)
            for task_id in [key for key, owner in self._watched.items() if owner is watch]:
                del self._watched[task_id]
        self.resign(watch)

    def resign(self, watch: Watch) -> None:
        """See `Watch.resign`."""
        with self._lock:
            if watch is not self._asker:
                return
            self._asker = None
            over, self._due = list(self._due), {}
        for waiting in over:
            waiting.told(Vacant())

    def _next_page(self, now: float) -> Call:
        self._page += 1
        self._asked_at = now
        arguments = {"page_num": self._page, "page_size": self._size}
        return Call("list_image_to_video", arguments)

    def _finish(self, now: float, *, failed: bool = False) -> list[Watch]:
        """A round of pages is over; says who waited for it."""
        assert self._asker is not None
        waited = [self._asker, *(watch for watch in self._due if watch is not self._asker)]
        self._asker, self._due = None, {}
        self._next = now + max(self._gap, self._page * _PAGE_GAP)
        self._troubles = self._troubles + 1 if failed else 0
        self._fruitless = 0 if self._seen or failed else self._fruitless + 1
        if self._fruitless >= _FRUITLESS:
            self._fruitless, self._off_until = 0, now + _REST
        if self._troubles >= _TROUBLES:
            self._troubles, self._off_until = 0, now + _SHORT_REST
        return waited

    def _refused(self, now: float) -> None:
        """A list was refused or can't be read: perhaps a smaller page, else none for long."""
        if self._size == _PAGES[0]:
            self._size = _PAGES[-1]
        else:
            self._off_until = now + _LONG_REST
