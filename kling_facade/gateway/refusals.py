"""How answers are read: any gateway's JSON becomes the contract's shape, or a typed error.

Gateways wrap Kling's answers in their own ways, as their pages show (2026-11). `read_task` and
`read_tasks` give the one shape the generated models parse. Whether an answer is an error is decided
by Kling's ``code`` first and by the HTTP status only where there is no code: Kling answers 429 both
for "wait" (1302, 1303) and for "pay" (1100 to 1102), and reports a failed job with 200 and code 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from attrs import field, frozen

from ..errors import (
    AccountError,
    AlreadyExists,
    AuthError,
    BadResponse,
    InvalidRequest,
    JobNotFound,
    KlingError,
    NotSent,
    OutcomeUnknown,
    PolicyRejected,
    Rejected,
    Throttled,
    TransientRead,
)
from .task import OTHER_TASKS, State, read_time

__all__ = ["Answer", "read_task", "read_tasks"]

_TASK_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LAYERS: Final = 4
_LONGEST_QUOTE: Final = 200


@frozen
class Answer:
    """One HTTP answer, read to the end and parsed.

    Attributes:
        status: The HTTP status.
        payload: The parsed JSON, or ``None``.
        unreadable: Why there is no payload, or ``None``.
        paid: Whether the call was a create: then an unclear answer may have made a job.
        retry_after: Seconds from ``Retry-After``, as they came.
        location: Host that a redirect points to.
    """

    status: int
    payload: Any = field(default=None, repr=False)
    unreadable: str | None = None
    paid: bool = False
    retry_after: float | None = None
    location: str | None = None


def read_task(answer: Answer) -> dict[str, Any]:
    """The answer to a create or a look-up as ``{code, message, request_id, data: {...}}``.

    Raises:
        KlingError: The class the answer means; see the module's text.
    """
    payload = _payload(answer)
    data = payload.get("data")
    if isinstance(data, list) and data:
        return _envelope(
            payload, _earliest(answer, [_task(answer, _layers(item)) for item in data])
        )
    if "data" in payload and not isinstance(data, dict):
        raise _broken(answer, f"'data' is {_kind(data)}, not an object")
    return _envelope(payload, _task(answer, _layers(payload)))


def read_tasks(answer: Answer) -> dict[str, Any]:
    """The answer to a list as ``{code, message, request_id, data: [...]}``.

    Raises:
        KlingError: The class the answer means.
    """
    payload = _payload(answer)
    items = next(
        (found for layer in _layers(payload) if (found := _items(layer)) is not None), None
    )
    if items is None:
        raise _broken(answer, f"'data' is {_kind(payload.get('data'))}, not a list")
    return _envelope(payload, [_task(answer, _layers(item)) for item in items])


def _earliest(answer: Answer, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """One of several jobs found under one id: the first made, with the others named."""
    never = datetime.max.replace(tzinfo=UTC)
    if len(tasks) > 1:
        known_as = {task["task_info"].get("external_task_id") for task in tasks}
        if len(known_as) > 1 or not all(known_as):
            raise _broken(answer, f"it has {len(tasks)} jobs, and does not say which is ours")
    first, *others = sorted(tasks, key=lambda task: read_time(task.get("created_at")) or never)
    return {**first, OTHER_TASKS: [task["task_id"] for task in others]} if others else first


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")


def _envelope(payload: Mapping[str, Any], data: Any) -> dict[str, Any]:
    message = payload.get("message")
    return {
        "code": 0,
        "message": message if isinstance(message, str) else "",
        "request_id": _request_id(payload) or "",
        "data": data,
    }


def _payload(answer: Answer) -> dict[str, Any]:
    """The payload of a good answer; raises what a bad one means."""
    payload = answer.payload
    if isinstance(payload, dict):
        code = _code(payload)
        if code is not None or not 200 <= answer.status < 300:
            raise _refusal(answer, payload, code)
        return payload
    if not 200 <= answer.status < 300:
        raise _refusal(answer, {}, None)
    raise _broken(answer, answer.unreadable or f"the answer is {_kind(payload)}, not an object")


# --- what an error answer means ------------------------------------------------------------------

_GOOD_WORDS: Final = frozenset({"success", "succeed", "succeeded", "ok", "0", "200", ""})


def _code(payload: Mapping[str, Any]) -> int | str | None:
    """The business code of an answer that is an error; ``None`` when it is not one."""
    error = payload.get("error")
    if isinstance(error, dict) or (isinstance(error, str) and error):
        inner = error.get("code") if isinstance(error, dict) else None
        return _as_code(inner) or _as_code(payload.get("code")) or "error"
    if payload.get("success") is False:
        return _as_code(payload.get("code")) or "error"
    return _as_code(payload.get("code"))


def _as_code(value: Any) -> int | str | None:
    if isinstance(value, bool) or value in (None, 0, 200):
        return None
    if isinstance(value, int):
        return value
    text = str(value).strip()
    if text.lower() in _GOOD_WORDS:
        return None
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text) if int(text) not in (0, 200) else None
    return text[:64]


_BY_CODE: Final[Mapping[int, tuple[type[KlingError], str]]] = {
    1000: (AuthError, "Check the API key."),
    1001: (AuthError, "No Authorization reached the gateway. Check the key and the base URL."),
    1002: (
        AuthError,
        "Check KLING_API_KEY for typing errors, and that it belongs to this gateway and region.",
    ),
    1003: (AuthError, "The token is not valid yet: check this machine's clock."),
    1004: (AuthError, "The token has expired: check this machine's clock."),
    1100: (AccountError, "The account is not in order. Look at it in the gateway's console."),
    1101: (AccountError, "The account is in arrears. Top it up, then submit again."),
    1102: (
        AccountError,
        "The resource pack is used up or has expired. Web credits are not API packs: buy a pack.",
    ),
    1103: (AccountError, "The account may not use this model or API. Enable it in the console."),
    1304: (AccountError, "This machine's address is not on the account's allow-list."),
    1200: (InvalidRequest, "Correct the request."),
    1201: (InvalidRequest, "Correct the value that the message names."),
    1202: (Rejected, "The gateway does not offer this operation. Check the base URL and prefix."),
    1203: (InvalidRequest, "The gateway does not have this resource; often the model's name."),
    1300: (PolicyRejected, "The platform's policy refused it. Change the input."),
    1301: (PolicyRejected, "The content check refused it. Change the picture or the prompt."),
    1302: (Throttled, "Calls come too fast. Wait, then go on."),
    1303: (Throttled, "All slots of the account are busy. Wait for a job to end."),
}
"""Source: the vendor's error table, VD1 and VD4 identical (2026-09-20)."""

