"""Every gateway's way of saying the same thing is read as the same `Task`.

The shapes are put together from the gateways' public descriptions (2026-11).
"""

from __future__ import annotations

import contextlib
import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kling_client.models import TaskEnvelope, TaskListEnvelope

from kling_facade import callbacks
from kling_facade.errors import (
    BadResponse,
    KlingError,
    OutcomeUnknown,
    Rejected,
    TransientRead,
)
from kling_facade.gateway.answer import Answer
from kling_facade.gateway.answer_shapes import read_task, read_tasks
from kling_facade.gateway.gateway import Gateway
from kling_facade.gateway.job_id import Ids, checked_id, is_id
from kling_facade.gateway.job_token import read_token, write_token
from kling_facade.gateway.task import State, Task

URL = "https://cdn.example.com/v.mp4?sign=1"

FINISHED: dict[str, Any] = {
    "vendor": {
        "code": 0,
        "message": "SUCCEED",
        "request_id": "r1",
        "data": {
            "task_id": "801",
            "task_status": "succeed",
            "task_info": {"external_task_id": "ours"},
            "created_at": 1722769557708,
            "updated_at": 1722769657708,
            "task_result": {"videos": [{"id": "v", "url": URL, "duration": "5.1"}]},
            "final_unit_deduction": "2.5",
        },
    },
    "new-api documentation": {
        "task_id": "801",
        "status": "completed",
        "url": URL,
        "external_task_id": "ours",
    },
    "new-api code": {
        "code": "success",
        "message": "",
        "data": {
            "id": 17,
            "task_id": "801",
            "status": "SUCCESS",
            "progress": "100%",
            "fail_reason": URL,
            "data": {
                "code": 0,
                "data": {
                    "task_id": "upstream-id",
                    "task_status": "succeed",
                    "task_info": {"external_task_id": "ours"},
                    "task_result": {"videos": [{"id": "v", "url": URL, "duration": "5.1"}]},
                },
            },
        },
    },
    "openai-like": {
        "id": "801",
        "object": "video",
        "status": "completed",
        "progress": 100,
        "created_at": 1722769557,
        "external_id": "ours",
        "metadata": {"url": URL},
    },
    "ezmodel": {
        "code": "ok",
        "data": {
            "task_id": "801",
            "status": "SUCCESS",
            "data": {
                "data": {
                    "task_status": "succeed",
                    "external_task_id": "ours",
                    "task_result": {"videos": [{"url": URL}]},
                }
            },
        },
    },
    "302.AI": {
        "code": 200,
        "data": {"id": "801", "status": "completed", "outputs": [URL], "external_id": "ours"},
    },
    "AceData": {
        "success": True,
        "task_id": "801",
        "video_id": "v",
        "video_url": URL,
        "state": "succeed",
        "external_task_id": "ours",
    },
}

# Gateways that answer so and do not repeat our external id. kie.ai and PiAPI are asked in another
# way than this library asks (docs/keys.md): their callbacks and stored answers can be read.
WITHOUT_OURS: dict[str, Any] = {
    "kie.ai": {
        "code": 200,
        "msg": "success",
        "data": {
            "taskId": "801",
            "model": "kling/v2-1-pro",
            "state": "success",
            "param": '{"input": {"image_url": "https://example.com/fox.png"}}',
            "resultJson": json.dumps({"resultUrls": [URL]}),
            "failCode": None,
            "failMsg": None,
            "costTime": 142,
            "completeTime": 1722769657708,
            "createTime": 1722769557708,
        },
    },
    "MuleRun": {
        "task_info": {
            "id": "801",
            "status": "completed",
            "created_at": "2024-08-04T11:05:57Z",
            "updated_at": "2024-08-04T11:07:37Z",
        },
        "videos": [URL],
    },
    "PiAPI": {
        "code": 200,
        "data": {
            "task_id": "801",
            "model": "kling",
            "task_type": "video_generation",
            "status": "completed",
            "input": {"image_url": "https://example.com/fox.png", "duration": 5},
            "output": {
                "type": "m2v_img2video",
                "status": 99,
                "works": [
                    {
                        "content_type": "video",
                        "status": 99,
                        "cover": {"resource": "https://example.com/cover.jpg"},
                        "video": {
                            "resource": "https://example.com/with-a-watermark.mp4",
                            "resource_without_watermark": URL,
                            "duration": 5100,
                        },
                    }
                ],
            },
            "meta": {"created_at": "2024-08-04T11:05:57.372Z"},
            "error": {"code": 0, "raw_message": "", "message": "", "detail": None},
        },
        "message": "success",
    },
    "crazyrouter": {
        "code": "success",
        "message": "",
        "data": {
            "error": None,
            "format": "mp4",
            "status": "succeeded",
            "task_id": "801",
            "url": URL,
        },
    },
    "New API's documentation, in full": {
        "task_id": "801",
        "status": "completed",
        "url": URL,
        "format": "mp4",
        "metadata": {"duration": 5, "fps": 30},
        "error": {"code": 0, "message": ""},
    },
}

