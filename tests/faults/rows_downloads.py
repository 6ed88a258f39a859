"""Rows of the fault table: downloads and the disk."""

from __future__ import annotations

from kling_facade import errors as e
from tests.faults.ways import (
    ETAG,
    PAGE,
    Row,
    addressed,
    cut_at,
    disposition,
    download,
    endless,
    never,
    other_file,
    rest,
    wrong_range,
)
from tests.support.misbehaving_server import answer, raw
from tests.support.scripted_gateway import MP4

DOWNLOADS = (
    Row(
        "D01",
        "the video lies on another host",
        "D",
        "fetched by a client of its own, without the key",
        shown_by=("tests/jobs/test_download.py::test_the_key_is_not_sent_to_where_the_video_lies",),
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
            "tests/jobs/test_download.py::test_an_address_is_fetched_only_from_where_a_video_may_lie",
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
            addressed("a port too high", "https://cdn.example.com:99999/v.mp4", e.KlingError),
            addressed("an empty label", "https://xn--/v.mp4", e.KlingError),
            addressed("a host that is no ASCII", "https://b\u00fccher.invalid/v.mp4", e.KlingError),
            addressed("a name too long", f"https://{'x' * 70}.example/v", e.KlingError),
            never(
                "redirect",
                answer(b"", 302, [("Location", "https://10.0.0.1/v.mp4?sign=canary-sign-77aa")]),
                e.TransportSecurityError,
            ),
            *(
                never(
                    f"redirect to {where[:8]!r}",
                    answer(b"", 302, [("Location", where)]),
                    e.KlingError,
                )
                for where in (
                    "http://[x",
                    "https://",
                    "//",
                    "\xff\xfe",
                    "x" * 70_000,
                    "https://a:b:c/",
                )
            ),
            never("redirect to nowhere", answer(b"", 302), e.KlingError),
            never(
                "redirect to file",
                answer(b"", 302, [("Location", "file:///etc/passwd")]),
                e.TransportSecurityError,
            ),
        ),
        ("tests/jobs/test_download.py::test_a_private_address_is_refused_before_connecting",),
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
        (
            *(download(f"{share:.0%}", cut_at(share), rest) for share in (0.01, 0.5, 0.99)),
            download(
                "a tag that is no ASCII",
                raw(b'HTTP/1.1 200 OK\r\nETag: "v\xfc"\r\nContent-Length: 99\r\n\r\n' + MP4[:50]),
            ),
        ),
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
        "taken up again, then an error; without a length the MP4 itself says whether it is whole",
        (
            never("always short", cut_at(0.3), e.TransientRead),
            never("no length", raw(b"HTTP/1.1 200 OK\r\n\r\n" + MP4[:-50]), e.BadResponse),
            never(
                "no length, between two boxes",
                raw(b"HTTP/1.1 200 OK\r\n\r\n" + MP4[: MP4.index(b"mdat") - 4]),
                e.BadResponse,
            ),
            download("no length, once", raw(b"HTTP/1.1 200 OK\r\n\r\n" + MP4[:-50])),
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
        ("tests/jobs/test_download.py::test_too_little_room_is_seen_before_the_first_byte",),
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
        shown_by=("tests/jobs/test_download.py::test_a_full_or_failing_disk_is_a_typed_error",),
    ),
    Row(
        "D13",
        "the folder is missing or not writable",
        "B D",
        "`generate` refuses before anything is submitted",
        shown_by=(
            "tests/jobs/test_download.py::test_a_destination_is_checked_before_money_is_spent",
            "tests/faults/test_elsewhere.py::test_d13_no_folder_no_create",
        ),
    ),
    Row(
        "D14",
        "the destination exists",
        "B D",
        "refused, kept or replaced, as told; never replaced by chance",
        shown_by=(
            "tests/jobs/test_download.py::test_an_existing_file_is_kept_unless_told_otherwise",
            "tests/faults/test_elsewhere.py::test_d14_a_file_that_appears_meanwhile_is_not_replaced",
        ),
    ),
    Row(
        "D15",
        "the destination is a link or a folder",
        "B D",
        "never written through",
        shown_by=(
            "tests/jobs/test_download.py::test_a_link_is_replaced_and_never_written_through",
        ),
    ),
    Row(
        "D16",
        "another process holds the name for a moment",
        "D",
        "tried again a few times; the part file lies in the same folder",
        shown_by=(
            "tests/jobs/test_download.py::test_a_rename_is_tried_again_where_another_process_holds_the_name",
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
        shown_by=("tests/jobs/test_download.py::test_a_full_or_failing_disk_is_a_typed_error",),
    ),
    Row(
        "D19",
        "names of 255 bytes in any script, names that are not UTF-8; NUL, longer ones, addresses",
        "B",
        "every name that the system takes works; every other is refused before money is spent",
        shown_by=(
            "tests/jobs/test_destination.py::test_every_legal_name_works",
            "tests/jobs/test_destination.py::test_every_other_name_is_refused",
            "tests/jobs/test_destination.py::test_a_name_that_cant_be_stored_costs_nothing",
        ),
    ),
)
