"""Facts of schemas: types, names, bounds, enumerations, defaults, and what their prose states."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from . import prose
from .keeping import HINT_CUT, STATED, Handler, Keeper, place
from .nodes import Node

__all__ = ["TYPES", "SchemaReader"]

TYPES: Final = ("string", "number", "integer", "boolean", "array", "object")


_HINT_TYPE = "Quote it if it is a text, or mend the type: which of the two is meant is not guessed."
_HINT_NULL = "OpenAPI 3.0 has no type for null: write the type itself and 'nullable: true'."


class SchemaReader(Keeper):
    """Reads schemas and follows their references."""

    def _reference(self, node: Node, at: str) -> dict[str, Any]:
        text = str(node.value["$ref"].plain())
        seen = [text]
        target = self._target(node.value["$ref"], text)
        while isinstance(target.value, dict) and "$ref" in target.value:
            text = str(target.value["$ref"].plain())
            if text in seen:
                what = f"the reference {text!r:.80} leads back to itself"
                raise node.value["$ref"].error(
                    what, hint="Each refers to the next; none says more."
                )
            seen.append(text)
            target = self._target(target.value["$ref"], text)
        self.lines[at] = node.line
        return {"$ref": seen[0]}

    def _target(self, node: Node, text: str) -> Node:
        """The component that a reference names."""
        found = re.fullmatch(r"#/components/([A-Za-z]+)/([A-Za-z0-9_.-]+)", text)
        if not found and text.startswith("#"):
            what = f"the reference {text!r:.80} is not of the form #/components/KIND/NAME"
            hint = "A component's name has letters, digits, '.', '_' and '-' only."
            raise node.error(what, hint=hint)
        if not found:
            what = f"the reference {text!r:.80} leaves the document"
            raise node.error(what, hint="Only #/components/… is followed; nothing is fetched.")
        place: Any = self.document
        for key in ("components", *found.groups()):
            place = place.value.get(key) if place and isinstance(place.value, dict) else None
        if not isinstance(place, Node):
            raise node.error(f"the reference {text!r:.80} leads nowhere", hint=HINT_CUT)
        return place

    def _schema(self, node: Node, at: str) -> dict[str, Any]:
        if isinstance(node.value, dict) and "$ref" in node.value:
            return self._reference(node, at)
        texts = ("description", "title", "example", "examples", "discriminator")
        found = self._object(
            node, at, self._schema_handlers(), texts=texts, dropped=("externalDocs", "xml")
        )
        self._check_schema(node, at, found)
        if not found.get("required", True):
            del found["required"]
        return self._stated(node, at, found)

    def _schema_handlers(self) -> dict[str, Handler]:
        counts = (
            "maxLength",
            "minLength",
            "maxItems",
            "minItems",
            "maxProperties",
            "minProperties",
        )
        flags = (
            "nullable",
            "uniqueItems",
            "readOnly",
            "writeOnly",
            "deprecated",
            "exclusiveMaximum",
            "exclusiveMinimum",
        )
        numbers = ("maximum", "minimum", "multipleOf")
        several: Handler = lambda n, p: self._list(n, p, self._schema)  # noqa: E731
        return {
            "type": self._type,
            "format": self._word,
            "enum": self._enum,
            "default": self._default,
            "pattern": self._pattern,
            **dict.fromkeys(counts, self._count),
            **dict.fromkeys(flags, self._flag),
            **dict.fromkeys(numbers, self._number),
            "properties": lambda n, p: self._map(n, p, self._name, self._schema),
            "required": self._required,
            "items": self._schema,
            "additionalProperties": self._additional,
            **dict.fromkeys(("allOf", "anyOf", "oneOf"), several),
            "not": self._schema,
        }

    def _type(self, node: Node, at: str) -> str:
        named = node.value if isinstance(node.value, list) else [node]
        if any(item.value in ("null", None) for item in named):
            raise node.error(f"{place(at)} can't be {node.plain()!r:.60}", hint=_HINT_NULL)
        return self._choice(node, at, TYPES)

    def _enum(self, node: Node, at: str) -> list[Any]:
        values = self._list(node, at, self._scalar)
        if not values:
            raise node.error(f"{place(at)} lists no value: nothing could ever be sent")
        self._once(node, at, values)
        return values

    def _required(self, node: Node, at: str) -> list[str]:
        if isinstance(node.value, bool):
            hint = "The object above lists the names of its required properties."
            raise node.error(f"{place(at)} must be a list, not true or false", hint=hint)
        names = self._list(node, at, self._word)
        self._once(node, at, names)
        return names

    def _once(self, node: Node, at: str, values: list[Any]) -> None:
        for index, value in enumerate(values):
            if value in values[:index]:
                raise node.value[index].error(f"{place(at)} lists {value!r} twice")

    def _check_schema(self, node: Node, at: str, found: dict[str, Any]) -> None:
        """What each keyword by itself can't tell."""
        if found.get("type") == "array" and "items" not in found:
            raise node.error(f"{place(at)} is an array without 'items'", hint=HINT_CUT)
        self._check_types(node, at, found)
        composed = {"allOf", "anyOf", "oneOf", "additionalProperties"} & found.keys()
        if "properties" in found and not composed:
            for item in node.value["required"].value if "required" in found else ():
                if item.value not in found["properties"]:
                    what = f"{place(at)} requires {item.value!r}, but has no such property"
                    raise item.error(what, hint="Is one of the two names misspelt?")

    def _check_types(self, node: Node, at: str, found: Mapping[str, Any]) -> None:
        """Refuse a listed value or a default that is not of the schema's type."""
        kind = found.get("type")
        if kind is None:
            return
        for item in node.value["enum"].value if "enum" in found else ():
            fits = _is_of(item.plain(), kind) or (item.value is None and found.get("nullable"))
            if not fits:
                what = f"{place(at)} lists {item.plain()!r:.60}, but its type is {kind}"
                raise item.error(what, hint=_HINT_TYPE)
        if "default" in found and not _is_of(found["default"], kind):
            what = f"{place(at)} has the default {found['default']!r:.60}, but its type is {kind}"
            raise node.value["default"].error(what, hint=_HINT_TYPE)

    def _additional(self, node: Node, at: str) -> Any:
        return node.value if isinstance(node.value, bool) else self._schema(node, at)

    def _pattern(self, node: Node, at: str) -> str:
        text = str(node.plain())
        try:
            re.compile(text)
        except re.error as error:
            raise node.error(f"{place(at)} is no regular expression: {error}") from None
        if len(text) > 200:
            raise node.error(f"{place(at)} is longer than 200 characters")
        return text

    def _stated(self, node: Node, at: str, found: dict[str, Any]) -> dict[str, Any]:
        description = node.value.get("description")
        if description is None or not isinstance(description.value, str):
            return found
        kind = found.get("type") or found.get("schema", {}).get("type", "")
        stated = prose.mine(description.value, kind)
        return {**found, STATED: stated} if stated else found


_CLASSES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
    "number": (int, float),
    "integer": (int, float),
}


def _is_of(value: Any, kind: str) -> bool:
    """Whether a value is of a schema's type, as JSON Schema has it: 5.0 is an integer."""
    if isinstance(value, bool) and kind != "boolean":
        return False
    whole = kind != "integer" or not isinstance(value, float) or value.is_integer()
    return isinstance(value, _CLASSES[kind]) and whole
