"""Callbacks: what is posted, when, and to whom."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from kling_facade.sandbox import Sandbox
from kling_facade.sandbox.callbacks import sign
from tests.sandbox.conftest import PATH, Opener, create

Received = list[tuple[str, dict[str, str], bytes]]
SECRET = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="


@pytest.fixture
def listener() -> Iterator[tuple[str, Received]]:
    """An address that takes POSTs, and what it was sent."""
    received: Received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/told?by=sandbox", received
        server.shutdown()
        thread.join()


def until(true: Callable[[], bool]) -> None:
    """Wait for another thread, not for time to pass."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)


def states(received: Received) -> list[str]:
    """The states that were told."""
    return [json.loads(body)["task_status"] for _, _, body in received]


def test_each_change_is_told_once_and_in_order(
    opened: Opener, listener: tuple[str, Received]
) -> None:
    """A flat body without envelope (VD4); at the end with the result."""
    url, received = listener
    sandbox, api = opened()
    task_id = api.post(PATH, json=create(callback_url=url, external_task_id="mine")).json()["data"][
        "task_id"
    ]
    until(lambda: len(received) == 1)
    sandbox.advance(40)
    until(lambda: len(received) == 2)
    sandbox.advance(10_000)
    until(lambda: len(sandbox.callbacks) == 3)
    assert states(received) == ["submitted", "processing", "succeed"]
    path, headers, body = received[-1]
    told = json.loads(body)
    assert (path, headers["content-type"]) == ("/told?by=sandbox", "application/json")
    assert (told["task_id"], told["task_info"]) == (task_id, {"external_task_id": "mine"})
    assert told == api.get(f"{PATH}/{task_id}").json()["data"]
    assert [callback.outcome for callback in sandbox.callbacks] == [204, 204, 204]


def test_callbacks_follow_the_sped_up_clock(opened: Opener, listener: tuple[str, Received]) -> None:
    """Nobody has to ask for them."""
    url, received = listener
    _, api = opened(speed=10_000)
    api.post(PATH, json=create(callback_url=url))
    until(lambda: len(received) == 3)


def test_a_failed_job_tells_its_reason(opened: Opener, listener: tuple[str, Received]) -> None:
    """In ``task_status_msg``."""
    url, received = listener
    sandbox, api = opened()
    api.post(PATH, json=create(callback_url=url, image=base64.b64encode(b"no picture").decode()))
    sandbox.advance(10_000)
    until(lambda: len(received) == 3)
    assert states(received)[-1] == "failed"
    assert "can't be read" in json.loads(received[-1][2])["task_status_msg"]


def test_with_a_secret_callbacks_are_signed(opened: Opener, listener: tuple[str, Received]) -> None:
    """Standard Webhooks: HMAC-SHA256 over id, time and body."""
    url, received = listener
    _, api = opened(webhook_secret=SECRET, wall=lambda: 1_781_080_794.5)
    api.post(PATH, json=create(callback_url=url))
    until(lambda: len(received) == 1)
    _, headers, body = received[0]
    assert headers["webhook-timestamp"] == "1781080794"
    signed = f"{headers['webhook-id']}.1781080794.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_the_vendors_test_vector() -> None:
    """The signature is the vendor's own for its example (VD4 2026-09-20)."""
    body = (
        b'{"id":"1234567890","status":"succeeded","message":"",'
        b'"create_time":1781080778802,"update_time":1781080794151}'
    )
    headers = sign(SECRET, "9876543210", 1781080794, body)
    assert headers["webhook-signature"] == "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="


@pytest.mark.parametrize(
    "url", ["https://example.com/told", "http://192.0.2.7/told", "http://localhost.example/"]
)
def test_other_machines_are_not_called(opened: Opener, url: str) -> None:
    """It is noted instead: the sandbox does not use the network."""
    sandbox, api = opened()
    api.post(PATH, json=create(callback_url=url))
    (callback,) = sandbox.callbacks
    assert (callback.url, str(callback.outcome)[:8]) == (url, "not sent")


def test_a_callback_nobody_takes_is_noted(opened: Opener) -> None:
    """And the job goes on."""
    sandbox, api = opened()
    api.post(PATH, json=create(callback_url="http://127.0.0.1:9/told"))
    until(lambda: len(sandbox.callbacks) == 1)
    assert "not delivered" in str(sandbox.callbacks[0].outcome)


def test_closing_leaves_no_callback_thread(listener: tuple[str, Received]) -> None:
    """What is not yet due is not sent."""
    url, received = listener
    before = set(threading.enumerate())
    with Sandbox(speed=1) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}
        httpx.post(
            f"{sandbox.base_url}{PATH}",
            json=create(callback_url=url),
            headers=headers,
            trust_env=False,
        )
        until(lambda: len(received) == 1)
    left = [t for t in set(threading.enumerate()) - before if t.name.startswith("sandbox")]
    assert not left


BAD_ADDRESSES = [
    "http://127.0.0.1:99999/told",
    "http://127.0.0.1:0/told",
    "http://127.0.0.1:-1/told",
    "http://127.0.0.1:" + "9" * 5000,
    "http://127.0.0.1:\uff18\uff10/told",
    "http://[::1/told",
    "http://[127.0.0.1]/told",
    "http://localhost:port/told",
    "not an address",
]
ODD_ADDRESSES = [
    "http://127.0.0.1:9/\u00e9 told?by=\u732b",
    "http://127.0.0.1:9/told\r\nX-Injected: 1",
    "http://user:password@127.0.0.1:9/told",
    "http://[::1]:9/told",
    "http://127.0.0.1:9" + "/x" * 5000,
]


@pytest.mark.parametrize("prefix", ["", "/kling"])
def test_one_bad_address_does_not_end_the_others(
    opened: Opener, listener: tuple[str, Received], prefix: str
) -> None:
    """Each is noted with the reason, and the next job's callbacks still come."""
    url, received = listener
    sandbox, api = opened()
    path = prefix + PATH.removeprefix("/kling")
    for address in [*BAD_ADDRESSES, *ODD_ADDRESSES]:
        answer = api.post(path, json=create(callback_url=address))
        assert answer.status_code == 200, answer.text
    api.post(path, json=create(callback_url=url))
    until(lambda: len(received) == 1)
    noted = {callback.url: str(callback.outcome) for callback in sandbox.callbacks}
    assert all(noted[address].startswith("not sent") for address in BAD_ADDRESSES)
    until(lambda: len(sandbox.callbacks) >= len(BAD_ADDRESSES) + len(ODD_ADDRESSES) + 1)
    noted = {callback.url: str(callback.outcome) for callback in sandbox.callbacks}
    assert all(noted[address].startswith("not delivered") for address in ODD_ADDRESSES)


def test_a_secret_that_is_not_base64_is_refused_at_once() -> None:
    """Not by the first callback, in a thread that nobody looks at."""
    with pytest.raises(ValueError, match="base64"):
        Sandbox(webhook_secret="whsec_nothing!")
