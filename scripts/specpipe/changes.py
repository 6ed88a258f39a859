"""What changed between two documents, and for whom it breaks.

Requests and answers are judged apart: a field that becomes required breaks those who send, a field
that stops being promised breaks those who read. Facts that stand in prose count like facts that
stand in the schema, so that moving one into the other is no change.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from attrs import evolve, field, frozen

from .facts import IGNORED_HEADERS, METHODS, STATED, TEXT, digest

__all__ = ["LEVELS", "Change", "Facade", "Level", "compare", "effective", "level_of"]

Level = Literal["none", "patch", "minor", "major"]
Facade = Literal["covered", "missing", "broken"]
Side = Literal["sends", "reads"]

LEVELS: Final[tuple[Level, ...]] = ("none", "patch", "minor", "major")

_TEXT_KEYS: Final = ("description", "summary", "title", "example", "examples")
_UPPER: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
_LOWER: Final = ("minimum", "minLength", "minItems", "minProperties")
_OTHER_TYPES: Final = frozenset({"date", "date-time", "uuid", "binary", "byte"})
"""Formats that stand for another type than plain text."""


@frozen
class Change:
    """One change.

    Attributes:
        where: The place, for people: operation, part, field.
        what: What happened there.
        kind: Its kind, such as ``property added``.
        level: ``major`` breaks somebody, ``minor`` adds, ``patch`` is text only.
        operation: ``POST /path`` it belongs to, or empty.
        path: Field inside the operation: ``body.mode``, ``200.data.task_id``, ``query.pageNum``.
        breaks: Whom it breaks: ``sends``, ``reads``, both or none.
        values: Enum values gained or lost.
        facade: What it means for the facade; set by `judge.judge`.
        todo: What to do about it; set by `judge.judge`.
    """

    where: str
    what: str
    kind: str
    level: Level
    operation: str = ""
    path: str = ""
    breaks: tuple[Side, ...] = ()
    values: tuple[Any, ...] = ()
    facade: Facade = "covered"
    todo: str = ""


def level_of(changes: list[Change]) -> Level:
    """The highest level among changes."""
    return max((change.level for change in changes), key=LEVELS.index, default="none")


def effective(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema's facts, those stated in its prose filled in where the schema itself is silent."""
    stated = schema.get(STATED, {})
    plain = {
        key: value for key, value in stated.items() if key not in ("mentions", "since", "notFor")
    }
    return {**plain, **{key: value for key, value in schema.items() if key not in (STATED, TEXT)}}


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every change from one OpenAPI 3.0 document to another, in document order."""
    return list(_Comparison(old, new).changes())


@frozen
class _Place:
    """Where a comparison stands."""

    operation: str
    path: str
    side: Side

    def __str__(self) -> str:
        return f"{self.operation} {self.path}".strip()

    def inside(self, name: str) -> _Place:
        return evolve(self, path=f"{self.path}.{name}" if self.path else name)

    def items(self) -> _Place:
        return evolve(self, path=self.path + "[]")

    def change(
        self, what: str, kind: str, *, breaks: bool, patch: bool = False, **more: Any
    ) -> Change:
        level: Level = "major" if breaks else "patch" if patch else "minor"
        sides = (self.side,) if breaks else ()
        return Change(str(self), what, kind, level, self.operation, self.path, sides, **more)


@frozen
class _Comparison:
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    seen: set[tuple[str, str]] = field(factory=set)

    def changes(self) -> Iterator[Change]:
        yield from self._servers()
        yield from self._security(self.old, self.new, "")
        yield from self._schemes()
        yield from self._texts(self.old, self.new, _Place("", "page", "reads"))
        yield from self._texts(
            self.old.get("info", {}), self.new.get("info", {}), _Place("", "info", "reads")
        )
        yield from self._models()
        yield from self._operations()

    # --- the document ---

    def _models(self) -> Iterator[Change]:
        """Models that a page names anywhere, also outside of an enumeration."""
        old, new = (doc.get(STATED, {}).get("models", []) for doc in (self.old, self.new))
        place = _Place("", "page", "sends")
        for name in [name for name in new if name not in old]:
            yield place.change(
                f"the page names {name} now", "model named", breaks=False, values=(name,)
            )
        for name in [name for name in old if name not in new]:
            yield place.change(f"the page no longer names {name}", "model named", breaks=False)

    def _servers(self) -> Iterator[Change]:
        old, new = (
            [server["url"] for server in doc.get("servers", [])] for doc in (self.old, self.new)
        )
        place = _Place("", "servers", "sends")
        for url in [url for url in old if url not in new]:
            yield place.change(f"server {url} gone", "server changed", breaks=True)
        for url in [url for url in new if url not in old]:
            main = new.index(url) == 0
            what = f"server {url} added" + (", as the first" if main and old else "")
            yield place.change(what, "server changed", breaks=False)
        kept = [url for url in old if url in new]
        if kept and [url for url in new if url in old] != kept:
            yield place.change("servers in another order", "server changed", breaks=False)
        texts = ({s["url"]: s for s in doc.get("servers", [])} for doc in (self.old, self.new))
        before, after = texts
        for url in kept:
            yield from self._texts(before[url], after[url], place)

    def _security(
        self, old: Mapping[str, Any], new: Mapping[str, Any], operation: str
    ) -> Iterator[Change]:
        before, after = old.get("security"), new.get("security")
        if before != after:
            place = _Place(operation, "security", "sends")
            what = f"security {_security_words(before)} became {_security_words(after)}"
            names = tuple(sorted({name for item in after or [] for name in item}))
            yield place.change(what, "security changed", breaks=bool(after), values=names)

    def _schemes(self) -> Iterator[Change]:
        old, new = (
            doc.get("components", {}).get("securitySchemes", {}) for doc in (self.old, self.new)
        )
        place = _Place("", "securitySchemes", "sends")
        for name in [*old, *(name for name in new if name not in old)]:
            before, after = _facts(old.get(name)), _facts(new.get(name))
            if before != after:
                what = f"scheme {name}: {before or 'none'} became {after or 'none'}"
                yield place.inside(name).change(what, "security changed", breaks=name in old)

    def _operations(self) -> Iterator[Change]:
        old, new = _operations(self.old), _operations(self.new)
        for name, operation in old.items():
            if name not in new:
                moved = _moved(operation, old, new)
                guess = f"; perhaps it is now {moved} (a guess)" if moved else ""
                yield _gone(name, f"operation removed{guess}")
            else:
                yield from self._operation(name, operation, new[name])
        for name in new:
            if name not in old:
                yield Change(name, "operation added", "operation added", "minor", name)

    def _operation(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        place = _Place(name, "", "sends")
        if new.get("deprecated", False) and not old.get("deprecated", False):
            yield place.change("deprecated now", "operation deprecated", breaks=False)
        yield from self._security(old, new, name)
        yield from self._parameters(name, old, new)
        yield from self._body(name, old, new)
        yield from self._answers(name, old, new)
        yield from self._texts(old, new, place)

    # --- parts of an operation ---

    def _parameters(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        before, after = self._by_place(old, self.old), self._by_place(new, self.new)
        for key, parameter in before.items():
            place = _Place(name, key, "sends")
            if key not in after:
                yield place.change("parameter removed", "property removed", breaks=_counts(key))
            else:
                yield from self._required_flag(parameter, after[key], place)
                yield from self._schema(
                    parameter.get("schema", {}), after[key].get("schema", {}), place
                )
                yield from self._texts(parameter, after[key], place)
        for key, parameter in after.items():
            if key not in before:
                must = bool(parameter.get("required"))
                what = "parameter added" + (", required" if must else "")
                place = _Place(name, key, "sends")
                yield place.change(
                    what, "property added", breaks=must and _counts(key), patch=not _counts(key)
                )

    def _by_place(
        self, operation: Mapping[str, Any], document: Mapping[str, Any]
    ) -> dict[str, Any]:
        found = (_follow(parameter, document) for parameter in operation.get("parameters", []))
        return {f"{parameter['in']}.{parameter['name']}": parameter for parameter in found}

    def _required_flag(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: _Place
    ) -> Iterator[Change]:
        before, after = bool(old.get("required")), bool(new.get("required"))
        if before != after:
            what = "required now" if after else "no longer required"
            yield place.change(what, what, breaks=after and _counts(place.path))

    def _body(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
        before = _follow(old.get("requestBody", {}), self.old)
        after = _follow(new.get("requestBody", {}), self.new)
        yield from self._content(before, after, _Place(name, "body", "sends"))
        yield from self._texts(before, after, _Place(name, "body", "sends"))

    def _answers(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        before, after = old.get("responses", {}), new.get("responses", {})
        for status in before:
            place = _Place(name, status, "reads")
            if status not in after:
                yield place.change(
                    "answer removed", "answer removed", breaks=status.startswith("2")
                )
                continue
            one, two = _follow(before[status], self.old), _follow(after[status], self.new)
            yield from self._content(one, two, place)
            yield from self._texts(one, two, place)
        for status in [status for status in after if status not in before]:
            yield _Place(name, status, "reads").change("answer added", "answer added", breaks=False)

    def _content(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: _Place
    ) -> Iterator[Change]:
        before, after = old.get("content", {}), new.get("content", {})
        for media in [*before, *(media for media in after if media not in before)]:
            if media not in after:
                yield place.change(f"{media} gone", "media type changed", breaks=True)
            elif media not in before:
                yield place.change(f"{media} added", "media type changed", breaks=False)
            else:
                one, two = before[media], after[media]
                yield from self._schema(one.get("schema", {}), two.get("schema", {}), place)
                yield from self._texts(one, two, place)

    # --- schemas ---

    def _schema(self, old: Any, new: Any, place: _Place) -> Iterator[Change]:
        key = (f"{place.side} {old.get('$ref', '')}", new.get("$ref", ""))
        if all(key):
            if key in self.seen or place.path.count(".") > 30:
                return
            self.seen.add(key)
        one, two = _follow(old, self.old), _follow(new, self.new)
        before, after = effective(one), effective(two)
        yield from _types(before, after, place)
        yield from _bounds(before, after, place)
        yield from _enums(before, after, place)
        yield from _flags(before, after, place)
        yield from _stated(one.get(STATED, {}), two.get(STATED, {}), place)
        yield from self._properties(before, after, place)
        yield from self._inner(before, after, place)
        yield from self._texts(one, two, place)

    def _inner(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: _Place
    ) -> Iterator[Change]:
        if "items" in old and "items" in new:
            yield from self._schema(old["items"], new["items"], place.items())
        for key in ("allOf", "anyOf", "oneOf"):
            before, after = old.get(key, []), new.get(key, [])
            if len(before) != len(after):
                what = f"{key} has {len(after)} readings, not {len(before)}"
                yield place.change(what, "property retyped", breaks=True)
            else:
                for one, two in zip(before, after, strict=True):
                    yield from self._schema(one, two, place)

    def _properties(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: _Place
    ) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required = set(old.get("required", [])), set(new.get("required", []))
        renamed = _renames(before, after)
        for name in before:
            here = place.inside(name)
            if name in after:
                yield from _requirement(name, required, here)
                yield from self._schema(before[name], after[name], here)
            elif name in renamed:
                other, why = renamed[name]
                what = f"renamed to {other} (a guess: {why})"
                yield here.change(what, "property renamed", breaks=True, values=(other,))
            else:
                yield here.change("property removed", "property removed", breaks=True)
        taken = {other for other, _ in renamed.values()}
        for name in after:
            if name not in before and name not in taken:
                yield _added(name, after[name], required[1], place.inside(name))

    def _texts(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: _Place
    ) -> Iterator[Change]:
        before, after = _digests(old), _digests(new)
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        if keys:
            yield place.change(
                f"{', '.join(keys)} changed", "text changed", breaks=False, patch=True
            )


# --- reading documents ----------------------------------------------------------------------------


def _follow(value: Any, document: Mapping[str, Any]) -> Any:
    """The object itself, through references inside the document."""
    for _ in range(20):
        if not isinstance(value, Mapping) or "$ref" not in value:
            return value
        target: Any = document
        for part in str(value["$ref"]).removeprefix("#/").split("/"):
            target = target.get(part, {}) if isinstance(target, Mapping) else {}
        value = target
    return {}


def _operations(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": {
            **item[method],
            "parameters": [*item.get("parameters", []), *item[method].get("parameters", [])],
        }
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    }


def _moved(operation: Any, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """A new operation with the same body and answers as one that is gone."""
    fresh = (name for name in new if name not in old)
    parts = ("requestBody", "responses")
    return next((n for n in fresh if all(new[n].get(p) == operation.get(p) for p in parts)), None)


def _gone(name: str, what: str) -> Change:
    return Change(name, what, "operation removed", "major", name, "", ("sends", "reads"))


def _facts(value: Any) -> dict[str, Any]:
    return {key: item for key, item in (value or {}).items() if key not in (TEXT, "description")}


def _digests(value: Mapping[str, Any]) -> dict[str, str]:
    """Digests of an object's texts, whether it holds the texts or their digests."""
    found = {
        key: digest(str(value[key]))
        for key in _TEXT_KEYS
        if isinstance(value.get(key), str) and value[key]
    }
    return {**found, **value.get(TEXT, {})}


