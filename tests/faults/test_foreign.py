"""Exceptions that are not ours, while a call is under way: none says what the gateway did."""

from __future__ import annotations

import signal
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h11
import pytest

from kling_facade.errors import InvalidRequest
from kling_facade.jobs.journal import Journal
from kling_facade.wire import network
from tests.faults.ways import IMPATIENT
from tests.support.both_clients import Kind, PlainRequest, calling, skipping_runtime
from tests.support.misbehaving_server import answer, raw, task_json
from tests.support.scripted_gateway import MP4, Phase, Spoiled, Stage

KINDS: list[Kind] = ["sync", "async"]
both = pytest.mark.parametrize("kind", KINDS)

FOREIGN: dict[str, Callable[[], Exception]] = {
    "TLS": lambda: ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC]"),
    "disk": lambda: OSError(5, "Input/output error"),
    "alarm": lambda: TimeoutError("the program's own"),
    "loop": lambda: RuntimeError("Event loop is closed"),
    "value": lambda: ValueError("not a number"),
    "protocol": lambda: h11.LocalProtocolError("Too little data for declared Content-Length"),
    "group": lambda: ExceptionGroup("several", [OSError(), KeyError("x")]),
    "memory": lambda: MemoryError(),
}


def explode(
    patch: pytest.MonkeyPatch, stage: Stage, phase: Phase, make: Callable[[], Exception]
) -> None:
    """Once, right after the server has answered a request of this phase, reading raises."""
    sync, waited = network._Stream.read, network._AsyncStream.read
    left = [1]

    def boom(data: bytes) -> bytes:
        if left[0] and stage.log[-1:] == [phase]:
            left[0] = 0
            raise make()
        return data

    def read(self: Any, *args: Any, **options: Any) -> bytes:
        return boom(sync(self, *args, **options))

    async def read_async(self: Any, *args: Any, **options: Any) -> bytes:
        return boom(await waited(self, *args, **options))

    patch.setattr(network._Stream, "read", read)
    patch.setattr(network._AsyncStream, "read", read_async)


@both
@pytest.mark.parametrize("phase", ["S", "P", "D"])
@pytest.mark.parametrize("name", FOREIGN)
def test_an_exception_of_any_class_costs_nothing_twice(
    kind: Kind, phase: Phase, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A create is looked up, a question asked again, a transfer taken up; the video comes."""
    journal = tmp_path / "j"
    with (
        Stage() as stage,
        calling(kind, stage.url, journal=journal, runtime=skipping_runtime()) as client,
    ):
        explode(monkeypatch, stage, phase, FOREIGN[name])
        assert client.generate(PlainRequest(), tmp_path / "v.mp4").size == len(MP4)
    assert stage.creates == {"ours": 1}
    assert stage.posts == 1
    with Journal(journal) as found:
        assert found.entries()[0].state == "saved"


def test_an_alarm_of_the_program_is_no_bad_picture(tmp_path: Path) -> None:
    """A real signal while a create waits for its answer."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals come to the main thread")

    def ring(number: int, frame: Any) -> None:
        raise TimeoutError("the program's own alarm")

    def slow(connection: Any) -> None:
        time.sleep(0.4)
        answer(task_json(task_info={"external_task_id": "ours"}))(connection)

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with Stage(faults={"S": [Spoiled(slow, accepts=True)]}) as stage:
            with calling("sync", stage.url, journal=tmp_path / "j") as client:
                signal.setitimer(signal.ITIMER_REAL, 0.15)
                assert client.submit(PlainRequest()).task_id == "801"
        assert stage.creates == {"ours": 1}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@both
def test_only_the_reading_of_a_picture_says_so(kind: Kind, tmp_path: Path) -> None:
    """A file that is gone, shorter or longer by the time it is sent: nothing was accepted."""
    from io import BytesIO

    from kling_facade.builders.pictures.base64_text import Base64Text

    class Shrinks(PlainRequest):
        def to_body(self, **options: Any) -> Any:
            body = super().to_body(**options)
            body.image = Base64Text(lambda: BytesIO(b"abc"), 300_000, "fox.png")
            return body

    with Stage() as stage, calling(kind, stage.url) as client:
        with pytest.raises(InvalidRequest, match=r"fox\.png could not be read.*300000 bytes"):
            client.submit(Shrinks())
    assert stage.creates == {}


# --- answers that name our job, and rows that say "refused" --------------------------------------


@both
def test_a_row_that_says_refused_is_looked_up_before_it_is_posted(
    kind: Kind, tmp_path: Path
) -> None:
    """The gateway had made the job all the same; the rerun takes it up."""
    no = Spoiled(answer({"code": 1102, "message": "no balance"}, 429), accepts=True)
    with Stage(faults={"S": [no]}) as stage:
        with calling(kind, stage.url, journal=tmp_path / "j") as client:
            with pytest.raises(Exception, match="balance"):
                client.submit(PlainRequest())
            assert client.submit(PlainRequest()).task_id == "801"
    assert stage.creates == {"ours": 1}
    assert stage.posts == 1


