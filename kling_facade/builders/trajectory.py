"""Places a path on a picture: where it starts and ends there, and which points are sent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from attrs import frozen

from .geometry.bitmap import Bitmap
from .geometry.points import Point, Size
from .geometry.simplify import Pixel, Stroke, simplify
from .paths import FLATNESS, Path
from .remarks import Remark, about_path

__all__ = ["LaidPath", "Start", "lay"]

Start: TypeAlias = Literal["region", "as drawn"]

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
        remarks: What is odd about it.
    """

    pixels: tuple[Pixel, ...]
    deviation: float
    drawn: int
    notes: tuple[str, ...]
    remarks: tuple[Remark, ...]


def lay(path: Path, size: Size, region: Bitmap | None, start: Start | Point, most: int) -> LaidPath:
    """Lay a path onto a picture.

    Args:
        path: The path.
        size: Width and height of the picture.
        region: What moves along it, or ``None`` when nobody knows its pixels.
        start: ``"region"``, ``"as drawn"``, or the point to shift its start to.
        most: How many points may go out.
    """
    drawn = path.columns(size)
    shift, note = _shift((drawn[0][0], drawn[1][0]), path.free, region, start)
    stroke, shift, more = _inside(Stroke(drawn), shift, size)
    notes = tuple(text for text in (note, more) if text)
    remarks = about_path(*path.control, path.relative)
    if stroke is None:
        return LaidPath((), 0.0, len(drawn[0]), notes, remarks)
    if path.exact:
        pixels, off = _rounded(stroke, shift)
    else:
        pixels, off = simplify(stroke, most, shift)
        off += FLATNESS if path.curved else 0.0
    limits = size[0] - 1, size[1] - 1
    kept = tuple((min(max(x, 0), limits[0]), min(max(y, 0), limits[1])) for x, y in pixels)
    off += max(math.dist(a, b) for a, b in zip(pixels, kept, strict=True))
    return LaidPath(kept, off, len(drawn[0]), notes, remarks)


def _rounded(stroke: Stroke, shift: Point) -> tuple[list[Pixel], float]:
    """Each point as a pixel, and how far the rounding moved one at most."""
    points = [(x + shift[0], y + shift[1]) for x, y in zip(stroke.xs, stroke.ys, strict=True)]
    pixels = [(round(x), round(y)) for x, y in points]
    return pixels, max(math.dist(a, b) for a, b in zip(points, pixels, strict=True))


def _shift(
    first: Point, free: bool, region: Bitmap | None, start: Start | Point
) -> tuple[Point, str]:
    """How far a drawing is moved to where it starts, and what to say about it."""
    if not isinstance(start, str):
        return _between(first, start), ""
    if region is None or not region.count or (start == "as drawn" and not free):
        return (0.0, 0.0), ""
    if free:
        return _between(first, region.centre() or first), ""
    if (round(first[0]), round(first[1])) in region:
        return (0.0, 0.0), ""
    nearest = region.nearest(first) or first
    return _between(first, nearest), (
        f"The path was drawn from {_place(first)}, {math.dist(first, nearest):.0f} px off the "
        f"region: it was shifted to start at {_place(nearest)}. start='as drawn' leaves it."
    )


def _between(one: Point, other: Point) -> Point:
    return (other[0] - one[0], other[1] - one[1])


def _inside(stroke: Stroke, shift: Point, size: Size) -> tuple[Stroke | None, Point, str]:
    """The first stretch inside the picture, its shift, and what to say about it."""
    boxes, (dx, dy) = stroke.boxes, shift
    right, bottom = size[0] - 1 + _SLACK, size[1] - 1 + _SLACK
    if (
        min(box[0] for box in boxes) + dx >= -_SLACK
        and min(box[1] for box in boxes) + dy >= -_SLACK
        and max(box[2] for box in boxes) + dx <= right
        and max(box[3] for box in boxes) + dy <= bottom
    ):
        return stroke, shift, ""
    points = [(x + dx, y + dy) for x, y in zip(stroke.xs, stroke.ys, strict=True)]
    kept, said = _cut(points, size[0] - 1, size[1] - 1)
    if not kept:
        return None, shift, said
    xs, ys = zip(*kept, strict=True)
    return Stroke((list(xs), list(ys))), (0.0, 0.0), said


def _cut(drawn: Sequence[Point], right: float, bottom: float) -> tuple[list[Point], str]:
    """The first stretch of a drawing inside the picture, and what to say about it."""

    def within(point: Point) -> bool:
        x, y = point
        return -_SLACK <= x <= right + _SLACK and -_SLACK <= y <= bottom + _SLACK

    first = next((place for place, point in enumerate(drawn) if within(point)), None)
    if first is None:
        return [], "The path lies outside the picture."
    end = next((p for p in range(first, len(drawn)) if not within(drawn[p])), len(drawn))
    kept = list(drawn[first:end])
    said = []
    if first > 0:
        kept.insert(0, _exit(drawn[first], drawn[first - 1], right, bottom))
        said.append(
            f"The path starts outside the picture: it was cut to start at {_place(kept[0])}."
        )
    if end < len(drawn):
        kept.append(_exit(drawn[end - 1], drawn[end], right, bottom))
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
