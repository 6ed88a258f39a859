"""Keeps keys and signed addresses out of texts that people read: messages, reasons, logs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

__all__ = ["hiding", "redact"]

_QUERY: Final = re.compile(r"((?:https?:)?/[^\s'\"?#]*)[?#][^\s'\"]*", re.IGNORECASE)
_LOCATION: Final = re.compile(r"(location['\"], b?['\"][^?#'\"]*)[?#][^'\"]*", re.IGNORECASE)
_USER: Final = re.compile(r"(\w://)[^\s/@'\"]+@")
_SHORTEST_SECRET: Final = 6
"""Characters. A shorter word may be a part of any other."""


def redact(text: str) -> str:
    """The text with user, query and fragment cut off every address: they may be signatures."""
    if "/" not in text and "ocation" not in text:
        return text
    return _LOCATION.sub(r"\1?…", _QUERY.sub(r"\1?…", _USER.sub(r"\1…@", text)))


def hiding(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that puts stars in the place of every secret in a text.

    Gateways repeat the key that they refuse ("Incorrect API key provided: ..."). The function shows
    no secret in its ``repr``.
    """
    words = sorted({word for word in secrets if len(word) >= _SHORTEST_SECRET}, key=len)[::-1]

    def hide(text: str) -> str:
        for word in words:
            text = text.replace(word, "***")
        return text

    return hide
