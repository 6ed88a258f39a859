"""A second gateway double that nobody here wrote: Prism, from the contract alone.

It runs in ``make test-peers`` only, which installs it through Node.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from attrs import evolve
from specpipe import files

from kling_facade import Kling
from kling_facade.gateway.task import State

from .conftest import ROOT
from .test_contract import full_requests

PRISM = ROOT / ".venv-peers" / "node_modules" / ".bin" / "prism"

pytestmark = pytest.mark.skipif(
    not os.environ.get("KLING_PEERS") or not PRISM.exists() or not shutil.which("node"),
    reason="peers are asked by `make test-peers`, with Node",
)


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Prism on loopback, mocking the contract."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = Path(tmp_path_factory.mktemp("prism") / "log")
    command = [str(PRISM), "mock", "--errors", "-p", str(port), str(ROOT / files.RESOLVED)]
    with (
        log.open("wb") as stream,
        subprocess.Popen(command, stdout=stream, stderr=stream) as running,
    ):
        try:
            for _ in range(300):
                if b"Prism is listening" in log.read_bytes():
                    break
                time.sleep(0.1)
            else:
                pytest.fail(log.read_text())
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


@pytest.mark.filterwarnings("ignore::kling_facade.KlingAdvice")
def test_prism_takes_all_that_the_facade_sends(prism: str) -> None:
    """Every kind of request passes Prism's validation, and its answers are read."""
    with Kling("a-key-for-tests", base_url=prism, trust_env=False) as kling:
        for request in full_requests():
            # Prism answers with the same example always, so that must be our id of the job too.
            named = evolve(request, external_task_id="string")
            assert kling.submit(named).state is State.SUBMITTED


def test_prism_refuses_what_the_contract_forbids(prism: str) -> None:
    """The negative control: a wrong body and a missing key are refused."""
    url, key = f"{prism}/kling/v1/videos/image2video", {"Authorization": "Bearer k"}
    good = {"model_name": "kling-v2-6", "image": "x", "mode": "std", "duration": "5"}
    assert httpx.post(url, json=good, headers=key, trust_env=False).status_code == 200
    assert (
        httpx.post(url, json={**good, "mode": "x"}, headers=key, trust_env=False).status_code >= 400
    )
    assert httpx.post(url, json=good, trust_env=False).status_code == 401
