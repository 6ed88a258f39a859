"""A page's own example, held against its own schema.

Examples on such pages are written by hand: with comments, trailing commas, parts that are commented
out. They are read as leniently as a person would, each leniency is reported, and the values, those
in comments too, are held against the schema and against what the prose states.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import define, field, frozen
from openapi_schema_validator import OAS30Validator

from ..page.facts import STATED, TEXT, effective
from ..page.nodes import Node
from ..page.prune import without
from . import walk

__all__ = ["Contradiction", "contradictions"]


@frozen
class Contradiction:
    """A place where a page disagrees with itself.

    Attributes:
        kind: Its kind, in a few words.
        where: The field, or the line of the example.
        what: What disagrees with what.
        line: Line of the page.
    """

    kind: str
    where: str
    what: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line}: {self.kind}: {self.where}: {self.what}"


def contradictions(root: Node, document: Mapping[str, Any]) -> list[Contradiction]:
    """Everything in which a page contradicts itself.

    Args:
        root: The page's document with places.
        document: Its facts.
    """
    found: list[Contradiction] = []
    for name, operation in walk.operations(document).items():
        method, path = name.split(" ", 1)
        node = _at(root, "paths", path, method.lower())
        if node is not None:
            found += _security(node, operation, document)
            found += _own_words(node, operation)
            found += _answers(node, operation)
            found += _examples(node, operation, document)
    return list(dict.fromkeys(found))


def _at(node: Node | None, *keys: str) -> Node | None:
    for key in keys:
        node = node.value.get(key) if node is not None and isinstance(node.value, dict) else None
    return node


def _security(
    node: Node, operation: Mapping[str, Any], document: Mapping[str, Any]
) -> Iterator[Contradiction]:
    own = _at(node, "security")
    if own is not None and operation.get("security") == [] and document.get("security"):
        names = ", ".join(name for item in document["security"] for name in item)
        what = f"the operation says that it needs none, the document says {names}"
        yield Contradiction("security", "security", what, own.line)


def _own_words(node: Node, operation: Mapping[str, Any]) -> Iterator[Contradiction]:
    """Where a schema and its own description disagree, or its default and its list."""
    content = _at(node, "requestBody", "content")
    for media, facts in operation.get("requestBody", {}).get("content", {}).items():
        schema = _at(content, media, "schema")
        if schema is not None:
            yield from _disagreeing(schema, facts.get("schema", {}), "")


def _disagreeing(node: Node, schema: Mapping[str, Any], at: str) -> Iterator[Contradiction]:
    where = at or "body"
    for key, said in schema.get(STATED, {}).items():
        if key in schema and not _alike(said, schema[key]):
            what = f"the text says {key} {_words(said)}, the schema {_words(schema[key])}"
            yield Contradiction("prose and schema disagree", where, what, node.line)
    listed = effective(schema).get("enum")
    if "default" in schema and listed is not None and schema["default"] not in listed:
        what = f"the default {schema['default']} is not among {_words(listed)}"
        yield Contradiction("default not listed", where, what, node.line)
    for name, inner in schema.get("properties", {}).items():
        if (place := _at(node, "properties", name)) is not None:
            yield from _disagreeing(place, inner, f"{at}.{name}".lstrip("."))
    if "items" in schema and (place := _at(node, "items")) is not None:
        yield from _disagreeing(place, schema["items"], at + "[]")


def _alike(said: Any, has: Any) -> bool:
    """Whether a text and a schema say the same; the order of a list says nothing."""
    if isinstance(said, list) and isinstance(has, list):
        return {str(value) for value in said} == {str(value) for value in has}
    return bool(said == has)


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _answers(node: Node, operation: Mapping[str, Any]) -> Iterator[Contradiction]:
    for status, response in operation.get("responses", {}).items():
        for media in response.get("content", {}).values():
            schema = media.get("schema", {})
            if schema.get("type") == "object" and not schema.get("properties"):
                place = _at(node, "responses", status) or node
                what = "an object without a single field: what comes back is not said"
                yield Contradiction("answer not described", status, what, place.line)


def _examples(
    node: Node, operation: Mapping[str, Any], document: Mapping[str, Any]
) -> Iterator[Contradiction]:
    content = _at(node, "requestBody", "content")
    for media, facts in operation.get("requestBody", {}).get("content", {}).items():
        holder = _at(content, media)
        if holder is None:
            continue
        schema = _for_validator(without(facts.get("schema", {}), "pattern"), document, 0)
        for example in _example_nodes(holder):
            yield from _Example(example, schema).contradictions()


def _example_nodes(holder: Node) -> Iterator[Node]:
    if (single := _at(holder, "example")) is not None:
        yield single
    several = _at(holder, "examples")
    if several is not None and isinstance(several.value, dict):
        for node in several.value.values():
            value = _at(node, "value")
            yield value if value is not None else node


def _for_validator(schema: Any, document: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """A schema with what its prose states, closed against unknown names, as JSON Schema.

    References are written out, for the validator sees this schema alone. Patterns go: some never
    come to an end. Alternatives stay open, since a field may belong to any of them.
    """
    if depth > 20 or not isinstance(schema, Mapping):
        return {}
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        inner = document.get("components", {}).get("schemas", {}).get(name)
        return _for_validator(inner, document, depth + 1)
    kept = {key: value for key, value in effective(schema).items() if key not in _UNCHECKED}
    several = {"allOf", "anyOf", "oneOf"} & kept.keys()
    if "properties" in kept:
        inner = {k: _for_validator(v, document, depth + 1) for k, v in kept["properties"].items()}
        kept["properties"] = inner
        kept["additionalProperties"] = not inner or bool(several)
    if "items" in kept:
        kept["items"] = _for_validator(kept["items"], document, depth + 1)
    for key in several:
        kept[key] = [_opened(_for_validator(item, document, depth + 1)) for item in kept[key]]
    return {key: value for key, value in kept.items() if not (key == "required" and not value)}


_UNCHECKED: Final = frozenset({"additionalProperties", "format", "pattern", "not", TEXT, STATED})


def _opened(schema: dict[str, Any]) -> dict[str, Any]:
    """One of several alternatives: it says nothing about fields of the others."""
    return {key: value for key, value in schema.items() if key != "additionalProperties"}


@define
class _Example:
    node: Node
    schema: Mapping[str, Any]
    found: list[Contradiction] = field(factory=list)

    def contradictions(self) -> list[Contradiction]:
        if not isinstance(self.node.value, str):
            self._check(self.node.plain(), "")
            return self.found
        text = self.node.value.replace("\r\n", "\n")
        bare = self._lenient(text)
        value = self._parse(bare)
        if value is not None:
            self._check(value, "")
            whole = self._parse(_uncommented(text), quiet=True)
            if whole is not None:
                self._check(_only_new(whole, value), " (commented out)", partial=True)
        return self.found

    def _say(self, kind: str, where: str, what: str) -> None:
        known = {(c.kind, c.where) for c in self.found}
        if (kind, where) not in known:
            self.found.append(Contradiction(kind, where, what, self.node.line))

    def _lenient(self, text: str) -> str:
        """The text without comments and trailing commas; each kind is reported once."""
        plain = _without_comments(text)
        if plain != text:
            first = next(
                i
                for i, (a, b) in enumerate(zip(text.split("\n"), plain.split("\n"), strict=True), 1)
                if a != b
            )
            self._say("comments in JSON", f"example line {first}", "JSON has no comments")
        without = _TRAILING.sub(lambda found: found[1] or found[0], plain)
        if without != plain:
            comma = next(found for found in _TRAILING.finditer(plain) if found[1])
            line = plain.count("\n", 0, comma.start()) + 1
            self._say("trailing comma", f"example line {line}", "JSON ends a list without a comma")
        return without

    def _parse(self, text: str, *, quiet: bool = False) -> Any:
        try:
            return json.loads(text, parse_float=_marked)
        except (ValueError, RecursionError) as error:
            if not quiet:
                self._say(
                    "example not readable", "example", f"not JSON even without comments: {error}"
                )
            return None

    def _check(self, value: Any, note: str, *, partial: bool = False) -> None:
        self._decimals(value, self.schema, "", note)
        self._empties(value, "", note)
        for error in OAS30Validator(self.schema).iter_errors(_unmarked(value)):
            where = _pointer(error.absolute_path)
            if partial and error.validator == "required" and not where:
                continue
            if error.validator == "enum" and not isinstance(error.instance, str):
                continue  # its type is wrong already
            self._say(*_sentence(error, where, note))

    def _decimals(self, value: Any, schema: Mapping[str, Any], at: str, note: str) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                self._decimals(
                    item, schema.get("properties", {}).get(key, {}), f"{at}.{key}".lstrip("."), note
                )
        elif isinstance(value, list):
            for item in value:
                self._decimals(item, schema.get("items", {}), at + "[]", note)
        elif isinstance(value, _Decimal) and schema.get("type") == "integer":
            self._say(
                "decimal for an integer",
                at,
                f"the example has {value.text}, the schema says integer{note}",
            )

    def _empties(self, value: Any, at: str, note: str) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                self._empties(item, f"{at}.{key}".lstrip("."), note)
        elif isinstance(value, list):
            for item in value:
                self._empties(item, at + "[]", note)
        elif value == "":
            self._say(
                "empty text", at, f"the example sends an empty text for what it does not want{note}"
            )


class _Decimal(float):
    """A number as it was written."""

    text: str


def _marked(text: str) -> _Decimal:
    number = _Decimal(text)
    number.text = text
    return number


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unmarked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if isinstance(value, _Decimal):
        return int(value) if value.is_integer() else float(value)
    return value


def _pointer(path: Any) -> str:
    text = ""
    for part in path:
        text += "[]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


_VERBS: Final = {
    "type": "wrong type",
    "enum": "value not listed",
    "additionalProperties": "unknown name",
    "required": "required, but absent",
}


def _sentence(error: Any, where: str, note: str) -> tuple[str, str, str]:
    kind = _VERBS.get(error.validator, "bound")
    if kind == "unknown name":
        known = list(error.schema["properties"])
        name = next(key for key in error.instance if key not in known)
        near = _near(name, [other for other in known if other not in error.instance])
        hint = f"; it has {near}" if near else ""
        return kind, f"{where}.{name}".lstrip("."), f"the schema has no such field{hint}{note}"
    if kind == "wrong type":
        what = (
            f"the example has {json.dumps(error.instance)[:60]}, the schema says "
            f"{error.validator_value}"
        )
        return kind, where, what + note
    return kind, where or "body", f"{error.message[:160]}{note}"


def _near(name: str, known: list[str]) -> str | None:
    """The field that a name most likely means, among those that the example does not use.

    A shared word says more than shared letters: ``model`` is ``model_name``, not ``mode``.
    """
    words = set(_WORD.findall(name.lower()))
    alike = [other for other in known if words & set(_WORD.findall(other.lower()))]
    return next(
        iter(difflib.get_close_matches(name.lower(), alike or known, 1, 0.5 if alike else 0.7)),
        None,
    )


_WORD: Final = re.compile(r"[a-z]+")


# --- lenient JSON ---------------------------------------------------------------------------------

_STRING: Final = r'"(?:[^"\\\n]|\\.)*"'
_COMMENT: Final = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING: Final = re.compile(rf"{_STRING}|,(\s*[\]}}])")


def _without_comments(text: str) -> str:
    def keep(found: re.Match[str]) -> str:
        return found[1] if found[1] is not None else "\n" * found[0].count("\n")

    return _COMMENT.sub(keep, text)


def _uncommented(text: str) -> str:
    """The text with commented-out lines taken in."""
    taken = re.sub(r"(?m)^(\s*)//\s?", r"\1", text)
    return _TRAILING.sub(lambda found: found[1] or found[0], _without_comments(taken))


def _only_new(whole: Any, known: Any) -> Any:
    """What only the commented-out lines say."""
    if isinstance(whole, dict) and isinstance(known, dict):
        return {key: value for key, value in whole.items() if key not in known}
    return {}
