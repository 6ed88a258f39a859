"""From facts and overlay to the document that everything else reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openapi_spec_validator import OpenAPIV30SpecValidator

from .. import files
from ..errors import ContractError
from ..page.facts import IGNORED_HEADERS, STATED, TEXT
from ..page.prune import without
from . import authored as authored_facts
from . import overlay
from .components import with_named_bodies, with_shared_schemas
from .merge import merge

__all__ = ["HEADER", "resolve", "resolved_bytes", "settle", "validate"]

HEADER = """\
The contract: each page of openapi/upstream with its overlay of openapi/overlays applied, all of
them as one, and what openapi/authored adds (marked x-authored). Written by scripts/regenerate.py;
never edit it by hand: change an overlay or an authored fact, then run `make regenerate`."""


def resolve(pages: Mapping[str, tuple[Any, Any]], authored: Mapping[str, Any] | None = None) -> Any:
    """Apply overlays, drop our bookkeeping, make one document of all, and check it.

    Args:
        pages: Facts and overlay by the page's name, the main page first.
        authored: What no page states, as documents by file.

    Raises:
        OverlayError: An overlay doesn't fit its facts.
        ContractError: Two pages contradict each other, or the result is no valid OpenAPI document.
    """
    made = {name: settle(facts, added) for name, (facts, added) in pages.items()}
    merged = authored_facts.with_authored(merge(made), authored or {})
    document = with_named_bodies(with_shared_schemas(merged))
    validate(document)
    return document


def settle(facts: Any, added: Any) -> Any:
    """One page with its overlay applied, without our bookkeeping.

    Raises:
        OverlayError: The overlay doesn't fit the facts.
    """
    return _settled(overlay.apply(added, facts))


def _settled(value: Any) -> Any:
    """Without digests and statements; lists that are sets hold each value once."""
    if isinstance(value, list):
        return [_settled(item) for item in value]
    if not isinstance(value, dict):
        return value
    settled = {key: _as_set(key, item) for key, item in value.items() if key not in (TEXT, STATED)}
    return {key: item for key, item in settled.items() if (key, item) != ("parameters", [])}


def _as_set(key: str, value: Any) -> Any:
    if key in ("enum", "required") and _flat(value):
        return list(dict.fromkeys(value))
    if key == "parameters" and isinstance(value, list):
        return [_settled(item) for item in _merged(value)]
    return _settled(value)


def _merged(parameters: list[Any]) -> list[Any]:
    """Each parameter once: what the overlay says of one goes over what the page says."""
    found: dict[Any, Any] = {}
    for parameter in filter(_has_effect, parameters):
        key = (parameter.get("in"), parameter.get("name"), parameter.get("$ref"))
        found[key] = {**found.get(key, {}), **parameter}
    return list(found.values())


def _has_effect(parameter: Any) -> bool:
    """Whether OpenAPI 3.0 heeds a parameter; as arguments, these would shadow the client's own."""
    ignored = str(parameter.get("name")).lower() in IGNORED_HEADERS
    return not (ignored and parameter.get("in") == "header")


def _flat(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)


def validate(document: Any) -> None:
    """Check a document against OpenAPI 3.0, with a validator that is not ours.

    Raises:
        ContractError: It is not valid; the first few reasons are named.
    """
    # Without patterns: the validator would run them on defaults, and some never come to an end.
    errors = list(OpenAPIV30SpecValidator(without(document, "pattern")).iter_errors())
    if errors:
        told = "\n".join(
            f"  {'/'.join(map(str, e.absolute_path))}: {e.message:.200}" for e in errors[:5]
        )
        raise ContractError(f"not a valid OpenAPI 3.0 document:\n{told}")


def resolved_bytes(document: Any) -> bytes:
    """The file that holds the contract."""
    return files.dump(document, HEADER)
