"""Points as people give them: checked, and kept as two columns of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
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
        points: Pairs of numbers; a list, an array with two columns, any iterable.
        what: What they belong to, for messages.

    Raises:
        InvalidRequest: There are none, they are no pairs of numbers, or one is not finite.
    """
    given: Any = points.tolist() if hasattr(points, "tolist") else points
    try:
        pairs = given if isinstance(given, list | tuple) else list(given)
        xs, across = _numbers([x for x, _ in pairs])
        ys, down = _numbers([y for _, y in pairs])
    except (TypeError, ValueError) as error:
        raise InvalidRequest(
            f"{what}: points are pairs of numbers ({error})", hint="Like [(10, 20), (30, 40)]."
        ) from None
    if not xs:
        raise InvalidRequest(f"{what} has no points")
    if not (math.isfinite(across) and math.isfinite(down)):
        raise InvalidRequest(f"{what}: a coordinate is not a finite number")
    return xs, ys


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
