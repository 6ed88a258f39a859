"""The client: `Kling` blocks, `AsyncKling` is awaited. Both are thin; `flow` decides."""

from __future__ import annotations

import os
import re
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .credentials import Credentials, find_credentials
from .download import Exist, Video, ready_destination
from .drivers import AsyncPerformer, Performer, Runtime, drive, drive_async
from .errors import InvalidRequest, KlingError
from .flow import Call, Ids, Policy, Progress, Send, submit
from .gateway import CHAINHUB, KLING_BEIJING, KLING_SINGAPORE, Gateway
from .job import AsyncJob, Job
from .limits import Limits, PollPlan, RetryBudget
from .task import Task

if TYPE_CHECKING:
    from kling_client import Client

    from .request import ImageToVideo
    from .rules import Problem

__all__ = ["AsyncKling", "Kling", "KlingAdvice"]

_T = TypeVar("_T")
_W = TypeVar("_W")
Flow = Generator[Any, Any, _T]

_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~:@+-]{1,128}")
_LARGEST_PAGE = 500


class KlingAdvice(UserWarning):
    """Something about a request that is allowed and may not do what you expect."""


def _gateway(base_url: str | None, gateway: Gateway | None) -> Gateway:
    """The gateway given, or the one of the address; a known address brings its traits along."""
    if gateway is not None:
        if base_url is not None:
            raise InvalidRequest("give base_url or gateway, not both")
        return gateway
    address = base_url or os.environ.get("KLING_BASE_URL")
    if not address:
        return CHAINHUB
    known = {known.base_url: known for known in (CHAINHUB, KLING_SINGAPORE, KLING_BEIJING)}
    return known.get(address.rstrip("/")) or Gateway(address)


class _Base(Generic[_W]):
    """What both clients share. ``_W`` is the wire client."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        gateway: Gateway | None = None,
        credentials: Credentials | None = None,
        limits: Limits | None = None,
        poll: PollPlan | None = None,
        proxy: str | None = None,
        verify: Any = True,
        trust_env: bool = True,
        runtime: Runtime | None = None,
    ) -> None:
        found = credentials or find_credentials(api_key)
        del api_key
        if isinstance(found, KlingError):
            raise found
        self._credentials = found
        self.gateway = _gateway(base_url, gateway)
        self._runtime = runtime or Runtime()
        self._policy = Policy(
            limits=limits or Limits(),
            plan=poll or PollPlan(),
            uniform=self._runtime.uniform,
            budget=RetryBudget(),
        )
        self._options = {"verify": verify, "trust_env": trust_env, "proxy": proxy}
        self._open: dict[str, Any] = {}
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.gateway.base_url!r})"

    def __getstate__(self) -> Any:
        raise TypeError("a client holds a key and can't be pickled: make it where it is used")

    def _link(self) -> Any:
        from . import __version__
        from .wire.link import Link

        agent = f"kling-facade/{__version__}"
        return Link(
            self.gateway, self._credentials, self._policy.limits, agent, self._runtime.epoch
        )

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        """Makes a connection pool on first use, and anew after a fork: sockets can't be shared."""
        if self._pid != os.getpid():
            self._open, self._pid = {}, os.getpid()
        with self._lock:
            if name not in self._open:
                self._open[name] = make()
            return self._open[name]

    def _generated(self) -> Client:
        from kling_client import Client

        return Client(base_url=self.gateway.base_url)

    # --- what the flows are given

    def _checked(self, request: ImageToVideo) -> ImageToVideo:
        """The request, if nothing forbids it.

        Raises:
            InvalidRequest: With every problem at once. Nothing was sent.
        """
        problems = request.problems()
        errors = [problem for problem in problems if problem.severity != "advice"]
        if errors:
            raise InvalidRequest(_listing(errors), problems=problems)
        for problem in problems:
            warnings.warn(f"{problem}", KlingAdvice, stacklevel=4)
        return request

    def _submission(self, request: ImageToVideo) -> tuple[Flow[Task], Ids]:
        self._checked(request)
        body = request.to_body(preset_config=self.gateway.preset_config)
        ids = Ids(request.external_task_id or self._runtime.new_id())
        body.external_task_id = str(ids.external_task_id)
        create = Call("create_image_to_video", {"body": body})
        find = Call("get_image_to_video", {"id": ids.external_task_id})
        return submit(create, find, ids, self._policy, {}), ids

    def _page(self, number: int, size: int) -> Flow[list[Task]]:
        arguments = {"page_num": number, "page_size": size}
        envelope = yield Send(Call("list_image_to_video", arguments))
        return [Task.read(data) for data in envelope.data or ()]