def _security_words(value: Any) -> str:
    if value is None:
        return "(as the document says)"
    names = [" and ".join(item) or "none" for item in value]
    return " or ".join(names) or "none"


def _counts(path: str) -> bool:
    """Whether a parameter has an effect: OpenAPI ignores some header parameters."""
    where, _, name = path.partition(".")
    return not (where == "header" and name.lower() in IGNORED_HEADERS)


# --- comparing one schema -------------------------------------------------------------------------


def _types(old: Mapping[str, Any], new: Mapping[str, Any], place: _Place) -> Iterator[Change]:
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


def _bounds(old: Mapping[str, Any], new: Mapping[str, Any], place: _Place) -> Iterator[Change]:
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


def _enums(old: Mapping[str, Any], new: Mapping[str, Any], place: _Place) -> Iterator[Change]:
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


def _flags(old: Mapping[str, Any], new: Mapping[str, Any], place: _Place) -> Iterator[Change]:
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


def _stated(old: Mapping[str, Any], new: Mapping[str, Any], place: _Place) -> Iterator[Change]:
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


def _requirement(name: str, required: tuple[set[str], set[str]], place: _Place) -> Iterator[Change]:
    before, after = name in required[0], name in required[1]
    if before == after:
        return
    what = "required now" if after else "no longer required"
    yield place.change(what, what, breaks=after == (place.side == "sends"))


def _added(name: str, schema: Mapping[str, Any], required: set[str], place: _Place) -> Change:
    must = name in required
    kind = schema.get("type", "object" if "$ref" in schema else "any")
    what = f"property added ({kind}{', required' if must else ''})"
    return place.change(what, "property added", breaks=must and place.side == "sends")


# --- guessing renames -----------------------------------------------------------------------------


def _renames(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
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
    text, other = _digests(old[a]), _digests(new[b])
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
        key: _shape(item) for key, item in schema.items() if key not in (TEXT, STATED, *_TEXT_KEYS)
    }
