"""The catalogue: what each model can, as data with sources, and the numbers that rules go by.

The one that comes with the library is `Catalog.bundled`. A newer or private one is a file in the
same form, whole or in part: `Catalog.load` lays it over the bundled one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast

from attrs import field, frozen

from ..errors import InvalidRequest, MissingExtra
from .rows import Feature, Model, Rule

__all__ = ["Catalog"]

BUNDLED: Final = Path(__file__).with_name("catalog.toml")
"""The file that comes with the library."""

NOT_FEATURES: Final = frozenset({"modes", "listed", "retired"})
"""The keys of a model's table that are no features."""


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
        """The catalogue that comes with the library. It is read once."""
        return _bundled()

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Catalog:
        """Lay a file over the bundled catalogue.

        Tables are merged key by key, so a file may be as short as one model or one feature. What
        comes of it is held against the form of a catalogue: a name that means nothing, such as a
        misspelt limit, mode or price, is an error, because otherwise the bundled value would go on
        to count without a word.

        Args:
            path: A TOML file in the form of ``kling_facade/catalog/catalog.toml``.

        Raises:
            InvalidRequest: It can't be read, or says something that a catalogue doesn't have. The
                message lists every such place with its line.
            MissingExtra: cattrs is not installed.
        """
        text = _read(Path(path))
        merged = _merged(_parsed(_read(BUNDLED), BUNDLED), _parsed(text, path))
        _form_checker()(merged, _bundled().rules, text, str(path))
        return _made(merged)

    def limit(self, name: str) -> Any:
        """A number of this catalogue, or a pair or list of them.

        Args:
            name: Its name in the table ``[limits]`` of ``kling_facade/catalog/catalog.toml``.
        """
        return self.limits[name]


def _form_checker() -> Callable[..., None]:
    """What holds a table against the form, loaded only for a file of the user's own."""
    try:
        import cattrs  # noqa: F401  # only whether it is there
    except ImportError:
        raise MissingExtra(
            "a catalogue of your own needs cattrs", hint="pip install 'kling-facade[catalog]'"
        ) from None
    from .form import check_form

    return check_form


@cache
def _bundled() -> Catalog:
    return _made(_parsed(_read(BUNDLED), BUNDLED))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:  # broken UTF-8 is a ValueError
        raise InvalidRequest(f"the catalogue {path} can't be read: {error}") from error


def _parsed(text: str, path: str | PathLike[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"the catalogue {path} is not TOML: {error}") from error


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One table over another; tables inside are merged too."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = _merged(cast("Mapping[str, Any]", old), value) if both else value
    return result


def _made(table: Mapping[str, Any]) -> Catalog:
    """A catalogue from a table that is in its form."""
    return Catalog(
        version=table["version"],
        models={name: _model(name, row) for name, row in table["models"].items()},
        rules={name: Rule(name, **row) for name, row in table["rules"].items()},
        limits=table["limits"],
        sources=table["sources"],
        prices=table["prices"],
    )


def _model(name: str, row: Mapping[str, Any]) -> Model:
    modes = dict(row["modes"])
    cited = f"{modes.pop('source')} ({modes.pop('date')})"
    return Model(
        name=name,
        modes={mode: tuple(durations) for mode, durations in modes.items()},
        modes_cited=cited,
        features={key: Feature(**row[key]) for key in row if key not in NOT_FEATURES},
        listed=row.get("listed", False),
        retired=row.get("retired"),
    )
