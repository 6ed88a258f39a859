"""Sockets that share a call's deadline, and addresses that a download must not reach.

The backend is put under httpx's own connection pool, which has no public place for it in 0.28
(hence the narrow pin on httpx).
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from collections.abc import Callable, Iterable
from typing import Any, Final

import anyio.to_thread
import httpcore
import httpx

from ..gateway.addresses import is_public
from ..limits import Limits
from .deadlines import remaining

__all__ = [
    "guard_public",
    "install",
    "pool_limits",
    "tls_context",
]

_KEEP: Final = 30.0
"""Seconds that an idle connection is kept. Common servers keep them for 60 s and more."""

_SMALL: Final = 16 * 1024
"""Bytes that may wait to go out together with those that follow."""

Guard = Callable[[str, str], None]
"""Is told a host and an address it resolves to, and raises if that is not to be connected to."""


def pool_limits(limits: Limits) -> httpx.Limits:
    """Bounds of a connection pool.

    Connections are kept longer than the gap between two questions for a job, so that each question
    does not pay for a TLS handshake; httpx's own 5 s are shorter than that.
    """
    return httpx.Limits(max_connections=limits.connections, keepalive_expiry=_KEEP)


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


def install(
    client: httpx.Client | httpx.AsyncClient, guard: Guard | None = None, read_bytes: int = 0
) -> None:
    """Puts deadlines, and perhaps a guard, under a client's connection pools.

    The guard watches direct connections only: behind a proxy, the proxy resolves names.
    """
    _wrap(client._transport, guard, read_bytes)
    for transport in client._mounts.values():
        _wrap(transport, None, read_bytes)


def _wrap(transport: Any, guard: Guard | None, read_bytes: int) -> None:
    pool = getattr(transport, "_pool", None)
    if isinstance(pool, httpcore.ConnectionPool):
        pool._network_backend = _Backend(pool._network_backend, guard, read_bytes)
    elif isinstance(pool, httpcore.AsyncConnectionPool):
        pool._network_backend = _AsyncBackend(pool._network_backend, guard, read_bytes)


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
