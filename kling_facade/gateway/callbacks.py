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

from attrs import field, frozen

from ..errors import CallbackRefused, InvalidRequest, KlingError
from .answer import Answer
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
        repeated: Whether ``seen`` knew it already: answer 200 and do nothing.
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
    """Remembers callbacks, so that repeated ones can be told. Safe to share between threads.

    One process's memory is enough for one process; several share a table of their own: any function
    will do that takes an id and says whether it was there before.

    Args:
        size: How many are remembered.
    """

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, id_: str) -> bool:
        """Whether this id was seen before; from now on it was."""
        with self._lock:
            known = id_ in self._ids
            self._ids[id_] = None
            self._ids.move_to_end(id_)
            if len(self._ids) > self._size:
                self._ids.popitem(last=False)
        return known


def read(
    body: bytes,
    headers: Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]],
    secret: str | Sequence[str] | None = None,
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
    seen: Callable[[str], bool] | None = None,
    max_body: int = MAX_BODY,
) -> Callback:
    """Reads one callback.

    Args:
        body: The bytes as they came. Not parsed and dumped again: the signature is over the bytes.
        headers: Names in any case; a mapping, or pairs as ASGI has them.
        secret: ``whsec_...``, as the vendor's console shows it; several while one is replaced by
            another (the old one goes on for 7 days, VD4). With a secret, an unsigned callback is
            refused. Without one, signatures are not looked at.
        tolerance: Seconds that a signature may be old, or ahead of our clock.
        now: Seconds since 1970, for tests.
        seen: Says whether an id was there before: a `Seen`, or a function over a table.
        max_body: Largest body in bytes.

    Raises:
        CallbackRefused: It is too large (413), no callback (400), or not signed as it must be
            (401). ``error.http_status`` is what to answer.
        InvalidRequest: A secret is none.

    Example:
        >>> read(b'{"task_id": "801", "task_status": "succeed"}', {}).state
        <State.SUCCEEDED: 'succeed'>
    """
    if len(body) > max_body:
        raise _refuse(413, f"the callback has {len(body)} bytes; {max_body} are allowed")
    named = _lowered(headers)
    verified, id_ = False, None
    if secret is not None:
        keys = [_key(text) for text in ([secret] if isinstance(secret, str) else secret)]
        id_ = _verify(body, named, keys, tolerance, time.time() if now is None else now)
        verified = True
    callback = _parse(body, id_, verified=verified)
    repeated = seen is not None and seen(callback.id)
    return callback if not repeated else _repeated(callback)


def _repeated(callback: Callback) -> Callback:
    from attrs import evolve

    return evolve(callback, repeated=True)


def _refuse(status: int, why: str) -> CallbackRefused:
    return CallbackRefused(why, http_status=status, hint=f"Answer it with HTTP {status}.")


def _lowered(headers: Any) -> dict[str, str]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return {_text(name).lower(): _text(value) for name, value in pairs}


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _parse(body: bytes, id_: str | None, *, verified: bool) -> Callback:
    """The ids and the state of a flat body; of the newer shape too (``id``, ``status``)."""
    try:
        payload = parse_json(body)
    except ValueError as error:
        raise _refuse(400, f"the callback can't be read: {error}") from None
    if not isinstance(payload, dict):
        raise _refuse(400, "the callback is not a JSON object")
    try:
        data = read_task(Answer(200, payload))["data"]
        external = data["task_info"].get("external_task_id")
        external = None if external is None else checked_id(external)
    except KlingError as error:
        raise _refuse(400, f"the callback names no job: {error.message}") from None
    task_id, state = data["task_id"], State.of(data["task_status"])
    id_ = id_ or f"{task_id}:{data['task_status']}"
    return Callback(task_id, external, state, id_, verified, raw=payload)


# --- signatures: Standard Webhooks, as the vendor uses them (VD4, 2026-09) -----------------------


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
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
    content = f"{id_}.{stamp}.".encode() + body
    good = [hmac.digest(key, content, hashlib.sha256) for key in keys]
    claimed = [_signature(part) for part in given.split()]
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
