"""Two publishers, one set of routes: the gateway's page, and the vendor whose API it passes on.

Under ``/kling`` a body is held against the bundled contract (``openapi/kling.yaml``), which is the
gateway's page. Without that prefix it is held against what the vendor documents and is known to
take. The two differ in what may be left out; the bounds of the fields are the same. The judge is
openapi-schema-validator, which is not ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml
from attrs import field, frozen
from openapi_schema_validator import OAS30Validator

from .answers import RefusedError

__all__ = ["CREATE", "Publisher", "contract", "gateway", "vendor"]

CREATE: Final = "/v1/videos/image2video"
"""The end of the path of the create operation, whatever prefix the gateway puts before it."""

_DEFAULTS: Final[Mapping[str, Any]] = {"model_name": "kling-v1", "mode": "std", "duration": "5"}
"""What the vendor takes for a field that is left out (VD1 early 2026, VD2 2026-06)."""

_BEYOND_THE_PAGE: Final[Mapping[str, Any]] = {
    # Fields that the vendor documents and the gateway's page does not have (VD2 2026-06). A gateway
    # that passes them on meets the vendor's bounds, so they hold under both prefixes.
    "multi_shot": {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": ["true", "false"]}]},
    "shot_type": {"type": "string", "enum": ["customize", "intelligence"]},
    "multi_prompt": {
        "type": "array",
        "maxItems": 6,
        "items": {
            "type": "object",
            "required": ["index", "prompt", "duration"],
            "properties": {
                "index": {"type": "integer"},
                "prompt": {"type": "string", "maxLength": 512},
                "duration": {"type": "string", "pattern": "^[0-9]{1,2}$"},
            },
        },
    },
    "element_list": {
        "type": "array",
        "maxItems": 3,
        "items": {
            "type": "object",
            "required": ["element_id"],
            # The vendor says "long"; JavaScript can't hold one, so clients send it as text too.
            "properties": {"element_id": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
        },
    },
    "watermark_info": {"type": "object", "properties": {"enabled": {"type": "boolean"}}},
}


@cache
def contract() -> dict[str, Any]:
    """The bundled OpenAPI document as data: of the installed package, or of the checkout."""
    package = files("kling_facade")
    places = [package / "openapi" / "kling.yaml", Path(str(package)).parent / "openapi/kling.yaml"]
    text = next(place for place in places if place.is_file()).read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def _page_schema() -> dict[str, Any]:
    """The schema of a create's body in the bundled contract."""
    document = contract()
    path = next(path for path in document["paths"] if path.endswith(CREATE))
    body = document["paths"][path]["post"]["requestBody"]
    schema: dict[str, Any] = body["content"]["application/json"]["schema"]
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


@frozen
class Publisher:
    """Whose rules a create's body must keep.

    Attributes:
        schema: The OpenAPI schema of the body.
        nulls_are_absent: Whether a field that is ``null`` counts as left out.
        numbers_are_seconds: Whether ``duration`` may be a whole number instead of a text.
    """

    schema: Mapping[str, Any] = field(repr=False)
    nulls_are_absent: bool = False
    numbers_are_seconds: bool = False
    _validator: Any = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        resolvable = {"allOf": [self.schema], "components": contract().get("components", {})}
        object.__setattr__(self, "_validator", OAS30Validator(resolvable))

    def read(self, body: dict[str, Any]) -> dict[str, Any]:
        """Check a body, leave out what says nothing, and fill in the vendor's defaults.

        Raises:
            RefusedError: With code 1201, the fields that are wrong and what would be right.
        """
        if self.nulls_are_absent:
            body = _without_nulls(body)
        seconds = body.get("duration")
        if self.numbers_are_seconds and isinstance(seconds, int) and not isinstance(seconds, bool):
            body = body | {"duration": str(seconds)}
        needed = self.schema.get("required", [])
        found = [*self.complaints(body)]
        found += [f"{name}: must not be empty" for name in needed if body.get(name) == ""]
        if found:
            raise RefusedError(1201, "; ".join(found[:10]))
        return {**_DEFAULTS, **_given(body)}

    def complaints(self, body: Any) -> Iterator[str]:
        """What the schema has against a body, each with its field.

        The values themselves are not repeated: one of them may be a picture of ten megabytes.
        """
        errors = [leaf for error in self._validator.iter_errors(body) for leaf in _leaves(error)]
        errors.sort(key=lambda error: [str(part) for part in error.absolute_path])
        # The validator tells of each missing field by itself; one sentence names them all.
        yield from dict.fromkeys(f"{_name(e.absolute_path)}: {_reason(e)}" for e in errors)


@cache
def gateway() -> Publisher:
    """The gateway's page: what it marks as required is required, and null is not a text."""
    schema = _page_schema()
    return Publisher(schema | {"properties": {**schema["properties"], **_BEYOND_THE_PAGE}})


@cache
def vendor() -> Publisher:
    """The vendor: nothing but a picture is required (VD1 early 2026, VD2 2026-06).

    Null counts as left out, because the vendor's own ComfyUI node sends ``"image_tail": null`` (
    KlingAIResearch/ComfyUI-KLingAI-API, 2025). Whole numbers count as seconds, because clients of
    the vendor send them (griptape's node); no page of the vendor says so.
    """
    schema = {key: value for key, value in gateway().schema.items() if key != "required"}
    return Publisher(schema, nulls_are_absent=True, numbers_are_seconds=True)


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something: empty texts and lists count as left out.

    The gateway's page sends empty texts in its own example for what it does not use.
    """
    return {name: value for name, value in body.items() if value not in ("", [], {})}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _leaves(error: Any) -> Iterator[Any]:
    """The errors at the bottom of combined schemas, which name the real reason."""
    if not error.context:
        yield error
    for inner in error.context or ():
        yield from _leaves(inner)


def _name(path: Any) -> str:
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
