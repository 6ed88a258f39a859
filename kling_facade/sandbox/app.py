"""The sandbox as an ASGI application: Kling's routes, on Starlette.

Each route exists twice, under ``/kling`` as the gateways have it and without as the vendor has it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from .answers import RefusedError, refuse, succeed
from .contract import CREATE, complaints
from .exchange import Exchange
from .order import check, order

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .auth import Keys
    from .callbacks import Messenger
    from .faults import Call, Fault
    from .film import Studio
    from .jobs import Clock, Job, Jobs
    from .pictures import Pictures

__all__ = ["MAX_BODY", "Desk", "Recorder", "application"]

MAX_BODY: Final = 128 * 1024 * 1024
"""Bytes a body may have: a picture, a tail and seven masks of 10 MB each, in base64."""


class _LostError(Exception):
    """The answer is to be lost on the way."""


@define(eq=False)
class Desk:
    """Everything the routes work with.

    Attributes:
        keys: Who may call.
        clock: The sandbox's time.
        jobs: All jobs.
        pictures: Keeps what is submitted.
        studio: Makes the films.
        messenger: Sends callbacks.
        faults: What goes wrong on purpose.
        base_url: What results' addresses begin with.
        eager: Whether filming begins with the create, and not with the first fetch.
        max_body: Bytes that a body may have.
        log: Every exchange.
    """

    keys: Keys
    clock: Clock
    jobs: Jobs
    pictures: Pictures
    studio: Studio
    messenger: Messenger
    faults: Sequence[Fault] = ()
    base_url: str = ""
    eager: bool = False
    max_body: int = MAX_BODY
    log: list[Exchange] = field(factory=list)

    def enter(self, call: Call, request: Request) -> None:
        """Check who calls, and let faults refuse."""
        self.keys.check(request.headers.get("authorization"))
        for fault in self.faults:
            fault.before(call, self.jobs)

    def leave(self, call: Call) -> None:
        """Let faults lose the answer."""
        # A list, not a generator: each fault counts every call.
        lost = [fault.loses_answer(call) for fault in self.faults]
        if any(lost):
            raise _LostError

    def change(self, job: Job) -> Job:
        """Let faults change a new job's life."""
        for fault in self.faults:
            job = fault.change(job)
        return job

    def find(self, name: str) -> Job:
        """The job with this task id or external id.

        Raises:
            RefusedError: With code 1203 when there is none (VD1 early 2026).
        """
        job = self.jobs.find(name)
        now = self.clock.now()
        if job is None or any(fault.hides(job, now) for fault in self.faults):
            raise RefusedError(1203, f"Task not found by id or external id: {name}")
        return job


def application(desk: Desk) -> ASGIApp:
    """The ASGI application over a desk."""
    routes = _Routes(desk)
    kling = [
        Route(CREATE, routes.create, methods=["POST"]),
        Route(CREATE, routes.list, methods=["GET"]),
        Route(CREATE + "/{name:path}", routes.get, methods=["GET"]),
    ]
    files = Route("/files/{token}/{name}", routes.file, methods=["GET"])
    sample = Route("/sample.png", _sample, methods=["GET"])
    return Starlette(
        routes=[*kling, Mount("/kling", routes=kling), files, sample],
        exception_handlers={
            RefusedError: _refused,
            HTTPException: _not_routed,
            _LostError: _lost,
            Exception: _broken,
        },
    )


