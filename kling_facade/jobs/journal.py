"""What was paid for, in a file that survives the process: one row a job.

A row says *intent* before the create is sent, *accepted* with the task id after the answer,
*refused* when the gateway said no, *finished* when the job has ended, *saved* when its video lies
on the disk. It holds ids, times, a digest of the request and where the video goes; no prompt, no
picture, no key, no signed address.

Two processes never work on the same row. Who works on it has *claimed* it; each claim has a number
one higher than the one before (a *fence*), and whoever writes shows the number of its own claim: a
process that was away for so long that another one took over can't write any more, let alone post.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

from attrs import field, frozen

from ..errors import JobTaken, JournalError
from .journal_file import JournalFile
from .owner import Owner, lives, this_process

__all__ = ["Book", "Entry", "EntryState", "Journal"]

EntryState = Literal["intent", "accepted", "refused", "finished", "saved"]

_LEASE: Final = 900.0
"""Seconds that a claim of another machine holds without a sign of life. On this machine only the
life of its owner counts."""
_ORDER: Final = ("intent", "refused", "accepted", "finished", "saved")
"""States as they follow each other: none ever goes back."""
_FACTS: Final = frozenset(
    {"task_id", "digest", "outcome", "destination", "replace_file", "size", "sha256"}
)


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
        age: Seconds since a create can last have left for the gateway, when the row was read: 0
            while one may have been under way a moment ago.
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
        self.file: JournalFile = JournalFile(self.path)
        self.clock: Callable[[], float] = clock
        self.renewed: float = float("-inf")
        """When the claims of this process were renewed last."""
        self.left: set[str] = set()
        """Names of owners that have ended; their claims are taken off with the next write."""

    def __repr__(self) -> str:
        return f"Journal({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file. A use after that opens it for itself."""
        self.file.close()

    def entries(self) -> list[Entry]:
        """All rows, the oldest first.

        Raises:
            JournalError: The file or one of its rows can't be read.
        """
        found = self.read()
        for entry in found:
            if isinstance(entry, JournalError):
                raise entry
        return [entry for entry in found if isinstance(entry, Entry)]

    def read(self) -> list[Entry | JournalError]:
        """All rows, the oldest first; in the place of a damaged one the error that names it.

        Raises:
            JournalError: The file can't be read.
        """
        with self.file.transaction() as sql:
            rows = sql.execute("SELECT * FROM jobs ORDER BY created_at").fetchall()
        return [self._entry_or_error(row) for row in rows]

    def forget(self, external_task_id: str) -> None:
        """Removes a row, such as an intent that never became a job.

        Raises:
            JournalError: The file can't be written.
        """
        with self.file.transaction() as sql:
            sql.execute("DELETE FROM jobs WHERE external_task_id = ?", (external_task_id,))

    def book(self, gateway: str) -> Book:
        """What one operation of a client writes: see `Book`.

        Args:
            gateway: Host of the gateway; ids of different gateways may be alike.
        """
        return Book(self, gateway)

    def entry(self, row: sqlite3.Row) -> Entry:
        """A row as a value.

        Raises:
            JournalError: It holds what no row can hold.
        """
        try:
            return _entry(row, self.clock())
        except (TypeError, ValueError, OverflowError, OSError) as error:
            why = str(error)
        name = str(row["external_task_id"]).encode("utf-8", "backslashreplace").decode()
        raise JournalError(
            f"the row {name[:140]!r} of the journal {self.path} is damaged: {why}",
            hint="The job may exist at the gateway: kling.job(external_task_id=...).refresh(). "
            "Then drop the row with Journal.forget().",
            external_task_id=name[:140],
        )

    def _entry_or_error(self, row: sqlite3.Row) -> Entry | JournalError:
        try:
            return self.entry(row)
        except JournalError as error:
            return error


def _entry(row: sqlite3.Row, now: float) -> Entry:
    """The checked value of a row."""
    created, leaving = _number(row, "created_at"), row["leaving_until"]
    last = created if leaving is None else _number(row, "leaving_until")
    if row["state"] not in get_args(EntryState):
        raise ValueError(f"{row['state']!r} is not a state")
    size = row["size"]
    if size is not None and (not isinstance(size, int) or size < 0):
        raise ValueError("its size is not a number of bytes")
    texts = {name: _text(row, name) for name in ("task_id", "digest", "outcome", "sha256")}
    return Entry(
        external_task_id=_text(row, "external_task_id") or "",
        gateway=_text(row, "gateway") or "",
        state=row["state"],
        destination=_path(row["destination"]),
        replace_file=bool(row["replace_file"]),
        size=size,
        created_at=datetime.fromtimestamp(created, UTC),
        updated_at=datetime.fromtimestamp(_number(row, "updated_at"), UTC),
        age=max(0.0, now - last),
        **texts,
    )


