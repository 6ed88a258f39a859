"""How many creates and jobs a gateway lets run at once: learned from its answers."""

from __future__ import annotations

import math
from typing import Final

from ..errors import (
    Throttled,
)

__all__ = ["Window", "is_full"]


_TOO_MANY: Final = 1303
"""The account's slots are all in use (VD1); other throttling means that calls come too fast."""


class Window:
    """How many creates may be in flight and how many jobs under way: learned from the gateway.

    Creates in flight grow by one for each round that went well and are halved when calls come too
    fast. Jobs under way are unbounded until the gateway says that all slots are in use; then there
    are as many as run now, and one more is tried after each round of accepted ones.
    """

    def __init__(self, concurrency: int) -> None:
        self._most = float(concurrency)
        self._creates = float(concurrency)
        self._slots = math.inf
        self._cut = -math.inf

    def __repr__(self) -> str:
        return f"Window({self._creates:.1f} creates, {self._slots:.1f} jobs)"

    @property
    def slots(self) -> int | None:
        """Jobs that may be under way at once; ``None`` for any number."""
        return None if math.isinf(self._slots) else int(self._slots)

    def room(self, creating: int, running: int) -> bool:
        """Whether one more create may start."""
        return creating < int(self._creates) and creating + running < max(1.0, self._slots)

    def accepted(self, running: int) -> None:
        """A job was accepted; ``running`` counts it."""
        self._creates = min(self._most, self._creates + 1.0 / self._creates)
        if self._slots - running < 1.0:
            self._slots += 1.0 / self._slots

    def throttled(self, error: Throttled, running: int, began: float, now: float) -> None:
        """A create that ``began`` then was turned away. Those of one burst count once."""
        if is_full(error):
            self._slots = max(1.0, min(self._slots, float(running)))
        elif began >= self._cut:
            self._creates = max(1.0, self._creates / 2)
            self._cut = now


def is_full(error: Throttled | None) -> bool:
    """Whether it says that all slots are in use, so that only the end of a job helps."""
    return error is not None and error.code == _TOO_MANY
