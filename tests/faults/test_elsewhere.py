"""Faults of the table that need a scene of their own."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import os
import pickle
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import attrs
import jwt
import pytest

from kling_facade import AccessKeys, ApiKey, AsyncKling, ImageToVideo, Kling, Limits, Runtime
from kling_facade.builders.pictures.base64_text import Base64Text
from kling_facade.errors import (
    AuthError,
    DownloadError,
    InvalidRequest,
    KlingError,
    NotSent,
    TransientRead,
    TransportSecurityError,
    WaitTimeout,
)
from kling_facade.gateway.answer import Answer
from kling_facade.gateway.gateway import Gateway
from kling_facade.gateway.job_id import Ids
from kling_facade.gateway.task import State, Task
from kling_facade.jobs.effects import Call, Policy
from kling_facade.jobs.wait import wait
from kling_facade.sandbox.sample import sample_png
from kling_facade.wire.answers import retry_after
from kling_facade.wire.link import Link
from tests.faults.invariants import leaving_nothing, listening
from tests.support.both_clients import KEY, Kind, PlainRequest, calling, skipping_runtime
from tests.support.misbehaving_server import Peer, answer, raw, task_json
from tests.support.scripted_effects import World, envelope
from tests.support.scripted_gateway import MP4, SIGN, Spoiled, Stage

KINDS: list[Kind] = ["sync", "async"]
both = pytest.mark.parametrize("kind", KINDS)

GOOD = answer(task_json(task_info={"external_task_id": "ours"}))


def free_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# --- network -------------------------------------------------------------------------------------


@both
def test_n01_nobody_listens_and_then_somebody_does(kind: Kind) -> None:
    """The same external id goes out when the gateway is there; nothing before."""
    with Peer(GOOD) as peer:
        port = free_port()
        sleeps = []

        def moved(seconds: float) -> None:
            sleeps.append(seconds)
            if len(sleeps) == 2:
                relay.append(socket.create_server(("127.0.0.1", port)))
                threading.Thread(target=_forward, args=(relay[0], peer), daemon=True).start()

        async def moved_async(seconds: float) -> None:
            moved(seconds)

        relay: list[socket.socket] = []
        runtime = Runtime(sleep=moved, async_sleep=moved_async)
        limits = Limits(attempts=4, read=2, call=3)
        with calling(kind, f"http://127.0.0.1:{port}", runtime=runtime, limits=limits) as client:
            assert client.submit(PlainRequest()).task_id == "801"
        relay[0].close()
    assert [seen.json["external_task_id"] for seen in peer.seen] == ["ours"]


def _forward(listener: socket.socket, peer: Peer) -> None:
    """Hands one connection to the peer."""
    sock, _ = listener.accept()
    peer._start(peer._serve, sock)


@both
@pytest.mark.parametrize("host", ["x" * 64 + ".example", "a..b.example"])
def test_n02_a_name_that_can_be_none(kind: Kind, host: str) -> None:
    """A typed error, not one of the name system's."""
    with pytest.raises((NotSent, InvalidRequest)):
        with calling(kind, f"https://{host}", runtime=skipping_runtime()) as client:
            client.submit(PlainRequest())


@both
def test_n03_a_black_hole(kind: Kind) -> None:
    """A listener whose queue is full: the connection is never made."""
    hole = socket.socket()
    hole.bind(("127.0.0.1", 0))
    hole.listen(0)
    fillers = []
    for _ in range(8):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(hole.getsockname())
        fillers.append(filler)
    limits = Limits(connect=0.2, read=5, call=5, attempts=2)
    began = time.monotonic()
    with calling(
        kind, f"http://127.0.0.1:{hole.getsockname()[1]}", limits=limits, runtime=skipping_runtime()
    ) as client:
        with pytest.raises(NotSent, match="ConnectTimeout"):
            client.submit(PlainRequest())
    assert time.monotonic() - began < 3
    for sock in [*fillers, hole]:
        sock.close()


