"""The file of a journal: SQLite, opened, checked, brought up to date, and shared with care.

Several threads and processes may use the file at once. What needs care, each from SQLite's "How to
corrupt an SQLite database file" or a report of somebody who was bitten:

* A connection must not cross a fork, neither used nor closed; and a fork while another thread is
  inside SQLite leaves the child with SQLite's own locks held for ever. So a fork waits until no
  thread is inside.
* A file that is deleted or moved while it is open can be written to, and nobody will ever read
  that. So each transaction looks whether the file is still where it was.
* Several processes may create the file at the same moment. So whatever is asked of it is asked
  within one transaction.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from attrs import define

from ..errors import JournalError

__all__ = ["JournalFile"]

_VERSION: Final = 2
_APPLICATION: Final = 0x6B6C6E67  # "klng"
_BUSY_SECONDS: Final = 30.0
_SETUP_TRIES: Final = 200
_SETUP_PAUSE: Final = 0.05

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

# Version 1 did not say until when a create may leave: the longest upload is the safe answer.
_FROM_1: Final = """
ALTER TABLE jobs ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN leaving_until REAL;
UPDATE jobs SET leaving_until = created_at + 300.0;
"""

_abandoned: Final[list[sqlite3.Connection]] = []
"""Connections that must not be used again, and not be closed: those from before a fork, whose
locks are the parent's, and those whose file is gone, which would take the siblings of a new file
along."""

_files: Final[weakref.WeakSet[JournalFile]] = weakref.WeakSet()
_registry: Final = threading.Lock()


@define
class _Slot:
    """The open connection, apart from the file object so that it can be closed when that is gone.

    Attributes:
        connection: It, or ``None``.
        pid: Whose it is.
        identity: Device and number of the file that was opened.
    """

    connection: sqlite3.Connection | None = None
    pid: int = 0
    identity: tuple[int, int] | None = None

    def close(self) -> None:
        """Closes it, if it is this process's own."""
        connection, self.connection = self.connection, None
        if connection is None:
            return
        if self.pid == os.getpid():
            connection.close()
        else:
            _abandon(connection)


class JournalFile:
    """One SQLite file, opened when it is first used.

    Args:
        path: Where it lies. It is made if it is missing; its folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._slot = _Slot()
        self._seen = self._closed = False
        weakref.finalize(self, self._slot.close)
        with _registry:
            _files.add(self)

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._slot.connection is not None

    def close(self) -> None:
        """Closes the connection. Later uses open one for themselves and close it at once."""
        with self._lock:
            self._closed, self._seen = True, False
            self._slot.close()

    @contextlib.contextmanager
    def transaction(self, *, paying: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction. Whatever SQLite objects to becomes an error that names the file.

        Args:
            paying: Whether money may be spent on the strength of it. Then it is refused where the
                file is not where it was; else it is carried out first.

        Raises:
            JournalError: The file can't be used, or is gone.
        """
        try:
            with self._lock:
                yield from self._within(paying)
                return
        except (sqlite3.Error, OSError, ValueError) as error:
            failure = self._error(error)
        raise failure

    def _within(self, paying: bool) -> Iterator[sqlite3.Connection]:
        sql = self._open()
        gone = not self._in_place()
        if gone and paying:
            raise self._gone()
        try:
            sql.execute("BEGIN IMMEDIATE")
            try:
                yield sql
            except BaseException:
                sql.execute("ROLLBACK")
                raise
            sql.execute("COMMIT")
            if gone:  # brings what was written into the file itself, wherever that is now
                sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            if self._closed and not gone:
                self._slot.close()
        if gone:
            raise self._gone()

    # --- opening

    def _open(self) -> sqlite3.Connection:
        if self._slot.connection is None:
            self._open_anew()
        assert self._slot.connection is not None
        return self._slot.connection

    def _open_anew(self) -> None:
        if not self.path.exists():
            if self._seen:
                raise self._gone()
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.row_factory = sqlite3.Row
        # A damaged text must not make the whole file unreadable.
        connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        try:
            _patiently(lambda: self._prepare(connection))
            found = self.path.stat()
        except BaseException:
            connection.close()
            raise
        self._slot.connection, self._slot.pid = connection, os.getpid()
        self._slot.identity = (found.st_dev, found.st_ino)
        self._seen = True

    def _prepare(self, sql: sqlite3.Connection) -> None:
        """Checks whose file it is before anything is written to it, then sets it up."""
        with _transaction(sql, "BEGIN"):
            self._version(sql)
        if sql.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            sql.execute("PRAGMA journal_mode = WAL")
        sql.execute("PRAGMA synchronous = FULL")
        with _transaction(sql, "BEGIN IMMEDIATE"):
            version = self._version(sql)
            for script in (_SCHEMA, _FROM_1)[version:]:
                for statement in filter(str.strip, script.split(";")):
                    sql.execute(statement)
            if version < _VERSION:
                sql.execute(f"PRAGMA application_id = {_APPLICATION}")
                sql.execute(f"PRAGMA user_version = {_VERSION}")

    def _version(self, sql: sqlite3.Connection) -> int:
        """The version of the file, 0 for an empty one; asked within a transaction.

        Raises:
            JournalError: It is not a journal, or of a newer version.
        """
        version = int(sql.execute("PRAGMA user_version").fetchone()[0])
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
        return version

    # --- what can happen to it meanwhile

    def _in_place(self) -> bool:
        """Whether the open file is still the one that has the name."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        return self._slot.identity == (found.st_dev, found.st_ino)

    def _gone(self) -> JournalError:
        if self._slot.connection is not None:
            _abandon(self._slot.connection)
            self._slot.connection = None
        return JournalError(
            f"the journal {self.path} was deleted, moved or replaced while it was in use",
            hint="Put it back, or make a new client for a new journal. Nothing is sent without it.",
        )

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

    # --- forks

    def hold(self) -> None:
        """Waits until no thread is inside SQLite through this file."""
        self._lock.acquire()

    def go_on(self) -> None:
        """The fork is over, in the parent."""
        self._lock.release()

    def begin_anew(self) -> None:
        """In the child: a connection and a lock of its own."""
        self._lock = threading.RLock()
        self._slot.close()


def _abandon(connection: sqlite3.Connection) -> None:
    """Keeps a connection from being closed, when the interpreter ends too.

    At its end Python forgets the list, and a connection that is forgotten is closed.
    """
    import ctypes  # late: hardly ever needed

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
    _abandoned.append(connection)


@contextlib.contextmanager
def _transaction(sql: sqlite3.Connection, begin: str) -> Iterator[None]:
    sql.execute(begin)
    try:
        yield
    except BaseException:
        sql.execute("ROLLBACK")
        raise
    sql.execute("COMMIT")


def _patiently(prepare: Callable[[], None]) -> None:
    """Sets a file up although others do so too: SQLite does not wait while the mode is switched."""
    for attempt in range(_SETUP_TRIES):
        try:
            prepare()
        except sqlite3.OperationalError as error:
            if not _is_passing(error) or attempt == _SETUP_TRIES - 1:
                raise
            time.sleep(_SETUP_PAUSE)
        else:
            return


def _is_passing(error: sqlite3.OperationalError) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


_held: Final[list[JournalFile]] = []


def _before_fork() -> None:
    _registry.acquire()
    _held.extend(_files)
    for file in _held:
        file.hold()


def _after_fork_in_parent() -> None:
    while _held:
        _held.pop().go_on()
    _registry.release()


def _after_fork_in_child() -> None:
    while _held:
        _held.pop().begin_anew()
    _registry.release()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
