"""A gateway that costs next to nothing, so that a figure shows the client and not the server.

It speaks Kling's image-to-video API well enough for a client: create, look up, list, fetch. Jobs
end after a time drawn from the distribution that the poll plan is tuned for. It checks nothing: the
sandbox does that. Run it as a program; it prints its port, and stops when its input closes.

    python -m benchmarks.gateway --speed 20 --no-list
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from attrs import define, field

from .durations import draw

__all__ = ["Books", "main", "video"]

_EXTERNAL: Final = re.compile(rb'"external_task_id"\s*:\s*"([^"]*)"')
_CREATE: Final = "/kling/v1/videos/image2video"
_KEPT: Final = 4096
"""Bytes of a body's end that are kept: enough for an external id, wherever the picture stands."""
_PIECE: Final = 256 * 1024


def video(size: int) -> bytes:
    """Bytes that pass for an MP4: three well-formed boxes, no pictures in them.

    Args:
        size: How many, 40 or more.
    """
    start = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + struct.pack(">I4s", 8, b"moov")
    return start + struct.pack(">I4s", size - len(start), b"mdat") + bytes(size - len(start) - 8)


@define
class Books:
    """The jobs, and a count of what was asked.

    Attributes:
        speed: Seconds that pass for a job in each real one.
        listing: Whether the list operation is served.
        duration: Seconds of every job; drawn for each when left out.
        file: What every finished job gives.
        asked: Requests by kind.
    """

    speed: float = 1.0
    listing: bool = True
    duration: float | None = None
    file: bytes = field(factory=lambda: video(50_000))
    asked: dict[str, int] = field(factory=dict)
    _jobs: dict[str, tuple[float, float, str]] = field(factory=dict)
    _by_external: dict[str, str] = field(factory=dict)
    _random: random.Random = field(factory=lambda: random.Random(7))  # noqa: S311 - no secret
    _zero: float = field(factory=time.monotonic)

    def now(self) -> float:
        """Seconds on the jobs' clock."""
        return (time.monotonic() - self._zero) * self.speed

    def create(self, body_end: bytes) -> Any:
        """A new job."""
        found = _EXTERNAL.search(body_end)
        external = found[1].decode() if found else ""
        task_id = str(812_000_000_000 + len(self._jobs))
        lasts = draw(self._random) if self.duration is None else self.duration
        now = self.now()
        self._jobs[task_id] = (now, now + lasts, external)
        self._by_external[external] = task_id
        return {**self.describe(task_id, "", over=False), "task_status": "submitted"}

    def find(self, name: str, base: str) -> Any | None:
        """A job by either id."""
        task_id = name if name in self._jobs else self._by_external.get(name)
        return None if task_id is None else self.describe(task_id, base)

    def page(self, number: int, size: int, base: str) -> list[Any]:
        """A page of jobs, the latest first."""
        latest = list(reversed(self._jobs))[(number - 1) * size : number * size]
        return [self.describe(task_id, base) for task_id in latest]

    def describe(self, task_id: str, base: str, *, over: bool | None = None) -> dict[str, Any]:
        """A job as Kling's ``data`` object."""
        made, ends, external = self._jobs[task_id]
        over = self.now() >= ends if over is None else over
        stamp = 1_790_000_000_000 + round(made * 1000)
        data: dict[str, Any] = {
            "task_id": task_id,
            "task_status": "succeed" if over else "processing",
            "task_status_msg": "",
            "task_info": {"external_task_id": external},
            "created_at": stamp,
            "updated_at": stamp,
        }
        if over:
            url = f"{base}/files/{task_id}.mp4"
            data["task_result"] = {"videos": [{"id": task_id, "url": url, "duration": "5.0"}]}
            data["final_unit_deduction"] = "1.5"
        return data

    def ends(self) -> dict[str, float]:
        """When each job ends or ended, on the jobs' clock."""
        return {task_id: job[1] for task_id, job in self._jobs.items()}


class _Connection(asyncio.Protocol):
    """HTTP/1.1, just enough of it."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._head = b""
        self._tail = b""
        self._left = 0
        self._request = ("", "", "")
        self._rest = memoryview(b"")
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        while data:
            data = self._body(data) if self._left else self._headers(data)

    def _headers(self, data: bytes) -> bytes:
        self._head += data
        head, mark, rest = self._head.partition(b"\r\n\r\n")
        if not mark:
            return b""
        self._head = b""
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        self._request = (method, target, headers.get("host", ""))
        self._left, self._tail = int(headers.get("content-length", "0")), b""
        if not self._left:
            self._answer()
        return rest

    def _body(self, data: bytes) -> bytes:
        taken, rest = data[: self._left], data[self._left :]
        self._left -= len(taken)
        self._tail = (self._tail + taken[-_KEPT:])[-_KEPT:]
        if not self._left:
            self._answer()
        return rest

    def _answer(self) -> None:
        method, target, host = self._request
        path, _, query = target.partition("?")
        base = f"http://{host}"
        books = self._books
        status, kind, content = _route(books, method, path, query, base, self._tail)
        books.asked[kind] = books.asked.get(kind, 0) + 1
        if not isinstance(content, bytes):
            content = json.dumps(content, separators=(",", ":")).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n"
        media = "video/mp4" if kind == "file" else "application/json"
        self._transport.write(f"{head}Content-Type: {media}\r\n\r\n".encode() + content[:_PIECE])
        self._rest = memoryview(content)[_PIECE:]
        self._send()

    def _send(self) -> None:
        """Sends on as there is room: a transport copies all that it can't send at once."""
        while self._rest and not self._full:
            self._transport.write(self._rest[:_PIECE])
            self._rest = self._rest[_PIECE:]

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._send()


def _route(
    books: Books, method: str, path: str, query: str, base: str, body_end: bytes
) -> tuple[int, str, Any]:
    def good(data: Any) -> Any:
        return {"code": 0, "message": "SUCCEED", "request_id": "r-1", "data": data}

    if path.startswith("/files/"):
        return 200, "file", books.file
    if path == "/stats":
        return 200, "stats", {"asked": books.asked, "ends": books.ends(), "now": books.now()}
    if method == "POST" and path == _CREATE:
        return 200, "create", good(books.create(body_end))
    if path == _CREATE and books.listing:
        asked = dict(pair.split("=") for pair in query.split("&") if pair)
        number, size = int(asked.get("pageNum", 1)), int(asked.get("pageSize", 30))
        return 200, "list", good(books.page(number, size, base))
    job = books.find(path.rpartition("/")[2], base) if path != _CREATE else None
    if job is not None:
        return 200, "look-up", good(job)
    kind = "list" if path == _CREATE else "look-up"
    return 404, kind, {"code": 1203, "message": "there is nothing here", "request_id": "r-1"}


async def _serve(books: Books, said: Callable[[int], None]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(books), "127.0.0.1", 0, backlog=1024)
    said(server.sockets[0].getsockname()[1])
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serves until standard input closes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", type=float, default=1.0, help="seconds a job sees in each one")
    parser.add_argument("--no-list", action="store_true", help="answer lists with 404")
    parser.add_argument("--duration", type=float, help="every job takes so long")
    parser.add_argument("--file", type=int, default=50_000, help="bytes of each video")
    given = parser.parse_args()
    books = Books(given.speed, not given.no_list, given.duration, video(given.file))
    asyncio.run(_serve(books, lambda port: print(port, flush=True)))


if __name__ == "__main__":
    main()