@both
def test_n07_reset_while_a_picture_is_sent(kind: Kind, tmp_path: Path) -> None:
    """Some megabytes are on their way when the server resets: it may have them all."""
    picture = tmp_path / "p.bin"
    picture.write_bytes(os.urandom(6_000_000))
    text = Base64Text(lambda: picture.open("rb"), 6_000_000, "p.bin")
    with Peer(GOOD) as peer:
        plain, calls = peer._read, []

        def impatient(sock: socket.socket) -> Any:
            calls.append(sock)
            if len(calls) == 1:
                sock.recv(100_000)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                sock.close()
                return None
            return plain(sock)

        peer._read = impatient  # type: ignore[method-assign] # this peer reads badly, once
        with calling(kind, peer.url) as client:
            assert client.submit(PlainRequest(image=text)).task_id == "801"
    assert [seen.method for seen in peer.seen] == ["GET"]


@both
def test_a_picture_that_vanishes_while_it_is_sent_is_a_typed_error(kind: Kind) -> None:
    """Half a body is no request: nothing was made, and the error says what to look at."""

    def gone() -> Any:
        raise FileNotFoundError(2, "No such file or directory")

    text = Base64Text(gone, 1000, "p.bin")
    with Peer(GOOD) as peer, calling(kind, peer.url) as client:
        with pytest.raises(InvalidRequest, match="could not be read"):
            client.submit(PlainRequest(image=text))
    assert peer.seen == []


PASSWORD = "canary-proxy-password"


@both
def test_n17_a_proxy_that_is_down(kind: Kind) -> None:
    """Nothing was sent, and the proxy's password is nowhere."""
    proxy = f"http://user:{PASSWORD}@127.0.0.1:{free_port()}"
    with (
        listening() as heard,
        calling(kind, "https://gateway.example", proxy=proxy, runtime=skipping_runtime()) as client,
    ):
        assert PASSWORD not in str(vars(client.kling))
        with pytest.raises(NotSent) as caught:
            client.submit(PlainRequest())
    assert PASSWORD not in str(caught.value) + repr(caught.value) + "".join(heard)


@both
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_n17_a_proxy_that_refuses(kind: Kind, scheme: str) -> None:
    """407, for a tunnel and for a plain call: nothing reached the gateway."""
    with (
        Peer(answer(b"", 407)) as peer,
        pytest.raises(NotSent) as caught,
        calling(
            kind,
            f"{scheme}://127.0.0.1:1" if scheme == "http" else "https://gateway.example",
            proxy=peer.url.replace("http://", f"http://user:{PASSWORD}@"),
            runtime=skipping_runtime(),
        ) as client,
    ):
        client.submit(PlainRequest())
    assert PASSWORD not in str(caught.value)
    assert len(peer.seen) == 3


@both
@pytest.mark.parametrize("proxy", [f"nonsense://u:{PASSWORD}@x", f"socks5://u:{PASSWORD}@x", "::"])
def test_n17_a_proxy_that_can_be_none(kind: Kind, proxy: str) -> None:
    """A typed error that does not show it."""
    with pytest.raises(InvalidRequest, match="proxy") as caught:
        with calling(kind, "https://gateway.example", proxy=proxy) as client:
            client.submit(PlainRequest())
    assert PASSWORD not in str(caught.value)


# --- codes and payloads --------------------------------------------------------------------------

NOON = 1_795_003_200.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("7.5", 7.5),
        ("0", 0.0),
        ("-5", None),
        ("abc", None),
        ("", None),
        ("99999999", 99999999.0),
        ("1" + "0" * 400, None),
        ("1e308", None),
        ("\u0667", None),
        ("7, 8", None),
        ("Wed, 18 Nov 2026 12:00:30 GMT", 30.0),
        ("Wed, 18 Nov 2026 11:00:00 GMT", None),
        ("Wed, 18 Nov 2026 13:00:30 +0100", 30.0),
        ("Wednesday, 18-Nov-26 12:00:30 GMT", 30.0),
        ("Fri, 31 Feb 2026 12:00:00 GMT", None),
    ],
)
def test_h07_retry_after_in_all_its_forms(text: str, seconds: float | None) -> None:
    """A number or a date; anything else is as if there were none."""
    assert retry_after(text, NOON) == seconds


