"""What was paid for, in a file that survives the process: one row a job.

A row says *intent* before the create is sent, *accepted* with the task id after the answer,
*refused* when the gateway said no, *finished* when the job has ended, *saved* when its video lies
on the disk. It holds ids, times, a digest of the request and where the video goes; no prompt, no
picture, no key, no signed address.

The file is SQLite (the standard library's): ``WAL``, ``synchronous=FULL``, mode 0600. Several
threads and processes may use it at once; a claim keeps two of them off the same row.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, Self

from attrs import field, frozen

from ..errors import JobTaken, JournalError

__all__ = ["Book", "Entry", "EntryState", "Journal"]

EntryState = Literal["intent", "accepted", "refused", "finished", "saved"]

_VERSION: Final = 1
_APPLICATION: Final = 0x6B6C6E67  # "klng"
_BUSY_SECONDS: Final = 30.0
_WAL_TRIES: Final = 100
_LEASE: Final = 900.0
"""Seconds a claim holds without a sign of life. One of a dead process on this machine holds not at
all."""

_SCHEMA: Final = """
CREATE TABLE jobs (
    gateway TEXT NOT NULL,
    external_task_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intent', 'accepted', 'refused', 'finished', 'saved')),
    task_id TEXT,
    digest TEXT,
    outcome TEXT,
    destination TEXT,
    replace_file INTEGER NOT NULL DEFAULT 0,
    size INTEGER,
    sha256 TEXT,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    claimed_by TEXT,
    claimed_until REAL,
    PRIMARY KEY (gateway, external_task_id)
) WITHOUT ROWID;
CREATE INDEX jobs_by_task ON jobs (gateway, task_id);
"""

_FACTS: Final = frozenset(
    {"task_id", "digest", "outcome", "destination", "replace_file", "size", "sha256"}
)
_AFTER: Final[Mapping[str, str]] = {
    "accepted": "accepted",
    "refused": "refused",
    "finished": "finished",
    "saved": "saved",
}
_ORDER: Final = ("intent", "refused", "accepted", "finished", "saved")

_inherited: list[sqlite3.Connection] = []
"""Connections from before a fork: never used again, and never closed, which would break the
parent's locks."""


