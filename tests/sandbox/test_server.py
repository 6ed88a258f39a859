"""Starting, stopping, clocks, and the command line."""

from __future__ import annotations

import os
import runpy
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

import kling_facade.sandbox
from kling_facade.errors import MissingExtra
from kling_facade.sandbox import Clock, Sandbox
from kling_facade.sandbox.__main__ import main
from tests.sandbox.conftest import PATH, create, finished

HEADERS = {"Authorization": "Bearer sandbox-key"}


def sandbox_threads() -> list[str]:
    """Names of threads that a sandbox started."""
    return [t.name for t in threading.enumerate() if t.name.startswith("sandbox")]


def test_nothing_is_left_when_it_closes() -> None:
    """No thread, no socket, no file, though a film was made and another had begun."""
    with Sandbox(speed=0, short_side=90, fps=4) as sandbox:
        with httpx.Client(base_url=sandbox.base_url, headers=HEADERS, trust_env=False) as api:
            url = finished(sandbox, api)["task_result"]["videos"][0]["url"]
            api.get(url)
            sandbox._films._short_side = 1080
            api.post(PATH, json=create(duration="15", model_name="kling-v3"))
            sandbox._films.film(sandbox.jobs[-1].order.film)
        folder = sandbox._folder.path
        assert folder.exists()
    assert not folder.exists()
    assert not sandbox_threads()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_closing_is_always_allowed() -> None:
    """Before the start, inside the block, and twice."""
    Sandbox().close()
    with Sandbox().start() as sandbox:
        sandbox.close()
    assert not sandbox_threads()
    with pytest.raises(RuntimeError, match="make a new one"):
        sandbox.start()


def test_it_starts_once() -> None:
    """A second start says what to do instead."""
    with Sandbox() as sandbox, pytest.raises(RuntimeError, match="make a new one"):
        sandbox.start()


def test_a_taken_port_is_an_error() -> None:
    """And leaves nothing open."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Sandbox(port=taken.getsockname()[1]).start()


def test_several_sandboxes_are_strangers() -> None:
    """Each has its own port, jobs and clock."""
    with Sandbox(speed=0) as one, Sandbox(speed=0, api_key="other") as other:
        httpx.post(f"{one.base_url}{PATH}", json=create(), headers=HEADERS, trust_env=False)
        assert (one.creates, other.creates) == (1, 0)
        assert one.base_url != other.base_url
        answer = httpx.get(f"{other.base_url}{PATH}", headers=HEADERS, trust_env=False)
        assert answer.status_code == 401


def test_it_shows_itself_without_its_key() -> None:
    """In a notebook one sees where it listens."""
    with Sandbox(api_key="canary-5521") as sandbox:
        assert repr(sandbox) == f"<Sandbox {sandbox.base_url}, 0 jobs>"
    assert "not running" in repr(Sandbox(api_key="canary-5521"))


def test_the_clock_runs_at_its_speed() -> None:
    """Sixty seconds a second, from its start."""
    real = [100.0]
    clock = Clock(speed=60, start=1_000, monotonic=lambda: real[0])
    real[0] += 2
    assert clock.now() == 1_120
    clock.advance(5)
    assert clock.now() == 1_125


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf")])
def test_a_speed_that_is_none(speed: float) -> None:
    """Refused at once."""
    with pytest.raises(ValueError, match="speed must be"):
        Sandbox(speed=speed)


@pytest.mark.parametrize("settings", [{"fps": 0}, {"short_side": 1}])
def test_films_have_frames_and_pixels(settings: dict[str, int]) -> None:
    """Refused at once, not when the film is fetched."""
    with pytest.raises(ValueError, match="fps must be 1 or more"):
        Sandbox(**settings)  # type: ignore[arg-type]  # the point of the test


def test_it_stops_at_once() -> None:
    """A suite that starts hundreds does not wait for them."""
    sandbox = Sandbox(speed=0).start()
    before = time.monotonic()
    sandbox.close()
    assert time.monotonic() - before < 1


def test_time_runs_forwards() -> None:
    """Jobs can't go back."""
    with pytest.raises(ValueError, match="only runs forwards"):
        Clock(speed=0).advance(-1)


