"""The contract under linters that nobody here wrote: Redocly and Spectral.

They run in ``make test-peers`` only, which installs them through Node.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from specpipe import files

from .conftest import ROOT

BIN = ROOT / ".venv-peers" / "node_modules" / ".bin"
LINTERS = {
    "redocly": ["lint", "--config", "openapi/redocly.yaml", "--max-problems", "1000"],
    "spectral": ["lint", "--ruleset", "openapi/spectral.yaml", "--fail-severity", "hint"],
}

with_node = pytest.mark.skipif(
    not os.environ.get("KLING_PEERS")
    or not shutil.which("node")
    or not all((BIN / linter).exists() for linter in LINTERS),
    reason="linters are asked by `make test-peers`, with Node",
)


def lint(linter: str, document: Path) -> tuple[int, str]:
    """The exit code of a linter, and what it said."""
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    command = [str(BIN / linter), *LINTERS[linter], str(document)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | quiet, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@with_node
@pytest.mark.parametrize("linter", LINTERS)
def test_a_linter_has_nothing_against_the_contract(linter: str) -> None:
    """No error and no warning; a rule that is off says why in the linter's settings."""
    code, said = lint(linter, ROOT / files.RESOLVED)
    assert code == 0, said
    assert "warning" not in said.replace("Deprecation warning", ""), said


@with_node
@pytest.mark.parametrize("linter", LINTERS)
def test_a_linter_sees_a_contract_that_is_wrong(linter: str, tmp_path: Path) -> None:
    """The control: an undefined tag and a null beside a reference, as the contract once had it."""
    document = files.read_yaml(ROOT / files.RESOLVED)
    document["tags"] = []
    envelope = document["components"]["schemas"]["TaskEnvelope"]["properties"]
    envelope["data"] = {"nullable": True, "allOf": [{"$ref": "#/components/schemas/TaskData"}]}
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(document))
    code, said = lint(linter, wrong)
    assert code != 0, said


@pytest.mark.parametrize("settings", ["redocly.yaml", "spectral.yaml"])
def test_every_rule_that_is_off_has_its_reason(settings: str) -> None:
    """On the same line, after a number sign."""
    lines = (ROOT / "openapi" / settings).read_text("utf-8").splitlines()
    off = [line for line in lines if ": off" in line]
    assert off
    assert all(len(line.partition("# ")[2]) > 20 for line in off)
