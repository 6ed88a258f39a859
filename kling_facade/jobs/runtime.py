"""The world a client lives in: clocks, sleep, randomness, fresh ids."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Awaitable, Callable

from attrs import frozen

__all__ = ["Runtime"]


async def _async_sleep(seconds: float) -> None:
    import anyio

    await anyio.sleep(seconds)


@frozen(kw_only=True)
class Runtime:
    """The world a client lives in. Tests and simulations give their own.

    Attributes:
        monotonic: Seconds on a clock that never goes back; deadlines hold on it.
        sleep: Blocks for some seconds.
        async_sleep: The same with ``await``.
        epoch: Seconds since 1970; tokens are signed with it.
        uniform: A random number in [0, 1).
        new_id: A fresh external id.
        pace: Seconds that pass on these clocks in each real one.
    """

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    async_sleep: Callable[[float], Awaitable[None]] = _async_sleep
    epoch: Callable[[], float] = time.time
    uniform: Callable[[], float] = random.random
    new_id: Callable[[], str] = lambda: f"kf-{uuid.uuid4().hex}"
    pace: float = 1.0

    @property
    def keeps_time(self) -> bool:
        """Whether time passes by itself here, and not only when somebody sleeps."""
        own = self.sleep is time.sleep and self.async_sleep is _async_sleep
        return own or self.pace != 1.0

    @classmethod
    def sped_up(cls, pace: float) -> Runtime:
        """Clocks that run faster, to go with ``Sandbox(speed=pace)``. Tokens keep real time.

        Args:
            pace: Seconds that pass in each real one.
        """
        if pace == 1.0:
            return cls()

        async def nap(seconds: float) -> None:
            await _async_sleep(seconds / pace)

        return cls(
            monotonic=lambda: time.monotonic() * pace,
            sleep=lambda seconds: time.sleep(seconds / pace),
            async_sleep=nap,
            pace=pace,
        )
