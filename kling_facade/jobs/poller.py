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


class _Rounds:
    """Rounds of lists: who asks now, who waits for it, and when the next one may begin.

    One round is all pages of a list, asked for by one watch on behalf of all. It has no lock of its
    own: whoever calls holds the poller's.
    """

    def __init__(self, gap: float, patience: float) -> None:
        self._gap = gap
        self._patience = patience
        self.asker: Watch | None = None
        """Who asks now."""
        self.due: dict[Watch, None] = {}
        """Who has a question and waits for a list."""
        self._size = _PAGES[0]
        self._next = self._off_until = -math.inf
        self._asked_at = -math.inf
        self._page = self._seen = self._wanted = self._fruitless = self._troubles = 0

    def turn(self, watch: Watch, waiting: int, now: float, left: float) -> Turn:
        """How a question of this watch gets its answer, while so many jobs are waited for."""
        self.due.pop(watch, None)
        if self.asker is not None and now >= self._asked_at + self._patience:
            self.asker = None  # it hangs; what it may bring yet is not heard
        if self.asker is not None:
            ready = self._asked_at + self._patience
        elif now < self._off_until or waiting < _FEWEST:
            ready = -math.inf
        elif now >= self._next and left >= _PATIENCE:
            self.asker = watch
            self._page = self._seen = 0
            self._wanted = waiting
            return Turn(call=self._next_page(now))
        else:
            ready = self._next
        if now >= ready:
            return Turn(alone=True)
        self.due[watch] = None
        return Turn(wait=ready - now)

    def page(self, hits: int, now: float) -> Call | None:
        """A page had so many jobs of ours; says which page comes next, if one is worth it."""
        self._seen += hits
        return self._next_page(now) if hits and self._seen < self._wanted else None

    def finish(self, now: float, *, failed: bool = False) -> list[Watch]:
        """The round is over; says who waited for it."""
        assert self.asker is not None
        waited = [self.asker, *(watch for watch in self.due if watch is not self.asker)]
        self.asker, self.due = None, {}
        self._next = now + max(self._gap, self._page * _PAGE_GAP)
        self._troubles = self._troubles + 1 if failed else 0
        self._fruitless = 0 if self._seen or failed else self._fruitless + 1
        if self._fruitless >= _FRUITLESS:
            self._fruitless, self._off_until = 0, now + _REST
        if self._troubles >= _TROUBLES:
            self._troubles, self._off_until = 0, now + _SHORT_REST
        return waited

    def hand_over(self) -> list[Watch]:
        """The one who asks leaves; says who has to take their turn again."""
        self.asker = None
        waiting, self.due = list(self.due), {}
        return waiting

    def refused(self, now: float) -> None:
        """A list was refused or can't be read: perhaps a smaller page, else none for long."""
        if self._size == _PAGES[0]:
            self._size = _PAGES[-1]
        else:
            self._off_until = now + _LONG_REST

    def _next_page(self, now: float) -> Call:
        self._page += 1
        self._asked_at = now
        arguments = {"page_num": self._page, "page_size": self._size}
        return Call("list_image_to_video", arguments)


class Poller:
    """What is known of the gateway's lists, and who waits on this client.

    Args:
        gap: Seconds between two lists.
        pace: Seconds that pass on the watches' clocks in each real one, which calls take.

    Attributes:
        lock: Held by a watch while it looks at or changes what follows.
        owners: Which watch waits for a job, by the gateway's id.
        rounds: The lists.
    """

    def __init__(self, gap: float, pace: float = 1.0) -> None:
        self.lock: threading.Lock = threading.Lock()
        self.owners: dict[str, Watch] = {}
        self.rounds: _Rounds = _Rounds(gap, _PATIENCE * pace)

    def __repr__(self) -> str:
        return f"Poller({len(self.owners)} jobs)"

    def watch(self, told: Callable[[News], object]) -> Watch:
        """One more that waits.

        Args:
            told: Takes its `News`, perhaps in another thread.
        """
        return Watch(self, told)


class Watch:
    """One that waits for jobs. Close it, or use it as a context manager.

    Args:
        poller: What it belongs to.
        told: Takes `News`, perhaps in another thread.
    """

    __slots__ = ("_poller", "_rounds", "told")

    def __init__(self, poller: Poller, told: Callable[[News], object]) -> None:
        self._poller = poller
        self._rounds = poller.rounds
        self.told: Callable[[News], object] = told

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def crowded(self) -> bool:
        """Whether so many jobs wait on the client that lists are worth it."""
        return len(self._poller.owners) >= _FEWEST

    def add(self, task_id: str) -> None:
        """Waits for this job. If another watch does already, that one is told of it."""
        with self._poller.lock:
            self._poller.owners.setdefault(task_id, self)

    def discard(self, task_id: str) -> None:
        """Waits for it no longer."""
        with self._poller.lock:
            if self._poller.owners.get(task_id) is self:
                del self._poller.owners[task_id]

    def turn(self, now: float, left: float = math.inf) -> Turn:
        """Says how a question that is due now gets its answer.

        Args:
            now: The time.
            left: Seconds that the question may take.
        """
        with self._poller.lock:
            return self._rounds.turn(self, len(self._poller.owners), now, left)

    def listed(self, items: Iterable[Any], now: float) -> Call | None:
        """Takes a page of the list that this watch asked for, and tells everyone.

        Returns:
            The next page to ask for, or ``None`` when this was the last.
        """
        over: list[Watch] = []
        found: dict[Watch, list[Any]] = {}
        with self._poller.lock:
            if self is not self._rounds.asker:
                return None
            for item in items:
                owner = self._poller.owners.get(str(item.task_id))
                if owner is not None:
                    found.setdefault(owner, []).append(item)
            call = self._rounds.page(sum(map(len, found.values())), now)
            if call is None:
                over = self._rounds.finish(now)
        for owner, jobs in found.items():
            if answers := tuple(filter(is_answer, jobs)):
                owner.told(Found(answers))
        for waiting in over:
            waiting.told(Over())
        return call

    def failed(self, error: Exception, now: float) -> None:
        """Takes the error of a list that this watch asked for, and tells everyone.

        A passing trouble is one for all who asked; any other ends the lists.
        """
        passing = isinstance(error, (Throttled, TransientRead, NotSent))
        with self._poller.lock:
            if self is not self._rounds.asker:
                return
            over = self._rounds.finish(now, failed=True)
            if not passing:
                self._rounds.refused(now)
        if not passing:
            log.info("the gateway's list of jobs is of no use (%s): asking for each", error)
        for waiting in over:
            waiting.told(Failed(error) if passing else Over())

    def resign(self) -> None:
        """Leaves the list that this watch was to ask for to somebody else."""
        with self._poller.lock:
            if self is not self._rounds.asker:
                return
            over = self._rounds.hand_over()
        for waiting in over:
            waiting.told(Vacant())

    def close(self) -> None:
        """Leaves. A list that this watch was to ask for is somebody else's now."""
        with self._poller.lock:
            self._rounds.due.pop(self, None)
            owners = self._poller.owners
            for task_id in [key for key, owner in owners.items() if owner is self]:
                del owners[task_id]
        self.resign()
