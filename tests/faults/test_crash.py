"""kill -9 at every labelled point: afterwards there is one create, and the right file."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import asdict, frozen

from kling_facade import Kling
from kling_facade.errors import JobNotFound, JobTaken
from kling_facade.jobs.journal import Journal
from tests.faults.killed_process import LIMITS, Point
from tests.faults.pairwise import all_pairs
from tests.support.both_clients import Kind, PlainRequest, calling, skipping_runtime
from tests.support.misbehaving_server import answer, raw
from tests.support.scripted_gateway import MP4, Spoiled, Stage

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

ROOT = Path(__file__).parents[2]


class Nursery:
    """Starts processes that will die."""

    def __init__(self) -> None:
        paths = [str(ROOT), str(ROOT / "generated")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.killed_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self.child: int | None = None
        self.born = threading.Event()

    def run(self, **order: Any) -> int:
        """One program to its end; gives its exit code, negative for a signal."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.born.clear()
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.child = int(self._process.stdout.readline())
        self.born.set()
        return int(self._process.stdout.readline())

    def kill(self, connection: Any = None) -> None:
        """Ends the running child, from the server's side."""
        self.born.wait(5)
        if self.child is None:  # 0 and -1 would be whole groups of processes
            raise AssertionError("there is no child to kill")
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGKILL)

    def close(self) -> None:
        """No more children."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """One for all tests of this page."""
    made = Nursery()
    yield made
    made.close()


KILLED = -signal.SIGKILL

EFFECTS = {
    "K04 before intent": Point("Record:intent", "before"),
    "K05 after intent": Point("Record:intent"),
    "K07 after the answer": Point("Send:create"),
    "K08 after accepted": Point("Record:accepted"),
    "K08 while polling": Point("Send:get"),
    "K08 at the end of polling": Point("Record:finished", "before"),
    "K09 before the download": Point("Record:finished"),
    "K09 part file made": Point("Do:open"),
    "K09 address opened": Point("Open"),
    "K09 mid-download": Point("Read"),
    "K09 all bytes there": Point("Do:seal", "before"),
    "K09 on the disk, not recorded": Point("Do:seal"),
    "K09 before rename": Point("Do:publish", "before"),
    "K09 after rename": Point("Do:publish"),
    "K09 saved": Point("Record:saved"),
}
"""Points in the program."""

ON_THE_WIRE = {"K05 the request arrives and is lost": False, "K06 during the create": True}
"""Points at the server: the child dies while its create is being worked on; is it accepted?"""

POINTS = [*EFFECTS, *ON_THE_WIRE]

WEATHER = {
    "calm": None,
    "reset": Spoiled(raw(b"", then="reset")),
    "503": Spoiled(answer({"code": 5001, "message": "maintenance"}, 503)),
}
"""What the first questions of the second run meet."""


PATIENT: dict[str, Any] = {"limits": LIMITS, "runtime": skipping_runtime()}


@frozen
class Case:
    """One crash and what comes after."""

    point: str
    kind: Kind
    weather: str
    lag: int
    own: bool

    def __str__(self) -> str:
        own = "own id" if self.own else "made id"
        return f"{self.point}, {self.kind}, {self.weather}, lag {self.lag}, {own}"


DIMENSIONS: tuple[list[Any], ...] = (
    POINTS,
    ["sync", "async"],
    list(WEATHER),
    [0, 2],
    [True, False],
)
CHOSEN = [Case(*values) for values in all_pairs(DIMENSIONS)]
OTHERS = [
    case for values in itertools.product(*DIMENSIONS) if (case := Case(*values)) not in CHOSEN
]
CASES = [pytest.param(case, id=str(case)) for case in CHOSEN] + [
    pytest.param(case, id=str(case), marks=pytest.mark.long) for case in OTHERS
]


class Scene:
    """A gateway, a journal and a destination that outlive the process."""

    def __init__(self, folder: Path, stage: Stage, case: Case, nursery: Nursery) -> None:
        self.stage, self.case, self.nursery = stage, case, nursery
        self.journal = folder / "jobs.sqlite"
        self.to = folder / "v.mp4"
        self.external = "ours" if case.own else None

    def first_run(self) -> int:
        """The program, up to its death."""
        point = EFFECTS.get(self.case.point)
        return self.nursery.run(
            point=None if point is None else asdict(point),
            base_url=self.stage.url,
            journal=str(self.journal),
            to=str(self.to),
            external_task_id=self.external,
            kind=self.case.kind,
        )

    def resumed(self, **options: Any) -> list[Any]:
        """What `resume` says, in this process."""
        with calling(self.case.kind, self.stage.url, journal=self.journal, **PATIENT) as client:
            return client.collect(client.kling.resume(**options))

    def again(self) -> Any:
        """The same program once more, to its end."""
        with calling(self.case.kind, self.stage.url, journal=self.journal, **PATIENT) as client:
            return client.generate(PlainRequest(external_task_id=self.external), self.to)


def staged(case: Case, nursery: Nursery) -> Stage:
    """The gateway of a case."""
    weather = WEATHER[case.weather]
    faults: dict[Any, Any] = {}
    if case.point in ON_THE_WIRE:
        faults["S"] = [Spoiled(nursery.kill, accepts=ON_THE_WIRE[case.point])]
    if weather is not None:
        faults["L"] = [weather]
    return Stage(faults=faults, lag=case.lag)


def check(scene: Scene) -> None:
    """I1 and I3, and that the journal is done."""
    assert sum(scene.stage.creates.values()) == 1
    assert scene.to.read_bytes() == MP4
    assert sorted(path.name for path in scene.to.parent.iterdir() if ".part" in path.name) == []
    with Journal(scene.journal) as journal:
        entries = journal.entries()
    assert [entry.state for entry in entries] == ["saved"]
    assert entries[0].task_id == scene.stage.jobs[0].task_id


@pytest.mark.parametrize("case", CASES)
def test_after_a_kill_there_is_one_create_and_the_right_file(
    case: Case, tmp_path: Path, nursery: Nursery
) -> None:
    """`resume` brings home what was accepted; what was not is reported, and posted when asked."""
    with staged(case, nursery) as stage:
        scene = Scene(tmp_path, stage, case, nursery)
        assert scene.first_run() == KILLED
        accepted = sum(stage.creates.values())
        torsos = [path for path in tmp_path.iterdir() if path.name == "v.mp4"]
        assert all(path.read_bytes() == MP4 for path in torsos)
        outcomes = scene.resumed()
        if accepted and case.point != "K09 saved":
            assert [outcome.error for outcome in outcomes] == [None]
            assert outcomes[0].video.path.read_bytes() == MP4
        elif case.point == "K05 after intent" or case.point in ON_THE_WIRE:
            assert [type(outcome.error) for outcome in outcomes] == [JobNotFound]
            assert stage.creates.total() == 0
            given = PlainRequest(external_task_id=outcomes[0].external_task_id)
            assert scene.resumed(requests=[given])[0].error is None
        else:
            assert outcomes == []
            if case.point == "K04 before intent":
                assert not stage.seen
                scene.again()
        check(scene)


MOMENTS = [
    pytest.param(seed, marks=[pytest.mark.long] if seed >= 12 else []) for seed in range(120)
]


@pytest.mark.parametrize("seed", MOMENTS)
def test_killed_at_any_moment_and_run_again_until_it_is_done(
    seed: int, tmp_path: Path, nursery: Nursery
) -> None:
    """No labels: the clock decides when it dies, several times over. One create, the right file."""
    chance = random.Random(seed)
    kind: Kind = chance.choice(["sync", "async"])
    case = Case("any moment", kind, "calm", chance.choice([0, 2]), True)
    with staged(case, nursery) as stage:
        scene = Scene(tmp_path, stage, case, nursery)
        for _ in range(4):
            threading.Timer(chance.uniform(0.0, 0.12), nursery.kill).start()
            if scene.first_run() == 0:
                break
        scene.again()
        assert stage.creates == {"ours": 1}
        assert scene.to.read_bytes() == MP4
    while threading.active_count() > 1 and any(
        isinstance(thread, threading.Timer) for thread in threading.enumerate()
    ):
        time.sleep(0.005)


RERUNS = [Case(point, "sync", "calm", 0, True) for point in POINTS]


@pytest.mark.parametrize("case", RERUNS, ids=str)
def test_the_same_program_run_again_does_not_pay_again(
    case: Case, tmp_path: Path, nursery: Nursery
) -> None:
    """With an id of one's own, the second run goes on where the first was killed."""
    with staged(case, nursery) as stage:
        scene = Scene(tmp_path, stage, case, nursery)
        assert scene.first_run() == KILLED
        if scene.to.exists() and case.point != "K09 after rename":
            assert case.point == "K09 saved"
        video = scene.again()
        assert video.path.read_bytes() == MP4
        check(scene)


