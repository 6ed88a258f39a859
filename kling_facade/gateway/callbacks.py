"""What a gateway posts to ``callback_url``, read with suspicion.

Kling posts a flat body on each change of a job's state (VD4, 2026-09). Since 2026-08-07 an account
may have a secret; then callbacks are signed as Standard Webhooks are. An unsigned one proves
nothing, and even a signed one is old news: take the id from it and ask the gateway.

    event = callbacks.read(body, headers, secret=os.environ.get("KLING_WEBHOOK_SECRET"))
    job = event.job(kling).refresh()
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from attrs import evolve, field, frozen

from ..errors import CallbackRefused, InvalidRequest, KlingError
from .answer import Answer, quote
from .answer_shapes import read_task
from .job_id import Ids, checked_id
from .job_token import write_token
from .strict_json import parse_json
from .task import State

if TYPE_CHECKING:
    from .gateway import Gateway

__all__ = ["MAX_BODY", "TOLERANCE", "Callback", "Seen", "read"]

MAX_BODY: Final = 256 * 1024
"""Bytes of a callback. Real ones have a few hundred; the bound is ours."""

TOLERANCE: Final = 300.0
"""Seconds that a signature may be old, or ahead of our clock (VD4: five minutes)."""

_LONGEST_HEADER: Final = 4096
_FEWEST_KEY_BYTES: Final = 16


_JobT = TypeVar("_JobT", covariant=True)


class _GivesJobs(Protocol[_JobT]):
    """What a callback needs of a client."""

    @property
    def gateway(self) -> Gateway: ...

    def job(self, task_id: str | None = None) -> _JobT: ...


@frozen
class Callback:
    """That a job has changed. It says which one; what it has become is the gateway's to say.

    Attributes:
        task_id: The gateway's id of the job.
        external_task_id: Ours, if the callback has it.
        state: The state it tells. A hint: callbacks may be forged, late or out of order.
        id: Tells this callback from others: the signed id, else task and state.
        verified: Whether a signature was checked and is good.
        repeated: Whether ``seen`` says that the work for it is done: answer 200 and do nothing. An
            unsigned callback is never called repeated: anybody could have sent the first one.
        raw: The body, parsed. Fetch no address from it.
    """

    task_id: str
    external_task_id: str | None
    state: State
    id: str
    verified: bool
    repeated: bool = False
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)

    def job(self, kling: _GivesJobs[_JobT]) -> _JobT:
        """The job's handle. Nothing of the callback but its ids is in it: ``refresh()`` it.

        Args:
            kling: The client to ask with, a `Kling` or an `AsyncKling`.
        """
        ids = Ids(self.external_task_id, self.task_id)
        return kling.job(write_token(kling.gateway, ids))


class Seen:
    """Remembers signed callbacks whose work is done. Safe to share between threads.

        event = callbacks.read(body, headers, secret, seen=seen)
        if not event.repeated:
            work(event)
            seen.add(event.id)

    One process's memory is enough for one process; several share a table of their own: any function
    will do that takes an id and says whether the work for it is done. Add an id after the work, not
    before: a callback is sent again when the first one was answered badly, and the second is what
    the work is done for then.

    Args:
        size: How many are remembered; the oldest is forgotten first.
    """

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, id_: str) -> bool:
        """Whether the work for this callback is done. Asking changes nothing."""
        with self._lock:
            return id_ in self._ids

    __contains__ = __call__

    def add(self, id_: str) -> None:
        """The work for this callback is done."""
        with self._lock:
            self._ids[id_] = None
            self._ids.move_to_end(id_)
            if len(self._ids) > self._size:
                self._ids.popitem(last=False)


Body = bytes | bytearray | memoryview | str | Mapping[str, Any]
"""What frameworks hand over as a body. Most give bytes; AWS Lambda gives text."""

Headers = Mapping[str, Any] | Iterable[tuple[str | bytes, Any]] | None
"""What they hand over as headers; see `read`."""


def read(
    body: Body,
    headers: Headers,
    secret: str | Sequence[str] | None = None,
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
    seen: Callable[[str], bool] | None = None,
    max_body: int = MAX_BODY,
) -> Callback:
    """Reads one callback.

    Args:
        body: The bytes as they came, or the text that they are in UTF-8. The signature is over the
            bytes, so a body that a framework has parsed already is taken only without a secret.
        headers: Names in any case. A mapping of any framework (Starlette, Django, Flask, aiohttp,
            `http.server`, AWS Lambda with one value or several each, a WSGI environment), pairs as
            ASGI has them, or ``None`` for none.
        secret: ``whsec_...``, as the vendor's console shows it; several while one is replaced by
            another (the old one goes on for 7 days, VD4). With a secret, an unsigned callback is
            refused. Without one, signatures are not looked at.
        tolerance: Seconds that a signature may be old, or ahead of our clock.
        now: Seconds since 1970, for tests.
        seen: Says of a signed callback's id whether the work for it is done: a `Seen`, or a
            function over a table. It is asked, and told nothing: see `Seen`.
        max_body: Largest body in bytes.

    Raises:
        CallbackRefused: It is too large (413), no callback (400), or not signed as it must be
            (401). ``error.http_status`` is what to answer.
        InvalidRequest: The secret can't be used as one.

    Example:
        >>> read(b'{"task_id": "801", "task_status": "succeed"}', {}).state
        <State.SUCCEEDED: 'succeed'>
    """
    keys = None if secret is None else _keys(secret)
    if keys is None and isinstance(body, Mapping):
        return _parse(dict(body), None)
    content = _bytes(body)
    if len(content) > max_body:
        raise _refuse(413, f"the callback has {len(content)} bytes; {max_body} are allowed")
    if keys is None:
        return _parse(_parsed(content), None)
    id_ = _verify(content, _named(headers), keys, tolerance, time.time() if now is None else now)
    callback = _parse(_parsed(content), id_)
    return evolve(callback, repeated=True) if seen is not None and seen(id_) else callback


def _refuse(status: int, why: str, hint: str = "") -> CallbackRefused:
    return CallbackRefused(why, http_status=status, hint=hint or f"Answer it with HTTP {status}.")


def _bytes(body: object) -> bytes:
    """The bytes that a signature is over."""
    try:
        if isinstance(body, str):
            return body.encode()
        if isinstance(body, (bytes, bytearray, memoryview)):
            return bytes(body)
    except (UnicodeEncodeError, ValueError):  # half of a character; a released buffer
        raise _refuse(400, "the callback's text can't be written as UTF-8") from None
    raise _refuse(
        400,
        f"the callback's body came as {type(body).__name__}, not as bytes",
        hint="Give read() the raw bytes: `await request.body()` in Starlette and FastAPI, "
        "`request.get_data()` in Flask, `request.body` in Django.",
    )


def _named(headers: Any) -> dict[str, str]:
    """The headers of a signature by their names, whatever framework they come from."""
    named: dict[str, str] = {}
    try:
        items = getattr(headers, "items", None)  # not every framework's are a `Mapping`
        for name, value in items() if callable(items) else headers or ():
            if (key := _name(name)).startswith("webhook-") and value is not None:
                named[key] = f"{named[key]} {_value(value)}" if key in named else _value(value)
    except Exception:  # noqa: BLE001 - a framework's own object may raise anything
        raise _refuse(400, f"the callback's headers came as {type(headers).__name__}") from None
    return named


def _name(name: object) -> str:
    """A name as it is compared. A WSGI environment spells ``HTTP_WEBHOOK_ID``."""
    return _value(name).lower().replace("_", "-").removeprefix("http-")


def _value(value: object) -> str:
    if isinstance(value, (list, tuple)):  # several of one name, as AWS Lambda has them
        return " ".join(map(_value, value))
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        payload = parse_json(content)
    except ValueError as error:
        raise _refuse(400, f"the callback can't be read: {error}") from None
    if not isinstance(payload, dict):
        raise _refuse(400, "the callback is not a JSON object")
    return payload


def _parse(payload: dict[str, Any], id_: str | None) -> Callback:
    """The ids and the state of a flat body, of the newer shape too (``id``, ``status``)."""
    try:
        data = read_task(Answer(200, payload))["data"]
        external = data["task_info"].get("external_task_id")
        external = None if external is None else checked_id(external)
    except (KlingError, RecursionError) as error:
        why = error.message if isinstance(error, KlingError) else "it is nested too deeply"
        raise _refuse(400, f"the callback names no job: {why}") from None
    task_id, word = data["task_id"], data["task_status"]
    return Callback(
        task_id,
        external,
        State.of(word),
        id_ or f"{task_id}:{quote(word)}",
        verified=id_ is not None,
        raw=payload,
    )


# --- signatures: Standard Webhooks, as the vendor uses them (VD4, 2026-09) -----------------------


def _keys(secret: str | Sequence[str]) -> list[bytes]:
    several = isinstance(secret, Iterable) and not isinstance(secret, (str, bytes))
    return [_key(text) for text in (secret if several else [secret])]


def _key(secret: Any) -> bytes:
    try:
        key = base64.b64decode(secret.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError, AttributeError, TypeError):
        key = b""
    if len(key) < _FEWEST_KEY_BYTES:
        raise InvalidRequest(
            "a webhook secret can't be used: it is not base64 of a key, with or without 'whsec_'",
            hint="Copy it again from the vendor's console. The secret itself is not shown here.",
        )
    return key


def _verify(
    body: bytes, headers: Mapping[str, str], keys: Sequence[bytes], tolerance: float, now: float
) -> str:
    """The signed id, if one signature is by one of the keys and of our time."""
    id_, stamp, given = (headers.get(f"webhook-{n}", "") for n in ("id", "timestamp", "signature"))
    if not (id_ and stamp and given):
        raise _refuse(401, "the callback is not signed, and a secret is set")
    if max(len(id_), len(stamp), len(given)) > _LONGEST_HEADER:
        raise _refuse(401, "the callback's signature is too long to be one")
    content = f"{id_}.{stamp}.".encode("utf-8", "surrogatepass") + body
    good = [hmac.digest(key, content, hashlib.sha256) for key in keys]
    claimed = [_signature(part.rstrip(",")) for part in given.split()]
    # Every pair is compared, so that the time taken says nothing.
    matches = [hmac.compare_digest(ours, theirs) for ours in good for theirs in claimed]
    if not any(matches):
        raise _refuse(401, "the callback's signature is wrong")
    if abs(_seconds(stamp) - now) > tolerance:
        raise _refuse(401, "the callback's signature is too old, or of the future")
    return id_


def _signature(part: str) -> bytes:
    version, _, text = part.partition(",")
    try:
        return base64.b64decode(text, validate=True) if version == "v1" else b""
    except (binascii.Error, ValueError):
        return b""


def _seconds(stamp: str) -> float:
    return float(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) < 16 else -math.inf
