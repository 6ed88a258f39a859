"""Going on after a crash: every open row of a journal is looked up, waited for and downloaded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve, frozen

from .download import Exist, Video, download, stored_before, sweep
from .errors import InvalidRequest, JobNotFound, KlingError
from .flow import Call, Do, Ids, Progress, Recall, look_back, submit, wait
from .journal import Book, Entry, Journal
from .task import State, Task

if TYPE_CHECKING:
    from .client import AsyncKling, Kling, _Base
    from .job import AsyncJob, Job
    from .request import ImageToVideo

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


@frozen
class _Run:
    """A flow to run under a row's claim."""

    flow: Flow[Any]
    book: Book


@frozen(eq=False)
class _Row:
    """One row on its way."""

    kling: _Base[Any]
    entry: Entry
    book: Book
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
        create, digest = self.kling._create(self.request, ids)
        found = yield Do(digest)
        if self.entry.digest not in (None, found):
            raise InvalidRequest(
                "the request handed to resume is not the one in the journal",
                external_task_id=ids.external_task_id,
            )
        facts = {"digest": found}
        return (yield from submit(create, self.find, ids, self.kling._policy, facts))

    def finish(self, timeout: float | None) -> Flow[tuple[Task, Video | None]]:
        """Waits for the job, then brings its video to where the row says."""
        policy, ids = self.kling._policy, self.ids
        destination = self.entry.destination
        if destination is not None:
            video = yield from stored_before(self.entry, destination, ids)
            if video is not None and self.task is not None:
                return self.task, video
        longest = policy.limits.wait if timeout is None else timeout
        task = yield from wait(self.find, self.task, ids, policy, longest)
        if destination is None or task.state is State.FAILED:
            return task, None
        yield Do(partial(sweep, destination, task.task_id))
        exist: Exist = "overwrite" if self.entry.replace_file else "error"
        gateway = self.kling.gateway
        video = yield from download(
            self.find, task, destination, ids, policy, gateway, exist, digest=True
        )
        return task, video

    def job(self) -> Any:
        return self.kling._handle(self.ids, self.task) if self.task else None

    def failed(self, error: KlingError) -> Resumed:
        job = error.job = self.job()
        return Resumed(self.entry.external_task_id, job, None, self.ids.on(error))


def _plan(
    kling: _Base[Any], journal: Journal, requests: Iterable[ImageToVideo], timeout: float | None
) -> Generator[_Run | Resumed, Any, None]:
    """Finds all jobs first, those that have ended go on at once; then the others, one by one."""
    at_hand = {request.external_task_id: request for request in requests}
    rows = [
        _Row(kling, entry, journal.book(kling.gateway.netloc), at_hand.get(entry.external_task_id))
        for entry in (yield _Run(_open_rows(journal, kling.gateway.netloc), journal.book("")))
    ]
    running: list[_Row] = []
    try:
        for row in rows:
            try:
                found = yield _Run(row.settle(), row.book)
            except KlingError as error:
                yield row.failed(error)
                continue
            if found is not None and found.task.state.final:
                yield (yield from _finish(found, timeout))
            elif found is not None:
                running.append(found)
        for row in running:
            yield (yield from _finish(row, timeout))
    finally:
        for row in rows:
            row.book.release()


def _open_rows(journal: Journal, gateway: str) -> Flow[list[Entry]]:
    entries: list[Entry] = yield Do(journal.entries)
    return [entry for entry in entries if entry.open and entry.gateway == gateway]


def _finish(row: _Row, timeout: float | None) -> Generator[_Run, Any, Resumed]:
    try:
        task, video = yield _Run(row.finish(timeout), row.book)
        job = row.kling._handle(row.ids, task)
        job._succeeded()
        return Resumed(row.entry.external_task_id, job, video)
    except KlingError as error:
        return row.failed(error)
    finally:
        row.book.release()


def resume(
    kling: Kling,
    journal: Journal,
    requests: Iterable[ImageToVideo],
    timeout: float | None,
    on_update: Callable[[Progress], object] | None,
) -> Iterator[Resumed]:
    """See `Kling.resume`."""
    plan = _plan(kling, journal, requests, timeout)
    result: Any = None
    failure: KlingError | None = None
    try:
        while True:
            step = plan.throw(failure) if failure else plan.send(result)
            result = failure = None
            if isinstance(step, Resumed):
                yield step
                continue
            try:
                result = kling._run(step.flow, on_update, step.book)
            except KlingError as error:
                failure = error
    except StopIteration:
        return
    finally:
        plan.close()


async def resume_async(
    kling: AsyncKling,
    journal: Journal,
    requests: Iterable[ImageToVideo],
    timeout: float | None,
    on_update: Callable[[Progress], object] | None,
) -> AsyncIterator[Resumed]:
    """See `AsyncKling.resume`."""
    plan = _plan(kling, journal, requests, timeout)
    result: Any = None
    failure: KlingError | None = None
    try:
        while True:
            step = plan.throw(failure) if failure else plan.send(result)
            result = failure = None
            if isinstance(step, Resumed):
                yield step
                continue
            try:
                result = await kling._run(step.flow, on_update, step.book)
            except KlingError as error:
                failure = error
    except StopIteration:
        return
    finally:
        plan.close()
