"""A state machine plays submit, poll, download, crash, resume and a jumping clock in virtual time.

Whatever the order: one create for each id, nothing accepted is lost, no file that is not whole, and
in the end `resume` brings everything home.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kling_facade import Kling, Limits, PollPlan, Runtime
from kling_facade.errors import (
    JobNotFound,
    KlingError,
    NotSent,
    OutcomeUnknown,
    Throttled,
    TransientRead,
)
from kling_facade.gateway.answer import Head
from kling_facade.jobs.effects import Close, Do, Now, Open, Read, Recall, Record, Send, Sleep, Tell
from kling_facade.jobs.journal import Journal
from tests.faults.conftest import MEMORY
from tests.support.both_clients import KEY, PlainRequest
from tests.support.scripted_effects import done, envelope
from tests.support.scripted_gateway import MP4

URL = "http://127.0.0.1:9/v.mp4"


class _PowerCutError(BaseException):
    """The process is gone."""


@define
class _Gateway:
    """Accepts every create, even a second one under the same id."""

    accepted: Counter[str] = field(factory=Counter)
    visible_from: dict[str, float] = field(factory=dict)
    done_from: dict[str, float] = field(factory=dict)

    def create(self, external: str, now: float, lag: float) -> None:
        self.accepted[external] += 1
        self.visible_from.setdefault(external, now + lag)
        self.done_from.setdefault(external, now + 160)

    def look(self, name: str, now: float) -> Any:
        external = name.removeprefix("task-")
        if now < self.visible_from.get(external, float("inf")):
            raise JobNotFound("no such job")
        if now >= self.done_from[external]:
            told = done(f"task-{external}", external=external)
            told.data.task_result.videos[0].url = URL  # type: ignore[union-attr, index]
            return told
        return envelope(f"task-{external}", external=external)


NAMES = st.sampled_from(["a", "b"])
POWER = st.none() | st.integers(0, 30)
"""After how many effects the process dies."""
TROUBLES = st.lists(
    st.sampled_from(["lost", "lost early", "throttled", "refused connection", "fine"]), max_size=3
)
"""How the first exchanges go wrong."""


class Machine(RuleBasedStateMachine):
    """One program after another on one journal, at one gateway."""

    @initialize()
    def begin(self) -> None:
        """An empty journal."""
        parent = MEMORY if MEMORY.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="kling-machine-", dir=parent))
        self.now = 1_000_000.0
        self.gateway = _Gateway()
        self.names: list[str] = []
        self.troubles: list[str] = []
        self.lag = 0.0
        self.power: int | None = None
        self.bytes: dict[Any, Iterator[bytes]] = {}
        self.lock, self.dead = threading.Lock(), False
        self.journal = Journal(self.folder / "j.sqlite", clock=lambda: self.now)

    def teardown(self) -> None:
        """Everything that was accepted comes home in the end."""
        if not hasattr(self, "folder"):
            return
        self.now += 1000
        self.resume(None, [])
        for name in self.gateway.accepted:
            assert (self.folder / f"{name}.mp4").read_bytes() == MP4
        self.journal.close()
        shutil.rmtree(self.folder)

    # --- what may happen

    @rule(name=NAMES, power=POWER, troubles=TROUBLES)
    def generate(self, name: str, power: int | None, troubles: list[str]) -> None:
        """The program is run, for the first time or again; it may die after some effects."""
        if name not in self.names:
            self.names.append(name)
        self.power, self.troubles = power, list(troubles)
        with self.program() as kling:
            try:
                kling.generate(self.request(name), self.folder / f"{name}.mp4")
            except (KlingError, _PowerCutError):
                return

    @rule(power=POWER, troubles=TROUBLES)
    def resume(self, power: int | None, troubles: list[str]) -> None:
        """The rest is taken up; that may be cut short too."""
        self.power, self.troubles = power, list(troubles)
        with self.program() as kling:
            try:
                for outcome in kling.resume():
                    assert outcome.error is None or isinstance(outcome.error, KlingError)
            except _PowerCutError:
                return

    @rule(seconds=st.sampled_from([1.0, 30.0, 600.0, 86_400.0]))
    def jump(self, seconds: float) -> None:
        """Time passes, by a little or by a day."""
        self.now += seconds

    @rule(seconds=st.sampled_from([0.0, 2.0, 20.0]))
    def lagging(self, seconds: float) -> None:
        """New jobs are not seen at once; for less than the grace time."""
        self.lag = seconds

    # --- what must hold, always

    @invariant()
    def one_create_each(self) -> None:
        """I1."""
        if hasattr(self, "gateway"):
            assert all(count == 1 for count in self.gateway.accepted.values())

    @invariant()
    def nothing_lost(self) -> None:
        """I2: each accepted job has its row."""
        if hasattr(self, "gateway"):
            known = {entry.external_task_id for entry in self.journal.entries()}
            assert set(self.gateway.accepted) <= known

    @invariant()
    def whole_files(self) -> None:
        """I3."""
        if hasattr(self, "folder"):
            for path in self.folder.glob("*.mp4"):
                assert path.name.startswith(".") or path.read_bytes() == MP4

    @precondition(lambda self: hasattr(self, "names"))
    @invariant()
    def nothing_made_up(self) -> None:
        """No job that nobody asked for."""
        assert set(self.gateway.accepted) <= set(self.names)

    # --- the world

    def request(self, name: str) -> Any:
        """A request under its own id."""
        return PlainRequest(external_task_id=name)

    def program(self) -> Any:
        """A client whose effects happen here."""

        def sleep(seconds: float) -> None:
            self.now += seconds

        self.dead = False
        runtime = Runtime(monotonic=lambda: self.now, sleep=sleep, uniform=lambda: 0.5)
        program = Kling(
            KEY,
            base_url="http://127.0.0.1:9",
            journal=self.journal,
            limits=Limits(grace=30.0, wait=3000.0),
            poll=PollPlan(first=20.0, cap=60.0),
            runtime=runtime,
        )

        def performer(on_update: Any = None, book: Any = None) -> Any:
            own = book or program._session.book()
            return lambda effect: self.perform(effect, own)

        program._session.performer = performer  # type: ignore[method-assign]
        return program

    def perform(self, effect: Any, book: Any) -> Any:
        """One effect at a time, unless the power goes first."""
        with self.lock:
            return self._perform(effect, book)

    def _perform(self, effect: Any, book: Any) -> Any:
        if self.dead:
            raise _PowerCutError
        if self.power is not None:
            self.power -= 1
            if self.power < 0:
                self.power, self.dead = None, True
                self.journal.close()
                # A dead process holds no claims; this one lives on, so they are taken off by hand.
                with self.journal.file.transaction() as sql:
                    sql.execute("UPDATE jobs SET claimed_by = NULL")
                raise _PowerCutError
        match effect:
            case Now():
                return self.now
            case Sleep():
                self.now += effect.seconds
            case Record():
                book.record(effect.event, effect.facts)
            case Recall():
                return book.recall(effect.external_task_id)
            case Do():
                return effect.function()
            case Send():
                return self.exchange(effect)
            case Open():
                self.bytes[book] = iter([MP4[:50_000], MP4[50_000:], b""])
                return Head(200, {"content-length": str(len(MP4)), "etag": '"v"'})
            case Read():
                return next(self.bytes[book])
            case Tell() | Close():
                return None
        return None

    def exchange(self, effect: Send) -> Any:
        """One call, well or badly."""
        trouble = self.troubles.pop(0) if self.troubles else "fine"
        creating = effect.call.operation.startswith("create")
        if trouble == "refused connection":
            raise NotSent("refused")
        if trouble == "throttled":
            raise Throttled("busy", code=1303)
        if creating:
            external = str(effect.call.arguments["body"].external_task_id)
            if trouble != "lost early":
                self.gateway.create(external, self.now, self.lag)
            if trouble in ("lost", "lost early"):
                raise OutcomeUnknown("lost")
            return envelope(f"task-{external}", "submitted", external=external)
        if trouble != "fine":
            raise TransientRead("lost")
        return self.gateway.look(str(effect.call.arguments["id"]), self.now)


TestMachine = Machine.TestCase
TestMachine.settings = settings(settings.get_profile("suite"), stateful_step_count=12)


RED = settings(TestMachine.settings, phases=[Phase.generate], max_examples=1000)
"""That it fails is enough; how it fails at its simplest takes ten times as long to find."""


def test_a_client_that_forgets_earlier_runs_turns_it_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: without the look back, a rerun pays twice, and the machine finds it."""

    def forgetful(*args: Any) -> Any:
        yield Now()

    monkeypatch.setattr("kling_facade.jobs.submit._from_earlier_run", forgetful)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Machine, settings=RED)


def test_a_client_that_posts_again_turns_it_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a lost answer taken for one that never left."""

    def careless(self: Machine, effect: Send) -> Any:
        try:
            return plain(self, effect)
        except OutcomeUnknown:
            raise NotSent("so it seems") from None

    plain = Machine.exchange
    monkeypatch.setattr(Machine, "exchange", careless)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Machine, settings=RED)
