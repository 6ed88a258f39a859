"""A raw socket server on loopback that behaves as badly as it is told.

It reads whole requests, counts them, and answers each with the next act of its script. The last act
is repeated. Acts work on the socket, so that they can do what no HTTP server would.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from typing import Any, Self

from attrs import define, field, frozen


@frozen
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@define
class Connection:
    """What an act is given."""

    sock: socket.socket
    stopping: threading.Event
    request: Seen
    gone: bool = False

    def send(self, data: bytes) -> None:
        """Writes bytes, if anybody still listens."""
        try:
            self.sock.sendall(data)
        except OSError:
            self.gone = True

    def reset(self) -> None:
        """Ends the connection with a RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def pause(self, seconds: float = 30.0) -> None:
        """Holds still until the test ends, or for some seconds."""
        self.stopping.wait(seconds)


Act = Callable[[Connection], None]


def response(
    body: bytes | str | dict[str, Any] | list[Any] = b"",
    status: int = 200,
    headers: Iterable[tuple[str, str]] = (),
    *,
    length: int | None = None,
) -> bytes:
    """The bytes of an HTTP answer; ``length`` lies about the body's."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw) if length is None else length}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def answer(*args: Any, **kwargs: Any) -> Act:
    """Answers well-formed."""
    data = response(*args, **kwargs)
    return lambda connection: connection.send(data)


def raw(data: bytes, *, then: str = "close") -> Act:
    """Sends just these bytes, then closes, resets or hangs."""

    def act(connection: Connection) -> None:
        connection.send(data)
        if then == "reset":
            connection.reset()
        elif then == "hang":
            connection.pause()
        connection.sock.close()

    return act


def drip(data: bytes, gap: float = 0.02) -> Act:
    """A byte at a time."""

    def act(connection: Connection) -> None:
        for byte in data:
            if connection.stopping.wait(gap):
                return
            connection.send(bytes([byte]))

    return act


class Peer:
    """The server. Use it as a context manager.

    Attributes:
        seen: The requests, in order.
    """

    def __init__(self, *acts: Act, before: Act | None = None) -> None:
        self.acts = list(acts)
        self.before = before
        self.seen: list[Seen] = []
        self.connections = 0
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self.connections += 1
            self._sockets.append(sock)
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(0.1)
        with sock, contextlib.suppress(OSError, ValueError):
            while (request := self._read(sock)) is not None:
                with self._lock:
                    self.seen.append(request)
                    act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                act(Connection(sock, self._stopping, request))

    def _read(self, sock: socket.socket) -> Seen | None:
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = self._receive(sock)
            if not chunk:
                return None
            head += chunk
        top, _, body = head.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {
            k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", "0"))
        while len(body) < length:
            chunk = self._receive(sock)
            if not chunk:
                return None
            body += chunk
        return Seen(method, target, headers, body)

    def _receive(self, sock: socket.socket) -> bytes:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                return sock.recv(1 << 16)
        return b""


def task_json(task_id: str = "801", status: str = "processing", **data: Any) -> dict[str, Any]:
    """The vendor's envelope."""
    return {
        "code": 0,
        "message": "SUCCEED",
        "request_id": "r1",
        "data": {"task_id": task_id, "task_status": status, **data},
    }
