"""OpenAPI Overlay 1.0 and 1.1, and the stricter rules of this house.

The two versions differ: 1.0 changes objects and arrays only and appends an update to an array as
one entry; 1.1 also replaces and removes primitive values, joins arrays, and copies. `problems`
says what of the specification a document breaks.

The specification lets an action match nothing, and lets it keep its reason to itself. In this house
both fail: an action that misses means that the page moved, and a change of somebody else's
document needs a source. All failures are collected, so that a maintainer sees them at once.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any, Final

import jsonpath_rfc9535
from attrs import frozen
from jsonpath_rfc9535.exceptions import JSONPathError

from ..errors import OverlayError, PageError
from ..page import nodes

__all__ = ["Action", "apply", "parse", "problems", "read_actions"]

_VERSION: Final = re.compile(r"1\.[01]\.\d+")
_ROOT_KEYS: Final = frozenset({"overlay", "info", "extends", "actions"})
_INFO_KEYS: Final = frozenset({"title", "version", "description"})
_ACTION_KEYS: Final = frozenset({"target", "description", "update", "remove", "copy"})


@frozen
class Action:
    """One action of an overlay.

    Attributes:
        number: Its place in the list, from 1.
        target: A JSONPath (RFC 9535).
        description: Why, and from which source.
        update: What to merge into each match.
        copy: A JSONPath of the one node to merge into each match; empty if there is none.
        remove: Whether each match goes.
        has_update: Whether there is an update; it may be null.
    """

    number: int
    target: str
    description: str = ""
    update: Any = None
    copy: str = ""
    remove: bool = False
    has_update: bool = False

    def __str__(self) -> str:
        return f"action {self.number} ({self.target})"


# --- reading --------------------------------------------------------------------------------------


def parse(data: bytes, name: str) -> Any:
    """An overlay document, read strictly as YAML 1.2: ``on`` is text, a key stands once.

    Args:
        data: The file.
        name: What to call it in messages.

    Raises:
        OverlayError: It can't be read; the message has line and column.
    """
    try:
        return nodes.load(data.decode("utf-8")).plain()
    except PageError as error:
        raise OverlayError([f"{name}: {error}"]) from None
    except UnicodeDecodeError as error:
        raise OverlayError([f"{name} is not UTF-8 at byte {error.start}"]) from None


def problems(overlay: Any) -> list[str]:
    """What of the Overlay specification, 1.0 or 1.1, a document breaks; empty if nothing."""
    if not isinstance(overlay, dict):
        return ["the overlay must be a mapping"]
    version = overlay.get("overlay")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        return [f"the overlay must say 'overlay: 1.1.0' (or 1.0.0), not {version!r}"]
    found = [*_unknown(overlay, _ROOT_KEYS, "the overlay"), *_info(overlay.get("info"))]
    if not isinstance(overlay.get("extends", ""), str):
        found.append("'extends' must be an address")
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not actions:
        return [*found, "the overlay must have 'actions', a list with at least one action"]
    for number, raw in enumerate(actions, 1):
        found += [f"action {number}: {what}" for what in _action(raw, version)]
        if raw in actions[: number - 1]:
            first = actions.index(raw) + 1
            found.append(f"action {number}: the same as action {first}")
    return found


def _unknown(value: dict[str, Any], known: frozenset[str], what: str) -> list[str]:
    names = [key for key in value if key not in known and not str(key).startswith("x-")]
    return [f"{what} has the unknown key {name!r}" for name in names]


def _info(info: Any) -> Iterator[str]:
    if not isinstance(info, dict):
        yield "the overlay must have 'info', with a title and a version"
        return
    yield from _unknown(info, _INFO_KEYS, "'info'")
    for key in ("title", "version"):
        if not isinstance(info.get(key), str):
            yield f"'info' must have a {key}, as a text"
    if not isinstance(info.get("description", ""), str):
        yield "the description in 'info' must be a text"


def _action(raw: Any, version: str) -> Iterator[str]:
    if not isinstance(raw, dict):
        yield "must be a mapping"
        return
    known = _ACTION_KEYS if version.startswith("1.1.") else _ACTION_KEYS - {"copy"}
    for words in _unknown(raw, known, "it"):
        yield words.replace("it has", "has")
    target = raw.get("target")
    if not isinstance(target, str):
        yield "has no target"
    elif not target.startswith("$"):
        yield f"its target {target!r} must begin with $"
    for key, kind in (("description", str), ("copy", str), ("remove", bool)):
        if not isinstance(raw.get(key, kind()), kind):
            yield f"its {key} must be {'true or false' if kind is bool else 'a text'}"


def read_actions(overlay: Any, *, house: bool = True) -> list[Action]:
    """The actions of an overlay document.

    Args:
        overlay: The document.
        house: Whether the house's rules apply beside the specification's.

    Raises:
        OverlayError: It breaks a rule.
    """
    failures = problems(overlay)
    actions = [] if failures else overlay["actions"]
    for number, raw in enumerate(actions if house else [], 1):
        failures += [f"action {number}: {what}" for what in _house(raw)]
    if failures:
        raise OverlayError(failures)
    return [
        Action(
            number,
            **{key: value for key, value in raw.items() if key in _ACTION_KEYS},
            has_update="update" in raw,
        )
        for number, raw in enumerate(actions, 1)
    ]


def _house(raw: dict[str, Any]) -> Iterator[str]:
    if not raw.get("description"):
        yield "has no description: it must say why, and from which source"
    if ("update" in raw) + bool(raw.get("remove")) + ("copy" in raw) != 1:
        yield "must either update or remove (or copy)"


# --- applying -------------------------------------------------------------------------------------


def apply(overlay: Any, document: Any, *, house: bool = True) -> Any:
    """Apply an overlay to a document.

    Args:
        overlay: An Overlay document, 1.0 or 1.1.
        document: The document; left as it is.
        house: Whether an action that matches nothing fails, and one without a reason.

    Returns:
        The document with every action applied, in order.

    Raises:
        OverlayError: Some actions match nothing, or match what they can't be applied to.
    """
    actions = read_actions(overlay, house=house)
    applied = _Application(copy.deepcopy(document), overlay["overlay"].startswith("1.0."), house)
    failures = []
    for action in actions:
        try:
            applied.act(action)
        except (JSONPathError, _Misfit) as error:
            failures.append(f"{action}: {error}")
    if failures:
        raise OverlayError(failures)
    return applied.document


class _Misfit(Exception):
    """An action that can't be applied to what it matched."""


