"""ImageToVideo: all fifteen fields of the published page, and nothing empty."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS30Validator
from PIL import Image

from kling_facade import camera, paths, regions, voice
from kling_facade.builders.camera import CameraMove
from kling_facade.builders.motion import MotionBrush
from kling_facade.builders.pictures.base64_text import expand
from kling_facade.builders.pictures.fit import fit
from kling_facade.builders.values import DEFAULT_MODEL, seconds
from kling_facade.errors import InvalidRequest
from kling_facade.requests.image_to_video import ImageToVideo
from kling_facade.rules.checks.extras import WIRE_FIELDS

from ..support.pictures import photo

URL = "https://example.com/fox.png"
OPENAPI = Path(__file__).parents[2] / "openapi"
BRUSH = (
    MotionBrush.over((640, 480))
    .hold(regions.box(0, 0, 50, 50))
    .move(regions.box(100, 100, 150, 150, name="car"), along=paths.line(by=(200, 0)))
)


def sent(request: ImageToVideo, **options: Any) -> dict[str, Any]:
    """The JSON that goes out, read back."""
    body: dict[str, Any] = json.loads(json.dumps(expand(request.to_body(**options).to_dict())))
    return body


def schema(document: str) -> Any:
    """The request body's schema in a document of the pipeline."""
    text = yaml.safe_load((OPENAPI / document).read_text())
    operation = text["paths"]["/kling/v1/videos/image2video"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    components = text.get("components", {}).get("schemas", {})

    def written_out(value: Any) -> Any:
        if isinstance(value, list):
            return [written_out(item) for item in value]
        if not isinstance(value, dict):
            return value
        if name := value.get("$ref", "").rpartition("/")[2]:
            return written_out(components[name])
        return {key: written_out(item) for key, item in value.items()}

    return written_out(schema)


def test_a_plain_request_has_five_fields() -> None:
    """Model, picture, mode, duration as text, and the prompt; nothing that was not said."""
    assert sent(ImageToVideo(URL, prompt="the fox turns")) == {
        "model_name": DEFAULT_MODEL,
        "image": URL,
        "mode": "std",
        "duration": "5",
        "prompt": "the fox turns",
    }


def test_every_field_of_the_page_is_reached() -> None:
    """Each of the page's fifteen fields goes out under its name, and the page has no others."""
    request = ImageToVideo(
        URL,
        prompt=voice.prompt("{anna} speaks", anna="v-1"),
        model="kling-v1-5",
        mode="pro",
        duration=10,
        negative_prompt="rain",
        cfg_scale=0.5,
        image_tail=photo(),
        camera=camera.zoom_in(4),
        motion_brush=BRUSH,
        callback_url="https://example.com/done",
        external_task_id="mine-1",
    )
    body = sent(request)
    assert body.keys() == WIRE_FIELDS.keys()
    assert set(WIRE_FIELDS.values()) <= {field.name for field in attrs.fields(ImageToVideo)}
    assert set(schema("kling.yaml")["properties"]) == WIRE_FIELDS.keys()
    assert base64.b64decode(body.pop("image_tail"), validate=True) == photo()
    assert body.pop("static_mask")
    (moving,) = body.pop("dynamic_masks")
    assert moving["trajectories"] == [{"x": 125, "y": 354}, {"x": 325, "y": 354}]
    assert body == {
        "model_name": "kling-v1-5",
        "image": URL,
        "prompt": "<<<voice_1>>> speaks",
        "negative_prompt": "rain",
        "cfg_scale": 0.5,
        "mode": "pro",
        "camera_control": {"type": "simple", "config": camera.zoom_in(4).axes},
        "duration": "10",
        "callback_url": "https://example.com/done",
        "external_task_id": "mine-1",
        "voice_list": [{"voice_id": "v-1"}],
        "sound": "on",
    }


def test_empty_values_are_left_out() -> None:
    """Empty text, empty lists, None: the page's example sends them, the vendor forbids the mix."""
    none: Any = None
    request = ImageToVideo(
        URL, prompt="", negative_prompt=none, voices=[], callback_url="", external_task_id="",
        motion_brush=MotionBrush.over((9, 9)), camera=None, image_tail=None,
    )  # fmt: skip
    assert sent(request).keys() == {"model_name", "image", "mode", "duration"}


@pytest.mark.parametrize("zero", [0, 0.0])
def test_a_zero_is_not_empty(zero: float) -> None:
    """cfg_scale=0 is a value."""
    assert sent(ImageToVideo(URL, cfg_scale=zero))["cfg_scale"] == 0


@pytest.mark.parametrize(("sound", "word"), [(True, "on"), (False, "off")])
def test_sound_is_a_word(sound: bool, word: str) -> None:
    """True and False go out as on and off."""
    assert sent(ImageToVideo(URL, sound=sound))["sound"] == word


def test_a_spoken_prompt_switches_sound_on_unless_told_otherwise() -> None:
    """Voices bring sound along; an explicit False stays, for the rules to refuse."""
    spoken = voice.prompt("{a}", a="x")
    assert sent(ImageToVideo(URL, prompt=spoken))["sound"] == "on"
    assert sent(ImageToVideo(URL, prompt=spoken, sound=False))["sound"] == "off"


@pytest.mark.parametrize("duration", [10, "10", " 10 ", 10.0])
def test_a_duration_goes_out_as_text(duration: Any) -> None:
    """However it is given, it is the text of a number."""
    assert sent(ImageToVideo(URL, duration=duration))["duration"] == "10"


@pytest.mark.parametrize("move", [camera.DOWN_BACK, camera.LEFT_TURN_FORWARD])
def test_a_compound_move_carries_zeros_or_nothing(move: CameraMove) -> None:
    """The published page requires a config, the vendor wants none: the gateway's trait decides."""
    request = ImageToVideo(URL, camera=move)
    zeros = dict.fromkeys(camera.WIRE_AXES, 0)
    assert sent(request)["camera_control"] == {"type": move.type, "config": zeros}
    assert sent(request, preset_config=False)["camera_control"] == {"type": move.type}
    simple = ImageToVideo(URL, camera=camera.tilt_up(2))
    assert "config" in sent(simple, preset_config=False)["camera_control"]


def test_extra_fields_go_out_as_they_are() -> None:
    """A field without a name here can be sent at once."""
    request = ImageToVideo(URL, extra={"watermark_info": {"enabled": True}})
    assert sent(request)["watermark_info"] == {"enabled": True}


def test_a_picture_is_not_in_the_body_until_it_is_sent() -> None:
    """What prints a body prints no picture."""
    assert str(ImageToVideo(photo()).to_body().to_dict()["image"]).startswith("<base64 of bytes,")


def test_requests_are_values() -> None:
    """Equal when they say the same, unchangeable, and changed copies are easy."""
    one = ImageToVideo(URL, prompt="x", extra={"a": 1})
    assert one == ImageToVideo(URL, prompt="x", extra={"a": 1})
    assert hash(one) == hash(ImageToVideo(URL, prompt="x", extra={"a": 2}))
    assert one.replace(mode="pro").mode == "pro"
    assert copy.copy(one) == one
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one.prompt = "y"  # type: ignore[misc]  # that it is refused is the point
    options = {"a": 1}
    kept = ImageToVideo(URL, extra=options)
    options["a"] = 2
    assert kept.extra == {"a": 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"voices": "v-1"}, "a list of ids"),
        ({"prompt": voice.prompt("{a}", a="x"), "voices": ["y"]}, "voices in it already"),
        ({"camera": "zoom-in:4"}, "not a camera move"),
        ({"motion_brush": regions.box(0, 0, 9, 9)}, "not a motion brush"),
        ({"sound": "off"}, "True or False, not 'off'"),
        ({"prompt": 7}, "a text, not int"),
        ({"negative_prompt": ["rain"]}, "a text, not list"),
        ({"allow": {"no-such-rule"}}, "names no rule: no-such-rule"),
        ({"allow": {"prompt-length"}}, "can't be let through: prompt-length"),
    ],
)
def test_the_wrong_kind_is_refused_at_once(options: Any, message: str) -> None:
    """What can't mean anything is refused where it is written."""
    with pytest.raises(InvalidRequest, match=message):
        ImageToVideo(URL, **options)


