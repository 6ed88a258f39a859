"""Every gateway's way of saying the same thing is read as the same `Task`.

The shapes are put together from the gateways' public descriptions (2026-11).
"""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kling_client.models import TaskEnvelope, TaskListEnvelope

from kling_facade.errors import BadResponse, KlingError, OutcomeUnknown, TransientRead
from kling_facade.gateway.answer import Answer
from kling_facade.gateway.answer_shapes import read_task, read_tasks
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
    "kie.ai": {
        "code": 200,
        "msg": "success",
        "data": {"taskId": "801", "state": "success", "result_url": URL, "external_id": "ours"},
    },
    "MuleRun": {
        "task_info": {"id": "801", "status": "completed", "external_task_id": "ours"},
        "url": URL,
    },
    "PiAPI": {
        "code": 200,
        "data": {
            "task_id": "801",
            "status": "completed",
            "external_task_id": "ours",
            "outputs": [{"url": URL}],
        },
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


@pytest.mark.parametrize("bad", ["..", "a/b", "%2e%2e", "a\r\nb", "x" * 129, "a b", 1.5, ["801"]])
def test_an_id_that_could_steer_a_request_is_refused(bad: Any) -> None:
    """No request is ever built from it. After a create the error keeps it, to ask support with."""
    with pytest.raises(BadResponse, match="can't be the id"):
        task({"data": {"task_id": bad}})
    with pytest.raises(OutcomeUnknown) as caught:
        read_task(Answer(200, {"data": {"task_id": bad}}, paid=True))
    assert caught.value.task_id


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
