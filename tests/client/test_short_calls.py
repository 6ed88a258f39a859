"""A picture and a few words are enough: the fields of a request stand beside it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from attrs import fields

from kling_facade import AsyncKling, ImageToVideo, Kling, camera
from kling_facade.errors import InvalidRequest
from kling_facade.requests.request_fields import RequestFields
from tests.support.both_clients import Kind, calling
from tests.support.scripted_gateway import Stage

PICTURE = "https://example.com/fox.png"
KINDS: list[Kind] = ["sync", "async"]
both = pytest.mark.parametrize("kind", KINDS)
pytestmark = pytest.mark.filterwarnings("ignore::kling_facade.KlingAdvice")


def sent(stage: Stage) -> dict[str, Any]:
    """The body of the create."""
    (body,) = [seen.json for seen in stage.seen if seen.method == "POST"]
    return {name: value for name, value in body.items() if name != "external_task_id"}


@both
def test_a_picture_and_fields_are_a_request(kind: Kind) -> None:
    """The same body goes out as for the request written out."""
    options: dict[str, Any] = {
        "prompt": "the fox turns",
        "model": "kling-v1-5",
        "mode": "pro",
        "camera": camera.zoom_in(4),
    }
    bodies = []
    short: tuple[Any, Any] = (PICTURE, options)
    long: tuple[Any, Any] = (ImageToVideo(PICTURE, **options), {})
    for first, rest in (short, long):
        with Stage() as stage, calling(kind, stage.url) as client:
            client.do(client.kling.submit(first, **rest))
        bodies.append(sent(stage))
    assert bodies[0] == bodies[1]
    assert bodies[0]["prompt"] == "the fox turns"


@both
def test_generate_takes_them_too(kind: Kind, tmp_path: Path) -> None:
    """A picture in, a video out, in one line."""
    with Stage(polls=0) as stage, calling(kind, stage.url) as client:
        video = client.generate(PICTURE, to=tmp_path / "v.mp4", prompt="it turns", duration=10)
    assert video.path == tmp_path / "v.mp4"
    assert sent(stage)["duration"] == "10"


@both
def test_many_pictures_are_many_requests(kind: Kind, tmp_path: Path) -> None:
    """A batch takes pictures among its requests."""
    with Stage(polls=0) as stage, calling(kind, stage.url) as client:
        orders = [PICTURE, ImageToVideo(PICTURE, prompt="x")]
        outcomes = client.collect(client.kling.generate_many(orders, tmp_path))
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert sum(stage.creates.values()) == 2


@both
def test_a_request_has_its_fields_already(kind: Kind, tmp_path: Path) -> None:
    """Fields beside it are refused before anything is sent, and the error says what to write."""
    with Stage() as stage, calling(kind, stage.url) as client:
        for call in (client.kling.submit, lambda *a, **b: client.kling.generate(*a, "v", **b)):
            with pytest.raises(InvalidRequest, match="prompt=") as caught:
                client.do(call(ImageToVideo(PICTURE), prompt="x"))
            assert "replace(prompt=...)" in str(caught.value)
    assert stage.seen == []


@both
@pytest.mark.parametrize("wrong", [{"duration": 5.5}, {"camera": "zoom"}, {"sound": "on"}])
def test_what_no_request_can_be_is_refused_in_our_words(kind: Kind, wrong: Any) -> None:
    """As if the request had been written out."""
    with Stage() as stage, calling(kind, stage.url) as client, pytest.raises(InvalidRequest):
        client.do(client.kling.submit(PICTURE, **wrong))
    assert stage.seen == []


def test_the_fields_are_those_of_a_request() -> None:
    """Nothing is missing and nothing is more."""
    assert set(RequestFields.__annotations__) == {
        attribute.name for attribute in fields(ImageToVideo)
    } - {"image"}


@pytest.mark.parametrize("client", [Kling, AsyncKling])
def test_no_option_of_a_call_hides_a_field(client: Any) -> None:
    """An option named like a field would be taken for it."""
    for method in (client.submit, client.generate):
        assert not set(inspect.signature(method).parameters) & set(RequestFields.__annotations__)
