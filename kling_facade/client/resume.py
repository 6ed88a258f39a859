"""Going on after a crash: every open row of a journal is looked up, waited for and downloaded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve, frozen

from ..errors import InvalidRequest, JobNotFound, KlingError
from ..gateway.job_id import Ids
from ..gateway.task import Task
from ..jobs.destination import Exist, Video, stored_before
from ..jobs.download import download
from ..jobs.effects import Call, Do, Progress, Recall
from ..jobs.journal import Book, Entry, Journal
from ..jobs.part_file import sweep
from ..jobs.submit import look_back, submit

if TYPE_CHECKING:
    from ..jobs.fleet_status import Outcome
    from ..requests.image_to_video import ImageToVideo
    from .job import AsyncJob, Job
    from .kling import AsyncKling, Kling, _Base

__all__ = ["Resumed", "resume", "resume_async"]

_T = TypeVar("_T")
Flow = Generator[Any, Any, _T]


@frozen
class Resumed:
    """What became of one row of the journal.

    Attributes:
        external_task_id: Which row.
        job: The job, if the gateway knows it.
        video: Its file, if the row said where it goes.
        error: Why there is none. `JobTaken`: another process works on it. `JobNotFound`: an intent
            that never became a job; hand its request to ``resume(requests=[...])`` to submit it, or
            `Journal.forget` it.
    """

    external_task_id: str
    job: Job | AsyncJob | None = None
    video: Video | None = None
    error: KlingError | None = None

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.external_task_id}: {self.error.message}"
        return f"{self.external_task_id}: {self.video or self.job}"


@frozen(eq=False)
class _Row:
    """One row on its way."""

    kling: _Base[Any]
    entry: Entry
    request: ImageToVideo | None
    task: Task | None = None

    @property
    def ids(self) -> Ids:
        task_id = self.task.task_id if self.task else self.entry.task_id
        return Ids(self.entry.external_task_id, task_id)

    @property
    def find(self) -> Call:
        return Call("get_image_to_video", {"id": self.ids.task_id or self.ids.external_task_id})

    def settle(self) -> Flow[_Row | None]:
        """Claims the row and finds its job; ``None`` when somebody else has finished it since."""
        entry = yield Recall(self.entry.external_task_id)
        if entry is None or not entry.open:
            return None
        row = evolve(self, entry=entry)
        task = yield from look_back(entry, row.find, row.ids, self.kling._policy)
        if task is None:
            task = yield from row._post()
        return evolve(row, task=task)

    def _post(self) -> Flow[Task]:
        """An intent that never became a job: posted once, if its request is at hand."""
        ids = Ids(self.entry.external_task_id)
        if self.request is None:
            raise JobNotFound(
                "it was about to be submitted, and the gateway knows no such job",
                hint="Submit it with resume(requests=[...]), the request under the same "
                "external_task_id; or drop the row with Journal.forget().",
                external_task_id=ids.external_task_id,
            )
        create, digests = self.kling._create(self.request, ids)
        found = yield Do(digests)
        if self.entry.digest not in (None, *found):
            raise InvalidRequest(
                "the request handed to resume is not the one in the journal",
                external_task_id=ids.external_task_id,
            )
        facts = {"digest": found[0]}
        return (yield from submit(create, self.find, ids, self.kling._policy, facts))

    def stored(self) -> Flow[Video | None]:
        """The video that an earlier run brought to where the row says."""
        if self.entry.destination is None:
            return None
        return (yield from stored_before(self.entry, self.entry.destination, self.ids))

    def fetch(self, task: Task) -> Flow[Video | None]:
        """Brings the video to where the row says."""
        destination = self.entry.destination
        if destination is None:
            return None
        yield Do(partial(sweep, destination, task.task_id))
        exist: Exist = "overwrite" if self.entry.replace_file else "error"
        policy, gateway = self.kling._policy, self.kling.gateway
        return (
            yield from download(
                self.find, task, destination, self.ids, policy, gateway, exist, digest=True
            )
        )

    def job(self) -> Any:
        return self.kling._handle(self.ids, self.task) if self.task else None


class Rows:
    """The open rows of a journal as orders for a batch: found, waited for and fetched together.

    Args:
        kling: The client.
        journal: Whose rows.
        requests: For intents that never became jobs.
    """

    def __init__(
        self, kling: _Base[Any], journal: Journal, requests: Iterable[ImageToVideo]
    ) -> None:
        self._kling = kling
        self._journal = journal
        self._at_hand = {request.external_task_id: request for request in requests}

    def ready(self) -> None:
        """Nothing is to be made."""

    def book(self) -> Book:
        """What one row's operation is written through."""
        return self._journal.book(self._kling.gateway.netloc)

    def open(self) -> list[_Row]:
        """The rows that are not done."""
        netloc = self._kling.gateway.netloc
        return [
            _Row(self._kling, entry, self._at_hand.get(entry.external_task_id))
            for entry in self._journal.entries()
            if entry.open and entry.gateway == netloc
        ]

    def begin(self, entry: Any) -> Flow[Any]:
        """The task of the row's job; or its video, if that is there; ``None`` for nothing to do."""
        entry.ids = Ids(entry.request.entry.external_task_id)
        row = yield from entry.request.settle()
        if row is None:
            return None
        entry.request, entry.ids = row, row.ids
        video = yield from row.stored()
        if video is None:
            return row.task
        entry.job = row.job()
        return video

    def fetch(self, entry: Any) -> Flow[Video | None]:
        """The video, stored."""
        row: _Row = entry.request
        return (yield from row.fetch(entry.job.task))


def _resumed(outcome: Outcome[Any]) -> Resumed | None:
    """What a row's outcome says; ``None`` for one that somebody else has finished since."""
    row: Any = outcome.request
    error, job = outcome.error, outcome.job or row.job()
    if error is None and job is None:
        return None
    if isinstance(error, KlingError):
        row.ids.on(error).job = job
    elif error is not None:
        raise error
    return Resumed(row.entry.external_task_id, job, outcome.video, error)


def resume(
    kling: Kling,
    journal: Journal,
    requests: Iterable[ImageToVideo],
    timeout: float | None,
    on_update: Callable[[Progress], object] | None,
) -> Iterator[Resumed]:
    """See `Kling.resume`."""
    from .batch import Batch

    orders = Rows(kling, journal, requests)
    terms = kling._terms(timeout, tells=on_update is not None)
    for outcome in Batch(kling, orders.open(), orders, terms, None, on_update):
        resumed = _resumed(outcome)
        if resumed is not None:
            yield resumed


async def resume_async(
    kling: AsyncKling,
    journal: Journal,
    requests: Iterable[ImageToVideo],
    timeout: float | None,
    on_update: Callable[[Progress], object] | None,
) -> AsyncIterator[Resumed]:
    """See `AsyncKling.resume`."""
    from .batch import AsyncBatch

    orders = Rows(kling, journal, requests)
    terms = kling._terms(timeout, tells=on_update is not None)
    rows = await asyncio.to_thread(orders.open)
    batch = AsyncBatch(kling, rows, orders, terms, None, on_update)
    async with aclosing(aiter(batch)) as outcomes:
        async for outcome in outcomes:
            resumed = _resumed(outcome)
            if resumed is not None:
                yield resumed
