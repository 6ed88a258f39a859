"""The form of a catalogue, and every place where a user's own file departs from it.

cattrs holds the tables against the classes below: kinds of values, missing keys, keys that mean
nothing, and names (modes, models, rules) that nothing has. The bundled file is not checked when it
is read: a test does that, and reading it stays cheap.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, NewType, TypeAlias, get_args, get_origin

import attrs
from attrs import field, frozen
from cattrs import (
    BaseValidationError,
    ClassValidationError,
    Converter,
    ForbiddenExtraKeysError,
    IterableValidationError,
)
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.errors import IterableValidationNote

from ..errors import InvalidRequest, Severity
from .lines import line_of

__all__ = ["check_form"]

Keys: TypeAlias = tuple[str | int, ...]
"""The way to a value: names of tables, places in lists."""

Hook: TypeAlias = Callable[[Any, Any], Any]
"""What turns a value into one of a kind, or raises ValueError with words about it."""

# Leaves, each with a hook of its own in `_converter`.
Count = NewType("Count", int)
Amount = NewType("Amount", float)
Share = NewType("Share", float)
Seconds = NewType("Seconds", int)
ModeName = NewType("ModeName", str)
ModelName = NewType("ModelName", str)
RuleName = NewType("RuleName", str)
Strictness = NewType("Strictness", str)
MoveKind = NewType("MoveKind", str)
Where = NewType("Where", str)
Modes = NewType("Modes", dict[str, Any])

_KINDS: Final = ("simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward")


@frozen
class Limits:
    """The numbers that rules go by.

    Attributes:
        prompt_characters: Most characters of a prompt.
        negative_prompt_characters: Most characters of a negative prompt.
        voices: Most voices in one video.
        moving_regions: Most moving regions of a motion brush.
        path_points: Least and most points of a path.
        image_bytes: Bytes that are surely taken, and bytes beyond which a picture is refused.
        image_side: Least pixels of a side.
        image_aspect: How many times as long as the other a side may be.
        image_pixels: Most pixels.
        region_share: Shares of the picture below and above which a region is told.
        region_edge: Share of the picture's edge above which a moving region is told.
        path_reach: Share of the picture's width below which a move is told.
        path_deviation: Share of the picture's longer side above which a simplified path is told.
        modes: All modes.
        durations: All durations in seconds.
        shots: Most shots of a video.
        shot_characters: Most characters of a shot's prompt.
        elements: Most elements.
    """

    prompt_characters: Count
    negative_prompt_characters: Count
    voices: Count
    moving_regions: Count
    path_points: tuple[Count, Count]
    image_bytes: tuple[Count, Count]
    image_side: Count
    image_aspect: Amount
    image_pixels: Count
    region_share: tuple[Share, Share]
    region_edge: Share
    path_reach: Share
    path_deviation: Share
    modes: tuple[str, ...]
    durations: tuple[Count, ...]
    shots: Count
    shot_characters: Count
    elements: Count


@frozen
class RuleRow:
    """How strict a rule is, what it says, and who says so."""

    severity: Strictness
    says: str
    source: str
    date: str
    disputed: str = ""


@frozen
class FeatureRow:
    """Where a model has a feature. A row that is only laid over another may be short."""

    at: tuple[Where, ...] = ()
    source: str = ""
    date: str = ""
    disputed: str = ""
    kinds: tuple[MoveKind, ...] = ()
    with_sound: bool = True


@frozen
class ModelRow:
    """A model: its durations by mode, and a table for each feature."""

    modes: Modes
    tail: FeatureRow = FeatureRow()
    brush: FeatureRow = FeatureRow()
    camera: FeatureRow = FeatureRow()
    cfg: FeatureRow = FeatureRow()
    sound: FeatureRow = FeatureRow()
    voice: FeatureRow = FeatureRow()
    multi_shot: FeatureRow = FeatureRow()
    elements: FeatureRow = FeatureRow()
    listed: bool = False
    retired: date | None = None

    def __attrs_post_init__(self) -> None:
        """A feature can only work where the model has the mode and the duration."""
        places = {"all", *self.modes}
        places |= {f"{mode} {one}" for mode, durations in self.modes.items() for one in durations}
        for name, row in attrs.asdict(self, recurse=False).items():
            if isinstance(row, FeatureRow) and (wrong := sorted(set(row.at) - places)):
                raise ValueError(f"{name} works at {wrong[0]!r}, which the model doesn't have")


@frozen
class PriceRow:
    """Units for a second of video by mode: without sound, with sound, with voices."""

    source: str
    date: str
    silent: dict[ModeName, Amount] = field(factory=dict)
    sound: dict[ModeName, Amount] = field(factory=dict)
    voice: dict[ModeName, Amount] = field(factory=dict)


@frozen
class Prices:
    """The price list, and what a unit costs in dollars."""

    usd_per_unit: Amount
    usd_source: str
    usd_date: str
    models: dict[ModelName, PriceRow]


@frozen
class Table:
    """A whole catalogue."""

    version: str
    sources: dict[str, str]
    rules: dict[RuleName, RuleRow]
    limits: Limits
    models: dict[str, ModelRow]
    prices: Prices


def check_form(table: Mapping[str, Any], rules: Iterable[str], text: str, origin: str) -> None:
    """Hold a catalogue against its form.

    Args:
        table: The catalogue: the bundled one with the user's file laid over it.
        rules: The rules that there are. Their checks are code, so a file can't add one.
        text: The user's file, to find lines in.
        origin: What messages call it.

    Raises:
        InvalidRequest: With every place that departs from the form, and its line.
    """
    try:
        _converter(table, tuple(rules)).structure(table, Table)
    except BaseValidationError as error:
        places = [f"{_place(keys, text)}: {words}" for keys, words in _departures(error, ())]
        listed = "\n".join(f"  - {place}" for place in places)
        raise InvalidRequest(
            f"{origin} is not a catalogue:\n{listed}",
            hint="Nothing of it counts. Its form is that of kling_facade/catalog/catalog.toml.",
        ) from None


# How values are taken ----------------------------------------------------------------------------


def _converter(table: Mapping[str, Any], rules: tuple[str, ...]) -> Converter:
    """A converter that takes nothing for something else, and knows which names there are."""
    limits = _table(table.get("limits"))
    modes, seconds = _items(limits.get("modes")), _items(limits.get("durations"))
    converter = Converter(forbid_extra_keys=True)
    leaves: dict[Any, Hook] = {
        str: _kind(str, "a text"),
        bool: _kind(bool, "true or false"),
        date: _kind(date, "a date without quotes, such as 2026-09-15"),
        Count: _number(1, whole=True),
        Amount: _number(0),
        Share: _number(0, 1),
        Seconds: _name("duration", seconds),
        ModeName: _name("mode", modes),
        ModelName: _name("model", tuple(_table(table.get("models")))),
        RuleName: _name("rule", rules),
        Strictness: _name("severity", get_args(Severity)),
        MoveKind: _name("kind of camera move", _KINDS),
        Where: _where(modes, seconds),
        Modes: lambda value, _: _modes(converter, value),
    }
    for kind, hook in leaves.items():
        converter.register_structure_hook(kind, hook)
    # cattrs would take a text for a list of letters: what is no table or list stops here.
    for covers, form, spoken, made in (
        (attrs.has, dict, "a table", converter.gen_structure_attrs_fromdict),
        (_is(dict), dict, "a table", lambda kind: _mapping(converter, kind)),
        (_is(tuple), list, "a list in [ ]", lambda kind: _sequence(converter, kind)),
    ):
        converter.register_structure_hook_factory(covers, _inside(form, spoken, made))
    return converter


def _is(origin: type) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) is origin


def _inside(form: type, spoken: str, made: Callable[[Any], Hook]) -> Callable[[Any], Hook]:
    """A factory of hooks that look inside a value only after its own kind is right."""
    taken = _kind(form, spoken)

    def factory(kind: Any) -> Hook:
        hook = made(kind)
        return lambda value, _: hook(taken(value, kind), kind)

    return factory


def _mapping(converter: Converter, kind: Any) -> Hook:
    """Keys before values: what is said about a table whose name is misspelt helps nobody."""
    key_kind, value_kind = get_args(kind)

    def structured(value: Any, _: Any) -> Any:
        result, errors = {}, []
        for key, inner in value.items():
            try:
                name = converter.structure(key, key_kind)
                result[name] = converter.structure(inner, value_kind)
            except (BaseValidationError, ValueError) as error:
                error.add_note(IterableValidationNote("in a table", key, value_kind))
                errors.append(error)
        if errors:
            raise IterableValidationError("in a table", errors, kind)
        return result

    return structured


def _sequence(converter: Converter, kind: Any) -> Hook:
    if get_args(kind)[-1] is ...:
        return homogenous_tuple_structure_factory(kind, converter)
    both = converter.gen_structure_hetero_tuple(kind)

    def pair(value: Any, _: Any) -> Any:
        if len(value) != 2:
            raise ValueError(f"{value!r} is not a pair: a lower and an upper bound")
        low, high = both(value, kind)
        if low > high:
            raise ValueError(f"{value!r} has its bounds the wrong way round")
        return low, high

    return pair


def _kind(form: type, spoken: str) -> Hook:
    def taken(value: Any, _: Any) -> Any:
        if type(value) is not form:
            raise ValueError(f"{value!r} is not {spoken}")
        return value

    return taken


def _number(least: float, most: float = float("inf"), *, whole: bool = False) -> Any:
    spoken = f"{'a whole number' if whole else 'a number'} from {least}"
    bounds = f"{spoken} to {most:g}" if most < float("inf") else f"{spoken} up"

    def taken(value: Any, _: Any) -> Any:
        if type(value) not in ((int,) if whole else (int, float)) or not least <= value <= most:
            raise ValueError(f"{value!r} is not {bounds}")
        return value

    return taken


def _name(what: str, known: tuple[Any, ...]) -> Hook:
    """One of the names there are; where their list is broken, that alone is told."""

    def taken(value: Any, _: Any) -> Any:
        if known and (value not in known or type(value) is bool):
            raise ValueError(f"there is no {what} {value!r}. {_meant(value, known)}")
        return value

    return taken


def _meant(value: object, known: Iterable[Any]) -> str:
    """The name that is nearest, else all of them."""
    names = [str(name) for name in known]
    close = difflib.get_close_matches(str(value), names, n=1)
    return f"Did you mean {close[0]}?" if close else f"It is one of {', '.join(names)}."


def _where(modes: tuple[Any, ...], seconds: tuple[Any, ...]) -> Hook:
    """Where a feature works: all, a mode, or a mode and a duration."""

    def taken(value: Any, _: Any) -> Any:
        mode, space, duration = str(value).partition(" ")
        if modes and value != "all" and mode not in modes:
            raise ValueError(f"{value!r} names no mode. {_meant(mode, ('all', *modes))}")
        if seconds and space and duration not in map(str, seconds):
            raise ValueError(f"{value!r} names no duration. {_meant(duration, seconds)}")
        return value

    return taken


def _modes(converter: Converter, value: Any) -> Any:
    """Durations by mode, with the source and the date of them all."""
    rows = dict(_kind(dict, "a table")(value, None))
    for name in ("source", "date"):
        if not isinstance(rows.pop(name, None), str):
            raise ValueError(f"the {name} of the modes is missing, a text")
    return converter.structure(rows, dict[ModeName, tuple[Seconds, ...]])


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else ()


# What is told about it ---------------------------------------------------------------------------


def _departures(error: BaseException, keys: Keys) -> Iterator[tuple[Keys, str]]:
    """Each place with what is wrong there, out of cattrs' tree of errors."""
    if isinstance(error, ForbiddenExtraKeysError):
        known = [attribute.name for attribute in attrs.fields(error.cl)]
        for name in sorted(error.extra_fields):
            yield (*keys, name), f"means nothing. {_meant(name, known)}"
    elif isinstance(error, ClassValidationError):
        with_notes, others = error.group_exceptions()
        for inner, note in with_notes:
            yield from _departures(inner, (*keys, note.name))
        for other in others:
            yield from _departures(other, keys)
    elif isinstance(error, IterableValidationError):
        items, others = error.group_exceptions()
        for inner, place in items:
            yield from _departures(inner, (*keys, place.index))
        for other in others:
            yield from _departures(other, keys)
    elif isinstance(error, KeyError):
        yield keys, "it is missing"
    else:
        yield keys, str(error)


def _place(keys: Keys, text: str) -> str:
    number = line_of(text, keys)
    named = ".".join(map(str, keys))
    return f"line {number}, {named}" if number else named
