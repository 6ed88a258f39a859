"""Which request of a fleet is created next, and when nothing more is sent."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeGuard

from ..errors import AccountError, AuthError, KlingError
from .fleet_work import Entry, Pause, Phase, Work
from .timers import Timers
from .window import Window, is_full

__all__ = ["Admission"]

_NOT_ALLOWED: Final = 1304
"""This machine's address is not on the account's allow-list (VD1)."""
_LOCKED_OUT: Final = 3
"""Refusals of the key in a row, after which nothing more is sent."""
_UNTAKEN: Final = 1000
"""While this many outcomes wait to be taken, no more requests are drawn. This bounds memory."""


class Admission:
    """The requests that are not accepted yet.

    New ones are drawn from their iterable one by one, as there is room. Those that the gateway
    turned away wait in line: while no slot of the account is free, one of them tries for all, at
    the times of its own flow, and whoever else ends makes room for the first.

    Args:
        requests: The requests.
        concurrency: Most creates in flight.
        timers: The fleet's; a timer of an entry that waits in line means that it is the one who
            tries.

    Attributes:
        broken: What the iterable of requests raised, if it did: no more are taken from it.
        live: Requests that were drawn and have not ended.
        busy: Creates in flight.
    """

    def __init__(self, requests: Iterable[Any], concurrency: int, timers: Timers[Entry]) -> None:
        self.broken: Exception | None = None
        self.live: int = 0
        self.busy: int = 0
        self._source: Iterator[tuple[int, Any]] | None = enumerate(requests)
        self._window = Window(concurrency)
        self._timers = timers
        self._again: deque[Entry] = deque()
        self._in_line: dict[Entry, None] = {}
        self._refusals = 0
        self._refusal: KlingError | None = None
        self._made = self._taken = 0

    @property
    def over(self) -> bool:
        """Whether nothing was drawn that has not ended, and nothing is left to draw."""
        return self._source is None and not self.live

    @property
    def slots(self) -> int | None:
        """Jobs that the account seems to let run at once; ``None`` while no limit was met."""
        return self._window.slots

    def take(self) -> bool:
        """Counts an outcome that was taken. Returns whether that makes room for more requests.

        It may be called in any thread.
        """
        self._taken += 1
        return self._made - self._taken == _UNTAKEN - 1

    def stop(self) -> list[Entry]:
        """Stops drawing requests, and returns the entries that were waiting to be created."""
        self._source = None
        return [*self._in_line, *self._again]

    # --- what to start

    def works(self, now: float, running: int) -> Iterator[Work]:
        """Yields the creates to start now, while ``running`` jobs run."""
        while self._window.room(self.busy, running):
            entry = self._again.popleft() if self._again else self._draw()
            if entry is None:
                return
            entry.phase, entry.began = Phase.CREATING, now
            self.busy += 1
            yield Work("create", entry, refusal=copy.copy(self._refusal))

    def _draw(self) -> Entry | None:
        """Draws the next request, unless entries wait in line or no request is left."""
        if self._in_line or self._source is None or self._made - self._taken >= _UNTAKEN:
            return None
        try:
            number, request = next(self._source)
        except StopIteration:
            self._source = None
            return None
        except Exception as error:  # noqa: BLE001 - the jobs that run already are not to blame
            self._source, self.broken = None, error
            return None
        self.live += 1
        return Entry(number, request)

    # --- what became of it

    def accepted(self, running: int) -> None:
        """Counts an accepted job, which ``running`` includes."""
        self._refusals, self._refusal = 0, None
        self._window.accepted(running)
        self.next_in_line()

    def paused(self, entry: Entry, pause: Pause, running: int, now: float) -> None:
        """Takes an entry whose submit flow wants to wait."""
        entry.phase = Phase.PAUSED
        turned_away = pause.throttled
        if not (is_full(turned_away) and self._one_tries()):
            self._timers.set(entry, now + pause.seconds)
        if turned_away is not None:
            self._window.throttled(turned_away, running, entry.began, now)
            self._in_line[entry] = None
        self._try_one()

    def woken(self, entry: Entry) -> None:
        """Lets an entry continue whose waiting time has passed."""
        self._in_line.pop(entry, None)
        self._again.append(entry)

    def failed(self, error: Exception, *, sent: bool) -> None:
        """Takes the final failure of a create or a download.

        Args:
            error: The error.
            sent: Whether it was a create, and was sent to the gateway.
        """
        if sent and _is_lockout(error):
            self._refused(error)
        self._try_one()

    def ended(self, entry: Entry) -> None:
        """Removes an entry that has ended, whether it succeeded or failed."""
        self._in_line.pop(entry, None)

    def made(self) -> None:
        """Counts an outcome that is ready to be taken."""
        self.live -= 1
        self._made += 1

    def next_in_line(self) -> None:
        """Lets the first entry in line try again, because a slot is free."""
        for entry in list(self._in_line)[:1]:
            del self._in_line[entry]
            self._timers.cancel(entry)
            self._again.append(entry)

    def _try_one(self) -> None:
        """Makes sure that one of the entries in line tries again."""
        if not (self._again or self._one_tries()):
            self.next_in_line()

    def _one_tries(self) -> bool:
        return any(entry in self._timers for entry in self._in_line)

    def _refused(self, error: KlingError) -> None:
        """Counts refusals of the key. After `_LOCKED_OUT` in a row, nothing more is sent."""
        self._refusals += 1
        if self._refusals >= _LOCKED_OUT and self._refusal is None:
            self._refusal = type(error)(
                f"not sent, because the last {self._refusals} were refused: {error.message}",
                hint=error.hint,
                code=error.code,
                http_status=error.http_status,
            )


def _is_lockout(error: Exception) -> TypeGuard[KlingError]:
    """Whether the gateway would refuse every other request as well."""
    return isinstance(error, AuthError) or (
        isinstance(error, AccountError) and error.code == _NOT_ALLOWED
    )