@frozen
class Entry:
    """One row.

    Attributes:
        external_task_id: Our id of the job.
        gateway: Host of the gateway.
        state: How far it came.
        task_id: The gateway's id, once it is known.
        digest: SHA-256 of the request.
        outcome: The job's final state: ``succeed`` or ``failed``.
        destination: Where the video goes, if that is known.
        replace_file: Whether a file there may be replaced.
        size: Bytes of the video, once it is whole.
        sha256: Its digest.
        created_at: When the intent was written.
        updated_at: When the row changed last.
        age: Seconds since the intent, when the row was read.
    """

    external_task_id: str
    gateway: str
    state: EntryState
    task_id: str | None = None
    digest: str | None = None
    outcome: str | None = None
    destination: Path | None = None
    replace_file: bool = False
    size: int | None = None
    sha256: str | None = None
    created_at: datetime = field(factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(factory=lambda: datetime.now(UTC))
    age: float = field(default=0.0, eq=False)

    @property
    def open(self) -> bool:
        """Whether there is something left to do."""
        if self.state == "finished":
            return self.outcome == "succeed" and self.destination is not None
        return self.state in ("intent", "accepted")


_COLUMNS: Final = (
    "external_task_id, gateway, state, task_id, digest, outcome, destination, replace_file, size, "
    "sha256, created_at, updated_at"
)


class Journal:
    """A journal file. Made on first use; its folder must exist.

    Args:
        path: The file, such as ``jobs.sqlite``.
        clock: Seconds since 1970, for tests.

    Raises:
        JournalError: On first use, if the file is damaged, of a newer version, or not writable.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder, Journal(f"{folder}/jobs.sqlite") as journal:
        ...     journal.entries()
        []
    """

    def __init__(
        self, path: str | os.PathLike[str], *, clock: Callable[[], float] = time.time
    ) -> None:
        self.path: Path = Path(path).absolute()
        self._clock = clock
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = os.getpid()

    def __repr__(self) -> str:
        return f"Journal({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file. It is opened again when it is used again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    def entries(self) -> list[Entry]:
        """All rows, the oldest first.

        Raises:
            JournalError: The file can't be read.
        """
        with self._transaction() as sql:
            found = sql.execute(f"SELECT {_COLUMNS} FROM jobs ORDER BY created_at").fetchall()  # noqa: S608 - a constant
        return [self._entry(row) for row in found]

    def forget(self, external_task_id: str) -> None:
        """Removes a row, such as an intent that never became a job.

        Raises:
            JournalError: The file can't be written.
        """
        with self._transaction() as sql:
            sql.execute("DELETE FROM jobs WHERE external_task_id = ?", (external_task_id,))

    def book(self, gateway: str) -> Book:
        """What one operation of a client writes: see `Book`."""
        return Book(self, gateway)

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        facts = dict(zip(_COLUMNS.split(", "), row, strict=True))
        created, place = facts["created_at"], facts["destination"]
        changes: dict[str, Any] = {
            "destination": Path(place) if place else None,
            "replace_file": bool(facts["replace_file"]),
            "created_at": datetime.fromtimestamp(created, UTC),
            "updated_at": datetime.fromtimestamp(facts["updated_at"], UTC),
            "age": max(0.0, self._clock() - created),
        }
        return Entry(**{**facts, **changes})

    # --- the file

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction; whatever SQLite objects to becomes an error that names the file."""
        if self._pid != os.getpid():
            self._after_fork()
        failure: JournalError
        try:
            with self._lock:
                sql = self._open()
                sql.execute("BEGIN IMMEDIATE")
                try:
                    yield sql
                except BaseException:
                    sql.execute("ROLLBACK")
                    raise
                sql.execute("COMMIT")
                return
        except (sqlite3.Error, OSError) as error:
            failure = self._error(error)
        raise failure

    def _after_fork(self) -> None:
        if self._connection is not None:
            _inherited.append(self._connection)
        self._connection, self._lock, self._pid = None, threading.RLock(), os.getpid()

    def _error(self, error: Exception) -> JournalError:
        damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.OperationalError
        )
        if damaged:
            return JournalError(
                f"the journal {self.path} is damaged or something else: {error}",
                hint="Move it away to start a new one; sqlite3's .recover may save its rows.",
            )
        return JournalError(
            f"the journal {self.path} can't be used: {error}",
            hint="Look at its folder and its permissions. Nothing is sent without it.",
        )

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if not self.path.exists():
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite3.connect(
                f"{self.path.as_uri()}?mode=rw",
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, sql: sqlite3.Connection) -> None:
        """Checks whose file it is before anything is written to it, then sets it up."""
        self._check_version(sql)
        _set_wal(sql)
        sql.execute("PRAGMA synchronous = FULL")
        sql.execute("BEGIN IMMEDIATE")
        if not sql.execute("PRAGMA user_version").fetchone()[0]:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                sql.execute(statement)
            sql.execute(f"PRAGMA application_id = {_APPLICATION}")
            sql.execute(f"PRAGMA user_version = {_VERSION}")
        sql.execute("COMMIT")

    def _check_version(self, sql: sqlite3.Connection) -> None:
        version = sql.execute("PRAGMA user_version").fetchone()[0]
        application = sql.execute("PRAGMA application_id").fetchone()[0]
        tables = sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and application != _APPLICATION:
            raise JournalError(
                f"{self.path} is a database of something else", hint="Name another file."
            )
        if version > _VERSION:
            raise JournalError(
                f"the journal {self.path} is of version {version}; this library writes {_VERSION}",
                hint="Use the newer kling-facade that wrote it. The file was left as it is.",
            )


def _set_wal(sql: sqlite3.Connection) -> None:
    """Switches to write-ahead logging; SQLite does not wait by itself for others who do so too."""
    for attempt in range(_WAL_TRIES):
        try:
            if sql.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                sql.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == _WAL_TRIES - 1:
                raise
            time.sleep(0.05)
        else:
            return


class Book:
    """What one operation writes to a journal: the rows it works on stay its own until `release`.

    Args:
        journal: The file.
        gateway: Host of the gateway; ids of different gateways may be alike.
    """

    def __init__(self, journal: Journal, gateway: str) -> None:
        self._journal = journal
        self._gateway = gateway
        self._owner = f"{_process()}:{secrets.token_hex(4)}"
        self._renewed = 0.0

    def recall(self, external_task_id: str) -> Entry | None:
        """The row, claimed; ``None`` when there is none.

        Raises:
            JobTaken: A living process works on it.
            JournalError: The file can't be used.
        """
        with self._journal._transaction() as sql:
            row = self._row(sql, external_task_id)
            if row is not None:
                self._claim(sql, external_task_id)
        return None if row is None else self._journal._entry(row)

    def record(self, event: str, facts: Mapping[str, Any]) -> None:
        """Writes what happened. An intent makes the row; all else changes one that is there.

        Raises:
            JobTaken: Another process works on the row that this intent is for.
            JournalError: The file can't be written.
        """
        if self.needless(event):
            return
        with self._journal._transaction() as sql:
            if event == "intent":
                self._intend(sql, facts)
            elif event == "waiting":
                self._renew(sql)
            else:
                self._change(sql, event, facts)

    def needless(self, event: str) -> bool:
        """Whether recording this event would change nothing: the claim is still fresh."""
        return event == "waiting" and self._journal._clock() < self._renewed + _LEASE / 3

    def release(self) -> None:
        """Lets go of all rows. Best effort: a claim that stays ends by itself."""
        if not self._renewed:
            return
        with contextlib.suppress(JournalError), self._journal._transaction() as sql:
            sql.execute(
                "UPDATE jobs SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = ?",
                (self._owner,),
            )

    def _row(self, sql: sqlite3.Connection, external_task_id: str) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = sql.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE gateway = ? AND external_task_id = ?",  # noqa: S608 - a constant
            (self._gateway, external_task_id),
        ).fetchone()
        return found

    def _intend(self, sql: sqlite3.Connection, facts: Mapping[str, Any]) -> None:
        now = self._journal._clock()
        external = facts["external_task_id"]
        if self._row(sql, external) is None:
            sql.execute(
                "INSERT INTO jobs (gateway, external_task_id, state, created_at, updated_at) "
                "VALUES (?, ?, 'intent', ?, ?)",
                (self._gateway, external, now, now),
            )
        self._claim(sql, external)
        self._set(sql, facts, state="intent", created_at=now)

    def _change(self, sql: sqlite3.Connection, event: str, facts: Mapping[str, Any]) -> None:
        """A later event: the state only ever moves forwards."""
        new: dict[str, Any] = {}
        if event in _AFTER:
            row = self._find(sql, facts)
            if row is not None and _ORDER.index(_AFTER[event]) >= _ORDER.index(row[2]):
                new["state"] = _AFTER[event]
        self._set(sql, facts, **new)

    def _renew(self, sql: sqlite3.Connection) -> None:
        """A sign of life, for all rows of this book at once."""
        self._renewed = self._journal._clock()
        sql.execute(
            "UPDATE jobs SET claimed_until = ? WHERE claimed_by = ?",
            (self._renewed + _LEASE, self._owner),
        )

    def _find(self, sql: sqlite3.Connection, facts: Mapping[str, Any]) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = sql.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE {_KEY}",  # noqa: S608 - a constant
            self._key(facts),
        ).fetchone()
        return found

    def _key(self, facts: Mapping[str, Any]) -> tuple[Any, ...]:
        return (self._gateway, facts.get("external_task_id"), facts.get("task_id"))

    def _set(self, sql: sqlite3.Connection, facts: Mapping[str, Any], **more: Any) -> None:
        known = {name: value for name, value in facts.items() if value is not None}
        columns = {name: known[name] for name in _FACTS & known.keys()} | more
        columns["updated_at"] = self._journal._clock()
        settings = ", ".join(f"{name} = ?" for name in columns)
        sql.execute(
            f"UPDATE jobs SET {settings} WHERE {_KEY}",  # noqa: S608 - names are those of _FACTS
            (*columns.values(), *self._key(facts)),
        )

    def _claim(self, sql: sqlite3.Connection, external_task_id: str) -> None:
        now = self._journal._clock()
        owner, until = sql.execute(
            "SELECT claimed_by, claimed_until FROM jobs WHERE gateway = ? AND external_task_id = ?",
            (self._gateway, external_task_id),
        ).fetchone()
        if owner not in (None, self._owner) and until > now and _lives(owner):
            raise JobTaken(
                f"another process works on {external_task_id}",
                hint="Leave it to that one; should it hang, end it and resume again.",
                external_task_id=external_task_id,
            )
        self._renewed = now
        sql.execute(
            "UPDATE jobs SET claimed_by = ?, claimed_until = ? "
            "WHERE gateway = ? AND external_task_id = ?",
            (self._owner, now + _LEASE, self._gateway, external_task_id),
        )


_KEY: Final = "gateway = ? AND (external_task_id = ? OR task_id = ?)"


# --- is the process that claimed a row still there? ----------------------------------------------


def _process() -> str:
    """This process, told apart from others with the same number, now or later."""
    return f"{_machine()}:{os.getpid()}:{_start_time(os.getpid())}"


def _machine() -> str:
    """Where process numbers mean the same: a host, and a container in it."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return f"{socket.gethostname()}/{space}".replace(":", "_")


def _start_time(pid: int) -> str:
    """When a process began, as the kernel counts; ``""`` where that can't be asked.

    Raises:
        ProcessLookupError: There is no such process, or it is dead and only not yet buried.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        if sys.platform == "linux":
            raise ProcessLookupError(pid) from None
        return ""
    fields = stat.rpartition(b")")[2].split()
    if fields[0] in (b"Z", b"X"):
        raise ProcessLookupError(pid)
    return fields[19].decode()


def _lives(owner: str) -> bool:
    """Whether the process of a claim may still be at work. In doubt, it is."""
    machine, pid, started, _ = owner.split(":")
    if machine != _machine() or sys.platform == "win32":
        return True
    try:
        if started:
            return _start_time(int(pid)) == started
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except OSError:
        return True
    return True
