"""Rows of the fault table: the network."""

from __future__ import annotations

from kling_facade import errors as e
from tests.faults.ways import (
    BAD_CHUNK,
    CLOSE,
    CUT,
    DRIP,
    HALF,
    HANG,
    HEADER_DRIP,
    HUGE_HEADER,
    MANY_HEADERS,
    NO_HTTP,
    NO_LAST_CHUNK,
    RESET,
    VIDEO,
    Case,
    Row,
    each,
    forever,
    lost,
    two_answers,
)
from tests.support.misbehaving_server import drip
from tests.support.scripted_gateway import Spoiled

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
        ("tests/jobs/test_wait.py::test_a_network_that_is_gone_for_minutes_is_outlived",),
    ),
    Row(
        "N19",
        "the laptop slept for an hour",
        "P",
        "one question at wake, no burst",
        shown_by=("tests/jobs/test_wait.py::test_a_laptop_that_slept_asks_once",),
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
