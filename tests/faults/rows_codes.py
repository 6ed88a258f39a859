"""Rows of the fault table: HTTP statuses and Kling's codes."""

from __future__ import annotations

import json

from kling_facade import errors as e
from tests.faults.ways import (
    OURS,
    PAGE,
    RESET,
    Case,
    Row,
    at_once,
    code,
    each,
    flood,
    forever,
    hints_first,
    lost,
    refused,
)
from tests.support.misbehaving_server import answer
from tests.support.scripted_gateway import Spoiled

NO_CHANNEL = {
    "error": {
        "message": "No available channel for model kling-v2-6 under group default (distributor)",
        "type": "new_api_error",
    }
}


def wrapped(number: int) -> dict[str, object]:
    """Kling's refusal as two gateways hand it on."""
    inner = json.dumps({"code": number, "message": "words", "request_id": "r"})
    outer = json.dumps({"code": "fail_to_fetch_task", "message": inner, "data": None})
    return {"code": "fail_to_fetch_task", "message": outer, "data": None}


CODES = (
    Row(
        "H01",
        "HTTP 500, a page or code 5000, though the job was made",
        "S",
        "looked up; one create",
        each(
            "S",
            {
                "500 page": answer(PAGE, 500),
                "500 code 5000": answer({"code": 5000, "message": "x"}, 500),
            },
        ),
    ),
    Row(
        "H02",
        "502, 503, 504 with a page",
        "S L P D",
        "looked up, or asked again",
        each("SLPD", {str(status): answer(PAGE, status) for status in (502, 503, 504)}),
    ),
    Row(
        "H03",
        "504 with code 5002",
        "S P",
        "looked up, or asked again",
        each("SP", {"5002": answer({"code": 5002, "message": "timeout"}, 504)}),
    ),
    Row(
        "H04",
        "503 with code 5001",
        "S P",
        "looked up, or asked again",
        each("SP", {"5001": answer({"code": 5001, "message": "maintenance"}, 503)}),
    ),
    Row(
        "H05",
        "429 with code 1303: all slots are busy",
        "S",
        "waits and posts again, for as long as the caller's deadline allows",
        (
            Case(name="20 times", phase="S", faults=[code(1303, 429)] * 20, posts=21, requests=30),
            Case(
                name="for ever",
                phase="S",
                faults=[code(1303, 429)],
                always=True,
                ends=e.Throttled,
                posts=900,
                requests=900,
            ),
        ),
    ),
    Row(
        "H06",
        "429 with code 1302 and `Retry-After: 7`",
        "S L P",
        "waits 7 s and a little more, never less",
        (
            Case(name="S", phase="S", faults=[code(1302, 429, ("Retry-After", "7"))], posts=2),
            Case(
                name="L",
                phase="L",
                first={"S": [lost(RESET)]},
                faults=[code(1302, 429, ("Retry-After", "7"))],
            ),
            Case(name="P", phase="P", faults=[code(1302, 429, ("Retry-After", "7"))]),
        ),
        ("tests/jobs/test_submit.py::test_throttling_waits_as_long_as_asked_and_never_less",),
    ),
    Row(
        "H07",
        "`Retry-After` as a date, negative, 99999999, abc, 10^400",
        "S P",
        "read, ignored, cut to 120 s, ignored, ignored",
        tuple(
            Case(name=f"{phase} {text[:12]}", phase=phase, faults=[spoiled], posts=2)
            for phase in ("S", "P")
            for text in (
                "Wed, 21 Oct 2015 07:28:00 GMT",
                "Fri, 31 Dec 9999 23:59:59 GMT",
                "-5",
                "99999999",
                "abc",
                "1" + "0" * 400,
                "1e308",
                "",
            )
            for spoiled in [code(1302, 429, ("Retry-After", text))]
        ),
        ("tests/faults/test_elsewhere.py::test_h07_retry_after_in_all_its_forms",),
    ),
    Row(
        "H08",
        "429 with code 1100, 1101, 1102 or 1304: nothing to pay with",
        "S",
        "`AccountError` at once, no retry",
        tuple(
            at_once(str(number), code(number, 429), e.AccountError, says="req-7")
            for number in (1100, 1101, 1102, 1304)
        ),
    ),
    Row(
        "H09",
        "429 with nothing in it",
        "S P",
        "waits, bounded",
        (
            Case(name="S", phase="S", faults=[refused(b"", 429)] * 3, posts=4),
            Case(name="P", phase="P", faults=[Spoiled(answer(b"", 429))] * 3),
        ),
    ),
    Row(
        "H10",
        "401 with code 1004 in the middle of a wait",
        "P",
        "signed again once, the wait goes on; twice in a row: `AuthError`",
        (
            Case(name="once", phase="P", faults=[code(1004, 401)]),
            forever("for ever", code(1004, 401), e.AuthError),
        ),
    ),
    Row(
        "H11",
        "401 with code 1003: the token is of the future",
        "S",
        "the gateway's clock is taken from `Date`, signed again once",
        (
            Case(
                name="once",
                phase="S",
                faults=[code(1003, 401, ("Date", "Sun, 22 Nov 2026 12:00:00 GMT"))],
                posts=2,
            ),
            Case(
                name="for ever",
                phase="S",
                faults=[code(1003, 401)],
                always=True,
                ends=e.AuthError,
                posts=2,
                requests=2,
            ),
        ),
        ("tests/faults/test_elsewhere.py::test_k01_a_wrong_clock_is_corrected_by_the_gateways",),
    ),
    Row(
        "H12",
        "401 with code 1000, 1001, 1002",
        "S P",
        "`AuthError`, no retry, the key is not shown",
        (
            *(
                at_once(str(number), code(number, 401), e.AuthError)
                for number in (1000, 1001, 1002)
            ),
            forever("while waiting", code(1002, 401), e.AuthError),
        ),
    ),
    Row(
        "H13",
        "404 with code 1203, or 400 with 1201, right after the job was accepted",
        "L P",
        "borne for the grace time, then `JobNotFound`, after a lost create `OutcomeUnknown`",
        (
            Case(name="1203", phase="P", faults=[code(1203, 404)] * 2),
            Case(name="1201", phase="P", faults=[code(1201, 400, message="Task not found")] * 2),
            forever("for ever", code(1203, 404), e.JobNotFound),
            Case(
                name="look-up lags",
                phase="L",
                first={"S": [lost(RESET)]},
                faults=[code(1203, 404)] * 3,
            ),
            Case(
                name="never found",
                phase="L",
                first={"S": [lost(RESET)]},
                faults=[code(1203, 404)],
                always=True,
                ends=e.OutcomeUnknown,
                says="external_task_id='ours'",
            ),
        ),
    ),
    Row(
        "H14",
        "403 with 1103, 400 with 1200, 1201, 1300, 1301",
        "S",
        "the class of the code, no retry, the request id is shown",
        (
            at_once("1103", code(1103, 403), e.AccountError, says="req-7"),
            at_once("1200", code(1200, 400), e.InvalidRequest, says="req-7"),
            at_once("1201", code(1201, 400), e.InvalidRequest, says="req-7"),
            at_once("1203", code(1203, 404), e.InvalidRequest, says="req-7"),
            at_once("1202", code(1202, 404), e.Rejected, says="req-7"),
            at_once("1300", code(1300, 400), e.PolicyRejected, says="req-7"),
            at_once("1301", code(1301, 400), e.PolicyRejected, says="req-7"),
        ),
    ),
    Row(
        "H15",
        "520, 499, 599 and other statuses of nobody's standard",
        "S P",
        "as their class: looked up, or asked again",
        each("SP", {str(status): answer(b"", status) for status in (408, 499, 520, 599)}),
    ),
    Row(
        "H16",
        "204, an empty 200, the page of a captive portal",
        "S P",
        "looked up; for ever: `BadResponse`",
        (
            *each("SP", {"204": answer(b"", 204), "empty": answer(b""), "page": answer(PAGE)}),
            forever("page for ever", answer(PAGE), e.BadResponse),
        ),
    ),
    Row(
        "H17",
        "HTTP 200 with a code that is not 0",
        "S P",
        "the code decides, not the status",
        (
            at_once("1102 in a 200", code(1102, 200), e.AccountError),
            Case(name="1302 in a 200", phase="S", faults=[code(1302, 200)], posts=2),
            Case(name="5000 in a 200", phase="S", faults=[lost(answer({"code": 5000}))]),
            Case(name="5000 while waiting", phase="P", faults=[code(5000, 200)]),
        ),
    ),
    Row(
        "H18",
        "301, 302, 307, 308 on a call, to the same or another host",
        "S P",
        "not followed; `Rejected` names the host; nothing is sent there",
        (
            *(
                at_once(
                    str(status),
                    refused(b"", status, [("Location", "https://other.example/x?sign=1")]),
                    e.Rejected,
                    says="other.example",
                )
                for status in (301, 302, 303, 307, 308)
            ),
            at_once("without a target", refused(b"", 302), e.Rejected),
            at_once("to nonsense", refused(b"", 302, [("Location", "http://[x")]), e.Rejected),
        ),
        ("tests/client/test_network_faults.py::test_a_redirect_is_not_followed",),
    ),
    Row(
        "H19",
        "100 and 103 before the answer, without end",
        "S P",
        "read over; bounded by the deadline; memory stays flat",
        (
            Case(name="some", phase="P", faults=[Spoiled(hints_first)]),
            Case(name="without end", phase="P", faults=[Spoiled(flood)], flat=True),
            Case(name="without end, S", phase="S", faults=[lost(flood)]),
        ),
    ),
    Row(
        "H20",
        "good JSON that calls itself HTML",
        "P",
        "taken",
        (
            Case(
                name="text/html",
                phase="P",
                faults=[Spoiled(answer(OURS, headers=[("Content-Type", "text/html")]))],
            ),
        ),
    ),
    Row(
        "H21",
        "the external id is taken already (1201)",
        "S",
        "counts as found: looked up, not posted again",
        (
            Case(
                name="duplicate",
                phase="S",
                faults=[
                    lost(
                        answer(
                            {"code": 1201, "message": "External_task_id ours already exists"}, 400
                        )
                    )
                ],
            ),
        ),
    ),
    Row(
        "H22",
        "a refusal (429, 403, 1303, 1102) that names our job: its id, or our external id",
        "S",
        "no refusal: with a state, or code 0, it is the job; else looked up; one create",
        each(
            "S",
            {
                "1303 with the id": answer({"code": 1303, "data": {"task_id": "801"}}, 429),
                "429 with the id": answer({"message": "slow", "data": {"task_id": "801"}}, 429),
                "1303 with our id": answer({"code": 1303, "external_task_id": "ours"}, 429),
                "1102 with the id": answer({"code": 1102, "task_id": "801"}),
                "an id of no use": answer({"code": 1303, "data": {"task_id": "a/b"}}, 429),
                "1303 with a state": answer({**OURS, "code": 1303}, 429),
                "403 and code 0": answer(OURS, 403),
            },
        ),
        ("tests/gateway/test_refusals.py::test_a_refusal_that_names_our_job_is_none",),
    ),
    Row(
        "H23",
        "New API's 503: no channel for this model",
        "S P",
        "no lost answer: `Rejected` at once; a read is asked again",
        (
            at_once("S", refused(NO_CHANNEL, 503), e.Rejected, says="serves this model to nobody"),
            Case(name="P", phase="P", faults=[Spoiled(answer(NO_CHANNEL, 503))]),
        ),
    ),
    Row(
        "H24",
        "Kling's code as JSON within a gateway's message, perhaps several times",
        "S",
        "the innermost code decides",
        (
            at_once("1102", refused(wrapped(1102), 500), e.AccountError, says="code 1102"),
            at_once("1301", refused(wrapped(1301), 403), e.PolicyRejected, says="code 1301"),
            Case(name="1303", phase="S", faults=[refused(wrapped(1303), 500)], posts=2),
        ),
    ),
    Row(
        "H25",
        "no money, said in words: `insufficient_user_quota`, `insufficient_quota`",
        "S",
        "`AccountError` at once, whatever the status",
        tuple(
            at_once(f"{status}", refused({"error": {"code": word, "message": "x"}}, status), kind)
            for status, word in ((403, "insufficient_user_quota"), (429, "insufficient_quota"))
            for kind in (e.AccountError,)
        ),
    ),
    Row(
        "H26",
        "a code that repeats an HTTP status: 500 inside a 200",
        "S P",
        "means that status: looked up, or asked again",
        each("SP", {"500": answer({"code": 500, "msg": "x"}), "503": answer({"code": "503"})}),
    ),
)