def _listing(problems: Sequence[Problem]) -> str:
    if len(problems) == 1:
        return str(problems[0])
    lines = "\n".join(f"  - {problem}" for problem in problems)
    return f"the request has {len(problems)} problems:\n{lines}"


def _ids(task_id: str | None, external_task_id: str | None) -> Ids:
    given = [text for text in (task_id, external_task_id) if text is not None]
    if len(given) != 1:
        raise InvalidRequest("give a task id or an external_task_id, one of them")
    if not _ID.fullmatch(given[0]):
        raise InvalidRequest(
            f"{given[0][:80]!r} is not an id",
            hint="An id has letters, digits and . _ ~ : @ + - only, 128 at most.",
        )
    return Ids(external_task_id, task_id)


class Kling(_Base[Any]):
    """A blocking client of one gateway.

    Safe to share between threads. Use it as a context manager, or `close` it.

    Args:
        api_key: The gateway's key; default: ``KLING_API_KEY``, or ``KLING_ACCESS_KEY`` with
            ``KLING_SECRET_KEY``.
        base_url: The gateway's address; default: ``KLING_BASE_URL``, or the gateway that published
            the bundled document.
        gateway: More than an address: a `Gateway`.
        credentials: More than a key: `ApiKey` or `AccessKeys`.
        limits: How long and how much: `Limits`.
        poll: When to ask for a job's state: `PollPlan`.
        proxy: Address of a proxy, as in httpx.
        verify: TLS verification: ``True`` or an ``ssl.SSLContext``, as in httpx.
        trust_env: Whether proxies are taken from the environment, as in httpx.
        runtime: Clocks, sleep and randomness, for tests.

    Raises:
        AuthError: There is no key, or it has characters that no key has.
        TransportSecurityError: The address would send the key unencrypted.

    Example:
        >>> with Kling() as kling:                                        # doctest: +SKIP
        ...     job = kling.submit(ImageToVideo("fox.png", prompt="the fox turns its head"))
        ...     video = job.wait(on_update=print).download("fox.mp4")
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. Jobs go on at the gateway."""
        while self._open:
            _, client = self._open.popitem()
            client.close()

    def submit(self, request: ImageToVideo) -> Job:
        """Checks the request, then gets one job accepted: one paid job, whatever the network does.

        Raises:
            InvalidRequest: With all problems; nothing was sent. Or the gateway found one.
            OutcomeUnknown: The answer was lost and the job not found within the grace time. It may
                exist: the error has the external id and says how to look later.
            AuthError, AccountError, Throttled, NotSent: As their names say. Nothing was accepted.
        """
        flow, ids = self._submission(request)
        try:
            task = self._run(flow)
        except (KeyboardInterrupt, SystemExit) as error:
            error.add_note(_perhaps(ids))
            raise
        return Job(self, ids, task)

    def job(self, task_id: str | None = None, *, external_task_id: str | None = None) -> Job:
        """A handle for a job that exists already. Asks nothing yet.

        Args:
            task_id: The gateway's id, or
            external_task_id: Ours.

        Raises:
            InvalidRequest: Neither, both, or not an id.
        """
        return Job(self, _ids(task_id, external_task_id), None)

    def jobs(self, *, page_size: int = 100) -> Iterator[Job]:
        """The account's jobs, page by page, as the gateway orders them.

        Args:
            page_size: Jobs per question, 1 to 500 (VD1).
        """
        _check_page(page_size)
        number = 1
        while page := self._run(self._page(number, page_size)):
            yield from (Job(self, Ids(task.external_task_id, task.task_id), task) for task in page)
            if len(page) < page_size:
                return
            number += 1

    def generate(
        self,
        request: ImageToVideo,
        to: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        exist: Exist = "error",
        max_units: float | None = None,
        on_update: Callable[[Progress], object] | None = None,
    ) -> Video:
        """Submit, wait and download in one call. The destination is checked before money is spent.

        Args:
            request: What to film.
            to: Where the video goes; its folder must exist.
            timeout: Longest wait for the job in seconds; ``None`` for `Limits.wait`.
            exist: As in `Job.download`.
            max_units: Refuse a request that costs more of Kling's units, or whose price is unknown.
            on_update: As in `Job.wait`.

        Raises:
            KlingError: As `submit`, `Job.wait` and `Job.download`; it carries the job, if any.
        """
        ready_destination(to, exist)
        _check_price(request, max_units, self.gateway)
        job = self.submit(request)
        return job.wait(timeout, on_update=on_update).download(to, exist=exist)

    def _run(self, flow: Flow[_T], on_update: Callable[[Progress], object] | None = None) -> _T:
        performer = Performer(self._client(), self._fetcher, self._runtime, on_update=on_update)
        return drive(flow, performer)

    def _client(self) -> Client:
        def make() -> Any:
            from .wire.link import GatewayClient

            return GatewayClient(self._link(), **self._options)

        return self._generated().set_httpx_client(self._once("api", make))

    def _fetcher(self) -> Any:
        def make() -> Any:
            from .wire.fetch import Fetcher

            return Fetcher(
                self.gateway, self._policy.limits, self._link().user_agent, **self._options
            )

        return self._once("fetch", make)


