"""An honest gateway and file server over raw sockets, whose answers can be spoiled one by one.

It keeps jobs, counts what it accepts, and makes a second job of a second POST: it protects nobody
from paying twice. Phases: ``S`` submit, ``L`` look-up by external id, ``P`` poll by task id, ``D``
download.
"""

from __future__ import annotations

import re
import struct
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import unquote

from attrs import define, field, frozen

from .misbehaving_server import Act, Connection, Peer, answer, response, task_json

Phase = Literal["S", "L", "P", "D"]

SIGN = "canary-sign-77aa"
"""Stands in every address of a video; it must never be shown."""


def box(kind: bytes, content: bytes) -> bytes:
    """One box of an MP4."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


MP4 = box(b"ftyp", b"isom" * 4) + box(b"moov", b"m" * 2000) + box(b"mdat", bytes(range(256)) * 400)

MISSING = answer({"code": 1203, "message": "no such task", "request_id": "r"}, 404)


@frozen
class Spoiled:
    """One bad answer.

    Attributes:
        act: What happens on the wire.
        accepts: For a create: whether the job is made all the same.
    """

    act: Act
    accepts: bool = True


@define
class StagedJob:
    """A job of the gateway."""

    task_id: str
    external_task_id: str
    looks: int = 0


@define(eq=False, slots=False)
class Stage(Peer):
    """See the module. Use it as a context manager.

    Attributes:
        faults: For each phase, bad answers in the order they are given; then good ones.
        always: For each phase, a bad answer that is given for ever after those.
        polls: Questions until a job is done.
        lag: Look-ups that miss a job that is there.
        video: What the address serves.
        address: Where the video is said to lie; of this server, if not set.
    """

    faults: Mapping[Phase, Sequence[Spoiled]] = field(factory=dict)
    always: Mapping[Phase, Spoiled] = field(factory=dict)
    polls: int = 1
    lag: int = 0
    video: bytes = MP4
    address: str | None = None
    reason: str | None = None

    def __attrs_post_init__(self) -> None:
        super().__init__(self._route)
        self.jobs: list[StagedJob] = []
        self.log: list[str] = []
        self._left = {phase: list(acts) for phase, acts in self.faults.items()}
        self._guard = threading.Lock()

    @property
    def creates(self) -> Counter[str]:
        """Accepted creates by external id: what would have been charged."""
        return Counter(job.external_task_id for job in self.jobs)

    @property
    def posts(self) -> int:
        """All POSTs, accepted or not."""
        return sum(seen.method == "POST" for seen in self.seen)

    def _route(self, connection: Connection) -> None:
        with self._guard:
            phase, name = self._phase(connection)
            self.log.append(phase)
            spoiled = self._spoiled(phase)
            if phase == "S" and (spoiled is None or spoiled.accepts):
                self._make(connection)
            good = spoiled is None and self._good(phase, name, connection)
        act = spoiled.act if spoiled is not None else good
        assert callable(act)
        act(connection)

    def _phase(self, connection: Connection) -> tuple[Phase, str]:
        request = connection.request
        match = re.search(r"/image2video(?:/([^?]*))?", request.target)
        if match is None:
            return "D", ""
        if request.method == "POST":
            return "S", ""
        name = unquote(match.group(1) or "")
        return ("P" if name.isdigit() else "L"), name

    def _spoiled(self, phase: Phase) -> Spoiled | None:
        left = self._left.get(phase)
        return left.pop(0) if left else self.always.get(phase)

    def _make(self, connection: Connection) -> None:
        external = connection.request.json["external_task_id"]
        self.jobs.append(StagedJob(str(801 + len(self.jobs)), external))

    def _good(self, phase: Phase, name: str, connection: Connection) -> Act:
        if phase == "S":
            return answer(self._told(self.jobs[-1], "submitted"))
        if phase == "D":
            return answer(self.video, headers=[("ETag", '"v1"')])
        found = [job for job in self.jobs if name in (job.task_id, job.external_task_id)]
        if found and phase == "L" and self.lag:
            self.lag -= 1
            return MISSING
        if not found:
            return MISSING
        found[0].looks += 1
        done = found[0].looks > self.polls
        final = "failed" if self.reason else "succeed"
        return answer(self._told(found[0], final if done else "processing"))

    def _told(self, job: StagedJob, status: str) -> dict[str, Any]:
        facts: dict[str, Any] = {"task_info": {"external_task_id": job.external_task_id}}
        if status == "succeed":
            address = self.address or f"{self.url}/v/{job.task_id}.mp4?sign={SIGN}"
            facts["task_result"] = {"videos": [{"id": "v", "url": address, "duration": "5.0"}]}
        if status == "failed":
            facts["task_status_msg"] = self.reason
        return task_json(job.task_id, status, **facts)


def cut_answer(at: int) -> Act:
    """The honest answer to a create, cut off after some bytes."""

    def act(connection: Connection) -> None:
        whole = response(task_json(task_info={"external_task_id": "ours"}))
        connection.send(whole[:at])
        connection.sock.close()

    return act
