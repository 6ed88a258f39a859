"""Fetching a video: without cookies or trust in addresses, and with a key for the gateway alone."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, Generic, TypeVar

import httpcore
import httpx
from attrs import define, field

from ..errors import BadResponse, TransportSecurityError
from ..gateway.addresses import is_loopback
from ..gateway.answer import Head
from ..gateway.gateway import refuse_address
from .answers import header_map
from .link import Link
from .network import PoolSettings, abandon, guard_public, make_async_pool, make_pool
from .redaction import quiet, watch_logs
from .routes import Routes
from .trouble import ending
from .uninterrupted import cancelled_once, uninterrupted

__all__ = ["AsyncFetcher", "Fetcher"]

_PoolT = TypeVar("_PoolT")

_REDIRECTS: Final = 5
_READ_BYTES: Final = 256 * 1024
"""Bytes taken from a socket at a time: httpcore's 64 KiB cost a sixth of the speed on loopback."""


@define
class _Terms(Generic[_PoolT]):
    """What both fetchers go by.

    Attributes:
        link: The gateway, whose own addresses are allowed and may be shown the key; and limits.
        routes: By which proxies hosts are reached.
        make: Makes a pool for one way.
    """

    link: Link
    routes: Routes
    make: Callable[[httpx.Proxy | None], _PoolT] = field(repr=False)
    _pools: dict[str, _PoolT] = field(factory=dict, init=False, repr=False)
    _lock: Any = field(factory=threading.Lock, init=False, repr=False)

    def pool(self, url: httpx.URL) -> _PoolT:
        """The connections by which an address is reached."""
        proxy = self.routes.proxy_for(url)
        way = "" if proxy is None else f"{proxy.url} {proxy.raw_auth}"
        with self._lock:
            if way not in self._pools:
                self._pools[way] = self.make(proxy)
            return self._pools[way]

    def pools(self) -> list[_PoolT]:
        """All that have been made."""
        return list(self._pools.values())

    def guard(self, host: str, address: str) -> None:
        """Lets through public addresses, and the gateway's own machine wherever it stands."""
        if host == self.link.gateway.host or (
            self.link.gateway.on_loopback and is_loopback(address)
        ):
            return
        guard_public(address)

    def address(self, url: str) -> httpx.URL:
        """An address to fetch from.

        Raises:
            TransportSecurityError: It is not one that a video may come from.
            BadResponse: It can't be read.
        """
        refuse_address(url, self.link.gateway)
        try:
            return httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            pass
        raise BadResponse(f"the video's address can't be read; its host is {_host(url)!r}")

    def request(
        self, url: httpx.URL, headers: Mapping[str, str], *, signed: bool
    ) -> httpcore.Request:
        """The request, with the key if ``signed``."""
        limits = self.link.limits
        proof = self.link.signature() if signed else {}
        lines = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": self.link.user_agent,
            "Accept": "video/mp4, */*;q=0.5",
            "Accept-Encoding": "identity",
            **headers,
            **proof,
        }
        stall = limits.stall_seconds
        return httpcore.Request(
            "GET",
            httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            # As they were read: a name of a version (ETag) may have bytes that are no ASCII.
            headers=[
                (key.encode("latin-1"), value.encode("latin-1")) for key, value in lines.items()
            ],
            extensions={
                "timeout": {"connect": limits.connect, "read": stall, "write": stall, "pool": None}
            },
        )

    def wants_key(self, status: int, url: httpx.URL) -> bool:
        """Whether to ask again with the key: the gateway itself serves the video to its users only.

        New API hands out such addresses (``/v1/videos/{id}/content``). The key goes to the very
        scheme, host and port that it goes to for every call, never to another.
        """
        own = httpx.URL(self.link.gateway.base_url)
        return status == 401 and _origin(url) == _origin(own)

    def head(self, response: httpcore.Response) -> Head:
        """The head, if the bytes come as they are."""
        headers = header_map(response.headers)
        coding = headers.get("content-encoding", "identity").lower()
        if coding != "identity":
            raise BadResponse(f"the video comes packed as {coding[:20]!r}, which was not asked for")
        return Head(response.status, headers)

    def next_hop(self, url: httpx.URL, response: httpcore.Response) -> str | None:
        """Where a redirect leads; ``None`` when it is no redirect."""
        if response.status not in (301, 302, 303, 307, 308):
            return None
        target = header_map(response.headers).get("location", "")
        try:
            return str(url.join(target))
        except (httpx.InvalidURL, ValueError):
            pass
        raise BadResponse(f"{url.host} redirects to an address that can't be read")

    def trouble(self, error: BaseException, url: httpx.URL) -> BaseException:
        """What a failed fetch means. Nothing here costs money, so nearly all may be repeated."""
        if isinstance(error, httpcore.UnsupportedProtocol):
            return TransportSecurityError(
                f"{url.host}: {error}", hint="A video comes from a public host."
            )
        return ending(error, url.host, paid=False, hide=str)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _host(url: str) -> str:
    return url.partition("://")[2].split("/")[0].split("?")[0].split("@")[-1][:80]


