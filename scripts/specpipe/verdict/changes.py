"""What changed between two documents, and for whom it breaks.

Requests and answers are judged apart: fewer allowed values break those who send, more allowed
values break those who read. Facts that stand in prose count like facts that stand in the schema, so
that moving one into the other is no change. Nothing passes unseen: where two parts differ and no
comparison says how, that is a change of its own (`UNSEEN`), and it asks for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import evolve, field, frozen

from ..page.facts import IGNORED_HEADERS, STATED, TEXT, effective
from . import paths, schemas
from .change import LEVELS, TEXT_KEYS, Change, Facade, Level, Place, digests, level_of
from .meaning import Meaning, follow, same
from .security import Security

__all__ = ["LEVELS", "UNSEEN", "Change", "Facade", "Level", "compare", "level_of"]

UNSEEN = "facts not compared"
"""Kind of a change that no comparison knows."""

_TEXTS = frozenset({TEXT, STATED, *TEXT_KEYS})
_SPELLED = "spelled otherwise"


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Every change from one OpenAPI 3.0 document to another, in document order."""
    found = list(_Comparison(old, new, Meaning(old), Meaning(new)).changes())
    if not found and not paths.alike(old, new):
        place = Place("", "page", "sends")
        if paths.alike(*({**doc, "paths": paths.operations(doc)} for doc in (old, new))):
            what = "parameters stand on the path or on its methods: the same"
            found.append(place.change(what, _SPELLED, breaks=False, patch=True))
        else:
            found.append(place.change("facts differ that nothing compares", UNSEEN, breaks=False))
    return found