WHY = "the picture is too small"
FAILED: dict[str, Any] = {
    "vendor": {
        "code": 0,
        "data": {"task_id": "801", "task_status": "failed", "task_status_msg": WHY},
    },
    "kie.ai": {
        "code": 501,
        "msg": "failed",
        "data": {"taskId": "801", "state": "fail", "failCode": "500", "failMsg": WHY},
    },
    "MuleRun": {
        "task_info": {
            "id": "801",
            "status": "failed",
            "error": {"code": 1301, "title": "Bad Request", "detail": WHY},
        }
    },
    "PiAPI": {
        "code": 200,
        "data": {
            "task_id": "801",
            "status": "failed",
            "error": {"code": 10000, "raw_message": WHY, "message": "", "detail": None},
        },
        "message": "success",
    },
    "OpenAI-like": {
        "id": "801",
        "object": "video",
        "status": "failed",
        "error": {"code": 1301, "message": WHY},
    },
    "New API": {
        "code": "success",
        "data": {"task_id": "801", "status": "FAILURE", "fail_reason": WHY},
    },
    "throttled upstream": {
        "task_id": "801",
        "status": "failed",
        "error": {"code": 1303, "message": WHY},
    },
}


def task(payload: Any, status: int = 200) -> Task:
    """The snapshot that an answer gives, by way of the generated parser."""
    data = TaskEnvelope.from_dict(read_task(Answer(status, payload))).data
    return Task.read(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("gateway", FINISHED)
def test_a_finished_job_is_read_the_same_from_every_gateway(gateway: str) -> None:
    """Id, state, our own id and the video's address come out alike."""
    found = task(FINISHED[gateway])
    assert (found.task_id, found.state, found.external_task_id) == (
        "801",
        State.SUCCEEDED,
        "ours",
    )
    assert [video.url for video in found.videos] == [URL]


@pytest.mark.parametrize("gateway", WITHOUT_OURS)
def test_a_finished_job_is_read_from_gateways_that_forget_our_id(gateway: str) -> None:
    """Their real shapes: addresses as plain texts, within a JSON text, deep in a list of works."""
    found = task(WITHOUT_OURS[gateway])
    assert (found.task_id, found.state, found.external_task_id) == ("801", State.SUCCEEDED, None)
    assert [video.url for video in found.videos] == [URL]


@pytest.mark.parametrize("gateway", FAILED)
def test_a_jobs_own_error_says_why_the_job_failed(gateway: str) -> None:
    """It is no error of the call, whatever its code would mean as one; a create reads it too."""
    found = task(FAILED[gateway])
    assert (found.task_id, found.state, found.message) == ("801", State.FAILED, WHY)
    assert read_task(Answer(200, FAILED[gateway], paid=True))["data"]["task_id"] == "801"


@pytest.mark.parametrize(
    "error", [{}, None, "", [], False, {"code": 0, "message": ""}, {"code": ""}]
)
@pytest.mark.parametrize("paid", [True, False])
def test_an_error_without_code_and_text_is_none(error: Any, paid: bool) -> None:
    """Some gateways send the field always."""
    payload = {"task_id": "801", "error": error}
    assert read_task(Answer(200, payload, paid=paid))["data"]["task_id"] == "801"


@pytest.mark.parametrize("code", [1, 200, 201, 10000, "10000", "1", "created", -1])
@pytest.mark.parametrize("paid", [True, False])
def test_a_code_that_nobody_knows_refuses_nothing_beside_a_task_id(code: Any, paid: bool) -> None:
    """Gateways have success codes of their own."""
    payload = {"code": code, "message": "submitted", "data": {"task_id": "801"}}
    assert read_task(Answer(200, payload, paid=paid))["data"]["task_id"] == "801"


@pytest.mark.parametrize(
    "payload",
    [
        {"task_id": "", "data": {"task_id": "801"}},
        {"task_id": None, "data": {"taskId": "801"}},
        {"id": "", "data": {"id": 801}},
        {"task_id": "801", "data": None},
        {"code": 0, "result": {"task_id": "801"}},
        {"code": 0, "data": None, "output": {"task_id": "801", "task_status": "RUNNING"}},
        {"code": 0, "data": {"task": {"taskId": 801, "status": "queued"}}},
        {"task_id": "801", "data": []},
        {"task_id": "801", "data": ""},
        {"id": "req-1", "data": {"id": "801", "status": "queued"}},
        {"status": "success", "data": {"task_id": "801", "task_status": "processing"}},
    ],
)
def test_an_id_is_found_wherever_it_stands(payload: dict[str, Any]) -> None:
    """An empty one hides no other, and an envelope's `success` is not the job's state."""
    found = task(payload)
    assert found.task_id == "801"
    assert found.state is not State.SUCCEEDED


PATH_SAFE = st.text(
    st.sampled_from(string.ascii_letters + string.digits + "._~!$&'()*+,;=:@-"),
    min_size=1,
    max_size=128,
).filter(lambda text: text not in (".", ".."))


@given(PATH_SAFE)
def test_any_path_safe_text_is_an_id(text: str) -> None:
    """Up to 128 characters, for readers, callers, callbacks, tokens and rules alike."""
    assert is_id(text)
    assert task({"data": {"task_id": text}}).task_id == text
    assert checked_id(text) == text
    assert callbacks.read(json.dumps({"task_id": text}).encode(), {}).task_id == text
    gateway = Gateway("https://gateway.example")
    assert read_token(write_token(gateway, Ids(text, text)), gateway) == Ids(text, text)


@pytest.mark.parametrize("gateway", ["vendor", "new-api code"])
def test_what_else_the_gateway_tells_is_kept(gateway: str) -> None:
    """The video's id and length are read where they are."""
    video = task(FINISHED[gateway]).videos[0]
    assert (video.id, video.duration) == ("v", 5.1)


def test_the_cost_is_read_where_it_is_told_and_else_unknown() -> None:
    """An odd deduction is no reason to lose the video."""
    assert str(task(FINISHED["vendor"]).units) == "2.5"
    oddities: list[Any] = [None, "", "many", "-1", "NaN", [], True]
    for odd in oddities:
        payload = {"data": {**FINISHED["vendor"]["data"], "final_unit_deduction": odd}}
        assert task(payload).units is None


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("submitted", State.SUBMITTED),
        (" Processing ", State.PROCESSING),
        ("IN_PROGRESS", State.PROCESSING),
        ("in-progress", State.PROCESSING),
        ("QUEUED", State.SUBMITTED),
        ("FAILURE", State.FAILED),
        ("ready", State.SUCCEEDED),
        ("Finish", State.SUCCEEDED),
        ("aborted", State.FAILED),
        ("queued_v2", State.UNKNOWN),
        ("", State.UNKNOWN),
    ],
)
def test_a_state_is_known_by_many_words(word: str, state: State) -> None:
    """Case, spaces and hyphens don't matter; an unknown word stays as it is."""
    found = task({"data": {"task_id": "801", "task_status": word}})
    assert (found.state, found.status) == (state, word)


