"""Every number that bounds what the client does, in one place.

Times are seconds, sizes are bytes. Each default says where it comes from; where no source names a
figure, it is a choice of ours and says so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from attrs import field, frozen, validators

__all__ = ["Limits", "PollPlan", "RetryBudget"]

_MIB: Final = 1024 * 1024
_positive: Final[Any] = validators.gt(0)


@frozen(kw_only=True)
class Limits:
    """How long and how much, for one client.

    Attributes:
        connect: Longest wait for a connection.
        read: Longest silence of the gateway within one answer.
        call: Longest time for one whole API call, however it is spent. A create that uploads
            pictures may take ``upload`` instead.
        upload: Longest time for one create call.
        submit: Longest time to get a job accepted, waiting for a free slot included.
        grace: How long a job that may exist is looked for before `OutcomeUnknown` is raised. Jobs
            can stay invisible for a moment after they are accepted; how long is not documented.
        wait: Longest time to wait for a video. Clients in the field give up after 20 minutes
            (SORA) to 68 minutes (COMFY); typical is 164 s (COMFY 2025).
        retry_after: Bounds put on a ``Retry-After``.
        attempts: How often a call that surely never arrived is made in all.
        answer_bytes: Largest API answer that is read.
        video_bytes: Largest video that is stored.
        stall_rate: A download slower than this many bytes a second ...
        stall_seconds: ... for this long is given up and resumed.
        resumes: How often one download is taken up again.
        connections: Largest number of open connections to the gateway.
    """

    connect: float = field(default=10.0, validator=_positive)
    read: float = field(default=60.0, validator=_positive)
    call: float = field(default=90.0, validator=_positive)
    upload: float = field(default=300.0, validator=_positive)
    submit: float = field(default=600.0, validator=_positive)
    grace: float = field(default=30.0, validator=_positive)
    wait: float = field(default=3600.0, validator=_positive)
    retry_after: tuple[float, float] = (1.0, 120.0)
    attempts: int = field(default=4, validator=validators.ge(1))
    answer_bytes: int = field(default=2 * _MIB, validator=_positive)
    video_bytes: int = field(default=2048 * _MIB, validator=_positive)
    stall_rate: int = 1024
    stall_seconds: float = 30.0
    resumes: int = 5
    connections: int = field(default=32, validator=_positive)


@frozen(kw_only=True)
class PollPlan:
    """When to ask for a job's state.

    The first question comes after ``first`` seconds; each next gap is ``growth`` times longer, up
    to ``cap``. Every gap is shortened by a random share of up to ``jitter``, so that many clients
    started together do not ask together.

    The defaults are tuned by simulation (docs/performance.md): of the plans that ask at most once
    for each 15 s of a typical job, they learn of its end soonest. Third parties ask every 5 to 16 s
    (COMFY 16 s); queries are free (VD4).

    Attributes:
        first: Seconds before the first question.
        growth: How much longer each gap is than the one before.
        cap: Longest gap in seconds.
        jitter: Largest share that a gap is shortened by.
        together: Seconds between two lists, where one list answers for many jobs of a client.
    """

    first: float = field(default=15.0, validator=_positive)
    growth: float = field(default=1.2, validator=validators.ge(1.0))
    cap: float = field(default=18.0, validator=_positive)
    jitter: float = field(default=0.15, validator=[validators.ge(0.0), validators.lt(1.0)])
    together: float = field(default=12.0, validator=_positive)

    def gaps(self, uniform: Callable[[], float] = random.random) -> Iterator[float]:
        """The gaps in seconds, without end.

        Args:
            uniform: Gives a random number in [0, 1).
        """
        gap = self.first
        while True:
            bounded = min(gap, self.cap)
            yield bounded * (1.0 - self.jitter * uniform())
            gap = bounded * self.growth


class RetryBudget:
    """How many retries a client may spend across all its calls.

    Each call that succeeds earns a fraction of a retry back. Without a common budget, a gateway
    that is down gets every caller's retries at once.
    """

    def __init__(self, size: float = 20.0, earn: float = 0.2) -> None:
        self._size = size
        self._earn = earn
        self._left = size

    def __repr__(self) -> str:
        return f"RetryBudget({self._left:g} of {self._size:g} left)"

    def spend(self) -> bool:
        """Takes one retry out; ``False`` when none is left."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def earn(self) -> None:
        """A call went well."""
        self._left = min(self._size, self._left + self._earn)