def test_the_same_seed_gives_the_same_durations() -> None:
    """Around 164 s (COMFY), with some variety."""
    lives = []
    for seed in (1, 1, 2):
        clock = Clock(speed=0, start=0)
        with Sandbox(clock=clock, seed=seed) as sandbox:
            with httpx.Client(base_url=sandbox.base_url, headers=HEADERS, trust_env=False) as api:
                for _ in range(25):
                    api.post(PATH, json=create())
            lives.append([job.ends for job in sandbox.jobs])
    assert lives[0] == lives[1] != lives[2]
    assert 130 < sum(lives[0]) / 25 < 200
    assert max(lives[0]) > 1.2 * min(lives[0])


def test_a_typical_duration_of_ones_own() -> None:
    """For tests in which jobs are short."""
    with Sandbox(speed=0, typical=1.0) as sandbox:
        httpx.post(f"{sandbox.base_url}{PATH}", json=create(), headers=HEADERS, trust_env=False)
        (job,) = sandbox.jobs
        assert 0 < job.ends - job.created < 4


def test_the_command_serves_until_it_is_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    """It says where, and what to type next."""
    stop = threading.Event()
    stop.set()
    assert main(["--port", "0", "--speed", "100"], stop) == 0
    told = capsys.readouterr().out
    assert "listens at http://127.0.0.1:" in told
    assert "KLING_BASE_URL=http://127.0.0.1:" in told
    assert "a job takes about 2 s" in told.lower()
    assert "0 jobs were made" in told


def test_the_command_in_a_thread_leaves_signals_alone() -> None:
    """Only a main thread can take them; another one is stopped by its event."""
    stop = threading.Event()
    thread = threading.Thread(target=main, args=(["--port", "0"], stop))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_help_names_every_option(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what each is without being given."""
    monkeypatch.delitem(sys.modules, "kling_facade.sandbox.__main__")
    monkeypatch.setattr("sys.argv", ["sandbox", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("kling_facade.sandbox", run_name="__main__")
    told = capsys.readouterr().out
    assert ended.value.code == 0
    for option in ("--port", "--speed", "--api-key", "--fps", "--short-side", "--seed"):
        assert option in told
    assert "(default: 60.0)" in told


def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """A taken port, a speed that is none."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 1
    assert "can't start" in capsys.readouterr().err
    assert main(["--speed", "-3", "--port", "0"]) == 1
    assert "speed must be" in capsys.readouterr().err


def test_the_command_as_a_program() -> None:
    """``python -m kling_facade.sandbox``: a real process, ended by SIGTERM."""
    root = Path(kling_facade.sandbox.__file__).parents[2]
    env = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'generated'}"}
    command = [sys.executable, "-m", "kling_facade.sandbox", "--port", "0", "--speed", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        base_url = first.rsplit(" ", 1)[1].strip()
        assert httpx.get(f"{base_url}{PATH}", headers=HEADERS, trust_env=False).status_code == 200
        process.terminate()
        assert "0 jobs were made" in process.stdout.read()
        assert process.wait(10) == 0


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs the extra."""
    for name in [name for name in sys.modules if name.startswith("kling_facade.sandbox.")]:
        monkeypatch.delitem(sys.modules, name)
        # The package holds its modules as attributes too: both must be as before when this is over.
        monkeypatch.delattr(kling_facade.sandbox, name.rpartition(".")[2], raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(MissingExtra, match=r"'uvicorn'[^$]*kling-facade\[sandbox\]"):
        kling_facade.sandbox.__getattr__("Sandbox")


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As in any module."""
    with pytest.raises(AttributeError, match="no attribute 'Sandpit'"):
        kling_facade.sandbox.Sandpit  # noqa: B018  # the access is the test


def test_names_are_loaded_on_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules behind them too."""
    monkeypatch.delattr(kling_facade.sandbox, "faults")
    assert kling_facade.sandbox.__getattr__("faults").lost_answer()


def test_every_public_name_is_there() -> None:
    """What ``__all__`` promises can be imported."""
    assert all(getattr(kling_facade.sandbox, name) for name in kling_facade.sandbox.__all__)
