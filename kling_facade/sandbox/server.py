"""The sandbox as a server: one thread, one free port on loopback, one temporary folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import MAX_BODY, Desk, Recorder, application
from .auth import Keys
from .callbacks import Callback, Messenger
from .exchange import Exchange
from .faults import Fault
from .film import Studio
from .jobs import TYPICAL, Clock, Job, Jobs
from .pictures import Folder, Pictures

__all__ = ["Sandbox"]

_HOST = "127.0.0.1"


class Sandbox:
    """A gateway on this machine, for as long as the ``with`` block runs.

    Args:
        speed: How many seconds pass in the sandbox for each real one. 0 stands still: time then
            passes with `advance` alone.
        api_key: The key to call it with.
        access_key: Issuer of signed tokens (JWT), if those are to be accepted too.
        secret_key: What those tokens are signed with.
        port: Port on 127.0.0.1; 0 takes a free one.
        fps: Frames per second of the films.
        short_side: Shorter side of the films in pixels. Left out, it is 720 for ``std`` and 1080
            for ``pro``; tests run faster with 120.
        typical: Average seconds of a job, in the sandbox's time.
        seed: The same seed gives the same durations in the same order.
        eager: Begin filming with the create. Left out, filming begins with the first fetch.
        mark: Whether a small "sandbox" stands in the corner of the films.
        faults: What is to go wrong: see `kling_facade.sandbox.faults`.
        webhook_secret: Signs callbacks, as Kling does for accounts that have such a secret.
        max_body: Bytes that a body may have.
        clock: A clock of one's own instead of ``speed``.
        wall: The time of day that tokens are held against, in seconds since 1970.

    Attributes:
        api_key: The key to call it with.
        clock: The sandbox's time.
        faults: What is to go wrong; more can be appended while it runs.

    Raises:
        ValueError: When a number is out of range, or a secret key is too short.
        OSError: On start, when the port is taken.

    Example:
        >>> with Sandbox(speed=0) as sandbox:
        ...     sandbox.base_url.startswith("http://127.0.0.1:")
        True
    """

    def __init__(
        self,
        speed: float = 60.0,
        *,
        api_key: str = "sandbox-key",
        access_key: str | None = None,
        secret_key: str | None = None,
        port: int = 0,
        fps: int = 24,
        short_side: int | None = None,
        typical: float = TYPICAL,
        seed: int = 0,
        eager: bool = False,
        mark: bool = True,
        faults: Sequence[Fault] = (),
        webhook_secret: str | None = None,
        max_body: int = MAX_BODY,
        clock: Clock | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        if fps < 1 or (short_side is not None and short_side < 2):
            raise ValueError(f"fps must be 1 or more, short_side 2 or more: {fps}, {short_side}")
        self.api_key = api_key
        self.faults: list[Fault] = list(faults)
        self.clock: Clock = clock or Clock(speed)
        self._port = port
        self._jobs = Jobs(self.clock, seed, typical)
        self._messenger = Messenger(self.clock, lambda: self.base_url, wall, webhook_secret)
        self._folder = Folder()
        self._studio = Studio(self._folder, fps=fps, short_side=short_side, mark=mark)
        self._desk = Desk(
            keys=Keys(api_key, access_key, secret_key, wall),
            clock=self.clock,
            jobs=self._jobs,
            pictures=Pictures(self._folder),
            studio=self._studio,
            messenger=self._messenger,
            faults=self.faults,
            eager=eager,
            max_body=max_body,
        )
        self._server: _Server | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self if self._running else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = self.base_url if self._running else "not running"
        return f"<Sandbox {state}, {self.creates} jobs>"

    def start(self) -> Self:
        """Serve from now on; a ``with`` block does it by itself. A sandbox can be started once.

        Raises:
            RuntimeError: When it was started or closed before.
            OSError: When the port is taken.
        """
        if self._server is not None or self._closed:
            raise RuntimeError("this sandbox was started before: make a new one")
        listener = _listen(self._port)
        self._desk.base_url = f"http://{_HOST}:{listener.getsockname()[1]}"
        self._server = _Server(self._desk, listener)
        self._server.start()
        return self

    def close(self) -> None:
        """Stop serving, and delete the films and pictures. Closing again does nothing."""
        if self._running and self._server is not None:
            self._server.stop()
        self._closed = True
        self._messenger.close()
        self._studio.close()
        self._folder.close()

    @property
    def _running(self) -> bool:
        return self._server is not None and not self._closed

    @property
    def base_url(self) -> str:
        """Address without a path, such as ``http://127.0.0.1:50123``; empty before the start."""
        return self._desk.base_url

    @property
    def sample_url(self) -> str:
        """Address of the sample picture, for requests that name a picture by address."""
        return f"{self.base_url}/sample.png"

    @property
    def creates(self) -> int:
        """How many jobs were accepted: what would have been paid for."""
        return len(self._jobs)

    @property
    def jobs(self) -> list[Job]:
        """The accepted jobs, the first one first."""
        return list(self._jobs)

    @property
    def requests(self) -> list[Exchange]:
        """Every HTTP exchange so far, in the order of the answers."""
        return list(self._desk.log)

    @property
    def callbacks(self) -> list[Callback]:
        """Every callback so far, sent or left out."""
        return list(self._messenger.sent)

    def advance(self, seconds: float) -> None:
        """Let time pass in the sandbox at once.

        Raises:
            ValueError: When ``seconds`` is negative.
        """
        self.clock.advance(seconds)
        self._messenger.wake()


def _listen(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, every
    # answer would wait 40 ms for the acknowledgement of its header.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere the option would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


class _Uvicorn(uvicorn.Server):
    """Uvicorn that stops when it is told to, not at its next look."""

    _told: asyncio.Event
    _loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Tick ten times a second, as the base class does."""
        self._told, self._loop = asyncio.Event(), asyncio.get_running_loop()
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 0.1)

    def wake_and_exit(self) -> None:
        """Stop; from any thread."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)


class _Server:
    """Uvicorn in a thread of its own."""

    def __init__(self, desk: Desk, listener: socket.socket) -> None:
        self._listener = listener
        self._connections: dict[tuple[str, int], asyncio.BaseTransport] = {}
        config = uvicorn.Config(
            Recorder(application(desk), desk.log, self._drop),
            http=self._protocol(),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Uvicorn(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="sandbox", daemon=True
        )

    def start(self) -> None:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.002)

    def stop(self) -> None:
        self._server.wake_and_exit()
        self._thread.join()
        self._listener.close()

    def _protocol(self) -> type[H11Protocol]:
        """HTTP/1.1 that knows its open connections, so that one can be dropped unanswered."""
        connections = self._connections

        class Protocol(H11Protocol):
            def connection_made(self, transport: Any) -> None:
                self._peer = transport.get_extra_info("peername")[:2]
                connections[self._peer] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                connections.pop(self._peer, None)
                super().connection_lost(exc)

        return Protocol

    def _drop(self, peer: tuple[str, int]) -> None:
        self._connections[peer].close()  # what was written before still leaves
