"""How many creates and jobs may run at once, learned from the gateway's answers."""

from __future__ import annotations

import math
from typing import Final

from ..errors import (
    Throttled,
)

__all__ = ["Window", "is_full"]


_TOO_MANY: Final = 1303
"""The code for "all slots of the account are in use" (VD1). Other throttling codes mean that calls
come too fast."""


class Window:
    """The number of creates in flight and of running jobs that the gateway seems to allow.

    Both are adjusted as TCP adjusts its congestion window (additive increase, multiplicative
    decrease). The number of creates grows by one for each round of accepted ones and is halved when
    calls come too fast. The number of jobs is unlimited until the gateway says that all slots are
    in use. Then it is the number that run now, and grows by one for each round of accepted jobs.
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
        """Jobs that may run at once; ``None`` while no limit is known."""
        return None if math.isinf(self._slots) else int(self._slots)

    def room(self, creating: int, running: int) -> bool:
        """Whether one more create may start."""
        return creating < int(self._creates) and creating + running < max(1.0, self._slots)

    def accepted(self, running: int) -> None:
        """Counts an accepted job, which ``running`` includes."""
        self._creates = min(self._most, self._creates + 1.0 / self._creates)
        if self._slots - running < 1.0:
            self._slots += 1.0 / self._slots

    def throttled(self, error: Throttled, running: int, began: float, now: float) -> None:
        """Reacts to a throttled create. Those that began before the last cut count with it."""
        if is_full(error):
            self._slots = max(1.0, min(self._slots, float(running)))
        elif began >= self._cut:
            self._creates = max(1.0, self._creates / 2)
            self._cut = now


def is_full(error: Throttled | None) -> bool:
    """Whether all slots of the account are in use, so that a new job has to wait for one to end."""
    return error is not None and error.code == _TOO_MANY
