"""The fault table, as data: what goes wrong, where, and what it must end in.

`test_table` plays every case over raw sockets, sync and async, and holds the invariants against
each. ``docs/faults.md`` is made of the same rows: ``python -m tests.faults.table``.

Phases: S submit, L look-up, P poll, D download, C callback, B build, R resume.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import field, frozen

from kling_facade import errors as e
from kling_facade.limits import Limits
from tests.support.peer import Act, Connection, answer, drip, raw, response, task_json
from tests.support.stage import MP4, Phase, Spoiled

__all__ = ["TABLE", "Case", "Row", "document"]

IMPATIENT: Final = Limits(
    connect=1,
    read=0.35,
    call=0.6,
    upload=0.6,
    submit=900,
    grace=30,
    wait=900,
    attempts=3,
    answer_bytes=50_000,
    video_bytes=3 * len(MP4),
    stall_seconds=0.3,
    resumes=2,
)
"""Short on the wire, patient in the time that only a sleep makes pass."""


@frozen(kw_only=True)
class Case:
    """One thing going wrong during one `generate`.

    Attributes:
        name: Which of the row's faults.
        phase: Where it happens.
        faults: What is done, in order; afterwards the gateway is honest again.
        always: Whether the last of them goes on for ever.
        ends: ``None`` when the video must arrive, else the class of the error.
        posts: Largest number of POSTs, turned away ones included.
        requests: Largest number of requests in all.
        first: Faults of earlier phases that this one needs.
        says: A text that the error must have.
        limits: Limits of the client.
        flat: Whether memory is measured.
    """

    name: str
    phase: Phase
    faults: Sequence[Spoiled]
    always: bool = False
    ends: type[e.KlingError] | None = None
    posts: int = 1
    requests: int = 20
    first: dict[Phase, Sequence[Spoiled]] = field(factory=dict)
    says: str = ""
    limits: Limits = IMPATIENT
    flat: bool = False


@frozen
class Row:
    """One named fault.

    Attributes:
        id: Its name.
        fault: What goes wrong.
        phases: Where.
        expected: What the client makes of it.
        cases: Played over sockets.
        shown_by: Tests elsewhere that show it, as ``path::function``.
    """

    id: str
    fault: str
    phases: str
    expected: str
    cases: tuple[Case, ...] = ()
    shown_by: tuple[str, ...] = ()


# --- ways to spoil an answer ---------------------------------------------------------------------


def lost(act: Act) -> Spoiled:
    """The job is made, the answer is not what it should be."""
    return Spoiled(act, accepts=True)


def refused(*args: Any, **options: Any) -> Spoiled:
    """Nothing is made, and a well-formed answer says so."""
    return Spoiled(answer(*args, **options), accepts=False)


def code(number: int, status: int, *headers: tuple[str, str], message: str = "words") -> Spoiled:
    """Kling's error envelope."""
    envelope = {"code": number, "message": message, "request_id": "req-7"}
    return refused(envelope, status, headers)


OURS = task_json(task_info={"external_task_id": "ours"})
SUBMITTED = json.dumps(OURS)
CLOSE = raw(b"")
RESET = raw(b"", then="reset")
HANG = raw(b"", then="hang")
HALF = raw(response(OURS, length=9999), then="hang")
DRIP = drip(response(OURS), gap=0.04)
HEADER_DRIP = drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 300, gap=0.04)
CUT = answer(SUBMITTED[:40])
BAD_CHUNK = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
NO_LAST_CHUNK = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")
NO_HTTP = raw(b"SSH-2.0-OpenSSH_9.6 " + b"x" * 300 + b"\r\n\r\n")
HUGE_HEADER = raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n")
MANY_HEADERS = raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 30_000 + b"\r\n")
PAGE = "<!doctype html><html>Sign in to the hotel's network</html>"
DEEP = answer("[" * 40_000)
NAN = answer('{"code": 0, "data": {"task_id": "801", "x": NaN}}')
HUGE_NUMBER = answer('{"code": 0, "x": ' + "1" * 20_000 + "}")
TWICE = answer('{"code": 1, "code": 0, "data": {"task_id": "801"}}')
TOO_LARGE = answer(b" " * 100_000 + b"{}")
BOMB = answer(gzip.compress(b"0" * 20_000_000), headers=[("Content-Encoding", "gzip")])
LATIN = answer('{"code": 0, "message": "é"}'.encode("latin-1"))
UTF16 = answer(SUBMITTED.encode("utf-16"))