def test_the_nursery_kills_only_where_it_is_told(tmp_path: Path, nursery: Nursery) -> None:
    """Negative control: without a point the program ends well, and resume finds nothing to do."""
    case = Case("none", "sync", "calm", 0, True)
    with staged(case, nursery) as stage:
        scene = Scene(tmp_path, stage, case, nursery)
        assert scene.first_run() == 0
        check(scene)
        assert scene.resumed() == []


def test_a_naive_program_pays_twice_after_a_kill(tmp_path: Path, nursery: Nursery) -> None:
    """Negative control: without a journal and an id of its own, the second run posts again."""
    case = Case("K08 after accepted", "sync", "calm", 0, False)
    with staged(case, nursery) as stage:
        scene = Scene(tmp_path, stage, case, nursery)
        assert scene.first_run() == KILLED
        with calling("sync", stage.url) as client:
            client.generate(PlainRequest(external_task_id=None), scene.to)
        assert sum(stage.creates.values()) == 2


def test_two_processes_never_take_the_same_row(tmp_path: Path) -> None:
    """A row that somebody living works on is reported as taken, and left alone."""
    with Stage() as stage, Journal(tmp_path / "j.sqlite") as mine:
        other = mine.book(stage.url.removeprefix("http://"))
        other.record("intent", {"external_task_id": "ours", "destination": str(tmp_path / "v")})
        with calling("sync", stage.url, journal=tmp_path / "j.sqlite", **PATIENT) as client:
            outcomes = client.collect(client.kling.resume())
            assert [type(outcome.error) for outcome in outcomes] == [JobTaken]
            assert stage.seen == []
            with pytest.raises(JobTaken):
                client.generate(PlainRequest(), tmp_path / "v")
            assert stage.seen == []
            other.release()
            assert type(client.collect(client.kling.resume())[0].error) is JobNotFound
            kling: Kling = client.kling
            assert kling._session.journal is not None
            kling._session.journal.close()
    assert sqlite3.connect(tmp_path / "j.sqlite").execute("PRAGMA integrity_check").fetchone()
