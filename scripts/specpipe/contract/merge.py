"""One contract from several pages of the same gateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import ContractError
from ..page.prune import without

__all__ = ["merge"]

_SHARED: Final = ("openapi", "servers", "security")
"""What every page has to say alike: it is one gateway."""


def merge(pages: Mapping[str, Any]) -> Any:
    """Several documents as one.

    Args:
        pages: Documents by the page's name. The first one gives title and description.

    Returns:
        One document: every operation, and every component once.

    Raises:
        ContractError: Two pages say different things of the gateway, of an operation or of a
            component.
    """
    (first, merged), *others = ((name, dict(document)) for name, document in pages.items())
    origin = dict.fromkeys(_places(merged), first)
    for name, document in others:
        for key in _SHARED:
            if document.get(key) != merged.get(key):
                raise ContractError(
                    f"the pages {first} and {name} disagree about {key}: "
                    f"{merged.get(key)} and {document.get(key)}. If one of them is another "
                    f"publisher's copy, let its overlay set {key}: docs/spec-pipeline.md shows how."
                )
        for place in _places(document):
            _take(merged, document, place, name, origin)
    return merged


def _places(document: Any) -> list[tuple[str, ...]]:
    """Where the things stand that only one page may define: operations and components."""
    operations = [
        ("paths", path, method)
        for path, item in document.get("paths", {}).items()
        for method in item
    ]
    components = [
        ("components", group, name)
        for group, items in document.get("components", {}).items()
        if isinstance(items, Mapping)
        for name in items
    ]
    return [*operations, *components]


def _take(
    merged: Any, document: Any, place: tuple[str, ...], name: str, origin: dict[Any, str]
) -> None:
    """Copy one thing, unless the same is there already, in whichever words."""
    value: Any = document
    for part in place:
        value = value[part]
    outer = merged[place[0]] = dict(merged.get(place[0], {}))
    inner = outer[place[1]] = dict(outer.get(place[1], {}))
    if place[2] not in inner:
        inner[place[2]] = value
        origin[place] = name
    elif without(inner[place[2]], "description") != without(value, "description"):
        what = f"{place[2].upper()} {place[1]}" if place[0] == "paths" else "/".join(place)
        raise ContractError(
            f"the pages {origin[place]} and {name} both describe {what}, and not alike. "
            f"Let one overlay describe it, and the other refer to it."
        )