def reset_while_sending(connection: Connection) -> None:
    """The server has read it all, and resets instead of answering."""
    connection.reset()


def flood(connection: Connection) -> None:
    """Hints without end, and never an answer."""
    for _ in range(100_000):
        if connection.stopping.is_set() or connection.gone:
            return
        connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 20)


def hints_first(connection: Connection) -> None:
    """Some hints, then the answer."""
    connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50 + b"HTTP/1.1 100 Continue\r\n\r\n")
    connection.send(response(OURS))


def two_answers(connection: Connection) -> None:
    """An answer about our job, and behind it one that nobody asked for."""
    stranger = task_json("999", "succeed", task_result={"videos": [{"url": "https://evil/"}]})
    connection.send(response(OURS) + response(stranger))


def polled(status: str = "processing", **facts: Any) -> Spoiled:
    """An answer to a question, about our job."""
    return Spoiled(answer(task_json("801", status, **facts)))


def with_data(data: Any) -> Spoiled:
    """A good envelope around something odd."""
    return Spoiled(answer({"code": 0, "message": "", "request_id": "r", "data": data}))


def saying(task_id: Any) -> Spoiled:
    """A good envelope with an odd id."""
    return with_data({"task_id": task_id, "task_status": "processing"})


def each(phases: str, faults: dict[str, Act], **options: Any) -> tuple[Case, ...]:
    """The same faults in several phases: a lost create is looked up, a failed read is repeated."""
    return tuple(
        Case(name=name, phase=phase, faults=[lost(act)], **options)  # type: ignore[arg-type] # a letter of Phase
        for phase in phases
        for name, act in faults.items()
    )


def forever(name: str, act: Act | Spoiled, ends: type[e.KlingError], **options: Any) -> Case:
    """A question that is never answered well."""
    spoiled = act if isinstance(act, Spoiled) else Spoiled(act)
    return Case(name=name, phase="P", faults=[spoiled], always=True, ends=ends, **options)


def at_once(name: str, spoiled: Spoiled, ends: type[e.KlingError], **options: Any) -> Case:
    """A create that is turned away for good, at the first POST."""
    return Case(
        name=name, phase="S", faults=[spoiled], always=True, ends=ends, requests=1, **options
    )


def download(name: str, *acts: Act, ends: type[e.KlingError] | None = None, **more: Any) -> Case:
    """A transfer that is spoiled."""
    return Case(name=name, phase="D", faults=[Spoiled(act) for act in acts], ends=ends, **more)


def never(name: str, act: Act, ends: type[e.KlingError], **more: Any) -> Case:
    """A transfer that is spoiled each time."""
    faults = [Spoiled(act)]
    return Case(name=name, phase="D", faults=faults, always=True, ends=ends, **more)


def addressed(name: str, url: str, ends: type[e.KlingError], **more: Any) -> Case:
    """A finished job whose video is said to lie somewhere else."""
    told = polled(
        "succeed",
        task_info={"external_task_id": "ours"},
        task_result={"videos": [{"id": "v", "url": url}]},
    )
    return Case(name=name, phase="P", faults=[told], always=True, ends=ends, **more)


ETAG = ("ETag", '"v1"')
VIDEO = response(MP4, headers=[ETAG])
HEAD = len(VIDEO) - len(MP4)


