"""The httpx clients that the generated functions are given.

They sign each call, put the gateway's own path in place of the document's, stream pictures, hold
deadlines, and hand back only answers that the generated parser can take. Everything else leaves as
one of our errors, cut off from the frames of httpx, whose locals hold headers with keys.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
from attrs import define, field

from ..credentials import Credentials
from ..dialect import quote, read_task, read_tasks
from ..errors import (
    BadResponse,
    KlingError,
    NotSent,
    OutcomeUnknown,
    TransientRead,
    TransportSecurityError,
)
from ..gateway import Gateway
from ..limits import Limits
from .answers import to_answer
from .body import Body
from .network import deadline, install
from .redaction import watch_logs

__all__ = ["AsyncGatewayClient", "GatewayClient", "Link", "trouble"]

_BEFORE_SENDING: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
"""What httpx raises before the first byte of a request leaves."""


def trouble(error: Exception, host: str, *, paid: bool) -> KlingError:
    """What a failed exchange means. Only what surely never left may be sent again.

    Args:
        error: What httpx raised.
        host: For the message; never the whole address, which may be signed.
        paid: Whether the call was a create.
    """
    text = quote(str(error) or type(error).__name__)[:80]
    if isinstance(error, httpx.ConnectError) and _is_tls(error):
        return TransportSecurityError(
            f"TLS with {host} failed: {text}",
            hint="Check the base URL, this machine's clock and its certificates.",
        )
    if isinstance(error, _BEFORE_SENDING):
        return NotSent(
            f"{host} could not be reached ({type(error).__name__}: {text})",
            hint="Check the network, the proxy and the base URL. Nothing was sent.",
        )
    if paid:
        return OutcomeUnknown(
            f"the answer of {host} was lost ({type(error).__name__}: {text})",
            hint="The job may have been accepted. Look it up before sending it again.",
        )
    if isinstance(error, httpx.DecodingError) or _is_garbage(error):
        return BadResponse(
            f"{host} answered with something that is not a usable HTTP answer: {text}",
            hint="Check the base URL. If it is right, something on the way is broken.",
        )
    return TransientRead(
        f"{host} did not answer ({type(error).__name__}: {text})", hint="Ask again."
    )


def _is_garbage(error: Exception) -> bool:
    """A protocol error that is more than a connection which ended early."""
    words = str(error).lower()
    return isinstance(error, httpx.RemoteProtocolError) and not (
        "disconnected" in words or "closed connection" in words
    )


def _is_tls(error: BaseException | None) -> bool:
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, ssl.SSLError) or "SSL" in str(error):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


@define
class Link:
    """What the sync and the async client have in common: all but the waiting."""

    gateway: Gateway
    credentials: Credentials = field(repr=False)
    limits: Limits
    user_agent: str
    clock: Callable[[], float] = field(default=time.time, repr=False)
    offset: float = 0.0
    """Seconds that the gateway's clock is ahead of ours, learned from ``Date``."""

    def headers(self) -> dict[str, str]:
        """The headers of one call, signed now."""
        return {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": self.user_agent,
            **self.credentials.headers(self.clock() + self.offset),
        }

    def timeout(self) -> httpx.Timeout:
        """Httpx's timeouts; the deadline of the whole call comes on top."""
        limits = self.limits
        return httpx.Timeout(limits.read, connect=limits.connect, pool=limits.connect)

    def fill(self, request: httpx.Request, json: Any) -> float:
        """Puts a JSON body into the request and says how long the exchange may take."""
        if json is None:
            return self.limits.call
        body = Body(json)
        request.stream = body
        request.headers["Content-Type"] = "application/json"
        request.headers["Content-Length"] = str(body.length)
        return self.limits.upload if body.streams else self.limits.call

    def learn(self, response: httpx.Response) -> None:
        """Takes the gateway's clock from its ``Date``, when it differs by more than a moment."""
        try:
            theirs = parsedate_to_datetime(response.headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError, OverflowError):
            return
        difference = theirs - self.clock()
        self.offset = difference if abs(difference) > 2.0 else 0.0

    def translate(self, response: httpx.Response, body: bytes, *, paid: bool) -> httpx.Response:
        """The answer in the contract's shape.

        Raises:
            KlingError: What the answer means when it is not a good one.
        """
        self.learn(response)
        answer = to_answer(response, body, paid=paid, now=self.clock() + self.offset)
        listing = not paid and response.request.url.path.endswith("/image2video")
        return _Translated(200, (read_tasks if listing else read_task)(answer))


class _Translated(httpx.Response):
    """An answer that is parsed already; the generated code asks it for ``json()``."""

    def __init__(self, status: int, value: dict[str, Any]) -> None:
        super().__init__(status)
        self._value = value

    def json(self, **kwargs: Any) -> Any:
        return self._value


class _Drain:
    """Collects an answer's bytes and refuses what is too large or packed."""

    def __init__(self, response: httpx.Response, limit: int) -> None:
        coding = response.headers.get("content-encoding", "identity").strip().lower()
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


class GatewayClient(httpx.Client):
    """The blocking client."""

    def __init__(self, link: Link, **options: Any) -> None:
        watch_logs()
        limits = httpx.Limits(max_connections=link.limits.connections)
        super().__init__(
            base_url=link.gateway.base_url, timeout=link.timeout(), limits=limits, **options
        )
        self._link = link
        install(self)

    def request(self, method: str, url: Any, **kwargs: Any) -> httpx.Response:
        """One call of the generated code, from signing to a translated answer."""
        link, paid, lost = self._link, method.upper() == "POST", None
        request = self.build_request(
            method,
            link.gateway.path(str(url)),
            params=kwargs.get("params"),
            headers=link.headers(),
        )
        try:
            with deadline(link.fill(request, kwargs.get("json"))):
                response = self.send(request, stream=True, auth=None, follow_redirects=False)
                body = self._drain(response)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            lost = trouble(error, link.gateway.host, paid=paid)
        if lost is not None:
            raise lost  # outside the handler: the frames of httpx hold headers
        return link.translate(response, body, paid=paid)

    def _drain(self, response: httpx.Response) -> bytes:
        try:
            drain = _Drain(response, self._link.limits.answer_bytes)
            for chunk in response.iter_raw():
                drain.take(chunk)
            return drain.body()
        finally:
            response.close()


class AsyncGatewayClient(httpx.AsyncClient):
    """The same with ``await``."""

    def __init__(self, link: Link, **options: Any) -> None:
        watch_logs()
        limits = httpx.Limits(max_connections=link.limits.connections)
        super().__init__(
            base_url=link.gateway.base_url, timeout=link.timeout(), limits=limits, **options
        )
        self._link = link
        install(self)

    async def request(self, method: str, url: Any, **kwargs: Any) -> httpx.Response:
        """One call of the generated code, from signing to a translated answer."""
        link, paid, lost = self._link, method.upper() == "POST", None
        request = self.build_request(
            method,
            link.gateway.path(str(url)),
            params=kwargs.get("params"),
            headers=link.headers(),
        )
        try:
            with deadline(link.fill(request, kwargs.get("json"))):
                response = await self.send(request, stream=True, auth=None, follow_redirects=False)
                body = await self._drain(response)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            lost = trouble(error, link.gateway.host, paid=paid)
        if lost is not None:
            raise lost  # outside the handler: the frames of httpx hold headers
        return link.translate(response, body, paid=paid)

    async def _drain(self, response: httpx.Response) -> bytes:
        try:
            drain = _Drain(response, self._link.limits.answer_bytes)
            async for chunk in response.aiter_raw():
                drain.take(chunk)
            return drain.body()
        finally:
            await response.aclose()
