"""Which pixels lie inside an outline.

The rule, for every shape here: a pixel belongs to it when its coordinates ``(x, y)`` lie inside the
outline or on it. Coordinates are pixels from the top left; pixel ``(0, 0)`` is the first.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeAlias

from .bitmap import Bitmap, Span
from .points import Columns, Point, Size
from .zigzag import (
    MOST_MEETINGS,
    NEAR,
    FillRule,
    check_meetings,
    numpy_or_none,
    zigzag_bitmap,
)

__all__ = ["FillRule", "ellipse_spans", "polygon_bitmap"]

_Crossing: TypeAlias = tuple[float, int]  # column, and +1 where the edge goes down or -1 where up
_Rows: TypeAlias = defaultdict[int, list[_Crossing]]


def polygon_bitmap(corners: Columns, size: Size, rule: FillRule = "evenodd") -> tuple[Bitmap, bool]:
    """The pixels inside or on a polygon.

    Outlines of hundreds of thousands of points are drawn in a fraction of a second as long as their
    edges are short. One that goes to and fro meets a row of pixels as often as it crosses it: from
    100,000 meetings on numpy does the work, where it is installed.

    Args:
        corners: The corners, in order; the last is joined to the first.
        size: Width and height of the picture; what is outside is left out.
        rule: What is inside where the outline crosses itself. With ``"evenodd"`` parts that are
            covered twice cancel out, with ``"nonzero"`` they count once.

    Returns:
        The pixels, and whether the outline crosses itself so that a pixel shows it.

    Raises:
        InvalidRequest: Its edges meet the rows of pixels too often to be drawn.
    """
    height = size[1]
    starts = _meeting_edges(corners)
    if len(starts) > _MANY or _meetings(corners, starts, height) > _MANY:
        if numpy := numpy_or_none():
            return zigzag_bitmap(numpy, corners, size, rule)
        check_meetings(_meetings(corners, starts, height), MOST_MEETINGS // 10)
    spans, crosses = _polygon_spans(corners, starts, height, rule)
    return Bitmap.from_spans(size, spans), crosses


_MANY: Final = 100_000
"""Fewer meetings are drawn without numpy: loading it takes as long."""


def _meeting_edges(corners: Columns) -> list[int]:
    """The places of the corners whose edge to the next one meets a row of pixels.

    A lasso has many points within a pixel, and nearly all of their edges meet none.
    """
    ys = corners[1]
    tops, lows = list(map(math.ceil, ys)), list(map(math.floor, ys))
    after = zip(tops, tops[1:] + tops[:1], lows, lows[1:] + lows[:1], strict=True)
    return [
        place
        for place, (top, next_top, low, next_low) in enumerate(after)
        if top != next_top or low != next_low or top == low
    ]


def _meetings(corners: Columns, starts: list[int], height: int) -> int:
    """About how often these edges meet a row of the picture."""
    ys, last, bottom = corners[1], len(corners[1]) - 1, float(height)
    ends = ((ys[place], ys[place + 1 if place < last else 0]) for place in starts)
    return round(sum(abs(min(max(a, 0.0), bottom) - min(max(b, 0.0), bottom)) for a, b in ends))


def _polygon_spans(
    corners: Columns, starts: list[int], height: int, rule: FillRule
) -> tuple[list[Span], bool]:
    """The runs of pixels inside or on a polygon, and whether its outline is seen to cross itself.

    Args:
        corners: All its corners.
        starts: The places of those whose edge is looked at.
        height: Rows of the picture.
        rule: What is inside.
    """
    rows = _EdgeRows(corners, starts, height)
    spans = [(y, *pixels) for y, left, right in rows.level for pixels in _pixels(left, right)]
    windings: set[int] = set()
    for y, crossings in rows.crossings():
        for left, right, winding in _between(crossings):
            for pixels in _pixels(left, right):
                if right - left > NEAR:  # at a tip both sides meet, in no certain order
                    windings.add(winding)
                if winding % 2 or (winding and rule == "nonzero"):
                    spans.append((y, *pixels))
    # Round a crossing the windings span two: 0, 1, 2 or -1, 0, 1. A simple outline has 0 and one
    # other.
    return spans, len(windings - {0}) > 1 or any(abs(w) > 1 for w in windings)


class _EdgeRows:
    """Where the edges of a polygon meet the rows of pixels.

    A row through a corner is looked at twice, a hair above and a hair below, so that an outline
    belongs to its shape at the top as at the bottom.
    """

    def __init__(self, corners: Columns, starts: list[int], height: int) -> None:
        self.inner: _Rows = defaultdict(list)  # rows that an edge passes through
        self.below: _Rows = defaultdict(list)  # rows of an edge's upper end: met a hair below it
        self.above: _Rows = defaultdict(list)  # rows of an edge's lower end: met a hair above it
        self.level: list[tuple[int, float, float]] = []  # level edges on a row
        (xs, ys), last = corners, len(corners[0]) - 1
        for place in starts:
            after = place + 1 if place < last else 0
            self._add((xs[place], ys[place]), (xs[after], ys[after]), height)

    def _add(self, start: Point, end: Point, height: int) -> None:
        (x0, y0), (x1, y1) = start, end
        way = 1
        if y0 > y1:
            x0, y0, x1, y1, way = x1, y1, x0, y0, -1
        top, bottom = math.ceil(y0), math.floor(y1)
        if top > bottom or bottom < 0 or top >= height:
            return
        if y0 == y1:
            self.level.append((top, min(x0, x1), max(x0, x1)))
            return
        if top == y0:
            self.below[top].append((x0, way))
            top += 1
        if bottom == y1:
            self.above[bottom].append((x1, way))
            bottom -= 1
        width, rise = x1 - x0, y1 - y0
        inner = self.inner
        for y in range(max(top, 0), min(bottom, height - 1) + 1):
            # Not by a slope: over a rise of nearly nothing that is infinite.
            inner[y].append((x0 + (y - y0) / rise * width, way))

    def crossings(self) -> Iterable[tuple[int, list[_Crossing]]]:
        """Each row with its crossings; rows through a corner come twice."""
        corners = self.below.keys() | self.above.keys()
        for y, crossings in self.inner.items():
            if y not in corners:
                yield y, crossings
        for y in corners:
            passing = self.inner.get(y, [])
            yield y, passing + self.below.get(y, [])
            yield y, passing + self.above.get(y, [])


def _between(crossings: list[_Crossing]) -> Iterable[tuple[float, float, int]]:
    """The stretches between crossings, each with its winding number."""
    if len(crossings) == 2:  # nearly every row of nearly every shape
        (one, way), (other, other_way) = crossings
        yield (one, other, way) if one <= other else (other, one, other_way)
        return
    crossings.sort()
    winding = 0
    for place in range(len(crossings) - 1):
        left, way = crossings[place]
        winding += way
        yield left, crossings[place + 1][0], winding


def _pixels(left: float, right: float) -> Iterable[tuple[int, int]]:
    """First and last column from left to right, both included; nothing when no pixel is there."""
    first, last = math.ceil(left - NEAR), math.floor(right + NEAR)
    if first <= last:
        yield first, last


def ellipse_spans(centre: Point, radii: Point, height: int) -> list[Span]:
    """The runs of pixels inside or on an upright ellipse.

    Args:
        centre: Its centre.
        radii: Half its width and half its height, above zero.
        height: Rows of the picture; rows outside are left out.
    """
    (cx, cy), (rx, ry) = centre, radii
    first, last = max(math.ceil(cy - ry - NEAR), 0), min(math.floor(cy + ry + NEAR), height - 1)
    spans: list[Span] = []
    for y in range(first, last + 1):
        part = (y - cy) / ry  # beyond 1 only by rounding, or for a radius of nearly nothing
        half = rx * math.sqrt(1 - part * part) if abs(part) < 1 else 0.0
        spans += [(y, *pixels) for pixels in _pixels(cx - half, cx + half)]
    return spans
