"""The sandbox as an ASGI application: Kling's routes, on Starlette.

Each route exists twice: at ``/kling/v1`` it keeps the gateway's page, at ``/v1`` the vendor's own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from ..gateway.strict_json import parse_json
from .answers import RefusedError, refuse, succeed
from .checks import check
from .order import order
from .publishers import CREATE, Publisher, gateway, vendor
from .sample import sample_png

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from .auth import Keys
    from .callbacks import CallbackSender
    from .exchange import Exchange
    from .faults import Call, Fault
    from .film import FilmMaker
    from .jobs import Clock, Job, Jobs
    from .order import Order
    from .pictures import Pictures

__all__ = ["MAX_BODY", "Backend", "application"]

MAX_BODY: Final = 128 * 1024 * 1024
"""Bytes a body may have: a picture, a tail and seven masks of 10 MB each, in base64."""


class _LostError(Exception):
    """The answer is to be lost on the way."""


@define(eq=False)
class Backend:
    """What the routes work with.

    Attributes:
        keys: Who may call.
        clock: The sandbox's time.
        jobs: All jobs.
        pictures: Keeps what is submitted.
        films: Makes the films.
        callbacks: Sends callbacks.
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
    films: FilmMaker
    callbacks: CallbackSender
    faults: Sequence[Fault] = ()
    base_url: str = ""
    eager: bool = False
    max_body: int = MAX_BODY
    log: list[Exchange] = field(factory=list)

    def begin(self, call: Call, request: Request) -> None:
        """Check who calls, and let faults refuse.

        Raises:
            RefusedError: By the key, or by a fault.
        """
        self.keys.check(request.headers.get("authorization"))
        for fault in self.faults:
            fault.before(call, self.jobs)

    def end(self, call: Call) -> None:
        """Let faults lose the answer."""
        # A list, not a generator: each fault counts every call.
        lost = [fault.loses_answer(call) for fault in self.faults]
        if any(lost):
            raise _LostError

    def accept(self, order: Order) -> Job:
        """Make a job, unless the account or a fault refuses it, and start what belongs to it."""
        job = self.jobs.accept(order, self._admit, self._change)
        self.callbacks.follow(job)
        if self.eager and not job.failure:
            self.films.film(job.order.film)
        return job

    def _admit(self) -> None:
        for fault in self.faults:
            fault.admit(self.jobs)

    def _change(self, job: Job) -> Job:
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

    def is_gone(self, job: Job) -> bool:
        """Whether a job's result has been deleted, by its age or by a fault."""
        now = self.clock.now()
        return job.result_expired(now) or any(fault.deletes(job, now) for fault in self.faults)


def application(backend: Backend) -> ASGIApp:
    """The ASGI application: each publisher's routes under its prefix, films, and a picture."""
    films = _Films(backend)
    return Starlette(
        routes=[
            *_task_routes(backend, vendor()),
            Mount("/kling", routes=_task_routes(backend, gateway())),
            Route("/files/{token}/{name}", films.get, methods=["GET"]),
            Route("/sample.png", _sample, methods=["GET"]),
        ],
        exception_handlers={
            RefusedError: _refused,
            HTTPException: _not_routed,
            _LostError: _lost,
            Exception: _broken,
        },
    )


def _task_routes(backend: Backend, publisher: Publisher) -> list[Route]:
    tasks = _Tasks(backend, publisher)
    return [
        Route(CREATE, tasks.create, methods=["POST"]),
        Route(CREATE, tasks.list, methods=["GET"]),
        Route(CREATE + "/{name:path}", tasks.get, methods=["GET"]),
    ]


@define(eq=False)
class _Tasks:
    """Creates, look-ups and lists, by one publisher's rules."""

    _backend: Backend
    _publisher: Publisher

    async def create(self, request: Request) -> Response:
        """Take a job."""
        backend = self._backend
        content = await _body(request, backend.max_body)
        backend.begin("create", request)
        # In a worker thread: decoding pictures takes a while, and an address is fetched.
        job = backend.accept(await run_in_threadpool(self._order, content))
        backend.end("create")
        return succeed(job.describe(job.created, backend.base_url, full=False))

    def _order(self, content: bytes) -> Order:
        body = self._publisher.read(_parse(content))
        check(body)
        return order(body, self._backend.pictures)

    async def get(self, request: Request) -> Response:
        """Look a job up by task id or external id."""
        backend = self._backend
        backend.begin("look-up", request)
        job = backend.find(request.path_params["name"])
        backend.end("look-up")
        return succeed(job.describe(backend.clock.now(), backend.base_url))

    async def list(self, request: Request) -> Response:
        """A page of jobs, the latest first."""
        backend = self._backend
        backend.begin("list", request)
        number = _whole_number(request, "pageNum", 1, 1000, 1)
        size = _whole_number(request, "pageSize", 1, 500, 30)
        now = backend.clock.now()
        page = [job.describe(now, backend.base_url) for job in backend.jobs.page(number, size)]
        backend.end("list")
        return succeed(page)


@define(eq=False)
class _Films:
    """Finished films. An address is its own key, as on a content network: no authorization."""

    _backend: Backend

    async def get(self, request: Request) -> Response:
        """Send a film, or the part of it that ``Range`` asks for."""
        backend = self._backend
        for fault in backend.faults:
            fault.before("file", backend.jobs)
        job = backend.jobs.of_token(request.path_params["token"])
        if job is None or request.path_params["name"] != f"{job.task_id}.mp4":
            return PlainTextResponse("no such file\n", 404)
        if job.status(backend.clock.now()) != "succeed" or backend.is_gone(job):
            return PlainTextResponse("the file has expired\n", 404)
        path = await asyncio.wrap_future(backend.films.film(job.order.film))
        backend.end("file")
        request.scope["sandbox.cut_at"] = self._cut_at
        return FileResponse(path, media_type="video/mp4")

    def _cut_at(self, length: int) -> int | None:
        asked = [fault.cuts(length) for fault in self._backend.faults]
        return min((cut for cut in asked if cut is not None), default=None)


async def _sample(request: Request) -> Response:
    """The sample picture, for requests that name a picture by address."""
    return Response(sample_png(), media_type="image/png")


async def _body(request: Request, limit: int) -> bytes:
    """The whole body.

    One that is too long is read to its end but not kept, so that the answer reaches a client that
    is still sending.
    """
    chunks, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        if length <= limit:
            chunks.append(chunk)
    if length > limit:
        raise RefusedError(1200, f"the body has {length} bytes; allowed are {limit}", status=413)
    return b"".join(chunks)


def _parse(content: bytes) -> dict[str, Any]:
    try:
        body = parse_json(content)
        if b"\\ud" in content.lower():
            # JSON can hold half of a surrogate pair; no answer could repeat such a text.
            json.dumps(body, ensure_ascii=False).encode()
    except ValueError as error:
        raise RefusedError(1200, f"Failed to resolve the request body: {error}") from None
    if not isinstance(body, dict):
        raise RefusedError(1200, "Failed to resolve the request body: it is not a JSON object")
    return body


def _whole_number(request: Request, name: str, least: int, most: int, default: int) -> int:
    text = request.query_params.get(name, str(default))
    # The length first: Python refuses to read a number of more than 4300 digits.
    digits = len(text) <= len(str(most)) and text.isascii() and text.isdigit()
    if not (digits and least <= int(text) <= most):
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
