"""What each fault of the network ends in, over real sockets, sync and async alike."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from typing import Any
from urllib.parse import unquote

import pytest
import trustme

from kling_facade import Limits
from kling_facade.builders.pictures.base64_text import Base64Text
from kling_facade.errors import (
    AuthError,
    BadResponse,
    KlingError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    TransientRead,
    TransportSecurityError,
)
from kling_facade.gateway.task import State
from tests.support.both_clients import KEY, Kind, PlainRequest, calling, skipping_runtime
from tests.support.misbehaving_server import Act, Peer, answer, drip, raw, response, task_json

KINDS: list[Kind] = ["sync", "async"]
both = pytest.mark.parametrize("kind", KINDS)

GOOD = answer(task_json(task_info={"external_task_id": "ours"}))

LOST_ANSWERS: dict[str, Act] = {
    "closed without a byte": raw(b""),
    "reset": raw(b"", then="reset"),
    "hangs": raw(b"", then="hang"),
    "hangs in the body": raw(response(task_json(), length=9999), then="hang"),
    "cut JSON": answer('{"code": 0, "data": {"task_'),
    "short body": raw(response(task_json(), length=9999)),
    "bad chunk size": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "not HTTP": raw(b"\x16\x03\x01 this is no HTTP at all\r\n\r\n"),
    "huge header": raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n"),
    "dripping": drip(response(task_json()), gap=0.05),
    "empty 200": answer(b""),
    "204": answer(b"", status=204),
    "HTML 200": answer("<html>sign in</html>"),
    "500": answer("<html>oops</html>", status=500),
    "504 code 5002": answer({"code": 5002, "message": "timeout"}, status=504),
    "520": answer(b"", status=520),
    "gzip": answer(b"\x1f\x8b", headers=[("Content-Encoding", "gzip")]),
    "too large": answer(b" " * 100_000 + b"{}"),
    "NaN": answer('{"code": 0, "data": {"task_id": "801", "x": NaN}}'),
    "too deep": answer("[" * 200_000),
    "duplicate key": answer('{"code": 0, "code": 0, "data": {}}'),
    "UTF-16": answer('{"code": 0}'.encode("utf-16")),
    "huge number": answer('{"code": 0, "x": ' + "1" * 5000 + "}"),
    "duplicate id": answer({"code": 1201, "message": "external_task_id already exists"}, 400),
}

IMPATIENT = Limits(connect=1, read=0.4, call=0.6, upload=0.6, grace=0.2, answer_bytes=50_000)


@both
@pytest.mark.parametrize("fault", LOST_ANSWERS)
def test_a_lost_answer_is_looked_up_and_the_job_goes_on(kind: Kind, fault: str) -> None:
    """One POST, then a GET by our own id that finds the job."""
    with (
        Peer(LOST_ANSWERS[fault], GOOD) as peer,
        calling(kind, peer.url, limits=IMPATIENT) as client,
    ):
        job = client.submit(PlainRequest())
    assert job.task_id == "801"
    assert [seen.method for seen in peer.seen] == ["POST", "GET"]
    assert peer.seen[1].target == "/kling/v1/videos/image2video/ours"


@both
def test_a_job_that_can_never_be_found_is_an_unknown_outcome(kind: Kind) -> None:
    """The error names the id; there was one POST."""
    missing = answer({"code": 1203, "message": "no such task"}, 404)
    with (
        Peer(raw(b"", then="reset"), missing) as peer,
        calling(kind, peer.url, limits=IMPATIENT) as client,
        pytest.raises(OutcomeUnknown) as caught,
    ):
        client.submit(PlainRequest())
    assert caught.value.external_task_id == "ours"
    assert [seen.method for seen in peer.seen].count("POST") == 1


BROKEN_READS: dict[str, tuple[Act, type[KlingError]]] = {
    "closed": (raw(b""), TransientRead),
    "hangs": (raw(b"", then="hang"), TransientRead),
    "dripping": (drip(response(task_json()), gap=0.05), TransientRead),
    "502 HTML": (answer("<html>", status=502), TransientRead),
    "520": (answer(b"", status=520), TransientRead),
    "bad chunk": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        BadResponse,
    ),
    "not HTTP": (raw(b"SSH-2.0-OpenSSH\r\n\r\n"), BadResponse),
    "gzip": (answer(b"\x1f\x8b", headers=[("Content-Encoding", "gzip")]), BadResponse),
    "HTML 200": (answer("<html>sign in</html>"), BadResponse),
    "data null": (answer({"code": 0, "data": None}), TransientRead),
    "another job": (answer(task_json("999")), BadResponse),
    "too large": (answer(b" " * 100_000 + b"{}"), BadResponse),
}


@both
@pytest.mark.parametrize("fault", BROKEN_READS)
def test_a_broken_read_is_tried_again_and_then_named(kind: Kind, fault: str) -> None:
    """Bounded tries, the right class, the ids, and no dump of foreign bytes."""
    act, error_class = BROKEN_READS[fault]
    with (
        Peer(act) as peer,
        calling(kind, peer.url, limits=IMPATIENT) as client,
        pytest.raises(error_class) as caught,
    ):
        client.do(client.kling.job("801").refresh())
    assert len(peer.seen) == IMPATIENT.attempts
    assert caught.value.task_id == "801"
    assert caught.value.job.task_id == "801"
    assert len(caught.value.message) < 250


@both
@pytest.mark.parametrize("fault", ["hangs", "dripping", "another job", "502 HTML"])
def test_a_broken_poll_does_not_end_the_wait(kind: Kind, fault: str) -> None:
    """The next question brings the video's address."""
    finished = answer(
        task_json(status="succeed", task_result={"videos": [{"url": "https://x.example/v"}]})
    )
    with (
        Peer(answer(task_json()), BROKEN_READS[fault][0], finished) as peer,
        calling(kind, peer.url, limits=IMPATIENT) as client,
    ):
        job = client.do(client.kling.job("801").wait(30))
    assert job.state is State.SUCCEEDED


