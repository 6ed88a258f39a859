"""What an answer means that is an error: the class to raise and what to do next.

Whether an answer is an error is decided by Kling's ``code`` first and by the HTTP status only where
there is no code: Kling answers 429 both for "wait" (1302, 1303) and for "pay" (1100 to 1102), and
reports a failed job with 200 and code 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

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
from .answer import Answer, kind_of, quote

__all__ = ["broken", "good_payload", "message_of", "request_id_of"]


def good_payload(answer: Answer) -> dict[str, Any]:
    """The payload of a good answer; raises what a bad one means."""
    payload = answer.payload
    if isinstance(payload, dict):
        code = _code(payload)
        if code is not None or not 200 <= answer.status < 300:
            raise _refusal(answer, payload, code)
        return payload
    if not 200 <= answer.status < 300:
        raise _refusal(answer, {}, None)
    raise broken(answer, answer.unreadable or f"the answer is {kind_of(payload)}, not an object")


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
    words = message_of(payload) or f"the gateway answered HTTP {answer.status}"
    kind, hint = _classify(answer, code, words)
    if 300 <= answer.status < 400:
        words = f"the gateway redirects to {answer.location or 'another address'}: not followed"
    return kind(
        words,
        hint=hint,
        code=code,
        http_status=answer.status,
        request_id=request_id_of(payload),
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


def broken(answer: Answer, why: str) -> KlingError:
    """A 2xx that can't be read: after a create the job may exist, so that is an unknown outcome."""
    kind: type[KlingError] = OutcomeUnknown if answer.paid else BadResponse
    return kind(
        f"the gateway's answer can't be read: {why}",
        hint="Check the base URL. If it is right, the gateway or something before it is broken.",
        http_status=answer.status,
    )


def message_of(payload: Mapping[str, Any]) -> str | None:
    """What an answer says in words, fit for a message of ours."""
    for key in ("error", "message", "msg", "detail"):
        value = payload.get(key)
        if isinstance(value, dict):
            value = value.get("message")
        if isinstance(value, str) and value.strip():
            return quote(value)
    return None


def request_id_of(payload: Mapping[str, Any]) -> str | None:
    """The gateway's id of the call, which its support asks for."""
    for key in ("request_id", "requestId", "trace_id"):
        value = payload.get(key)
        if isinstance(value, str) and value:
            return quote(value)[:80]
    return None
