"""Other people's clients against the sandbox: what works at the vendor works here."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from kling_facade.sandbox import Sandbox
from tests.sandbox.conftest import PATH, PICTURE

VENDOR = "/v1/videos/image2video"
CLIENTS = yaml.safe_load((Path(__file__).parent / "data/foreign_requests.yaml").read_text("utf-8"))
REQUESTS = [
    pytest.param(request["body"], id=f"{client['client']}: {request['name']}")
    for client in CLIENTS
    for request in client["requests"]
]


def filled(body: dict[str, Any]) -> dict[str, Any]:
    """The body with a picture where it says so."""
    return {name: PICTURE if value == "<picture>" else value for name, value in body.items()}


def post(api: httpx.Client, body: dict[str, Any], path: str = VENDOR) -> str:
    """Create a job: an empty text, or why it was refused."""
    answer = api.post(path, json=filled(body))
    assert answer.status_code in (200, 400), answer.text
    return "" if answer.status_code == 200 else str(answer.json()["message"])


@pytest.mark.parametrize("body", REQUESTS)
def test_the_vendors_path_takes_what_clients_of_the_vendor_send(
    sandbox: Sandbox, api: httpx.Client, body: dict[str, Any]
) -> None:
    """Each request makes a job, and the job ends well."""
    assert post(api, body) == ""
    sandbox.advance(10_000)
    assert sandbox.jobs[-1].status(sandbox.clock.now()) == "succeed"


def test_at_least_three_clients_are_held_against_it() -> None:
    """Each with where and when it was read."""
    assert len({client["client"] for client in CLIENTS}) >= 3
    assert all(client["source"] for client in CLIENTS)


@pytest.mark.parametrize("name", ["model_name", "image", "mode", "duration"])
def test_the_gateways_path_requires_what_its_page_requires(api: httpx.Client, name: str) -> None:
    """The control: the same request without a field passes at one prefix and not at the other."""
    body = {"model_name": "kling-v2-6", "image": PICTURE, "mode": "std", "duration": "5"}
    body["image_tail"] = PICTURE
    del body[name]
    assert post(api, body) == ""
    assert post(api, body, PATH) == f"body: lacks {name}"


@pytest.mark.parametrize("name", ["image_tail", "prompt", "cfg_scale", "camera_control"])
def test_null_is_absent_for_the_vendor_and_a_wrong_type_for_the_page(
    api: httpx.Client, name: str
) -> None:
    """The vendor's own node sends null for what is not set; the page says what type a field has."""
    body = {"model_name": "kling-v2-6", "image": PICTURE, "mode": "std", "duration": "5"}
    assert post(api, {**body, name: None}) == ""
    assert f"{name}: must be of type" in post(api, {**body, name: None}, PATH)


SHOTS = {
    "multi_shot": True,
    "shot_type": "customize",
    "duration": "7",
    "multi_prompt": [{"index": n, "prompt": "x", "duration": "1"} for n in range(1, 8)],
}


def shots(**fields: Any) -> dict[str, Any]:
    """A request with two shots of 3 and 4 seconds, changed."""
    body = {"model_name": "kling-v3", "mode": "std", "image": PICTURE} | copy.deepcopy(SHOTS)
    body["multi_prompt"] = [
        {"index": 1, "prompt": "x", "duration": "3"},
        {"index": 2, "prompt": "y", "duration": "4"},
    ]
    return body | fields


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"multi_prompt": SHOTS["multi_prompt"]}, "multi_prompt: must have at most 6 items, not 7"),
        ({"duration": "8"}, "the shots last 7 s together, but duration is 8"),
        ({"duration": None}, "the shots last 7 s together, but duration is 5"),
        ({"shot_type": None}, "shot_type: must be customize or intelligence"),
        ({"multi_prompt": None}, "multi_prompt: must list the shots"),
        ({"multi_prompt": []}, "multi_prompt: must list the shots"),
        (
            {"multi_prompt": [{"index": 1, "prompt": "x", "duration": "0"}]},
            "each shot must last at least 1 second",
        ),
        (
            {"multi_prompt": [{"index": 1, "prompt": "x" * 513, "duration": "7"}]},
            "multi_prompt[0].prompt: must have at most 512 characters",
        ),
        (
            {"element_list": [{"element_id": n} for n in range(4)]},
            "element_list: must have at most 3",
        ),
        ({"element_list": [{"id": 1}]}, "element_list[0]: lacks element_id"),
    ],
)
def test_shots_and_elements_keep_the_vendors_bounds(
    api: httpx.Client, fields: dict[str, Any], reason: str
) -> None:
    """Six shots that add up, three elements (VD2 2026-06); the gateway passes them on."""
    assert reason in post(api, shots(**fields))
    if None not in fields.values():
        assert reason in post(api, shots(**fields), PATH)


def test_shots_that_add_up_are_taken(api: httpx.Client) -> None:
    """The control; "true" as a text too, as one of the vendor's examples has it."""
    for path in (VENDOR, PATH):
        assert post(api, shots(), path) == ""
        assert post(api, shots(multi_shot="true", shot_type="intelligence"), path) == ""
        assert post(api, shots(multi_shot=False, duration="15"), path) == ""
        assert post(api, shots(element_list=[{"element_id": 1}, {"element_id": "2"}]), path) == ""


@pytest.mark.parametrize("prefix", ["", "/kling"])
@pytest.mark.parametrize("axis", ["horizontal", "vertical", "pan", "tilt", "roll", "zoom"])
def test_an_axis_that_is_absent_counts_as_zero(api: httpx.Client, prefix: str, axis: str) -> None:
    """At both prefixes: the contract takes a move with one axis."""
    body = {"model_name": "kling-v1-5", "image": PICTURE, "mode": "pro", "duration": "5"}
    camera = {"type": "simple", "config": {axis: -5}}
    assert post(api, {**body, "camera_control": camera}, prefix + VENDOR) == ""