@both
def test_a_refused_connection_is_tried_a_few_times(kind: Kind) -> None:
    """Nothing left this machine, so trying again is free; the error says so."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with calling(kind, f"http://127.0.0.1:{port}") as client, pytest.raises(NotSent) as caught:
        client.submit(PlainRequest())
    assert "127.0.0.1 could not be reached" in caught.value.message
    assert caught.value.external_task_id == "ours"


@both
def test_an_unknown_host_is_named_without_its_path(kind: Kind) -> None:
    """`.invalid` never resolves."""
    with calling(kind, "https://nobody.invalid") as client, pytest.raises(NotSent) as caught:
        client.submit(PlainRequest())
    assert "nobody.invalid" in caught.value.message
    assert "image2video" not in caught.value.message


@both
def test_a_server_without_tls_is_a_security_error_and_tried_once(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no retry and no way down to http."""
    with Peer(raw(b"HTTP/1.1 200 OK\r\n\r\n")) as peer:
        url = peer.url.replace("http://", "https://")
        # A TLS client's first bytes hold no blank line: the peer has to speak first.
        monkeypatch.setattr(
            peer, "_read", lambda sock: sock.sendall(b"HTTP/1.1 400 no TLS\r\n\r\n")
        )
        with calling(kind, url) as client, pytest.raises(TransportSecurityError):
            client.submit(PlainRequest())
        assert peer.connections == 1


def tls_peer(name: str) -> tuple[Peer, trustme.CA]:
    """A peer that answers well over TLS, with a certificate for ``name``."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    peer = Peer(GOOD)
    plain = peer._serve

    def serve(sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock.settimeout(2)
            plain(context.wrap_socket(sock, server_side=True))

    peer._serve = serve  # type: ignore[method-assign] # the same peer, with TLS in front
    return peer, authority


@both
@pytest.mark.parametrize(
    ("name", "trusted", "accepted"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("other.example", True, False)],
)
def test_a_certificate_must_be_trusted_and_for_the_host(
    kind: Kind, name: str, trusted: bool, accepted: bool
) -> None:
    """A stranger's certificate, or one for another host, ends the call before anything is sent."""
    peer, authority = tls_peer(name)
    context = ssl.create_default_context()
    if trusted:
        authority.configure_trust(context)
    url = peer.url.replace("http://", "https://")
    with peer, calling(kind, url, verify=context) as client:
        if accepted:
            assert client.submit(PlainRequest()).task_id == "801"
        else:
            with pytest.raises(TransportSecurityError):
                client.submit(PlainRequest())
    assert len(peer.seen) == accepted


@both
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(kind: Kind, status: int) -> None:
    """Neither the key nor the picture goes to another host."""
    with (
        Peer(GOOD) as other,
        Peer(answer(b"", status, [("Location", f"{other.url}/x?sign=1")])) as peer,
        calling(kind, peer.url) as client,
        pytest.raises(Rejected, match=r"redirects to 127\.0\.0\.1"),
    ):
        client.submit(PlainRequest())
    assert other.seen == []


