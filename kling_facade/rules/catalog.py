"""The catalogue: what each model can, as data with sources, and the rules that read it.

The one that comes with the library is `Catalog.bundled`. A newer or private one is a file in the
same form, whole or in part: `Catalog.load` lays it over the bundled one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast, get_args

from attrs import field, frozen

from ..errors import InvalidRequest, Severity

__all__ = ["Catalog", "Feature", "Model", "Rule"]

_BUNDLED: Final = Path(__file__).with_name("catalog.toml")
_FEATURES: Final = (
    "tail",
    "brush",
    "camera",
    "cfg",
    "sound",
    "voice",
    "multi_shot",
    "elements",
)


@frozen
class Rule:
    """A rule's name and standing.

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


@frozen
class Catalog:
    """Models, rules, limits, prices and their sources.

    Attributes:
        version: The day it was made.
        models: By ``model_name``.
        rules: By name.
        limits: Numbers by name.
        sources: What each short name stands for.
        prices: The table that `kling_facade.rules.cost` reads.
    """

    version: str
    models: Mapping[str, Model] = field(repr=False)
    rules: Mapping[str, Rule] = field(repr=False)
    limits: Mapping[str, Any] = field(repr=False)
    sources: Mapping[str, str] = field(repr=False)
    prices: Mapping[str, Any] = field(repr=False)

    @classmethod
    def bundled(cls) -> Catalog:
        """The catalogue that comes with the library. Read once."""
        return _bundled()

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Catalog:
        """Lay a file over the bundled catalogue.

        Tables are merged key by key, so a file may be as short as one model or one feature.

        Args:
            path: A TOML file in the form of ``kling_facade/rules/catalog.toml``.

        Raises:
            InvalidRequest: It can't be read, or says something that a catalogue doesn't have.
        """
        return cls._made(_merged(_read(_BUNDLED), _read(Path(path))), str(path))

    @classmethod
    def _made(cls, table: Mapping[str, Any], origin: str) -> Catalog:
        try:
            return cls(
                version=str(table["version"]),
                models={name: _model(name, row) for name, row in table["models"].items()},
                rules={name: _rule(name, row) for name, row in table["rules"].items()},
                limits=table["limits"],
                sources=table["sources"],
                prices=table.get("prices", {}),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidRequest(
                f"{origin} is no catalogue: {error!r}",
                hint="Its form is that of kling_facade/rules/catalog.toml.",
            ) from error


@cache
def _bundled() -> Catalog:
    return Catalog._made(_read(_BUNDLED), _BUNDLED.name)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError) as error:  # a TOML error is a ValueError, and so is broken UTF-8
        raise InvalidRequest(f"the catalogue {path} can't be read: {error}") from error


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One table over another; tables inside are merged too."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = _merged(cast("Mapping[str, Any]", old), value) if both else value
    return result


def _rule(name: str, row: Mapping[str, Any]) -> Rule:
    if row["severity"] not in get_args(Severity):
        raise ValueError(f"rule {name}: severity {row['severity']!r}")
    return Rule(name, **row)


def _model(name: str, row: Mapping[str, Any]) -> Model:
    if unknown := set(row) - {"modes", "listed", "retired", *_FEATURES}:
        raise ValueError(f"model {name}: no feature is called {', '.join(sorted(unknown))}")
    modes = dict(row["modes"])
    cited = f"{modes.pop('source', '')} ({modes.pop('date', '')})"
    return Model(
        name=name,
        modes={mode: tuple(durations) for mode, durations in modes.items()},
        modes_cited=cited,
        features={key: Feature(**row[key]) for key in _FEATURES if key in row},
        listed=bool(row.get("listed", False)),
        retired=row.get("retired"),
    )
