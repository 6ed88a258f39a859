"""Records every exchange, and can end a connection without an answer or in the middle of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from .exchange import Exchange

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Recorder"]


class Recorder:
    """Wraps an application: records every exchange, and can end a connection early.

    A route ends its connection without an answer with ``await request.scope["sandbox.drop"]()``,
    and in the middle of one by ``request.scope["sandbox.cut_at"]``: a function from the length of
    the answer to the number of bytes after which it ends, or to ``None``.

    Args:
        app: The application.
        log: Where exchanges are appended.
        hang_up: Closes the connection with a peer's address at once.
    """

    def __init__(
        self, app: ASGIApp, log: list[Exchange], hang_up: Callable[[tuple[str, int]], None]
    ) -> None:
        self._app = app
        self._log = log
        self._hang_up = hang_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        connection = _Connection(scope, receive, send, self._log, self._hang_up)
        scope["sandbox.drop"] = connection.drop
        await self._app(scope, receive, connection.send)


class _Connection:
    """The connection of one request."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        log: list[Exchange],
        hang_up: Callable[[tuple[str, int]], None],
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._log = log
        self._hang_up = hang_up
        self._left: int | None = None
        self._dropped = False

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on, unless the connection is to end before."""
        if self._dropped:
            return
        if message["type"] == "http.response.start":
            self._record(message["status"])
            length = int(Headers(raw=message["headers"]).get("content-length", "0"))
            cut_at = self._scope.get("sandbox.cut_at")
            self._left = cut_at(length) if cut_at else None
        elif self._left is not None:
            self._left -= len(message["body"])
            if self._left < 0:
                rest = message["body"][: self._left]
                await self._send({"type": "http.response.body", "body": rest, "more_body": True})
                await self._close()
                return
        await self._send(message)

    async def drop(self) -> None:
        """End the connection without an answer."""
        # Recorded first: whoever sees the connection close can count on finding it.
        self._record(None)
        await self._close()

    async def _close(self) -> None:
        self._dropped = True
        self._hang_up(tuple(self._scope["client"]))
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _record(self, status: int | None) -> None:
        scope = self._scope
        self._log.append(
            Exchange(
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                status=status,
                authorized="authorization" in Headers(scope=scope),
            )
        )
