"""From facts and overlay to the document that everything else reads."""

from __future__ import annotations

from typing import Any

from openapi_spec_validator import OpenAPIV30SpecValidator

from . import files, overlay
from .errors import PipelineError
from .facts import STATED, TEXT

__all__ = ["HEADER", "resolve", "resolved_bytes", "validate"]

HEADER = """\
The contract: openapi/upstream with openapi/overlay.yaml applied. Written by scripts/regenerate.py;
never edit it by hand: change the overlay, then run `make regenerate`."""


def resolve(upstream: Any, overlay_document: Any) -> Any:
    """Apply the overlay, drop our bookkeeping, and check the result.

    Raises:
        OverlayError: The overlay doesn't fit the facts.
        PipelineError: The result is no valid OpenAPI document.
    """
    document = _settled(overlay.apply(overlay_document, upstream))
    validate(document)
    return document


def _settled(value: Any) -> Any:
    """Without digests and statements; lists that are sets hold each value once."""
    if isinstance(value, list):
        return [_settled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: list(dict.fromkeys(item))
        if key in ("enum", "required") and _flat(item)
        else _settled(item)
        for key, item in value.items()
        if key not in (TEXT, STATED)
    }


def _flat(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)


def validate(document: Any) -> None:
    """Check a document against OpenAPI 3.0, with a validator that is not ours.

    Raises:
        PipelineError: It is not valid; the first few reasons are named.
    """
    errors = list(OpenAPIV30SpecValidator(document).iter_errors())
    if errors:
        told = "\n".join(
            f"  {'/'.join(map(str, e.absolute_path))}: {e.message:.200}" for e in errors[:5]
        )
        raise PipelineError(f"not a valid OpenAPI 3.0 document:\n{told}")


def resolved_bytes(document: Any) -> bytes:
    """The file that holds the contract."""
    return files.dump(document, HEADER)
