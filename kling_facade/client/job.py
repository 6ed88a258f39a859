"""A job at the gateway, as a handle: ask, wait, download."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ..errors import JobFailed, KlingError
from ..gateway.job_id import Ids, write_token
from ..gateway.task import State, Task
from ..jobs.destination import Exist, Video, ready_destination
from ..jobs.download import download
from ..jobs.effects import Call, Progress
from ..jobs.wait import is_over, refresh, wait

if TYPE_CHECKING:
    from ..jobs.journal import Book
    from .kling import AsyncKling, Kling, _Base

__all__ = ["AsyncJob", "Job"]

_T = TypeVar("_T")
Flow = Generator[Any, Any, _T]


class _Handle:
    """What a job is, whichever way it is driven."""

    def __init__(
        self, kling: _Base[Any], ids: Ids, task: Task | None, book: Book | None = None
    ) -> None:
        self._kling = kling
        self._ids = ids
        self._task = task
        self._book = book

    @property
    def task(self) -> Task | None:
        """The newest snapshot; ``None`` when the gateway has not been asked yet."""
        return self._task

    @property
    def task_id(self) -> str | None:
        """The gateway's id, once it is known."""
        return self._task.task_id if self._task else self._ids.task_id

    @property
    def external_task_id(self) -> str | None:
        """Our id, if the job has one."""
        echoed = self._task.external_task_id if self._task else None
        return self._ids.external_task_id or echoed

    @property
    def state(self) -> State:
        """Where it stood when the gateway was asked last."""
        return self._task.state if self._task else State.UNKNOWN

    @property
    def token(self) -> str:
        """This job as a text for another machine: ``kling.job(token)`` goes on with it there.

        It holds the ids and the gateway's host, no key and no address to fetch.
        """
        return write_token(self._kling.gateway, self._known())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.task_id or self.external_task_id} {self.state}>"

    def _find(self) -> Call:
        key = self.task_id or self._ids.external_task_id
        return Call("get_image_to_video", {"id": key})

    def _known(self) -> Ids:
        return Ids(self._ids.external_task_id, self.task_id)

    def _refresh(self) -> Flow[Task]:
        return refresh(self._find(), self._known(), self._kling._policy)

    def _keep(self, task: Task) -> None:
        """Takes a newer snapshot, but for one that takes a final state back."""
        known = self._task
        if known is None or not known.state.final or task.state is known.state:
            self._task = task

    def _keeping(self, on_update: Callable[[Progress], Any] | None) -> Callable[[Progress], Any]:
        """Takes each snapshot, so that a wait that is cut short leaves the newest one here."""

        def told(progress: Progress) -> Any:
            self._keep(progress.task)
            return on_update(progress) if on_update is not None else None

        return told

    def _wait(self, timeout: float | None) -> Flow[Task]:
        policy = self._kling._policy
        longest = policy.limits.wait if timeout is None else timeout
        return wait(self._find(), self._task, self._known(), policy, longest)

    def _download(self, path: str | os.PathLike[str], exist: Exist) -> Flow[Video]:
        assert self._task is not None
        destination = ready_destination(path, exist)
        return download(
            self._find(),
            self._task,
            destination,
            self._known(),
            self._kling._policy,
            self._kling.gateway,
            exist,
            digest=self._book is not None or self._kling._journal is not None,
        )

    def _succeeded(self) -> Self:
        """This job, if it has a video.

        Raises:
            JobFailed: It ended without one.
        """
        task = self._task
        if task is None or task.state is not State.FAILED:
            return self
        raise JobFailed(
            task.message or "the job failed, and the gateway does not say why",
            hint="A failed job is over. Change what the reason names, then submit a new request.",
            task_id=task.task_id,
            external_task_id=self.external_task_id,
            job=self,
        )

    @contextmanager
    def _carrying(self) -> Iterator[None]:
        """Lets no error leave without this job, and no interruption without its id."""
        try:
            yield
        except KlingError as error:
            self._known().on(error)
            error.job = error.job or self
            raise
        except BaseException as error:
            if not isinstance(error, Exception):
                error.add_note(self._farewell())
            raise

    def _farewell(self) -> str:
        key = repr(self.task_id) if self.task_id else f"external_task_id={self.external_task_id!r}"
        return f"The job goes on at the gateway. Go on with it: kling.job({key}).wait()"


class Job(_Handle):
    """A job, from `Kling.submit`, `Kling.job` or `Kling.jobs`. Its methods block."""

    _kling: Kling

    def refresh(self) -> Self:
        """Asks the gateway once for the job's state.

        Raises:
            JobNotFound: The gateway knows no such job.
            KlingError: It could not be asked.
        """
        with self._carrying():
            self._keep(self._kling._run(self._refresh(), book=self._book))
        return self

    def wait(
        self,
        timeout: float | None = None,
        *,
        on_update: Callable[[Progress], object] | None = None,
    ) -> Self:
        """Waits until the job has its video.

        Args:
            timeout: Longest wait in seconds; ``None`` for `Limits.wait` (an hour).
            on_update: Called after each question with a `Progress`; ``print`` will do.

        Raises:
            JobFailed: The job ended without a video; the message is the gateway's reason.
            WaitTimeout: Time is up; the job goes on, and ``error.job.wait()`` goes on waiting.
            KlingError: It could not be asked.
        """
        with self._carrying():
            flow, told = self._wait(timeout), self._keeping(on_update)
            self._task = self._kling._wait(flow, self.task_id, told, self._book)
        return self._succeeded()

    def download(self, path: str | os.PathLike[str], *, exist: Exist = "error") -> Video:
        """Stores the video. Waits for it first if the job still runs.

        The file appears at ``path`` when it is whole, never before.

        Args:
            path: Where the file goes; its folder must exist.
            exist: When there is a file: ``"error"``, ``"skip"`` (keep it, if it is a whole video)
                or ``"overwrite"``.

        Raises:
            JobFailed: The job has no video.
            DownloadError: The file exists or the disk refused it.
            ResultExpired: The gateway serves it no more.
            BadResponse: What came is no video.
        """
        if self._task is None or not is_over(self._task):
            self.wait()
        self._succeeded()
        with self._carrying():
            return self._kling._run(self._download(path, exist), book=self._book)


class AsyncJob(_Handle):
    """A job, from `AsyncKling`. Its methods are awaited; see `Job` for what they promise."""

    _kling: AsyncKling

    async def refresh(self) -> Self:
        """Asks the gateway once for the job's state; see `Job.refresh`."""
        with self._carrying():
            self._keep(await self._kling._run(self._refresh(), book=self._book))
        return self

    async def wait(
        self,
        timeout: float | None = None,
        *,
        on_update: Callable[[Progress], object] | None = None,
    ) -> Self:
        """Waits until the job has its video; see `Job.wait`. ``on_update`` may be a coroutine."""
        with self._carrying():
            flow, told = self._wait(timeout), self._keeping(on_update)
            self._task = await self._kling._wait(flow, self.task_id, told, self._book)
        return self._succeeded()

    async def download(self, path: str | os.PathLike[str], *, exist: Exist = "error") -> Video:
        """Stores the video; see `Job.download`."""
        if self._task is None or not is_over(self._task):
            await self.wait()
        self._succeeded()
        with self._carrying():
            return await self._kling._run(self._download(path, exist), book=self._book)
