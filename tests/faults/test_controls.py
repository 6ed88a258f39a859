"""Negative controls: a naive client turns the checks red. A check that can't fail is none."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from kling_facade import Video
from kling_facade.errors import KlingError, OutcomeUnknown
from tests.faults import invariants
from tests.faults.invariants import Result
from tests.faults.ways import lost
from tests.support.both_clients import KEY
from tests.support.misbehaving_server import Act, answer, raw
from tests.support.scripted_gateway import MP4, SIGN, Phase, Spoiled, Stage


class Naive:
    """Posts again after any error, writes straight to the destination, tells everything."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/kling/v1/videos/image2video"
        self.http = httpx.Client(headers={"Authorization": f"Bearer {KEY}"}, timeout=0.5)

    def _again(self, method: str, url: str, **options: Any) -> Any:
        for _ in range(4):
            try:
                got = self.http.request(method, url, **options)
                got.raise_for_status()
                return got.json()["data"]
            except Exception as error:  # noqa: BLE001 - that is what is wrong with it
                last = error
        raise last

    def generate(self, to: Path) -> Video:
        """A video, more or less."""
        job = self._again("POST", self.url, json={"external_task_id": "ours"})
        while job["task_status"] != "succeed":
            job = self._again("GET", f"{self.url}/{job['task_id']}")
        with (
            to.open("wb") as file,
            self.http.stream("GET", job["task_result"]["videos"][0]["url"]) as got,
        ):
            for chunk in got.iter_bytes():
                file.write(chunk)
        return Video(to, to.stat().st_size, job["task_id"])


def naive(folder: Path, faults: dict[Phase, list[Spoiled]]) -> tuple[Stage, Result]:
    """The naive client's way through the same gateway."""
    result = Result()
    with Stage(faults=faults) as stage:
        client = Naive(stage.url)
        try:
            result.video = client.generate(folder / "v.mp4")
        except Exception as error:  # noqa: BLE001 - it is looked at
            result.error = error
        client.http.close()
    (folder / "jobs.sqlite").touch()
    return stage, result


LOST: dict[str, Act] = {
    "reset": raw(b"", then="reset"),
    "closed": raw(b""),
    "hangs": raw(b"", then="hang"),
    "503": answer(b"", 503),
    "page": answer("<html>"),
}


@pytest.mark.parametrize("fault", LOST)
def test_posting_again_is_seen(fault: str, tmp_path: Path) -> None:
    """I1 is red: two jobs of one request."""
    stage, _ = naive(tmp_path, {"S": [lost(LOST[fault])]})
    with pytest.raises(AssertionError):
        invariants.one_create(stage)


def test_without_a_fault_nothing_is_seen(tmp_path: Path) -> None:
    """I1 and I3 are green when all goes well: it is the fault that they see."""
    stage, result = naive(tmp_path, {})
    invariants.one_create(stage)
    invariants.right_file(result, tmp_path, "801")


def test_a_torso_is_seen(tmp_path: Path) -> None:
    """I3 is red: half a video under the final name."""
    half = answer(MP4[: len(MP4) // 2], length=len(MP4))

    def cut(connection: Any) -> None:
        half(connection)
        connection.sock.close()

    _, result = naive(tmp_path, {"D": [Spoiled(cut)]})
    with pytest.raises(AssertionError):
        invariants.right_file(result, tmp_path, "801")


def test_a_lost_job_is_seen(tmp_path: Path) -> None:
    """I2 is red: accepted, and in no journal and no error."""
    from kling_facade.jobs.journal import Journal

    with Journal(tmp_path / "empty.sqlite") as empty:
        empty.entries()
    stage, result = naive(tmp_path, {"S": [lost(raw(b"", then="reset"))]})
    with pytest.raises(AssertionError):
        invariants.nothing_lost(stage, result, tmp_path / "empty.sqlite")


def test_a_foreign_error_is_seen() -> None:
    """I5 is red."""
    with pytest.raises(AssertionError):
        invariants.typed(Result(error=httpx.ReadError("x")))
    invariants.typed(Result(error=OutcomeUnknown("x")))


@pytest.mark.parametrize("secret", [KEY, SIGN])
def test_a_secret_is_seen_wherever_it_is(secret: str, tmp_path: Path) -> None:
    """I6 is red: in a message, in a log, in the journal, in a local of our frames."""
    journal = tmp_path / "j.sqlite"
    with pytest.raises(AssertionError):
        invariants.no_secret(Result(error=KlingError(f"refused {secret}")), journal)
    with pytest.raises(AssertionError):
        invariants.no_secret(Result(said=[f"GET /v?{secret}"]), journal)
    journal.write_text(secret)
    with pytest.raises(AssertionError):
        invariants.no_secret(Result(), journal)


def test_a_header_in_a_frame_is_seen(tmp_path: Path) -> None:
    """I6 is red for a request that a traceback leads to, though its ``repr`` hides the key."""
    scope: dict[str, Any] = {"__name__": "kling_facade.pretended", "httpx": httpx, "KEY": KEY}
    source = "def fail():\n    request = httpx.Request('GET', 'http://x')\n    raise ValueError\n"
    exec(source, scope)
    try:
        scope["fail"]()
    except ValueError as error:
        caught = error
    with pytest.raises(AssertionError):
        invariants.no_secret(Result(error=caught), tmp_path / "j.sqlite")


def test_what_is_left_behind_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """I8 is red: an open file, and a thread."""
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with pytest.raises(AssertionError), invariants.leaving_nothing():
        file = (tmp_path / "x").open("w")
    file.close()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    with pytest.raises(AssertionError), invariants.leaving_nothing():
        thread.start()
    stop.set()
    thread.join()
