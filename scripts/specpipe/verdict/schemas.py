"""What changed in one schema, keyword by keyword, and which fields were renamed.

Every comparison asks one question: are fewer values allowed now, or more? Fewer break those who
send, more break those who read; `Place.narrowed` and `Place.widened` know the side.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ..page.facts import STATED, TEXT
from .change import TEXT_KEYS, Change, Place, digests
from .meaning import EVERYTHING, LOWER, UPPER, same

__all__ = [
    "COMPARED",
    "STRUCTURE",
    "added",
    "keywords",
    "removed",
    "renames",
    "requirement",
    "stated",
    "unstated",
    "vanished",
]

Schema = Mapping[str, Any]
Comparison = Callable[[Schema, Schema, Place], Iterator[Change]]

STRUCTURE: Final = frozenset(
    {"properties", "required", "items", "additionalProperties", "allOf", "anyOf", "oneOf", "not"}
)
"""Keywords that hold other schemas, or name them: `changes` walks through these."""

_RETYPED: Final = "property retyped"
_RANGES: Final[Mapping[str, tuple[str, ...]]] = {
    "int64": ("int32",),
    "double": ("float",),
    "": ("int32", "int64", "float", "double", "date", "date-time", "uuid", "binary", "byte"),
}
"""Formats, and which others allow fewer values. Other formats, such as ``uri``, are remarks."""


def keywords(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    """Every change in the keywords of a schema itself; `STRUCTURE` is not its business."""
    for compare in dict.fromkeys(COMPARED.values()):
        yield from compare(old, new, place)


def _type(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    before, after = old.get("type"), new.get("type")
    if before == after:
        return
    what = f"type {before or 'any'} became {after or 'any'}"
    if (before, after) == ("integer", "number") or after is None:
        yield place.widened(what, _RETYPED)
    elif (before, after) == ("number", "integer") or before is None:
        yield place.narrowed(what, _RETYPED)
    else:
        yield place.change(what, _RETYPED, breaks=True)


def _format(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    before, after = old.get("format", ""), new.get("format", "")
    if before == after:
        return
    what = f"format {before or 'none'} became {after or 'none'}"
    known = {*_RANGES, *_RANGES[""]} - {""}
    # A format that nobody has to keep to (uri, password) counts as none.
    one, two = (value if value in known else "" for value in (before, after))
    if two in _RANGES.get(one, ()):
        yield place.narrowed(what, _RETYPED)
    elif one in _RANGES.get(two, ()):
        yield place.widened(what, _RETYPED)
    else:
        yield place.change(what, _RETYPED, breaks=one != two)


def _pattern(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    """Which of two patterns allows more can't be told; those who read rarely depend on one."""
    before, after = old.get("pattern"), new.get("pattern")
    if before == after:
        return
    what = f"pattern {_or_none(before)} became {_or_none(after)}"
    free = [value is None or value in EVERYTHING for value in (before, after)]
    if all(free):
        yield place.change(what, _RETYPED, breaks=False, patch=True)
    else:
        yield place.change(what, _RETYPED, breaks=place.side == "sends" and not free[1])


