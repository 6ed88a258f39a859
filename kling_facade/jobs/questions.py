"""The questions of a fleet: one list for many jobs where the gateway has lists, or single calls."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from attrs import evolve

from .effects import SHORTEST_CALL, Send
from .fleet_work import Entry, Phase, Work
from .poller import Watch

__all__ = ["Questions"]

_NEAR: Final = 60.0
"""A question whose deadline is nearer than this many seconds gets a timer, so that it is sent by
itself when no list has come by then."""


class Questions:
    """The questions that are due and those in flight.

    Args:
        watch: The fleet's watch at the client's poller.
        most: Largest number of questions in flight; a list counts as one.
    """

    def __init__(self, watch: Watch, most: int) -> None:
        self._watch = watch
        self._most = most
        self._busy = 0
        self._due: dict[Entry, Send] = {}
        self._for_list: dict[Entry, None] = {}
        self._alone: deque[Entry] = deque()
        self._more: deque[Work] = deque()
        self.list_at: float | None = None
        """When the next list is due, if a job waits for it."""

    def ask(self, entry: Entry, question: Send) -> float | None:
        """Takes a question that is due.

        Returns:
            Seconds after which `hurry` must be called, if its deadline is near.
        """
        self._due[entry] = question
        left = math.inf if question.within is None else question.within
        if left <= SHORTEST_CALL:  # no time to wait for a list
            self._alone.append(entry)
            return None
        self._for_list[entry] = None
        return left if left < _NEAR else None

    def hurry(self, entry: Entry) -> None:
        """Sends the question by itself, because no list came in time."""
        self._due[entry] = evolve(self._due[entry], within=SHORTEST_CALL)
        self._for_list.pop(entry, None)
        self._alone.append(entry)

    def drop(self, entry: Entry) -> None:
        """Removes a question that has its answer or needs none any more."""
        self._due.pop(entry, None)
        self._for_list.pop(entry, None)

    def works(self, now: float) -> Iterator[Work]:
        """Yields the calls to start now: lists first, since one may answer many questions."""
        self.list_at = None
        if self._for_list:
            turn = self._watch.turn(now)
            if turn.call is not None:
                yield self._list(turn.call)
            elif turn.alone:
                self.each_alone()
            else:
                self.list_at = now + turn.wait
        while self._more:
            yield self._more.popleft()
        while self._alone and self._busy < self._most:
            entry = self._alone.popleft()
            question = self._due.get(entry)
            if question is not None:  # else a list has answered it meanwhile
                self.drop(entry)
                self._busy += 1
                entry.phase = Phase.AWAY
                yield Work("perform", entry, question)

    def each_alone(self) -> None:
        """Sends every question that waits for a list by itself."""
        self._alone.extend(self._for_list)
        self._for_list.clear()

    def failing(self) -> list[Entry]:
        """Drops the questions that waited for a failed list and returns their entries."""
        entries = list(self._for_list)
        for entry in entries:
            self.drop(entry)
        return entries

    def returned(self) -> None:
        """Counts the end of a question in flight, whether it was answered or failed."""
        self._busy -= 1

    def listed(self, items: Any, now: float) -> None:
        """Takes a page of the list that this fleet asked for."""
        self.returned()
        call = self._watch.listed(items, now)
        if call is not None:
            self._more.append(self._list(call))

    def list_failed(self, error: Exception, now: float) -> None:
        """Takes the error of the list that this fleet asked for."""
        self.returned()
        self._watch.failed(error, now)

    def _list(self, call: Any) -> Work:
        self._busy += 1
        return Work("perform", None, Send(call))
