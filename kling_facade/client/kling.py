"""The client: `Kling` blocks, `AsyncKling` is awaited. Both are thin; `flow` decides."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from ..builders.pictures.base64_text import digests_of
from ..errors import InvalidRequest, KlingError
from ..gateway.credentials import Credentials, Hidden, find_credentials
from ..gateway.gateway import CHAINHUB, KLING_BEIJING, KLING_SINGAPORE, Gateway
from ..gateway.job_id import Ids, checked_id, looks_like_token, read_token
from ..gateway.task import Task
from ..jobs.destination import Exist, Video, kept, place, stored_before
from ..jobs.effects import CREATE, Call, Do, Policy, Progress, Recall
from ..jobs.part_file import sweep
from ..jobs.perform import AsyncPerformer, Performer, drive, drive_async, shielded
from ..jobs.poller import Poller
from ..jobs.runtime import Runtime
from ..jobs.shared_wait import together
from ..jobs.submit import Digests, submit
from ..jobs.wait import ask
from ..limits import Limits, PollPlan, RetryBudget
from .job import AsyncJob, Job

if TYPE_CHECKING:
    from kling_client import Client

    from ..jobs.fleet import Names
    from ..jobs.fleet_status import Status
    from ..jobs.fleet_work import Terms
    from ..jobs.journal import Book, Journal
    from ..requests.image_to_video import ImageToVideo
    from ..rules.catalog import Catalog
    from .batch import AsyncBatch, Batch, Orders
    from .resume import Resumed

__all__ = ["AsyncKling", "Kling", "KlingAdvice"]

_T = TypeVar("_T")
_W = TypeVar("_W")
Flow = Generator[Any, Any, _T]

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
        journal: Journal | str | os.PathLike[str] | None = None,
        catalog: Catalog | str | os.PathLike[str] | None = None,
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
        self.gateway: Gateway = _gateway(base_url, gateway)
        self._runtime = runtime or Runtime()
        self._journal = _journal(journal)
        self._own_journal = self._journal is not journal
        self._catalog = _catalog(catalog)
        self._policy = Policy(
            limits=limits or Limits(),
            plan=poll or PollPlan(),
            uniform=self._runtime.uniform,
            budget=RetryBudget(),
        )
        self._options = Hidden({"verify": verify, "trust_env": trust_env, "proxy": proxy})
        self._tls: Any = None
        self._open: dict[str, Any] = {}
        self._polls: Poller | None = None
        self._ahead = 0.0  # seconds that a batch's sleeps were ahead of a clock that is made up
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        gateway = getattr(self, "gateway", None)  # none yet, in the traceback of a refused key
        return f"{type(self).__name__}(base_url={gateway and gateway.base_url!r})"

    def __getstate__(self) -> Any:
        raise TypeError("a client holds a key and can't be pickled: make it where it is used")

    def _link(self) -> Any:
        from .._version import __version__
        from ..wire.api_client import Link

        agent = f"kling-facade/{__version__}"
        return Link(
            self.gateway, self._credentials, self._policy.limits, agent, self._runtime.epoch
        )

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        """Makes a connection pool on first use, and anew after a fork: sockets can't be shared."""
        self._after_fork()
        with self._lock:
            if name not in self._open:
                self._open[name] = self._made(make)
            return self._open[name]

    def _after_fork(self) -> None:
        """In a new process there is none of the parent's connections, threads and waits."""
        if self._pid != os.getpid():
            self._open, self._polls = {}, None
            self._pid, self._lock = os.getpid(), threading.Lock()

    def _poller(self) -> Poller:
        """What answers the questions of all jobs that wait on this client."""
        self._after_fork()
        with self._lock:
            self._polls = self._polls or Poller(self._policy.plan.together, self._runtime.pace)
            return self._polls

    def _made(self, make: Callable[[], Any]) -> Any:
        """A connection pool.

        Raises:
            InvalidRequest: The proxy or the TLS settings, perhaps from the environment, are wrong.
                They are not shown: a proxy's address may hold a password.
        """
        from ..wire.api_client import SETTINGS_ERRORS

        try:
            return make()
        except SETTINGS_ERRORS as error:
            kind = type(error).__name__
        raise InvalidRequest(
            f"no connection can be set up with these proxy and TLS settings ({kind})",
            hint="Check proxy and verify, and HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE in the "
            "environment.",
        )

    def _close_journal(self) -> None:
        """A journal that was given as a path is ours to close."""
        if self._own_journal and self._journal is not None:
            self._journal.close()

    def _handle(self, ids: Ids, task: Task | None, book: Book | None = None) -> Any:
        raise NotImplementedError

    def _book(self) -> Book | None:
        """What one operation writes to the journal."""
        return self._journal.book(self.gateway.netloc) if self._journal is not None else None

    def _settings(self) -> dict[str, Any]:
        """What httpx is given. The TLS context is made once, for all connections of this client."""
        if self._tls is None:
            from ..wire.network import tls_context

            given = self._options.value()
            self._tls = tls_context(given["verify"], trust_env=given["trust_env"])
        return {**self._options.value(), "verify": self._tls}

    def _generated(self) -> Client:
        from kling_client import Client

        return Client(base_url=self.gateway.base_url)

    # --- what the flows are given

    def _checked(self, request: ImageToVideo) -> ImageToVideo:
        """The request, if nothing forbids it.

        Raises:
            InvalidRequest: With every problem at once. Nothing was sent.
        """
        for problem in request.check(self._catalog):
            warnings.warn(f"{problem}", KlingAdvice, stacklevel=5)
        return request

    def _check_price(self, request: ImageToVideo, max_units: float | None) -> None:
        if max_units is not None:
            from ..rules.cost import check_price

            factor = self.gateway.unit_price_factor
            check_price(request, max_units, factor=factor, catalog=self._catalog)

    def _submission(
        self,
        request: ImageToVideo,
        facts: dict[str, Any] | None = None,
        policy: Policy | None = None,
    ) -> tuple[Flow[Task], Ids]:
        self._checked(request)
        own = request.external_task_id
        ids = Ids(self._runtime.new_id() if own is None else checked_id(own))
        create, digests = self._create(request, ids)
        find = Call("get_image_to_video", {"id": ids.external_task_id})
        flow = submit(
            create,
            find,
            ids,
            policy or self._policy,
            facts or {},
            digests if self._journal else None,
        )
        return flow, ids

    def _create(self, request: ImageToVideo, ids: Ids) -> tuple[Call, Digests]:
        """The POST of a request, and the digests that tell it from others."""
        body = request.to_body(preset_config=self.gateway.preset_config)
        body.external_task_id = str(ids.external_task_id)
        return Call(CREATE, {"body": body}), lambda: digests_of(body.to_dict())

    def _standing(self, request: ImageToVideo, to: Any, exist: Exist) -> Flow[Video | None]:
        """The video that is at the destination already; else a check that one can be put there."""
        destination = Path(to).absolute()
        own = request.external_task_id
        if own is not None and self._journal is not None:
            ids = Ids(checked_id(own))
            entry = yield Recall(own)
            if entry is not None and entry.task_id is not None:
                yield Do(partial(sweep, destination, entry.task_id))
            if entry is not None and entry.sha256 is not None:
                _, digests = self._create(request, ids)
                if entry.digest in (yield Do(digests)):
                    video = yield from stored_before(entry, destination, ids)
                    if video is not None:
                        return video
        there: Video | None = yield Do(partial(kept, destination, exist))
        return there

    def _fleet(
        self,
        to: str | os.PathLike[str] | None,
        names: Names,
        exist: Exist,
        max_units: float | None,
        concurrency: int,
        timeout: float | None,
    ) -> tuple[Orders, Terms]:
        """What a batch goes by."""
        from .batch import Orders

        most = self._policy.limits.connections
        if not 1 <= concurrency <= most:
            raise InvalidRequest(
                f"concurrency is {concurrency}; it is 1 to {most}",
                hint="Limits(connections=...) allows for more.",
            )
        terms = self._terms(timeout, concurrency, fetches=to is not None)
        return Orders(self, to, names, exist, max_units), terms

    def _terms(
        self,
        timeout: float | None,
        concurrency: int = 8,
        *,
        fetches: bool = True,
        tells: bool = False,
    ) -> Terms:
        """What a fleet goes by."""
        from ..jobs.fleet_work import Terms

        most = self._policy.limits.connections
        return Terms(
            concurrency=min(concurrency, most),
            questions=min(8, most),
            downloads=min(4, most),
            timeout=timeout,
            fetches=fetches,
            tells=tells,
            adopt=self._handle,
        )

    def _page(self, number: int, size: int) -> Flow[list[Task]]:
        arguments = {"page_num": number, "page_size": size}
        envelope = yield from ask(Call("list_image_to_video", arguments), self._policy)
        return [Task.read(data) for data in envelope.data or ()]