def test_a_failure_says_why_wherever_the_reason_stands() -> None:
    """`task_status_msg` before `fail_reason` before an error object before the message."""
    base = {"task_id": "801", "task_status": "failed"}
    reasons: list[tuple[dict[str, Any], str]] = [
        ({"data": {**base, "task_status_msg": "pixels"}, "message": "success"}, "pixels"),
        ({"data": {**base, "fail_reason": "risk"}}, "risk"),
        ({"data": base, "message": "upstream says no"}, "upstream says no"),
    ]
    for payload, reason in reasons:
        assert task(payload).message == reason


@pytest.mark.parametrize(
    "time", [1722769557708, 1722769557, "2024-08-04T11:05:57Z", "1722769557708"]
)
def test_times_are_milliseconds_seconds_or_text(time: Any) -> None:
    """All become the same moment, give or take the fraction."""
    created = task({"data": {"task_id": "801", "created_at": time}}).created_at
    assert created is not None
    assert created.isoformat().startswith("2024-08-04T11:05:57")


@pytest.mark.parametrize("time", [None, "soon", True, 1e40, {}, "", float("1e18")])
def test_a_time_that_is_none_is_none(time: Any) -> None:
    """A broken time is no reason to lose a job."""
    assert task({"data": {"task_id": "801", "created_at": time}}).created_at is None


