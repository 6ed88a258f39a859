"""What an answer means is decided by Kling's code first, by the HTTP status only without one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kling_facade import errors as e
from kling_facade.gateway.answer import Answer, quote
from kling_facade.gateway.answer_shapes import read_task
from kling_facade.gateway.redaction import hiding


def meaning(status: int, payload: Any = None, *, paid: bool = False, **facts: Any) -> e.KlingError:
    """The error that an answer means."""
    with pytest.raises(e.KlingError) as caught:
        read_task(Answer(status, payload, paid=paid, **facts))
    return caught.value


# code, HTTP status, after a create, after a read: the vendor's table (VD1, VD4)
CODES = [
    (1000, 401, e.AuthError, e.AuthError),
    (1001, 401, e.AuthError, e.AuthError),
    (1002, 401, e.AuthError, e.AuthError),
    (1003, 401, e.AuthError, e.AuthError),
    (1004, 401, e.AuthError, e.AuthError),
    (1100, 429, e.AccountError, e.AccountError),
    (1101, 429, e.AccountError, e.AccountError),
    (1102, 429, e.AccountError, e.AccountError),
    (1103, 403, e.AccountError, e.AccountError),
    (1200, 400, e.InvalidRequest, e.InvalidRequest),
    (1201, 400, e.InvalidRequest, e.InvalidRequest),
    (1202, 404, e.Rejected, e.Rejected),
    (1203, 404, e.InvalidRequest, e.JobNotFound),
    (1300, 400, e.PolicyRejected, e.PolicyRejected),
    (1301, 400, e.PolicyRejected, e.PolicyRejected),
    (1302, 429, e.Throttled, e.Throttled),
    (1303, 429, e.Throttled, e.Throttled),
    (1304, 429, e.AccountError, e.AccountError),
    (5000, 500, e.OutcomeUnknown, e.TransientRead),
    (5001, 503, e.OutcomeUnknown, e.TransientRead),
    (5002, 504, e.OutcomeUnknown, e.TransientRead),
]


@pytest.mark.parametrize(("code", "status", "create", "read"), CODES)
def test_each_code_has_its_class(code: int, status: int, create: type, read: type) -> None:
    """With the status the vendor pairs it with, and with a plain 200 all the same."""
    payload = {"code": code, "message": "words", "request_id": "r7"}
    for answered in (status, 200):
        for paid, kind in ((True, create), (False, read)):
            error = meaning(answered, payload, paid=paid)
            assert type(error) is kind
            assert (error.code, error.request_id, error.http_status) == (code, "r7", answered)
            assert error.hint


STATUSES = [
    (400, e.InvalidRequest, e.InvalidRequest),
    (401, e.AuthError, e.AuthError),
    (402, e.AccountError, e.AccountError),
    (403, e.Rejected, e.Rejected),
    (404, e.Rejected, e.JobNotFound),
    (408, e.OutcomeUnknown, e.TransientRead),
    (413, e.InvalidRequest, e.InvalidRequest),
    (418, e.Rejected, e.Rejected),
    (429, e.Throttled, e.Throttled),
    (499, e.OutcomeUnknown, e.TransientRead),
    (500, e.OutcomeUnknown, e.TransientRead),
    (502, e.OutcomeUnknown, e.TransientRead),
    (504, e.OutcomeUnknown, e.TransientRead),
    (520, e.OutcomeUnknown, e.TransientRead),
    (599, e.OutcomeUnknown, e.TransientRead),
]


@pytest.mark.parametrize(("status", "create", "read"), STATUSES)
def test_a_bare_status_has_its_class(status: int, create: type, read: type) -> None:
    """An HTML page or an empty answer has no code."""
    assert type(meaning(status, paid=True)) is create
    assert type(meaning(status)) is read


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_names_the_host(status: int) -> None:
    """A key is never carried to another host."""
    error = meaning(status, paid=True, location="other.example")
    assert type(error) is e.Rejected
    assert "other.example" in error.message


@pytest.mark.parametrize("words", ["External_task_id abc already exists", "it already EXISTS"])
def test_a_duplicate_external_id_is_a_class_of_its_own(words: str) -> None:
    """1201 means it only for a create, and only with these words."""
    payload = {"code": 1201, "message": words}
    assert type(meaning(400, payload, paid=True)) is e.AlreadyExists
    assert type(meaning(400, payload)) is e.InvalidRequest


@pytest.mark.parametrize("words", ["Task not found by id / external id", "task does not exist"])
def test_a_missing_job_is_told_by_1201_too(words: str) -> None:
    """The documentation says 404 and 1203; 400 and 1201 have been seen (VD4)."""
    payload = {"code": 1201, "message": words}
    assert type(meaning(400, payload)) is e.JobNotFound
    assert type(meaning(400, payload, paid=True)) is e.InvalidRequest


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"code": "task_not_exist", "message": "gone", "data": None}, "task_not_exist"),
        ({"error": {"message": "gone", "code": "task_not_exist"}}, "task_not_exist"),
    ],
)
def test_gateways_have_words_for_codes(payload: Any, code: str) -> None:
    """A forked gateway's missing job is a missing job."""
    error = meaning(400, payload)
    assert type(error) is e.JobNotFound
    assert error.code == code


