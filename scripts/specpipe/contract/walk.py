"""Walking the contract: its operations, and every field of their requests and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from ..page.facts import METHODS

__all__ = ["Field", "body_schema", "fields", "followed", "operations", "without"]


@frozen
class Field:
    """A field of the contract.

    Attributes:
        operation: ``POST /path``. part: ``request``, ``parameter`` or ``answer``. name: Its name
        inside the part: ``dynamic_masks[].mask``, ``query.pageNum``, ``TaskData.task_id``.
    """

    operation: str
    part: str
    name: str


def operations(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Every operation by ``POST /path``."""
    return {
        f"{method.upper()} {path}": item[method]
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    }


def body_schema(document: Mapping[str, Any], operation: str) -> Any:
    """The schema of an operation's JSON body, references followed; empty if it has none."""
    found = operations(document).get(operation, {})
    content = found.get("requestBody", {}).get("content", {})
    return followed(document, content.get("application/json", {}).get("schema", {}))


def fields(document: Mapping[str, Any], operation: str) -> Iterator[Field]:
    """Every field of one operation; a component's fields by the component's name."""
    found = operations(document)[operation]
    for parameter in found.get("parameters", []):
        yield Field(operation, "parameter", f"{parameter['in']}.{parameter['name']}")
    for schema in _schemas(found.get("requestBody", {})):
        for name in _inline(document, schema, "", ()):
            yield Field(operation, "request", name)
    for response in found.get("responses", {}).values():
        for schema in _schemas(response):
            for name in _names(document, schema, "", set()):
                yield Field(operation, "answer", name)


def _schemas(holder: Mapping[str, Any]) -> list[Any]:
    return [media.get("schema", {}) for media in holder.get("content", {}).values()]


def followed(document: Mapping[str, Any], schema: Any) -> Any:
    """What a reference leads to; the schema itself where it is none."""
    while reference := schema.get("$ref"):
        schema = document["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return schema


def _inline(
    document: Mapping[str, Any], schema: Any, at: str, outer: tuple[str, ...]
) -> Iterator[str]:
    """Fields of a request from the body down, through references: ``camera_control.type``."""
    if (reference := schema.get("$ref")) in outer:
        return
    outer = (*outer, reference) if reference else outer
    schema = followed(document, schema)
    for name, inner in schema.get("properties", {}).items():
        here = f"{at}.{name}" if at else name
        yield here
        yield from _inline(document, inner, here, outer)
    if "items" in schema:
        yield from _inline(document, schema["items"], at + "[]", outer)
    for key in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(key, []):
            yield from _inline(document, inner, at, outer)


def _names(document: Mapping[str, Any], schema: Any, at: str, seen: set[str]) -> Iterator[str]:
    if reference := schema.get("$ref"):
        name = reference.rsplit("/", 1)[-1]
        if name not in seen:
            seen.add(name)
            yield from _names(document, document["components"]["schemas"][name], name, seen)
        return
    for name, inner in schema.get("properties", {}).items():
        here = f"{at}.{name}" if at else name
        yield here
        yield from _names(document, inner, here, seen)
    if "items" in schema:
        yield from _names(document, schema["items"], at + "[]", seen)
    for key in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(key, []):
            yield from _names(document, inner, at, seen)


_NAMED = frozenset(
    {
        *("properties", "paths", "responses", "content", "headers", "parameters", "schemas"),
        *("requestBodies", "securitySchemes"),
    }
)
"""Keys whose objects are keyed by somebody's names, not by keywords."""


def without(value: Any, keyword: str, *, names: bool = False) -> Any:
    """A document without a keyword of its schemas; a field of that name stays.

    Args:
        value: The document, or a part of it.
        keyword: For instance ``default``.
        names: Whether the keys of ``value`` itself are names.
    """
    if isinstance(value, list):
        return [without(item, keyword) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: without(item, keyword, names=not names and key in _NAMED)
        for key, item in value.items()
        if names or key != keyword
    }
