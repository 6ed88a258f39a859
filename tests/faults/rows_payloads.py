"""Rows of the fault table: what stands in an answer."""

from __future__ import annotations

from typing import Any, Final

from kling_facade import errors as e
from tests.faults.ways import (
    BOMB,
    DEEP,
    HUGE_NUMBER,
    LATIN,
    NAN,
    OURS,
    SUBMITTED,
    TOO_LARGE,
    TWICE,
    UTF16,
    Case,
    Row,
    each,
    forever,
    lost,
    polled,
    saying,
    with_data,
)
from tests.support.misbehaving_server import answer, task_json
from tests.support.scripted_gateway import Spoiled

ODD_DATA: Final[tuple[Any, ...]] = (None, [], "x", 7, [[]])

ODD_UNITS: Final[tuple[Any, ...]] = (None, "", "much", [], True, "1e999999999", -3)


def flat(status: str, code: int, message: str) -> Spoiled:
    """A job without an envelope, as New API's documentation has it, with an error of its own."""
    error = {"code": code, "message": message}
    return Spoiled(answer({"task_id": "801", "status": status, "error": error}))


PAYLOADS = (
    Row(
        "P01",
        "a state that nobody has heard of",
        "P",
        "a running job; kept, warned of once",
        (Case(name="queued_v2", phase="P", faults=[polled("queued_v2")] * 3),),
        ("tests/jobs/test_wait.py::test_an_unknown_state_is_a_running_job",),
    ),
    Row(
        "P02",
        "a state in capitals, with spaces",
        "P",
        "read as what it is",
        (
            Case(name="PROCESSING", phase="P", faults=[polled(" PROCESSING ")]),
            Case(name="In-Progress", phase="P", faults=[polled("In-Progress")]),
        ),
    ),
    Row(
        "P03",
        "times in milliseconds, seconds, ISO 8601, nonsense, or none",
        "P",
        "all accepted",
        tuple(
            Case(name=repr(when)[:20], phase="P", faults=[polled(created_at=when)])
            for when in (1722769557708, 1722769557, "2024-08-04T11:05:57Z", "soon", None, -1, 1e300)
        ),
    ),
    Row(
        "P04",
        "a task id that is a number",
        "S P",
        "taken as text",
        (
            Case(name="S", phase="S", faults=[lost(answer(task_json(801)))]),  # type: ignore[arg-type] # on purpose
            Case(name="P", phase="P", faults=[saying(801)]),
        ),
    ),
    Row(
        "P05",
        "a task id of `..`, `a/b`, `%2e%2e`, line ends, 10 KB, a list",
        "S P",
        "no request is made of it: looked up by our own id; for ever: `BadResponse`",
        (
            *(
                Case(name=f"S {str(bad)[:12]!r}", phase="S", faults=[saying(bad)])
                for bad in ("..", "a/b", "%2e%2e", "a\r\nb", "x" * 10_000, ["801"], "", True)
            ),
            forever("P for ever", saying(".."), e.BadResponse),
        ),
    ),
    Row(
        "P06",
        "an answer about another job",
        "P",
        "`BadResponse`; its video is never delivered",
        (
            Case(name="once", phase="P", faults=[Spoiled(answer(task_json("999", "failed")))]),
            forever(
                "for ever",
                answer(
                    task_json("999", "succeed", task_result={"videos": [{"url": "https://x/v"}]})
                ),
                e.BadResponse,
            ),
        ),
    ),
    Row(
        "P07",
        "another external id in the answer",
        "S P",
        "not taken for ours",
        (
            Case(
                name="S",
                phase="S",
                faults=[lost(answer(task_json("999", task_info={"external_task_id": "theirs"})))],
            ),
            forever(
                "P for ever",
                polled(task_info={"external_task_id": "theirs"}),
                e.BadResponse,
            ),
        ),
    ),
    Row(
        "P08",
        "a success without a video",
        "P",
        "asked for a few times, then `BadResponse` with the ids",
        (
            *(
                Case(name=name, phase="P", faults=[polled("succeed", task_result=result)] * 2)
                for name, result in (
                    ("empty list", {"videos": []}),
                    ("null", None),
                    ("no url", {"videos": [{"id": "v"}]}),
                    ("a list", []),
                )
            ),
            forever("for ever", polled("succeed", task_result={"videos": []}), e.BadResponse),
        ),
    ),
    Row(
        "P09",
        "`data` is null, a list, text",
        "S P",
        "looked up; for ever: `BadResponse`; a null says nothing yet and never ends a wait",
        (
            *(
                Case(name=f"{phase} {data!r}", phase=phase, faults=[with_data(data)])  # type: ignore[arg-type] # a letter of Phase
                for phase in "SP"
                for data in ODD_DATA
            ),
            forever("text for ever", with_data("x"), e.BadResponse),
            forever("null for ever", with_data(None), e.WaitTimeout, requests=80),
        ),
    ),
    Row(
        "P10",
        "fields that nobody knows, everywhere",
        "P",
        "ignored and kept in `raw`",
        (
            Case(
                name="everywhere",
                phase="P",
                faults=[
                    polled(new={"a": [1]}, task_info={"x": 1}, task_result={"videos": [{"z": 1}]})
                ],
            ),
        ),
        (
            "tests/gateway/test_answer_shapes.py::test_unknown_fields_are_kept",
            "tests/gateway/test_answer_fuzz.py::test_no_json_breaks_the_reader",
        ),
    ),
    Row(
        "P11",
        "bytes that are no UTF-8; a byte-order mark; UTF-16",
        "S P",
        "looked up or asked again; taken; looked up or asked again",
        (
            *each("SP", {"latin-1": LATIN, "UTF-16": UTF16}),
            Case(
                name="byte-order mark",
                phase="P",
                faults=[Spoiled(answer(b"\xef\xbb\xbf" + SUBMITTED.encode()))],
            ),
            forever("UTF-16 for ever", UTF16, e.BadResponse),
        ),
    ),
    Row(
        "P12",
        "JSON 40,000 levels deep",
        "S P",
        "looked up; for ever: `BadResponse`",
        (*each("S", {"deep": DEEP}), forever("deep for ever", DEEP, e.BadResponse)),
    ),
    Row(
        "P13",
        "NaN, a number of 20,000 digits, a key given twice",
        "S P",
        "looked up; for ever: `BadResponse`",
        (
            *each("SP", {"NaN": NAN, "huge number": HUGE_NUMBER, "twice": TWICE}),
            forever("NaN for ever", NAN, e.BadResponse),
        ),
    ),
    Row(
        "P14",
        "an answer larger than the cap (2 MB)",
        "S P",
        "looked up; for ever: `BadResponse`; not kept in memory",
        (
            *each("S", {"large": TOO_LARGE}),
            forever("large for ever", TOO_LARGE, e.BadResponse, flat=True),
        ),
    ),
    Row(
        "P15",
        "a gzip bomb; an encoding that nobody asked for",
        "S P",
        "refused before it is unpacked",
        (
            *each("S", {"bomb": BOMB}),
            forever("bomb for ever", BOMB, e.BadResponse, flat=True),
            forever("br", answer(b"x", headers=[("Content-Encoding", "br")]), e.BadResponse),
        ),
    ),
    Row(
        "P16",
        "a finished job that is said to run again",
        "P",
        "the first final state stands",
        shown_by=("tests/faults/test_elsewhere.py::test_p16_a_final_state_stands",),
    ),
    Row(
        "P17",
        "two jobs under one external id",
        "L",
        "the earliest is followed, the others are named; where the answer does not say whose they "
        "are, none is taken",
        shown_by=(
            "tests/gateway/test_answer_shapes.py::test_two_jobs_under_one_id_are_both_reported",
            "tests/gateway/test_answer_shapes.py::test_a_list_that_does_not_say_which_job_is_ours_is_not_guessed_at",
        ),
    ),
    Row(
        "P18",
        "`final_unit_deduction` missing or odd",
        "P",
        "`None`; the video is delivered all the same",
        tuple(
            Case(name=repr(units), phase="P", faults=[polled(final_unit_deduction=units)])
            for units in ODD_UNITS
        ),
    ),
    Row(
        "P19",
        "a job that failed, in an HTTP 200 with code 0",
        "P",
        "`JobFailed` with the gateway's reason",
        (
            forever(
                "failed",
                polled("failed", task_status_msg="Image pixel is invalid"),
                e.JobFailed,
                says="Image pixel is invalid",
            ),
        ),
    ),
    Row(
        "P20",
        "a job's own `error`, with codes that refuse calls; an `error` without code and text",
        "S P",
        "what names a job and its state is a job: `JobFailed`; an empty error is none",
        (
            *(
                forever(f"failed, {code}", flat("failed", code, "words"), e.JobFailed, says="words")
                for code in (1303, 1301, 1004, 5000)
            ),
            Case(name="empty, running", phase="P", faults=[flat("processing", 0, "")]),
            *each("S", {"empty": answer({"task_id": "801", "error": {}})}),
        ),
        ("tests/gateway/test_answer_shapes.py::test_a_jobs_own_error_says_why_the_job_failed",),
    ),
    Row(
        "P21",
        "a success code of the gateway's own (1, 201, 10000) beside a task id",
        "S P",
        "accepted",
        each(
            "SP",
            {
                str(code): answer({**OURS, "code": code, "message": "created"})
                for code in (1, 201, 10000, "ok")
            },
        ),
    ),
    Row(
        "P22",
        "the id in another place: an empty one around it, `data` null beside it",
        "S P",
        "found",
        each(
            "SP",
            {
                "empty outside": answer({"task_id": "", **OURS}),
                "at the root": answer({**OURS["data"], "data": None, "code": 0}),
            },
        ),
    ),
    Row(
        "P23",
        "an id with a dot, a colon, an equals sign, of 128 characters",
        "S L P",
        "kept, and asked for; one that can't stand in a path is kept in the error",
        (),
        (
            "tests/gateway/test_answer_shapes.py::test_any_path_safe_text_is_an_id",
            "tests/gateway/test_answer_shapes.py::test_an_id_that_could_steer_a_request_is_refused",
            "tests/client/test_network_faults.py::test_a_job_with_an_id_of_another_kind_is_reached",
        ),
    ),
)
