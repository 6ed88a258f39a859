"""The timers of a fleet, kept in one heap."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

__all__ = ["Timers"]

_K = TypeVar("_K", bound=Hashable)


class Timers(Generic[_K]):
    """At most one moment for each key; a newer one takes the place of the older."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, _K]] = []
        self._current: dict[_K, int] = {}
        self._turn = 0

    def __contains__(self, key: _K) -> bool:
        return key in self._current

    @property
    def next(self) -> float | None:
        """The earliest moment in the heap. It may belong to a timer that was cancelled."""
        return self._heap[0][0] if self._heap else None

    def set(self, key: _K, at: float) -> None:
        """Wakes the key at this moment."""
        self._turn += 1  # timers of the same moment come up in the order they were set
        self._current[key] = self._turn
        heapq.heappush(self._heap, (at, self._turn, key))

    def cancel(self, key: _K) -> None:
        """Removes the timer of this key, if it has one."""
        self._current.pop(key, None)  # the entry in the heap is skipped when it comes up

    def due(self, now: float) -> Iterator[_K]:
        """Yields each key whose moment has come, in order, and removes its timer."""
        while self._heap and self._heap[0][0] <= now:
            _, turn, key = heapq.heappop(self._heap)
            if self._current.get(key) == turn:
                del self._current[key]
                yield key
