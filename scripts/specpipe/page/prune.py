"""A document without one of its keywords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["without"]

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
