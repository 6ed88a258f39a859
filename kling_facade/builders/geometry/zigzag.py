"""Polygons whose outline meets the rows of pixels millions of times, drawn with numpy.

The rule is that of `rasterize`: a pixel belongs to a polygon when it lies inside or on the outline.
There each row's meetings are sorted. Here each meeting adds its direction to the pixel right of it,
and the sum along the row is how often the outline winds round a pixel: nothing is sorted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from ...errors import InvalidRequest
from .bitmap import Bitmap
from .points import Columns, Size

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

__all__ = [
    "MOST_MEETINGS",
    "NEAR",
    "FillRule",
    "check_meetings",
    "numpy_or_none",
    "zigzag_bitmap",
]

FillRule: TypeAlias = Literal["evenodd", "nonzero"]

NEAR: Final = 1e-7
"""A coordinate this close to a pixel is on it."""

MOST_MEETINGS: Final = 200_000_000
"""More take over ten seconds, and without numpy a tenth of them does."""

_AT_ONCE: Final = 1_000_000  # meetings: about 60 MB


def numpy_or_none() -> Any:
    """The module numpy, or ``None`` where it is not installed."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def check_meetings(meetings: int, most: int = MOST_MEETINGS) -> None:
    """Refuse an outline that can't be drawn in sensible time.

    Raises:
        InvalidRequest: Its edges meet the rows of the picture too often.
    """
    if meetings > most:
        raise InvalidRequest(
            f"an outline goes to and fro: its edges meet the picture's rows {meetings:,} times, "
            f"and at most {most:,} can be drawn",
            hint="Draw a simpler outline, or paint a mask and use regions.painted().",
        )


def zigzag_bitmap(np: Any, corners: Columns, size: Size, rule: FillRule) -> tuple[Bitmap, bool]:
    """The pixels inside or on a polygon, and whether its outline is seen to cross itself.

    Args:
        np: The module numpy.
        corners: The corners, in order.
        size: Width and height of the picture.
        rule: What is inside where the outline crosses itself.

    Raises:
        InvalidRequest: Its edges meet the rows of the picture too often.
    """
    xs, ys = (np.asarray(column, float) for column in corners)
    ends = np.roll(xs, -1), np.roll(ys, -1)
    down = ys < ends[1]
    upper = np.where(down, xs, ends[0]), np.where(down, ys, ends[1])
    lower = np.where(down, ends[0], xs), np.where(down, ends[1], ys)
    edges = _Edges(np, (*upper, *lower), np.where(down, 1, -1), size)
    # A row through a corner is looked at a hair below it and a hair above it, as in `rasterize`.
    windings = [edges.winding(np.ceil(upper[1]), np.ceil(lower[1]) - 1)]
    if (ys == np.round(ys)).any():
        windings.append(edges.winding(np.floor(upper[1]) + 1, np.floor(lower[1])))
    inside = edges.outline
    for winding in windings:
        inside |= winding % 2 != 0 if rule == "evenodd" else winding != 0
    rounds = {int(value) for winding in windings for value in np.unique(winding)} - {0}
    crosses = len(rounds) > 1 or any(abs(value) > 1 for value in rounds)
    return Bitmap(size, np.packbits(inside, axis=1).tobytes()), crosses


class _Edges:
    """Edges from an upper to a lower end, over a picture.

    Attributes:
        outline: The pixels on the edges that were met so far, and on level ones.
    """

    def __init__(self, np: Any, ends: tuple[Array, ...], ways: Array, size: Size) -> None:
        self._np = np
        self._ends = ends
        self._ways = ways
        self._size = width, height = size
        self.outline: Array = np.zeros((height, width), bool)
        x0, y0, x1, y1 = ends
        for place in np.flatnonzero((y0 == y1) & (y0 == np.round(y0)) & (y0 >= 0) & (y0 < height)):
            left, right = sorted((x0[place], x1[place]))
            first = max(int(np.ceil(left - NEAR)), 0)
            self.outline[int(y0[place]), first : max(int(np.floor(right + NEAR)) + 1, first)] = True

    def winding(self, first: Array, last: Array) -> Array:
        """How often the outline winds round each pixel.

        Args:
            first: The first row that each edge meets.
            last: The last one.
        """
        np, (width, height) = self._np, self._size
        first, last = np.maximum(first, 0), np.minimum(last, height - 1)
        counts = np.maximum(last - first + 1, 0).astype(np.int64)
        check_meetings(int(counts.sum()))
        told = np.flatnonzero(counts)
        steps = np.zeros(height * (width + 1))
        total = np.cumsum(counts[told])
        start = 0
        while start < len(told):
            done = total[start - 1] if start else 0
            end = max(int(np.searchsorted(total, done + _AT_ONCE)), start + 1)
            part = told[start:end]
            steps += self._steps(part, first, counts[part])
            start = end
        wound: Array = np.cumsum(steps.reshape(height, width + 1)[:, :width], axis=1)
        return wound.astype(np.int64)

    def _steps(self, part: Array, first: Array, counts: Array) -> Array:
        """What some meetings add to the winding of the pixels at and right of them."""
        np, (width, height) = self._np, self._size
        x0, y0, x1, y1 = (np.repeat(end[part], counts) for end in self._ends)
        begins = np.repeat(np.cumsum(counts) - counts, counts)
        y = np.repeat(first[part], counts) + (np.arange(len(begins)) - begins)
        x = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
        column = np.ceil(x - NEAR)
        places = (y * (width + 1) + np.clip(column, 0, width)).astype(np.int64)
        on_it = np.flatnonzero((column <= x + NEAR) & (column >= 0) & (column < width))
        self.outline[y[on_it].astype(np.int64), column[on_it].astype(np.int64)] = True
        ways = np.repeat(self._ways[part], counts)
        steps: Array = np.bincount(places, ways, height * (width + 1))
        return steps
