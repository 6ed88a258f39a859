"""From the bytes of an answer to a value that can be trusted to be JSON and small."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn

import httpx

from ..dialect import Answer, quote

__all__ = ["parse_json", "retry_after", "to_answer"]

_LONGEST_NUMBER: Final = 400
"""Digits of a JSON number: more is an attack on the parser, not a fact about a video."""


def to_answer(response: httpx.Response, body: bytes, *, paid: bool, now: float) -> Answer:
    """What came back, with everything a reader needs and nothing of httpx."""
    payload: Any = None
    unreadable: str | None = None
    if not body.strip():
        unreadable = "it is empty"
    else:
        try:
            payload = parse_json(body)
        except ValueError as error:
            unreadable = str(error)
    target = response.headers.get("location")
    return Answer(
        status=response.status_code,
        payload=payload,
        unreadable=unreadable,
        paid=paid,
        retry_after=retry_after(response.headers.get("retry-after"), now),
        location=_host(target) if target else None,
    )


def parse_json(body: bytes) -> Any:
    """Strict JSON in UTF-8, a byte-order mark allowed.

    Raises:
        ValueError: It is something else; the message says what, with a short quotation.
    """
    try:
        text = body.decode("utf-8-sig")
        return json.loads(
            text, parse_constant=_no_constant, parse_int=_integer, object_pairs_hook=_no_duplicates
        )
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        start = quote(body[:60].decode("utf-8", "replace"))[:60]
        raise ValueError(f"it is not JSON ({error.msg}); it begins {start!r}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"it has {name}, which JSON does not know")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("it has an object with a key given twice")
    return value


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds from a ``Retry-After``: a number, or a date seen from ``now`` (epoch seconds).

    Anything else, a past date or a negative number included, gives ``None``.
    """
    if value is None or len(value) > 64:
        return None
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        seconds = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def _host(target: str) -> str:
    try:
        return httpx.URL(target).host or "the same host"
    except httpx.InvalidURL:
        return "an unreadable address"