Location = tuple[int | str, ...]


@frozen
class _Application:
    document: Any
    first_version: bool
    house: bool

    def act(self, action: Action) -> None:
        # A query may select one node twice (`$['a','a']`); it is still one node to change.
        found = jsonpath_rfc9535.find(action.target, self.document)
        matches = list(dict.fromkeys(node.location for node in found))
        if not matches and self.house:
            raise _Misfit("matches nothing")
        kinds = {_kind(_at(self.document, location)) for location in matches}
        if self.first_version and "value" in kinds and not _is_members_removal(action, matches):
            raise _Misfit("matches a single value, which Overlay 1.0 can't change: say 1.1.0")
        if action.remove:
            for location in sorted(matches, key=_from_the_end, reverse=True):
                _remove(self.document, location)
        elif len(kinds) > 1:
            raise _Misfit(f"matches values of different kinds: {', '.join(sorted(kinds))}")
        elif action.has_update or action.copy:
            update = self._copied(action.copy) if action.copy else action.update
            for location in matches:
                self._update(location, update)

    def _copied(self, path: str) -> Any:
        found = jsonpath_rfc9535.find(path, self.document)
        if len(found) != 1:
            raise _Misfit(f"copies from {path}, which matches {len(found)} nodes instead of one")
        return copy.deepcopy(found[0].value)

    def _update(self, location: Location, update: Any) -> None:
        target = _at(self.document, location)
        if isinstance(target, list):
            entries = isinstance(update, list) and not self.first_version
            target.extend(copy.deepcopy(update if entries else [update]))
        elif _kind(target) != _kind(update):
            one, other = _NAMES[_kind(target)], _NAMES[_kind(update)]
            raise _Misfit(f"matches a {one}, its update is a {other}")
        elif isinstance(target, dict):
            _merge(target, update)
        elif not location:
            raise _Misfit("would replace the whole document")
        else:
            _at(self.document, location[:-1])[location[-1]] = update


_NAMES: Final = {"mapping": "mapping", "list": "list", "value": "single value"}


def _kind(value: Any) -> str:
    return "mapping" if isinstance(value, dict) else "list" if isinstance(value, list) else "value"


def _is_members_removal(action: Action, matches: list[Location]) -> bool:
    """Whether an action removes members of mappings.

    The text of 1.0 forbids that where the member is a single value; the specification's own set of
    compliant documents (remove-example) does it. An item of a list is forbidden by both.
    """
    return action.remove and all(isinstance(location[-1], str) for location in matches if location)


def _from_the_end(location: Location) -> list[tuple[int, str]]:
    """Sort key that puts later list items after earlier ones."""
    return [(part, "") if isinstance(part, int) else (-1, part) for part in location]


def _at(document: Any, location: Location) -> Any:
    for part in location:
        document = document[part]
    return document


def _remove(document: Any, location: Location) -> None:
    if not location:
        raise _Misfit("would remove the whole document")
    del _at(document, location[:-1])[location[-1]]


def _merge(target: dict[str, Any], update: dict[str, Any], at: str = "") -> None:
    """Merge as the specification says: mappings recursively, lists joined, values replaced."""
    for key, value in update.items():
        old = target.get(key)
        if key not in target or _kind(old) == _kind(value) == "value":
            target[key] = copy.deepcopy(value)
        elif isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value, f"{at}{key}.")
        elif isinstance(old, list) and isinstance(value, list):
            old.extend(copy.deepcopy(value))
        else:
            words = f"{_NAMES[_kind(old)]} by a {_NAMES[_kind(value)]}"
            raise _Misfit(f"would replace {at}{key}, a {words}: remove it first")