@pytest.mark.parametrize(
    "payload",
    [
        {"error": {"message": "no channel", "type": "new_api_error"}},
        {"error": "no channel"},
        {"success": False, "error": {"message": "no channel"}},
        {"code": "fail_to_fetch_task", "message": "no channel"},
        {"success": False, "message": "no channel"},
    ],
)
def test_an_error_in_a_200_is_an_error(payload: Any) -> None:
    """A good status does not make it a job."""
    assert type(meaning(200, payload)) is e.Rejected


NAMED = [
    (429, {"code": 1303, "data": {"task_id": "801"}}),
    (200, {"code": 1303, "message": "busy", "data": {"external_task_id": "ours"}}),
    (429, {"code": 1302, "task_info": {"external_task_id": "ours"}}),
    (403, {"message": "no", "task_id": "801"}),
    (400, {"code": 1201, "data": {"task_id": "a/b"}}),
    (500, {"code": 5000, "data": {"task_id": "801"}}),
    (200, {"code": 1102, "task_id": "801"}),
    (429, {"error": {"code": 1303, "task_id": "801"}}),
    (400, {"error": {"code": 1301, "data": {"task_id": "801"}}}),
    (429, {"error": {"code": 1303, "external_task_id": "ours"}}),
    (429, {"errors": [{"code": 1303, "task_id": "801"}]}),
    (400, {"code": 1301, "data": [{"task_id": "801"}]}),
    (500, {"code": "x", "message": 'upstream: {"code": 1303, "data": {"task_id": "801"}}'}),
    (429, {"code": 1303, "data": "80012"}),
    (400, {"code": 1301, "message": "no", "data": "img2vid.801"}),
]


@pytest.mark.parametrize("data", ["", "busy", "200", "try again in 30 s", 1303, 0, None, []])
def test_data_that_is_no_id_leaves_a_refusal_as_it_is(data: Any) -> None:
    """Words, statuses and numbers in place of data name no job."""
    assert type(meaning(429, {"code": 1303, "data": data}, paid=True)) is e.Throttled


@pytest.mark.parametrize(("status", "payload"), NAMED)
def test_a_refusal_that_names_our_job_is_none(status: int, payload: dict[str, Any]) -> None:
    """After a create it is unclear, and what it names is kept to look the job up with."""
    error = meaning(status, payload, paid=True)
    assert type(error) is e.OutcomeUnknown
    assert error.task_id or error.external_task_id == "ours"


def test_a_request_that_is_repeated_names_no_job() -> None:
    """FastAPI shows what it was sent beside what is wrong with it: that is a plain refusal."""
    sent = {"external_task_id": "ours", "mode": "x"}
    payload = {"detail": [{"loc": ["body", "mode"], "msg": "no such mode", "input": sent}]}
    assert type(meaning(422, payload, paid=True)) is e.InvalidRequest


ACCEPTED = [
    (429, {"code": 1303, "data": {"task_id": "801", "task_status": "submitted"}}),
    (403, {"code": 0, "data": {"task_id": "801", "task_status": "submitted"}}),
    (403, {"code": 0, "data": {"task_id": "801"}}),
    (500, {"task_id": "801", "status": "queued"}),
    (400, {"id": "801", "object": "video", "status": "in_progress", "error": None}),
]