@frozen
class _Comparison:
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    before: Meaning
    after: Meaning
    seen: set[tuple[Any, ...]] = field(factory=set)

    def changes(self) -> Iterator[Change]:
        one, two = self.old, self.new
        security = Security(one, two)
        yield from self._servers()
        yield from security.of_document()
        yield from security.schemes()
        yield from self._texts(one, two, Place("", "page", "reads"))
        yield from self._info()
        yield from self._models()
        yield from self._rest(one, two, paths.DOCUMENT, Place("", "page", "sends"))
        yield from self._operations(security)
        yield from paths.unused(one, two)

    # --- the document ---

    def _info(self) -> Iterator[Change]:
        place = Place("", "info", "reads")
        one, two = self.old.get("info", {}), self.new.get("info", {})
        yield from self._texts(one, two, place)
        for name, before, after in (
            ("openapi", self.old.get("openapi"), self.new.get("openapi")),
            ("version", one.get("version"), two.get("version")),
        ):
            if before != after:
                what = f"{name} {before or 'none'} became {after or 'none'}"
                yield place.change(what, "version changed", breaks=False, patch=True)
        yield from self._rest(one, two, frozenset({"version"}), place)

    def _models(self) -> Iterator[Change]:
        """Models that a page names anywhere, also outside of an enumeration."""
        old, new = (doc.get(STATED, {}).get("models", []) for doc in (self.old, self.new))
        place = Place("", "page", "sends")
        for name in [name for name in new if name not in old]:
            what = f"the page names {name} now"
            yield place.change(what, "model named", breaks=False, values=(name,))
        for name in [name for name in old if name not in new]:
            yield place.change(f"the page no longer names {name}", "model named", breaks=False)

    def _servers(self) -> Iterator[Change]:
        before, after = ({s["url"]: s for s in d.get("servers", [])} for d in (self.old, self.new))
        old, new = list(before), list(after)
        place = Place("", "servers", "sends")
        for url in [url for url in old if url not in new]:
            yield place.change(f"server {url} gone", "server changed", breaks=True)
        for url in [url for url in new if url not in old]:
            first = ", as the first" if new[0] == url and old else ""
            yield place.change(f"server {url} added{first}", "server changed", breaks=False)
        kept = [url for url in old if url in new]
        if kept != [url for url in new if url in old]:
            yield place.change("servers in another order", "server changed", breaks=False)
        for url in kept:
            yield from self._texts(before[url], after[url], place)
            yield from self._rest(before[url], after[url], frozenset({"url"}), place)

    def _operations(self, security: Security) -> Iterator[Change]:
        old, new = paths.operations(self.old), paths.operations(self.new)
        twins = paths.twins(old, new)
        for name, operation in old.items():
            if name in twins:
                yield from paths.renamed(name, twins[name])
                other = paths.with_names_of(name, new[twins[name]], twins[name])
                yield from self._operation(name, operation, other, security)
            else:
                moved = paths.moved(operation, old, new)
                guess = f"; perhaps it is now {moved} (a guess)" if moved else ""
                what = f"operation removed{guess}"
                yield Change(
                    name, what, "operation removed", "major", name, breaks=("sends", "reads")
                )
        for name in new:
            if name not in twins.values():
                yield Change(name, "operation added", "operation added", "minor", name)

    def _operation(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any], security: Security
    ) -> Iterator[Change]:
        place = Place(name, "", "sends")
        yield from _flag(old, new, "deprecated", "operation deprecated", place)
        yield from security.of_operation(old, new, name)
        yield from self._parameters(name, old, new)
        yield from self._body(old, new, Place(name, "body", "sends"))
        yield from self._answers(name, old, new)
        yield from self._texts(old, new, place)
        yield from self._rest(old, new, paths.OPERATION, place)

    # --- parts of an operation ---

    def _parameters(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        before, after = paths.parameters(old, self.old), paths.parameters(new, self.new)
        for key, parameter in before.items():
            place = Place(name, key, "sends")
            if key not in after:
                found = [place.change("parameter removed", "property removed", breaks=True)]
            else:
                found = list(self._parameter(parameter, after[key], place))
            yield from (_counted(change) for change in found)
        for key in [key for key in after if key not in before]:
            must = bool(after[key].get("required"))
            what = "parameter added" + (", required" if must else "")
            yield _counted(Place(name, key, "sends").change(what, "property added", breaks=must))

    def _parameter(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        yield from _required(old, new, place)
        yield from _flag(old, new, "deprecated", "property deprecated", place)
        yield from _flag(old, new, "allowEmptyValue", "property retyped", place)
        for key in ("style", "explode"):
            before, after = paths.serialized(old, key), paths.serialized(new, key)
            if before != after:
                what = f"{key} {before} became {after}"
                yield place.change(what, "property retyped", breaks=True)
            elif (key in old) != (key in new):
                yield place.change(f"{key} written otherwise", _SPELLED, breaks=False, patch=True)
        yield from self._schema(_described(old), _described(new), place)
        yield from self._texts(old, new, place)
        yield from self._rest(old, new, paths.PARAMETER, place)

    def _body(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        before = follow(old.get("requestBody", {}), self.old)
        after = follow(new.get("requestBody", {}), self.new)
        if before and after:
            yield from _required(before, after, place)
        elif after:
            must = bool(after.get("required"))
            what = "body added" + (", required" if must else "")
            yield place.change(what, "property added", breaks=must)
        elif before:
            yield place.change("body removed", "property removed", breaks=True)
        if before and after:
            yield from self._content(before, after, place)
            yield from self._texts(before, after, place)
            yield from self._rest(before, after, paths.BODY, place)

    def _answers(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        before, after = old.get("responses", {}), new.get("responses", {})
        for status in before:
            place = Place(name, status, "reads")
            if status in after:
                one, two = follow(before[status], self.old), follow(after[status], self.new)
                yield from self._content(one, two, place)
                yield from self._headers(one, two, place)
                yield from self._texts(one, two, place)
                yield from self._rest(one, two, paths.ANSWER, place)
            else:
                success = status.startswith("2")
                yield place.change("answer removed", "answer removed", breaks=success)
        for status in [status for status in after if status not in before]:
            # Whoever reads has to know each way in which a request can succeed.
            success = status.startswith("2") and bool(before)
            place = Place(name, status, "reads")
            yield place.change("answer added", "answer added", breaks=success)

    def _headers(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        before, after = old.get("headers", {}), new.get("headers", {})
        for name in [*before, *(name for name in after if name not in before)]:
            here = place.inside(f"header {name}")
            if name not in after:
                yield here.change("header removed", "property removed", breaks=True)
            elif name not in before:
                yield here.change("header added", "header added", breaks=False)
            else:
                one, two = before[name], after[name]
                yield from _required(one, two, here)
                yield from self._schema(one.get("schema", {}), two.get("schema", {}), here)
                yield from self._texts(one, two, here)
                yield from self._rest(one, two, paths.HEADER, here)

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
                yield from self._rest(one, two, frozenset({"schema"}), place)

    # --- schemas ---

    def _schema(self, old: Any, new: Any, place: Place) -> Iterator[Change]:
        """Compare two schemas; say so if they differ and no comparison tells how."""
        meaning = self.before.key(old), self.after.key(new)
        references = paths.references(old), paths.references(new)
        if any(references):
            key = (place.operation, place.side, place.inverted, references, meaning)
            if key in self.seen:
                return
            self.seen.add(key)
        found = list(self._compared(old, new, place))
        yield from found
        if not found and not paths.alike(old, new):
            equal = meaning[0] == meaning[1]
            what = "written otherwise, with the same meaning" if equal else "facts differ"
            yield place.change(what, _SPELLED if equal else UNSEEN, breaks=False, patch=equal)

    def _compared(self, old: Any, new: Any, place: Place) -> Iterator[Change]:
        one, two = self.before.flat(old), self.after.flat(new)
        yield from self._texts(one, two, place)
        choice = self._became_choice(one, two, place)
        if choice:
            yield choice
            return
        gone = schemas.unstated(one, two)
        before, after = effective(one), {**_kept(gone), **effective(two)}
        yield from schemas.keywords(before, after, place)
        yield from schemas.stated(one, two, place)
        yield from schemas.vanished(gone, place)
        yield from self._properties(before, after, place)
        yield from self._inner(before, after, place)
        known = schemas.COMPARED.keys() | schemas.STRUCTURE
        yield from self._rest(before, after, frozenset(known), place)

    def _became_choice(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Change | None:
        """A schema that became one of several (more is allowed), or the other way round."""
        for one, two, meaning, other, change in (
            (old, new, self.before, self.after, place.widened),
            (new, old, self.after, self.before, place.narrowed),
        ):
            choices = [item for key in ("anyOf", "oneOf") for item in two.get(key, [])]
            if choices and not {"anyOf", "oneOf"} & one.keys():
                alone = {k: v for k, v in one.items() if k in _TEXTS or not same(v, two.get(k))}
                if meaning.key(alone) in map(other.key, choices):
                    many = two is new
                    what = "is one of several choices now" if many else "one choice of several left"
                    return change(what, "property retyped")
        return None

    def _inner(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        for key, inner in (("items", place.items()), ("not", place.negated())):
            if key in old and key in new:
                yield from self._schema(old[key], new[key], inner)
            elif key in new:
                yield place.narrowed(f"{key} described now", "property retyped")
            elif key in old:
                yield place.widened(f"{key} no longer described", "property retyped")
        yield from self._additional(old, new, place)
        yield from self._choices(old, new, place)
        rests = [m.key({"allOf": s.get("allOf", [])}) for m, s in self._sides(old, new)]
        if rests[0] != rests[1]:
            yield place.change("allOf changed", "property retyped", breaks=True)

    def _sides(
        self, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> tuple[tuple[Meaning, Mapping[str, Any]], ...]:
        return (self.before, old), (self.after, new)

    def _additional(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        key = "additionalProperties"
        before, after = (True if s.get(key) == {} else s.get(key, True) for s in (old, new))
        kind = "property retyped"
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self._schema(before, after, place.inside("*"))
        elif before is after:
            if (key in old) != (key in new):
                yield place.change(f"{key} written otherwise", _SPELLED, breaks=False, patch=True)
        elif after is False:
            yield place.narrowed("unknown fields refused now", kind)
        elif before is False:
            # Readers have to live with new fields anyway.
            yield place.change("unknown fields allowed now", kind, breaks=False)
        elif before is True:
            yield place.narrowed("unknown fields have a type now", kind)
        else:
            yield place.widened("unknown fields may be anything now", kind)

    def _choices(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        kinds = [[key for key in ("anyOf", "oneOf") if key in side] for side in (old, new)]
        if len(kinds[0]) == len(kinds[1]) == 1:
            before, after = kinds[0][0], kinds[1][0]
            if before != after:
                change = place.widened if after == "anyOf" else place.narrowed
                yield change(f"{before} became {after}", "property retyped")
            yield from self._alternatives(old[before], new[after], place)
            return
        for key in ("anyOf", "oneOf"):
            if key in old and key in new:
                yield from self._alternatives(old[key], new[key], place)
            elif key in old or key in new:
                what = f"{key} {'added' if key in new else 'removed'}"
                yield place.change(what, "property retyped", breaks=True)

    def _alternatives(self, old: list[Any], new: list[Any], place: Place) -> Iterator[Change]:
        """Alternatives in any order: first those that mean the same, then those that look alike."""
        pairs = paths.paired(
            [(self.before.key(s), self.before.flat(s), s) for s in old],
            [(self.after.key(s), self.after.flat(s), s) for s in new],
        )
        for one, two in pairs:
            if one is None:
                what = f"choice added: {paths.choice_name(two)}"
                yield place.widened(what, "property retyped")
            elif two is None:
                what = f"choice gone: {paths.choice_name(one)}"
                yield place.narrowed(what, "property retyped")
            else:
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
                yield schemas.removed(self.before.flat(before[name]), here)
        taken = {other for other, _ in renamed.values()}
        for name in after:
            if name not in before and name not in taken:
                flat = self.after.flat(after[name])
                yield schemas.added(name, flat, required[1], place.inside(name))
        for name in sorted((required[0] ^ required[1]) - before.keys() - after.keys()):
            yield from schemas.requirement(name, required, place.inside(name))

    # --- what every part has ---

    def _texts(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        before, after = digests(old), digests(new)
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        if keys:
            what = f"{', '.join(keys)} changed"
            yield place.change(what, "text changed", breaks=False, patch=True)

    def _rest(
        self, old: Mapping[str, Any], new: Mapping[str, Any], known: frozenset[str], place: Place
    ) -> Iterator[Change]:
        """Keys that no comparison knows: a person has to look."""
        for key in sorted((old.keys() | new.keys()) - known - _TEXTS):
            if not same(old.get(key), new.get(key)) or (key in old) != (key in new):
                yield place.change(f"{key} differs, and nothing compares it", UNSEEN, breaks=False)


def _kept(gone: Mapping[str, Any]) -> dict[str, Any]:
    """Facts that are only no longer found count as if they still held: never as lifted."""
    return {key: value for key, value in gone.items() if key in schemas.COMPARED}


def _described(parameter: Mapping[str, Any]) -> Any:
    """A parameter's schema, with what the parameter's own text states."""
    schema = parameter.get("schema", {})
    stated = parameter.get(STATED)
    return {"allOf": [schema], STATED: stated} if stated else schema


def _required(old: Mapping[str, Any], new: Mapping[str, Any], place: Place) -> Iterator[Change]:
    before, after = bool(old.get("required")), bool(new.get("required"))
    if before != after:
        what = "required now" if after else "no longer required"
        change: Callable[..., Change] = place.narrowed if after else place.widened
        yield change(what, what)
    elif ("required" in old) != ("required" in new):
        yield place.change("required written otherwise", _SPELLED, breaks=False, patch=True)


def _flag(
    old: Mapping[str, Any], new: Mapping[str, Any], key: str, kind: str, place: Place
) -> Iterator[Change]:
    before, after = bool(old.get(key)), bool(new.get(key))
    if before != after:
        yield place.change(f"{key} {'now' if after else 'no longer'}", kind, breaks=False)
    elif (key in old) != (key in new):
        yield place.change(f"{key} written otherwise", _SPELLED, breaks=False, patch=True)


def _counted(change: Change) -> Change:
    """OpenAPI ignores some header parameters: whatever is said of them has no effect."""
    where, _, name = change.path.partition(".")
    if where == "header" and name.lower() in IGNORED_HEADERS:
        return evolve(change, level="patch", breaks=(), kind="ignored by OpenAPI")
    return change