@both
def test_p16_a_final_state_stands(kind: Kind) -> None:
    """A look that says "processing" of a finished job does not take its video away."""
    video = {"videos": [{"url": "https://x.example/v", "id": "v"}]}
    finished = answer(task_json(status="succeed", task_result=video))
    with Peer(finished, answer(task_json())) as peer, calling(kind, peer.url) as client:
        job = client.do(client.kling.job("801").wait())
        client.do(job.refresh())
    assert job.state is State.SUCCEEDED
    assert job.task.videos


# --- disk ----------------------------------------------------------------------------------------


@both
def test_d13_no_folder_no_create(kind: Kind, tmp_path: Path) -> None:
    """`generate` looks at the destination before anything is submitted."""
    with Stage() as stage, calling(kind, stage.url) as client:
        with pytest.raises(DownloadError, match="does not exist"):
            client.generate(PlainRequest(), tmp_path / "no" / "v.mp4")
    assert stage.seen == []


@both
def test_d14_a_file_that_appears_meanwhile_is_not_replaced(kind: Kind, tmp_path: Path) -> None:
    """It was not there when the job was submitted; it is somebody's now."""
    target = tmp_path / "v.mp4"

    def appear(connection: Any) -> None:
        target.write_bytes(b"precious")
        answer(MP4)(connection)

    with Stage(faults={"D": [Spoiled(appear)]}) as stage, calling(kind, stage.url) as client:
        with pytest.raises(DownloadError, match="exists") as caught:
            client.generate(PlainRequest(), target)
        assert target.read_bytes() == b"precious"
        again = client.do(caught.value.job.download(target, exist="overwrite"))
    assert again.path.read_bytes() == MP4


@both
def test_a_file_that_is_kept_costs_nothing(kind: Kind, tmp_path: Path) -> None:
    """With ``exist="skip"`` a whole video at the destination means that nothing is submitted."""
    target = tmp_path / "v.mp4"
    target.write_bytes(MP4)
    with Stage() as stage, calling(kind, stage.url) as client:
        video = client.generate(PlainRequest(), target, exist="skip")
    assert (video.size, video.task_id) == (len(MP4), "")
    assert stage.seen == []


def test_d17_two_downloads_at_once(tmp_path: Path) -> None:
    """Both bring the whole file; who comes last replaces it by the same bytes."""
    target = tmp_path / "v.mp4"
    with Stage() as stage, calling("sync", stage.url) as client:
        job = client.submit(PlainRequest()).wait()
        videos: list[Any] = []
        threads = [
            threading.Thread(target=lambda: videos.append(job.download(target, exist="overwrite")))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [video.size for video in videos] == [len(MP4)] * 2
    assert target.read_bytes() == MP4
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]