def cut_at(share: float) -> Act:
    """A part of the video, then the end of the connection."""
    return raw(VIDEO[: HEAD + int(len(MP4) * share)])


def rest(connection: Connection) -> None:
    """What a range asks for."""
    asked = connection.request.headers.get("range", "bytes=0-")
    start = int(asked.removeprefix("bytes=").rstrip("-"))
    where = ("Content-Range", f"bytes {start}-{len(MP4) - 1}/{len(MP4)}")
    connection.send(response(MP4[start:], 206, [ETAG, where]))


def wrong_range(connection: Connection) -> None:
    """Another range than was asked for."""
    connection.send(response(MP4, 206, [ETAG, ("Content-Range", f"bytes 7-{len(MP4)}/{len(MP4)}")]))


def other_file(connection: Connection) -> None:
    """A range of a file that has changed."""
    connection.send(
        response(
            MP4[10:],
            206,
            [("ETag", '"v2"'), ("Content-Range", f"bytes 10-{len(MP4) - 1}/{len(MP4)}")],
        )
    )


def disposition(name: str) -> Act:
    """A whole video that would like another name."""
    return answer(MP4, headers=[ETAG, ("Content-Disposition", f"attachment; filename={name}")])


def endless(connection: Connection) -> None:
    """A video that does not end."""
    connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + MP4)
    while not connection.stopping.is_set() and not connection.gone:
        connection.send(bytes(65536))


ODD_DATA: Final[tuple[Any, ...]] = (None, [], "x", 7, [[]])
ODD_UNITS: Final[tuple[Any, ...]] = (None, "", "much", [], True, "1e999999999", -3)