@pytest.mark.parametrize(("status", "payload"), ACCEPTED)
@pytest.mark.parametrize("paid", [True, False])
def test_what_names_a_job_and_its_state_is_a_job(
    status: int, payload: dict[str, Any], paid: bool
) -> None:
    """Whatever stands around it."""
    assert read_task(Answer(status, payload, paid=paid))["data"]["task_id"] == "801"


def test_the_id_and_status_of_an_error_are_not_a_jobs() -> None:
    """The control: an error envelope may have an id of its own."""
    payload = {"id": "req-1", "status": "error", "code": 1102, "message": "no units left"}
    assert type(meaning(200, payload, paid=True)) is e.AccountError


def wrapped(times: int, code: Any, words: str) -> dict[str, Any]:
    """The vendor's answer as New API hands it on, perhaps through several of its kind."""
    payload: dict[str, Any] = {"code": code, "message": words, "request_id": "r7"}
    for _ in range(times):
        payload = {"code": "fail_to_fetch_task", "message": json.dumps(payload), "data": None}
    return payload


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("status", [400, 429, 500])
@pytest.mark.parametrize(
    ("code", "kind"), [(1102, e.AccountError), (1301, e.PolicyRejected), (1303, e.Throttled)]
)
def test_the_vendors_code_decides_though_it_is_wrapped(
    times: int, status: int, code: int, kind: type
) -> None:
    """As JSON within the message: the innermost code, words and request id are Kling's."""
    error = meaning(status, wrapped(times, code, "words of Kling"), paid=True)
    assert type(error) is kind
    assert (error.code, error.message, error.request_id) == (code, "words of Kling", "r7")


@pytest.mark.parametrize(
    "message",
    [
        'upstream: {"code":1301,"message":"risk control","request_id":"r"}',
        'HTTP 400 {\\"code\\": 1301, \\"message\\": \\"risk con',
        '{"error": {"code": "1301", "message": "risk control"}}',
    ],
)
def test_a_wrapped_code_is_found_behind_words_and_in_a_cut_text(message: str) -> None:
    """Gateways put words before it and cut it off."""
    payload = {"error": {"message": message, "type": "upstream_error", "code": "upstream_error"}}
    assert type(meaning(500, payload, paid=True)) is e.PolicyRejected


NO_CHANNEL = [
    "No available channel for model kling-v2-6 under group default (distributor)",
    "当前分组 default 下对于模型 kling-v2-6 无可用渠道",
]


@pytest.mark.parametrize("words", NO_CHANNEL)
def test_no_channel_is_no_lost_answer(words: str) -> None:
    """New API's 503 says that the call was handed to nobody. A read is asked again."""
    payload = {"error": {"message": words, "type": "new_api_error", "code": "model_not_found"}}
    assert type(meaning(503, payload, paid=True)) is e.Rejected
    assert type(meaning(503, payload)) is e.TransientRead
    other = {"error": {"message": "bad gateway", "type": "new_api_error"}}
    assert type(meaning(503, other, paid=True)) is e.OutcomeUnknown, "the control"


NO_MONEY: list[tuple[int, dict[str, Any]]] = [
    (403, {"error": {"message": "user quota is not enough", "code": "insufficient_user_quota"}}),
    (429, {"error": {"message": "You exceeded your current quota", "type": "insufficient_quota"}}),
    (403, {"code": "insufficient_user_quota", "message": "预扣费额度失败, 用户剩余额度: ¥5"}),
    (400, {"message": "Insufficient balance, please top up"}),
    (200, {"code": 402, "msg": "Insufficient credits"}),
    (500, wrapped(1, "insufficient_user_quota", "预扣费额度失败")),
]


@pytest.mark.parametrize(("status", "payload"), NO_MONEY)
def test_no_money_in_words_is_no_throttling(status: int, payload: dict[str, Any]) -> None:
    """Waiting would not help."""
    assert type(meaning(status, payload, paid=True)) is e.AccountError