def test_a_filesystem_without_links_is_served_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the name is looked at just before the rename."""

    def unsupported(self: Path, target: Path) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", unsupported)
    with Stage() as stage, calling("sync", stage.url) as client:
        job = client.submit(PlainRequest()).wait()
        assert job.download(tmp_path / "v.mp4").path.read_bytes() == MP4
        with pytest.raises(DownloadError, match="exists"):
            job.download(tmp_path / "v.mp4")


# --- clock and process ---------------------------------------------------------------------------

SECRET = "canary-secret-key-0123456789abcdef"


@both
@pytest.mark.parametrize("wrong", [-3600, -120, 120, 3600])
def test_k01_a_wrong_clock_is_corrected_by_the_gateways(kind: Kind, wrong: float) -> None:
    """The first token is refused, the second is dated by the gateway's clock and taken."""
    now = time.time()
    dates: list[float] = []

    def check(connection: Any) -> None:
        token = connection.request.headers["authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, options={"verify_signature": False})
        dates.append(claims["nbf"] + 5 - now)
        stale = not claims["nbf"] <= now <= claims["exp"] or abs(dates[-1]) > 60
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
        body: Any = {"code": 1003, "message": "x"} if stale else task_json()
        answer(body, 401 if stale else 200, [("Date", date)])(connection)

    runtime = Runtime(epoch=lambda: now + wrong)
    with Peer(check) as peer, calling(kind, peer.url, runtime=runtime) as client:
        client.kling._session.credentials = AccessKeys("access", SECRET)
        client.submit(PlainRequest())
    assert len(dates) == 2
    assert abs(dates[0] - wrong) < 5
    assert abs(dates[1]) < 5


def test_k01_a_gateway_of_the_far_future_is_given_no_long_lived_token() -> None:
    """A token dated by its clock would be good for years."""
    link = Link(Gateway("https://x.example"), ApiKey("k"), Limits(), "agent", clock=lambda: NOON)
    link.learn("Wed, 18 Nov 2026 13:00:00 GMT")
    assert link.offset == 3600
    link.learn("Wed, 18 Nov 2099 12:00:00 GMT")
    assert link.offset == 0
    link.learn("no date")
    assert link.offset == 0


def test_k02_deadlines_do_not_hang_on_the_time_of_day() -> None:
    """The flow asks for one clock only, the one that never goes back."""
    world = World(envelope())
    policy = Policy(uniform=lambda: 1.0)
    find = Call("get_image_to_video", {"id": "801"})
    with pytest.raises(WaitTimeout):
        world.run(wait(find, Task("801", State.SUBMITTED), Ids("ours", "801"), policy, 60.0))
    assert world.now - 1000 <= 61


def test_k03_each_call_is_signed_anew() -> None:
    """An hour later the token is another one, and good for half an hour from then."""
    keys = AccessKeys("access", SECRET)
    tokens = [keys.headers(now)["Authorization"].split()[1] for now in (NOON, NOON + 3600)]
    claims = [jwt.decode(token, options={"verify_signature": False}) for token in tokens]
    assert [claim["exp"] for claim in claims] == [NOON + 1800, NOON + 5400]


@both
def test_k12_an_interruption_leaves_the_id(kind: Kind, tmp_path: Path) -> None:
    """Ctrl-C while submitting and while waiting: the note says how to go on."""

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    async def interrupt_async(seconds: float) -> None:
        raise KeyboardInterrupt

    runtime = Runtime(sleep=interrupt, async_sleep=interrupt_async)
    with Stage(faults={"S": [Spoiled(answer({"code": 1302}, 429), accepts=False)]}) as stage:
        with calling(kind, stage.url, runtime=runtime) as client:
            with pytest.raises(KeyboardInterrupt) as caught:
                client.submit(PlainRequest())
            assert "external_task_id='ours'" in caught.value.__notes__[0]
            job = client.submit(PlainRequest())
            with pytest.raises(KeyboardInterrupt) as caught:
                client.do(job.wait())
            assert "kling.job('801').wait()" in caught.value.__notes__[0]


@pytest.mark.parametrize("phase", ["S", "P", "D"])
def test_k12_cancellation_leaves_the_id_and_no_socket(phase: Any, tmp_path: Path) -> None:
    """A cancelled task closes what it had open, and what it was about can be gone on with."""
    hang = Spoiled(raw(b"", then="hang"))
    external = "ours"
    with leaving_nothing(), Stage(faults={phase: [hang]}) as stage:

        async def main() -> None:
            options: dict[str, Any] = {
                "base_url": stage.url,
                "journal": tmp_path / "j.sqlite",
                "runtime": skipping_runtime(),
                "trust_env": False,
            }
            async with AsyncKling(KEY, **options) as kling:
                task = asyncio.ensure_future(
                    kling.generate(PlainRequest(), tmp_path / "v.mp4")  # type: ignore[call-overload] # a plain one
                )
                while phase not in stage.log:
                    await asyncio.sleep(0.005)
                await asyncio.sleep(0.02)
                task.cancel()
                with pytest.raises(asyncio.CancelledError) as caught:
                    await task
                assert any(external in note or "801" in note for note in caught.value.__notes__)
                outcomes = [outcome async for outcome in kling.resume()]
                assert [outcome.error for outcome in outcomes] == [None]

        asyncio.run(main())
    assert (tmp_path / "v.mp4").read_bytes() == MP4
    assert sum(stage.creates.values()) == 1
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_k13_a_fork_takes_new_connections(tmp_path: Path) -> None:
    """Parent and child use one client: two jobs, no mixed answers, both in the journal."""
    with Stage() as stage, calling("sync", stage.url, journal=tmp_path / "j.sqlite") as client:
        client.submit(PlainRequest(external_task_id="before"))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                client.submit(PlainRequest(external_task_id="child"))
                code = 0
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        client.submit(PlainRequest(external_task_id="parent"))
        entries = client.kling._session.journal.entries()
    assert stage.creates == {"before": 1, "child": 1, "parent": 1}
    assert {entry.external_task_id: entry.state for entry in entries} == {
        "before": "accepted",
        "child": "accepted",
        "parent": "accepted",
    }
    assert stage.connections == 3 - 1  # the parent's goes on being used


def test_k13_threads_share_a_client(tmp_path: Path) -> None:
    """Twenty threads, twenty jobs, each with its own answer."""
    with Stage() as stage, calling("sync", stage.url, journal=tmp_path / "j.sqlite") as client:
        jobs: dict[str, Any] = {}

        def one(name: str) -> None:
            jobs[name] = client.submit(PlainRequest(external_task_id=name))

        threads = [threading.Thread(target=one, args=(f"job-{n}",)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        entries = {
            entry.external_task_id: entry for entry in client.kling._session.journal.entries()
        }
    assert set(stage.creates.values()) == {1}
    by_name = {job.external_task_id: job.task_id for job in stage.jobs}
    assert {name: job.task_id for name, job in jobs.items()} == by_name
    assert {name: entry.task_id for name, entry in entries.items()} == by_name


# --- callers -------------------------------------------------------------------------------------

BAD_KEYS = [f"{KEY}\n", f" {KEY}", f"{KEY} x", f"{KEY}é", f"{KEY}\x00", "", "   "]


@pytest.mark.parametrize("key", BAD_KEYS, ids=range(len(BAD_KEYS)))
def test_x01_a_key_that_can_be_none_is_refused_unseen(key: str) -> None:
    """When the client is made, with the reason and without the key."""
    import traceback

    for make in (Kling, AsyncKling):
        with pytest.raises(AuthError) as caught:
            make(key)
        error = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        ours = [frame for frame in error.stack if "kling_facade" in frame.filename]
        shown = str(caught.value) + "".join(str(frame.locals) for frame in ours)
        assert KEY not in shown


def _everything(thing: Any) -> str:
    return f"{thing!r} {thing!s} {thing:} {vars(thing) if hasattr(thing, '__dict__') else ''}"


@both
def test_x02_nothing_that_can_be_printed_has_the_key(kind: Kind) -> None:
    """Clients, jobs, tasks, errors, credentials: printed, listed, copied or pickled."""
    with Stage() as stage, calling(kind, stage.url) as client:
        job = client.do(client.submit(PlainRequest()).wait())
        keys = [ApiKey(KEY), AccessKeys(KEY, SECRET)]
        things = [client.kling, job, job.task, job.task.videos[0], stage.jobs, *keys]
        for thing in things:
            for secret in (KEY, SIGN, SECRET):
                assert secret not in _everything(thing)
        for thing in (client.kling, *keys):
            for take in (pickle.dumps, copy.deepcopy):
                with pytest.raises(TypeError):
                    take(thing)
            assert not attrs.has(type(thing))
            assert not dataclasses.is_dataclass(thing)
        assert KEY not in job.token
        assert SIGN not in job.token


@both
def test_x03_debug_logs_have_no_signed_address_even_of_a_redirect(
    kind: Kind, tmp_path: Path
) -> None:
    """httpcore logs headers, and a relative ``Location`` is signed too."""
    hops = [
        Spoiled(answer(b"", 302, [("Location", f"/other.mp4?sign={SIGN}")])),
        Spoiled(answer(b"", 302, [("Location", f"other.mp4?sign={SIGN}#x")])),
    ]
    with listening() as heard, Stage(faults={"D": hops}) as stage:
        with calling(kind, stage.url) as client:
            client.generate(PlainRequest(), tmp_path / "v.mp4")
    text = "\n".join(heard)
    assert "Location" in text
    assert SIGN not in text
    assert KEY not in text


def test_x04_a_picture_that_is_none_is_refused_before_the_create(tmp_path: Path) -> None:
    """Text that calls itself a JPEG, and a PNG that is cut off."""
    fake = tmp_path / "fox.jpg"
    fake.write_text("this is no picture")
    cut = tmp_path / "cut.png"
    cut.write_bytes(sample_png()[:2000])
    with Stage() as stage, calling("sync", stage.url) as client:
        for picture in (fake, cut):
            with pytest.raises(InvalidRequest):
                client.kling.generate(ImageToVideo(picture), tmp_path / "v.mp4")
    assert stage.seen == []


@both
@pytest.mark.parametrize(
    "broken",
    [
        {"prompt": "\ud83e"},
        {"negative_prompt": "\udcff"},
        {"model": "\ud83e"},
        {"voices": ["\ud83e"]},
        {"extra": {"\ud83e": 1}},
        {"extra": {"a": [{"b": "\ud83e"}]}},
        {"callback_url": "https://example.com/\ud83e"},
        {"external_task_id": "\ud83e"},
    ],
    ids=str,
)
def test_x20_text_that_can_not_be_sent_never_leaves(kind: Kind, broken: dict[str, Any]) -> None:
    """Half a surrogate pair is found before a body is built: no call, no job that may exist."""
    with Stage() as stage, calling(kind, stage.url) as client, pytest.raises(InvalidRequest):
        client.submit(ImageToVideo("https://example.com/fox.png", **broken))
    assert stage.seen == []


def test_x05_http_only_to_this_machine() -> None:
    """Anything else would show key and picture to everybody on the way."""
    with pytest.raises(TransportSecurityError):
        Kling("k", base_url="http://gateway.example")
    with pytest.raises(InvalidRequest):
        Kling("k", base_url="ftp://gateway.example")
    Kling("k", gateway=Gateway("http://gateway.example", allow_http=True)).close()
    Kling("k", base_url="http://127.0.0.1:1").close()


@both
@pytest.mark.parametrize("external", ["..", "a/b", "a b", "", "x" * 200, "a\r\nb", "ä"])
def test_an_external_id_that_cannot_be_looked_up_is_refused(kind: Kind, external: str) -> None:
    """Nothing may be submitted under an id that no path can hold."""
    with Stage() as stage, calling(kind, stage.url) as client, pytest.raises(InvalidRequest):
        client.submit(PlainRequest(external_task_id=external))
    assert stage.seen == []


def test_a_signal_that_ends_the_program_is_not_swallowed() -> None:
    """SIGTERM's default is left alone: the journal is what survives it."""
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_an_answer_before_the_end_of_the_hundreds_is_unclear() -> None:
    """101 to a create: nobody knows what the other side does now."""
    from kling_facade.errors import OutcomeUnknown
    from kling_facade.gateway.answer_shapes import read_task

    with pytest.raises(OutcomeUnknown):
        read_task(Answer(101, paid=True))
    with pytest.raises(TransientRead):
        read_task(Answer(101))


def test_the_error_of_a_job_can_be_gone_on_with(tmp_path: Path) -> None:
    """`error.job` is a handle."""
    with Stage(polls=50) as stage, calling("sync", stage.url, runtime=skipping_runtime()) as client:
        with pytest.raises(KlingError) as caught:
            client.generate(PlainRequest(), tmp_path / "v.mp4", timeout=20)
        assert isinstance(caught.value, WaitTimeout)
        stage.polls = 0
        assert caught.value.job.wait().download(tmp_path / "v.mp4").size == len(MP4)
