"""What is known of one job, whoever follows it: a handle, a fleet, a resumed row."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import define

from ..errors import JobFailed, KlingError
from ..gateway.gateway import Gateway
from ..gateway.job_id import Ids
from ..gateway.task import State, Task
from .destination import Exist, Video, ready_destination
from .download import download
from .effects import Call, Flow, Policy
from .wait import refresh, wait

__all__ = ["KnownJob"]


@define(eq=False)
class KnownJob:
    """The ids of a job and its newest snapshot, with the flows that go on from there.

    Attributes:
        given: The ids it was submitted or asked for under.
        task: The newest snapshot; ``None`` when the gateway has not been asked yet.
    """

    given: Ids
    task: Task | None = None

    @property
    def task_id(self) -> str | None:
        """The gateway's id, once it is known."""
        return self.task.task_id if self.task else self.given.task_id

    @property
    def external_task_id(self) -> str | None:
        """Our id, if the job has one."""
        echoed = self.task.external_task_id if self.task else None
        return self.given.external_task_id or echoed

    @property
    def state(self) -> State:
        """Where it stood when the gateway was asked last."""
        return self.task.state if self.task else State.UNKNOWN

    @property
    def ids(self) -> Ids:
        """All ids that an answer about this job may be held against."""
        return Ids(self.given.external_task_id, self.task_id)

    @property
    def find(self) -> Call:
        """The question for this job."""
        return Call("get_image_to_video", {"id": self.task_id or self.given.external_task_id})

    def keep(self, task: Task) -> None:
        """Takes a newer snapshot, unless it would take a final state back."""
        known = self.task
        if known is None or not known.state.final or task.state is known.state:
            self.task = task

    def failure(self) -> JobFailed | None:
        """The error of a job that ended without a video."""
        task = self.task
        if task is None or task.state is not State.FAILED:
            return None
        return JobFailed(
            task.message or "the job failed, and the gateway does not say why",
            hint="A failed job is over. Change what the reason names, then submit a new request.",
            task_id=task.task_id,
            external_task_id=self.external_task_id,
        )

    def refresh(self, policy: Policy) -> Flow[Task]:
        """Asks once; the result is the snapshot."""
        return refresh(self.find, self.ids, policy)

    def wait(self, policy: Policy, timeout: float | None) -> Flow[Task]:
        """Asks until the job has ended; the result is the final snapshot."""
        longest = policy.limits.wait if timeout is None else timeout
        return wait(self.find, self.task, self.ids, policy, longest)

    def download(
        self,
        policy: Policy,
        gateway: Gateway,
        path: str | os.PathLike[str],
        exist: Exist,
        *,
        digest: bool,
    ) -> Flow[Video]:
        """Stores the video of a job that has one."""
        assert self.task is not None
        destination = ready_destination(path, exist)
        return download(
            self.find, self.task, destination, self.ids, policy, gateway, exist, digest=digest
        )

    @contextmanager
    def carried_by_errors(self, job: Any) -> Iterator[None]:
        """Lets no error leave without the job, and no interruption without the job's id."""
        try:
            yield
        except KlingError as error:
            self.ids.on(error)
            error.job = error.job or job
            raise
        except BaseException as error:
            if not isinstance(error, Exception):
                error.add_note(self._farewell())
            raise

    def _farewell(self) -> str:
        key = repr(self.task_id) if self.task_id else f"external_task_id={self.external_task_id!r}"
        return f"The job goes on at the gateway. Go on with it: kling.job({key}).wait()"