def _multiple(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    before, after = old.get("multipleOf"), new.get("multipleOf")
    if before == after:
        return
    what = f"multipleOf {_or_none(before)} became {_or_none(after)}"
    if after is None or (before is not None and before % after == 0):
        yield place.widened(what, _RETYPED)
    elif before is None or after % before == 0:
        yield place.narrowed(what, _RETYPED)
    else:
        yield place.change(what, _RETYPED, breaks=True)


def _bounds(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    for key in (*UPPER, *LOWER):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        # The smallest count is 0, so that saying it says nothing.
        nothing = key in LOWER[1:] and not before and not after
        sign = 1 if key in UPPER else -1
        tighter = before is None or (after is not None and sign * after < sign * before)
        word = "no other" if nothing else "tighter" if tighter else "looser"
        what = f"{key} {_or_none(before)} became {_or_none(after)}: {word}"
        kind = "bound tightened" if tighter else "bound loosened"
        if nothing:
            yield place.change(what, kind, breaks=False, patch=True)
        else:
            yield (place.narrowed if tighter else place.widened)(what, kind)


def _exclusive(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    """In OpenAPI 3.0 these are flags of the bounds; without the bound they say nothing."""
    for key, bound in (("exclusiveMaximum", "maximum"), ("exclusiveMinimum", "minimum")):
        before, after = bool(old.get(key)), bool(new.get(key))
        if before == after:
            yield from _written(old, new, place, key)
            continue
        what = f"{bound} is {'not ' if before else ''}exclusive now"
        if bound not in old or bound not in new:
            yield place.change(what, "bound tightened", breaks=False, patch=True)
        elif after:
            yield place.narrowed(what, "bound tightened")
        else:
            yield place.widened(what, "bound loosened")


def _written(old: Schema, new: Schema, place: Place, key: str) -> Iterator[Change]:
    """A flag that was left out and is now written as off, or the other way round."""
    if (key in old) != (key in new):
        yield place.change(
            f"{key} written otherwise", "spelled otherwise", breaks=False, patch=True
        )


def _enum(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    before, after = old.get("enum"), new.get("enum")
    if before is None and after is None:
        return
    if before is None or after is None:
        if after is not None:
            what = f"only {_listed(after)} allowed now"
            yield place.narrowed(what, "enum value lost", values=tuple(after))
        else:
            yield place.widened("any value allowed now", "enum value gained")
        return
    lost = tuple(value for value in before if not any(same(value, other) for other in after))
    gained = tuple(value for value in after if not any(same(value, other) for other in before))
    if lost:
        yield place.narrowed(f"value lost: {_listed(lost)}", "enum value lost", values=lost)
    if gained:
        yield place.widened(f"value gained: {_listed(gained)}", "enum value gained", values=gained)


def _default(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    """A request that leaves the field out means something else now: somebody has to know."""
    if ("default" in old) == ("default" in new) and same(old.get("default"), new.get("default")):
        return
    before, after = (repr(d["default"]) if "default" in d else "none" for d in (old, new))
    breaks = "default" in old and place.side == "sends"
    yield place.change(f"default {before} became {after}", "default changed", breaks=breaks)


def _nullable(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    before, after = bool(old.get("nullable")), bool(new.get("nullable"))
    if before == after:
        yield from _written(old, new, place, "nullable")
    elif after:
        yield place.widened("may be null now", _RETYPED)
    else:
        yield place.narrowed("may not be null any more", _RETYPED)


def _unique(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    before, after = bool(old.get("uniqueItems")), bool(new.get("uniqueItems"))
    if before == after:
        yield from _written(old, new, place, "uniqueItems")
    elif after:
        yield place.narrowed("items must differ now", _RETYPED)
    else:
        yield place.widened("items may repeat now", _RETYPED)


def _deprecated(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    before, after = bool(old.get("deprecated")), bool(new.get("deprecated"))
    if before == after:
        yield from _written(old, new, place, "deprecated")
    else:
        what = "deprecated now" if after else "no longer deprecated"
        yield place.change(what, "property deprecated", breaks=False)


def _one_way(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    """Fields of answers alone (readOnly) and of requests alone (writeOnly)."""
    for key, side in (("readOnly", "sends"), ("writeOnly", "reads")):
        before, after = bool(old.get(key)), bool(new.get(key))
        if before == after:
            yield from _written(old, new, place, key)
            continue
        here = place.side == side
        what = f"{key} {'now' if after else 'no longer'}"
        kind = ("property removed" if after else "property added") if here else "spelled otherwise"
        yield place.change(what, kind, breaks=here and after, patch=not here)


COMPARED: Final[Mapping[str, Comparison]] = {
    "type": _type,
    "format": _format,
    "pattern": _pattern,
    "multipleOf": _multiple,
    **dict.fromkeys((*UPPER, *LOWER), _bounds),
    **dict.fromkeys(("exclusiveMaximum", "exclusiveMinimum"), _exclusive),
    "enum": _enum,
    "default": _default,
    "nullable": _nullable,
    "uniqueItems": _unique,
    "deprecated": _deprecated,
    **dict.fromkeys(("readOnly", "writeOnly"), _one_way),
}
"""Who compares which keyword. A keyword that the importer keeps stands here or in `STRUCTURE`."""


def _or_none(value: Any) -> str:
    return "none" if value is None else str(value)


def _listed(values: Any) -> str:
    return ", ".join(str(value) for value in values)


# --- what texts state -----------------------------------------------------------------------------


def stated(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    """Statements that no schema keyword can hold: counts of other things, versions.

    Args:
        old: A schema as it stands in a document, with its statements.
        new: The same, later.
        place: Where it stands.
    """
    one, two = old.get(STATED, {}), new.get(STATED, {})
    for key, what in (("since", "from version"), ("notFor", "not for version")):
        before, after = one.get(key), two.get(key)
        if after is not None and before != after:
            words = f"{what} {_or_none(before)} became {_or_none(after)}"
            yield place.change(words, "version limit changed", breaks=True)
    before, after = one.get("mentions", {}), two.get("mentions", {})
    for name, limit in after.items():
        if before.get(name) != limit:
            tighter = limit < before.get(name, limit + 1)
            words = f"count of {name} {_or_none(before.get(name))} became {limit}"
            kind = "bound tightened" if tighter else "bound loosened"
            yield place.change(words, kind, breaks=tighter)


def unstated(old: Schema, new: Schema) -> dict[str, Any]:
    """What a text stated and neither text nor schema says any more: by name, what it was.

    A fact that can't be found again was perhaps dropped, perhaps only said in other words. No
    program can tell, so nobody may take it for a bound that was lifted.
    """
    one, two = old.get(STATED, {}), new.get(STATED, {})
    gone = {k: v for k, v in one.items() if k != "mentions" and k not in two and k not in new}
    counts = {
        f"mentions.{name}": value
        for name, value in one.get("mentions", {}).items()
        if name not in two.get("mentions", {})
    }
    return {**gone, **counts}


def vanished(gone: Mapping[str, Any], place: Place) -> Iterator[Change]:
    """A change for each statement that is not found any more."""
    for name, value in gone.items():
        shown = _listed(value) if isinstance(value, list) else value
        what = (
            f"the text no longer says {name} {shown}, or says it in words that are not understood"
        )
        yield place.change(what, "statement gone", breaks=False)


# --- fields that come and go ----------------------------------------------------------------------


def requirement(name: str, required: tuple[set[str], set[str]], place: Place) -> Iterator[Change]:
    """Whether a field is required."""
    before, after = name in required[0], name in required[1]
    if before != after:
        what = "required now" if after else "no longer required"
        yield (place.narrowed if after else place.widened)(what, what)


def added(name: str, schema: Schema, required: set[str], place: Place) -> Change:
    """A field that came."""
    must = name in required
    kind = schema.get("type", "any")
    what = f"property added ({kind}{', required' if must else ''})"
    if _elsewhere(schema, place):
        return place.change(what, "property added", breaks=False, patch=True)
    return place.change(what, "property added", breaks=must and place.side == "sends")


def removed(schema: Schema, place: Place) -> Change:
    """A field that went."""
    elsewhere = _elsewhere(schema, place)
    return place.change(
        "property removed", "property removed", breaks=not elsewhere, patch=elsewhere
    )


def _elsewhere(schema: Schema, place: Place) -> bool:
    """Whether a field belongs to the other direction, and has no part in this one."""
    return bool(schema.get("readOnly" if place.side == "sends" else "writeOnly"))


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
