"""Callbacks are hints: read strictly, verified where they can be, confirmed by a look-up."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from kling_facade import Kling, callbacks
from kling_facade.errors import CallbackRefused, InvalidRequest
from kling_facade.gateway.callbacks import Seen, read
from kling_facade.gateway.task import State
from kling_facade.sandbox.callbacks import sign
from tests.support.both_clients import KEY, Kind, calling
from tests.support.misbehaving_server import Peer, answer, task_json

SECRET = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="
OTHER = "whsec_" + base64.b64encode(b"another secret of 32 bytes......").decode()

# The vendor's own test vector (VD4, 2026-09-20).
VECTOR_BODY = (
    b'{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,'
    b'"update_time":1781080794151}'
)
VECTOR_TIME = 1781080794
VECTOR = {
    "webhook-id": "9876543210",
    "webhook-timestamp": str(VECTOR_TIME),
    "webhook-signature": "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=",
}

FLAT = json.dumps(
    {
        "task_id": "801",
        "task_status": "succeed",
        "task_status_msg": "",
        "created_at": 1722769557708,
        "updated_at": 1722769657708,
        "final_unit_deduction": "2.5",
        "task_info": {"parent_video": {}, "external_task_id": "ours"},
        "task_result": {
            "images": [],
            "videos": [{"id": "v", "url": "https://cdn/v", "duration": "5"}],
        },
    }
).encode()

KINDS: list[Kind] = ["sync", "async"]


def test_the_vendors_test_vector_is_verified() -> None:
    """Key, content and encoding are as the vendor documents them."""
    event = read(VECTOR_BODY, VECTOR, SECRET, now=VECTOR_TIME)
    assert (event.task_id, event.state, event.id) == ("1234567890", State.SUCCEEDED, "9876543210")
    assert event.verified


def test_the_flat_body_gives_ids_and_state() -> None:
    """Without a secret it is unverified."""
    event = read(FLAT, {})
    assert (event.task_id, event.external_task_id) == ("801", "ours")
    assert (event.state, event.verified, event.repeated) == (State.SUCCEEDED, False, False)
    assert event.raw["final_unit_deduction"] == "2.5"


@given(
    # No key that means something: a callback with an error's "code" is refused, signed or not.
    body=st.dictionaries(st.text(max_size=5).map("x-".__add__), st.text(max_size=9), max_size=3),
    id_=st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=20),
    key=st.binary(min_size=16, max_size=64),
)
def test_two_other_implementations_agree_on_signatures(
    body: dict[str, str], id_: str, key: bytes
) -> None:
    """The Standard Webhooks library and the sandbox sign what we verify."""
    content = json.dumps({**body, "task_id": "801"}).encode()
    secret = "whsec_" + base64.b64encode(key).decode()
    now = datetime.now(UTC)
    theirs = Webhook(secret).sign(id_, now, content.decode())
    headers = {
        "Webhook-Id": id_,
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": theirs,
    }
    assert read(content, headers, secret).verified
    assert read(content, sign(secret, id_, int(now.timestamp()), content), secret).verified
    Webhook(secret).verify(content.decode(), sign(secret, id_, int(now.timestamp()), content))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v2,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="},
        {"webhook-signature": "v1a,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="},
        {"webhook-signature": "UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1," + "A" * 5000},
        {"webhook-id": "other"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(VECTOR_TIME + 1)},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": ""},
    ],
)
def test_a_signature_that_is_not_right_is_refused(change: dict[str, str]) -> None:
    """401, whichever part is wrong."""
    with pytest.raises(CallbackRefused) as caught:
        read(VECTOR_BODY, {**VECTOR, **change}, SECRET, now=VECTOR_TIME)
    assert caught.value.http_status == 401


@given(st.integers(0, len(VECTOR_BODY) - 1), st.integers(1, 255))
def test_a_changed_byte_breaks_the_signature(where: int, by: int) -> None:
    """Wherever it is."""
    body = bytearray(VECTOR_BODY)
    body[where] ^= by
    with pytest.raises(CallbackRefused):
        read(bytes(body), VECTOR, SECRET, now=VECTOR_TIME)


@pytest.mark.parametrize(("late", "good"), [(299, True), (301, False), (-299, True), (-301, False)])
def test_an_old_or_early_signature_is_refused(late: float, good: bool) -> None:
    """Five minutes each way: a recorded callback can't be played again for ever."""
    if good:
        assert read(VECTOR_BODY, VECTOR, SECRET, now=VECTOR_TIME + late).verified
    else:
        with pytest.raises(CallbackRefused, match="too old"):
            read(VECTOR_BODY, VECTOR, SECRET, now=VECTOR_TIME + late)


