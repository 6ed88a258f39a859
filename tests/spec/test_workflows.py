"""The workflows are sound, in the eyes of two linters that run offline."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from specpipe import files

from .conftest import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_workflows_are_valid() -> None:
    """Each workflow fits the schema of GitHub's workflow files."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
    ]
    done = subprocess.run([*command, *WORKFLOWS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_workflows_are_safe() -> None:
    """No injected expressions, no lasting credentials, pinned actions, few rights."""
    program = shutil.which("zizmor", path=sysconfig.get_path("scripts"))
    if program is None:
        pytest.skip("zizmor has no wheel for this machine")
    command: list[str | Path] = [
        program,
        "--offline",
        "--no-progress",
        "--persona",
        "pedantic",
        *WORKFLOWS,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_to_commits(path: Path) -> None:
    """A tag can move; a commit can't."""
    jobs: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    used = [step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(len(use.partition("@")[2]) == 40 for use in used)


def test_the_sources_name_the_facts() -> None:
    """The table of sources names each page that the repository holds facts of."""
    sources = tomllib.loads((ROOT / files.SOURCES).read_text(encoding="utf-8"))
    assert sorted(sources) == sorted(files.names(ROOT))
    assert len({source["api"] for source in sources.values()}) == len(sources)
    assert all(
        source["url"] == "" or source["url"].startswith("https://") for source in sources.values()
    )
