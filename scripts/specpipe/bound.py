"""One bound for a whole run: its steps share the time, each takes what is left of it.

Each step that runs somebody else's program has a bound of its own. Their sum would be more than a
run may take, so the run has a bound too, and a step gets the smaller of the two.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

__all__ = ["left", "restart", "within"]

_LEAST: Final = 1.0
"""Seconds that a step gets even if nothing is left, so that it fails by its own words."""


class _Bound:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.end = time.monotonic() + seconds


_RUN: Final[ContextVar[_Bound | None]] = ContextVar("bound of the run", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound what runs inside: `left` counts down from here."""
    token = _RUN.set(_Bound(seconds))
    try:
        yield
    finally:
        _RUN.reset(token)


def restart() -> None:
    """Count from now: the time until here was no part of the run (an installation, once)."""
    if run := _RUN.get():
        run.end = time.monotonic() + run.seconds


def left(most: float) -> float:
    """Seconds that a step may take.

    Args:
        most: Its own bound, in seconds.

    Returns:
        That, or what is left of the run if it is less; never below a second.
    """
    run = _RUN.get()
    return most if run is None else max(_LEAST, min(most, run.end - time.monotonic()))
