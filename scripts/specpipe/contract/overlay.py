"""OpenAPI Overlay 1.0, applied strictly.

The specification lets an action match nothing. Here that fails: an overlay that misses means that
the page moved. All failures are collected, so that a maintainer sees them at once.
"""

from __future__ import annotations

import copy
from typing import Any, Final

import jsonpath_rfc9535
from attrs import frozen
from jsonpath_rfc9535.exceptions import JSONPathError

from ..errors import OverlayError

__all__ = ["Action", "apply", "read_actions"]

_ACTION_KEYS: Final = frozenset({"target", "description", "update", "remove"})


@frozen
class Action:
    """One action of an overlay.

    Attributes:
        number: Its place in the list, from 1.
        target: A JSONPath (RFC 9535).
        description: Why, and from which source.
        update: What to merge into each match, or ``None``.
        remove: Whether each match goes.
    """

    number: int
    target: str
    description: str
    update: Any = None
    remove: bool = False

    def __str__(self) -> str:
        return f"action {self.number} ({self.target})"


def read_actions(overlay: Any) -> list[Action]:
    """The actions of an overlay document.

    Raises:
        OverlayError: It is not Overlay 1.0, or an action lacks its reason.
    """
    if not isinstance(overlay, dict) or not str(overlay.get("overlay", "")).startswith("1.0."):
        raise OverlayError(["the overlay must say 'overlay: 1.0.0'"])
    actions, failures = [], []
    for number, raw in enumerate(overlay.get("actions", []), 1):
        wrong = _wrong(raw)
        if wrong:
            failures.append(f"action {number}: {wrong}")
        else:
            actions.append(Action(number, **raw))
    if failures:
        raise OverlayError(failures)
    return actions


def _wrong(raw: Any) -> str | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("target"), str):
        return "has no target"
    if unknown := raw.keys() - _ACTION_KEYS:
        return f"has the unknown key {min(unknown)!r}"
    if not raw.get("description"):
        return "has no description: it must say why, and from which source"
    if ("update" in raw) == bool(raw.get("remove")):
        return "must either update or remove"
    return None


def apply(overlay: Any, document: Any) -> Any:
    """Apply an overlay to a document.

    Args:
        overlay: An Overlay 1.0 document.
        document: The document; left as it is.

    Returns:
        The document with every action applied, in order.

    Raises:
        OverlayError: Some actions match nothing, or match what they can't be applied to.
    """
    result = copy.deepcopy(document)
    failures = []
    for action in read_actions(overlay):
        try:
            _act(action, result)
        except (JSONPathError, _Misfit) as error:
            failures.append(f"{action}: {error}")
    if failures:
        raise OverlayError(failures)
    return result


class _Misfit(Exception):
    """An action that can't be applied to what it matched."""


def _act(action: Action, document: Any) -> None:
    matches = [node.location for node in jsonpath_rfc9535.find(action.target, document)]
    if not matches:
        raise _Misfit("matches nothing")
    for location in sorted(matches, key=_from_the_end, reverse=True):
        if action.remove:
            _remove(document, location)
        else:
            _update(_at(document, location), action.update)


def _from_the_end(location: tuple[int | str, ...]) -> list[tuple[int, str]]:
    """Sort key that puts later list items after earlier ones."""
    return [(part, "") if isinstance(part, int) else (-1, part) for part in location]


def _at(document: Any, location: tuple[int | str, ...]) -> Any:
    for part in location:
        document = document[part]
    return document


def _remove(document: Any, location: tuple[int | str, ...]) -> None:
    if not location:
        raise _Misfit("would remove the whole document")
    del _at(document, location[:-1])[location[-1]]


def _update(target: Any, update: Any) -> None:
    if isinstance(target, list):
        target.append(copy.deepcopy(update))
    elif isinstance(target, dict) and isinstance(update, dict):
        _merge(target, update)
    else:
        raise _Misfit("matches a single value, which can't be updated: target what holds it")


def _merge(target: dict[str, Any], update: dict[str, Any]) -> None:
    """Merge as the specification says: mappings recursively, lists joined, the rest replaced."""
    for key, value in update.items():
        old = target.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            old.extend(copy.deepcopy(value))
        else:
            target[key] = copy.deepcopy(value)
