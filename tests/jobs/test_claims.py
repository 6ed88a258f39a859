"""Claims: who works on a row, for how long, and what who has lost it can't do any more."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kling_facade.errors import JobTaken
from kling_facade.jobs import owner
from kling_facade.jobs.journal import Book, Journal
from kling_facade.jobs.owner import Owner, lives, start_time, this_process

HOST = "gateway.example"
ROW = {"external_task_id": "a"}
HOUR = 3600.0


class Clock:
    """Set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The journal's."""
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Any:
    """A fresh one."""
    with Journal(tmp_path / "jobs.sqlite", clock=clock) as made:
        yield made


def claimed_elsewhere(journal: Journal, until: float) -> None:
    """Another machine claims the row."""
    with journal.file.transaction() as sql:
        sql.execute(
            "UPDATE jobs SET claimed_by = 'elsewhere/:7:1:x', claimed_until = ?, fence = fence + 1",
            (until,),
        )


def claimed_by(journal: Journal) -> str | None:
    """Who has the one row."""
    with journal.file.transaction() as sql:
        found: str | None = sql.execute("SELECT claimed_by FROM jobs").fetchone()[0]
    return found


def test_a_living_process_keeps_its_claim(journal: Journal, clock: Clock) -> None:
    """However long it waits for a slot, and although nothing renews the claim."""
    mine, other = journal.book(HOST), journal.book(HOST)
    mine.record("intent", ROW)
    clock.now += 48 * HOUR
    with pytest.raises(JobTaken):
        other.recall("a")
    with pytest.raises(JobTaken):
        other.record("intent", ROW)
    mine.record("attempt", ROW)


def test_the_claim_of_another_machine_is_a_lease(journal: Journal, clock: Clock) -> None:
    """Nobody can ask there whether the process lives: a quarter of an hour without a sign of it."""
    journal.book(HOST).record("intent", ROW)
    claimed_elsewhere(journal, clock.now + 900)
    with pytest.raises(JobTaken):
        journal.book(HOST).recall("a")
    clock.now += 901
    assert journal.book(HOST).recall("a") is not None


def test_whoever_waits_renews_all_claims_of_the_process(journal: Journal, clock: Clock) -> None:
    """A create that is held for hours has no sign of life of its own."""
    held, waiting = journal.book(HOST), journal.book(HOST)
    held.record("intent", ROW)
    for _ in range(10):
        clock.now += 400
        assert not waiting.needless("waiting")
        waiting.record("waiting", {"external_task_id": "b"})
        assert waiting.needless("waiting"), "a poll a second later writes nothing"
    with journal.file.transaction() as sql:
        assert sql.execute("SELECT claimed_until FROM jobs").fetchone()[0] == clock.now + 900


def test_who_has_lost_the_row_posts_nothing_and_writes_nothing(
    journal: Journal, clock: Clock
) -> None:
    """A machine that slept for an hour: its number is too old, even after the other is done."""
    mine = journal.book(HOST)
    mine.record("intent", ROW)
    claimed_elsewhere(journal, clock.now + 900)
    for event in ("attempt", "accepted", "refused", "stored"):
        with pytest.raises(JobTaken):
            mine.record(event, {**ROW, "task_id": "of mine"})
    with journal.file.transaction() as sql:
        sql.execute("UPDATE jobs SET claimed_by = NULL, claimed_until = NULL")
    for event in ("intent", "attempt", "refused"):
        with pytest.raises(JobTaken):
            mine.record(event, ROW)
    (entry,) = journal.entries()
    assert (entry.state, entry.task_id) == ("intent", None)


def test_a_row_that_came_to_be_since_one_looked_is_not_posted(journal: Journal) -> None:
    """Two processes find nothing under an id; one posts and is done before the other notes it."""
    late, quick = journal.book(HOST), journal.book(HOST)
    assert late.recall("a") is None
    assert quick.recall("a") is None
    quick.record("intent", ROW)
    quick.record("accepted", {**ROW, "task_id": "801"})
    quick.release()
    with pytest.raises(JobTaken):
        late.record("intent", ROW)
    assert journal.entries()[0].state == "accepted"


def test_after_its_release_a_handle_still_notes_the_end(journal: Journal) -> None:
    """`submit` lets go of the row; the job that it gave is waited for later."""
    book = journal.book(HOST)
    book.record("intent", ROW)
    book.release()
    book.record("finished", {**ROW, "outcome": "succeed"})
    assert journal.entries()[0].state == "finished"
    assert claimed_by(journal) is None