def test_a_rule_may_be_allowed_by_its_bare_name() -> None:
    """One name needs no set."""
    name: Any = "model-camera"
    assert ImageToVideo(URL, allow=name).allow == {"model-camera"}


@pytest.mark.parametrize("value", [3, 15, "5", 5.0])
def test_seconds_are_checked(value: Any) -> None:
    """A computed duration passes through seconds()."""
    assert seconds(value) == int(value)


@pytest.mark.parametrize("value", [2, 16, "x", 5.5, None, True])
def test_other_seconds_are_refused(value: Any) -> None:
    """So nothing else gets past the type checker."""
    with pytest.raises(InvalidRequest, match="from 3 to 15"):
        seconds(value)


def test_check_refuses_with_every_problem() -> None:
    """check() raises what problems() lists, or gives the advice back."""
    bad = ImageToVideo(URL, prompt="x" * 3000, cfg_scale=2)
    with pytest.raises(InvalidRequest, match="has 3 problems") as refusal:
        bad.check()
    assert list(refusal.value.problems) == bad.problems()
    assert ImageToVideo(URL, prompt="x").check() == []
    with pytest.raises(InvalidRequest, match="has 1 problem:"):
        ImageToVideo(URL, prompt="x" * 3000).check()


def test_a_request_prints_short_and_without_secrets() -> None:
    """Neither pictures nor the query of an address stand in a repr."""
    text = repr(ImageToVideo(f"{URL}?sig=secret", image_tail=photo()))
    assert "secret" not in text
    assert len(text) < 600


