"""From the bytes of an answer to a value that can be trusted to be JSON and small."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from ..gateway.answer import Answer, quote
from ..gateway.strict_json import parse_json

__all__ = ["header_map", "retry_after", "to_answer"]


def header_map(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in lower case; a name that comes twice has both values."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def to_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    paid: bool,
    now: float,
    keys: str = "the API key",
    hide: Callable[[str], str] = str,
) -> Answer:
    """What came back, with everything a reader needs and nothing of httpx.

    Args:
        status: The HTTP status.
        headers: Names in lower case.
        body: All of it.
        paid: Whether the call was a create.
        now: Epoch seconds, for a ``Retry-After`` that is a date.
        keys: What the caller's keys are called, for hints.
        hide: Puts stars in the place of the keys in foreign text.
    """
    payload: Any = None
    unreadable: str | None = None
    if not body.strip():
        unreadable = "it is empty"
    else:
        try:
            payload = parse_json(body)
        except ValueError as error:
            unreadable = quote(hide(str(error)))
    target = headers.get("location")
    return Answer(
        status=status,
        payload=payload,
        unreadable=unreadable,
        paid=paid,
        retry_after=retry_after(headers.get("retry-after"), now),
        location=_host(target) if target else None,
        keys=keys,
        hide=hide,
    )


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
