"""The client: checks, submits, waits and downloads by way of its session."""

# The blocking twin, kling.py, is made from this file: python scripts/unasync.py

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Self, Unpack, overload

from ..gateway.credentials import Credentials, find_credentials
from ..gateway.gateway import Gateway, choose_gateway
from ..gateway.job_id import Ids
from ..gateway.task import Task
from ..jobs.destination import Exist, Video, place
from ..jobs.effects import Progress
from ..jobs.known_job import KnownJob
from ..jobs.runtime import Runtime
from ..limits import Limits, PollPlan
from ..requests.request_fields import RequestFields, as_request
from .async_job import AsyncJob
from .awaited_session import AwaitedSession
from .session import note_on_interruption

if TYPE_CHECKING:
    from ..builders.pictures.picture import PictureSource
    from ..catalog import Catalog
    from ..jobs.fleet_status import Status
    from ..jobs.journal import Book, Journal
    from ..requests.image_to_video import ImageToVideo
    from .async_batch import AsyncBatch
    from .orders import Names
    from .resumed_rows import Resumed

__all__ = ["AsyncKling"]


class AsyncKling:
    """A client of one gateway, with ``await``.

    Safe to share between threads and event loops. Use it as a context manager, or `aclose` it.

    Args:
        api_key: The gateway's key; default: ``KLING_API_KEY``, or ``KLING_ACCESS_KEY`` with
            ``KLING_SECRET_KEY``.
        base_url: The gateway's address; default: ``KLING_BASE_URL``, or the gateway that published
            the bundled document.
        gateway: More than an address: a `Gateway`.
        credentials: More than a key: `ApiKey` or `AccessKeys`.
        journal: A file that keeps what was paid for: a path, or a `Journal`. Without one, a job
            that is under way when the process dies is known to the gateway only.
        catalog: What the models can do and what they cost, where you know better than the bundled
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
        >>> async with AsyncKling() as kling:                             # doctest: +SKIP
        ...     job = await kling.submit(ImageToVideo("fox.png", prompt="the fox turns its head"))
        ...     await job.wait(on_update=print)
        ...     video = await job.download("fox.mp4")
    """

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
        del api_key  # an error below must not show it among the locals of this frame
        self._session = AwaitedSession(
            found,
            choose_gateway(base_url, gateway, found, os.environ),
            journal=journal,
            catalog=catalog,
            limits=limits,
            poll=poll,
            runtime=runtime,
            options={"verify": verify, "trust_env": trust_env, "proxy": proxy},
        )

    @property
    def gateway(self) -> Gateway:
        """The gateway that this client talks to."""
        return self._session.gateway

    def __repr__(self) -> str:
        session = getattr(self, "_session", None)  # none yet, in the traceback of a refused key
        return f"{type(self).__name__}(base_url={session and session.gateway.base_url!r})"

    def __getstate__(self) -> Any:
        raise TypeError("a client holds a key and can't be pickled: make it where it is used")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections. Jobs go on at the gateway."""
        await self._session.aclose()

    @overload
    async def submit(
        self, request: ImageToVideo, *, max_units: float | None = None
    ) -> AsyncJob: ...
    @overload
    async def submit(
        self,
        request: PictureSource,
        *,
        max_units: float | None = None,
        **fields: Unpack[RequestFields],
    ) -> AsyncJob: ...
    async def submit(
        self,
        request: ImageToVideo | PictureSource,
        *,
        max_units: float | None = None,
        **fields: Unpack[RequestFields],
    ) -> AsyncJob:
        """Checks the request, then gets one job accepted: one paid job, whatever the network does.

        Args:
            request: What to film: an `ImageToVideo`, or a picture with the fields beside it.
            max_units: Refuse a request that costs more of Kling's units, or whose price is unknown.
            fields: The fields of an `ImageToVideo`, where ``request`` is a picture.

        Raises:
            InvalidRequest: With all problems; nothing was sent. Or the gateway found one.
            OutcomeUnknown: The answer was lost and the job not found within the grace time. It may
                exist: the error has the external id and says how to look later.
            AuthError, AccountError, Throttled, NotSent: As their names say. Nothing was accepted.
        """
        order = as_request(request, fields)
        self._session.check_price(order, max_units)
        async with self._working() as book:
            return await self._submit(order, book)

    async def _submit(
        self, request: ImageToVideo, book: Book | None, facts: dict[str, Any] | None = None
    ) -> AsyncJob:
        flow, ids = self._session.submission(request, facts)
        try:
            task = await self._session.run(flow, book=book)
        except BaseException as error:
            if not isinstance(error, Exception):  # interrupted or cancelled, perhaps after the POST
                error.add_note(note_on_interruption(ids))
            raise
        return self._job(ids, task, book)

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[Book | None]:
        """The journal's rows that are written in this block are claimed until its end."""
        book = self._session.book()
        try:
            yield book
        except BaseException:
            await self._session.release(book, unwinding=True)
            raise
        await self._session.release(book)

    def job(self, task_id: str | None = None, *, external_task_id: str | None = None) -> AsyncJob:
        """A handle for a job that exists already. Asks nothing yet.

        Args:
            task_id: The gateway's id, or an `AsyncJob.token`; or
            external_task_id: Ours.

        Raises:
            InvalidRequest: Neither, both, a text that is not an id, or a token of another gateway.
        """
        return self._job(self._session.ids(task_id, external_task_id), None)

    def _job(self, ids: Ids, task: Task | None, book: Book | None = None) -> AsyncJob:
        return AsyncJob(self._session, KnownJob(ids, task), book)

    def resume(
        self,
        journal: Journal | str | os.PathLike[str] | None = None,
        *,
        requests: Iterable[ImageToVideo] = (),
        timeout: float | None = None,
        on_update: Callable[[Progress], object] | None = None,
    ) -> AsyncIterator[Resumed]:
        """Goes on with every job of the journal that is not done, after a crash or a Ctrl-C.

        Each is looked up, waited for, and downloaded to where `generate` was told to put it: all
        together, as `generate_many` does it. One that fails does not stop the others. Nothing is
        submitted, except for ``requests``. Runs on asyncio.

        Args:
            journal: Another journal than the client's.
            requests: Requests whose intent stands in the journal under their own
                ``external_task_id`` and that never became jobs: each is submitted once.
            timeout: Longest wait for each job in seconds; ``None`` for `Limits.wait`.
            on_update: As in `AsyncJob.wait`.

        Yields:
            What became of each row, as it is done.

        Raises:
            JournalError: The journal can't be used.
            InvalidRequest: Neither the client nor the call has a journal.
        """
        from .async_resume import async_resume

        used = self._session.journal_to_resume(journal)
        return async_resume(self._session, used, requests, timeout, on_update)

    async def jobs(self, *, page_size: int = 100) -> AsyncIterator[AsyncJob]:
        """The account's jobs, page by page, as the gateway orders them.

        Args:
            page_size: Jobs per question, 1 to 500 (VD1).
        """
        number = 1
        while page := await self._session.run(self._session.page(number, page_size)):
            for task in page:
                yield self._job(Ids(task.external_task_id, task.task_id), task)
            if len(page) < page_size:
                return
            number += 1

    @overload
    async def generate(
        self,
        request: ImageToVideo,
        to: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        exist: Exist = "error",
        max_units: float | None = None,
        on_update: Callable[[Progress], object] | None = None,
    ) -> Video: ...
    @overload
    async def generate(
        self,
        request: PictureSource,
        to: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        exist: Exist = "error",
        max_units: float | None = None,
        on_update: Callable[[Progress], object] | None = None,
        **fields: Unpack[RequestFields],
    ) -> Video: ...
    async def generate(
        self,
        request: ImageToVideo | PictureSource,
        to: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        exist: Exist = "error",
        max_units: float | None = None,
        on_update: Callable[[Progress], object] | None = None,
        **fields: Unpack[RequestFields],
    ) -> Video:
        """Submit, wait and download in one call. The destination is checked before money is spent.

        Args:
            request: What to film: an `ImageToVideo`, or a picture with the fields beside it.
            to: Where the video goes; its folder must exist.
            timeout: Longest wait for the job in seconds; ``None`` for `Limits.wait`.
            exist: As in `AsyncJob.download`.
            max_units: Refuse a request that costs more of Kling's units, or whose price is unknown.
            on_update: As in `AsyncJob.wait`.
            fields: The fields of an `ImageToVideo`, where ``request`` is a picture.

        Raises:
            KlingError: As `submit`, `AsyncJob.wait` and `AsyncJob.download`; it carries the job, if
                there is one.
        """
        order, session = as_request(request, fields), self._session
        async with self._working() as book:
            there = await session.run(session.existing_video(order, to, exist), book=book)
            if there is not None:
                return there
            session.check_price(order, max_units)
            job = await self._submit(order, book, place(to, exist))
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
        """Many requests at once; iterate over the result for an `Outcome` of each as it ends.

        Nothing is sent before the iteration begins. One failing job never stops the others: its
        outcome has the error. The creates in flight adapt to a gateway that says "too many", and
        one list question answers for all waiting jobs where the gateway serves lists. Runs on
        asyncio.

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
            on_update: Called with a `Status` as things change; ``print`` will do. It may be a
                coroutine function.

        Returns:
            A `AsyncBatch`: an iterable that has its ``status``, after the last outcome the report.

        Example:
            >>> batch = kling.generate_many(requests, to="films")          # doctest: +SKIP
            >>> async for outcome in batch:                                # doctest: +SKIP
            ...     print(outcome.video if outcome.ok else outcome.error)
            >>> print(batch.status)                                        # doctest: +SKIP
        """
        from .async_batch import AsyncBatch
        from .orders import Orders, fleet_terms

        adopt = partial(AsyncJob, self._session)
        terms = fleet_terms(self._session, adopt, timeout, concurrency, fetches=to is not None)
        orders = Orders(self._session, to, names, exist, max_units)
        return AsyncBatch(self._session, requests, orders, terms, on_update)
