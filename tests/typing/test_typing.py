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
    for number, line in enumerate((HERE / "wrong.txt").read_text().splitlines(), 1)
    if "# wrong:" in line
}


def run(*command: str) -> str:
    """What a checker prints, from the project's root."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "generated")])
    # With --verifytypes pyright asks the first python on the path where packages are.
    executables = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths, "MYPYPATH": paths, "PATH": executables},
    )
    return done.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Both files. The wrong one lies here as text, lest a checker of the project trips over it."""
    wrong = tmp_path_factory.mktemp("typing") / "wrong.py"
    wrong.write_text((HERE / "wrong.txt").read_text())
    return {"right": "tests/typing/right.py", "wrong": str(wrong)}


def mypy(program: str) -> set[int]:
    """The lines of a file that mypy refuses."""
    output = run("mypy", "--no-error-summary", "--cache-dir", ".mypy_cache", program)
    return {int(m[1]) for m in re.finditer(rf"{Path(program).name}:(\d+): error", output)}


def test_mypy_takes_the_right_programs(programs: dict[str, str]) -> None:
    """Nothing that is documented to work is refused."""
    assert mypy(programs["right"]) == set()


def test_mypy_refuses_the_wrong_programs_line_by_line(programs: dict[str, str]) -> None:
    """Wrong literals, missing arguments, strengths out of range: each found, and nothing else."""
    assert mypy(programs["wrong"]) == WRONG


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
def refused(pyright: Any, programs: dict[str, str]) -> dict[str, set[int]]:
    """The lines of each file that pyright refuses."""
    report = pyright(programs["right"], programs["wrong"])
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