_BY_STATUS: Final[Mapping[int, tuple[type[KlingError], str]]] = {
    400: (InvalidRequest, "Correct the request."),
    401: (AuthError, "Check KLING_API_KEY for typing errors, and that it belongs to this gateway."),
    402: (AccountError, "The gateway asks for payment. Look at the account's balance."),
    407: (NotSent, "The proxy wants a user and a password. Nothing reached the gateway."),
    404: (Rejected, "Nothing answers at this path. Check the base URL and prefix."),
    413: (InvalidRequest, "The request is too large. Make the picture smaller: fit()."),
    422: (InvalidRequest, "Correct the request."),
    429: (Throttled, "Wait, then go on."),
}

_AMBIGUOUS_STATUSES: Final = frozenset({408, 499})
"""Answered while the request was still under way: a create may have been taken all the same."""


def _refusal(answer: Answer, payload: Mapping[str, Any], code: int | str | None) -> KlingError:
    """The error that an answer with a code, or a status outside 2xx, means."""
    words = _message(payload) or f"the gateway answered HTTP {answer.status}"
    kind, hint = _classify(answer, code, words)
    if 300 <= answer.status < 400:
        words = f"the gateway redirects to {answer.location or 'another address'}: not followed"
    return kind(
        words,
        hint=hint,
        code=code,
        http_status=answer.status,
        request_id=_request_id(payload),
        retry_after=answer.retry_after,
    )


