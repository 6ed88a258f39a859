"""Kling's routes, envelopes and codes, seen through a plain HTTP client."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kling_facade.sandbox import Sandbox
from tests.sandbox.conftest import PATH, PICTURE, Opener, create, finished


@pytest.mark.parametrize("prefix", ["", "/kling"])
def test_a_create_is_answered_in_klings_envelope(opened: Opener, prefix: str) -> None:
    """Code 0, a request id, and the job: digits, state, ids, epoch milliseconds."""
    sandbox, api = opened()
    answer = api.post(f"{prefix}/v1/videos/image2video", json=create(external_task_id="mine"))
    body = answer.json()
    assert answer.status_code == 200
    assert (body["code"], set(body)) == (0, {"code", "message", "request_id", "data"})
    data = body["data"]
    assert re.fullmatch(r"\d{18}", data["task_id"])
    assert data["task_status"] == "submitted"
    assert data["task_info"] == {"external_task_id": "mine"}
    assert abs(data["created_at"] / 1000 - time.time()) < 60
    assert data["updated_at"] == data["created_at"]
    assert sandbox.creates == 1


def test_a_job_is_submitted_then_processing_then_succeeds(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    """In that order, never back, and with a result only at the end."""
    task_id = api.post(PATH, json=create()).json()["data"]["task_id"]
    seen = []
    for _ in range(60):
        data = api.get(f"{PATH}/{task_id}").json()["data"]
        seen.append(data["task_status"])
        assert ("task_result" in data) == (data["task_status"] == "succeed")
        sandbox.advance(10)
    assert list(dict.fromkeys(seen)) == ["submitted", "processing", "succeed"]


def test_a_finished_job_has_a_video_and_a_charge(sandbox: Sandbox, api: httpx.Client) -> None:
    """An id, an address, a duration as text, and what it cost as text."""
    data = finished(sandbox, api)
    (video,) = data["task_result"]["videos"]
    assert video["url"].startswith(sandbox.base_url)
    assert (video["duration"], data["final_unit_deduction"]) == ("5.0", "1.5")
    assert data["updated_at"] > data["created_at"]
    assert data["task_status_msg"] == ""


@pytest.mark.parametrize(
    ("fields", "charge"),
    [
        ({"model_name": "kling-v1"}, "1"),
        ({"model_name": "kling-v1", "duration": "10"}, "2"),
        ({"model_name": "kling-v1-5", "mode": "pro"}, "3.5"),
        ({"model_name": "kling-v2-5-turbo", "mode": "pro", "duration": "10"}, "5"),
        ({"mode": "pro", "sound": "on"}, "5"),
        (
            {
                "mode": "pro",
                "sound": "on",
                "voice_list": [{"voice_id": "7"}],
                "prompt": "<<<voice_1>>> hi",
            },
            "6",
        ),
        ({"model_name": "kling-v3", "mode": "4k", "duration": "3"}, "9"),
        ({"model_name": "kling-v9"}, "0"),
    ],
)
def test_the_charge_follows_the_price_list(
    sandbox: Sandbox, api: httpx.Client, fields: dict[str, Any], charge: str
) -> None:
    """Units by model, mode, duration, sound and voice (VD4 2026-09-20, COMFY mid-2025)."""
    assert finished(sandbox, api, **fields)["final_unit_deduction"] == charge


def test_a_job_is_found_by_either_id(api: httpx.Client) -> None:
    """By the sandbox's and by the caller's own, even one with slashes and letters of all kinds."""
    for external in ("mine-1", "a/b", "füchse 7?"):
        made = api.post(PATH, json=create(external_task_id=external)).json()["data"]
        by_own = api.get(f"{PATH}/{quote(external, safe='')}")
        assert by_own.json()["data"]["task_id"] == made["task_id"]
        assert api.get(f"{PATH}/{made['task_id']}").json()["data"] == by_own.json()["data"]


def test_an_unknown_job_is_not_found(api: httpx.Client) -> None:
    """404 with 1203, as documented."""
    answer = api.get(f"{PATH}/12345")
    assert (answer.status_code, answer.json()["code"]) == (404, 1203)
    assert "12345" in answer.json()["message"]
    assert "data" not in answer.json()


def test_the_list_pages_through_all_jobs(opened: Opener) -> None:
    """The latest first, each once, and nothing behind the last page."""
    _, api = opened()
    made = [api.post(PATH, json=create()).json()["data"]["task_id"] for _ in range(7)]
    pages = [
        [
            job["task_id"]
            for job in api.get(PATH, params={"pageNum": n, "pageSize": 3}).json()["data"]
        ]
        for n in (1, 2, 3, 4)
    ]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert [task_id for page in pages for task_id in page] == made[::-1]
    assert len(api.get(PATH).json()["data"]) == 7


@pytest.mark.parametrize(
    "query",
    [
        {"pageNum": 0},
        {"pageNum": 1001},
        {"pageSize": 0},
        {"pageSize": 501},
        {"pageNum": "x"},
        {"pageSize": "²"},
    ],
)
def test_a_page_out_of_range_is_refused(api: httpx.Client, query: dict[str, Any]) -> None:
    """Pages are 1 to 1000, of 1 to 500 jobs."""
    answer = api.get(PATH, params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, 1201)
    assert next(iter(query)) in answer.json()["message"]


@pytest.mark.parametrize(
    "query", [{"pageNum": 1000}, {"pageSize": 500}, {"pageNum": 1, "pageSize": 1}]
)
def test_a_page_at_the_edge_is_given(opened: Opener, query: dict[str, Any]) -> None:
    """The bounds belong to the range."""
    _, api = opened()
    answer = api.get(PATH, params=query)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, 0, [])


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("DELETE", PATH, 1202),
        ("PUT", f"{PATH}/1", 1202),
        ("POST", "/files/x/y.mp4", 1202),
        ("GET", "/", 1203),
        ("POST", "/kling/v1/videos/text2video", 1203),
    ],
)
def test_wrong_methods_and_addresses(api: httpx.Client, method: str, path: str, code: int) -> None:
    """404 with 1202 or 1203."""
    answer = api.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(api: httpx.Client, content: bytes) -> None:
    """400 with 1200, whatever it is."""
    answer = api.post(PATH, content=content)
    assert (answer.status_code, answer.json()["code"]) == (400, 1200)


def test_a_body_that_is_too_large_is_refused(opened: Opener) -> None:
    """413, after reading it, so that the answer arrives; a smaller one goes through."""
    sandbox, api = opened(max_body=len(PICTURE) + 300)
    answer = api.post(PATH, json=create(prompt="x" * 2000))
    assert (answer.status_code, answer.json()["code"]) == (413, 1200)
    assert api.post(PATH, json=create()).status_code == 200
    assert sandbox.creates == 1


def test_an_external_id_can_be_used_once(opened: Opener) -> None:
    """The second create with it is refused and makes no job (VD4 live 2026-09-20)."""
    sandbox, api = opened()
    assert api.post(PATH, json=create(external_task_id="once")).status_code == 200
    again = api.post(PATH, json=create(external_task_id="once"))
    assert (again.status_code, again.json()["code"]) == (400, 1201)
    assert "once already exists" in again.json()["message"]
    assert sandbox.creates == 1


def test_every_exchange_is_recorded(opened: Opener) -> None:
    """Method, path, query, status and whether a key was sent; never the key."""
    sandbox, api = opened()
    api.post(PATH, json=create())
    api.get(PATH, params={"pageSize": 2})
    httpx.get(f"{sandbox.base_url}{PATH}/1", trust_env=False)
    seen = [(e.method, e.path, e.query, e.status, e.authorized) for e in sandbox.requests]
    assert seen == [
        ("POST", PATH, "", 200, True),
        ("GET", PATH, "pageSize=2", 200, True),
        ("GET", f"{PATH}/1", "", 401, False),
    ]
    assert "sandbox-key" not in repr(sandbox.requests)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    ["image", "image_tail", "prompt", "mode", "duration", "static_mask", "dynamic_masks", "sound",
     "camera_control", "voice_list", "cfg_scale", "external_task_id", "callback_url"]
)  # fmt: skip


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(st.dictionaries(names, json_values, max_size=4))
def test_no_body_breaks_the_sandbox(api: httpx.Client, fields: dict[str, Any]) -> None:
    """Whatever a field holds, the answer is a job or a reason."""
    for path in (PATH, PATH.removeprefix("/kling")):
        answer = api.post(path, content=json.dumps(create() | fields))
        assert answer.status_code in (200, 400), answer.text