def test_a_handle_without_a_claim_leaves_a_row_alone_that_somebody_works_on(
    journal: Journal,
) -> None:
    """It writes where nobody does."""
    mine, handle = journal.book(HOST), journal.book(HOST)
    mine.record("intent", ROW)
    with pytest.raises(JobTaken):
        handle.record("finished", ROW)
    mine.release()
    handle.record("finished", ROW)
    assert journal.entries()[0].state == "finished"


def test_an_operation_that_is_forgotten_lets_go(journal: Journal) -> None:
    """One that was cut off twice never came to its release: its process may still go on."""
    book: Book | None = journal.book(HOST)
    assert book is not None
    book.record("intent", ROW)
    before = claimed_by(journal)
    book = None
    gc.collect()
    other = journal.book(HOST)
    assert other.recall("a") is not None
    assert before != claimed_by(journal) is not None


def test_a_release_that_could_not_be_written_is_made_up_for(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full at that moment."""
    book = journal.book(HOST)
    book.record("intent", ROW)
    with monkeypatch.context() as patch:
        patch.setattr(journal.file, "_open", lambda: 1 / 0)
        book.release()
    assert claimed_by(journal) is not None
    journal.book(HOST).record("saved", {"external_task_id": "another"})
    assert claimed_by(journal) is None


def test_grace_counts_from_the_last_create_that_may_have_left(
    journal: Journal, clock: Clock
) -> None:
    """While one may be under way it has not begun; it ends at the latest when the claim does."""
    book = journal.book(HOST)
    book.record("intent", {**ROW, "within": 300.0})
    clock.now += 100
    assert journal.entries()[0].age == 0.0
    clock.now += 1000
    assert journal.entries()[0].age == 800.0
    book.record("attempt", {**ROW, "within": 300.0})
    clock.now += 20
    book.release()
    clock.now += 5
    assert journal.entries()[0].age == 5.0


# --- is the process there? -----------------------------------------------------------------------


def test_the_claim_of_a_dead_process_ends_with_it() -> None:
    """Here at once; of another machine one can't tell."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    begun = start_time(child.pid)
    machine = this_process().rsplit(":", 2)[0]
    name = f"{machine}:{child.pid}:{begun}:x"
    assert lives(name) is True
    assert lives(f"{machine}:{child.pid}:1{begun}:x") is False, "the number was given anew"
    assert lives(f"elsewhere/:{child.pid}:1:x") == "unknown"
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert lives(name) is False, "dead, and its parent has not asked"
    child.wait()
    assert lives(name) is False


@pytest.mark.parametrize("name", ["", "a:b", "m:x:1:t", None, 7, "a:b:c:d:e", "\udcff"])
def test_of_a_damaged_name_nothing_is_known(name: object) -> None:
    """Its lease decides."""
    assert lives(name) == "unknown"


@pytest.mark.parametrize(
    ("error", "alive"), [(None, True), (ProcessLookupError, False), (PermissionError, True)]
)
def test_without_start_times_the_number_must_do(
    error: type[OSError] | None, alive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the kernel does not say when a process began."""

    def kill(pid: int, number: int) -> None:
        if error is not None:
            raise error

    monkeypatch.setattr(os, "kill", kill)
    machine = this_process().rsplit(":", 2)[0]
    assert lives(f"{machine}:77::x") is alive


def test_elsewhere_than_on_linux_numbers_are_all_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """No /proc: no start times, no containers."""

    def missing(self: Path) -> Any:
        raise FileNotFoundError(2, "no such file")

    monkeypatch.setattr(Path, "readlink", missing)
    monkeypatch.setattr(Path, "read_bytes", missing)
    monkeypatch.setattr(owner, "_process", owner._process.__wrapped__)
    with pytest.raises(ProcessLookupError):
        start_time(os.getpid())
    monkeypatch.setattr(sys, "platform", "darwin")
    assert start_time(os.getpid()) == ""
    me = Owner(lambda name: None)
    assert lives(me.name) is True
    me.end()
    assert lives(me.name) is False
    monkeypatch.setattr(sys, "platform", "win32")
    assert lives(me.name) == "unknown"


def test_a_childs_copy_of_an_owner_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fork both processes have the object; the claim is the parent's."""
    ended: list[str] = []
    me = Owner(ended.append)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        assert me.forked
        me.end()
    assert not ended