def test_a_whole_number_as_id_is_taken_as_text() -> None:
    """Some gateways send numbers."""
    assert task({"data": {"task_id": 801}}).task_id == "801"


ODD_IDS = ["..", "a/b", "%2e%2e", "a\r\nb", "x" * 129, "x" * 10_000, "a b", 1.5, ["801"]]


@pytest.mark.parametrize("bad", ODD_IDS)
def test_an_id_that_could_steer_a_request_is_refused(bad: Any) -> None:
    """No request is ever built from it. After a create the error keeps it, to ask support with."""
    with pytest.raises(BadResponse, match="can't be the id"):
        task({"data": {"task_id": bad}})
    with pytest.raises(OutcomeUnknown) as caught:
        read_task(Answer(200, {"data": {"task_id": bad}}, paid=True))
    kept = str(caught.value.task_id)
    assert kept
    assert kept.isprintable()
    assert len(kept) <= 512
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("data", ["text", 5, [5], True])
def test_data_that_is_no_job_is_refused(data: Any) -> None:
    """A read says so; after a create it is an unknown outcome."""
    with pytest.raises(BadResponse, match=r"'data' is|names no job"):
        read_task(Answer(200, {"code": 0, "data": data}))
    with pytest.raises(OutcomeUnknown):
        read_task(Answer(200, {"code": 0, "data": data}, paid=True))


@pytest.mark.parametrize("data", [None, [], {}, {"task_id": "", "task_status": ""}])
def test_an_empty_job_is_asked_for_again(data: Any) -> None:
    """one-hub knows nothing of a job before its first own question: that must not end a wait."""
    with pytest.raises(TransientRead, match="says nothing about the job yet"):
        read_task(Answer(200, {"code": 0, "message": "", "data": data}))
    with pytest.raises(OutcomeUnknown):
        read_task(Answer(200, {"code": 0, "message": "", "data": data}, paid=True))


def test_unknown_fields_are_kept() -> None:
    """Nothing the gateway says is thrown away."""
    assert task({"data": {"task_id": "801", "new_thing": 7}}).raw["new_thing"] == 7


