"""A stroke of any length as a few whole pixels, and how far that is off.

Two steps. First points that lie closer than `_STEP` to the last kept one are dropped: a mouse or a
pen reports thousands where the picture has dozens. Then the stroke is split where it strays farthest
from its simplification so far, again and again, until it strays by less than half a pixel or all
points are spent (the splitting of Ramer, Douglas and Peucker, worst place first).

The stated deviation is measured at the end, against every point that was given, dropped ones too.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from .outline import Point

__all__ = ["Pixel", "deviation", "distances", "simplify"]

Pixel = tuple[int, int]

_STEP: Final = 1.0
_ENOUGH: Final = 0.5


def simplify(points: Sequence[Point], most: int) -> tuple[list[Pixel], float]:
    """Replace a stroke by at most so many whole pixels.

    Args:
        points: The stroke, at least one point.
        most: How many points may remain, at least 2.

    Returns:
        The pixels, first and last being those of the stroke's ends, no two neighbours alike; and the
        deviation: no point of the stroke is farther than this from the part that replaces it.
    """
    thin = _thinned(points)
    places = _split(points, thin, most)
    pixels = [(round(points[place][0]), round(points[place][1])) for place in places]
    off = deviation(points, places, pixels)
    return _without_repeats(pixels), off


def _thinned(points: Sequence[Point]) -> list[int]:
    """Places of points at least a step apart; the first and the last among them."""
    last_x, last_y = points[0]
    least = _STEP * _STEP
    places = [0]
    keep = places.append
    for place, (x, y) in enumerate(points):
        across, down = x - last_x, y - last_y
        if across * across + down * down >= least:
            keep(place)
            last_x, last_y = x, y
    if places[-1] != len(points) - 1:
        keep(len(points) - 1)
    return places


def _split(points: Sequence[Point], thin: Sequence[int], most: int) -> list[int]:
    """The places to keep: split at the point farthest off, worst stretch first."""
    kept = [points[place] for place in thin]
    chosen = {0, len(kept) - 1}
    stretches = [_worst(kept, 0, len(kept) - 1)]
    while stretches and len(chosen) < most:
        minus_off, at, first, last = heapq.heappop(stretches)
        if -minus_off < _ENOUGH:
            break
        chosen.add(at)
        for part in ((first, at), (at, last)):
            if part[1] - part[0] > 1:
                heapq.heappush(stretches, _worst(kept, *part))
    return [thin[place] for place in sorted(chosen)]


def _worst(points: Sequence[Point], first: int, last: int) -> tuple[float, int, int, int]:
    """How far a stretch strays from its chord (negated, for a heap), where, and the stretch."""
    if last - first < 2:
        return 0.0, first, first, last
    off = distances(points[first + 1 : last], points[first], points[last])
    most = max(off)
    return -most, first + 1 + off.index(most), first, last


def distances(points: Iterable[Point], start: Point, end: Point) -> list[float]:
    """How far points are from a straight piece between two ends."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    length = math.hypot(dx, dy)
    if length == 0.0:
        return [math.hypot(x - x0, y - y0) for x, y in points]
    dx, dy = dx / length, dy / length
    hypot = math.hypot
    return [
        abs((x - x0) * dy - (y - y0) * dx)
        if 0.0 <= (along := (x - x0) * dx + (y - y0) * dy) <= length
        else hypot(x - x0, y - y0)
        if along < 0.0
        else hypot(x - x1, y - y1)
        for x, y in points
    ]


def deviation(points: Sequence[Point], places: Sequence[int], pixels: Sequence[Pixel]) -> float:
    """The largest distance of any point from the straight piece that replaces it.

    Args:
        points: The stroke.
        places: Which of its points were kept; the first and the last are.
        pixels: What became of each kept point.
    """
    worst = math.dist(points[0], pixels[0])
    for (first, last), (start, end) in zip(pairwise(places), pairwise(pixels), strict=True):
        worst = max(worst, *distances(points[first : last + 1], start, end))
    return worst


def _without_repeats(pixels: Sequence[Pixel]) -> list[Pixel]:
    """Without neighbours that are alike."""
    return [pixels[0], *(b for a, b in pairwise(pixels) if a != b)]