def _classify(answer: Answer, code: int | str | None, words: str) -> tuple[type[KlingError], str]:
    if code in (1201, 1203) or (isinstance(code, str) and "not_exist" in code):
        special = _special(answer, words, missing=code == 1203 or isinstance(code, str))
        if special:
            return special
    if isinstance(code, int) and code in _BY_CODE:
        return _BY_CODE[code]
    if (isinstance(code, int) and 5000 <= code < 6000) or answer.status >= 500:
        return _unclear(answer)
    if answer.status in _AMBIGUOUS_STATUSES:
        return _unclear(answer)
    if answer.status == 404 and not answer.paid:
        return (
            JobNotFound,
            "Check the id and the base URL, and that the key is of the same account.",
        )
    if answer.status < 200:
        return _unclear(answer)
    if answer.status in _BY_STATUS:
        return _BY_STATUS[answer.status]
    if 300 <= answer.status < 400:
        return Rejected, "If the gateway has moved, set the new address as base URL yourself."
    return Rejected, "The gateway says why in its own words above."


def _special(answer: Answer, words: str, *, missing: bool) -> tuple[type[KlingError], str] | None:
    """1201 has two meanings that only its words tell; 1203 means something else for a read."""
    lowered = words.lower()
    if answer.paid and "exist" in lowered and "already" in lowered:
        return AlreadyExists, "A job with this external id was accepted before."
    if not answer.paid and (missing or "not found" in lowered or "not exist" in lowered):
        return (
            JobNotFound,
            "Check the id, and that the key belongs to the account that made the job.",
        )
    return None


def _unclear(answer: Answer) -> tuple[type[KlingError], str]:
    if answer.paid:
        return OutcomeUnknown, "The job may have been accepted. Look it up before sending it again."
    return TransientRead, "Ask again."


def _broken(answer: Answer, why: str) -> KlingError:
    """A 2xx that can't be read: after a create the job may exist, so that is an unknown outcome."""
    kind: type[KlingError] = OutcomeUnknown if answer.paid else BadResponse
    return kind(
        f"the gateway's answer can't be read: {why}",
        hint="Check the base URL. If it is right, the gateway or something before it is broken.",
        http_status=answer.status,
    )


def _message(payload: Mapping[str, Any]) -> str | None:
    for key in ("error", "message", "msg", "detail"):
        value = payload.get(key)
        if isinstance(value, dict):
            value = value.get("message")
        if isinstance(value, str) and value.strip():
            return quote(value)
    return None


def quote(text: str) -> str:
    """Foreign text made fit for a message: one line, printable, not too long."""
    flat = "".join(mark if mark.isprintable() else " " for mark in " ".join(text.split()))
    return flat if len(flat) <= _LONGEST_QUOTE else flat[: _LONGEST_QUOTE - 1] + "…"


def _request_id(payload: Mapping[str, Any]) -> str | None:
    for key in ("request_id", "requestId", "trace_id"):
        value = payload.get(key)
        if isinstance(value, str) and value:
            return quote(value)[:80]
    return None


# --- where the job's facts lie in a good answer --------------------------------------------------


def _layers(payload: Any) -> list[dict[str, Any]]:
    """The nested objects under ``data``, outermost first."""
    layers: list[dict[str, Any]] = []
    while isinstance(payload, dict) and len(layers) < _LAYERS:
        layers.append(payload)
        payload = payload.get("data")
    return layers


def _items(layer: Mapping[str, Any]) -> list[Any] | None:
    for key in ("data", "items", "list", "records", "tasks"):
        value = layer.get(key)
        if isinstance(value, list):
            return value
    return None


