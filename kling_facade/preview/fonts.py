"""Letters of any script, as far as this system has fonts for them.

Pillow draws a text in one font, and its built-in one knows Latin letters only. Here a text is split
into runs, each in the first font that has its characters: the caller's, Pillow's own, then those of
the system, which are looked for only when a character is missing. Nothing is downloaded.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from ..errors import InvalidRequest

__all__ = ["missing", "runs"]

_FOLDERS: Final[dict[str, tuple[str, ...]]] = {
    "linux": ("~/.local/share/fonts", "~/.fonts", "/usr/local/share/fonts", "/usr/share/fonts"),
    "darwin": ("~/Library/Fonts", "/Library/Fonts", "/System/Library/Fonts"),
    "win32": ("~/AppData/Local/Microsoft/Windows/Fonts", "C:/Windows/Fonts"),
}
_WIDE: Final = (
    *("notosanscjk", "pingfang", "hiragino", "msyh", "yugoth", "malgun", "simhei", "wqy"),
    *("sourcehansans", "droidsansfallback", "arialunicode", "arial unicode", "notosans-regular"),
    *("dejavusans.", "notoemoji", "symbola", "seguiemj", "seguisym"),
)
"""Beginnings of names of fonts with many characters, which are tried first."""

_MOST_FONTS: Final = 500
_NOBODYS: Final = "\U0010fffe"  # no character, so that every font draws its sign for "missing"


def runs(text: str, size: float, font: str | Path | None = None) -> list[tuple[Any, str]]:
    """Split a line into runs of one font each.

    Args:
        text: The line.
        size: Height of the letters in pixels.
        font: A font file of the caller's, or ``None``.

    Returns:
        Pillow's font and text of each run. Characters that no font has are in the first font, which
        draws its sign for them.

    Raises:
        InvalidRequest: The caller's font can't be read.
    """
    split: list[tuple[Any, str]] = []
    chosen: Any = _first(size, font)
    for character in text:
        if not _is_invisible(character):
            chosen = _face_for(character, size, font)
        if split and split[-1][0] is chosen:
            split[-1] = (chosen, split[-1][1] + character)
        else:
            split.append((chosen, character))
    return split


def missing(text: str, font: str | Path | None = None) -> list[str]:
    """The characters of a text that neither the caller's font nor one of the system has."""
    seen = dict.fromkeys(character for character in text if not _is_invisible(character))
    return [character for character in seen if _holder(character, font) is None]


def _is_invisible(character: str) -> bool:
    """Whether a character only joins or varies its neighbours, or is a space."""
    return character.isspace() or unicodedata.category(character) in ("Cf", "Mn", "Cc", "Me")


def _face_for(character: str, size: float, font: str | Path | None) -> Any:
    holder = _holder(character, font)
    return _first(size, font) if holder is None else _face(holder, size)


@cache
def _holder(character: str, font: str | Path | None) -> str | None:
    """The first font that has a character: a file, an empty name for Pillow's own, or ``None``."""
    for name in _names(font):
        if _has(name, character):
            return name
    return None


def _names(font: str | Path | None) -> Iterator[str]:
    if font is not None:
        yield str(font)
    yield ""
    yield from _system_fonts()


def _first(size: float, font: str | Path | None) -> Any:
    return _face("" if font is None else str(font), size)


@cache
def _face(name: str, size: float) -> Any:
    """Pillow's font of a file, or its own for an empty name."""
    from PIL import ImageFont

    if not name:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(name, size)
    except OSError as error:
        raise InvalidRequest(
            f"the font {name} can't be read: {error}", hint="Give a TrueType or OpenType file."
        ) from None


@cache
def _sign_for_missing(name: str) -> bytes:
    return bytes(_face(name, 20).getmask(_NOBODYS))


@cache
def _has(name: str, character: str) -> bool:
    """Whether a font has a character: whether it draws something else than for a missing one."""
    try:
        drawn = bytes(_face(name, 20).getmask(character))
        return any(drawn) and drawn != _sign_for_missing(name)
    except (InvalidRequest, OSError, ValueError):
        # A damaged file, or a font of bitmaps that has no letters of this size.
        if name and name not in _system_fonts():
            raise  # the caller's own
        return False


@cache
def _system_fonts() -> tuple[str, ...]:
    """The system's font files, those with many characters first."""
    folders = _FOLDERS.get(sys.platform, _FOLDERS["linux"])
    found = [
        os.path.join(folder, name)  # noqa: PTH118 - thousands of names: pathlib takes seconds
        for start in folders
        for folder, _, names in os.walk(Path(start).expanduser())
        for name in sorted(names)
        if name.lower().endswith((".ttf", ".otf", ".ttc"))
    ]
    return tuple(sorted(found, key=_rank)[:_MOST_FONTS])


def _rank(path: str) -> int:
    """The place of a font among those that are tried."""
    name = Path(path).name.lower()
    return next((n for n, start in enumerate(_WIDE) if name.startswith(start)), len(_WIDE))
