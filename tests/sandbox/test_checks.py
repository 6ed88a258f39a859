"""What is refused at once, and what makes a job fail later."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from PIL import Image

from kling_facade.sandbox import Sandbox
from tests.sandbox.conftest import PATH, PICTURE, create, finished, picture, png

AXES = dict.fromkeys(("horizontal", "vertical", "pan", "tilt", "roll", "zoom"), 0)
ZOOM = {"type": "simple", "config": AXES | {"zoom": -4}}
NOTHING = base64.b64encode(b"this is a text file").decode()
MASK = png(Image.new("L", (320, 300), 255))


def stroke(points: int = 2, mask: str = MASK) -> dict[str, Any]:
    """A moving region along the bottom."""
    return {"mask": mask, "trajectories": [{"x": n, "y": 5} for n in range(points)]}


def refusal(api: httpx.Client, **fields: Any) -> str:
    """The message of a refused create."""
    answer = api.post(PATH, json=create(**fields))
    assert (answer.status_code, answer.json()["code"]) == (400, 1201), answer.text
    return str(answer.json()["message"])


@pytest.mark.parametrize("name", ["model_name", "image", "mode", "duration"])
def test_required_fields(api: httpx.Client, name: str) -> None:
    """What the contract requires must be there; the message names it."""
    assert refusal(api, **{name: None}) == f"body: lacks {name}"


@pytest.mark.parametrize(
    ("fields", "where", "what"),
    [
        ({"duration": 5}, "duration:", "type string, not an integer"),
        ({"duration": "7.5"}, "duration:", "one of 3, 4, 5"),
        ({"mode": "standard"}, "mode:", "one of std, pro, 4k"),
        ({"sound": True}, "sound:", "not a boolean"),
        ({"cfg_scale": 1.5}, "cfg_scale:", "at most 1"),
        ({"cfg_scale": -0.1}, "cfg_scale:", "at least 0"),
        ({"prompt": "x" * 2501}, "prompt:", "at most 2500 characters, not 2501"),
        ({"image": 7}, "image:", "type string"),
        ({"image": ""}, "image:", "must not be empty"),
        ({"dynamic_masks": [stroke(mask="")]}, "dynamic_masks[0].mask:", "must not be empty"),
        ({"model_name": 6}, "model_name:", "type string, not an integer"),
        ({"camera_control": {"type": "orbit"}}, "camera_control.type:", "one of simple"),
        ({"camera_control": {"config": {"zoom": 1}}}, "camera_control:", "lacks type"),
        ({"model_name": ""}, "model_name:", "must not be empty"),
        (
            {"camera_control": {"type": "simple", "config": AXES | {"zoom": 11}}},
            "config.zoom:",
            "at most 10",
        ),
        ({"dynamic_masks": [stroke(1)]}, "dynamic_masks[0].trajectories:", "at least 2 items"),
        ({"dynamic_masks": [stroke(78)]}, "dynamic_masks[0].trajectories:", "at most 77 items"),
        ({"dynamic_masks": [stroke()] * 7}, "dynamic_masks:", "at most 6 items, not 7"),
        (
            {"dynamic_masks": [stroke() | {"trajectories": [{"x": 1, "y": 2}, {"x": 1, "y": -2}]}]},
            "trajectories[1].y:",
            "at least 0",
        ),
        ({"voice_list": [{"voice_id": "1"}] * 3}, "voice_list:", "at most 2"),
    ],
)
def test_the_contract_is_held(
    api: httpx.Client, fields: dict[str, Any], where: str, what: str
) -> None:
    """Each broken bound is named with its field and what would be right."""
    message = refusal(api, **fields)
    assert where in message
    assert what in message


def test_all_reasons_are_given_at_once(api: httpx.Client) -> None:
    """Nobody likes to learn of mistakes one at a time."""
    message = refusal(api, duration=5, mode="fast", image=1)
    assert all(f"{name}:" in message for name in ("duration", "mode", "image"))


def test_a_picture_is_never_repeated_in_a_message(api: httpx.Client) -> None:
    """A refused picture of megabytes does not come back."""
    assert PICTURE not in refusal(api, image=[PICTURE])


@pytest.mark.parametrize(
    "fields",
    [
        {"image": f"data:image/png;base64,{PICTURE}"},
        {"image": "not base64!"},
        {"image": PICTURE[:-1]},
        {"image": PICTURE[:76] + "\n" + PICTURE[76:]},
        {"image_tail": f"data:image/png;base64,{PICTURE}"},
        {"static_mask": "%%%"},
        {"dynamic_masks": [stroke(mask=f"data:image/png;base64,{MASK}")]},
    ],
)
def test_base64_goes_bare(api: httpx.Client, fields: dict[str, Any]) -> None:
    """No data: prefix, no line breaks, no other signs; in all four places."""
    assert "not in a valid base64 format" in refusal(api, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"image_tail": PICTURE, "static_mask": MASK},
        {"image_tail": PICTURE, "dynamic_masks": [stroke()]},
        {"image_tail": PICTURE, "camera_control": ZOOM},
        {"static_mask": MASK, "camera_control": ZOOM},
        {"image_tail": PICTURE, "static_mask": MASK, "camera_control": ZOOM},
    ],
)
def test_tail_brush_and_camera_exclude_each_other(
    api: httpx.Client, fields: dict[str, Any]
) -> None:
    """Any two of the three are refused (VD0 to VD3)."""
    assert "can't be used together" in refusal(api, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"image_tail": PICTURE},
        {"static_mask": MASK, "dynamic_masks": [stroke()]},
        {"camera_control": ZOOM},
    ],
)
def test_one_of_the_three_is_accepted(api: httpx.Client, fields: dict[str, Any]) -> None:
    """And empty values beside it count as absent."""
    empty = {"image_tail": "", "static_mask": "", "dynamic_masks": []}
    assert api.post(PATH, json=create(**(empty | fields))).status_code == 200


@pytest.mark.parametrize(
    ("camera", "what"),
    [
        ({"type": "simple", "config": AXES}, "not 0"),
        ({"type": "simple"}, "not 0"),
        ({"type": "simple", "config": AXES | {"pan": 1, "tilt": 1}}, "not 2"),
        ({"type": "down_back", "config": AXES | {"zoom": 2}}, "down_back takes none"),
    ],
)
def test_a_camera_move_is_one_move(api: httpx.Client, camera: dict[str, Any], what: str) -> None:
    """A simple one has one axis, a compound one none."""
    assert what in refusal(api, camera_control=camera)


@pytest.mark.parametrize("config", [None, AXES])
def test_a_compound_move_goes_with_or_without_zeros(api: httpx.Client, config: Any) -> None:
    """The page requires a config that the vendor forbids; both forms are taken."""
    camera = {"type": "forward_up"} | ({} if config is None else {"config": config})
    assert api.post(PATH, json=create(camera_control=camera)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"prompt": "<<<voice_1>>> hello", "sound": "on"}, "<<<voice_1>>> is not in voice_list"),
        (
            {"prompt": "<<<voice_2>>> hi", "sound": "on", "voice_list": [{"voice_id": "1"}]},
            "<<<voice_2>>> is not in",
        ),
        ({"prompt": "<<<voice_1>>> hello", "voice_list": [{"voice_id": "1"}]}, "sound: must be on"),
        ({"voice_list": [{"voice_id": "1"}], "sound": "off"}, "sound: must be on"),
    ],
)
def test_voices_are_listed_and_heard(api: httpx.Client, fields: dict[str, Any], what: str) -> None:
    """A spoken voice is in the list, and sound is on."""
    assert what in refusal(api, **fields)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"image": png(picture((299, 400)))}, "Image pixel is invalid: 299x400"),
        ({"image": NOTHING, "static_mask": MASK}, "image: File can't be read as a JPEG or PNG"),
        ({"image_tail": NOTHING}, "image_tail: File can't be read"),
        ({"static_mask": NOTHING}, "mask: File can't be read"),
        ({"image": png(picture((300, 751)))}, "Image ratio is invalid"),
        ({"image_tail": png(picture((200, 200)))}, "image_tail: Image pixel is invalid"),
        (
            {"image": base64.b64encode(b"this is a text file").decode()},
            "image: File can't be read as a JPEG or PNG",
        ),
        ({"image": png(picture(), "GIF")}, "image: File can't be read as a JPEG or PNG"),
        ({"static_mask": png(Image.new("L", (320, 200)))}, "Mask ratio is invalid: 320x200"),
        (
            {"static_mask": base64.b64encode(b"text").decode()},
            "mask: File can't be read as a JPEG or PNG",
        ),
        (
            {"static_mask": MASK, "dynamic_masks": [stroke(mask=png(Image.new("L", (640, 600))))]},
            "all masks must have the same size",
        ),
    ],
)
def test_what_kling_finds_later_makes_the_job_fail(
    sandbox: Sandbox, api: httpx.Client, fields: dict[str, Any], reason: str
) -> None:
    """HTTP 200 and code 0, and the reason only in ``task_status_msg``."""
    data = finished(sandbox, api, **fields)
    assert data["task_status"] == "failed"
    assert reason in data["task_status_msg"]
    assert data["task_result"] == {}


def test_a_picture_over_ten_megabytes_makes_the_job_fail(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    """Ten megabytes is what the vendor takes."""
    padded = base64.b64encode(base64.b64decode(PICTURE) + bytes(10 * 1024 * 1024)).decode()
    assert "too large" in finished(sandbox, api, image=padded)["task_status_msg"]


@pytest.mark.parametrize("size", [(300, 300), (750, 300), (300, 750)])
def test_pictures_at_the_bounds_succeed(
    sandbox: Sandbox, api: httpx.Client, size: tuple[int, int]
) -> None:
    """The bounds belong to the range."""
    assert finished(sandbox, api, image=png(picture(size)))["task_status"] == "succeed"


def test_an_image_bomb_is_refused_by_its_header(sandbox: Sandbox, api: httpx.Client) -> None:
    """A small file that claims to be 200 megapixels is not decoded."""
    bomb = png(Image.new("1", (20_000, 10_000)))
    assert finished(sandbox, api, image=bomb)["task_status"] == "failed"