def _number(row: sqlite3.Row, name: str) -> float:
    value = row[name]
    if not isinstance(value, (int, float)):
        raise ValueError(f"its {name} is not a time")
    return float(value)


def _text(row: sqlite3.Row, name: str) -> str | None:
    value = row[name]
    if value is not None and not (isinstance(value, str) and _is_utf8(value)):
        raise ValueError(f"its {name} is not a text")
    return value


def _path(value: Any) -> Path | None:
    """A destination; one whose name is not UTF-8 is kept as bytes."""
    if isinstance(value, bytes):
        value = os.fsdecode(value)
    if value is not None and (not isinstance(value, str) or "\0" in value):
        raise ValueError("its destination is not a path")
    return Path(value) if value else None


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Book:
    """What one operation writes to a journal: the rows it works on stay its own until `release`.

    Args:
        journal: Where to.
        gateway: Host of the gateway; ids of different gateways may be alike.
    """

    def __init__(self, journal: Journal, gateway: str) -> None:
        self._journal = journal
        self._gateway = gateway
        self._owner: Owner | None = None
        self._fences: dict[str, int] = {}

    def recall(self, external_task_id: str) -> Entry | None:
        """The row, claimed; ``None`` when there is none.

        Raises:
            JobTaken: A living process works on it.
            JournalError: The file or the row can't be read.
        """
        with self._writing() as sql:
            row = self._row(sql, external_task_id)
            if row is None:
                return None
            entry = self._journal.entry(row)
            self._claim(sql, row)
        return entry

    def record(self, event: str, facts: Mapping[str, Any]) -> None:
        """Writes what happened; see `effects.Record` for the events.

        An intent makes the row, or takes the one that was recalled; all else changes a row that
        is there.

        Raises:
            JobTaken: Another process works on the row, or has taken it over.
            JournalError: The file can't be written.
        """
        if self.needless(event):
            return
        match event:
            case "intent":
                with self._writing() as sql:
                    self._intend(sql, facts)
            case "attempt":
                with self._writing() as sql:
                    self._attempt(sql, facts)
            case "waiting":
                with self._writing(paying=False) as sql:
                    self._renew(sql)
            case _:
                with self._writing(paying=False) as sql:
                    self._change(sql, event, facts)

    def needless(self, event: str) -> bool:
        """Whether recording this event would change nothing: all claims are still fresh."""
        journal = self._journal
        return event == "waiting" and journal.clock() < journal.renewed + _LEASE / 3

    def release(self) -> None:
        """Lets go of all rows. If the file can't be written now, the next write does it."""
        if self._owner is None or self._owner.forked:
            return
        self._owner.end()
        self._owner = None
        with contextlib.suppress(Exception), self._writing(paying=False):
            pass  # what has ended is taken off on the way

    # --- who may write

    @contextlib.contextmanager
    def _writing(self, *, paying: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction; the claims of owners that have ended are taken off on the way."""
        journal = self._journal
        with journal.file.transaction(paying=paying) as sql:
            ended = list(journal.left)
            for name in ended:
                # From now on nothing of theirs can leave any more.
                sql.execute(
                    "UPDATE jobs SET claimed_by = NULL, claimed_until = NULL, "
                    "leaving_until = min(leaving_until, ?) WHERE claimed_by = ?",
                    (journal.clock(), name),
                )
            yield sql
        journal.left.difference_update(ended)

    def _me(self) -> str:
        """The name of this book's owner; a copy in a forked child has one of its own."""
        if self._owner is None or self._owner.forked:
            if self._owner is not None:
                self._fences.clear()
            self._owner = Owner(self._journal.left.add)
        return self._owner.name

    def _claim(self, sql: sqlite3.Connection, row: sqlite3.Row) -> None:
        """Makes the row this book's own.

        Raises:
            JobTaken: It is another's.
        """
        me, now = self._me(), self._journal.clock()
        if self._journal.renewed == float("-inf"):
            self._journal.renewed = now
        fence = _fence(row)
        if row["claimed_by"] != me:
            if self._is_taken(row):
                raise self._taken(row["external_task_id"])
            fence += 1
        sql.execute(
            f"UPDATE jobs SET claimed_by = ?, claimed_until = ?, fence = ? WHERE {_KEY}",  # noqa: S608 - a constant
            (me, now + _LEASE, fence, self._gateway, row["external_task_id"]),
        )
        self._fences[row["external_task_id"]] = fence

    def _is_taken(self, row: sqlite3.Row) -> bool:
        """Whether somebody else works on the row: on this machine while the owner lives."""
        if row["claimed_by"] is None:
            return False
        alive = lives(row["claimed_by"])
        if alive == "unknown":
            until = row["claimed_until"]
            return isinstance(until, (int, float)) and until > self._journal.clock()
        return alive

    def _may_write(self, row: sqlite3.Row) -> bool:
        """Whether nobody has claimed the row since this book did, or nobody works on it."""
        if self._owner is not None and self._owner.forked:
            return not self._is_taken(row)
        mine = self._fences.get(row["external_task_id"])
        return not self._is_taken(row) if mine is None else mine == _fence(row)

    def _taken(self, external_task_id: str) -> JobTaken:
        return JobTaken(
            f"another process works on {external_task_id}",
            hint="Leave it to that one; should it hang, end it and resume again.",
            external_task_id=external_task_id,
        )

    # --- what is written

    def _intend(self, sql: sqlite3.Connection, facts: Mapping[str, Any]) -> None:
        """The first create of a row is about to leave."""
        now, external = self._journal.clock(), facts["external_task_id"]
        row = self._row(sql, external)
        if row is None:
            sql.execute(
                "INSERT INTO jobs (gateway, external_task_id, state, created_at, updated_at) "
                "VALUES (?, ?, 'intent', ?, ?)",
                (self._gateway, external, now, now),
            )
            row = self._row(sql, external)
            assert row is not None
        elif self._fences.get(external) != _fence(row):
            raise self._taken(external)  # it came to be since this book looked
        self._claim(sql, row)
        leaving = now + float(facts.get("within") or 0.0)
        self._set(sql, external, facts, state="intent", created_at=now, leaving_until=leaving)

    def _attempt(self, sql: sqlite3.Connection, facts: Mapping[str, Any]) -> None:
        """Another create of a row is about to leave, if the row is still this book's."""
        external = facts["external_task_id"]
        row = self._row(sql, external)
        if row is None or row["claimed_by"] != self._me() or not self._may_write(row):
            raise self._taken(external)
        self._claim(sql, row)
        leaving = self._journal.clock() + float(facts.get("within") or 0.0)
        self._set(sql, external, {}, leaving_until=leaving)

    def _change(self, sql: sqlite3.Connection, event: str, facts: Mapping[str, Any]) -> None:
        """A later event: the state only ever moves forwards."""
        row = self._find(sql, facts)
        if row is None:
            return  # a job from elsewhere
        external = row["external_task_id"]
        if not self._may_write(row):
            raise self._taken(external)
        forwards = event in _ORDER and (
            row["state"] not in _ORDER or _ORDER.index(event) >= _ORDER.index(row["state"])
        )
        self._set(sql, external, facts, **({"state": event} if forwards else {}))

    def _renew(self, sql: sqlite3.Connection) -> None:
        """A sign of life, for all rows of this process: whoever waits does it for all.

        Some rows wait for a slot of the account, or for a download, without anything being done.
        """
        journal = self._journal
        journal.renewed = journal.clock()
        mine = f"{this_process()}:"
        sql.execute(
            "UPDATE jobs SET claimed_until = ? WHERE substr(claimed_by, 1, ?) = ?",
            (journal.renewed + _LEASE, len(mine), mine),
        )

    def _row(self, sql: sqlite3.Connection, external_task_id: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = sql.execute(
            f"SELECT * FROM jobs WHERE {_KEY}",  # noqa: S608 - a constant
            (self._gateway, external_task_id),
        ).fetchone()
        return found

    def _find(self, sql: sqlite3.Connection, facts: Mapping[str, Any]) -> sqlite3.Row | None:
        """The row of a job that may be known by the gateway's id only."""
        external, task_id = facts.get("external_task_id"), facts.get("task_id")
        row = None if external is None else self._row(sql, external)
        if row is None and task_id is not None:
            row = sql.execute(
                "SELECT * FROM jobs WHERE gateway = ? AND task_id = ?", (self._gateway, task_id)
            ).fetchone()
        return row

    def _set(
        self, sql: sqlite3.Connection, external: str, facts: Mapping[str, Any], **more: Any
    ) -> None:
        columns = {name: facts[name] for name in _FACTS if facts.get(name) is not None} | more
        columns["updated_at"] = self._journal.clock()
        destination = columns.get("destination")
        if isinstance(destination, str) and not _is_utf8(destination):
            columns["destination"] = os.fsencode(destination)
        settings = ", ".join(f"{name} = ?" for name in columns)
        sql.execute(
            f"UPDATE jobs SET {settings} WHERE {_KEY}",  # noqa: S608 - names are those of _FACTS
            (*columns.values(), self._gateway, external),
        )


_KEY: Final = "gateway = ? AND external_task_id = ?"


def _fence(row: sqlite3.Row) -> int:
    """The number of the newest claim; a damaged one counts as none."""
    fence = row["fence"]
    return fence if isinstance(fence, int) else 0