def test_secrets_can_be_rotated_on_both_sides() -> None:
    """Several secrets here, several signatures there: one match is enough."""
    assert read(VECTOR_BODY, VECTOR, [OTHER, SECRET], now=VECTOR_TIME).verified
    both = {**VECTOR, "webhook-signature": f"v1,AAAA {VECTOR['webhook-signature']}"}
    assert read(VECTOR_BODY, both, SECRET, now=VECTOR_TIME).verified
    with pytest.raises(CallbackRefused):
        read(VECTOR_BODY, VECTOR, [OTHER], now=VECTOR_TIME)
    with pytest.raises(CallbackRefused):
        read(VECTOR_BODY, VECTOR, [], now=VECTOR_TIME)


def test_an_unsigned_callback_is_refused_where_a_secret_is_set() -> None:
    """Leaving the headers out must not be a way around."""
    with pytest.raises(CallbackRefused, match="not signed") as caught:
        read(FLAT, {}, SECRET)
    assert caught.value.http_status == 401


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "canary-secret", "whsec_QUFB"])
def test_a_secret_that_is_none_is_refused_unseen(secret: str) -> None:
    """An empty key would let everybody sign."""
    with pytest.raises(InvalidRequest) as caught:
        read(VECTOR_BODY, VECTOR, secret, now=VECTOR_TIME)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * (50 * 1024 * 1024), 413),
        (b"", 400),
        (b"no json", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'{"task_status": "succeed"}', 400),
        (b'{"task_id": "../x"}', 400),
        (b'{"task_id": {"a": 1}}', 400),
        (b'{"task_id": "1", "task_id": "2"}', 400),
        (b'{"task_id": "1", "task_info": {"external_task_id": "../../x"}}', 400),
        (b"[" * 100_000, 400),
        (b"\xff\xfe", 400),
        (b'{"code": 1203, "message": "x"}', 400),
    ],
    ids=range(13),
)
def test_what_is_no_callback_is_refused(body: bytes, status: int) -> None:
    """With the status to answer, and without another exception."""
    with pytest.raises(CallbackRefused) as caught:
        read(body, {})
    assert caught.value.http_status == status
    assert len(str(caught.value)) < 500


@given(st.binary(max_size=200), st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
def test_no_bytes_break_it(body: bytes, headers: dict[str, str]) -> None:
    """Whatever comes, it is a callback or refused."""
    for secret in (None, SECRET):
        status = 200
        try:
            read(body, headers, secret)
        except CallbackRefused as error:
            status = error.http_status or 0
        assert status in (200, 400, 401, 413)


def test_headers_may_come_as_asgi_has_them() -> None:
    """Pairs of bytes, in any case."""
    pairs = [(name.title().encode(), value.encode()) for name, value in VECTOR.items()]
    assert read(VECTOR_BODY, pairs, SECRET, now=VECTOR_TIME).verified


def test_a_repeated_callback_is_marked() -> None:
    """The same id again, whether signed or not; another state of the job is another callback."""
    seen = Seen(size=2)
    assert not read(FLAT, {}, seen=seen).repeated
    assert read(FLAT, {}, seen=seen).repeated
    assert not read(FLAT.replace(b"succeed", b"processing"), {}, seen=seen).repeated
    assert not read(VECTOR_BODY, VECTOR, SECRET, now=VECTOR_TIME, seen=seen).repeated
    assert read(VECTOR_BODY, VECTOR, SECRET, now=VECTOR_TIME, seen=seen).repeated
    assert not read(FLAT, {}, seen=seen).repeated, "only the last two are remembered"


def test_a_refused_callback_is_not_remembered() -> None:
    """A forged one must not make the real one look repeated."""
    seen = Seen()
    with pytest.raises(CallbackRefused):
        read(VECTOR_BODY, {**VECTOR, "webhook-signature": "v1,AAAA"}, SECRET, seen=seen)
    assert not read(VECTOR_BODY, VECTOR, SECRET, now=VECTOR_TIME, seen=seen).repeated


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_callback_only_makes_us_look(kind: Kind) -> None:
    """It says "succeed" with an address of its own; the gateway says "processing"."""
    with Peer(answer(task_json())) as peer, calling(kind, peer.url) as client:
        forged = read(FLAT.replace(b"https://cdn/v", b"https://evil/v"), {})
        job = forged.job(client.kling)
        assert job.task is None
        client.do(job.refresh())
    assert job.state is State.PROCESSING
    assert job.task is not None
    assert job.task.videos == ()
    assert [seen.target for seen in peer.seen] == ["/kling/v1/videos/image2video/801"]


def test_the_module_is_loaded_by_name() -> None:
    """``from kling_facade import callbacks``."""
    assert callbacks.read is read
    with Kling(KEY, base_url="http://127.0.0.1:1") as kling:
        handle: Any = read(FLAT, {}).job(kling)
    assert handle.external_task_id == "ours"
