"""Points as people give them: checked, and kept as two columns of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

from ...errors import InvalidRequest

__all__ = [
    "FARTHEST",
    "MOST_POINTS",
    "Columns",
    "Point",
    "Size",
    "columns",
    "scaled",
    "too_many",
]

Point: TypeAlias = tuple[float, float]
Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""

FARTHEST: Final = 1_000_000
"""The farthest coordinate, in pixels. The largest picture that Kling takes has 16,000 on a side; a
curve to here is drawn in thousands of pieces, one to 1e12 in millions."""

MOST_POINTS: Final = 500_000
"""The most points of a path or an outline, as given. A hand with a mouse makes 100 a second."""

Columns: TypeAlias = tuple[list[float], list[float]]
"""The x of all points, and the y of all points. A stroke has 100,000: columns are worked on whole.
"""


def columns(points: Iterable[Any], what: str) -> Columns:
    """Check points and part them into columns.

    Args:
        points: Pairs of numbers; a list, an array with two columns, a contour of OpenCV's, any
            iterable.
        what: What they belong to, for messages.

    Raises:
        InvalidRequest: There are none or more than `MOST_POINTS`, they are no pairs of numbers, or
            one is not finite or farther off than `FARTHEST`.
    """
    given: Any = points
    if hasattr(given, "tolist"):
        # OpenCV's contours have the shape (n, 1, 2).
        given = (given.reshape(-1, 2) if given.shape[1:] == (1, 2) else given).tolist()
    try:
        pairs = given if isinstance(given, list | tuple) else list(islice(given, MOST_POINTS + 1))
        if len(pairs) > MOST_POINTS:
            raise too_many(what)
        xs, across = _numbers([x for x, _ in pairs])
        ys, down = _numbers([y for _, y in pairs])
    except InvalidRequest:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidRequest(
            f"{what}: points are pairs of numbers ({error})", hint=_hint(given)
        ) from None
    if not xs:
        raise InvalidRequest(f"{what} has no points")
    _check_near(xs, across, what)
    _check_near(ys, down, what)
    return xs, ys


def _hint(given: Any) -> str:
    """What to write for points in another form, as editors and Kling's own requests have them."""
    if isinstance(given, str):
        return "It is text: read it with json.loads() first, or paths.svg() if it is an SVG path."
    first = next(iter(given), None) if isinstance(given, Sequence) else None
    if isinstance(first, Mapping):
        return (
            'Write [(p["x"], p["y"]) for p in points]. Trajectories of a request to Kling count '
            "from the bottom: MotionBrush.from_wire() reads those."
        )
    return "Like [(10, 20), (30, 40)]."


def _numbers(values: list[Any]) -> tuple[list[float], float]:
    """Plain numbers, and their sum: it tells whether they are, for less than looking at each."""
    try:
        total = sum(values)
    except OverflowError:  # a whole number larger than any other: what it is, is told below
        return values, 0
    if type(total) not in (int, float):
        values = [float(value) for value in values]
        total = sum(values)
    return values, total


def _check_near(values: list[float], total: float, what: str) -> None:
    """Refuse numbers that would take for ever to draw, or overflow on the way."""
    if total != total or max(values) == math.inf or min(values) == -math.inf:
        raise InvalidRequest(f"{what}: a coordinate is not a finite number")
    if max(values) > FARTHEST or min(values) < -FARTHEST:
        raise _too_far(what, _shown(max(values, key=abs)))


def _shown(number: float) -> str:
    return f"{number:g}" if abs(number) < 1e300 else "of hundreds of digits"


def _too_far(what: str, coordinate: str) -> InvalidRequest:
    return InvalidRequest(
        f"{what}: the coordinate {coordinate} is farther off than {FARTHEST:,} pixels",
        hint="Coordinates are pixels of the picture, from its top left.",
    )


def too_many(what: str, most: int = MOST_POINTS) -> InvalidRequest:
    """The error for more points than are drawn."""
    return InvalidRequest(
        f"{what} has more than {most:,} points",
        hint="A picture has fewer pixels on its longest line: leave points out.",
    )


def scaled(points: Columns, size: Size, relative: bool) -> Columns:
    """Points in pixels: fractions 0..1 are the first to the last pixel of a side.

    Raises:
        InvalidRequest: Fractions lie so far outside the picture that they can't be drawn.
    """
    if not relative:
        return points
    (xs, ys), (width, height) = points, size
    pixels = [x * (width - 1) for x in xs], [y * (height - 1) for y in ys]
    for values in pixels:
        _check_near(values, 0.0, "relative=True")
    return pixels
