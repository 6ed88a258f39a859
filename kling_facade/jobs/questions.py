"""The questions of a fleet: a list for many where the gateway serves lists, or one for each."""

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
"""Seconds before its deadline from which on a question does not wait for a list beyond it."""


class Questions:
    """Questions that are due, and those in flight.

    Args:
        watch: The fleet's place at the client's poller.
        most: Most questions in flight; a list counts as one.
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
        """When the next list is due, if somebody waits for it."""

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
        """No list came in time: the question is sent by itself."""
        self._due[entry] = evolve(self._due[entry], within=SHORTEST_CALL)
        self._for_list.pop(entry, None)
        self._alone.append(entry)

    def drop(self, entry: Entry) -> None:
        """The question is answered, or of no more use."""
        self._due.pop(entry, None)
        self._for_list.pop(entry, None)

    def works(self, now: float) -> Iterator[Work]:
        """The questions to send now."""
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
        """No list will answer them."""
        self._alone.extend(self._for_list)
        self._for_list.clear()

    def failing(self) -> list[Entry]:
        """Those who waited for a list that failed; their questions are dropped."""
        entries = list(self._for_list)
        for entry in entries:
            self.drop(entry)
        return entries

    def returned(self) -> None:
        """A question in flight has its answer or its error."""
        self._busy -= 1

    def listed(self, items: Any, now: float) -> None:
        """A page of the list that this fleet asked for has come."""
        self.returned()
        call = self._watch.listed(items, now)
        if call is not None:
            self._more.append(self._list(call))

    def list_failed(self, error: Exception, now: float) -> None:
        """The list that this fleet asked for failed."""
        self.returned()
        self._watch.failed(error, now)

    def _list(self, call: Any) -> Work:
        self._busy += 1
        return Work("perform", None, Send(call))
