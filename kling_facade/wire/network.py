"""Connection pools whose sockets share a call's deadline, and addresses that must not be reached.

httpcore takes a network backend of ours; httpx 0.28 has no public place to hand one on. So the
pools are made here and asked directly, and httpx is left with addresses, proxies and TLS settings.
"""

from __future__ import annotations

import contextlib
import importlib.util
import select
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

import anyio.to_thread
import httpcore
import httpx
from attrs import frozen

from ..errors import InvalidRequest
from ..gateway.addresses import is_public
from .deadlines import remaining

__all__ = [
    "Guard",
    "PoolSettings",
    "abandon",
    "guard_public",
    "make_async_pool",
    "make_pool",
    "tls_context",
]

_KEEP: Final = 30.0
"""Seconds that an idle connection is kept. Common servers keep them for 60 s and more."""
_KEPT: Final = 20
"""Idle connections that are kept, as httpx has it."""

_SMALL: Final = 16 * 1024
"""Bytes that may wait to go out together with those that follow."""

Guard = Callable[[str, str], None]
"""Is told a host and an address it resolves to, and raises if that is not to be connected to."""


def tls_context(verify: Any, *, trust_env: bool) -> ssl.SSLContext:
    """The TLS context of a client; reading all certificates takes longer than many calls."""
    return httpx.create_ssl_context(verify=verify, trust_env=trust_env)


def guard_public(address: str) -> None:
    """Refuses an address that lies inside somebody's network.

    Raises:
        httpcore.UnsupportedProtocol: Loopback, private, link-local, multicast, reserved.
    """
    if not is_public(address):
        raise httpcore.UnsupportedProtocol(f"the address {address} is not a public one")


def make_pool(settings: PoolSettings, proxy: httpx.Proxy | None) -> httpcore.ConnectionPool:
    """Connections of a blocking client, straight or by a proxy.

    Raises:
        InvalidRequest: A SOCKS proxy, and the package that speaks with it is not installed.
    """
    backend = _Backend(httpcore.SyncBackend(), settings.guard_for(proxy), settings.read_bytes)
    options = {**settings.options(), "network_backend": backend}
    if proxy is None:
        return httpcore.ConnectionPool(**options)
    if proxy.url.scheme.startswith("socks"):
        return httpcore.SOCKSProxy(**options, **_socks(proxy))
    return httpcore.HTTPProxy(**options, **_http(proxy, settings))


def make_async_pool(
    settings: PoolSettings, proxy: httpx.Proxy | None
) -> httpcore.AsyncConnectionPool:
    """The same for ``await``."""
    backend = _AsyncBackend(httpcore.AnyIOBackend(), settings.guard_for(proxy), settings.read_bytes)
    options = {**settings.options(), "network_backend": backend}
    if proxy is None:
        pool = httpcore.AsyncConnectionPool(**options)
    elif proxy.url.scheme.startswith("socks"):
        pool = httpcore.AsyncSOCKSProxy(**options, **_socks(proxy))
    else:
        pool = httpcore.AsyncHTTPProxy(**options, **_http(proxy, settings))
    _backends[pool] = backend
    return pool


def abandon(pool: httpcore.AsyncConnectionPool) -> None:
    """Closes the sockets of a pool whose event loop is closed, so that nothing is left to say.

    asyncio has no public way to do that: a transport closes by way of its loop. Where a transport
    is not one of asyncio's own (uvloop), the loop has closed the sockets itself.
    """
    for carried in _backends[pool].opened:
        transport: Any = getattr(carried, "_transport", None)
        sock = getattr(transport, "_sock", None)
        if sock is not None:
            sock.close()
            setattr(transport, "_sock", None)  # noqa: B010 - else its finalizer complains


@frozen
class PoolSettings:
    """What every connection pool of a client has in common.

    Attributes:
        tls: Certificates and how they are checked.
        connections: How many connections there may be at once.
        guard: Watches the addresses that are connected to, or ``None``. It watches direct
            connections only: behind a proxy, the proxy resolves names.
        read_bytes: Fewest bytes asked of a socket at a time.
    """

    tls: ssl.SSLContext
    connections: int
    guard: Guard | None = None
    read_bytes: int = 0

    def guard_for(self, proxy: httpx.Proxy | None) -> Guard | None:
        """The guard of a way."""
        return self.guard if proxy is None else None

    def options(self) -> dict[str, Any]:
        """Arguments of any pool.

        Idle connections are kept longer than the gap between two questions for a job, so that each
        question does not pay for a TLS handshake; httpx's own 5 s are shorter than that.
        """
        return {
            "ssl_context": self.tls,
            "max_connections": self.connections,
            "max_keepalive_connections": _KEPT,
            "keepalive_expiry": _KEEP,
        }


def _http(proxy: httpx.Proxy, settings: PoolSettings) -> dict[str, Any]:
    secure = {"proxy_ssl_context": settings.tls} if proxy.url.scheme == "https" else {}
    headers = proxy.headers.raw
    return {
        "proxy_url": _url(proxy),
        "proxy_auth": proxy.raw_auth,
        "proxy_headers": headers,
    } | secure


