"""The httpx clients that the generated functions are given.

They sign each call, put the gateway's own path in place of the document's, stream pictures, hold
deadlines, and hand back only answers that the generated parser can take. Everything else leaves as
one of our errors, cut off from the frames of httpx, whose locals hold headers with keys.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from typing import Any, Final

import httpx
from attrs import define, field, frozen

from ..errors import (
    BadResponse,
    KlingError,
    NotSent,
    OutcomeUnknown,
    TransientRead,
    TransportSecurityError,
)
from ..gateway.answer import quote
from ..gateway.answer_shapes import read_task, read_tasks
from ..gateway.credentials import Credentials
from ..gateway.gateway import Gateway
from ..limits import Limits
from .answers import to_answer
from .body import Body
from .deadlines import AsyncGate, Gate, deadline
from .network import install, pool_limits
from .redaction import watch_logs

__all__ = ["SETTINGS_ERRORS", "AsyncGatewayClient", "GatewayClient", "Link", "trouble"]

log: logging.Logger = logging.getLogger("kling_facade.wire")

_LARGEST_OFFSET: Final = 86_400.0

_BEFORE_SENDING: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
"""What httpx raises before the first byte of a request leaves."""


SETTINGS_ERRORS: Final = (ValueError, TypeError, ImportError, OSError, httpx.InvalidURL)
"""What httpx raises when a client is made with settings that can't be."""


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
    _date: str = field(default="", init=False, repr=False)

    def timeout(self) -> httpx.Timeout:
        """Httpx's timeouts; the deadline of the whole call comes on top."""
        limits = self.limits
        return httpx.Timeout(limits.read, connect=limits.connect, pool=limits.connect)

    @cached_property
    def _timeouts(self) -> dict[str, float | None]:
        return self.timeout().as_dict()

    def request(
        self, method: str, path: str, params: Any, json: Any
    ) -> tuple[httpx.Request, float]:
        """A signed request, and how long the exchange may take.

        It is put together here and not by httpx's client, which would merge cookies, defaults and
        parameters into each one for as long as the rest of a small call takes. It goes to httpx's
        transport as it is: no cookies, no redirects, no other authentication.
        """
        url = _address(self.gateway.base_url + self.gateway.path(path), _query(params))
        body = None if json is None else Body(json)
        headers = {
            "Host": url.netloc.decode("ascii"),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": self.user_agent,
            **self.credentials.headers(self.clock() + self.offset),
        }
        seconds = self.limits.call
        if body is not None:
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(body.length)
            seconds = self.limits.upload if body.streams else seconds
        extensions = {"timeout": self._timeouts}
        request = httpx.Request(
            method, url, headers=headers, stream=body or _NOTHING, extensions=extensions
        )
        return request, seconds

    def learn(self, date: str) -> None:
        """Takes the gateway's clock from its ``Date``, when it differs by more than a moment.

        Tokens are signed by it. A difference of more than a day is not believed: a gateway that
        claims to live in the future would be given tokens that are good until then.
        """
        if date == self._date:
            return  # within the same second there is nothing new to learn
        self._date = date
        try:
            theirs = parsedate_to_datetime(date).timestamp()
        except (ValueError, TypeError, OverflowError):
            return
        difference = theirs - self.clock()
        self.offset = difference if 2.0 < abs(difference) <= _LARGEST_OFFSET else 0.0

    def translate(self, reply: Reply, *, paid: bool) -> httpx.Response:
        """The answer in the contract's shape.

        Raises:
            KlingError: What the answer means when it is not a good one.
        """
        log.debug("%s: HTTP %d", reply.path, reply.status)
        self.learn(reply.headers.get("date", ""))
        now = self.clock() + self.offset
        answer = to_answer(reply.status, reply.headers, reply.body, paid=paid, now=now)
        listing = not paid and reply.path.endswith("/image2video")
        return _Translated(200, (read_tasks if listing else read_task)(answer))


@frozen
class Reply:
    """What came back, without the request, whose headers hold a key."""

    path: str
    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)


