"""Deadlines that hold for a whole call, and the queue in front of the connection pool.

httpx bounds each read; a peer that sends a byte now and then can hold a call for ever. Here every
socket operation gets at most what is left of the call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import anyio
import httpcore
from attrs import define

__all__ = ["Allowance", "AsyncGate", "Gate", "allowance", "deadline", "remaining"]

_deadline: Final[ContextVar[float | None]] = ContextVar("kling_deadline", default=None)
_allowance: Final[ContextVar[Allowance | None]] = ContextVar("kling_allowance", default=None)


@define
class Allowance:
    """What a caller lets one call have, and what became of it.

    Attributes:
        seconds: Longest time; ``None`` for the client's own limit.
        begun: Whether anything of the call may have left this machine.
    """

    seconds: float | None
    begun: bool = False


@contextmanager
def allowance(seconds: float | None) -> Iterator[Allowance]:
    """Within this block no call may take longer than ``seconds``."""
    given = Allowance(seconds)
    token = _allowance.set(given)
    try:
        yield given
    finally:
        _allowance.reset(token)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Within this block all network work together gets ``seconds``, or the allowance if less."""
    given = _allowance.get()
    longest = seconds
    if given is not None:
        given.begun = True
        longest = seconds if given.seconds is None else max(0.0, min(seconds, given.seconds))
    token = _deadline.set(time.monotonic() + longest)
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining(timeout: float | None, late: type[Exception] = httpcore.ReadTimeout) -> float | None:
    """What one operation may take: its own timeout or what is left of the call.

    Raises:
        Exception: ``late``, when nothing is left.
    """
    end = _deadline.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise late("the time for the whole call is used up")
    return left if timeout is None else min(timeout, left)


class Gate:
    """Lets so many calls at once through to the connection pool; the others queue here.

    The pool looks at all who wait for it whenever anything changes: with hundreds, that takes most
    of the time.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)

    def __enter__(self) -> None:
        if not self._free.acquire(timeout=remaining(None, httpcore.PoolTimeout)):
            raise httpcore.PoolTimeout("no connection became free in time")

    def __exit__(self, *exc: object) -> None:
        self._free.release()


class AsyncGate:
    """The same for ``await``."""

    def __init__(self, most: int) -> None:
        self._free = anyio.Semaphore(most, fast_acquire=True)

    async def __aenter__(self) -> None:
        try:
            self._free.acquire_nowait()
        except anyio.WouldBlock:
            await self._queue()

    async def _queue(self) -> None:
        with anyio.move_on_after(remaining(None, httpcore.PoolTimeout)):
            await self._free.acquire()
            return
        raise httpcore.PoolTimeout("no connection became free in time")

    async def __aexit__(self, *exc: object) -> None:
        self._free.release()