def _ids(gateway: Gateway, task_id: str | None, external_task_id: str | None) -> Ids:
    if (task_id is None) == (external_task_id is None):
        raise InvalidRequest("give a task id, a token or an external_task_id, one of them")
    if task_id is None:
        return Ids(checked_id(external_task_id))
    if looks_like_token(task_id):
        return read_token(task_id, gateway)
    return Ids(None, checked_id(task_id))


def _journal(journal: Journal | str | os.PathLike[str] | None) -> Journal | None:
    if journal is None:
        return None
    from ..jobs.journal import Journal

    return journal if isinstance(journal, Journal) else Journal(journal)


def _catalog(catalog: Catalog | str | os.PathLike[str] | None) -> Catalog | None:
    if catalog is None:
        return None  # the bundled one, read when the first request is checked
    from ..rules.catalog import Catalog

    return catalog if isinstance(catalog, Catalog) else Catalog.load(catalog)


def _given(journal: Journal | None) -> Journal:
    if journal is None:
        raise InvalidRequest(
            "there is no journal to resume from", hint="Kling(journal='jobs.sqlite')"
        )
    return journal


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
        journal: A file that keeps what was paid for: a path, or a `Journal`. Without one, a job
            that is under way when the process dies is known to the gateway only.
        catalog: What the models can and what they cost, where you know better than the bundled
            catalogue: a TOML file that is laid over it, or a `Catalog`.
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
        self._close_journal()

    def submit(self, request: ImageToVideo) -> Job:
        """Checks the request, then gets one job accepted: one paid job, whatever the network does.

        Raises:
            InvalidRequest: With all problems; nothing was sent. Or the gateway found one.
            OutcomeUnknown: The answer was lost and the job not found within the grace time. It may
                exist: the error has the external id and says how to look later.
            AuthError, AccountError, Throttled, NotSent: As their names say. Nothing was accepted.
        """
        with self._working() as book:
            return self._submit(request, book)

    def _submit(
        self, request: ImageToVideo, book: Book | None, facts: dict[str, Any] | None = None
    ) -> Job:
        flow, ids = self._submission(request, facts)
        try:
            task = self._run(flow, book=book)
        except (KeyboardInterrupt, SystemExit) as error:
            error.add_note(_perhaps(ids))
            raise
        return Job(self, ids, task, book)

    @contextmanager
    def _working(self) -> Iterator[Book | None]:
        """The rows that are written here are ours until the end of the block."""
        book = self._book()
        try:
            yield book
        finally:
            if book is not None:
                book.release()

    def job(self, task_id: str | None = None, *, external_task_id: str | None = None) -> Job:
        """A handle for a job that exists already. Asks nothing yet.

        Args:
            task_id: The gateway's id, or a `Job.token`; or
            external_task_id: Ours.

        Raises:
            InvalidRequest: Neither, both, not an id, or a token that is not of this gateway.
        """
        return self._handle(_ids(self.gateway, task_id, external_task_id), None)

    def _handle(self, ids: Ids, task: Task | None, book: Book | None = None) -> Job:
        return Job(self, ids, task, book)

    def resume(
        self,
        journal: Journal | str | os.PathLike[str] | None = None,
        *,
        requests: Iterable[ImageToVideo] = (),
        timeout: float | None = None,
        on_update: Callable[[Progress], object] | None = None,
    ) -> Iterator[Resumed]:
        """Goes on with every job of the journal that is not done, after a crash or a Ctrl-C.

        Each is looked up, waited for, and downloaded to where `generate` was told to put it: all
        together, as `generate_many` does it. One that fails does not stop the others. Nothing is
        submitted, but for ``requests``.

        Args:
            journal: Another journal than the client's.
            requests: Requests whose intent stands in the journal under their own
                ``external_task_id`` and that never became jobs: each is submitted once.
            timeout: Longest wait for each job in seconds; ``None`` for `Limits.wait`.
            on_update: As in `Job.wait`.

        Yields:
            What became of each row, as it is done.

        Raises:
            JournalError: The journal can't be used.
            InvalidRequest: There is none.
        """
        from .resume import resume

        used = _given(_journal(journal) or self._journal)
        return resume(self, used, requests, timeout, on_update)

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
        with self._working() as book:
            there = self._run(self._standing(request, to, exist), book=book)
            if there is not None:
                return there
            self._check_price(request, max_units)
            job = self._submit(request, book, place(to, exist))
            return job.wait(timeout, on_update=on_update).download(to, exist=exist)

    def generate_many(
        self,
        requests: Iterable[ImageToVideo],
        to: str | os.PathLike[str] | None = None,
        *,
        concurrency: int = 8,
        names: Names = None,
        exist: Exist = "error",
        timeout: float | None = None,
        max_units: float | None = None,
        on_update: Callable[[Status], object] | None = None,
    ) -> Batch:
        """Many requests at once; iterate over the result for an `Outcome` of each as it ends.

        Nothing is sent before the iteration begins. One failing job never stops the others: its
        outcome has the error. The creates in flight adapt to a gateway that says "too many", and
        one list question answers for all waiting jobs where the gateway serves lists.

        Args:
            requests: The requests; an iterator is drawn on as there is room.
            to: The folder for the videos, made if it is missing; ``None`` stores none.
            concurrency: Most creates in flight at once.
            names: File names: a function of number (from 0) and request, or a list. Left out, a
                file is called by number and picture, such as ``0001-fox.mp4``.
            exist: When a video is there: ``"error"``, ``"skip"`` (keep it, and pay for nothing) or
                ``"overwrite"``.
            timeout: Longest wait for one job in seconds; ``None`` for `Limits.wait`.
            max_units: Refuse each request that costs more units, or whose price is unknown.
            on_update: Called with a `Status` as things change; ``print`` will do.

        Returns:
            A `Batch`: an iterable that has its ``status``, after the last outcome the report.

        Example:
            >>> batch = kling.generate_many(requests, to="films")          # doctest: +SKIP
            >>> for outcome in batch:                                      # doctest: +SKIP
            ...     print(outcome.video if outcome.ok else outcome.error)
            >>> print(batch.status)                                        # doctest: +SKIP
        """
        from .batch import Batch

        orders, terms = self._fleet(to, names, exist, max_units, concurrency, timeout)
        return Batch(self, requests, orders, terms, on_update)

    def _run(
        self,
        flow: Flow[_T],
        on_update: Callable[[Progress], object] | None = None,
        book: Book | None = None,
    ) -> _T:
        return drive(flow, self._performer(on_update, book))

    def _wait(
        self,
        flow: Flow[Task],
        task_id: str | None,
        on_update: Callable[[Progress], object] | None,
        book: Book | None,
    ) -> Task:
        """Waits for one job, together with all others that wait on this client."""
        performer = self._performer(on_update, book)
        if not self._runtime.keeps_time:  # each sleep makes time pass: all would sleep in turn
            return drive(flow, performer)
        with self._poller().watch(performer.told) as watch:
            return drive(together(flow, watch, task_id), performer)

    def _performer(
        self, on_update: Callable[[Progress], object] | None = None, book: Book | None = None
    ) -> Performer:
        return Performer(
            self._client(), self._fetcher, self._runtime, book or self._book(), on_update
        )

    def _client(self) -> Client:
        def make() -> Any:
            from ..wire.api_client import GatewayClient

            client = GatewayClient(self._link(), **self._settings())
            client.face = self._generated().set_httpx_client(client)
            return client

        face: Client = self._once("api", make).face
        return face

    def _fetcher(self) -> Any:
        def make() -> Any:
            from ..wire.video_client import Fetcher

            return Fetcher(
                self.gateway, self._policy.limits, self._link().user_agent, **self._settings()
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
        self._close_journal()

    async def submit(self, request: ImageToVideo) -> AsyncJob:
        """One paid job, whatever the network does; see `Kling.submit`."""
        async with self._working() as book:
            return await self._submit(request, book)

    async def _submit(
        self, request: ImageToVideo, book: Book | None, facts: dict[str, Any] | None = None
    ) -> AsyncJob:
        flow, ids = self._submission(request, facts)
        try:
            task = await self._run(flow, book=book)
        except BaseException as error:
            if not isinstance(error, Exception):
                error.add_note(_perhaps(ids))
            raise
        return AsyncJob(self, ids, task, book)

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[Book | None]:
        """The rows that are written here are ours until the end of the block."""
        book = self._book()
        try:
            yield book
        finally:
            if book is not None:
                await shielded(book.release)

    def job(self, task_id: str | None = None, *, external_task_id: str | None = None) -> AsyncJob:
        """A handle for a job that exists already; see `Kling.job`. Not awaited: it asks nothing."""
        return self._handle(_ids(self.gateway, task_id, external_task_id), None)

    def _handle(self, ids: Ids, task: Task | None, book: Book | None = None) -> AsyncJob:
        return AsyncJob(self, ids, task, book)

    def resume(
        self,
        journal: Journal | str | os.PathLike[str] | None = None,
        *,
        requests: Iterable[ImageToVideo] = (),
        timeout: float | None = None,
        on_update: Callable[[Progress], object] | None = None,
    ) -> AsyncIterator[Resumed]:
        """Goes on with every job of the journal that is not done; see `Kling.resume`.

        Runs on asyncio. ``on_update`` may be a coroutine function.
        """
        from .resume import resume_async

        used = _given(_journal(journal) or self._journal)
        return resume_async(self, used, requests, timeout, on_update)

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
        async with self._working() as book:
            there = await self._run(self._standing(request, to, exist), book=book)
            if there is not None:
                return there
            self._check_price(request, max_units)
            job = await self._submit(request, book, place(to, exist))
            await job.wait(timeout, on_update=on_update)
            return await job.download(to, exist=exist)

    def generate_many(
        self,
        requests: Iterable[ImageToVideo],
        to: str | os.PathLike[str] | None = None,
        *,
        concurrency: int = 8,
        names: Names = None,
        exist: Exist = "error",
        timeout: float | None = None,
        max_units: float | None = None,
        on_update: Callable[[Status], object] | None = None,
    ) -> AsyncBatch:
        """Many requests at once; ``async for`` gives outcomes; see `Kling.generate_many`.

        Runs on asyncio. ``on_update`` may be a coroutine function.

        Example:
            >>> async for outcome in kling.generate_many(requests, to="films"):  # doctest: +SKIP
            ...     print(outcome)
        """
        from .batch import AsyncBatch

        orders, terms = self._fleet(to, names, exist, max_units, concurrency, timeout)
        return AsyncBatch(self, requests, orders, terms, on_update)

    async def _run(
        self,
        flow: Flow[_T],
        on_update: Callable[[Progress], object] | None = None,
        book: Book | None = None,
    ) -> _T:
        return await drive_async(flow, self._performer(on_update, book))

    async def _wait(
        self,
        flow: Flow[Task],
        task_id: str | None,
        on_update: Callable[[Progress], object] | None,
        book: Book | None,
    ) -> Task:
        """Waits for one job, together with all others that wait on this client."""
        performer = self._performer(on_update, book)
        if not self._runtime.keeps_time:
            return await drive_async(flow, performer)
        with self._poller().watch(performer.told) as watch:
            return await drive_async(together(flow, watch, task_id), performer)

    def _performer(
        self, on_update: Callable[[Progress], object] | None = None, book: Book | None = None
    ) -> AsyncPerformer:
        return AsyncPerformer(
            self._client(), self._fetcher, self._runtime, book or self._book(), on_update
        )

    def _client(self) -> Client:
        def make() -> Any:
            from ..wire.api_client import AsyncGatewayClient

            client = AsyncGatewayClient(self._link(), **self._settings())
            client.face = self._generated().set_async_httpx_client(client)
            return client

        face: Client = self._once("api", make).face
        return face

    def _fetcher(self) -> Any:
        def make() -> Any:
            from ..wire.video_client import AsyncFetcher

            return AsyncFetcher(
                self.gateway, self._policy.limits, self._link().user_agent, **self._settings()
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
