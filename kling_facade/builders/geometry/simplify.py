"""A stroke of any length as a few whole pixels, and how far that is off.

The stroke is split where it strays farthest from its simplification so far, again and again, until
it strays by less than half a pixel, or less than the hand trembled, or all points are spent (the
splitting of Ramer, Douglas and Peucker, worst place first). At the end its deviation is measured
against every point that was given.

Both ask the same question many times: which of these points is farthest from this straight piece?
So the points are gathered in blocks of neighbours, each with the box around it. A block whose box
is nearer than a point already found is not looked into, which is nearly all of them; the answer is
exact.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final, TypeAlias

from .points import Columns, Point

__all__ = ["Pixel", "Stroke", "simplify"]

Pixel: TypeAlias = tuple[int, int]

_ENOUGH: Final = 0.5
_DENSE: Final = 8
_BLOCK: Final = 64


class Stroke:
    """Points in order, that can be asked which is farthest from a straight piece.

    Attributes:
        xs: Their columns.
        ys: Their rows.
    """

    def __init__(self, points: Columns) -> None:
        self.xs: list[float] = points[0]
        self.ys: list[float] = points[1]

    def __len__(self) -> int:
        return len(self.xs)

    def __getitem__(self, place: int) -> Point:
        return self.xs[place], self.ys[place]

    @cached_property
    def boxes(self) -> list[tuple[float, float, float, float]]:
        """The box around each block of neighbours: left, top, right, bottom."""
        xs, ys = self.xs, self.ys
        starts = range(0, len(xs), _BLOCK)
        across = [xs[start : start + _BLOCK] for start in starts]
        down = [ys[start : start + _BLOCK] for start in starts]
        sides = map(min, across), map(min, down), map(max, across), map(max, down)
        return list(zip(*sides, strict=True))

    @cached_property
    def _round(self) -> list[tuple[float, float, float, float]]:
        """The middle of each box, and half its width and height."""
        return [
            ((left + right) / 2, (t + b) / 2, (right - left) / 2, (b - t) / 2)
            for left, t, right, b in self.boxes
        ]

    def farthest(
        self,
        first: int,
        end: int,
        start: Point,
        stop: Point,
        *,
        floor: float,
        roughly: bool = False,
    ) -> tuple[float, int]:
        """The point farthest from a straight piece.

        Args:
            first: The first point looked at.
            end: The point after the last one looked at.
            start: Where the piece begins.
            stop: Where it ends.
            floor: Points up to this far are not of interest.
            roughly: Whether a point that is far, if perhaps not the farthest, will do.

        Returns:
            Its distance and its place; the floor and -1 when all are nearer.
        """
        look = _Look(self.xs, self.ys, start, stop, floor)
        inner_first, inner_end = -(-first // _BLOCK), end // _BLOCK
        if inner_first >= inner_end:
            look.at(first, end)
            return look.best, look.place
        look.at(first, inner_first * _BLOCK)
        look.at(inner_end * _BLOCK, end)
        bounds = _bounds(self._round[inner_first:inner_end], start, stop)
        top = max(bounds)
        if top > look.best:
            self._look_into(inner_first + bounds.index(top), look)
        if not roughly or look.place < 0:
            for block, bound in enumerate(bounds, inner_first):
                if bound > look.best:
                    self._look_into(block, look)
        return look.best, look.place

    def _look_into(self, block: int, look: _Look) -> None:
        look.at(block * _BLOCK, (block + 1) * _BLOCK, beside=look.is_beside(self._round[block]))


class _Look:
    """Looks at stretches of points and keeps the point farthest from a straight piece."""

    def __init__(
        self, xs: Sequence[float], ys: Sequence[float], start: Point, stop: Point, floor: float
    ) -> None:
        self.best, self.place = floor, -1
        self._xs, self._ys = xs, ys
        self._start, self._stop = start, stop
        self._length = math.dist(start, stop)
        scale = self._length or 1.0
        self._dx, self._dy = (stop[0] - start[0]) / scale, (stop[1] - start[1]) / scale

    def is_beside(self, box: tuple[float, float, float, float]) -> bool:
        """Whether all of a box lies beside the piece, and nothing of it past its ends."""
        x, y, w, h = box
        along = (x - self._start[0]) * self._dx + (y - self._start[1]) * self._dy
        reach = w * abs(self._dx) + h * abs(self._dy)
        return reach <= along <= self._length - reach

    def at(self, first: int, end: int, *, beside: bool = False) -> None:
        """Look at a stretch; one that is known to be beside the piece is measured in less time."""
        if first < end:
            xs, ys = self._xs[first:end], self._ys[first:end]
            off = self._across(xs, ys) if beside else self._off(xs, ys)
            most = max(off)
            if most > self.best:
                self.best, self.place = most, first + off.index(most)

    def _across(self, xs: Sequence[float], ys: Sequence[float]) -> list[float]:
        """How far points are from the line through the piece."""
        dx, dy = self._dx, self._dy
        level = self._start[0] * dy - self._start[1] * dx
        return [abs(x * dy - y * dx - level) for x, y in zip(xs, ys, strict=True)]

    def _off(self, xs: Sequence[float], ys: Sequence[float]) -> list[float]:
        """How far points are from the piece."""
        (x0, y0), (x1, y1), hypot = self._start, self._stop, math.hypot
        dx, dy, length = self._dx, self._dy, self._length
        if not length:
            return [hypot(x - x0, y - y0) for x, y in zip(xs, ys, strict=True)]
        return [
            abs((x - x0) * dy - (y - y0) * dx)
            if 0.0 <= (along := (x - x0) * dx + (y - y0) * dy) <= length
            else (hypot(x - x0, y - y0) if along < 0.0 else hypot(x - x1, y - y1))
            for x, y in zip(xs, ys, strict=True)
        ]


def _bounds(
    boxes: Sequence[tuple[float, float, float, float]], start: Point, stop: Point
) -> list[float]:
    """How far from a straight piece a point of each box can be at most.

    Seen along the piece a box is its half sides wide; only beside the piece does that bound the
    distance. Past its ends half the diagonal does.
    """
    (x0, y0), (x1, y1) = start, stop
    dx, dy = x1 - x0, y1 - y0
    length = math.hypot(dx, dy)
    hypot = math.hypot
    if length == 0.0:
        return [hypot(x - x0, y - y0) + hypot(w, h) for x, y, w, h in boxes]
    dx, dy = dx / length, dy / length
    ax, ay = abs(dx), abs(dy)
    return [
        abs((x - x0) * dy - (y - y0) * dx) + w * ay + h * ax
        if (reach := w * ax + h * ay) <= (along := (x - x0) * dx + (y - y0) * dy) <= length - reach
        else hypot((x - x0) * dy - (y - y0) * dx, max(-along, along - length, 0.0)) + hypot(w, h)
        for x, y, w, h in boxes
    ]


def simplify(stroke: Stroke, most: int, shift: Point = (0.0, 0.0)) -> tuple[list[Pixel], float]:
    """Replace a stroke by at most so many whole pixels.

    Args:
        stroke: The stroke, at least one point.
        most: How many points may remain, at least 2.
        shift: How far to the right and down it is moved.

    Returns:
        The pixels, first and last being those of the stroke's ends, no two neighbours alike; and
        the
        deviation: no point of the stroke is farther than this from the part that replaces it.
    """
    dx, dy = shift
    places = _split(stroke, most)
    pixels = [(round(stroke.xs[p] + dx), round(stroke.ys[p] + dy)) for p in places]
    corners = [(x - dx, y - dy) for x, y in pixels]
    off = math.dist(stroke[0], corners[0])
    for (first, last), (start, stop) in zip(pairwise(places), pairwise(corners), strict=True):
        off, _ = stroke.farthest(first, last + 1, start, stop, floor=off)
    return [pixels[0], *(b for a, b in pairwise(pixels) if a != b)], off


def _unsteadiness(stroke: Stroke) -> float:
    """How far the hand trembled, in pixels: within this, points follow noise and not the drawing.

    Four times the median distance of a point from the middle of its neighbours; at most a
    hundredth of the drawing's extent, lest a fine zigzag is taken for trembling.
    """
    xs, ys = stroke.xs, stroke.ys
    step = max(1, len(xs) // 500)
    off = sorted(
        math.hypot(xs[p] - (xs[p - 1] + xs[p + 1]) / 2, ys[p] - (ys[p - 1] + ys[p + 1]) / 2)
        for p in range(1, len(xs) - 1, step)
    )
    lefts, tops, rights, bottoms = zip(*stroke.boxes, strict=True)
    extent = math.hypot(max(rights) - min(lefts), max(bottoms) - min(tops))
    return min(4 * off[len(off) // 2], extent / 100)


def _split(stroke: Stroke, most: int) -> list[int]:
    """The places to keep: split at the point farthest off, worst stretch first."""
    last = len(stroke) - 1
    # Only of a stroke with many more points than are kept can it be told what is noise.
    enough = max(_ENOUGH, _unsteadiness(stroke)) if last > _DENSE * most else _ENOUGH
    kept = {0, last}
    stretches: list[tuple[float, int, int, int]] = []

    def consider(first: int, end: int) -> None:
        off, at = stroke.farthest(
            first + 1, end, stroke[first], stroke[end], floor=enough, roughly=True
        )
        if at >= 0:
            heapq.heappush(stretches, (-off, at, first, end))

    consider(0, last)
    while stretches and len(kept) < most:
        _, at, first, end = heapq.heappop(stretches)
        kept.add(at)
        consider(first, at)
        consider(at, end)
    return sorted(kept)
