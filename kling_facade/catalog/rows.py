"""The rows of the catalogue: a rule, a feature of a model, a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from attrs import field, frozen

from ..errors import Severity

__all__ = ["Feature", "Model", "Rule"]


@frozen
class Rule:
    """A rule: its name, how strict it is, and who says so.

    Attributes:
        name: Its name, as `Problem.rule` and ``allow`` have it.
        severity: ``"contract"`` always refuses, ``"capability"`` refuses unless it is allowed by
            name, ``"advice"`` only tells.
        says: What it says, in a few words.
        source: Who says so; `Catalog.sources` spells the short names out.
        date: When they said so.
        disputed: Who says otherwise.
    """

    name: str
    severity: Severity
    says: str
    source: str
    date: str
    disputed: str = ""

    @property
    def cited(self) -> str:
        """Source and date."""
        return f"{self.source} ({self.date})"


def _words(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(words)


@frozen
class Feature:
    """Where a model has a feature.

    Attributes:
        at: ``"mode duration"``, ``"mode"``, or ``"all"``; nothing when it lacks it.
        source: Who says so.
        date: When they said so.
        disputed: Who says otherwise.
        kinds: The kinds of camera move it takes; none for all.
        with_sound: Whether it goes together with sound.
    """

    at: tuple[str, ...] = field(default=(), converter=_words)
    source: str = ""
    date: str = ""
    disputed: str = ""
    kinds: tuple[str, ...] = field(default=(), converter=_words)
    with_sound: bool = True

    @property
    def cited(self) -> str:
        """Source and date."""
        return f"{self.source} ({self.date})"

    def works(self, mode: str, duration: int) -> bool:
        """Whether it works in a mode and for a number of seconds."""
        return bool({"all", mode, f"{mode} {duration}"} & set(self.at))


@frozen
class Model:
    """One of Kling's models.

    Attributes:
        name: Its ``model_name``.
        modes: For each mode, the durations in seconds.
        modes_cited: Who says so about the modes.
        features: What it can, by name: ``tail``, ``brush``, ``camera``, ``cfg``, ``sound``,
            ``voice``, ...
        listed: Whether the published page lists it.
        retired: Since when Kling no longer serves it, if so. A gateway may still do.
    """

    name: str
    modes: Mapping[str, tuple[int, ...]]
    modes_cited: str
    features: Mapping[str, Feature]
    listed: bool
    retired: date | None = None

    def feature(self, name: str) -> Feature:
        """A feature; one that the catalogue doesn't mention works nowhere."""
        return self.features.get(name, Feature())