def test_fitted_and_pillow_pictures_are_pictures() -> None:
    """Whatever a picture is given as, it goes out as base64."""
    for source in (fit(photo((100, 100))), Image.new("RGB", (300, 300))):
        assert base64.b64decode(sent(ImageToVideo(source))["image"], validate=True)


# Whatever the builders make is what the contract takes
# ----------------------------------------------

moves = st.one_of(
    st.sampled_from([camera.DOWN_BACK, camera.FORWARD_UP]),
    st.builds(CameraMove, st.sampled_from(list(camera.AXES)), st.integers(1, 10)),
)
lines = st.lists(st.tuples(st.floats(-50, 700), st.floats(-50, 500)), min_size=2, max_size=90)
CORNER = regions.box(0, 0, 639, 479)


@st.composite
def brushes(draw: st.DrawFn) -> MotionBrush:
    """Any brush of up to six regions along hand-drawn paths."""
    brush = MotionBrush.over((640, 480))
    if draw(st.booleans()):
        brush = brush.hold(regions.ellipse((300, 200), draw(st.integers(1, 200))))
    for line in draw(st.lists(lines, max_size=6)):
        move = brush.move(CORNER, along=paths.stroke(line)).moves[-1]
        if len(move.path) >= 2:
            brush = attrs.evolve(brush, moves=(*brush.moves, move))
    return brush


prompts = st.one_of(
    st.text(max_size=2000),
    st.builds(lambda a, b: voice.prompt("{a} {t} {b}", a=a, b=b, t=voice.Text("x")),
              st.text("abc123", min_size=1), st.text("xyz", min_size=1)),
)  # fmt: skip
requests = st.builds(
    ImageToVideo,
    st.sampled_from([URL, photo()]),
    prompt=prompts,
    model=st.sampled_from(["kling-v1", "kling-v2-6", "of-a-gateway"]),
    mode=st.sampled_from(["std", "pro"]),
    duration=st.sampled_from([5, 10]),
    negative_prompt=st.text(max_size=2500),
    cfg_scale=st.one_of(st.none(), st.floats(0, 1)),
    image_tail=st.one_of(st.none(), st.just(URL)),
    camera=st.one_of(st.none(), moves),
    motion_brush=st.one_of(st.none(), brushes()),
    sound=st.sampled_from([None, True, False]),
    callback_url=st.sampled_from([None, "", URL]),
    external_task_id=st.sampled_from([None, "a-1"]),
)


@settings(max_examples=80)
@given(requests)
def test_whatever_the_builders_make_passes_the_contract(request: ImageToVideo) -> None:
    """Another's validator takes every body, by the published contract and the resolved one."""
    for validator in VALIDATORS:
        validator.validate(sent(request))


VALIDATORS = [OAS30Validator(schema(name)) for name in ("upstream/image2video.yaml", "kling.yaml")]


@settings(max_examples=40)
@given(requests)
def test_no_request_breaks_the_rules(request: ImageToVideo) -> None:
    """problems() answers for every request, errors first, each with rule and source."""
    found = request.problems()
    assert [p.is_error for p in found] == sorted((p.is_error for p in found), reverse=True)
    assert all(p.rule and p.source and p.message and str(p) for p in found)


def test_a_request_shows_itself() -> None:
    """preview, storyboard and the notebook's PNG are pictures of the request."""
    request = ImageToVideo(photo(), camera=camera.zoom_in(4))
    assert request.preview(width=480).width == 480
    assert request.storyboard(2, width=480).width == 480
    shown = request._repr_png_()
    assert shown is not None
    assert shown.startswith(b"\x89PNG")


def test_a_request_that_can_not_be_shown_is_not() -> None:
    """A notebook falls back on the text where the picture can't be read."""
    assert ImageToVideo("none.png")._repr_png_() is None


def test_voices_may_be_voice_objects() -> None:
    """A Voice lists its id."""
    assert ImageToVideo(URL, voices=[voice.Voice("a"), "b"]).voices == ("a", "b")


def test_a_template_string_is_a_prompt() -> None:
    """From Python 3.14 a template string may be given as it is."""
    anna = SimpleNamespace(value=voice.Voice("v-1"), conversion=None, format_spec="")
    template: Any = SimpleNamespace(strings=("", " speaks"), interpolations=(anna,))
    assert sent(ImageToVideo(URL, prompt=template))["prompt"] == "<<<voice_1>>> speaks"


def test_a_request_shows_what_was_said_and_no_more() -> None:
    """What was left out is left out; what it shows builds the same request."""
    request = ImageToVideo("fox.png", prompt="x", camera=camera.zoom_in(4), duration=10)
    assert repr(request) == (
        "ImageToVideo('fox.png', prompt='x', duration=10, camera=camera.zoom_in(4))"
    )
    assert eval(repr(request)) == request
