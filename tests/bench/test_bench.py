"""The benchmark runs and prints rows of the promised form. No figure is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEYS = ["name", "unit", "ours", "baseline", "baseline_name", "ratio", "goal", "met"]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The script, run as a user would."""
    command = [sys.executable, str(ROOT / "scripts" / "bench.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_rows_have_the_promised_form() -> None:
    """Small cases of each kind give rows with the eight keys, and why where a goal is missed."""
    names = ("upload_cpu", "create_cpu", "poll_cpu", "fleet_cpu", "download", "mask_draw")
    done = bench("--smoke", "--json", *(word for name in names for word in ("--only", name)))
    assert done.returncode in (0, 2), done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    assert {row["name"].partition(":")[0] for row in rows} == set(names)
    for row in rows:
        assert [key for key in row if key != "why"] == KEYS
        assert isinstance(row["met"], bool)
        assert row["met"] or row["why"]
        assert all(isinstance(row[key], float) for key in ("ours", "baseline", "ratio"))
    assert "round 1 of 1" in done.stderr


def test_help_and_list_measure_nothing() -> None:
    """Both answer at once: what there is, and what the goals are."""
    assert "--peers" in bench("--help").stdout
    listed = bench("--list").stdout.splitlines()
    assert any(line.startswith("fleet_memory: ours <= 4, against ") for line in listed)
    assert any(line.startswith("download: ratio >= 0.95") for line in listed)


@pytest.mark.parametrize("name", ["speed", "upload"])
def test_an_unknown_name_is_refused(name: str) -> None:
    """A typing error is told with where to look."""
    done = bench("--only", name)
    assert done.returncode == 1
    assert "--list" in done.stderr
