"""Walking two documents side by side: which operation, parameter and choice belongs to which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..page.facts import METHODS, STATED, TEXT
from .change import Change, Place
from .meaning import follow, typed

__all__ = [
    "ANSWER",
    "BODY",
    "DOCUMENT",
    "HEADER",
    "OPERATION",
    "PARAMETER",
    "alike",
    "choice_name",
    "moved",
    "operations",
    "paired",
    "parameters",
    "references",
    "renamed",
    "serialized",
    "twins",
    "unused",
    "with_names_of",
]

# Keys of each part that some comparison reads; any other key that differs asks for a person.
DOCUMENT: Final = frozenset({"openapi", "info", "servers", "security", "paths", "components"})
OPERATION: Final = frozenset(
    {"deprecated", "parameters", "requestBody", "responses", "security", "operationId", "tags"}
)
PARAMETER: Final = frozenset(
    {"name", "in", "required", "deprecated", "allowEmptyValue", "style", "explode", "schema"}
)
BODY: Final = frozenset({"content", "required"})
ANSWER: Final = frozenset({"content", "headers"})
HEADER: Final = frozenset({"schema", "required"})

_NAMES = re.compile(r"\{([^}]*)\}")
_SETS: Final = frozenset({"required", "enum", "anyOf", "oneOf", "allOf", "parameters", "tags"})


def operations(document: Mapping[str, Any]) -> dict[str, Any]:
    """Every operation by ``POST /path``; a path's own parameters count for each of its methods."""
    return {
        f"{method.upper()} {path}": {
            **item[method],
            "parameters": [*item.get("parameters", []), *item[method].get("parameters", [])],
        }
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    }


def twins(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """The new name of each operation that is still there; names inside braces don't count."""
    found = {name: name for name in old if name in new}
    free = {_NAMES.sub("{}", name): name for name in new if name not in found}
    for name in old:
        other = free.get(_NAMES.sub("{}", name))
        if name not in found and other:
            found[name] = other
    return found


def renamed(name: str, other: str) -> Iterator[Change]:
    """A path whose placeholders have other names leads to the same addresses."""
    if name != other:
        what = f"the path's placeholders are named otherwise: {other}"
        yield Place(name, "", "sends").change(what, "spelled otherwise", breaks=False, patch=True)


def with_names_of(name: str, operation: Any, other: str) -> Any:
    """An operation whose path parameters are called as in another spelling of its path."""
    names = dict(zip(_NAMES.findall(other), _NAMES.findall(name), strict=True))
    changed = [
        {**one, "name": names.get(one["name"], one["name"])} if one.get("in") == "path" else one
        for one in operation["parameters"]
    ]
    return {**operation, "parameters": changed}


def moved(operation: Any, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """A new operation with the same body and answers as one that is gone."""
    fresh = (name for name in new if name not in old)
    parts = ("requestBody", "responses")
    return next((n for n in fresh if all(new[n].get(p) == operation.get(p) for p in parts)), None)


def parameters(operation: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by ``query.name``; the operation's own go over those of its path."""
    found = (follow(parameter, document) for parameter in operation.get("parameters", []))
    return {f"{parameter['in']}.{parameter['name']}": parameter for parameter in found}


def serialized(parameter: Mapping[str, Any], key: str) -> Any:
    """How a parameter is written into the request: its ``style`` or ``explode``, or the default."""
    default = "form" if parameter.get("in") in ("query", "cookie") else "simple"
    style = parameter.get("style", default)
    return style if key == "style" else parameter.get("explode", style == "form")


def references(schema: Any) -> tuple[str, ...]:
    """The components that a schema is made of, without those of its fields."""
    if not isinstance(schema, Mapping):
        return ()
    if "$ref" in schema:
        return (str(schema["$ref"]),)
    inner = [item for key in ("allOf", "anyOf", "oneOf") for item in schema.get(key, [])]
    return tuple(name for item in inner for name in references(item))


def alike(old: Any, new: Any) -> bool:
    """Whether two parts hold the same facts, apart from texts and from order without meaning."""
    return bool(typed(_sorted(old)) == typed(_sorted(new)))


def _sorted(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(item, name) for name, item in value.items() if name != TEXT}
    if not isinstance(value, list):
        return value
    items = [_sorted(item) for item in value]
    return sorted(items, key=lambda item: repr(typed(item))) if key in _SETS else items


Choice = tuple[str, Mapping[str, Any], Any]
"""An alternative's meaning, its flat form, and the schema itself."""


def paired(old: list[Choice], new: list[Choice]) -> list[tuple[Any, Any]]:
    """Which alternative became which; ``None`` stands for one that is not there."""
    pairs: list[tuple[Any, Any]] = []
    left, rest = list(old), list(new)
    for likeness in (_same_meaning, _same_name, _same_shape):
        for one in list(left):
            two = next((two for two in rest if likeness(one, two)), None)
            if two is not None:
                left.remove(one)
                rest.remove(two)
                pairs.append((one[2], two[2]))
    return [*pairs, *((one[2], None) for one in left), *((None, two[2]) for two in rest)]


def _same_meaning(one: Choice, two: Choice) -> bool:
    return one[0] == two[0]


def _same_name(one: Choice, two: Choice) -> bool:
    return bool(references(one[2])) and references(one[2]) == references(two[2])


def _same_shape(one: Choice, two: Choice) -> bool:
    """The same type; objects must also share a field, lest strangers be compared."""
    fields = [side[1].get("properties", {}).keys() for side in (one, two)]
    return one[1].get("type") == two[1].get("type") and (
        not any(fields) or bool(fields[0] & fields[1])
    )


def choice_name(schema: Any) -> str:
    """An alternative in a word or two."""
    names = references(schema)
    return names[0].rsplit("/", 1)[-1] if names else str(schema.get("type", "any"))


def unused(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Components that no operation uses, and that differ: worth a line, and no more."""
    used = {*_used(old), *_used(new)}
    for group in sorted({*old.get("components", {}), *new.get("components", {})}):
        if group == "securitySchemes":
            continue
        before, after = (doc.get("components", {}).get(group, {}) for doc in (old, new))
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for name in sorted({*before, *after}):
                same = alike(before.get(name), after.get(name))
                if not same and f"#/components/{group}/{name}" not in used:
                    what = f"component {name} changed; no operation uses it"
                    place = Place("", f"components.{group}", "reads")
                    yield place.change(what, "component changed", breaks=False, patch=True)


def _used(document: Mapping[str, Any]) -> set[str]:
    """Every reference that can be reached from an operation."""
    found: set[str] = set()
    waiting: list[Any] = [document.get("paths", {})]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, Mapping):
            name = str(value.get("$ref", ""))
            if name and name not in found:
                found.add(name)
                waiting.append(follow(value, document))
            waiting += [item for key, item in value.items() if key != STATED]
    return found
