"""The journal's file: forks, fresh files, files that vanish, damaged values, older versions."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kling_facade.errors import JournalError
from kling_facade.gateway.job_id import Ids
from kling_facade.jobs import journal_file
from kling_facade.jobs.effects import note
from kling_facade.jobs.journal import Journal
from kling_facade.jobs.journal_file import JournalFile
from tests.support.scripted_effects import World

HOST = "gateway.example"
ROOT = Path(__file__).parents[2]

FORKS = """
import os, signal, sys, threading, time
from kling_facade.jobs import journal_file
from kling_facade.jobs.journal import Journal
journal, stop = Journal(sys.argv[1]), threading.Event()
journal.entries()
def write(number):
    book = journal.book("g")
    while not stop.is_set():
        book.record("intent", {"external_task_id": f"row-{number}"})
threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
[thread.start() for thread in threads]
if sys.argv[2] == "careless":
    journal_file._files.clear()
hung = 0
for number in range(int(sys.argv[3])):
    time.sleep(0.01)
    child = os.fork()
    if not child:
        journal.book("g").record("intent", {"external_task_id": f"child-{number}"})
        os._exit(0)
    for _ in range(100):
        if os.waitpid(child, os.WNOHANG)[0]:
            break
        time.sleep(0.02)
    else:
        hung += 1
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
stop.set()
[thread.join() for thread in threads]
rows = sum(e.external_task_id.startswith("child") for e in journal.entries())
print(hung, rows)
"""

FRESH = """
import os, sys, time
from kling_facade.jobs.journal import Journal
bad = 0
for turn in range(4):
    path, start, children = f"{sys.argv[1]}-{turn}", time.time() + 0.1, []
    for number in range(12):
        child = os.fork()
        if not child:
            time.sleep(max(0.0, start - time.time()))
            try:
                with Journal(path) as journal:
                    journal.book("g").record("intent", {"external_task_id": f"job-{number}"})
            except BaseException as error:
                print(error)
                os._exit(1)
            os._exit(0)
        children.append(child)
    bad += sum(os.waitpid(child, 0)[1] != 0 for child in children)
    with Journal(path) as journal:
        assert len(journal.entries()) == 12
print(bad)
"""


def python(program: str, *arguments: object) -> str:
    """Runs a program in a process of its own, which may fork."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'generated'}"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


def intent(journal: Journal, name: str = "a", **facts: Any) -> None:
    """A row."""
    book = journal.book(HOST)
    book.record("intent", {"external_task_id": name, **facts})
    book.release()


def damage(journal: Journal, **values: Any) -> None:
    """Puts something into all rows."""
    with journal.file.transaction() as sql:
        sql.execute("PRAGMA ignore_check_constraints = ON")
        for name, value in values.items():
            sql.execute(f"UPDATE jobs SET {name} = ?", (value,))


# --- forks and fresh files -----------------------------------------------------------------------


def test_a_fork_amid_threads_hangs_no_child(tmp_path: Path) -> None:
    """No thread is inside SQLite at that moment, so that the child finds none of its locks held."""
    assert python(FORKS, tmp_path / "j", "careful", 10) == "0 10"


def test_a_child_that_ends_leaves_the_parents_file_alone(tmp_path: Path) -> None:
    """A whole end of the interpreter, in children that used the journal and that did not.

    At its end the connection from before the fork must not be closed (tox-dev/filelock, 635).
    """
    program = """
import os, sys
from kling_facade.jobs.journal import Journal
journal = Journal(sys.argv[1])
book = journal.book("g")
book.record("intent", {"external_task_id": "parent"})
for number in range(2):
    child = os.fork()
    if not child:
        if number:
            journal.book("g").record("intent", {"external_task_id": "child"})
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
    book.record("accepted", {"external_task_id": "parent", "task_id": f"8{number}"})
print(os.path.exists(sys.argv[1] + "-wal"), *(e.state for e in journal.entries()))
"""
    assert python(program, tmp_path / "j") == "True accepted intent"


