"""What a client opens: connection pools and a poller, for each place where it is used.

Sockets can't be shared with a child process, nor between event loops: they, and everything that
waits for them, belong to the process and the loop that made them. So a client keeps a `Place` for
its process, and one for each event loop if it is awaited.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any, Final

from ..errors import InvalidRequest, KlingError
from ..jobs.poller import Poller

__all__ = ["Connections", "LoopConnections", "Place"]

_PATIENCE: Final = 2.0
"""Seconds that `LoopConnections.aclose` waits for another loop, which may be busy or blocked."""


class Place:
    """What is open in one process or event loop.

    It knows nothing of the client, so that a client that is forgotten is collected, and what it had
    opened can be closed then.

    Args:
        poller: Answers the questions of all jobs that wait here.
    """

    def __init__(self, poller: Poller) -> None:
        self.poller: Poller = poller
        self._open: dict[str, Any] = {}
        self._lock = threading.Lock()

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """A connection pool, made on first use and after it was closed.

        Args:
            name: Tells it from others.
            make: Makes it.

        Raises:
            InvalidRequest: The proxy or the TLS settings, perhaps from the environment, are wrong.
        """
        with self._lock:
            if name not in self._open:
                self._open[name] = _made(make)
            return self._open[name]

    def close(self) -> None:
        """Closes blocking pools."""
        for pool in self._taken():
            pool.close()

    async def aclose(self) -> None:
        """Closes the pools of the running event loop."""
        for pool in self._taken():
            await pool.aclose()

    def abandon(self) -> None:
        """Closes the sockets of an event loop that is closed itself: nothing can be awaited."""
        for pool in self._taken():
            pool.abandon()

    def _taken(self) -> list[Any]:
        with self._lock:
            taken, self._open = list(self._open.values()), {}
        return taken


def _made(make: Callable[[], Any]) -> Any:
    """What it makes; settings that are wrong are not shown, for a proxy's may hold a password."""
    from ..wire.api_client import SETTINGS_ERRORS

    try:
        return make()
    except KlingError as error:
        raise error.with_traceback(None) from None  # the frames hold the proxy's password
    except SETTINGS_ERRORS as error:
        kind = type(error).__name__
    raise InvalidRequest(
        f"no connection can be set up with these proxy and TLS settings ({kind})",
        hint="Check proxy and verify, and HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE in the "
        "environment.",
    )


class Connections:
    """The place of a blocking client: one for each process.

    Args:
        new_place: Makes one.
    """

    def __init__(self, new_place: Callable[[], Place]) -> None:
        self._new_place = new_place
        self._settle()
        _all.add(self)

    def _settle(self) -> None:
        self._place = self._new_place()
        self._forgotten = weakref.finalize(self, self._place.close)

    def here(self) -> Place:
        """The place of this process."""
        return self._place

    def close(self) -> None:
        """Closes everything."""
        self._place.close()

    def after_fork(self) -> None:
        """Leaves everything to the parent."""
        self._forgotten.detach()
        _inherited.append(self._place)
        self._settle()


class LoopConnections:
    """The places of an awaited client: one for each event loop.

    Args:
        new_place: Makes one.
    """

    def __init__(self, new_place: Callable[[], Place]) -> None:
        self._new_place = new_place
        self._settle()
        _all.add(self)

    def _settle(self) -> None:
        self._places: _Places = {}
        self._lock = threading.Lock()
        self._forgotten = weakref.finalize(self, _let_go, self._places)

    def here(self) -> Place:
        """The place of the running event loop."""
        loop = _running_loop()
        found = self._places.get(loop)
        if found is not None:
            return found[0]
        self._abandon_closed()
        place = self._new_place()
        keeper = _until_the_loop_ends(self._places, loop, place)
        self._places[loop] = place, keeper
        _start(keeper)
        return place

    async def aclose(self) -> None:
        """Closes everything, also what was opened in other loops."""
        here = _running_loop()
        for loop, (_, keeper) in list(self._places.items()):
            if loop is here:
                await keeper.aclose()
            elif not _is_closed(loop):
                await _close_elsewhere(loop, keeper)
        self._abandon_closed()

    def _abandon_closed(self) -> None:
        """Lets go of what belongs to loops that were closed without ending their generators."""
        with self._lock:  # no two threads shall take the same
            closed = [loop for loop in list(self._places) if _is_closed(loop)]
            left = [self._places.pop(loop)[0] for loop in closed]
        for place in left:
            place.abandon()

    def after_fork(self) -> None:
        """Leaves everything to the parent."""
        self._forgotten.detach()
        # Not even the parent's generators may be collected: they would close its connections.
        _inherited.append(self._places)
        self._settle()


_Places = dict[Any, tuple[Place, AsyncGenerator[None, None]]]


async def _until_the_loop_ends(
    places: _Places, loop: Any, place: Place
) -> AsyncGenerator[None, None]:
    # Whoever ends a loop, asyncio.run above all, first closes the generators that were begun in
    # it: the last moment at which the pools can be closed as they should.
    try:
        yield
    finally:
        places.pop(loop, None)
        await place.aclose()


def _let_go(places: _Places) -> None:
    """Closes what a client had opened that nobody closed and nobody has any more."""
    for loop, (place, keeper) in list(places.items()):
        if _is_closed(loop):
            place.abandon()
        elif hasattr(loop, "call_soon_threadsafe"):
            loop.call_soon_threadsafe(loop.create_task, keeper.aclose())


def _running_loop() -> Any:
    """What tells one event loop from another: asyncio's loop, or trio's token."""
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        if "trio" not in sys.modules:
            raise
    return sys.modules["trio"].lowlevel.current_trio_token()


def _is_closed(loop: Any) -> bool:
    return hasattr(loop, "is_closed") and bool(loop.is_closed())


def _start(generator: AsyncGenerator[None, None]) -> None:
    """Runs a generator to its first ``yield``, so that its loop knows of it."""
    try:
        generator.__anext__().send(None)
    except StopIteration:
        return
    raise AssertionError("the generator waits for something before it yields")


async def _close_elsewhere(loop: Any, keeper: AsyncGenerator[None, None]) -> None:
    """Ends a generator in the loop that it belongs to, which runs in another thread or rests."""
    import asyncio
    from concurrent.futures import TimeoutError as Late

    import anyio.to_thread

    if not isinstance(loop, asyncio.AbstractEventLoop):
        return  # trio ends its generators itself
    if loop.is_running():
        closing = asyncio.run_coroutine_threadsafe(keeper.aclose(), loop)
        end: Callable[[], Any] = partial(closing.result, _PATIENCE)
    else:
        end = partial(loop.run_until_complete, keeper.aclose())
    try:
        await anyio.to_thread.run_sync(end)
    except (Late, RuntimeError):
        return  # it was closed, or began to run, at this very moment


# --- after a fork --------------------------------------------------------------------------------

_all: weakref.WeakSet[Connections | LoopConnections] = weakref.WeakSet()
_inherited: list[Any] = []
"""What a child has of its parent's connections. It is kept and never closed: a shared poll set of
the parent's loop would lose its sockets."""


def _after_fork() -> None:
    for connections in list(_all):
        connections.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
