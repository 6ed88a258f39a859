"""One change, and the place it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from attrs import evolve, frozen

from ..page.facts import TEXT, digest

__all__ = ["LEVELS", "TEXT_KEYS", "Change", "Facade", "Level", "Place", "digests", "level_of"]

Level = Literal["none", "patch", "minor", "major"]
Facade = Literal["covered", "missing", "broken", "unclear"]
Side = Literal["sends", "reads"]

LEVELS: Final[tuple[Level, ...]] = ("none", "patch", "minor", "major")

TEXT_KEYS: Final = ("description", "summary", "title", "example", "examples")


@frozen
class Change:
    """One change.

    Attributes:
        where: The place, for people: operation, part, field.
        what: What happened there.
        kind: Its kind, such as ``property added``.
        level: ``major`` breaks somebody, ``minor`` adds, ``patch`` means the same as before.
        operation: ``POST /path`` it belongs to, or empty.
        path: Field inside the operation: ``body.mode``, ``200.data.task_id``, ``query.pageNum``.
        breaks: Whom it breaks: ``sends``, ``reads``, both or none.
        values: Enum values gained or lost, or the names that a change is about.
        facade: What it means for the facade; set by `judge.judge`. ``unclear``: a person
            has to read the page, for no program can tell.
        todo: What to do about it; set by `judge.judge`.
    """

    where: str
    what: str
    kind: str
    level: Level
    operation: str = ""
    path: str = ""
    breaks: tuple[Side, ...] = ()
    values: tuple[Any, ...] = ()
    facade: Facade = "covered"
    todo: str = ""


def level_of(changes: list[Change]) -> Level:
    """The highest level among changes."""
    return max((change.level for change in changes), key=LEVELS.index, default="none")


@frozen
class Place:
    """Where a comparison stands.

    Attributes:
        operation: ``POST /path``, or empty.
        path: The field inside it.
        side: Who is concerned: those who send the value, or those who read it.
        inverted: Whether the place is inside a ``not``, where a narrower schema allows more.
    """

    operation: str
    path: str
    side: Side
    inverted: bool = False

    def __str__(self) -> str:
        return f"{self.operation} {self.path}".strip()

    def inside(self, name: str) -> Place:
        """The place of a field in it."""
        return evolve(self, path=f"{self.path}.{name}" if self.path else name)

    def items(self) -> Place:
        """The place of a list's items."""
        return evolve(self, path=self.path + "[]")

    def negated(self) -> Place:
        """The same place, inside a ``not``."""
        return evolve(self, inverted=not self.inverted)

    def narrowed(self, what: str, kind: str, **more: Any) -> Change:
        """Fewer values are allowed than before: that breaks those who send."""
        return self.change(what, kind, breaks=(self.side == "sends") != self.inverted, **more)

    def widened(self, what: str, kind: str, **more: Any) -> Change:
        """More values are allowed than before: that breaks those who read."""
        return self.change(what, kind, breaks=(self.side == "reads") != self.inverted, **more)

    def change(
        self, what: str, kind: str, *, breaks: bool, patch: bool = False, **more: Any
    ) -> Change:
        """A change that happened here; what breaks somebody is major."""
        level: Level = "major" if breaks else "patch" if patch else "minor"
        sides = (self.side,) if breaks else ()
        return Change(str(self), what, kind, level, self.operation, self.path, sides, **more)


def digests(value: Mapping[str, Any]) -> dict[str, str]:
    """Digests of an object's texts, whether it holds the texts or their digests."""
    found = {
        key: digest(str(value[key]))
        for key in TEXT_KEYS
        if isinstance(value.get(key), str) and value[key]
    }
    return {**found, **value.get(TEXT, {})}
