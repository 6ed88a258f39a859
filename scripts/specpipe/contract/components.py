"""Names for request bodies: a body's schema becomes a component of the document.

Tools that make models from a document make them of its components; a schema that stands in the
operation itself has no name there, and no model. Pages write bodies in place, so this comes last.
"""

from __future__ import annotations

import copy
from typing import Any

from ..errors import ContractError
from . import walk

__all__ = ["with_named_bodies"]


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
