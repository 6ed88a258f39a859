"""Schemathesis asks the sandbox whatever the contract allows, and what it forbids."""

from __future__ import annotations

import subprocess
import sys

import pytest
from specpipe import files
from specpipe.verdict import facade

from kling_facade.sandbox import Sandbox

from .conftest import ROOT
from .test_contract import Recorder, recorder  # noqa: F401  (a fixture)

NOT_CALLED = {name.partition(" ")[2] for name in facade.load(ROOT).left_out if " /" in name}
"""Paths that the facade does not call yet: the sandbox does not serve them either."""

EXCLUDED = {
    "positive_data_acceptance": "a schema can't say that the base64 of a picture decodes",
    "unsupported_method": "Kling answers 404 with its own code 1202 where HTTP has 405 (VD1, VD4)",
}


def schemathesis(url: str, key: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis against a gateway."""
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        str(ROOT / files.RESOLVED),
        "--url",
        url,
        "--header",
        f"Authorization: Bearer {key}",
        "--phases",
        "coverage,fuzzing",
        "--max-examples",
        "4",
        "--generation-deterministic",
        "--max-time",
        "10",
        "--no-color",
        "--exclude-checks",
        ",".join(EXCLUDED),
        *(word for path in sorted(NOT_CALLED) for word in ("--exclude-path", path)),
        *more,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_sandbox_keeps_the_contract() -> None:
    """Valid and invalid requests alike: no server error, each answer as the contract says."""
    with Sandbox(speed=1e6, short_side=90, fps=8, mark=False) as sandbox:
        done = schemathesis(sandbox.base_url, sandbox.api_key)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "3 selected / " in done.stdout  # those that the facade calls


@pytest.mark.usefixtures("recorder")
def test_a_gateway_that_accepts_everything_is_found_out(recorder: Recorder) -> None:  # noqa: F811
    """The negative control: a server that takes anything does not pass."""
    assert schemathesis(recorder.url, "k", "--max-failures", "1").returncode == 1
