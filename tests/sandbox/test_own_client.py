"""The library's own client against the sandbox: addresses of this machine, and proxies."""

from __future__ import annotations

from typing import Any

import pytest

from kling_facade import ImageToVideo, Kling, Runtime
from kling_facade.errors import InvalidRequest
from kling_facade.sandbox import Sandbox

from .test_callbacks import Received, listener, states, until

__all__ = ["listener"]  # a fixture

DEAD = "http://127.0.0.1:9"
PROXIES = {
    name: DEAD
    for proxy in ("http_proxy", "https_proxy", "all_proxy")
    for name in (proxy, proxy.upper())
}


def film(sandbox: Sandbox, request: ImageToVideo, path: Any) -> None:
    """Submit, wait and download, without real waiting."""
    runtime = Runtime(sleep=sandbox.advance)
    with Kling(sandbox.api_key, base_url=sandbox.base_url, runtime=runtime) as kling:
        kling.submit(request).wait().download(path)


def test_pictures_and_callbacks_of_this_machine_work_with_the_sandbox(
    listener: tuple[str, Received], tmp_path: Any
) -> None:
    """The sample by its address, and a callback at each change: the gateway can reach both."""
    url, received = listener
    with Sandbox(speed=0, short_side=90, fps=4) as sandbox:
        request = ImageToVideo(sandbox.sample_url, prompt="the fox looks up", callback_url=url)
        film(sandbox, request, tmp_path / "film.mp4")
        until(lambda: len(received) == 3)
    assert states(received) == ["submitted", "processing", "succeed"]
    assert (tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"


def test_another_gateway_can_not_reach_this_machine() -> None:
    """The control: refused before anything is sent."""
    request = ImageToVideo("http://127.0.0.1:8642/sample.png", prompt="x")
    with Kling("a-key", base_url="https://gateway.example") as kling:
        with pytest.raises(InvalidRequest, match="address of this machine"):
            kling.submit(request)


def test_no_proxy_of_the_environment_stands_before_the_sandbox(
    listener: tuple[str, Received], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls, pictures by address, callbacks and downloads stay on this machine."""
    for name, value in PROXIES.items():
        monkeypatch.setenv(name, value)
    test_pictures_and_callbacks_of_this_machine_work_with_the_sandbox(listener, tmp_path)
