"""Laying a path onto a picture: where it starts, where it leaves the picture, which points go out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from attrs import frozen

from .bitmap import Bitmap
from .outline import Point
from .paths import FLATNESS, Path
from .simplify import Pixel, simplify

__all__ = ["MAX_POINTS", "LaidPath", "Start", "lay"]

Size: TypeAlias = tuple[int, int]
Start: TypeAlias = Literal["region", "as drawn"]

MAX_POINTS: Final = 77
"""The most points of a trajectory (VD1 2026; stated for videos of five seconds)."""

_SLACK: Final = 1.0
"""Points this little outside the picture are moved to its edge without a word: a side's length is
often given where its last pixel is meant."""


@frozen
class LaidPath:
    """A path as it goes out, still counted from the top left.

    Attributes:
        pixels: The points; none when the path lies outside the picture.
        deviation: How far they stray at most from the drawing inside the picture.
        drawn: How many points the drawing had.
        notes: What was changed, each a sentence.
    """

    pixels: tuple[Pixel, ...]
    deviation: float
    drawn: int
    notes: tuple[str, ...]


def lay(path: Path, size: Size, region: Bitmap | None, start: Start | Point) -> LaidPath:
    """Lay a path onto a picture.

    Args:
        path: The path.
        size: Width and height of the picture.
        region: What moves along it, or ``None`` when nobody knows its pixels.
        start: ``"region"``, ``"as drawn"``, or the point to shift its start to.
    """
    drawn = path.trace(size)
    placed, note = _placed(drawn, path.free, region, start)
    inside, more = _inside(placed, size)
    notes = tuple(text for text in (note, more) if text)
    if not inside:
        return LaidPath((), 0.0, len(drawn), notes)
    if path.exact:
        pixels = [(round(x), round(y)) for x, y in inside]
        off = max(math.dist(a, b) for a, b in zip(inside, pixels, strict=True))
    else:
        pixels, off = simplify(inside, MAX_POINTS)
        off += FLATNESS if path.curved else 0.0
    return LaidPath(tuple(pixels), off, len(drawn), notes)


def _placed(
    drawn: Sequence[Point], free: bool, region: Bitmap | None, start: Start | Point
) -> tuple[Sequence[Point], str]:
    """The drawing shifted to where it starts, and what to say about it."""
    first = drawn[0]
    if not isinstance(start, str):
        return _shifted(drawn, start), ""
    if start == "as drawn" and not free:
        return drawn, ""
    if region is None or not region.count:
        return drawn, ""
    if free:
        return _shifted(drawn, region.centre() or first), ""
    if (round(first[0]), round(first[1])) in region:
        return drawn, ""
    nearest = region.nearest(first) or first
    return _shifted(drawn, nearest), (
        f"The path was drawn from {_place(first)}, {math.dist(first, nearest):.0f} px off the region: it was "
        f"shifted to start at {_place(nearest)}. start='as drawn' leaves it."
    )


def _shifted(drawn: Sequence[Point], to: Point) -> list[Point]:
    dx, dy = to[0] - drawn[0][0], to[1] - drawn[0][1]
    return [(x + dx, y + dy) for x, y in drawn]


def _inside(drawn: Sequence[Point], size: Size) -> tuple[Sequence[Point], str]:
    """The drawing's first stretch inside the picture, and what to say about it."""
    right, bottom = size[0] - 1, size[1] - 1
    columns, rows = zip(*drawn, strict=True)
    if min(columns) >= 0 and min(rows) >= 0 and max(columns) <= right and max(rows) <= bottom:
        return drawn, ""

    def within(point: Point) -> bool:
        x, y = point
        return -_SLACK <= x <= right + _SLACK and -_SLACK <= y <= bottom + _SLACK

    def clamped(point: Point) -> Point:
        return (min(max(point[0], 0.0), right), min(max(point[1], 0.0), bottom))

    first = next((place for place, point in enumerate(drawn) if within(point)), None)
    if first is None:
        return [], "The path lies outside the picture."
    end = next((p for p in range(first, len(drawn)) if not within(drawn[p])), len(drawn))
    kept = [clamped(point) for point in drawn[first:end]]
    said = []
    if first > 0:
        kept.insert(0, clamped(_exit(drawn[first], drawn[first - 1], right, bottom)))
        said.append(
            f"The path starts outside the picture: it was cut to start at {_place(kept[0])}."
        )
    if end < len(drawn):
        kept.append(clamped(_exit(drawn[end - 1], drawn[end], right, bottom)))
        said.append(f"The path leaves the picture at {_place(kept[-1])}: it was cut there.")
    return kept, " ".join(said)


def _exit(inner: Point, outer: Point, right: float, bottom: float) -> Point:
    """Where the way from a point inside to one outside meets the picture's edge."""
    reach = 1.0
    for axis, limit in ((0, right), (1, bottom)):
        step = outer[axis] - inner[axis]
        for edge in (0.0, limit):
            past = outer[axis] < edge if edge == 0.0 else outer[axis] > edge
            if past and step:
                reach = min(reach, max((edge - inner[axis]) / step, 0.0))
    return (
        inner[0] + reach * (outer[0] - inner[0]),
        inner[1] + reach * (outer[1] - inner[1]),
    )


def _place(point: Point) -> str:
    return f"({point[0]:.0f}, {point[1]:.0f})"
