"""The httpx clients that the generated functions are given.

They stream pictures, hold deadlines, and hand back only answers that the generated parser can take.
Everything else leaves as one of our errors, cut off from the frames of httpcore, whose locals hold
headers with keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import httpcore
import httpx

from ..errors import KlingError
from .answers import header_map
from .deadlines import AsyncGate, Gate, deadline
from .link import Link, Reply
from .network import abandon, make_async_pool, make_pool
from .redaction import quiet, watch_logs
from .trouble import ending
from .uninterrupted import cancelled_once, uninterrupted

__all__ = ["SETTINGS_ERRORS", "AsyncGatewayClient", "GatewayClient"]

SETTINGS_ERRORS: Final = (ValueError, TypeError, ImportError, OSError, httpx.InvalidURL)
"""What comes of settings for proxy and TLS that can't be."""


class _Drain:
    """Collects an answer's bytes and refuses what is too large or packed."""

    def __init__(self, headers: Mapping[str, str], limit: int) -> None:
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise httpx.DecodingError(f"it is packed as {coding[:20]!r}, which was not asked for")
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def take(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._limit:
            raise httpx.DecodingError(f"it is larger than {self._limit} bytes")
        self._parts.append(chunk)

    def body(self) -> bytes:
        return b"".join(self._parts)


Ending = Reply | BaseException
"""What an exchange comes to: an answer, or what is to be raised where no frame holds a header."""


class GatewayClient(httpx.Client):
    """The blocking client.

    Args:
        link: Whom it talks to, and how.
        verify: The TLS context.
        proxy: A proxy named by the caller, or ``None``.
        trust_env: Whether the environment may name one.

    Raises:
        InvalidRequest: The proxy's address can't be used, or the package for it is missing.
    """

    def __init__(
        self, link: Link, *, verify: Any, proxy: Any = None, trust_env: bool = True
    ) -> None:
        watch_logs()
        self._pool = make_pool(link.pool_settings(verify), link.proxy(proxy, trust_env=trust_env))
        super().__init__(
            base_url=link.gateway.base_url, trust_env=False, transport=httpx.BaseTransport()
        )
        self.face: Any = None  # the generated client that speaks through this one
        self._link = link
        self._gate = Gate(link.limits.connections)

    def close(self) -> None:
        """Closes the connections."""
        super().close()
        self._pool.close()

    def request(self, method: str, url: Any, **kwargs: Any) -> httpx.Response:
        """One call of the generated code, from signing to a translated answer."""
        paid = method.upper() == "POST"
        ending = self._exchange(method.upper(), str(url), kwargs, paid=paid)
        if isinstance(ending, BaseException):
            raise ending
        answer = self._link.translate(ending, paid=paid)
        if isinstance(answer, KlingError):
            raise answer
        return answer

    def _exchange(self, method: str, path: str, options: dict[str, Any], *, paid: bool) -> Ending:
        link = self._link
        hide = None
        try:
            out = link.request(method, path, options.get("params"), options.get("json"))
            hide = out.hide
            with deadline(out.seconds), quiet(), self._gate:
                response = self._pool.handle_request(out.request)
                headers = header_map(response.headers)
                body = self._drain(response, headers)
        except BaseException as error:  # noqa: BLE001 - what it means depends on all of them
            return ending(error, link.gateway.host, paid=paid, hide=hide)
        return Reply(out.path, response.status, headers, body, out.hide)

    def _drain(self, response: httpcore.Response, headers: Mapping[str, str]) -> bytes:
        try:
            drain = _Drain(headers, self._link.limits.answer_bytes)
            for chunk in response.iter_stream():
                drain.take(chunk)
            return drain.body()
        finally:
            response.close()


class AsyncGatewayClient(httpx.AsyncClient):
    """The same with ``await``."""

    def __init__(
        self, link: Link, *, verify: Any, proxy: Any = None, trust_env: bool = True
    ) -> None:
        watch_logs()
        way = link.proxy(proxy, trust_env=trust_env)
        self._pool = make_async_pool(link.pool_settings(verify), way)
        super().__init__(
            base_url=link.gateway.base_url, trust_env=False, transport=httpx.AsyncBaseTransport()
        )
        self.face: Any = None  # the generated client that speaks through this one
        self._link = link
        self._gate = AsyncGate(link.limits.connections)

    async def aclose(self) -> None:
        """Closes the connections."""
        await super().aclose()
        await self._pool.aclose()

    def abandon(self) -> None:
        """Closes the sockets after the event loop was closed."""
        abandon(self._pool)

    async def request(self, method: str, url: Any, **kwargs: Any) -> httpx.Response:
        """One call of the generated code, from signing to a translated answer."""
        paid = method.upper() == "POST"
        exchange = partial(self._exchange, method.upper(), str(url), kwargs, paid=paid)
        ending = await cancelled_once(exchange)
        if isinstance(ending, BaseException):
            raise ending
        answer = self._link.translate(ending, paid=paid)
        if isinstance(answer, KlingError):
            raise answer
        return answer

    async def _exchange(
        self, method: str, path: str, options: dict[str, Any], *, paid: bool
    ) -> Ending:
        link = self._link
        hide = None
        try:
            out = link.request(method, path, options.get("params"), options.get("json"))
            hide = out.hide
            with deadline(out.seconds), quiet():
                async with self._gate:
                    response = await self._pool.handle_async_request(out.request)
                headers = header_map(response.headers)
                body = await self._drain(response, headers)
        except BaseException as error:  # noqa: BLE001 - what it means depends on all of them
            return ending(error, link.gateway.host, paid=paid, hide=hide)
        return Reply(out.path, response.status, headers, body, out.hide)

    async def _drain(self, response: httpcore.Response, headers: Mapping[str, str]) -> bytes:
        try:
            drain = _Drain(headers, self._link.limits.answer_bytes)
            async for chunk in response.aiter_stream():
                drain.take(chunk)
            return drain.body()
        finally:
            await uninterrupted(response.aclose)