@pytest.mark.parametrize(
    ("code", "create", "read"),
    [
        (500, e.OutcomeUnknown, e.TransientRead),
        ("503", e.OutcomeUnknown, e.TransientRead),
        (401, e.AuthError, e.AuthError),
        (429, e.Throttled, e.Throttled),
        (408, e.OutcomeUnknown, e.TransientRead),
    ],
)
def test_a_code_that_repeats_an_http_status_means_that_status(
    code: Any, create: type, read: type
) -> None:
    """A 500 inside a 200 refuses no create."""
    assert type(meaning(200, {"code": code, "msg": "words"}, paid=True)) is create
    assert type(meaning(200, {"code": code, "msg": "words"})) is read


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("not today", "not today"),
        ([{"loc": ["body", "image"], "msg": "field required"}], "body.image: field required"),
        ([{"loc": ["body"], "msg": "a"}, {"msg": "b"}], "body: a; b"),
        ({"message": "not today"}, "not today"),
        ({"error": "not today"}, "not today"),
    ],
)
def test_reasons_under_detail_are_shown(detail: Any, words: str) -> None:
    """FastAPI puts them there."""
    error = meaning(422, {"detail": detail}, paid=True)
    assert (type(error), error.message) == (e.InvalidRequest, words)


KEY = "sk-canary-0123456789"


@pytest.mark.parametrize("paid", [True, False])
@pytest.mark.parametrize(
    "payload",
    [
        {"error": {"message": f"Incorrect API key provided: {KEY}.", "code": f"bad {KEY}"}},
        {"code": 1002, "message": KEY, "request_id": KEY},
        {"data": {"task_id": f"/{KEY}"}},
        {"code": 0, "data": [f"{KEY}"]},
        {"code": 1303, "message": KEY, "data": {"task_id": f"/{KEY}"}},
    ],
)
def test_a_key_that_is_repeated_is_not_shown(payload: dict[str, Any], paid: bool) -> None:
    """Nor is a signed address."""
    error = meaning(200, payload, paid=paid, hide=hiding([KEY]))
    assert KEY not in f"{error} {error!r} {vars(error)}"


def test_a_signed_address_in_words_is_cut() -> None:
    """In an error and in a job's reason."""
    words = "could not fetch https://user:pw@cdn.example/a.png?sign=canary#canary now"
    assert meaning(400, {"code": 1201, "message": words}).message == (
        "could not fetch https://…@cdn.example/a.png?… now"
    )
    told = {"task_id": "801", "task_status": "failed", "task_status_msg": words}
    assert "canary" not in str(read_task(Answer(200, {"data": told}))["data"])


@pytest.mark.parametrize("code", [0, 200, "0", "00", " 200 ", "0200", "SUCCESS", "ok", "", None])
def test_a_good_code_is_no_error_in_whatever_form(code: Any) -> None:
    """Numbers come as text, and with zeros in front."""
    assert read_task(Answer(200, {"code": code, "data": {"task_id": "801"}}))["code"] == 0


def test_words_of_the_gateway_are_quoted_on_one_line_and_cut() -> None:
    """A page of HTML, or control characters, can't flood or fake a log."""
    error = meaning(400, {"code": 1200, "message": "bad\r\nINFO all is well \x1b[2J" + "x" * 500})
    assert "\n" not in error.message
    assert "\x1b" not in error.message
    assert len(error.message) <= 200
    assert quote("a\tb") == "a b"


@pytest.mark.parametrize("paid", [True, False])
def test_a_2xx_that_cannot_be_read_says_why(paid: bool) -> None:
    """After a create the job may exist."""
    error = meaning(200, None, unreadable="it is not JSON", paid=paid)
    assert type(error) is (e.OutcomeUnknown if paid else e.BadResponse)
    assert "it is not JSON" in error.message


def test_retry_after_travels_with_the_error() -> None:
    """The flow decides what to make of it."""
    assert meaning(429, {"code": 1302}, retry_after=7.0).retry_after == 7.0


def test_an_error_reads_as_what_where_and_what_next() -> None:
    """The text has the facts in brackets and the hint on its own line."""
    text = str(meaning(401, {"code": 1002, "message": "api key not found", "request_id": "r1"}))
    assert text.splitlines()[0] == "api key not found [code 1002, HTTP 401, request r1]"
    assert "the API key" in text.splitlines()[1]
    named = meaning(401, {"code": 1002}, keys="KLING_ACCESS_KEY and KLING_SECRET_KEY")
    assert "KLING_ACCESS_KEY and KLING_SECRET_KEY" in str(named.hint)
