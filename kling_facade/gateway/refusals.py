"""What an answer means that is an error: the class to raise and what to do next.

Whether an answer is an error is decided by Kling's ``code`` first and by the HTTP status only where
there is no code: Kling answers 429 both for "wait" (1302, 1303) and for "pay" (1100 to 1102), and
reports a failed job with 200 and code 0. Gateways in between wrap the vendor's answer as a JSON
text into their own ``message``, some of them several times; the innermost code decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

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
from .answer import Answer, quote
from .redaction import redact
from .strict_json import parse_json

__all__ = [
    "Complaint",
    "broken",
    "complaint",
    "json_in",
    "refusal",
    "request_id_of",
    "shown_id",
    "unclear",
]

Meaning = tuple[type[KlingError], str]

_LONGEST_ID: Final = 512
"""Characters of an id that can't be used and is kept for support all the same."""

_WRAPS: Final = 8
"""Objects within each other that a complaint is followed into."""

_GOOD_WORDS: Final = frozenset({"success", "succeed", "succeeded", "successful", "ok", "200", ""})


# --- what an answer complains of -----------------------------------------------------------------


@frozen
class Complaint:
    """What an answer says has gone wrong.

    Attributes:
        code: The code that decides; ``None`` when nothing has gone wrong.
        words: The gateway's words, as they came, or ``None``.
        request_id: Its id of the call, or ``None``.
        text: All words and codes in small letters, for what only words tell.
    """

    code: int | str | None
    words: str | None
    request_id: str | None
    text: str = ""

    @property
    def refuses(self) -> bool:
        """Whether the code is known to mean a refusal, and not merely unknown."""
        by_status = isinstance(self.code, int) and 300 <= self.code < 600
        return _is_known(self.code) or by_status or _by_words(self.text) is not None


def complaint(payload: Mapping[str, Any]) -> Complaint:
    """What an answer, or one object in it, says has gone wrong."""
    parts = list(_parts(payload))
    codes = [found for part in parts if (found := _as_code(part.get("code"))) is not None]
    known = [found for found in codes if _is_known(found)]
    # The innermost code that Kling has, for it is Kling's; else the gateway's own.
    code: int | str | None = known[-1] if known else codes[0] if codes else None
    texts = [text for part in parts if (text := _text_of(part)) is not None]
    words = next((text for text in reversed(texts) if not _is_good(text)), None)
    if code is None and (payload.get("success") is False or _is_error(payload.get("error"))):
        code = "error"
    elif not known and texts and words is None:
        code = None  # a number of the gateway's own, such as 1 or 10000, with "success" beside it
    ids = [found for part in parts if (found := request_id_of(part))]
    told = (str(part.get(key, "")) for part in parts for key in ("code", "type"))
    text = " ".join([*told, *texts]).lower()
    return Complaint(code, words, ids[-1] if ids else None, text)