class _Routes:
    """The handlers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def create(self, request: Request) -> Response:
        """Take a job."""
        desk = self._desk
        content = await _body(request, desk.max_body)
        desk.enter("create", request)
        asked = await run_in_threadpool(self._read, content)
        job = desk.jobs.accept(asked, desk.change)
        desk.messenger.follow(job)
        if desk.eager and not job.failure:
            desk.studio.film(job.order.film)
        desk.leave("create")
        return succeed(job.describe(job.created, desk.base_url, full=False))

    def _read(self, content: bytes) -> Any:
        """Check a body and read its pictures; in a worker thread, for it takes a while."""
        body = _parse(content)
        found = list(complaints(body))
        if found:
            raise RefusedError(1201, "; ".join(found[:10]))
        check(body)
        return order(body, self._desk.pictures)

    async def get(self, request: Request) -> Response:
        """Look a job up by task id or external id."""
        desk = self._desk
        desk.enter("look-up", request)
        job = desk.find(request.path_params["name"])
        desk.leave("look-up")
        return succeed(job.describe(desk.clock.now(), desk.base_url))

    async def list(self, request: Request) -> Response:
        """A page of jobs, the latest first."""
        desk = self._desk
        desk.enter("list", request)
        number = _whole_number(request, "pageNum", 1, 1000, 1)
        size = _whole_number(request, "pageSize", 1, 500, 30)
        now = desk.clock.now()
        page = [job.describe(now, desk.base_url) for job in desk.jobs.page(number, size)]
        desk.leave("list")
        return succeed(page)

    async def file(self, request: Request) -> Response:
        """A finished film. Its address is the key, as on a content network: no authorization."""
        desk = self._desk
        for fault in desk.faults:
            fault.before("file", desk.jobs)
        job, now = desk.jobs.of_token(request.path_params["token"]), desk.clock.now()
        if job is None or request.path_params["name"] != f"{job.task_id}.mp4":
            return PlainTextResponse("no such file\n", 404)
        if job.status(now) != "succeed" or self._gone(job, now):
            return PlainTextResponse("the file has expired\n", 404)
        path = await asyncio.wrap_future(desk.studio.film(job.order.film))
        desk.leave("file")
        request.scope["sandbox.cuts"] = [fault.cuts for fault in desk.faults]
        return FileResponse(path, media_type="video/mp4")

    def _gone(self, job: Job, now: float) -> bool:
        faults = self._desk.faults
        return job.result_expired(now) or any(fault.deletes(job, now) for fault in faults)


async def _sample(request: Request) -> Response:
    """The sample picture, for requests that name a picture by address."""
    from .sample import sample_png

    return Response(await run_in_threadpool(sample_png), media_type="image/png")


async def _body(request: Request, limit: int) -> bytes:
    """The whole body.

    One that is too long is read to its end but not kept: so the answer reaches a client that is
    still sending.
    """
    chunks, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        if length <= limit:
            chunks.append(chunk)
    if length > limit:
        raise RefusedError(1200, f"the body has {length} bytes; allowed are {limit}", status=413)
    return b"".join(chunks)


def _parse(content: bytes) -> Any:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise RefusedError(1200, "Failed to resolve the request body: it is not JSON") from None
    if not isinstance(body, dict):
        raise RefusedError(1200, "Failed to resolve the request body: it is not a JSON object")
    return body


def _whole_number(request: Request, name: str, least: int, most: int, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise RefusedError(1201, f"{name}: must be a whole number from {least} to {most}")
    return int(text)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return refuse(error)


async def _not_routed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return refuse(RefusedError(1202, f"{request.method} is not a method of this address"))
    return refuse(RefusedError(1203, f"there is nothing at {request.url.path}"))


async def _broken(request: Request, error: Exception) -> Response:
    return refuse(RefusedError(5000, f"the sandbox itself failed: {error!r}"))


async def _lost(request: Request, error: Exception) -> Response:
    await request.scope["sandbox.drop"]()
    return Response(status_code=500)


class Recorder:
    """Wraps the application: records every exchange, and can drop a connection unanswered.

    Args:
        app: The application.
        log: Where exchanges are appended.
        drop: Closes the connection with a peer's address at once.
    """

    def __init__(
        self, app: ASGIApp, log: list[Exchange], drop: Callable[[tuple[str, int]], None]
    ) -> None:
        self._app = app
        self._log = log
        self._drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        line = _Line(scope, receive, send, self._log, self._drop)
        scope["sandbox.drop"] = line.drop
        await self._app(scope, receive, line.send)


class _Line:
    """One request's connection: what goes over it is recorded, and it can be dropped."""

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
            self._left = self._cut(Headers(raw=message["headers"]))
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

    def _cut(self, headers: Headers) -> int | None:
        length = int(headers.get("content-length", "0"))
        asked = [cuts(length) for cuts in self._scope.get("sandbox.cuts", ())]
        return min((cut for cut in asked if cut is not None), default=None)

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
