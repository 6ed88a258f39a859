"""Callbacks are hints: read strictly, verified where they can be, confirmed by a look-up."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from http.client import HTTPMessage
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from starlette.datastructures import Headers as StarletteHeaders

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


@pytest.mark.parametrize("error", [KeyError("x"), ZeroDivisionError(), RuntimeError()])
def test_headers_that_fail_are_refused(error: Exception) -> None:
    """Whatever a framework's own object raises, the caller gets one class of error."""

    class Broken:
        def items(self) -> Any:
            raise error

    with pytest.raises(CallbackRefused, match="came as Broken"):
        read(VECTOR_BODY, Broken(), SECRET, now=VECTOR_TIME)  # type: ignore[arg-type]


def test_headers_may_come_as_asgi_has_them() -> None:
    """Pairs of bytes, in any case."""
    pairs = [(name.title().encode(), value.encode()) for name, value in VECTOR.items()]
    assert read(VECTOR_BODY, pairs, SECRET, now=VECTOR_TIME).verified


def signed(body: bytes, id_: str = "msg_1") -> dict[str, str]:
    """Headers that are good now."""
    return sign(SECRET, id_, int(time.time()), body)


def test_a_callback_is_repeated_once_its_work_is_done() -> None:
    """Reading marks nothing: a callback whose work failed is sent again, and worked on again."""
    seen = Seen(size=2)
    for _ in range(2):
        event = read(FLAT, signed(FLAT), SECRET, seen=seen)
        assert not event.repeated
    seen.add(event.id)
    assert read(FLAT, signed(FLAT), SECRET, seen=seen).repeated
    for id_ in ("msg_2", "msg_3"):
        assert not read(FLAT, signed(FLAT, id_), SECRET, seen=seen).repeated
        seen.add(id_)
    assert event.id not in seen, "only the last two are remembered"


def test_a_forged_callback_makes_no_real_one_look_repeated() -> None:
    """Without a secret anybody could have sent the first: nothing is called repeated then."""
    asked: list[str] = []

    def seen(id_: str) -> bool:
        asked.append(id_)
        return True

    assert not read(FLAT, {}, seen=seen).repeated
    assert asked == []
    assert read(FLAT, signed(FLAT), SECRET, seen=seen).repeated, "the control: a signed one is"


def framework_headers() -> dict[str, Any]:
    """The test vector's headers as frameworks hand them over."""
    message = HTTPMessage()
    for name, value in VECTOR.items():
        message[name.title()] = value
    pairs = [(name.encode(), value.encode()) for name, value in VECTOR.items()]
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in VECTOR.items()}
    return {
        "starlette": StarletteHeaders(raw=pairs),
        "http.server": message,
        "httpx": httpx.Headers(VECTOR),
        "AWS Lambda, one value each": {name.title(): value for name, value in VECTOR.items()},
        "AWS Lambda, several": {name: [value] for name, value in VECTOR.items()},
        "WSGI": {**environ, "wsgi.version": (1, 0), "wsgi.input": object(), "CONTENT_LENGTH": None},
        "lists": [list(pair) for pair in pairs],
        "a generator": (pair for pair in pairs),
    }


@pytest.mark.parametrize("framework", framework_headers())
def test_headers_are_taken_as_frameworks_have_them(framework: str) -> None:
    """Real objects of the frameworks that are installed here, the shapes of the others."""
    headers = framework_headers()[framework]
    assert read(VECTOR_BODY, headers, SECRET, now=VECTOR_TIME).verified


@pytest.mark.parametrize("make", [bytearray, memoryview, bytes.decode])
def test_a_body_is_taken_as_frameworks_have_it(make: Any) -> None:
    """Any bytes, or the text that they are: the signature is over the same."""
    assert read(make(VECTOR_BODY), VECTOR, SECRET, now=VECTOR_TIME).verified


def test_a_parsed_body_is_taken_without_a_secret_only() -> None:
    """Dumped again it would have other bytes than those that were signed."""
    assert read(json.loads(FLAT), {}).task_id == "801"
    with pytest.raises(CallbackRefused, match="not as bytes") as caught:
        read(json.loads(FLAT), VECTOR, SECRET)
    assert "raw bytes" in str(caught.value.hint)


HALF = "\ud800"
ODD_BODIES: list[Any] = [None, 7, ["x"], object(), HALF, f'"{HALF}"', {"task_id": 1.5}]


@pytest.mark.parametrize("body", ODD_BODIES, ids=range(len(ODD_BODIES)))
@pytest.mark.parametrize("secret", [None, SECRET])
def test_what_is_no_body_is_refused(body: Any, secret: str | None) -> None:
    """As `CallbackRefused`, never as an error of Python's own."""
    with pytest.raises(CallbackRefused) as caught:
        read(body, {}, secret)
    assert caught.value.http_status in (400, 401)


ODD_HEADERS: list[Any] = [None, 7, "text", [1], [("a",)], {"webhook-id": None}, {3: 4}, b"x"]


@pytest.mark.parametrize("headers", ODD_HEADERS, ids=range(len(ODD_HEADERS)))
def test_what_are_no_headers_is_refused(headers: Any) -> None:
    """Where a signature is wanted; elsewhere they are not looked at."""
    assert read(FLAT, headers).task_id == "801"
    with pytest.raises(CallbackRefused):
        read(FLAT, headers, SECRET)


def test_half_characters_in_a_signed_callback_are_no_other_error() -> None:
    """A lone surrogate in a header or behind an escape is refused or kept apart from ids."""
    with pytest.raises(CallbackRefused):
        read(FLAT, {**signed(FLAT), "webhook-id": "\ud800"}, SECRET)
    event = read(b'{"task_id": "801", "task_status": "\\ud800"}', {})
    assert event.state is State.UNKNOWN
    assert event.id.encode()


@pytest.mark.parametrize("secret", [b"whsec_x", 7, [7], [None]])
def test_a_secret_of_another_type_is_refused(secret: Any) -> None:
    """Bytes instead of text, say."""
    with pytest.raises(InvalidRequest):
        read(VECTOR_BODY, VECTOR, secret, now=VECTOR_TIME)


@pytest.mark.parametrize(
    "payload",
    [
        {"task_id": "81", "task_status": "failed", "error": {"code": 1303, "message": "busy"}},
        {"code": 501, "msg": "failed", "data": {"taskId": "81", "state": "fail", "failMsg": "no"}},
        {"task_id": "81", "status": "failed", "error": {"code": 0, "message": ""}},
        {"task_id": "", "data": {"task_id": "81", "task_status": "failed"}},
        {"data": None, "task_id": "81", "task_status": "failed"},
    ],
)
def test_a_jobs_own_error_is_not_the_callbacks(payload: dict[str, Any]) -> None:
    """What names a job and its state is a job, here as in an answer."""
    event = read(json.dumps(payload).encode(), {})
    assert (event.task_id, event.state) == ("81", State.FAILED)


def test_a_refused_callback_is_not_remembered() -> None:
    """A forged one must not make the real one look repeated."""
    seen = Seen()
    with pytest.raises(CallbackRefused):
        read(VECTOR_BODY, {**VECTOR, "webhook-signature": "v1,AAAA"}, SECRET, seen=seen)
    assert not read(VECTOR_BODY, VECTOR, SECRET, now=VECTOR_TIME, seen=seen).repeated
    assert VECTOR["webhook-id"] not in seen


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
