"""Points as people give them: checked, and kept as two columns of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ...errors import InvalidRequest

__all__ = ["Columns", "Point", "Size", "columns", "scaled"]

Point: TypeAlias = tuple[float, float]
Size: TypeAlias = tuple[int, int]
"""Width and height in pixels."""
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
        InvalidRequest: There are none, they are no pairs of numbers, or one is not finite.
    """
    given: Any = points
    if hasattr(given, "tolist"):
        # OpenCV's contours have the shape (n, 1, 2).
        given = (given.reshape(-1, 2) if given.shape[1:] == (1, 2) else given).tolist()
    try:
        pairs = given if isinstance(given, list | tuple) else list(given)
        xs, across = _numbers([x for x, _ in pairs])
        ys, down = _numbers([y for _, y in pairs])
    except (TypeError, ValueError) as error:
        raise InvalidRequest(
            f"{what}: points are pairs of numbers ({error})", hint=_hint(given)
        ) from None
    if not xs:
        raise InvalidRequest(f"{what} has no points")
    if not (math.isfinite(across) and math.isfinite(down)):
        raise InvalidRequest(f"{what}: a coordinate is not a finite number")
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
    total = sum(values)
    if type(total) not in (int, float):
        values = [float(value) for value in values]
        total = sum(values)
    return values, total


def scaled(points: Columns, size: Size, relative: bool) -> Columns:
    """Points in pixels: fractions 0..1 are the first to the last pixel of a side."""
    if not relative:
        return points
    (xs, ys), (width, height) = points, size
    return [x * (width - 1) for x in xs], [y * (height - 1) for y in ys]
