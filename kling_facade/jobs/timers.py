"""Many timers in one heap."""

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
        """The earliest moment; perhaps of a timer that was cancelled."""
        return self._heap[0][0] if self._heap else None

    def set(self, key: _K, at: float) -> None:
        """Wakes the key at this moment."""
        self._turn += 1  # also decides between keys of the same moment: who came first
        self._current[key] = self._turn
        heapq.heappush(self._heap, (at, self._turn, key))

    def cancel(self, key: _K) -> None:
        """Does not wake it."""
        self._current.pop(key, None)  # what is in the heap is passed over when it comes up

    def due(self, now: float) -> Iterator[_K]:
        """The keys whose moment has come, in order; each once."""
        while self._heap and self._heap[0][0] <= now:
            _, turn, key = heapq.heappop(self._heap)
            if self._current.get(key) == turn:
                del self._current[key]
                yield key
