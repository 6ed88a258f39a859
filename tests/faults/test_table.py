"""The fault table, played: every case over raw sockets, sync and async, then I1 to I8."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from kling_facade import PollPlan
from tests.faults import invariants
from tests.faults.invariants import Result
from tests.faults.table import TABLE, all_cases, document
from tests.faults.ways import Case, Row, lost
from tests.support.both_clients import Kind, PlainRequest, calling, skipping_runtime
from tests.support.misbehaving_server import raw
from tests.support.scripted_gateway import Stage

ROOT = Path(__file__).parents[2]

SLACK = 4.0
"""Seconds that a loaded machine may take on top."""


def stage_of(case: Case) -> Stage:
    """The gateway, with its faults in place."""
    faults: dict[Any, Any] = {**case.first, case.phase: case.faults}
    if case.phase == "L" and "S" not in faults:
        faults["S"] = [lost(raw(b"", then="reset"))]  # only a lost create is looked up
    always: dict[Any, Any] = {case.phase: case.faults[-1]} if case.always else {}
    return Stage(faults=faults, always=always)


def play(kind: Kind, case: Case, folder: Path) -> Result:
    """One `generate` with the fault in its way, and what holds afterwards."""
    result, journal = Result(), folder / "jobs.sqlite"
    runtime = skipping_runtime()
    options: dict[str, Any] = {
        "journal": journal,
        "limits": case.limits,
        "runtime": runtime,
        "poll": PollPlan(first=5, cap=15),
    }
    with invariants.leaving_nothing(), stage_of(case) as stage:
        began = runtime.monotonic()
        with (
            invariants.listening() as result.said,
            invariants.measuring(result, memory=case.flat),
            calling(kind, stage.url, **options) as client,
        ):
            try:
                result.video = client.generate(PlainRequest(), folder / "v.mp4")
            except BaseException as error:  # noqa: BLE001 - which one is what is tested
                result.error = error
        result.log = list(stage.log)
        result.waited = runtime.monotonic() - began
    invariants.one_create(stage)
    invariants.typed(result)
    invariants.nothing_lost(stage, result, journal)
    invariants.right_file(result, folder, stage.jobs[0].task_id if stage.jobs else None)
    invariants.no_secret(result, journal)
    bounded(result, case, stage)
    return result


def bounded(result: Result, case: Case, stage: Stage) -> None:
    """I4: requests, time by the clock on the wall and by the client's own, and memory."""
    limits = case.limits
    assert len(stage.log) <= case.requests
    assert stage.posts <= case.posts
    assert result.seconds <= len(stage.log) * (limits.call + 0.5) + SLACK
    assert result.waited <= limits.submit + limits.grace + limits.wait + result.seconds + 1
    assert result.grown <= invariants.FLAT


CASES = [pytest.param(case, id=f"{row.id} {case.phase} {case.name}") for row, case in all_cases()]


@pytest.mark.parametrize("case", CASES)
def test_every_fault_ends_as_the_table_says(case: Case, tmp_path: Path) -> None:
    """The right class, the invariants, and sync and async alike (I7)."""
    results = []
    for kind in ("sync", "async"):
        folder = tmp_path / kind
        folder.mkdir()
        results.append(play(kind, case, folder))
    sync, asynchronous = results
    assert sync.end == asynchronous.end
    assert sync.log == asynchronous.log
    if case.ends is None:
        assert sync.error is None, sync.error
    else:
        assert isinstance(sync.error, case.ends), sync.error
        assert case.says in str(sync.error)
        assert len(sync.error.message) < 400


def rows() -> list[Row]:
    """All rows."""
    return [row for _, part in TABLE for row in part]


def test_the_document_is_the_table() -> None:
    """``python -m tests.faults.table > docs/faults.md`` was run after the last change."""
    assert (ROOT / "docs" / "faults.md").read_text() == document()


def test_each_row_is_shown_by_something() -> None:
    """A row without a case names a test, and that test exists."""
    names = [row.id for row in rows()]
    assert len(names) == len(set(names))
    for row in rows():
        assert row.cases or row.shown_by, row.id
        for place in row.shown_by:
            path, _, function = place.partition("::")
            source = (ROOT / path).read_text()
            assert re.search(rf"^(async )?def {function}\(", source, re.MULTILINE), place
