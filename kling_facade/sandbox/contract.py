"""The bundled contract, held against what clients send.

The document is ``openapi/kling.yaml``; the judge is openapi-schema-validator, which is not ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml
from openapi_schema_validator import OAS30Validator, OAS31Validator

__all__ = ["CREATE", "complaints", "contract", "create_schema"]

CREATE: Final = "/v1/videos/image2video"
"""The end of the path of the create operation, whatever prefix the gateway puts before it."""


def _document() -> str:
    """From the installed package, or from the checkout that it is run in."""
    package = files("kling_facade")
    places = [package / "openapi" / "kling.yaml", Path(str(package)).parent / "openapi/kling.yaml"]
    return next(place for place in places if place.is_file()).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def contract() -> dict[str, Any]:
    """The OpenAPI document as data."""
    document: dict[str, Any] = yaml.safe_load(_document())
    return document


@lru_cache(maxsize=1)
def create_schema() -> Any:
    """The schema of a create's body, with the document's components beside it."""
    document = contract()
    path = next(path for path in document["paths"] if path.endswith(CREATE))
    body = document["paths"][path]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    return {"allOf": [schema], "components": document.get("components", {})}


@lru_cache(maxsize=1)
def _validator() -> Any:
    old = str(contract()["openapi"]).startswith("3.0")
    return (OAS30Validator if old else OAS31Validator)(create_schema())


def complaints(body: Any) -> Iterator[str]:
    """What the contract has against a body, each with its field.

    The values themselves are not repeated: one of them may be a picture of ten megabytes.
    """
    errors = [leaf for error in _validator().iter_errors(body) for leaf in _leaves(error)]
    errors.sort(key=lambda error: [str(part) for part in error.absolute_path])
    # The validator tells of each missing field by itself; one sentence names them all.
    yield from dict.fromkeys(f"{_field(e.absolute_path)}: {_reason(e)}" for e in errors)


def _leaves(error: Any) -> Iterator[Any]:
    """The errors at the bottom of combined schemas, which name the real reason."""
    if not error.context:
        yield error
    for inner in error.context or ():
        yield from _leaves(inner)


def _field(path: Any) -> str:
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name or "body"


_WORDS: Final[Mapping[str, str]] = {
    "type": "must be of type {limit}, not {kind}",
    "enum": "must be one of {limit}",
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "minLength": "must have at least {limit} characters",
    "maxLength": "must have at most {limit} characters, not {length}",
    "minItems": "must have at least {limit} items, not {length}",
    "maxItems": "must have at most {limit} items, not {length}",
    "pattern": "must match {limit}",
    "format": "must be of the format {limit}",
}

_KINDS: Final = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    type(None): "null",
}


def _reason(error: Any) -> str:
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"lacks {', '.join(missing)}"
    words = _WORDS.get(error.validator)
    if words is None:
        return f"breaks the rule {error.validator!r} of the contract"
    limit = error.validator_value
    return words.format(
        limit=", ".join(map(str, limit)) if isinstance(limit, list) else limit,
        kind=_KINDS.get(type(error.instance), "something else"),
        length=len(error.instance) if isinstance(error.instance, str | list) else "",
    )