class _Translated(httpx.Response):
    """An answer that is parsed already: all that the generated code asks it for, and no more."""

    def __init__(self, status: int, value: dict[str, Any]) -> None:
        self.status_code = status
        self.headers = _NO_HEADERS
        self._content = b""
        self._value = value

    def json(self, **kwargs: Any) -> Any:
        return self._value


_NO_HEADERS: Final = httpx.Headers()
_NOTHING: Final = httpx.ByteStream(b"")


@lru_cache(maxsize=256)
def _address(url: str, query: str) -> httpx.URL:
    """An address, parsed once: jobs are asked for again and again."""
    return httpx.URL(f"{url}?{query}" if query else url)


def _query(params: Any) -> str:
    return str(httpx.QueryParams(params)) if params else ""


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
        limits = pool_limits(link.limits)
        super().__init__(
            base_url=link.gateway.base_url, timeout=link.timeout(), limits=limits, **options
        )
        self.face: Any = None  # the generated client that speaks through this one
        self._link = link
        self._gate = Gate(link.limits.connections)
        install(self)

    def request(self, method: str, url: Any, **kwargs: Any) -> httpx.Response:
        """One call of the generated code, from signing to a translated answer."""
        paid = method.upper() == "POST"
        reply = self._exchange(method.upper(), str(url), kwargs, paid=paid)
        if isinstance(reply, KlingError):
            raise reply  # here, where no frame holds a header
        return self._link.translate(reply, paid=paid)

    def _exchange(
        self, method: str, path: str, options: dict[str, Any], *, paid: bool
    ) -> Reply | KlingError:
        link = self._link
        try:
            request, seconds = link.request(
                method, path, options.get("params"), options.get("json")
            )
            with deadline(seconds), self._gate:
                transport = self._transport_for_url(request.url)
                response = transport.handle_request(request)
                body = self._drain(response)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return trouble(error, link.gateway.host, paid=paid)
        return Reply(request.url.path, response.status_code, response.headers, body)

    def _drain(self, response: httpx.Response) -> bytes:
        stream = response.stream
        assert isinstance(stream, httpx.SyncByteStream)
        try:
            drain = _Drain(response, self._link.limits.answer_bytes)
            for chunk in stream:
                drain.take(chunk)
            return drain.body()
        finally:
            stream.close()


class AsyncGatewayClient(httpx.AsyncClient):
    """The same with ``await``."""

    def __init__(self, link: Link, **options: Any) -> None:
        watch_logs()
        limits = pool_limits(link.limits)
        super().__init__(
            base_url=link.gateway.base_url, timeout=link.timeout(), limits=limits, **options
        )
        self.face: Any = None  # the generated client that speaks through this one
        self._link = link
        self._gate = AsyncGate(link.limits.connections)
        install(self)

    async def request(self, method: str, url: Any, **kwargs: Any) -> httpx.Response:
        """One call of the generated code, from signing to a translated answer."""
        paid = method.upper() == "POST"
        reply = await self._exchange(method.upper(), str(url), kwargs, paid=paid)
        if isinstance(reply, KlingError):
            raise reply  # here, where no frame holds a header
        return self._link.translate(reply, paid=paid)

    async def _exchange(
        self, method: str, path: str, options: dict[str, Any], *, paid: bool
    ) -> Reply | KlingError:
        link = self._link
        try:
            request, seconds = link.request(
                method, path, options.get("params"), options.get("json")
            )
            with deadline(seconds):
                async with self._gate:
                    transport = self._transport_for_url(request.url)
                    response = await transport.handle_async_request(request)
                body = await self._drain(response)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return trouble(error, link.gateway.host, paid=paid)
        return Reply(request.url.path, response.status_code, response.headers, body)

    async def _drain(self, response: httpx.Response) -> bytes:
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        try:
            drain = _Drain(response, self._link.limits.answer_bytes)
            async for chunk in stream:
                drain.take(chunk)
            return drain.body()
        finally:
            await stream.aclose()