def _parts(payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """An object and those that its complaint is wrapped into, outermost first."""
    part: Any = payload
    for _ in range(_WRAPS):
        yield part
        part = _inner(part)
        if part is None:
            return


def _inner(part: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for key in ("error", "detail", "message", "msg", "raw_message"):
        value = part.get(key)
        if isinstance(value, str):
            value = json_in(value)
        if isinstance(value, dict) and value:
            return value
    return None


def json_in(text: str) -> Any:
    """The object that a text has in it, perhaps after a few words; a cut one's code at least."""
    if "{" not in text:
        return None
    start, end = text.index("{"), text.rfind("}") + 1
    try:
        return parse_json(text[start:end].encode())
    except ValueError:
        number = re.search(r'"code\\?"\s*:\s*\\?"?(\d{4})\b', text)
        return {"code": int(number.group(1)), "message": text} if number else None


def _is_error(value: Any) -> bool:
    """Whether an ``error`` is one: an empty one, or one with a good code and no text, is none."""
    if isinstance(value, dict):
        told = [item for key, item in value.items() if key != "code" and item not in (None, "", 0)]
        text = _text_of(value)
        return _as_code(value.get("code")) is not None or not (
            _is_good(text) if text is not None else not told
        )
    return not _is_good(value) if isinstance(value, str) else bool(value)


def _is_good(text: str | None) -> bool:
    return text is not None and text.strip().rstrip(".!").lower() in _GOOD_WORDS


def _is_known(code: int | str | None) -> bool:
    return isinstance(code, int) and (code in _BY_CODE or 5000 <= code < 6000)


def _as_code(value: Any) -> int | str | None:
    """A code that is not a good one. Numbers come as text too, and with zeros in front."""
    if isinstance(value, (bool, float, list, dict)) or value is None:
        return None
    text = str(value).strip()
    if text.lower() in _GOOD_WORDS:
        return None
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        return text[:64]
    return int(text) if int(text) and not 200 <= int(text) < 300 else None


def _text_of(part: Mapping[str, Any]) -> str | None:
    """What one object says in words; the reason before the title of it."""
    for key in ("error", "message", "raw_message", "msg", "detail", "title", "description"):
        value = part.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if key == "detail" and isinstance(value, list):
            return "; ".join(map(_where_and_what, value)) or None
    return None


def _where_and_what(entry: Any) -> str:
    """One entry of FastAPI's ``detail``: the place and what is wrong with it."""
    if not isinstance(entry, dict):
        return str(entry)
    where = entry.get("loc")
    place = ".".join(map(str, where)) + ": " if isinstance(where, list) else ""
    return f"{place}{entry.get('msg') or entry.get('message') or 'is wrong'}"


def request_id_of(payload: Mapping[str, Any]) -> str | None:
    """The gateway's id of the call, which its support asks for."""
    for key in ("request_id", "requestId", "trace_id"):
        value = payload.get(key)
        if isinstance(value, str) and value:
            return quote(value)[:80]
    return None


# --- what a complaint means ----------------------------------------------------------------------

_BY_CODE: Final[Mapping[int, Meaning]] = {
    1000: (AuthError, "Check {keys}."),
    1001: (AuthError, "No Authorization reached the gateway. Check {keys} and the base URL."),
    1002: (
        AuthError,
        "Check {keys} for typing errors, and that the key belongs to this gateway and region.",
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

_BY_STATUS: Final[Mapping[int, Meaning]] = {
    400: (InvalidRequest, "Correct the request."),
    401: (AuthError, "Check {keys} for typing errors, and that the key belongs to this gateway."),
    402: (AccountError, "The gateway asks for payment. Look at the account's balance."),
    407: (NotSent, "The proxy wants a user and a password. Nothing reached the gateway."),
    404: (Rejected, "Nothing answers at this path. Check the base URL and prefix."),
    413: (InvalidRequest, "The request is too large. Make the picture smaller: fit()."),
    422: (InvalidRequest, "Correct the request."),
    429: (Throttled, "Wait, then go on."),
}

_NO_CHANNEL: Final = re.compile(r"no available channel|no channel available|无可用渠道")
"""What New API says when it has nobody to hand the call to: it has handed it to nobody."""

_BY_WORDS: Final[tuple[tuple[re.Pattern[str], Meaning], ...]] = (
    (
        _NO_CHANNEL,
        (
            Rejected,
            "The gateway serves this model to nobody right now, and nothing was accepted. Check "
            "the model's name and your group there, or try again later.",
        ),
    ),
    (
        re.compile(
            r"insufficient[_ ](user[_ ]|account[_ ])?(quota|balance|credits?|funds)"
            r"|(balance|quota|credits?)\W+(is |are )?(not enough|insufficient|used up)"
            r"|not enough (balance|quota|credits?)|exceeded your current quota"
            r"|余额不足|额度不足|预扣费额度失败|额度已用尽|欠费"
        ),
        (AccountError, "The account has too little money left there. Top it up, then go on."),
    ),
    (
        re.compile(r"upstream_load_saturated|负载已饱和|rate_limit_exceeded|too_many_requests"),
        (Throttled, "Wait, then go on."),
    ),
    (
        re.compile(r"sensitive_words_detected|content_policy_violation"),
        (PolicyRejected, "The gateway's content check refused it. Change the prompt."),
    ),
)
"""What only words tell. Sources: the source of New API and bug reports about it (2026-11), which
answer with 403, 429, 500 or 503 alike; OpenAI's ``insufficient_quota``, which many copy."""

_AMBIGUOUS_STATUSES: Final = frozenset({408, 499})
"""Answered while the request was still under way: a create may have been taken all the same."""


def refusal(answer: Answer, payload: Mapping[str, Any]) -> KlingError:
    """The error that an answer with a code, or a status outside 2xx, means."""
    said = complaint(payload)
    words = said.words or f"the gateway answered HTTP {answer.status}"
    kind, hint = _classify(answer, said)
    if 300 <= answer.status < 400:
        words = f"the gateway redirects to {answer.location or 'another address'}: not followed"
    return kind(
        quote(answer.hide(words)),
        hint=hint.format(keys=answer.keys),
        code=_shown(answer, said.code),
        http_status=answer.status,
        request_id=said.request_id and answer.hide(said.request_id),
        retry_after=answer.retry_after,
    )


def unclear(
    answer: Answer, said: Complaint, task_id: str | None, external_task_id: str | None
) -> KlingError:
    """A create was refused in an answer that names a job: the job may exist all the same."""
    words = quote(answer.hide(said.words or f"HTTP {answer.status}"))
    return OutcomeUnknown(
        f"the gateway refused and named a job: {words}",
        hint="The job may have been accepted. Look it up before sending it again.",
        code=_shown(answer, said.code),
        http_status=answer.status,
        request_id=said.request_id and answer.hide(said.request_id),
        task_id=task_id and shown_id(answer, task_id),
        external_task_id=external_task_id,
    )


def broken(answer: Answer, why: str, task_id: str | None = None) -> KlingError:
    """A 2xx that can't be read: after a create the job may exist, so that is an unknown outcome."""
    kind: type[KlingError] = OutcomeUnknown if answer.paid else BadResponse
    return kind(
        f"the gateway's answer can't be read: {answer.hide(why)}",
        hint="Check the base URL. If it is right, the gateway or something before it is broken.",
        http_status=answer.status,
        task_id=answer.hide(task_id) if task_id and answer.paid else None,
    )


def shown_id(answer: Answer, text: str) -> str:
    """An id as it came, perhaps one that can't be used, fit to be shown and kept in an error."""
    shown = "".join(mark if mark.isprintable() else " " for mark in answer.hide(text))
    return redact(shown)[:_LONGEST_ID]


def _shown(answer: Answer, code: int | str | None) -> int | str | None:
    return answer.hide(code) if isinstance(code, str) else code


def _classify(answer: Answer, said: Complaint) -> Meaning:
    """The class and the hint: by Kling's code, then by words, then by the status."""
    code, status = said.code, answer.status
    if code in (1201, 1203) or (isinstance(code, str) and "not_exist" in code):
        special = _special(answer, said)
        if special:
            return special
    if isinstance(code, int) and code in _BY_CODE:
        return _BY_CODE[code]
    if isinstance(code, int) and 5000 <= code < 6000:
        return _unclear(answer)
    if meaning := _by_words(said.text):
        return meaning if answer.paid or meaning[0] is not Rejected else _unclear(answer)
    if answer.ok and isinstance(code, int) and 300 <= code < 600:
        status = code  # gateways repeat an HTTP status there (kie.ai; forks of New API)
    return _by_status(answer, status)


def _by_status(answer: Answer, status: int) -> Meaning:
    if status >= 500 or status < 200 or status in _AMBIGUOUS_STATUSES:
        return _unclear(answer)
    if status == 404 and not answer.paid:
        return (
            JobNotFound,
            "Check the id and the base URL, and that the key is of the same account.",
        )
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 400:
        return Rejected, "If the gateway has moved, set the new address as base URL yourself."
    return Rejected, "The gateway says why in its own words above."


def _by_words(text: str) -> Meaning | None:
    return next((meaning for words, meaning in _BY_WORDS if words.search(text)), None)


def _special(answer: Answer, said: Complaint) -> Meaning | None:
    """1201 has two meanings that only its words tell; 1203 means something else for a read."""
    missing = said.code == 1203 or isinstance(said.code, str)
    if answer.paid and "exist" in said.text and "already" in said.text:
        return AlreadyExists, "A job with this external id was accepted before."
    if not answer.paid and (missing or "not found" in said.text or "not exist" in said.text):
        return (
            JobNotFound,
            "Check the id, and that the key belongs to the account that made the job.",
        )
    return None


def _unclear(answer: Answer) -> Meaning:
    if answer.paid:
        return OutcomeUnknown, "The job may have been accepted. Look it up before sending it again."
    return TransientRead, "Ask again."