def test_a_fork_that_does_not_wait_hangs_the_child(tmp_path: Path) -> None:
    """Negative control, with SQLite's own locks."""
    hung, rows = python(FORKS, tmp_path / "j", "careless", 2).split()
    assert int(hung) + int(rows) == 2
    assert int(hung) > 0


def test_twelve_processes_open_a_fresh_file_at_once(tmp_path: Path) -> None:
    """Each finds an empty file or a journal, never something in between."""
    assert python(FRESH, tmp_path / "j") == "0"


def test_after_a_fork_the_file_is_opened_anew(tmp_path: Path) -> None:
    """The parent's connection is neither used nor closed: either would break the parent's locks."""
    with Journal(tmp_path / "j") as journal:
        intent(journal)
        slot = journal.file._slot
        parents, slot.pid = slot.connection, -1
        journal.file.begin_anew()
        assert [entry.external_task_id for entry in journal.entries()] == ["a"]
        assert journal.file._slot.connection is not parents
        assert journal_file._abandoned[-1] is parents
        journal_file._abandoned.pop().close()


@pytest.mark.parametrize(
    ("code", "times", "works"),
    [(sqlite3.SQLITE_BUSY, 3, True), (sqlite3.SQLITE_BUSY, 1000, False), (None, 1, False)],
)
def test_those_that_set_up_the_file_at_once_wait_for_each_other(
    code: int | None, times: int, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite does not wait by itself while the mode is switched; other errors don't pass."""
    left = [times]

    def prepare() -> None:
        left[0] -= 1
        if left[0] >= 0:
            error = sqlite3.OperationalError("database is locked")
            if code is not None:
                error.sqlite_errorcode = code
            raise error

    monkeypatch.setattr("time.sleep", lambda seconds: None)
    if works:
        journal_file._patiently(prepare)
    else:
        with pytest.raises(sqlite3.OperationalError):
            journal_file._patiently(prepare)


# --- files that vanish ---------------------------------------------------------------------------


def vanish(path: Path, how: str) -> None:
    """Deleted, moved away, or another one in its place."""
    if how == "moved":
        path.rename(path.with_name("moved"))
        return
    path.unlink()
    if how == "replaced":
        with Journal(path) as other:
            intent(other, "of another")


@pytest.mark.parametrize("how", ["deleted", "moved", "replaced"])
def test_nothing_is_paid_for_that_is_noted_where_nobody_reads(tmp_path: Path, how: str) -> None:
    """The open file is not the one that has the name any more: said before the create leaves."""
    journal = Journal(tmp_path / "j")
    book = journal.book(HOST)
    book.record("intent", {"external_task_id": "a"})
    vanish(journal.path, how)
    for event in ("attempt", "intent"):
        if how == "replaced" and event == "intent":
            continue  # the other file is a journal like any other
        with pytest.raises(JournalError, match=r"deleted, moved or replaced|another process"):
            book.record(event, {"external_task_id": "a"})
    assert journal.path.exists() is (how == "replaced")
    while journal_file._abandoned:
        journal_file._abandoned.pop().close()
    journal.close()


def test_what_was_paid_for_is_noted_in_a_file_that_moved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The create is out: the id goes into the file that was opened, and it is said."""
    journal = Journal(tmp_path / "j")
    book = journal.book(HOST)
    book.record("intent", {"external_task_id": "a"})
    vanish(journal.path, "moved")

    class Noting(World):
        def perform(self, effect: Any) -> Any:
            book.record(effect.event, effect.facts)

    with caplog.at_level(logging.WARNING):
        Noting().run(note("accepted", Ids("a", "801")))
    assert "801" in caplog.text
    assert "moved" in caplog.text
    while journal_file._abandoned:
        journal_file._abandoned.pop().close()
    with Journal(tmp_path / "moved") as found:
        assert found.entries()[0].task_id == "801"
    shutil.copy(tmp_path / "moved", tmp_path / "j")
    assert journal.entries()[0].state == "accepted", "put back, it is used again"
    journal.close()


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"state": "odd"},
        {"state": b"\xff"},
        {"created_at": "yesterday"},
        {"created_at": 1e300},
        {"updated_at": b"x"},
        {"leaving_until": "soon"},
        {"size": "large"},
        {"size": -1},
        {"digest": b"\xff\xfe"},
        {"outcome": b"succeed"},
        {"destination": b"a\x00b"},
    ],
    ids=str,
)
def test_a_damaged_value_is_an_error_that_names_the_row(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    """And the other rows can still be read."""
    with Journal(tmp_path / "j") as journal:
        intent(journal, "broken")
        damage(journal, **values)
        intent(journal, "good")
        with pytest.raises(JournalError, match=r"row 'broken'.*damaged") as caught:
            journal.entries()
        assert "forget" in str(caught.value)
        with pytest.raises(JournalError, match="damaged"):
            journal.book(HOST).recall("broken")
        kinds = sorted(type(entry).__name__ for entry in journal.read())
        assert kinds == ["Entry", "JournalError"]
        journal.forget("broken")
        assert len(journal.entries()) == 1


@pytest.mark.parametrize("claim", [("x", "y"), ("", None), (b"\xff", b"\xff"), ("a:b:c:d", -1)])
def test_a_damaged_claim_is_none(tmp_path: Path, claim: tuple[Any, Any]) -> None:
    """Nobody can be asked, and there is no lease."""
    with Journal(tmp_path / "j") as journal:
        intent(journal)
        damage(journal, claimed_by=claim[0], claimed_until=claim[1], fence="odd")
        book = journal.book(HOST)
        assert book.recall("a") is not None
        book.record("attempt", {"external_task_id": "a"})


@pytest.mark.parametrize("path", ["no\0path", "x" * 300])
def test_a_journal_that_can_have_no_file_is_an_error(tmp_path: Path, path: str) -> None:
    """Whatever the system objects to."""
    with pytest.raises(JournalError, match="can't be used"):
        Journal(tmp_path / path).entries()


def test_a_destination_that_is_not_utf8_is_kept(tmp_path: Path) -> None:
    """Such names are legal on Linux."""
    name = os.fsdecode(b"/films/\xff\xfe.mp4")
    with Journal(tmp_path / "j") as journal:
        intent(journal, destination=name)
        assert journal.entries()[0].destination == Path(name)


# --- versions and connections --------------------------------------------------------------------


def test_a_journal_of_version_1_is_brought_up_to_date(tmp_path: Path) -> None:
    """Its rows stay; a create of it may have left until its longest upload was over."""
    path = tmp_path / "j"
    sql = sqlite3.connect(path)
    sql.executescript(journal_file._SCHEMA)
    sql.execute(
        "INSERT INTO jobs (gateway, external_task_id, state, created_at, updated_at) "
        "VALUES (?, 'old', 'intent', 1000, 1000)",
        (HOST,),
    )
    sql.execute(f"PRAGMA application_id = {journal_file._APPLICATION}")
    sql.execute("PRAGMA user_version = 1")
    sql.commit()
    sql.close()
    with Journal(path, clock=lambda: 1500.0) as journal:
        (entry,) = journal.entries()
        assert (entry.external_task_id, entry.age) == ("old", 200.0)
        book = journal.book(HOST)
        assert book.recall("old") is not None
        book.record("attempt", {"external_task_id": "old", "within": 10.0})


def test_every_connection_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `close`, also one that is opened after it; and when nobody holds the journal any more."""
    made: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def watched(*args: Any, **options: Any) -> sqlite3.Connection:
        made.append(connect(*args, **options))
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", watched)
    journal = Journal(tmp_path / "j")
    intent(journal)
    journal.close()
    intent(journal, "late")  # such as a release after the client was closed
    assert not journal.file.is_open
    forgotten: Journal | None = Journal(tmp_path / "j")
    assert forgotten is not None
    forgotten.entries()
    forgotten = None
    gc.collect()
    assert len(made) >= 3
    for connection in made:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_the_file_hangs_on_nothing_but_its_journal(tmp_path: Path) -> None:
    """What is kept for forks keeps no file alive."""
    before = len(journal_file._files)
    file = JournalFile(tmp_path / "j")
    assert len(journal_file._files) == before + 1
    del file
    gc.collect()
    assert len(journal_file._files) <= before
