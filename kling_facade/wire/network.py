"""Deadlines that hold for a whole call, and addresses that a download must not reach.

httpx bounds each read; a peer that sends a byte now and then can hold a call for ever. Here every
socket operation gets at most what is left of the call. The backend is put under httpx's own
connection pool, which has no public place for it in 0.28 (hence the narrow pin on httpx).
"""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import anyio
import anyio.to_thread
import httpcore
import httpx

from ..limits import Limits

__all__ = [
    "AsyncGate",
    "Gate",
    "allowance",
    "deadline",
    "guard_public",
    "install",
    "pool_limits",
    "remaining",
    "tls_context",
]

_deadline: ContextVar[float | None] = ContextVar("kling_deadline", default=None)
_allowance: ContextVar[float | None] = ContextVar("kling_allowance", default=None)

_KEEP: Final = 30.0
"""Seconds that an idle connection is kept. Common servers keep them for 60 s and more."""

_SMALL: Final = 16 * 1024
"""Bytes that may wait to go out together with those that follow."""

Guard = Callable[[str, str], None]
"""Is told a host and an address it resolves to, and raises if that is not to be connected to."""


@contextmanager
def allowance(seconds: float | None) -> Iterator[None]:
    """Within this block no call may take longer than ``seconds``."""
    token = _allowance.set(seconds)
    try:
        yield
    finally:
        _allowance.reset(token)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Within this block all network work together gets ``seconds``, or the allowance if less."""
    allowed = _allowance.get()
    longest = seconds if allowed is None else max(0.0, min(seconds, allowed))
    token = _deadline.set(time.monotonic() + longest)
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining(timeout: float | None, late: type[Exception] = httpcore.ReadTimeout) -> float | None:
    """What one operation may take: its own timeout or what is left of the call.

    Raises:
        Exception: ``late``, when nothing is left.
    """
    end = _deadline.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise late("the time for the whole call is used up")
    return left if timeout is None else min(timeout, left)


class Gate:
    """Lets so many calls at once through to the connection pool; the others queue here.

    The pool looks at all who wait for it whenever anything changes: with hundreds, that takes most
    of the time.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)

    def __enter__(self) -> None:
        if not self._free.acquire(timeout=remaining(None, httpx.PoolTimeout)):
            raise httpx.PoolTimeout("no connection became free in time")

    def __exit__(self, *exc: object) -> None:
        self._free.release()


class AsyncGate:
    """The same for ``await``."""

    def __init__(self, most: int) -> None:
        self._free = anyio.Semaphore(most, fast_acquire=True)

    async def __aenter__(self) -> None:
        try:
            self._free.acquire_nowait()
        except anyio.WouldBlock:
            await self._queue()

    async def _queue(self) -> None:
        with anyio.move_on_after(remaining(None, httpx.PoolTimeout)):
            await self._free.acquire()
            return
        raise httpx.PoolTimeout("no connection became free in time")

    async def __aexit__(self, *exc: object) -> None:
        self._free.release()


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
    literal = ipaddress.ip_address(address.split("%")[0])
    inner = getattr(literal, "ipv4_mapped", None) or literal
    if not inner.is_global or inner.is_multicast:
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
