"""JSON from strangers: only what JSON allows, and nothing that hurts to parse."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

__all__ = ["parse_json"]

_LONGEST_NUMBER: Final = 400
"""Digits of a JSON number: more is an attack on the parser, not a fact about a video."""
_QUOTED: Final = 60


def parse_json(body: bytes) -> Any:
    """Strict JSON in UTF-8, a byte-order mark allowed.

    Raises:
        ValueError: It is something else; the message says what, with a short quotation.
    """
    try:
        text = body.decode("utf-8-sig")
        return _DECODER.decode(text)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error.msg}); it begins {_beginning(body)!r}") from None


def _beginning(body: bytes) -> str:
    text = " ".join(body[:_QUOTED].decode("utf-8", "replace").split())
    return "".join(mark if mark.isprintable() else " " for mark in text)


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


_DECODER: Final = json.JSONDecoder(
    parse_constant=_no_constant, parse_int=_integer, object_pairs_hook=_no_duplicates
)
