"""The HTTP server: uvicorn in a thread of its own, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .recorder import Recorder

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from .exchange import Exchange

__all__ = ["HttpServer"]

_HOST: Final = "127.0.0.1"


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


class HttpServer:
    """Serves an application on 127.0.0.1 from a thread of its own.

    Args:
        app: The ASGI application.
        log: Where every exchange is recorded.
        port: The port; 0 takes a free one.

    Attributes:
        base_url: Its address, without a path.

    Raises:
        OSError: When the port is taken.
    """

    def __init__(self, app: ASGIApp, log: list[Exchange], port: int) -> None:
        self._listener = _listen(port)
        self.base_url: str = f"http://{_HOST}:{self._listener.getsockname()[1]}"
        self._connections: dict[tuple[str, int], asyncio.BaseTransport] = {}
        config = uvicorn.Config(
            Recorder(app, log, self._hang_up),
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
            target=self._server.run, args=([self._listener],), name="sandbox", daemon=True
        )

    def start(self) -> None:
        """Serve from now on; returns when connections are taken."""
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.002)

    def stop(self) -> None:
        """End all connections and the thread."""
        self._server.wake_and_exit()
        self._thread.join()
        self._listener.close()

    def _protocol(self) -> type[H11Protocol]:
        """HTTP/1.1 that knows its open connections, so that one can be ended without an answer."""
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

    def _hang_up(self, peer: tuple[str, int]) -> None:
        self._connections[peer].close()  # what was written before still leaves
