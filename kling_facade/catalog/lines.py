"""On which line of a TOML file a key stands. tomllib reads values and keeps no places."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["line_of"]


def line_of(text: str, keys: Sequence[str | int]) -> int | None:
    """The line of a key, counted from 1.

    Lines that have the key's name in them are tried from the top: the file is read up to there, by
    the same reader that reads it whole, until the key is in it. So every way to write a key is
    found: dotted, quoted, in a table inside a line.

    Args:
        text: The file.
        keys: The way to the key. Places in lists, and keys that the file lacks, are left out: the
            line is that of the last key that it has.
    """
    lines = text.splitlines()
    number: int | None = None
    names: list[str] = []
    for key in keys:
        if isinstance(key, str):
            names.append(key)
            below = _next_line(lines, number or 1, names)  # a key never stands above its table
            if below is None:
                break
            number = below
    return number


def _next_line(lines: Sequence[str], start: int, names: Sequence[str]) -> int | None:
    """The first line from a start on that brings a key."""
    candidates = (n for n in range(start, len(lines) + 1) if names[-1] in lines[n - 1])
    return next((n for n in candidates if _has(_read_to(lines, n), names)), None)


def _read_to(lines: Sequence[str], number: int) -> dict[str, Any]:
    """What stands up to a line, and to the end of a value that begins on it."""
    for end in range(number, len(lines) + 1):
        try:
            return tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue  # the line ends inside a value
    return {}


def _has(table: Any, names: Sequence[str]) -> bool:
    for name in names:
        if not isinstance(table, Mapping) or name not in table:
            return False
        table = table[name]
    return True
