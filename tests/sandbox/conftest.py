"""A sandbox whose time stands still, a plain HTTP client for it, and bodies to send."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from PIL import Image, ImageDraw

from kling_facade.sandbox import Sandbox

PATH = "/kling/v1/videos/image2video"
KEY = "sandbox-key"


def png(image: Image.Image, kind: str = "PNG", **options: Any) -> str:
    """A picture as bare base64."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode("ascii")


def picture(size: tuple[int, int] = (320, 300)) -> Image.Image:
    """A grey picture with a red square at the left."""
    image = Image.new("RGB", size, (90, 110, 90))
    ImageDraw.Draw(image).rectangle((40, 120, 99, 179), fill=(255, 0, 0))
    return image


def create(**fields: Any) -> dict[str, Any]:
    """A create's body; a field set to ``None`` is left out."""
    body = {"model_name": "kling-v2-6", "image": PICTURE, "mode": "std", "duration": "5"} | fields
    return {name: value for name, value in body.items() if value is not None}


PICTURE = png(picture())

Caller = Callable[[Sandbox], httpx.Client]
Opener = Callable[..., tuple[Sandbox, httpx.Client]]


def _opener(stack: ExitStack) -> Opener:
    def open_sandbox(**settings: Any) -> tuple[Sandbox, httpx.Client]:
        settings = {"speed": 0, "short_side": 90, "fps": 8, "mark": False} | settings
        sandbox = stack.enter_context(Sandbox(**settings))
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}
        client = httpx.Client(base_url=sandbox.base_url, headers=headers, trust_env=False)
        return sandbox, stack.enter_context(client)

    return open_sandbox


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens sandboxes with any settings, with a client for each; closes them all."""
    with ExitStack() as stack:
        yield _opener(stack)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose time stands still, shared by a module: for tests that count nothing."""
    with ExitStack() as stack:
        yield _opener(stack)()[0]


@pytest.fixture(scope="module")
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A plain client for that sandbox, with its key."""
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, trust_env=False) as client:
        yield client


def finished(sandbox: Sandbox, api: httpx.Client, **fields: Any) -> dict[str, Any]:
    """The data of a job that was made and has ended."""
    answer = api.post(PATH, json=create(**fields)).json()
    assert answer["code"] == 0, answer
    sandbox.advance(10_000)
    data: dict[str, Any] = api.get(f"{PATH}/{answer['data']['task_id']}").json()["data"]
    return data


def film(sandbox: Sandbox, api: httpx.Client, **fields: Any) -> bytes:
    """The MP4 that a body gives."""
    data = finished(sandbox, api, **fields)
    return api.get(data["task_result"]["videos"][0]["url"], timeout=60).content
