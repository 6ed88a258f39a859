"""The fault table, as data: what goes wrong, where, and what it must end in.

`test_table` plays every case over raw sockets, sync and async, and holds the invariants against
each. ``docs/faults.md`` is made of the same rows: ``python -m tests.faults.table``.

Phases: S submit, L look-up, P poll, D download, C callback, B build, R resume.
"""

from __future__ import annotations

from typing import Final

from tests.faults.rows_codes import CODES
from tests.faults.rows_downloads import DOWNLOADS
from tests.faults.rows_network import NETWORK
from tests.faults.rows_payloads import PAYLOADS
from tests.faults.rows_process import CALLERS, PROCESS
from tests.faults.ways import Case, Row

TABLE: Final[tuple[tuple[str, tuple[Row, ...]], ...]] = (
    ("Network", NETWORK),
    ("HTTP and codes", CODES),
    ("Payload", PAYLOADS),
    ("Download and filesystem", DOWNLOADS),
    ("Clock, crash, process", PROCESS),
    ("Callers and callbacks", CALLERS),
)

INTRODUCTION: Final = """\
# Faults, and what each ends in

Made from the list that the tests run: `python -m tests.faults.table > docs/faults.md`. A test
keeps both equal. What the errors mean and what to do about them stands in
[reliability.md](reliability.md).

Phases: S submit, L look-up by external id, P poll, D download, C callback, B before anything is
sent, R resume. *Cases* is how many variants are played over raw sockets, each sync and async, each
followed by these checks:

- I1 one create per external id at most, counted at a server that would make a second one
- I2 every accepted job can be reached from the journal or from the exception
- I3 a destination that exists is the whole, right video; no partial file has its name
- I4 time and requests are bounded; memory stays flat where a bomb is thrown
- I5 only `KlingError`s come out
- I6 planted secrets are in no message, `repr`, traceback with locals, DEBUG log or journal
- I7 sync and async end alike, and the server sees the same requests
- I8 no thread, socket, task or temporary file is left
"""


def document() -> str:
    """The page ``docs/faults.md``."""
    parts = [INTRODUCTION]
    for title, rows in TABLE:
        parts.append(f"\n## {title}\n\n| id | fault | phase | ends in | cases |\n")
        parts.append("|---|---|---|---|---|\n")
        parts += [
            f"| {row.id} | {row.fault} | {row.phases} | {row.expected} | {_shown(row)} |\n"
            for row in rows
        ]
    return "".join(parts)


def _shown(row: Row) -> str:
    tests = [f"`{name.rpartition('::')[2]}`" for name in row.shown_by]
    return ", ".join(([str(len(row.cases))] if row.cases else []) + tests)


def all_cases() -> list[tuple[Row, Case]]:
    """Every case with its row."""
    return [(row, case) for _, rows in TABLE for row in rows for case in row.cases]


if __name__ == "__main__":
    print(document(), end="")