@both
@pytest.mark.parametrize(
    ("status", "code"), [(429, 1303), (429, 1302), (403, 0), (429, 0), (500, 5000)]
)
def test_an_answer_that_names_our_job_is_no_refusal(
    kind: Kind, status: int, code: int, tmp_path: Path
) -> None:
    """Whatever else it says, nothing is posted again."""
    named = task_json(task_info={"external_task_id": "ours"})
    named["code"] = code
    odd = Spoiled(answer(named, status), accepts=True)
    with (
        Stage(faults={"S": [odd]}) as stage,
        calling(kind, stage.url, journal=tmp_path / "j", runtime=skipping_runtime()) as client,
    ):
        assert client.submit(PlainRequest()).task_id == "801"
        assert client.submit(PlainRequest()).task_id == "801"
    assert stage.posts == 1


# --- grace ---------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("upload", [0.0, 100.0, 299.0])
def test_grace_counts_from_the_create_and_not_from_the_intent(
    kind: Kind, upload: float, tmp_path: Path
) -> None:
    """Killed right after a long upload, run again while the job can't be seen yet: one job."""
    now = [1_000_000.0]
    with (
        Journal(tmp_path / "j", clock=lambda: now[0]) as journal,
        Stage(lag=4) as stage,
        calling(
            kind, stage.url, journal=journal, runtime=skipping_runtime(), limits=IMPATIENT
        ) as client,
    ):
        book = journal.book(stage.url.removeprefix("http://"))
        book.record("intent", {"external_task_id": "ours", "within": 300.0})
        with journal.file.transaction() as sql:  # its process is dead
            sql.execute("UPDATE jobs SET claimed_by = NULL")
        now[0] += upload
        with calling(kind, stage.url) as killed:
            killed.submit(PlainRequest())
        assert client.submit(PlainRequest()).task_id == "801"
    assert stage.creates == {"ours": 1}


@both
def test_an_intent_whose_create_is_long_past_is_posted_after_one_look(
    kind: Kind, tmp_path: Path
) -> None:
    """Nothing can have left since, so that nobody waits for what does not come."""
    now = [1_000_000.0]
    with (
        Journal(tmp_path / "j", clock=lambda: now[0]) as journal,
        Stage() as stage,
        calling(kind, stage.url, journal=journal, runtime=skipping_runtime()) as client,
    ):
        book = journal.book(stage.url.removeprefix("http://"))
        book.record("intent", {"external_task_id": "ours", "within": 300.0})
        book.release()
        now[0] += 31
        client.submit(PlainRequest())
    assert stage.log == ["L", "S"]


@both
def test_two_programs_with_one_order_pay_once(kind: Kind, tmp_path: Path) -> None:
    """One waits for a free slot for an hour; the other is told so, and posts nothing."""
    now = [1_000_000.0]
    full = answer({"code": 1303, "message": "parallel task over resource pack limit"}, 429)
    runtime = skipping_runtime()
    with Stage(faults={"S": [Spoiled(full, accepts=False)] * 5}) as stage:
        journals = [Journal(tmp_path / "j", clock=lambda: now[0]) for _ in range(2)]
        told: list[str] = []

        def other(seconds: float) -> None:
            now[0] += 1000.0
            with calling("sync", stage.url, journal=journals[1]) as second:
                try:
                    second.submit(PlainRequest())
                except Exception as error:  # noqa: BLE001 - its class is what is looked at
                    told.append(type(error).__name__)

        async def other_async(seconds: float) -> None:
            other(seconds)

        from attrs import evolve

        held = evolve(runtime, sleep=other, async_sleep=other_async)
        with calling(kind, stage.url, journal=journals[0], runtime=held) as first:
            first.submit(PlainRequest())
        for journal in journals:
            journal.close()
    assert set(told) == {"JobTaken"}
    assert stage.creates == {"ours": 1}


@both
def test_a_transfer_cut_between_two_boxes_is_taken_up(kind: Kind, tmp_path: Path) -> None:
    """No length was announced: index without media, then the whole."""
    index = MP4[: MP4.index(b"mdat") - 4]
    cut = raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + index, then="close")
    with (
        Stage(faults={"D": [Spoiled(cut, accepts=True)]}) as stage,
        calling(kind, stage.url, runtime=skipping_runtime()) as client,
    ):
        assert client.generate(PlainRequest(), tmp_path / "v.mp4").size == len(MP4)
    assert (tmp_path / "v.mp4").read_bytes() == MP4
    assert stage.log.count("D") == 2
