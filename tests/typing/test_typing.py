"""What type checkers find: right programs pass, wrong ones are refused line by line."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WRONG = {
    number
    for number, line in enumerate((HERE / "wrong.py").read_text().splitlines(), 1)
    if "# wrong:" in line
}


def run(*command: str) -> str:
    """What a checker prints, from the project's root."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "generated")])
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    return done.stdout


def mypy(name: str) -> set[int]:
    """The lines of a file that mypy refuses."""
    output = run("mypy", "--no-error-summary", "--cache-dir", ".mypy_cache", f"tests/typing/{name}")
    return {int(m[1]) for m in re.finditer(rf"^tests/typing/{name}:(\d+): error", output, re.M)}


def test_mypy_takes_the_right_programs() -> None:
    """Nothing that is documented to work is refused."""
    assert mypy("right.py") == set()


def test_mypy_refuses_the_wrong_programs_line_by_line() -> None:
    """Wrong literals, missing arguments, strengths out of range: each found, and nothing else."""
    assert mypy("wrong.py") == WRONG


@pytest.fixture(scope="module")
def pyright() -> Any:
    """A way to run pyright, where it is installed and finds its Node."""
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is not installed: pip install pyright")
    if "pyright" not in run("pyright", "--version"):
        pytest.skip("pyright is installed and can't run: it needs Node")
    return lambda *options: json.loads(
        run("pyright", "--outputjson", "--pythonpath", sys.executable, *options)
    )


@pytest.fixture(scope="module")
def refused(pyright: Any) -> dict[str, set[int]]:
    """The lines of each file that pyright refuses."""
    report = pyright("tests/typing/right.py", "tests/typing/wrong.py")
    lines: dict[str, set[int]] = {"right.py": set(), "wrong.py": set()}
    for item in report["generalDiagnostics"]:
        if item["severity"] == "error":
            lines[Path(item["file"]).name].add(item["range"]["start"]["line"] + 1)
    return lines


def test_pyright_takes_the_right_programs(refused: dict[str, set[int]]) -> None:
    """The other checker agrees."""
    assert refused["right.py"] == set()


def test_pyright_refuses_the_wrong_programs_line_by_line(refused: dict[str, set[int]]) -> None:
    """The other checker finds the same lines."""
    assert refused["wrong.py"] == WRONG


def test_every_public_name_has_a_type(pyright: Any) -> None:
    """pyright --verifytypes finds the whole public interface typed."""
    report = pyright("--verifytypes", "kling_facade", "--ignoreexternal")
    completeness = report["typeCompleteness"]
    partly = [
        s["name"] for s in completeness["symbols"] if s["isExported"] and not s["isTypeKnown"]
    ]
    assert partly == []
    assert completeness["completenessScore"] == 1