def test_two_jobs_under_one_id_are_both_reported() -> None:
    """The earlier one is followed, the other is named."""
    ours = {"task_info": {"external_task_id": "ours"}}
    later = {"task_id": "802", "created_at": 2_000_000_000_000, **ours}
    first = {"task_id": "801", "created_at": 1_000_000_000_000, **ours}
    found = task({"code": 0, "data": [later, first]})
    assert (found.task_id, found.other_task_ids) == ("801", ("802",))


@pytest.mark.parametrize("other", [None, "theirs"])
def test_a_list_that_does_not_say_which_job_is_ours_is_not_guessed_at(other: str | None) -> None:
    """A gateway that answers a look-up with its whole list must not hand us a stranger's job."""
    jobs = [
        {"task_id": "801", "task_info": {"external_task_id": "ours"}},
        {"task_id": "802", "task_info": {"external_task_id": other}},
    ]
    with pytest.raises(BadResponse, match="which is ours"):
        task({"code": 0, "data": jobs})


def test_a_success_without_an_address_has_no_videos() -> None:
    """Videos without addresses don't count."""
    emptinesses: list[Any] = [[], None, [{}], [{"url": ""}], "odd"]
    for videos in emptinesses:
        payload = {
            "data": {
                "task_id": "801",
                "task_status": "succeed",
                "task_result": {"videos": videos},
            }
        }
        assert task(payload).videos == ()


@pytest.mark.parametrize("place", ["data", "items", "list", "records", "tasks"])
def test_a_list_is_read_from_where_gateways_keep_it(place: str) -> None:
    """At the root or one level down."""
    items = [{"task_id": "1"}, {"task_id": "2"}]
    for payload in ({place: items}, {"code": 0, "data": {place: items}}):
        envelope = TaskListEnvelope.from_dict(read_tasks(Answer(200, payload)))
        assert [data.task_id for data in envelope.data or []] == ["1", "2"]


@pytest.mark.parametrize("payload", [{"code": 0, "data": None}, {"data": []}, {"code": 0}])
def test_a_list_without_jobs_is_empty(payload: dict[str, Any]) -> None:
    """`null` is no list in Go's JSON, and means one."""
    assert read_tasks(Answer(200, payload))["data"] == []


def test_an_odd_entry_of_a_list_is_left_out_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    """One broken row hides no others."""
    payload = {"data": [{"task_id": "1"}, {"task_id": "a/b"}, None, "x", {"task_id": "2"}]}
    assert [item["task_id"] for item in read_tasks(Answer(200, payload))["data"]] == ["1", "2"]
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "an entry of the gateway's list is left out"
    ] * 3


@pytest.mark.parametrize("status", [404, 405])
def test_a_gateway_without_lists_says_so(status: int) -> None:
    """New API has no list: its 404 is not about a job."""
    error = {"error": {"message": "Invalid URL", "type": "invalid_request_error"}}
    with pytest.raises(Rejected, match="no list of jobs"):
        read_tasks(Answer(status, error))


def test_a_list_that_is_none_is_refused() -> None:
    """An object where a list belongs is no empty list."""
    with pytest.raises(BadResponse, match="not a list"):
        read_tasks(Answer(200, {"code": 0, "data": {"task_id": "1"}}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "data",
                    "code",
                    "message",
                    "task_id",
                    "id",
                    "status",
                    "task_status",
                    "task_info",
                    "task_result",
                    "videos",
                    "url",
                    "error",
                    "outputs",
                    "metadata",
                    "created_at",
                    "success",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(payload=JSON, status=st.integers(200, 599), paid=st.booleans())
def test_whatever_comes_is_a_task_or_one_of_our_errors(
    payload: Any, status: int, paid: bool
) -> None:
    """No shape of JSON brings out anything else, and a create's odd answer is never "no job"."""
    answer = Answer(status, payload, paid=paid)
    with contextlib.suppress(KlingError):
        Task.read(TaskEnvelope.from_dict(read_task(answer)).data)  # type: ignore[arg-type]
        return
    with pytest.raises(KlingError) as caught:
        read_task(answer)
    assert not (paid and isinstance(caught.value, BadResponse))
