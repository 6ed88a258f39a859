"""What a schema means, however it is written.

Two documents may say the same in other words: a reference followed or not, an ``allOf`` of one, a
default written out, alternatives in another order. `Meaning.flat` gives one schema in one form, for
comparing keyword by keyword; `Meaning.key` gives one text for a whole tree, for asking whether two
trees mean the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import field, frozen

from ..page.facts import STATED, TEXT, effective

__all__ = ["EVERYTHING", "LOWER", "UNWRITABLE", "UPPER", "Meaning", "follow", "same", "typed"]

UPPER: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
LOWER: Final = ("minimum", "minLength", "minItems", "minProperties")

EVERYTHING: Final = ("", ".*", "^.*$", "^.*", ".*$", "[\\s\\S]*", "^[\\s\\S]*$")
"""Patterns that every text matches."""

UNWRITABLE: Final = ("since", "notFor", "mentions")
"""What a text can state and no keyword of a schema can hold."""

_FLAGS: Final = (
    "nullable", "uniqueItems", "readOnly", "writeOnly", "deprecated", "exclusiveMaximum",
    "exclusiveMinimum", "allowEmptyValue",
)  # fmt: skip
_UNORDERED: Final = frozenset({"required", "enum", "anyOf", "oneOf", "allOf"})
_MAX_REFERENCES: Final = 20
"""How many references in a row are followed; a longer chain goes round in a circle."""


def typed(value: Any) -> Any:
    """A JSON value in a form that compares as JSON does: ``1`` is ``1.0``, but not ``true``."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list | tuple):
        return ("array", *map(typed, value))
    if isinstance(value, Mapping):
        return ("object", *sorted((str(key), typed(item)) for key, item in value.items()))
    return value


def same(one: Any, two: Any) -> bool:
    """Whether two JSON values are equal. Python's ``==`` takes ``False`` for ``0``."""
    return bool(typed(one) == typed(two))


def follow(value: Any, document: Mapping[str, Any]) -> Any:
    """The object itself, through references inside the document."""
    for _ in range(_MAX_REFERENCES):
        if not isinstance(value, Mapping) or "$ref" not in value:
            return value
        target: Any = document
        for part in str(value["$ref"]).removeprefix("#/").split("/"):
            target = target.get(part, {}) if isinstance(target, Mapping) else {}
        value = target
    return {}


@frozen
class Meaning:
    """The schemas of one document, read for what they mean.

    Attributes:
        document: The document, for following references.
    """

    document: Mapping[str, Any]
    _flat: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    _keys: dict[str, str] = field(factory=dict, repr=False)

    def flat(self, schema: Any) -> dict[str, Any]:
        """A schema without references and ``allOf`` at its top; a choice of one is that one."""
        reference = schema.get("$ref", "") if isinstance(schema, Mapping) else ""
        if not reference:
            return self._joined(schema) if isinstance(schema, Mapping) else {}
        if reference not in self._flat:
            self._flat[reference] = {}  # a circle of references ends here
            self._flat[reference] = self._joined(follow(schema, self.document))
        return self._flat[reference]

    def _joined(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        made = {key: value for key, value in schema.items() if key != "allOf"}
        parts = list(schema.get("allOf", []))
        for key in ("anyOf", "oneOf"):
            if len(made.get(key, ())) == 1:
                parts += made.pop(key)
        for part in parts:
            made = _merged(made, self.flat(part))
        return made

    def key(self, schema: Any) -> str:
        """A text that is the same for two schemas that mean the same, in whichever documents."""
        reference = schema.get("$ref", "") if isinstance(schema, Mapping) else ""
        if not reference:
            return self._key(schema)
        if reference not in self._keys:
            self._keys[reference] = "itself"
            self._keys[reference] = self._key(schema)
        return self._keys[reference]

    def _key(self, schema: Any) -> str:
        if not isinstance(schema, Mapping):
            return repr(typed(schema))
        flat = _spelled(self.flat(schema))
        parts = {name: self._part(name, value) for name, value in flat.items()}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _part(self, name: str, value: Any) -> Any:
        if name == "properties":
            return {inner: self.key(schema) for inner, schema in value.items()}
        if name in ("items", "not", "additionalProperties"):
            return self.key(value)
        if name in ("anyOf", "oneOf", "allOf"):
            return sorted({self.key(item) for item in value})
        if name in _UNORDERED:
            return sorted({repr(typed(item)) for item in value})
        return repr(typed(value))


def _spelled(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema without what says nothing: flags that are off, texts, the lowest of bounds."""
    stated = {key: value for key, value in schema.get(STATED, {}).items() if key in UNWRITABLE}
    kept = {
        key: value
        for key, value in effective(schema).items()
        if not (key in _FLAGS and value is False)
        and not (key in LOWER[1:] and value == 0)
        and not (key == "required" and not value)
        and not (key == "additionalProperties" and value in (True, {}))
        and not (key == "pattern" and value in EVERYTHING)
    }
    return {**kept, **({STATED: stated} if stated else {})}


def _merged(one: dict[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    """What two schemas demand together. What can't be joined stays as an ``allOf`` of its own."""
    made, rest = dict(one), {}
    for key, value in two.items():
        if key not in made or same(made[key], value):
            made[key] = value
        elif key in _JOINED:
            made[key] = _JOINED[key](made[key], value)
        else:
            rest[key] = value
    if rest:
        made["allOf"] = [*made.get("allOf", []), rest]
    return made


def _together(one: Any, two: Any) -> Any:
    return {"allOf": [one, two]}


def _fields(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    both = {name: _together(one[name], two[name]) for name in one if name in two}
    return {**one, **two, **both}


_JOINED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    **dict.fromkeys(UPPER, min),
    **dict.fromkeys(LOWER, max),
    **dict.fromkeys(_FLAGS, lambda one, two: one or two),
    **dict.fromkeys((TEXT, STATED), lambda one, two: {**two, **one}),
    "properties": _fields,
    "items": _together,
    "required": lambda one, two: [*one, *(name for name in two if name not in one)],
    "enum": lambda one, two: [v for v in one if any(same(v, other) for other in two)],
    "allOf": lambda one, two: [*one, *two],
}
"""How a keyword that two schemas both have is joined into one."""
