"""One job's ids and newest snapshot, shared by handles, fleets and resumed rows."""

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
    """The ids of a job and its newest snapshot, and the flows that start from them.

    Attributes:
        given: The ids under which the job was submitted or requested.
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
        """The caller's id, if the job has one."""
        echoed = self.task.external_task_id if self.task else None
        return self.given.external_task_id or echoed

    @property
    def state(self) -> State:
        """The state in the newest snapshot."""
        return self.task.state if self.task else State.UNKNOWN

    @property
    def ids(self) -> Ids:
        """All known ids, against which each answer about this job is checked."""
        return Ids(self.given.external_task_id, self.task_id)

    @property
    def find(self) -> Call:
        """The call that asks the gateway for this job."""
        return Call("get_image_to_video", {"id": self.task_id or self.given.external_task_id})

    def keep(self, task: Task) -> None:
        """Stores a newer snapshot, unless that would undo a final state."""
        known = self.task
        # A list that was read late may show an older state of a job that has ended.
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
        """Asks the gateway once and returns the snapshot."""
        return refresh(self.find, self.ids, policy)

    def wait(self, policy: Policy, timeout: float | None) -> Flow[Task]:
        """Asks until the job has ended and returns the final snapshot."""
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
        """Downloads the video of a finished job."""
        assert self.task is not None
        destination = ready_destination(path, exist)
        return download(
            self.find, self.task, destination, self.ids, policy, gateway, exist, digest=digest
        )

    @contextmanager
    def carried_by_errors(self, job: Any) -> Iterator[None]:
        """Attaches the job and its ids to each error, and a note with the id to an interruption."""
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