def _socks(proxy: httpx.Proxy) -> dict[str, Any]:
    if importlib.util.find_spec("socksio") is None:
        raise InvalidRequest(
            "the proxy is a SOCKS one, and the package that speaks with it is not installed",
            hint="pip install 'httpx[socks]'. If the proxy is not meant for this, unset ALL_PROXY, "
            "name the host in NO_PROXY, or pass trust_env=False.",
        )
    return {"proxy_url": _url(proxy), "proxy_auth": proxy.raw_auth}


def _url(proxy: httpx.Proxy) -> httpcore.URL:
    url = proxy.url
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _resolved(host: str, port: int, guard: Guard | None) -> str:
    """The address to connect to: checked and then used, so that no second answer slips in."""
    if guard is None:
        return host
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # the latter for labels that can be none
        raise httpcore.ConnectError(str(error)) from None
    for entry in found:
        guard(host, str(entry[4][0]))
    return str(found[0][4][0])


class _Stream(httpcore.NetworkStream):
    """A connection whose operations share the call's deadline.

    Small pieces go out together: the head of a request and its body in one packet.
    """

    def __init__(self, inner: httpcore.NetworkStream, read_bytes: int = 0) -> None:
        self._inner = inner
        self._read_bytes = read_bytes
        self._unsent = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            # As httpcore does: a server that hangs up early may have answered all the same.
            with contextlib.suppress(httpcore.WriteError):
                self._flush(timeout)
        return self._inner.read(max(max_bytes, self._read_bytes), remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._unsent += buffer
        if len(self._unsent) > _SMALL:
            self._flush(timeout)

    def _flush(self, timeout: float | None) -> None:
        data, self._unsent = self._unsent, b""
        self._inner.write(data, remaining(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = remaining(timeout, httpcore.ConnectTimeout)
        tls = self._inner.start_tls(ssl_context, server_hostname, left)
        return _Stream(tls, self._read_bytes)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(
        self, inner: httpcore.NetworkBackend, guard: Guard | None, read_bytes: int = 0
    ) -> None:
        self._inner = inner
        self._read_bytes = read_bytes
        self._guard = guard

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = remaining(timeout, httpcore.ConnectTimeout)
        address = _resolved(host, port, self._guard)
        try:
            inner = self._inner.connect_tcp(address, port, left, local_address, socket_options)
        except UnicodeError as error:  # a label that can be none
            raise httpcore.ConnectError(str(error)) from None
        return _Stream(inner, self._read_bytes)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return self._inner.connect_unix_socket(path, timeout, socket_options)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


def _has_unread(sock: Any) -> bool:
    """Whether an idle connection has bytes or its end to read; then it is of no more use."""
    number = -1 if sock is None else sock.fileno()
    if number < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([number], [], [], 0)[0])
    watch = select.poll()
    watch.register(number, select.POLLIN)
    return bool(watch.poll(0))


class _AsyncStream(httpcore.AsyncNetworkStream):
    """The same for ``await``."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, read_bytes: int = 0) -> None:
        self._inner = inner
        self._read_bytes = read_bytes
        self._unsent = b""
        self._socket: Any = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            with contextlib.suppress(httpcore.WriteError):
                await self._flush(timeout)
        return await self._inner.read(max(max_bytes, self._read_bytes), remaining(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._unsent += buffer
        if len(self._unsent) > _SMALL:
            await self._flush(timeout)

    async def _flush(self, timeout: float | None) -> None:
        data, self._unsent = self._unsent, b""
        await self._inner.write(data, remaining(timeout, httpcore.WriteTimeout))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        left = remaining(timeout, httpcore.ConnectTimeout)
        tls = await self._inner.start_tls(ssl_context, server_hostname, left)
        return _AsyncStream(tls, self._read_bytes)

    def get_extra_info(self, info: str) -> Any:
        """As the inner stream says it, but for the one question that is asked all the time.

        The pool asks each idle connection at each call whether something lies unread; anyio gathers
        all it knows of a stream for that.
        """
        if info != "is_readable":
            return self._inner.get_extra_info(info)
        if self._socket is None:
            self._socket = self._inner.get_extra_info("socket")
        return _has_unread(self._socket)


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(
        self, inner: httpcore.AsyncNetworkBackend, guard: Guard | None, read_bytes: int = 0
    ) -> None:
        self._inner = inner
        self._read_bytes = read_bytes
        self._guard = guard
        self.opened: WeakSet[Any] = WeakSet()  # anyio's streams, below httpcore's and ours

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        left = remaining(timeout, httpcore.ConnectTimeout)
        address = host
        if self._guard is not None:
            address = await anyio.to_thread.run_sync(_resolved, host, port, self._guard)
        stream = await self._inner.connect_tcp(address, port, left, local_address, socket_options)
        self.opened.add(getattr(stream, "_stream", stream))
        return _AsyncStream(stream, self._read_bytes)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return await self._inner.connect_unix_socket(path, timeout, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


_backends: WeakKeyDictionary[httpcore.AsyncConnectionPool, _AsyncBackend] = WeakKeyDictionary()