NETWORK = (
    Row(
        "N01",
        "connection refused",
        "S",
        "`NotSent` after a few tries under the same external id; nothing was accepted",
        shown_by=(
            "tests/faults/test_elsewhere.py::test_n01_nobody_listens_and_then_somebody_does",
        ),
    ),
    Row(
        "N02",
        "the name does not exist, or is no name",
        "S P",
        "`NotSent`, a few tries, and the message names the host only",
        shown_by=(
            "tests/client/test_network_faults.py::test_an_unknown_host_is_named_without_its_path",
            "tests/faults/test_elsewhere.py::test_n02_a_name_that_can_be_none",
        ),
    ),
    Row(
        "N03",
        "the address swallows connections",
        "S P",
        "`NotSent` within the connect timeout",
        shown_by=("tests/faults/test_elsewhere.py::test_n03_a_black_hole",),
    ),
    Row(
        "N04",
        "TLS fails: a stranger's certificate, another host's, or none at all",
        "all",
        "`TransportSecurityError`, tried once, never downgraded",
        shown_by=(
            "tests/client/test_network_faults.py::test_a_certificate_must_be_trusted_and_for_the_host",
            "tests/client/test_network_faults.py::test_a_server_without_tls_is_a_security_error_and_tried_once",
        ),
    ),
    Row(
        "N05",
        "accepted, then closed without a byte",
        "S L P D",
        "looked up; one create",
        each("SLPD", {"closed": CLOSE}),
    ),
    Row(
        "N06",
        "reset after the request",
        "S L P D",
        "looked up; one create",
        each("SLPD", {"reset": RESET}),
    ),
    Row(
        "N07",
        "reset while a picture is sent",
        "S",
        "looked up: the server may have it all",
        shown_by=("tests/faults/test_elsewhere.py::test_n07_reset_while_a_picture_is_sent",),
    ),
    Row(
        "N08",
        "no answer at all",
        "S L P D",
        "after the read timeout looked up, or asked again",
        each("SLPD", {"hangs": HANG}),
    ),
    Row(
        "N09",
        "silence in the middle of an answer",
        "S L P",
        "looked up, or asked again",
        each("SLP", {"hangs in the body": HALF}),
    ),
    Row(
        "N10",
        "an answer that comes a byte at a time",
        "S P D",
        "the deadline of the whole call wins; a download below 1 KB/s is given up and resumed",
        (
            *each("SP", {"dripping body": DRIP}),
            Case(name="dripping video", phase="D", faults=[Spoiled(drip(VIDEO, 0.04))]),
        ),
    ),
    Row(
        "N11",
        "a header that comes a byte at a time",
        "S P",
        "the deadline of the whole call wins",
        each("SP", {"dripping header": HEADER_DRIP}),
    ),
    Row(
        "N12",
        "JSON that is cut off",
        "S L P",
        "looked up, or asked again; for ever: `BadResponse`",
        (*each("SLP", {"cut": CUT}), forever("cut for ever", CUT, e.BadResponse)),
    ),
    Row(
        "N13",
        "a bad chunk size; no last chunk",
        "S P",
        "looked up, or asked again; for ever: `BadResponse`",
        (
            *each("SP", {"bad chunk": BAD_CHUNK, "no last chunk": NO_LAST_CHUNK}),
            forever("bad chunks for ever", BAD_CHUNK, e.BadResponse),
        ),
    ),
    Row(
        "N14",
        "bytes that are no HTTP",
        "S P",
        "looked up; for ever: `BadResponse`, and no dump of foreign bytes",
        (*each("S", {"no HTTP": NO_HTTP}), forever("no HTTP for ever", NO_HTTP, e.BadResponse)),
    ),
    Row(
        "N15",
        "a header of 1 MB; 30,000 headers",
        "S P",
        "looked up; for ever: `BadResponse`; memory stays flat",
        (
            *each("S", {"huge": HUGE_HEADER, "many": MANY_HEADERS}),
            forever("huge for ever", HUGE_HEADER, e.BadResponse, flat=True),
        ),
    ),
    Row(
        "N16",
        "a kept connection that is closed between two calls",
        "P",
        "a new one is opened; it counts as no failure",
        shown_by=(
            "tests/client/test_network_faults.py::test_a_connection_closed_between_calls_is_opened_anew",
        ),
    ),
    Row(
        "N17",
        "the proxy is down, or wants a password",
        "S",
        "`NotSent`; the proxy's password is never shown",
        shown_by=(
            "tests/faults/test_elsewhere.py::test_n17_a_proxy_that_is_down",
            "tests/faults/test_elsewhere.py::test_n17_a_proxy_that_refuses",
        ),
    ),
    Row(
        "N18",
        "no network for ten minutes while a job runs",
        "P",
        "the wait goes on; the job is there when the network is",
        (Case(name="60 resets", phase="P", faults=[Spoiled(RESET)] * 60, requests=80),),
        ("tests/flow/test_wait.py::test_a_network_that_is_gone_for_minutes_is_outlived",),
    ),
    Row(
        "N19",
        "the laptop slept for an hour",
        "P",
        "one question at wake, no burst",
        shown_by=("tests/flow/test_wait.py::test_a_laptop_that_slept_asks_once",),
    ),
    Row(
        "N20",
        "a second answer behind the first, that nobody asked for",
        "S P",
        "never taken for the answer to the next call",
        (
            Case(name="behind a create", phase="S", faults=[lost(two_answers)]),
            Case(name="behind a poll", phase="P", faults=[Spoiled(two_answers)]),
        ),
    ),
)


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
        ("tests/flow/test_submit.py::test_throttling_waits_as_long_as_asked_and_never_less",),
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
)


