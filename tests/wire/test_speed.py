"""What makes calls cheap must not change what they mean."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import subprocess
import sys
import time
from typing import Any

import httpcore
import pytest

from kling_facade.builders.pictures import base64_text as payload
from kling_facade.builders.pictures.base64_text import CHUNK, Base64Text
from kling_facade.wire import network
from kling_facade.wire.body import Body
from kling_facade.wire.deadlines import AsyncGate, Gate, deadline
from tests.support.both_clients import Kind, PlainRequest, calling
from tests.support.misbehaving_server import Connection, Peer, answer, task_json

KINDS: list[Kind] = ["sync", "async"]
both = pytest.mark.parametrize("kind", KINDS)

GOOD = answer(task_json(task_info={"external_task_id": "ours"}))


def run_python(program: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout


def test_importing_loads_next_to_nothing() -> None:
    """Neither httpx nor Pillow nor the generated code, not even typing."""
    loaded = run_python(
        "import sys; before = set(sys.modules); import kling_facade; "
        "print(*sorted(m.partition('.')[0] for m in set(sys.modules) - before))"
    )
    assert set(loaded.split()) <= {"kling_facade", "__future__"}


def test_checking_a_request_loads_no_network_and_no_pictures() -> None:
    """A request with an address is built and checked without httpx, Pillow or generated code."""
    loaded = run_python(
        "import sys\n"
        "from kling_facade import ImageToVideo\n"
        "assert not ImageToVideo('https://example.com/fox.png', prompt='it turns').problems()\n"
        "print(*{'httpx', 'httpcore', 'PIL', 'kling_client', 'anyio', 'numpy', 'hashlib', 'json', "
        "'kling_facade.builders.motion', 'kling_facade.builders.camera', "
        "'kling_facade.builders.voice'} "
        "& set(sys.modules))"
    )
    assert loaded.split() == []


@pytest.mark.parametrize("module", ["pybase64", "base64"])
def test_base64_is_the_same_from_either_encoder(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without the extra, for lengths around the edges of chunks."""
    if module == "base64":
        monkeypatch.setitem(sys.modules, "pybase64", None)
    else:
        pytest.importorskip("pybase64")
    payload._encoder.cache_clear()
    try:
        for size in (0, 1, 2, 3, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 2):
            data = bytes(index % 251 for index in range(size))
            text = Base64Text(lambda data=data: io.BytesIO(data), size, "x")  # type: ignore[misc]
            assert text.text() == base64.b64encode(data).decode()
            assert len(text.text()) == text.encoded_length
    finally:
        payload._encoder.cache_clear()


def test_a_body_of_several_pictures_is_the_json_it_stands_for() -> None:
    """Pictures anywhere in the value; the announced length is the real one; twice the same."""

    def picture(data: bytes) -> Base64Text:
        return Base64Text(lambda: io.BytesIO(data), len(data), "x")

    value = {
        "image": picture(b"first"),
        "prompt": 'a "fox" \u2028 jumps <<<voice_1>>>',
        "dynamic_masks": [{"mask": picture(b""), "trajectories": [{"x": 1, "y": 2}]}],
        "static_mask": picture(b"\xff" * 1000),
    }
    body = Body(value)
    whole = b"".join(body)
    assert len(whole) == body.length
    assert json.loads(whole) == payload.expand(value)
    assert b"".join(body) == whole


@both
def test_head_and_body_of_a_small_call_leave_together(kind: Kind) -> None:
    """One packet, so that the gateway wakes up once."""
    sizes: list[int] = []

    class Counting(Peer):
        def _receive(self, sock: Any) -> bytes:
            data = super()._receive(sock)
            if data:
                sizes.append(len(data))
            return data

    with Counting(GOOD) as peer, calling(kind, peer.url) as caller:
        caller.submit(PlainRequest())
        assert json.loads(peer.seen[0].body)["external_task_id"] == "ours"
    assert len(sizes) == 1


@both
def test_a_connection_that_was_closed_meanwhile_is_not_used(kind: Kind) -> None:
    """The server hangs up after each answer: each call finds out and opens a new connection."""

    def close_after(connection: Connection) -> None:
        GOOD(connection)
        connection.sock.close()

    with Peer(close_after) as peer, calling(kind, peer.url) as caller:
        job = caller.submit(PlainRequest())
        for _ in range(3):
            time.sleep(0.05)
            caller.do(job.refresh())
        assert peer.connections == 4
        assert len(peer.seen) == 4


@both
def test_calls_share_a_kept_connection(kind: Kind) -> None:
    """One connection for one caller."""
    with Peer(GOOD) as peer, calling(kind, peer.url) as caller:
        job = caller.submit(PlainRequest())
        for _ in range(5):
            caller.do(job.refresh())
        assert peer.connections == 1


def test_an_early_answer_is_read_though_the_body_did_not_go_out() -> None:
    """What could not be sent is no reason to miss what was answered."""

    class Half(httpcore.NetworkStream):
        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            raise httpcore.WriteError("reset")

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return b"HTTP/1.1 413 Too large\r\n\r\n"

    stream = network._Stream(Half())
    stream.write(b"small")
    assert stream.read(100).startswith(b"HTTP/1.1 413")
    with pytest.raises(httpcore.WriteError):
        stream.write(b"x" * 100_000)


def test_the_gate_lets_so_many_through() -> None:
    """One more waits, until its call has no time left."""
    gate = Gate(1)
    with gate:
        with deadline(0.02), pytest.raises(httpcore.PoolTimeout), gate:
            pass
    with gate:
        pass


def test_the_async_gate_does_the_same() -> None:
    """First come, first served; the late one is told."""

    async def main() -> list[int]:
        gate, order = AsyncGate(1), []

        async def enter(number: int) -> None:
            async with gate:
                order.append(number)
                await asyncio.sleep(0.01)

        await asyncio.gather(*(enter(number) for number in range(4)))
        async with gate:
            with deadline(0.02), pytest.raises(httpcore.PoolTimeout):
                async with gate:
                    pass
        return order

    assert asyncio.run(main()) == [0, 1, 2, 3]


def test_an_idle_socket_that_is_gone_counts_as_used_up() -> None:
    """No socket, or a closed one, is never taken for a good connection."""
    import socket

    left, right = socket.socketpair()
    assert not network._has_unread(left)
    right.sendall(b"x")
    assert network._has_unread(left)
    left.close()
    right.close()
    assert network._has_unread(left)
    assert network._has_unread(None)


@both
def test_one_tls_context_serves_all_connections(kind: Kind) -> None:
    """The certificates are read once for a client."""
    with calling(kind, "https://gateway.example.com") as caller:
        first = caller.kling._session.settings()["verify"]
        assert caller.kling._session.settings()["verify"] is first
        place = caller.kling._session.new_place()()
        assert place.once("api", object) is place.once("api", object)
