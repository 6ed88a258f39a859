"""Names for schemas that pages write in place: bodies, and what several pages share.

Tools that make models from a document make them of its components; a schema that stands in the
operation itself has no name there, and no model. Pages write everything in place, so this comes
last.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from ..errors import ContractError
from . import walk

__all__ = ["with_named_bodies", "with_shared_schemas"]


def with_named_bodies(document: Any) -> Any:
    """The document with each titled schema of a request body as a component of that name.

    Raises:
        ContractError: A component of that name says something else.
    """
    document = copy.deepcopy(document)
    for name, operation in walk.operations(document).items():
        for media in operation.get("requestBody", {}).get("content", {}).values():
            title = media.get("schema", {}).get("title")
            if title is None:
                continue
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            if schemas.setdefault(title, media["schema"]) != media["schema"]:
                raise ContractError(f"{name}: another component is called {title}, too")
            media["schema"] = {"$ref": f"#/components/schemas/{title}"}
    return document


_PREFIX: Final = "#/components/schemas/"


def with_shared_schemas(document: Any) -> Any:
    """The document with each titled schema that something refers to as a component of that name.

    Pages describe the same object in each place anew. An overlay lets one page describe it, with a
    title, and the others refer to it by that title: ``$ref: '#/components/schemas/CameraControl'``.

    Raises:
        ContractError: Two schemas with the title that is referred to say different things.
    """
    document = copy.deepcopy(document)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for title in dict.fromkeys(_missing(document, schemas)):
        places = [place for place in _places(document) if place[0][place[1]].get("title") == title]
        for holder, key in places:
            if schemas.setdefault(title, holder[key]) != holder[key]:
                raise ContractError(f"two schemas are called {title}, and say different things")
            holder[key] = {"$ref": _PREFIX + title}
    return document


def _missing(value: Any, schemas: Any) -> Iterator[str]:
    """Names of components that something refers to and nobody defines."""
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.removeprefix(_PREFIX) not in schemas:
            yield reference.removeprefix(_PREFIX)
    inner = value.values() if isinstance(value, dict) else value
    for item in inner if isinstance(value, dict | list) else ():
        yield from _missing(item, schemas)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place that holds a mapping, as the holder and the key in it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(pairs):
        if isinstance(item, dict) and "$ref" not in item:
            yield value, key
        if isinstance(item, dict | list):
            yield from _places(item)
