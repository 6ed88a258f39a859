"""The default poll plan keeps what it was chosen for; all of it in virtual time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_default_asks_a_third_as_often_and_is_not_late(tmp_path: Path) -> None:
    """Against one question every 5 s: at most 0.35 of the questions, 8 percent of the duration."""
    picture = tmp_path / "plan.svg"
    path = os.pathsep.join(map(str, (ROOT, ROOT / "generated", ROOT / "scripts")))
    done = subprocess.run(
        [sys.executable, "scripts/poll_plan.py", "--jobs", "80", "--svg", str(picture)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
    )
    rows = re.findall(
        r"^\| (every 5 s|ours) \| ([\d.]+) \| [\d.]+ s \| ([\d.]+) %", done.stdout, re.M
    )
    (_, five, _), (_, ours, share) = rows[:2]
    assert float(ours) <= 0.35 * float(five)
    assert float(share) <= 8.0
    drawn = picture.read_text(encoding="utf-8")
    assert drawn.startswith("<svg ")
    assert ">ours</text>" in drawn