def _task(answer: Answer, layers: list[dict[str, Any]]) -> dict[str, Any]:
    """The vendor's ``data`` object, put together from wherever a gateway keeps its parts."""
    for layer in list(layers):
        if isinstance(info := layer.get("task_info"), dict) and "id" in info:
            layers = [*layers, info]  # MuleRun keeps the job itself under task_info
    status = _status(layers)
    task = dict(layers[-1]) if layers else {}
    task.pop(OTHER_TASKS, None)  # ours to say, not the gateway's
    task.update(
        task_id=_id(answer, layers),
        task_status=status or "",
        task_info={"external_task_id": _external_id(layers)},
        task_result={"videos": list(_videos(layers))},
    )
    if reason := _reason(layers, status):
        task["task_status_msg"] = reason
    for name, keys in _ALIASES.items():
        value = _first(layers, keys)
        if value is not None:
            task[name] = value
    return {key: value for key, value in task.items() if value is not None}


_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "created_at": ("created_at", "create_time", "submit_time", "created"),
    "updated_at": ("updated_at", "update_time", "finish_time"),
    "final_unit_deduction": ("final_unit_deduction",),
}


def _first(layers: list[dict[str, Any]], keys: tuple[str, ...]) -> Any:
    """The innermost value: the vendor's own facts lie deepest."""
    for layer in reversed(layers):
        for key in keys:
            if layer.get(key) is not None:
                return layer[key]
    return None


def _id(answer: Answer, layers: list[dict[str, Any]]) -> str:
    """The outermost id: the one that this gateway answers to."""
    for keys in (("task_id", "taskId"), ("id",)):
        for layer in layers:
            for key in keys:
                value = layer.get(key)
                if value is None or isinstance(value, bool):
                    continue
                text = str(value) if isinstance(value, (int, str)) else ""
                if not _TASK_ID.fullmatch(text):
                    raise _broken(answer, f"{key!r} is not an id: {quote(repr(value))[:80]}")
                return text
    raise _broken(answer, "it names no job")


def _status(layers: list[dict[str, Any]]) -> str | None:
    words = [
        layer[key]
        for layer in layers
        for key in ("task_status", "status", "state")
        if isinstance(layer.get(key), str)
    ]
    known = (word for word in words if State.of(word) is not State.UNKNOWN)
    return next(known, words[0] if words else None)


def _external_id(layers: list[dict[str, Any]]) -> str | None:
    for layer in reversed(layers):
        info = layer.get("task_info")
        places = ([info] if isinstance(info, dict) else []) + [layer]
        for place in places:
            for key in ("external_task_id", "external_id"):
                if isinstance(place.get(key), str) and place[key]:
                    return str(place[key])
    return None


def _reason(layers: list[dict[str, Any]], status: str | None) -> str | None:
    """Why a job failed; the vendor says so in ``task_status_msg`` only (new-api PR 2532)."""
    if State.of(status) is not State.FAILED:
        return None
    for key in ("task_status_msg", "fail_reason"):
        text = _first(layers, (key,))
        if isinstance(text, str) and text.strip():
            return quote(text)
    for layer in reversed(layers):
        if text := _message(layer):
            return text
    return None


def _videos(layers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Results as the vendor shapes them, else the first single address a gateway gives."""
    for layer in reversed(layers):
        result = layer.get("task_result")
        listed = result.get("videos") if isinstance(result, dict) else None
        if isinstance(listed, list) and listed:
            yield from (dict(item) for item in listed if isinstance(item, dict))
            return
    for layer in reversed(layers):
        if url := _single_url(layer):
            yield {"url": url}
            return


def _single_url(layer: Mapping[str, Any]) -> str | None:
    outputs = layer.get("outputs")
    first = outputs[0] if isinstance(outputs, list) and outputs else None
    metadata = layer.get("metadata")
    places = [
        layer.get("video_url"),
        layer.get("result_url"),
        layer.get("url"),
        metadata.get("url") if isinstance(metadata, dict) else None,
        first.get("url") if isinstance(first, dict) else first,
        layer.get("fail_reason"),  # where New API forks put the address of a success
    ]
    for place in places:
        if isinstance(place, str) and re.match(r"https?://", place):
            return place
    return None