class AsyncKling(_Base[Any]):
    """The same client with ``await``; see `Kling` for arguments and promises.

    Example:
        >>> async with AsyncKling() as kling:                             # doctest: +SKIP
        ...     video = await kling.generate(request, to="fox.mp4")
    """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections. Jobs go on at the gateway."""
        while self._open:
            _, client = self._open.popitem()
            await client.aclose()

    async def submit(self, request: ImageToVideo) -> AsyncJob:
        """One paid job, whatever the network does; see `Kling.submit`."""
        flow, ids = self._submission(request)
        try:
            task = await self._run(flow)
        except BaseException as error:
            if not isinstance(error, Exception):
                error.add_note(_perhaps(ids))
            raise
        return AsyncJob(self, ids, task)

    def job(self, task_id: str | None = None, *, external_task_id: str | None = None) -> AsyncJob:
        """A handle for a job that exists already; see `Kling.job`. Not awaited: it asks nothing."""
        return AsyncJob(self, _ids(task_id, external_task_id), None)

    async def jobs(self, *, page_size: int = 100) -> AsyncIterator[AsyncJob]:
        """The account's jobs, page by page; see `Kling.jobs`."""
        _check_page(page_size)
        number = 1
        while page := await self._run(self._page(number, page_size)):
            for task in page:
                yield AsyncJob(self, Ids(task.external_task_id, task.task_id), task)
            if len(page) < page_size:
                return
            number += 1

    async def generate(
        self,
        request: ImageToVideo,
        to: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        exist: Exist = "error",
        max_units: float | None = None,
        on_update: Callable[[Progress], object] | None = None,
    ) -> Video:
        """Submit, wait and download in one call; see `Kling.generate`."""
        ready_destination(to, exist)
        _check_price(request, max_units, self.gateway)
        job = await self.submit(request)
        await job.wait(timeout, on_update=on_update)
        return await job.download(to, exist=exist)

    async def _run(
        self, flow: Flow[_T], on_update: Callable[[Progress], object] | None = None
    ) -> _T:
        performer = AsyncPerformer(
            self._client(), self._fetcher, self._runtime, on_update=on_update
        )
        return await drive_async(flow, performer)

    def _client(self) -> Client:
        def make() -> Any:
            from .wire.link import AsyncGatewayClient

            return AsyncGatewayClient(self._link(), **self._options)

        return self._generated().set_async_httpx_client(self._once("api", make))

    def _fetcher(self) -> Any:
        def make() -> Any:
            from .wire.fetch import AsyncFetcher

            return AsyncFetcher(
                self.gateway, self._policy.limits, self._link().user_agent, **self._options
            )

        return self._once("fetch", make)


def _perhaps(ids: Ids) -> str:
    return (
        "A job may have been accepted. Look before submitting again: "
        f"kling.job(external_task_id={ids.external_task_id!r}).refresh()"
    )


def _check_page(size: int) -> None:
    if not 1 <= size <= _LARGEST_PAGE:
        raise InvalidRequest(f"page_size is {size}; a page has 1 to {_LARGEST_PAGE} jobs (VD1)")


def _check_price(request: ImageToVideo, max_units: float | None, gateway: Gateway) -> None:
    if max_units is not None:
        from .cost import check_price

        check_price(request, max_units, factor=gateway.unit_price_factor)
