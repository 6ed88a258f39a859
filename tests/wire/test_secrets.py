"""Keys and signed addresses stay out of tracebacks, logs and words; other clients are let be."""

from __future__ import annotations

import asyncio
import logging
import traceback
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from kling_facade import ApiKey
from kling_facade.errors import AuthError, DownloadError, JobFailed, OutcomeUnknown
from kling_facade.gateway.gateway import Gateway
from kling_facade.limits import Limits
from kling_facade.wire.link import Link, Reply
from tests.support.both_clients import KEY, Kind, PlainRequest, calling
from tests.support.misbehaving_server import Peer, answer
from tests.support.scripted_gateway import SIGN, Spoiled, Stage

KINDS: list[Kind] = ["sync", "async"]


def shown(error: BaseException, *, all_frames: bool = False) -> str:
    """All that a report with locals shows, but for the frames of the tests themselves."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in told.stack if all_frames or "/tests/" not in frame.filename]
    return repr([frame.locals for frame in frames]) + repr(error) + str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_a_gateway_that_repeats_the_key_does_not_bring_it_out(
    kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    """In the error, in a report with locals, in a log of everything."""
    caplog.set_level(logging.DEBUG)
    words = {"error": {"message": f"Incorrect API key provided: {KEY}", "code": f"bad {KEY}"}}
    with (
        Peer(answer(words, 401)) as peer,
        calling(kind, peer.url) as client,
        pytest.raises(AuthError, match="Incorrect API key") as caught,
    ):
        client.submit(PlainRequest())
    assert KEY not in shown(caught.value)
    assert KEY not in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_address_in_a_reason_is_cut(
    kind: Kind, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Gateways quote the picture that they could not fetch."""
    caplog.set_level(logging.DEBUG)
    reason = f"could not fetch https://cdn.example/fox.png?sign={SIGN}"
    with (
        Stage(reason=reason) as stage,
        calling(kind, stage.url) as client,
        pytest.raises(JobFailed, match="could not fetch") as caught,
    ):
        client.generate(PlainRequest(), tmp_path / "v.mp4")
    assert SIGN not in shown(caught.value)
    assert SIGN not in caplog.text


class Interrupting:
    """A pool that is interrupted while a request's head is in one of its frames."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def handle_request(self, request: httpcore.Request) -> Any:
        """Raises where httpcore writes the head."""
        headers = list(request.headers)
        assert headers
        raise self.error

    async def handle_async_request(self, request: httpcore.Request) -> Any:
        """The same."""
        return self.handle_request(request)

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""


INTERRUPTIONS = [
    (KeyboardInterrupt, KeyboardInterrupt),
    (asyncio.CancelledError, asyncio.CancelledError),
    (RuntimeError, OutcomeUnknown),
    (TimeoutError, OutcomeUnknown),
    (ValueError, OutcomeUnknown),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("error", "ends"), INTERRUPTIONS)
def test_whatever_ends_an_exchange_leaves_the_key_behind(
    kind: Kind,
    error: type[BaseException],
    ends: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C while the head is written, a cancelled task, an error of any class.

    The frames that hold the head are gone. After a create, none of them says that nothing was made.
    """
    pool = Interrupting(error("while writing"))
    with pytest.raises(error) as caught:
        pool.handle_request(httpcore.Request("GET", "http://x", headers=[("Authorization", KEY)]))
    assert KEY in shown(caught.value, all_frames=True), "the control: such a frame shows the key"
    monkeypatch.setattr("kling_facade.wire.api_client.make_pool", lambda *_: pool)
    monkeypatch.setattr("kling_facade.wire.api_client.make_async_pool", lambda *_: pool)
    with calling(kind, "http://127.0.0.1:9") as client, pytest.raises(ends) as caught:
        client.submit(PlainRequest())
    assert KEY not in shown(caught.value)


def test_internal_objects_can_be_shown() -> None:
    """A debugger asks for the repr of all that it meets: none raises, none has the key."""
    link = Link(Gateway("https://x.example"), ApiKey(KEY), Limits(), "agent")
    out = link.request("GET", "/kling/v1/videos/image2video/801", None, None)
    reply = Reply("/x", 200, {}, b'{"data": {"task_id": "801"}}', out.hide)
    for thing in (link, out, reply, link.translate(reply, paid=False), out.hide):
        assert KEY not in repr(thing)


def test_the_logs_of_other_clients_are_left_as_they_are(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Ours are cut; those of another httpx client in the same process are not."""
    caplog.set_level(logging.DEBUG)
    with Stage() as stage, calling("sync", stage.url) as client:
        client.generate(PlainRequest(), tmp_path / "v.mp4")
    assert SIGN not in caplog.text
    moved = answer(b"", 302, [("Location", "/there?token=theirs")])
    with Peer(moved) as peer, httpx.Client(trust_env=False) as other:
        other.get(f"{peer.url}/here?query=kept")
    assert "query=kept" in caplog.text
    assert "token=theirs" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_of_the_gateway_that_wants_the_key_is_given_it(
    kind: Kind, tmp_path: Path
) -> None:
    """New API serves a film at an address of its own, to its users only."""
    with Stage(faults={"D": [Spoiled(answer(b"", 401))]}) as stage:
        with calling(kind, stage.url) as client:
            client.generate(PlainRequest(), tmp_path / "v.mp4")
        keys = [seen.headers.get("authorization") for seen in stage.seen if "/v/" in seen.target]
    assert keys == [None, f"Bearer {KEY}"]


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_else_is_given_the_key(kind: Kind, tmp_path: Path) -> None:
    """Another port is another server. Its 401 does not mean that the film has expired."""
    with Peer(answer(b"", 401)) as other, Stage(address=f"{other.url}/v.mp4") as stage:
        with (
            calling(kind, stage.url) as client,
            pytest.raises(DownloadError, match="asks for a key") as caught,
        ):
            client.generate(PlainRequest(), tmp_path / "v.mp4")
        assert not any("authorization" in seen.headers for seen in other.seen)
    assert caught.value.http_status == 401