class Fetcher:
    """Opens, reads and closes one answer at a time.

    Args:
        link: The gateway, whose own addresses are allowed and may be shown the key; and limits.
        verify: The TLS context.
        proxy: A proxy named by the caller, or ``None``.
        trust_env: Whether the environment may name one.
    """

    def __init__(
        self, link: Link, *, verify: Any, proxy: Any = None, trust_env: bool = True
    ) -> None:
        watch_logs()

        def make(way: httpx.Proxy | None) -> httpcore.ConnectionPool:
            settings = PoolSettings(verify, link.limits.connections, terms.guard, _READ_BYTES)
            return make_pool(settings, way)

        self._terms = terms = _Terms(link, Routes(proxy, trust_env), make)

    def session(self) -> Transfer:
        """A transfer of its own, so that several can run side by side."""
        return Transfer(self._terms)

    def close(self) -> None:
        """Closes the connections."""
        for pool in self._terms.pools():
            pool.close()


class Transfer:
    """One open answer."""

    def __init__(self, terms: _Terms[httpcore.ConnectionPool]) -> None:
        self._terms = terms
        self._response: httpcore.Response | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._url = httpx.URL()

    def open(self, url: str, headers: Mapping[str, str]) -> Head:
        """Follows redirects, each checked, up to an answer."""
        for _ in range(_REDIRECTS):
            self._url = self._terms.address(url)
            response = self._send(headers)
            try:
                hop = self._terms.next_hop(self._url, response)
                if hop is None:
                    self._response = response
                    self._chunks = response.iter_stream()
                    return self._terms.head(response)
            finally:
                if response is not self._response:
                    response.close()
            url = hop
        raise BadResponse("the video's address redirects without end")

    def _send(self, headers: Mapping[str, str]) -> httpcore.Response:
        response = self._answer(headers, signed=False)
        if self._terms.wants_key(response.status, self._url):
            response.close()
            return self._answer(headers, signed=True)
        return response

    def _answer(self, headers: Mapping[str, str], *, signed: bool) -> httpcore.Response:
        lost = answer = None
        try:
            with quiet():
                answer = self._terms.pool(self._url).handle_request(
                    self._terms.request(self._url, headers, signed=signed)
                )
        except BaseException as error:  # noqa: BLE001 - judged below, raised without these frames
            lost = self._terms.trouble(error, self._url)
        if answer is None:
            raise lost or AssertionError
        return answer

    def read(self) -> bytes:
        """The next bytes; empty at the end."""
        try:
            with quiet():
                return next(self._chunks, b"")
        except BaseException as error:  # noqa: BLE001 - judged below, raised without these frames
            lost = self._terms.trouble(error, self._url)
        raise lost

    def close(self) -> None:
        """Lets the answer go."""
        if self._response is not None:
            self._response.close()
            self._response = None


class AsyncFetcher:
    """The same with ``await``."""

    def __init__(
        self, link: Link, *, verify: Any, proxy: Any = None, trust_env: bool = True
    ) -> None:
        watch_logs()

        def make(way: httpx.Proxy | None) -> httpcore.AsyncConnectionPool:
            settings = PoolSettings(verify, link.limits.connections, terms.guard, _READ_BYTES)
            return make_async_pool(settings, way)

        self._terms = terms = _Terms(link, Routes(proxy, trust_env), make)

    def session(self) -> AsyncTransfer:
        """A transfer of its own, so that several can run side by side."""
        return AsyncTransfer(self._terms)

    async def aclose(self) -> None:
        """Closes the connections."""
        for pool in self._terms.pools():
            await pool.aclose()

    def abandon(self) -> None:
        """Closes the sockets after the event loop was closed."""
        for pool in self._terms.pools():
            abandon(pool)


class AsyncTransfer:
    """One open answer."""

    def __init__(self, terms: _Terms[httpcore.AsyncConnectionPool]) -> None:
        self._terms = terms
        self._response: httpcore.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._url = httpx.URL()

    async def open(self, url: str, headers: Mapping[str, str]) -> Head:
        """Follows redirects, each checked, up to an answer."""
        for _ in range(_REDIRECTS):
            self._url = self._terms.address(url)
            response = await self._send(headers)
            try:
                hop = self._terms.next_hop(self._url, response)
                if hop is None:
                    self._response = response
                    self._chunks = response.aiter_stream()
                    return self._terms.head(response)
            finally:
                if response is not self._response:
                    await uninterrupted(response.aclose)
            url = hop
        raise BadResponse("the video's address redirects without end")

    async def _send(self, headers: Mapping[str, str]) -> httpcore.Response:
        response = await self._answer(headers, signed=False)
        if self._terms.wants_key(response.status, self._url):
            await uninterrupted(response.aclose)
            return await self._answer(headers, signed=True)
        return response

    async def _answer(self, headers: Mapping[str, str], *, signed: bool) -> httpcore.Response:
        lost = answer = None
        try:
            with quiet():
                request = self._terms.request(self._url, headers, signed=signed)
                send = self._terms.pool(self._url).handle_async_request
                answer = await cancelled_once(partial(send, request))
        except BaseException as error:  # noqa: BLE001 - judged below, raised without these frames
            lost = self._terms.trouble(error, self._url)
        if answer is None:
            raise lost or AssertionError
        return answer

    async def read(self) -> bytes:
        """The next bytes; empty at the end."""
        try:
            with quiet():
                return await cancelled_once(self._next)
        except BaseException as error:  # noqa: BLE001 - judged below, raised without these frames
            lost = self._terms.trouble(error, self._url)
        raise lost

    async def _next(self) -> bytes:
        return await anext(self._chunks, b"") if self._chunks is not None else b""

    async def aclose(self) -> None:
        """Lets the answer go."""
        if self._response is not None:
            await uninterrupted(self._response.aclose)
            self._response = None