PAYLOADS = (
    Row(
        "P01",
        "a state that nobody has heard of",
        "P",
        "a running job; kept, warned of once",
        (Case(name="queued_v2", phase="P", faults=[polled("queued_v2")] * 3),),
        ("tests/flow/test_wait.py::test_an_unknown_state_is_a_running_job",),
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
        "looked up; for ever: `BadResponse`",
        (
            *(
                Case(name=f"{phase} {data!r}", phase=phase, faults=[with_data(data)])  # type: ignore[arg-type] # a letter of Phase
                for phase in "SP"
                for data in ODD_DATA
            ),
            forever("null for ever", with_data(None), e.BadResponse),
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
        ("tests/dialect/test_tasks.py::test_unknown_fields_are_kept",),
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
            "tests/dialect/test_tasks.py::test_two_jobs_under_one_id_are_both_reported",
            "tests/dialect/test_tasks.py::test_a_list_that_does_not_say_which_job_is_ours_is_not_guessed_at",
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
)


DOWNLOADS = (
    Row(
        "D01",
        "the video lies on another host",
        "D",
        "fetched by a client of its own, without the key",
        shown_by=(
            "tests/download/test_download.py::test_the_key_is_not_sent_to_where_the_video_lies",
        ),
    ),
    Row(
        "D02",
        "an address of `http:`, `file:`, `data:`, or none that can be read",
        "D",
        "refused",
        (
            addressed("http", "http://cdn.example.com/v.mp4", e.TransportSecurityError),
            addressed("https without host", "https:///v.mp4", e.TransportSecurityError),
        ),
        (
            "tests/download/test_download.py::test_an_address_is_fetched_only_from_where_a_video_may_lie",
        ),
    ),
    Row(
        "D03",
        "an address or a redirect into a private network",
        "D",
        "refused before connecting, unless it is the gateway's own machine",
        (
            addressed("metadata", "https://169.254.169.254/latest", e.TransportSecurityError),
            addressed("mapped", "https://[::ffff:10.0.0.1]/v.mp4", e.TransportSecurityError),
            addressed("a name too long", f"https://{'x' * 70}.example/v", e.KlingError),
            never(
                "redirect",
                answer(b"", 302, [("Location", "https://10.0.0.1/v.mp4?sign=canary-sign-77aa")]),
                e.TransportSecurityError,
            ),
            never(
                "redirect to file",
                answer(b"", 302, [("Location", "file:///etc/passwd")]),
                e.TransportSecurityError,
            ),
        ),
        ("tests/download/test_download.py::test_a_private_address_is_refused_before_connecting",),
    ),
    Row(
        "D04",
        "403, 404, 410: the address has expired",
        "D",
        "a fresh address is asked for once; then `ResultExpired`, which names the 30 days",
        (
            *(download(str(status), answer(b"", status)) for status in (401, 403, 404, 410)),
            never("for ever", answer(b"", 403), e.ResultExpired, says="30 days"),
        ),
    ),
    Row(
        "D05",
        "the connection ends at 1 %, 50 %, 99 %",
        "D",
        "the rest is asked for with `Range` and `If-Range`",
        tuple(download(f"{share:.0%}", cut_at(share), rest) for share in (0.01, 0.5, 0.99)),
    ),
    Row(
        "D06",
        "a server that ignores ranges",
        "D",
        "starts anew",
        (download("200", cut_at(0.5)),),
    ),
    Row(
        "D07",
        "another range than asked for; another file by now",
        "D",
        "starts anew",
        (
            download("range", cut_at(0.5), wrong_range),
            download("file", cut_at(0.5), other_file),
            download("416", cut_at(0.5), answer(b"", 416)),
        ),
    ),
    Row(
        "D08",
        "a body shorter than it should be",
        "D",
        "with a length: resumed, then an error; without: an error unless the MP4 is whole",
        (
            never("always short", cut_at(0.3), e.TransientRead),
            never("no length", raw(b"HTTP/1.1 200 OK\r\n\r\n" + MP4[:-50]), e.BadResponse),
            download("no length, whole", raw(b"HTTP/1.1 200 OK\r\n\r\n" + MP4)),
        ),
    ),
    Row(
        "D09",
        "a body without end; one larger than the cap or the disk",
        "D",
        "stopped at the cap; the free space is looked at before",
        (
            never("endless", endless, e.BadResponse, flat=True),
            never("announced", answer(MP4 * 4, headers=[ETAG]), e.BadResponse),
        ),
        ("tests/download/test_download.py::test_too_little_room_is_seen_before_the_first_byte",),
    ),
    Row(
        "D10",
        "a page or JSON instead of a video",
        "D",
        "`BadResponse`, nothing at the destination",
        (
            never("page", answer(PAGE), e.BadResponse),
            never("JSON", answer({"error": "gone"}), e.BadResponse),
            never("nothing", answer(b""), e.BadResponse),
        ),
    ),
    Row(
        "D11",
        "`Content-Disposition` with a name of its own",
        "D",
        "ignored",
        tuple(
            download(name[:12], disposition(name))
            for name in ("../../x", "..\\\\x", "CON", "x" * 300)
        ),
    ),
    Row(
        "D12",
        "the disk is full",
        "D",
        "`DownloadError` with the job; the part file is gone, the destination as before",
        shown_by=("tests/download/test_download.py::test_a_full_or_failing_disk_is_a_typed_error",),
    ),
    Row(
        "D13",
        "the folder is missing or not writable",
        "B D",
        "`generate` refuses before anything is submitted",
        shown_by=(
            "tests/download/test_download.py::test_a_destination_is_checked_before_money_is_spent",
            "tests/faults/test_elsewhere.py::test_d13_no_folder_no_create",
        ),
    ),
    Row(
        "D14",
        "the destination exists",
        "B D",
        "refused, kept or replaced, as told; never replaced by chance",
        shown_by=(
            "tests/download/test_download.py::test_an_existing_file_is_kept_unless_told_otherwise",
            "tests/faults/test_elsewhere.py::test_d14_a_file_that_appears_meanwhile_is_not_replaced",
        ),
    ),
    Row(
        "D15",
        "the destination is a link or a folder",
        "B D",
        "never written through",
        shown_by=(
            "tests/download/test_download.py::test_a_link_is_replaced_and_never_written_through",
        ),
    ),
    Row(
        "D16",
        "another process holds the name for a moment",
        "D",
        "tried again a few times; the part file lies in the same folder",
        shown_by=(
            "tests/download/test_download.py::test_a_rename_is_tried_again_where_another_process_holds_the_name",
        ),
    ),
    Row(
        "D17",
        "two downloads of the same job at once",
        "D",
        "part files of their own; the same bytes in the end",
        shown_by=("tests/faults/test_elsewhere.py::test_d17_two_downloads_at_once",),
    ),
    Row(
        "D18",
        "the disk fails while flushing",
        "D",
        'an error, never "saved"',
        shown_by=("tests/download/test_download.py::test_a_full_or_failing_disk_is_a_typed_error",),
    ),
)

CRASH: Final = "tests/faults/test_crash.py::"
AFTER_A_KILL: Final = f"{CRASH}test_after_a_kill_there_is_one_create_and_the_right_file"
AGAIN: Final = f"{CRASH}test_the_same_program_run_again_does_not_pay_again"
HERE: Final = "tests/faults/test_elsewhere.py::"
JOURNAL: Final = "tests/journal/test_journal.py::"


PROCESS = (
    Row(
        "K01",
        "a clock that is wrong by minutes or an hour",
        "S P",
        "tokens are signed by the gateway's clock, up to a day away",
        shown_by=(f"{HERE}test_k01_a_wrong_clock_is_corrected_by_the_gateways",),
    ),
    Row(
        "K02",
        "the clock is set back during a wait",
        "P",
        "deadlines hold on a clock that never goes back",
        shown_by=(f"{HERE}test_k02_deadlines_do_not_hang_on_the_time_of_day",),
    ),
    Row(
        "K03",
        "a job that runs longer than a token lives",
        "P",
        "each call is signed anew",
        shown_by=(f"{HERE}test_k03_each_call_is_signed_anew",),
    ),
    Row(
        "K04",
        "kill -9 before the intent",
        "S",
        "nothing sent, nothing recorded",
        (),
        (AFTER_A_KILL,),
    ),
    Row(
        "K05",
        "kill -9 after the intent, before the POST",
        "S R",
        "reported; posted once, if the request is handed to `resume` or run again",
        (),
        (AFTER_A_KILL, AGAIN),
    ),
    Row(
        "K06",
        "kill -9 during the POST",
        "S R",
        "found by the external id; one create",
        (),
        (AFTER_A_KILL, AGAIN),
    ),
    Row(
        "K07",
        "kill -9 after the answer, before it is recorded",
        "S R",
        "the same",
        (),
        (AFTER_A_KILL, AGAIN),
    ),
    Row(
        "K08",
        "kill -9 while polling",
        "P R",
        "goes on polling; one create",
        (),
        (AFTER_A_KILL, AGAIN),
    ),
    Row(
        "K09",
        "kill -9 during the download, before and after the rename",
        "D R",
        "no part under the final name; no second create; at most one more download",
        (),
        (AFTER_A_KILL, AGAIN),
    ),
    Row(
        "K10",
        "a damaged journal; one of a newer version; a file of something else",
        "B R",
        "`JournalError` that names the file; the file is left as it is",
        (),
        (
            f"{JOURNAL}test_a_damaged_journal_is_named",
            f"{JOURNAL}test_a_newer_journal_is_refused_and_not_touched",
            f"{JOURNAL}test_a_database_of_something_else_is_not_touched",
        ),
    ),
    Row(
        "K11",
        "the journal can't be written",
        "B",
        "refused before the POST",
        (),
        (f"{JOURNAL}test_nothing_is_sent_without_the_journal",),
    ),
    Row(
        "K12",
        "Ctrl-C, or a task that is cancelled",
        "S P D",
        "the note of the exception has the id; the job goes on at the gateway",
        (),
        (
            f"{HERE}test_k12_an_interruption_leaves_the_id",
            f"{HERE}test_k12_cancellation_leaves_the_id_and_no_socket",
        ),
    ),
    Row(
        "K13",
        "a fork after the client was made; threads that share one",
        "all",
        "the child makes connections of its own; no job is made twice",
        (),
        (f"{HERE}test_k13_a_fork_takes_new_connections", f"{HERE}test_k13_threads_share_a_client"),
    ),
    Row(
        "K14",
        "two processes resume the same journal",
        "R",
        "a row is claimed in a transaction; the second reports it as taken",
        (),
        (
            f"{CRASH}test_two_processes_never_take_the_same_row",
            f"{JOURNAL}test_two_processes_share_the_rows_of_one_journal",
        ),
    ),
)

CALLERS = (
    Row(
        "X01",
        "an API key with a line end, spaces, foreign letters, or nothing in it",
        "B",
        "refused when the client is made; the key is not shown",
        (),
        (f"{HERE}test_x01_a_key_that_can_be_none_is_refused_unseen",),
    ),
    Row(
        "X02",
        "`repr`, `vars`, `pickle`, `copy`, `asdict`, tracebacks with locals",
        "all",
        "no secret in them",
        (),
        (f"{HERE}test_x02_nothing_that_can_be_printed_has_the_key",),
    ),
    Row(
        "X03",
        "logging at DEBUG, of httpx and httpcore too",
        "all",
        "no key, no signed address, no picture",
        (),
        ("tests/faults/test_table.py::test_every_fault_ends_as_the_table_says",),
    ),
    Row(
        "X04",
        "pictures that are too large, cut off, of another kind",
        "B",
        "refused here, before money is spent",
        (),
        (f"{HERE}test_x04_a_picture_that_is_none_is_refused_before_the_create",),
    ),
    Row(
        "X05",
        "a base URL of `http:`",
        "B",
        "refused, but for loopback or where it is allowed in so many words",
        (),
        (f"{HERE}test_x05_http_only_to_this_machine",),
    ),
    Row(
        "X07",
        "a forged callback",
        "C",
        "ids only are read from it; the gateway is asked; no address in it is fetched",
        (),
        ("tests/callbacks/test_callbacks.py::test_a_forged_callback_only_makes_us_look",),
    ),
    Row(
        "X08",
        "callbacks repeated, replayed, out of order",
        "C",
        "a repeated one is marked; the look-up decides",
        (),
        ("tests/callbacks/test_callbacks.py::test_a_repeated_callback_is_marked",),
    ),
    Row(
        "X09",
        "a callback of 50 MB, of no JSON, of an unknown job",
        "C",
        "`CallbackRefused`, with the status to answer",
        (),
        ("tests/callbacks/test_callbacks.py::test_what_is_no_callback_is_refused",),
    ),
    Row(
        "X10",
        "a token that is forged, pickled, of another host, of a newer version",
        "R",
        "refused; no address is taken from it",
        (),
        ("tests/journal/test_tokens.py::test_what_is_no_token_of_ours_is_refused",),
    ),
    Row(
        "X11",
        "a thousand jobs at once",
        "all",
        "bounded creates and questions, no two clients aligned",
        (),
        ("tests/flow/test_wait.py::test_gaps_grow_to_a_cap_and_are_jittered_downwards",),
    ),
    Row(
        "X12",
        "1303 for an hour",
        "S",
        "waits, in flat memory, up to the caller's deadline",
        (),
        ("tests/flow/test_submit.py::test_a_full_account_is_waited_for_until_the_deadline_only",),
    ),
)

TABLE: Final[tuple[tuple[str, tuple[Row, ...]], ...]] = (
    ("Network", NETWORK),
    ("HTTP and codes", CODES),
    ("Payload", PAYLOADS),
    ("Download and filesystem", DOWNLOADS),
    ("Clock, crash, process", PROCESS),
    ("Callers and callbacks", CALLERS),
)

INTRODUCTION: Final = """\
# Faults, and what each ends in

Made from the list that the tests run: `python -m tests.faults.table > docs/faults.md`. A test
keeps both equal. What the errors mean and what to do about them stands in
[reliability.md](reliability.md).

Phases: S submit, L look-up by external id, P poll, D download, C callback, B before anything is
sent, R resume. *Cases* is how many variants are played over raw sockets, each sync and async, each
followed by these checks:

- I1 one create per external id at most, counted at a server that would make a second one
- I2 every accepted job can be reached from the journal or from the exception
- I3 a destination that exists is the whole, right video; no partial file has its name
- I4 time and requests are bounded; memory stays flat where a bomb is thrown
- I5 only `KlingError`s come out
- I6 planted secrets are in no message, `repr`, traceback with locals, DEBUG log or journal
- I7 sync and async end alike, and the server sees the same requests
- I8 no thread, socket, task or temporary file is left
"""


def document() -> str:
    """The page ``docs/faults.md``."""
    parts = [INTRODUCTION]
    for title, rows in TABLE:
        parts.append(f"\n## {title}\n\n| id | fault | phase | ends in | cases |\n")
        parts.append("|---|---|---|---|---|\n")
        parts += [
            f"| {row.id} | {row.fault} | {row.phases} | {row.expected} | {_shown(row)} |\n"
            for row in rows
        ]
    return "".join(parts)


def _shown(row: Row) -> str:
    tests = [f"`{name.rpartition('::')[2]}`" for name in row.shown_by]
    return ", ".join(([str(len(row.cases))] if row.cases else []) + tests)


def all_cases() -> list[tuple[Row, Case]]:
    """Every case with its row."""
    return [(row, case) for _, rows in TABLE for row in rows for case in row.cases]


Check = Callable[[Any], None]

if __name__ == "__main__":
    print(document(), end="")
