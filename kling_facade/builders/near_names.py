"""Help with names that don't exist: the nearest that do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn

__all__ = ["helpful_getattr", "nearest"]


def nearest(word: str, names: Iterable[str], words: Mapping[str, str]) -> str | None:
    """The name that a word stands for, or ``None``.

    Args:
        word: What was written.
        names: The names there are.
        words: Other people's words for some of them, each with the name.
    """
    if word in words:
        return words[word]
    known = {**{name.lower(): name for name in names}, **words}
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.7)
    return known[close[0]] if close else None


def helpful_getattr(
    module: str, names: Iterable[str], words: Mapping[str, str]
) -> Callable[[str], NoReturn]:
    """A module's ``__getattr__`` that answers a wrong name with the right one.

    Args:
        module: The module's public name.
        names: The functions and constants that it offers.
        words: Other people's words for some of them.
    """
    offered = [name for name in names if name.islower() or name.isupper()]

    def getattr_(name: str) -> NoReturn:
        if name.startswith("__"):  # asked by machinery, which wants no help
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        meant = nearest(name, offered, words)
        help_ = f"Did you mean {meant}? " if meant else ""
        raise AttributeError(f"{module} has no {name!r}. {help_}It has {', '.join(offered)}.")

    return getattr_
