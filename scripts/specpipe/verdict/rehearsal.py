"""The contract tests, run with new files in a copy of the repository: the tree is written last."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from .. import bound
from ..client import build

__all__ = ["contract_tests", "kept"]

_TESTS: Final = "tests/spec/test_contract.py"
_SECONDS: Final = 80
"""For the contract tests: a pattern of the page can keep a validator busy for ever. The run's own
bound may leave less."""

_TOLD_ANYWAY: Final = "reached or named_part or names_nothing or repeats or can_be_sent"
"""Tests that ask what the run itself reports, with advice: they don't hold the tree back."""


def contract_tests(root: Path, planned: build.Plan) -> str:
    """Run the contract tests as if a plan had been written; their last words if they fail."""
    if not (root / _TESTS).is_file():
        return ""
    with tempfile.TemporaryDirectory(prefix="kling-spec-") as name:
        copy = Path(name) / "repository"
        for part in ("openapi", "scripts", "tests", "generated"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / part, copy / part, ignore=ignored)
        for part in ("pyproject.toml", "kling_facade"):
            (copy / part).symlink_to(root / part)
        build.write(copy, planned)
        return _pytest(copy)


def _pytest(copy: Path) -> str:
    paths = os.pathsep.join(str(copy / name) for name in (".", "generated", "scripts"))
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:randomly",
        "-p", "no:cacheprovider", "-k", f"not ({_TOLD_ANYWAY})", _TESTS,
    ]  # fmt: skip
    seconds = bound.left(_SECONDS)
    running = subprocess.Popen(
        command, cwd=copy, env={**os.environ, "PYTHONPATH": paths, "PYTEST_ADDOPTS": ""},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=os.name != "nt",
    )  # fmt: skip
    try:
        told, _ = running.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(running)
        return (
            f"the contract tests did not end within {seconds:.0f} s. Look for a pattern among the "
            f"changes that takes a validator for ever."
        )
    return "" if running.returncode == 0 else told[-4000:]


def _end(running: subprocess.Popen[str]) -> None:
    """End a process and those it started."""
    if os.name == "nt":
        running.kill()
    else:
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate()


def kept(root: Path, planned: build.Plan) -> Path:
    """Put the files of a plan aside, for a look at them.

    Returns:
        The folder.
    """
    place = root / "build" / "spec" / "tree"
    shutil.rmtree(place, ignore_errors=True)
    build.write(place, planned)
    return place
