"""One HTTP answer as the rest of the library sees it: status and JSON, nothing of httpx."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import field, frozen

from .redaction import redact

__all__ = ["Answer", "Head", "kind_of", "quote"]

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
        keys: What the caller's keys are called, for hints.
        hide: Puts stars in the place of the keys in the gateway's words.
    """

    status: int
    payload: Any = field(default=None, repr=False)
    unreadable: str | None = None
    paid: bool = False
    retry_after: float | None = None
    location: str | None = None
    keys: str = "the API key"
    hide: Callable[[str], str] = field(default=str, repr=False, eq=False)

    @property
    def ok(self) -> bool:
        """Whether the status says that all went well."""
        return 200 <= self.status < 300


@frozen
class Head:
    """How an answer begins.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.
    """

    status: int
    headers: Mapping[str, str] = field(factory=dict, repr=False)


def kind_of(value: Any) -> str:
    """What a JSON value is, in words for a message."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")


def quote(text: str) -> str:
    """Foreign text made fit for a message: one line, printable, unsigned, not too long."""
    flat = "".join(mark if mark.isprintable() else " " for mark in " ".join(text.split()))
    flat = redact(flat)
    return flat if len(flat) <= _LONGEST_QUOTE else flat[: _LONGEST_QUOTE - 1] + "…"