@both
def test_the_key_goes_out_as_a_bearer_token_and_nothing_is_packed(kind: Kind) -> None:
    """Headers of a create, as the server sees them."""
    with Peer(GOOD) as peer, calling(kind, peer.url) as client:
        client.submit(PlainRequest())
    headers = peer.seen[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["accept-encoding"] == "identity"
    assert headers["user-agent"].startswith("kling-facade/")
    assert headers["content-type"] == "application/json"


@both
def test_a_picture_is_streamed_with_its_length_known(kind: Kind, tmp_path: Any) -> None:
    """The body is ordinary JSON at the other end, and a repeated call sends it whole again."""
    picture = tmp_path / "p.bin"
    picture.write_bytes(bytes(range(256)) * 4096)
    text = Base64Text(lambda: picture.open("rb"), picture.stat().st_size, "p.bin")
    throttled = answer({"code": 1302}, 429)
    with Peer(throttled, GOOD) as peer, calling(kind, peer.url) as client:
        client.submit(PlainRequest(image=text))
    assert len(peer.seen) == 2
    for seen in peer.seen:
        assert "transfer-encoding" not in seen.headers
        assert seen.json["image"] == text.text()
        assert seen.json["external_task_id"] == "ours"


@both
def test_a_connection_closed_between_calls_is_opened_anew(kind: Kind) -> None:
    """It is no failure and costs no retry."""

    def close_after(connection: Any) -> None:
        connection.send(response(task_json()))
        connection.sock.close()

    with Peer(close_after) as peer, calling(kind, peer.url) as client:
        for _ in range(3):
            client.do(client.kling.job("801").refresh())
            time.sleep(0.02)
    assert len(peer.seen) == 3


@both
def test_a_dripping_header_ends_at_the_deadline(kind: Kind) -> None:
    """Each byte comes in time, the whole answer does not."""
    began = time.monotonic()
    limits = Limits(read=5, call=0.5, attempts=1)
    with (
        Peer(drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 1000, gap=0.02)) as peer,
        calling(kind, peer.url, limits=limits) as client,
        pytest.raises(TransientRead),
    ):
        client.do(client.kling.job("801").refresh())
    assert time.monotonic() - began < 3


@both
def test_a_stale_token_is_refused_signed_again_and_accepted(kind: Kind) -> None:
    """The gateway's clock is learned from its Date header on the way."""
    stale = answer({"code": 1003}, 401, [("Date", "Wed, 01 Jan 2031 00:00:00 GMT")])
    with Peer(stale, GOOD) as peer, calling(kind, peer.url) as client:
        client.submit(PlainRequest())
    assert len(peer.seen) == 2


@both
def test_a_wrong_key_is_refused_once_and_not_shown(kind: Kind) -> None:
    """One call, a hint about typing errors, and no key in the text."""
    with (
        Peer(answer({"code": 1002, "message": "api key not found"}, 401)) as peer,
        calling(kind, peer.url) as client,
        pytest.raises(AuthError) as caught,
    ):
        client.submit(PlainRequest())
    assert len(peer.seen) == 1
    assert KEY not in str(caught.value)
    assert "typing errors" in str(caught.value)


@both
def test_an_id_travels_quoted_as_one_segment(kind: Kind) -> None:
    """An external id with odd but legal characters can't leave its segment."""
    with Peer(answer(task_json())) as peer, calling(kind, peer.url) as client:
        client.do(client.kling.job(external_task_id="a:b@c~d").refresh())
    assert peer.seen[0].target == "/kling/v1/videos/image2video/a%3Ab%40c~d"


@both
@pytest.mark.parametrize("task_id", ["img2vid.801", "task:801=a", "8" * 128])
def test_a_job_with_an_id_of_another_kind_is_reached(kind: Kind, task_id: str) -> None:
    """What the gateway calls the job is what it is asked for, by a handle and by a token too."""
    with Peer(answer(task_json(task_id))) as peer, calling(kind, peer.url) as client:
        job = client.submit(PlainRequest())
        client.do(job.refresh())
        client.do(client.kling.job(task_id).refresh())
        client.do(client.kling.job(job.token).refresh())
    asked = [unquote(seen.target.rpartition("/")[2]) for seen in peer.seen[1:]]
    assert asked == [task_id] * 3


@both
def test_an_id_that_no_path_can_hold_is_kept_in_the_error(kind: Kind) -> None:
    """The job is paid: support can find it by what the gateway called it."""
    with (
        Peer(answer(task_json("jobs/801 a"))) as peer,
        calling(kind, peer.url, runtime=skipping_runtime()) as client,
        pytest.raises(OutcomeUnknown) as caught,
    ):
        client.submit(PlainRequest())
    assert caught.value.task_id == "jobs/801 a"
    assert sum(seen.method == "POST" for seen in peer.seen) == 1
