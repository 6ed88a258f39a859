"""One list question for all jobs that wait on a client. Decisions only, no I/O.

Everything that waits has a `Watch`: a fleet has one for all its jobs, each `Job.wait` has its own.
When a question is due, `Watch.turn` says how to get its answer: by a call for this job alone, from
a list that this watch asks for now, or from a list that another watch asks for. The watch that
asked for a list hands in each page, and every watch is told of its own jobs:

    turn = watch.turn(now)
    if turn.call:                       # ask it, then hand in what came
        call = watch.listed(page, now)  # or watch.failed(error, now); returns the next page's call

A gateway may have no lists, or lists that never show our jobs. The poller notices, and then each
job is asked for by itself. A poller can be shared between threads; no callback runs while the lock
is held, since a callback may call the poller.
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
"""From this number of waiting jobs, one list is cheaper than a question for each job."""
_PAGES: Final = (500, 100)
"""The page sizes to try: the vendor's largest (VD1), then one whose answer is never too large."""
_FRUITLESS: Final = 2
"""Rounds in a row without any of our jobs, after which lists pause for `_REST`."""
_REST: Final = 600.0
"""Seconds without lists after fruitless rounds."""
_TROUBLES: Final = 4
"""Temporary failures in a row, after which lists pause for `_SHORT_REST`."""
_SHORT_REST: Final = 120.0
"""Seconds without lists after several temporary failures."""
_LONG_REST: Final = 3600.0
"""Seconds without lists after the gateway refused them or sent an unreadable one."""
_PATIENCE: Final = 10.0
"""Seconds that other watches wait for a page. A watch with less time left does not ask for one."""
_PAGE_GAP: Final = 1.0
"""Seconds between two lists, for each page of the last one: longer lists are read less often."""


@frozen
class Found:
    """News: a page that was just read has jobs of this watch.

    Attributes:
        items: Those jobs, as generated models.
    """

    items: tuple[Any, ...]


@frozen
class Over:
    """News: all pages have been read. A job that was on none of them has to be asked for alone."""


@frozen
class Failed:
    """News: the list failed temporarily. All watches that waited for it get the same error.

    Attributes:
        error: The error. It is shared, so raise a copy.
    """

    error: Exception


@frozen
class Vacant:
    """News: the watch that asked for the list has left. Call `Watch.turn` again."""


News: TypeAlias = Found | Over | Failed | Vacant


@frozen(kw_only=True)
class Turn:
    """How to get the answer to a question that is due.

    Attributes:
        alone: Whether to send the question by itself.
        call: The list to ask for instead; its answer is handed in with `Watch.listed`.
        wait: With neither of these, the seconds until the next turn, if no news come first.
    """

    alone: bool = False
    call: Call | None = None
    wait: float = 0.0


class _Rounds:
    """Rounds of lists: which watch asks now, which ones wait, and when the next round may begin.

    In a round, one watch asks for all pages of a list on behalf of all watches. This class has no
    lock of its own: callers hold the poller's.
    """

    def __init__(self, gap: float, patience: float) -> None:
        self._gap = gap
        self._patience = patience
        self.asker: Watch | None = None
        """The watch that asks now."""
        self.due: dict[Watch, None] = {}
        """The watches that have a question and wait for a list."""
        self._size = _PAGES[0]
        self._next = self._off_until = -math.inf
        self._asked_at = -math.inf
        self._page = self._seen = self._wanted = self._fruitless = self._troubles = 0

    def turn(self, watch: Watch, waiting: int, now: float, left: float) -> Turn:
        """Decides how this watch gets its answer, while ``waiting`` jobs are being waited for."""
        self.due.pop(watch, None)
        if self.asker is not None and now >= self._asked_at + self._patience:
            self.asker = None  # its call hangs; if an answer comes later, it is ignored
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
        """Counts our jobs on a page, and returns the call for the next page, if it is worth one."""
        # Lists begin with the newest jobs. After a page with none of ours, older pages have none.
        self._seen += hits
        return self._next_page(now) if hits and self._seen < self._wanted else None

    def finish(self, now: float, *, failed: bool = False) -> list[Watch]:
        """Ends the round and returns the watches that waited for it."""
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
        """Removes the asking watch and returns those that have to call `turn` again."""
        self.asker = None
        waiting, self.due = list(self.due), {}
        return waiting

    def refused(self, now: float) -> None:
        """Reacts to a refused or unreadable list: smaller pages first, then no lists for long."""
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
    """The watches of one client and the state of the gateway's lists.

    Args:
        gap: Shortest time between two lists, in seconds.
        pace: Seconds that pass on the watches' clocks in each real second. Calls take real time.

    Attributes:
        lock: Held by a watch while it reads or changes the other attributes.
        owners: The watch that waits for each job, by the gateway's id.
        rounds: The rounds of lists.
    """

    def __init__(self, gap: float, pace: float = 1.0) -> None:
        self.lock: threading.Lock = threading.Lock()
        self.owners: dict[str, Watch] = {}
        self.rounds: _Rounds = _Rounds(gap, _PATIENCE * pace)

    def __repr__(self) -> str:
        return f"Poller({len(self.owners)} jobs)"

    def watch(self, told: Callable[[News], object]) -> Watch:
        """Makes a new watch.

        Args:
            told: Called with each `News`, possibly in another thread.
        """
        return Watch(self, told)


class Watch:
    """A wait for one or many jobs. Close it, or use it as a context manager.

    Args:
        poller: The poller that it belongs to.
        told: Called with each `News`, possibly in another thread.
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
        """Whether enough jobs wait on this client for lists to be cheaper."""
        return len(self._poller.owners) >= _FEWEST

    def add(self, task_id: str) -> None:
        """Starts to wait for a job. If another watch waits for it already, that one is told."""
        with self._poller.lock:
            self._poller.owners.setdefault(task_id, self)

    def discard(self, task_id: str) -> None:
        """Stops waiting for a job."""
        with self._poller.lock:
            if self._poller.owners.get(task_id) is self:
                del self._poller.owners[task_id]

    def turn(self, now: float, left: float = math.inf) -> Turn:
        """Decides how to get the answer to a question that is due now.

        Args:
            now: The current time.
            left: The seconds that the question may take.
        """
        with self._poller.lock:
            return self._rounds.turn(self, len(self._poller.owners), now, left)

    def listed(self, items: Iterable[Any], now: float) -> Call | None:
        """Takes a page of the list that this watch asked for, and tells all watches.

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
        """Takes the error of a list that this watch asked for, and tells all watches.

        A temporary failure counts for all that waited; any other one stops the lists for a while.
        """
        passing = isinstance(error, (Throttled, TransientRead, NotSent))
        with self._poller.lock:
            if self is not self._rounds.asker:
                return
            over = self._rounds.finish(now, failed=True)
            if not passing:
                self._rounds.refused(now)
        if not passing:
            log.info("the gateway's list of jobs can't be used (%s): asking for each job", error)
        for waiting in over:
            waiting.told(Failed(error) if passing else Over())

    def resign(self) -> None:
        """Leaves the list that this watch was to ask for to another watch."""
        with self._poller.lock:
            if self is not self._rounds.asker:
                return
            over = self._rounds.hand_over()
        for waiting in over:
            waiting.told(Vacant())

    def close(self) -> None:
        """Stops all waiting. If this watch was to ask for a list, another one does."""
        with self._poller.lock:
            self._rounds.due.pop(self, None)
            owners = self._poller.owners
            for task_id in [key for key, owner in owners.items() if owner is self]:
                del owners[task_id]
        self.resign()
