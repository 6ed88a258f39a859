"""What changed between two documents, and for whom it breaks.

Requests and answers are judged apart: a field that becomes required breaks those who send, a field
that stops being promised breaks those who read. Facts that stand in prose count like facts that
stand in the schema, so that moving one into the other is no change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from ..page.facts import IGNORED_HEADERS, METHODS, STATED, TEXT, effective
from . import schemas
from .change import LEVELS, Change, Facade, Level, Place, digests, level_of

__all__ = ["LEVELS", "Change", "Facade", "Level", "compare", "level_of"]


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every change from one OpenAPI 3.0 document to another, in document order."""
    return list(_Comparison(old, new).changes())


@frozen
class _Comparison:
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    seen: set[tuple[str, str]] = field(factory=set)

    def changes(self) -> Iterator[Change]:
        yield from self._servers()
        yield from self._security(self.old, self.new, "")
        yield from self._schemes()
        yield from self._texts(self.old, self.new, Place("", "page", "reads"))
        yield from self._texts(
            self.old.get("info", {}), self.new.get("info", {}), Place("", "info", "reads")
        )
        yield from self._models()
        yield from self._operations()

    # --- the document ---

    def _models(self) -> Iterator[Change]:
        """Models that a page names anywhere, also outside of an enumeration."""
        old, new = (doc.get(STATED, {}).get("models", []) for doc in (self.old, self.new))
        place = Place("", "page", "sends")
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
        place = Place("", "servers", "sends")
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
            place = Place(operation, "security", "sends")
            what = f"security {_security_words(before)} became {_security_words(after)}"
            names = tuple(sorted({name for item in after or [] for name in item}))
            yield place.change(what, "security changed", breaks=bool(after), values=names)

    def _schemes(self) -> Iterator[Change]:
        old, new = (
            doc.get("components", {}).get("securitySchemes", {}) for doc in (self.old, self.new)
        )
        place = Place("", "securitySchemes", "sends")
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
        place = Place(name, "", "sends")
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
            place = Place(name, key, "sends")
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
                place = Place(name, key, "sends")
                yield place.change(
                    what, "property added", breaks=must and _counts(key), patch=not _counts(key)
                )

    def _by_place(
        self, operation: Mapping[str, Any], document: Mapping[str, Any]
    ) -> dict[str, Any]:
        found = (_follow(parameter, document) for parameter in operation.get("parameters", []))
        return {f"{parameter['in']}.{parameter['name']}": parameter for parameter in found}

    def _required_flag(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        before, after = bool(old.get("required")), bool(new.get("required"))
        if before != after:
            what = "required now" if after else "no longer required"
            yield place.change(what, what, breaks=after and _counts(place.path))

    def _body(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
        before = _follow(old.get("requestBody", {}), self.old)
        after = _follow(new.get("requestBody", {}), self.new)
        yield from self._content(before, after, Place(name, "body", "sends"))
        yield from self._texts(before, after, Place(name, "body", "sends"))

    def _answers(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        before, after = old.get("responses", {}), new.get("responses", {})
        for status in before:
            place = Place(name, status, "reads")
            if status not in after:
                yield place.change(
                    "answer removed", "answer removed", breaks=status.startswith("2")
                )
                continue
            one, two = _follow(before[status], self.old), _follow(after[status], self.new)
            yield from self._content(one, two, place)
            yield from self._texts(one, two, place)
        for status in [status for status in after if status not in before]:
            yield Place(name, status, "reads").change("answer added", "answer added", breaks=False)

    def _content(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
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

    def _schema(self, old: Any, new: Any, place: Place) -> Iterator[Change]:
        key = (f"{place.side} {old.get('$ref', '')}", new.get("$ref", ""))
        if all(key):
            if key in self.seen or place.path.count(".") > 30:
                return
            self.seen.add(key)
        one, two = _follow(old, self.old), _follow(new, self.new)
        before, after = effective(one), effective(two)
        yield from schemas.types(before, after, place)
        yield from schemas.bounds(before, after, place)
        yield from schemas.enums(before, after, place)
        yield from schemas.flags(before, after, place)
        yield from schemas.stated(one.get(STATED, {}), two.get(STATED, {}), place)
        yield from self._properties(before, after, place)
        yield from self._inner(before, after, place)
        yield from self._texts(one, two, place)

    def _inner(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
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
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required = set(old.get("required", [])), set(new.get("required", []))
        renamed = schemas.renames(before, after)
        for name in before:
            here = place.inside(name)
            if name in after:
                yield from schemas.requirement(name, required, here)
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
                yield schemas.added(name, after[name], required[1], place.inside(name))

    def _texts(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        before, after = digests(old), digests(new)
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


def _security_words(value: Any) -> str:
    if value is None:
        return "(as the document says)"
    names = [" and ".join(item) or "none" for item in value]
    return " or ".join(names) or "none"


def _counts(path: str) -> bool:
    """Whether a parameter has an effect: OpenAPI ignores some header parameters."""
    where, _, name = path.partition(".")
    return not (where == "header" and name.lower() in IGNORED_HEADERS)
