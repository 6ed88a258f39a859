"""Going on after a crash: the open rows of a journal as orders for a batch.

Each row is looked up, waited for and downloaded, all together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from ..errors import InvalidRequest, JobNotFound, JournalError, KlingError
from ..gateway.job_id import Ids
from ..gateway.task import Task
from ..jobs.destination import Exist, Video, stored_before
from ..jobs.effects import Do, Flow, Recall
from ..jobs.journal import Book, Entry, Journal
from ..jobs.known_job import KnownJob
from ..jobs.part_file import sweep
from ..jobs.submit import look_back, submit
from .session import Session

if TYPE_CHECKING:
    from ..jobs.fleet_status import Ended
    from ..requests.image_to_video import ImageToVideo
    from .async_job import AsyncJob
    from .job import Job

__all__ = ["Resumed", "Row", "Rows"]


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
class Row:
    """One row on its way: as it was read, its request if that is at hand, its job once found."""

    session: Session
    entry: Entry
    request: ImageToVideo | None
    task: Task | None = None

    @property
    def known(self) -> KnownJob:
        """The job, by the ids of the row and the newest snapshot."""
        return KnownJob(Ids(self.entry.external_task_id, self.entry.task_id), self.task)

    def settle(self) -> Flow[Row | None]:
        """Claims the row and finds its job; ``None`` when somebody else has finished it since."""
        entry = yield Recall(self.entry.external_task_id)
        if entry is None or not entry.open:
            return None
        row = evolve(self, entry=entry)
        known = row.known
        task = yield from look_back(entry, known.find, known.ids, self.session.policy)
        if task is None:
            task = yield from row.post()
        return evolve(row, task=task)

    def post(self) -> Flow[Task]:
        """An intent that never became a job: posted once, if its request is at hand."""
        ids = Ids(self.entry.external_task_id)
        if self.request is None:
            raise JobNotFound(
                "it was about to be submitted, and the gateway knows no such job",
                hint="Submit it with resume(requests=[...]), the request under the same "
                "external_task_id; or drop the row with Journal.forget().",
                external_task_id=ids.external_task_id,
            )
        create, digests = self.session.creation(self.request, ids)
        found = yield Do(digests)
        if self.entry.digest not in (None, *found):
            raise InvalidRequest(
                "the request handed to resume is not the one in the journal",
                external_task_id=ids.external_task_id,
            )
        facts = {"digest": found[0]}
        return (yield from submit(create, self.known.find, ids, self.session.policy, facts))

    def stored(self) -> Flow[Video | None]:
        """The video that an earlier run brought to where the row says."""
        if self.entry.destination is None:
            return None
        return (yield from stored_before(self.entry, self.entry.destination, self.known.ids))

    def fetch(self, known: KnownJob) -> Flow[Video | None]:
        """Brings the video to where the row says."""
        destination = self.entry.destination
        if destination is None:
            return None
        yield Do(partial(sweep, destination, str(known.task_id)))
        exist: Exist = "overwrite" if self.entry.replace_file else "error"
        policy, gateway = self.session.policy, self.session.gateway
        return (yield from known.download(policy, gateway, destination, exist, digest=True))


class Rows:
    """The open rows of a journal, as a batch takes them.

    Args:
        session: The client's.
        journal: Whose rows.
        requests: For intents that never became jobs.
        adopt: Makes the caller's handle of a job.
    """

    def __init__(
        self,
        session: Session,
        journal: Journal,
        requests: Iterable[ImageToVideo],
        adopt: Callable[[KnownJob], Any],
    ) -> None:
        self._session = session
        self._journal = journal
        self._at_hand = {request.external_task_id: request for request in requests}
        self._adopt = adopt

    def ready(self) -> None:
        """Nothing is to be made."""

    def book(self) -> Book:
        """What one row's operation is written through."""
        return self._journal.book(self._session.gateway.netloc)

    def open(self) -> list[Row]:
        """The rows of this gateway that are not done; damaged ones too, to be told of by name."""
        netloc = self._session.gateway.netloc
        return [
            Row(self._session, entry, self._at_hand.get(entry.external_task_id))
            for entry in map(self._entry, self._journal.read())
            if entry.open and entry.gateway == netloc
        ]

    def _entry(self, found: Entry | JournalError) -> Entry:
        """What was read; of a damaged row its name, so that it fails when its turn comes."""
        if isinstance(found, Entry):
            return found
        return Entry(str(found.external_task_id), self._session.gateway.netloc, "intent")

    def begin(self, entry: Any) -> Flow[Any]:
        """The task of the row's job; or its video, if that is there; ``None`` for nothing to do."""
        entry.ids = Ids(entry.request.entry.external_task_id)
        row = yield from entry.request.settle()
        if row is None:
            return None
        entry.request, entry.ids = row, row.known.ids
        video = yield from row.stored()
        if video is None:
            return row.task
        entry.job = self._adopt(row.known)
        return video

    def fetch(self, entry: Any) -> Flow[Video | None]:
        """The video, stored."""
        row: Row = entry.request
        return (yield from row.fetch(entry.known))

    def resumed(self, outcome: Ended) -> Resumed | None:
        """What a row's outcome says; ``None`` for one that somebody else has finished since."""
        row: Any = outcome.request
        error, job = outcome.error, outcome.job
        if job is None and row.task is not None:
            job = self._adopt(row.known)
        if error is None and job is None:
            return None
        if error is not None:
            error = row.known.ids.on(_of_ours(error))
            error.job = job
        return Resumed(row.entry.external_task_id, job, outcome.video, error)


def _of_ours(error: Exception) -> KlingError:
    """The error of one row: it must not end the others, whatever it is."""
    if isinstance(error, KlingError):
        return error
    ours = KlingError(
        f"this row can't be finished: {type(error).__name__}: {error}",
        hint="The other rows go on. Look at the row with Journal.entries(); resume again when what "
        "it names is mended, or drop the row with Journal.forget().",
    )
    ours.__cause__ = error
    return ours
