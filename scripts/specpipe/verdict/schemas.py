"""What changed in one schema, and which fields were renamed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..page.facts import STATED, TEXT
from .change import TEXT_KEYS, Change, Place, digests

__all__ = [
    "added",
    "bounds",
    "enums",
    "flags",
    "renames",
    "requirement",
    "stated",
    "types",
]

_UPPER: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
_LOWER: Final = ("minimum", "minLength", "minItems", "minProperties")
_OTHER_TYPES: Final = frozenset({"date", "date-time", "uuid", "binary", "byte"})
"""Formats that stand for another type than plain text."""


def types(old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> Iterator[Change]:
    """Types, formats and patterns."""
    before, after = old.get("type"), new.get("type")
    if before != after:
        wider = (before, after) == ("integer", "number")
        narrower = (before, after) == ("number", "integer")
        harmless = wider if place.side == "sends" else narrower
        what = f"type {before or 'any'} became {after or 'any'}"
        yield place.change(what, "property retyped", breaks=not harmless)
    for key in ("format", "pattern", "multipleOf"):
        if old.get(key) != new.get(key):
            what = f"{key} {old.get(key, 'none')} became {new.get(key, 'none')}"
            breaks = key in new if place.side == "sends" else key in old
            if key == "format":
                breaks = bool({old.get(key), new.get(key)} & _OTHER_TYPES)
            yield place.change(what, "property retyped", breaks=breaks)


def bounds(old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> Iterator[Change]:
    """Upper and lower bounds."""
    for key in (*_UPPER, *_LOWER):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        sign = 1 if key in _UPPER else -1
        tighter = before is None or (after is not None and sign * after < sign * before)
        what = (
            f"{key} {_or_none(before)} became {_or_none(after)}: "
            f"{'tighter' if tighter else 'looser'}"
        )
        kind = "bound tightened" if tighter else "bound loosened"
        yield place.change(what, kind, breaks=tighter == (place.side == "sends"))


def _or_none(value: Any) -> str:
    return "none" if value is None else str(value)


def enums(old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> Iterator[Change]:
    """Values that are listed."""
    before, after = old.get("enum"), new.get("enum")
    if before == after:
        return
    if before is None or after is None:
        closed = after is not None
        what = f"only {_listed(after or [])} allowed now" if closed else "any value allowed now"
        kind = "enum value lost" if closed else "enum value gained"
        yield place.change(
            what, kind, breaks=closed == (place.side == "sends"), values=tuple(after or ())
        )
        return
    lost = tuple(value for value in before if value not in after)
    gained = tuple(value for value in after if value not in before)
    if lost:
        what = f"value lost: {_listed(lost)}"
        yield place.change(what, "enum value lost", breaks=place.side == "sends", values=lost)
    if gained:
        what = f"value gained: {_listed(gained)}"
        yield place.change(what, "enum value gained", breaks=place.side == "reads", values=gained)


def _listed(values: Any) -> str:
    return ", ".join(str(value) for value in values)


def flags(old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> Iterator[Change]:
    """Defaults, null, deprecation, unknown fields."""
    if old.get("default") != new.get("default"):
        what = f"default {old.get('default', 'none')} became {new.get('default', 'none')}"
        yield place.change(
            what, "default changed", breaks="default" in old and place.side == "sends"
        )
    if bool(old.get("nullable")) != bool(new.get("nullable")):
        may = bool(new.get("nullable"))
        what = "may be null now" if may else "may not be null any more"
        yield place.change(what, "property retyped", breaks=may == (place.side == "reads"))
    if new.get("deprecated") and not old.get("deprecated"):
        yield place.change("deprecated now", "property deprecated", breaks=False)
    if old.get("additionalProperties", True) != new.get("additionalProperties", True):
        closed = new.get("additionalProperties") is False
        what = "unknown fields refused now" if closed else "rules for unknown fields changed"
        yield place.change(what, "property retyped", breaks=closed and place.side == "sends")


def stated(old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> Iterator[Change]:
    """Statements that no schema keyword can hold: counts of other things, versions."""
    for key, what in (("since", "from version"), ("notFor", "not for version")):
        before, after = old.get(key), new.get(key)
        if before != after:
            words = f"{what} {_or_none(before)} became {_or_none(after)}"
            yield place.change(words, "version limit changed", breaks=after is not None)
    before, after = old.get("mentions", {}), new.get("mentions", {})
    for name in [*before, *(name for name in after if name not in before)]:
        if before.get(name) != after.get(name):
            limit = after.get(name)
            tighter = limit is not None and limit < before.get(name, limit + 1)
            words = f"count of {name} {_or_none(before.get(name))} became {_or_none(limit)}"
            kind = "bound tightened" if tighter else "bound loosened"
            yield place.change(words, kind, breaks=tighter)


def requirement(name: str, required: tuple[set[str], set[str]], place: Place) -> Iterator[Change]:
    """Whether a field is required."""
    before, after = name in required[0], name in required[1]
    if before == after:
        return
    what = "required now" if after else "no longer required"
    yield place.change(what, what, breaks=after == (place.side == "sends"))


def added(name: str, schema: Mapping[str, Any], required: set[str], place: Place) -> Change:
    """A field that came."""
    must = name in required
    kind = schema.get("type", "object" if "$ref" in schema else "any")
    what = f"property added ({kind}{', required' if must else ''})"
    return place.change(what, "property added", breaks=must and place.side == "sends")


# --- guessing renames -----------------------------------------------------------------------------


def renames(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Fields that came and went with the same shape: the new name, and why we think so."""
    gone = [name for name in old if name not in new]
    come = [name for name in new if name not in old]
    scored = [
        (score, a, b, why) for a in gone for b in come for score, why in _likeness(a, b, old, new)
    ]
    found: dict[str, tuple[str, str]] = {}
    for _, a, b, why in sorted(scored, key=lambda entry: (-entry[0], entry[1], entry[2])):
        if a not in found and b not in {other for other, _ in found.values()}:
            found[a] = (b, why)
    return found


def _likeness(
    a: str, b: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[float, str]]:
    if _shape(old[a]) != _shape(new[b]):
        return
    text, other = digests(old[a]), digests(new[b])
    name = difflib.SequenceMatcher(None, _bare(a), _bare(b)).ratio()
    words = set(a.lower().split("_")) & set(b.lower().split("_"))
    if text and text == other:
        yield 3 + name, "same type and same text"
    elif sorted(_bare(a)) == sorted(_bare(b)) or name >= 0.75:
        yield 2 + name, "same type and a similar name"
    elif words and list(old).index(a) == list(new).index(b):
        yield 1 + name, "same type, same place, and a word in common"


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _shape(schema: Any) -> Any:
    """A schema without texts and statements."""
    if isinstance(schema, list):
        return [_shape(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: _shape(item) for key, item in schema.items() if key not in (TEXT, STATED, *TEXT_KEYS)
    }
