# Made from async_job.py by scripts/unasync.py: edit that one.
"""A job at the gateway, as a handle: ask, wait, download."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from ..gateway.job_token import write_token
from ..gateway.task import State, Task
from ..jobs.destination import Exist, Video
from ..jobs.effects import Progress
from ..jobs.known_job import KnownJob
from ..jobs.wait import is_over
from .blocking_session import BlockingSession

if TYPE_CHECKING:
    from ..jobs.journal import Book

__all__ = ["Job"]


class Job:
    """A job, from `Kling.submit`, `Kling.job` or `Kling.jobs`.

    Its methods block.
    """

    def __init__(self, session: BlockingSession, known: KnownJob, book: Book | None = None) -> None:
        self._session = session
        self._known = known
        self._book = book

    @property
    def task(self) -> Task | None:
        """The newest snapshot; ``None`` when the gateway has not been asked yet."""
        return self._known.task

    @property
    def task_id(self) -> str | None:
        """The gateway's id, once it is known."""
        return self._known.task_id

    @property
    def external_task_id(self) -> str | None:
        """Our id, if the job has one."""
        return self._known.external_task_id

    @property
    def state(self) -> State:
        """Where it stood when the gateway was asked last."""
        return self._known.state

    @property
    def token(self) -> str:
        """This job as a text for another machine: ``kling.job(token)`` goes on with it there.

        It holds the ids and the gateway's host, no key and no address to fetch.
        """
        return write_token(self._session.gateway, self._known.ids)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.task_id or self.external_task_id} {self.state}>"

    def refresh(self) -> Self:
        """Asks the gateway once for the job's state.

        Raises:
            JobNotFound: The gateway knows no such job.
            KlingError: It could not be asked.
        """
        known, session = self._known, self._session
        with known.carried_by_errors(self):
            known.keep(session.run(known.refresh(session.policy), book=self._book))
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
        known, session = self._known, self._session

        def told(progress: Progress) -> Any:
            # Each snapshot is kept, so that a wait that is cut short leaves the newest one here.
            known.keep(progress.task)
            return on_update(progress) if on_update is not None else None

        with known.carried_by_errors(self):
            flow = known.wait(session.policy, timeout)
            known.task = session.wait(flow, self.task_id, told, self._book)
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
        known, session = self._known, self._session
        if known.task is None or not is_over(known.task):
            self.wait()
        with known.carried_by_errors(self):
            self._succeeded()
            digest = self._book is not None or session.journal is not None
            flow = known.download(session.policy, session.gateway, path, exist, digest=digest)
            return session.run(flow, book=self._book)

    def _succeeded(self) -> Self:
        """This job, if it has a video.

        Raises:
            JobFailed: It ended without one.
        """
        failure = self._known.failure()
        if failure is not None:
            raise failure
        return self
