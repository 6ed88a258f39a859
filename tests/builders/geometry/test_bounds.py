"""What would take for ever to draw, or overflow, is refused at once and says what is too large."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kling_facade import MotionBrush, paths, regions
from kling_facade.builders.geometry.points import FARTHEST, MOST_POINTS
from kling_facade.errors import InvalidRequest

SIZE = (1280, 720)


def drawn(path: paths.Path) -> tuple[tuple[int, int], ...]:
    """A path as it goes out."""
    return MotionBrush.over(SIZE).move(regions.box(0, 0, 9, 9), along=path).moves[0].path


@pytest.mark.parametrize("far", [1e12, 1e300, -1e300, 1e15, 10**400, math.inf, math.nan, 1_000_001])
@pytest.mark.parametrize(
    "make",
    [
        lambda far: paths.line((0, 0), (far, 1)),
        lambda far: paths.line(by=(1, far)),
        lambda far: paths.points([(0, 0), (5, 5), (far, 0)]),
        lambda far: paths.stroke([(far, 0), (5, 5)]),
        lambda far: paths.bezier((0, 0), (0, far), (far, far), (far, 0)),
        lambda far: paths.curve([(0, 0), (far, 5), (9, 9)]),
        lambda far: paths.arc((0, 0), far, 0, 90),
        lambda far: paths.arc((0, 0), 100, 0, far),
        lambda far: paths.arc_through((0, 0), (far, 5), (9, 9)),
        lambda far: regions.polygon([(0, 0), (far, 0), (0, 9)]),
        lambda far: regions.box(0, 0, far, 5),
        lambda far: regions.ellipse((5, 5), 5, far),
    ],
)
def test_far_coordinates_are_refused(make: Callable[[Any], Any], far: Any) -> None:
    """Everywhere a coordinate is given, at once and not when it is drawn."""
    with pytest.raises(InvalidRequest, match=r"farther off|not a finite number|wrong way round"):
        make(far)


@pytest.mark.parametrize(
    "d",
    [
        "M0 0 C 0 1e12 1e12 0 1e12 1e12",
        "M0 0 C 0 1e300 1e300 0 1e300 1e300",
        "M 0 0 L 1e999 5",
        "M 0 0 A 1e200 1e200 0 0 1 50 50",
        "M 0 0 " + "q 9e5 9e5 0 9e5 " * 20,
        "M 0 0 L 5" + "0" * 400 + " 9",
    ],
)
def test_far_svg_paths_are_refused(d: str) -> None:
    """With the number and its place, or how many points are too many; never with the whole text."""
    with pytest.raises(InvalidRequest) as refusal:
        paths.svg(d)
    assert len(str(refusal.value)) < 300


def test_an_svg_path_of_very_many_commands_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is read, not after it filled the memory."""
    monkeypatch.setattr("kling_facade.builders.geometry.svg.MOST_POINTS", 3_000)
    assert len(paths.svg("M 0 0 " + "l 9 9 " * 900).trace(SIZE)) == 901
    with pytest.raises(InvalidRequest, match="the SVG path has more than"):
        paths.svg("M 0 0 " + "l 9 9 " * 1_100)


@pytest.mark.parametrize(
    "d",
    [
        "M 0 0 A 1e-300 5 0 0 1 50 50",
        "M 0 0 A 5 1e-310 0 0 1 50 50",
        "M 0 0 A 5 5 0 0 1 1e-200 1e-200",
        "M 0 0 A 5 5 1e6 1 0 3 3",
    ],
)
def test_arcs_too_small_to_compute_are_lines(d: str) -> None:
    """SVG draws an arc without a radius as a line; nothing is divided by nearly nothing."""
    assert all(math.isfinite(x) and math.isfinite(y) for x, y in paths.svg(d).trace(SIZE))


def test_a_curve_is_drawn_in_a_bounded_number_of_pieces() -> None:
    """Many large curves one behind the other, or a spiral of a thousand turns, are refused too."""
    far = float(FARTHEST)
    corners = [(0.0, 0.0), (far, far), (-far, far), (0.0, 0.0)]
    with pytest.raises(InvalidRequest, match=r"more than [25]00,000 points"):
        drawn(paths.bezier(*(corners[:1] + corners[1:] * 40)))
    with pytest.raises(InvalidRequest, match=r"more than [25]00,000 points"):
        drawn(paths.arc((0, 0), far, 0, far))


def test_an_endless_supply_of_points_is_refused() -> None:
    """No iterator is drained without a bound."""
    with pytest.raises(InvalidRequest, match=r"more than [25]00,000 points"):
        paths.stroke((float(k % 99), 0.0) for k in itertools.count())
    with pytest.raises(InvalidRequest, match=r"more than [25]00,000 points"):
        regions.polygon([(0, 0)] * (MOST_POINTS + 1))


def test_fractions_far_outside_are_refused_when_the_picture_is_known() -> None:
    """A fraction is small and the picture large: what counts is the product."""
    with pytest.raises(InvalidRequest, match="relative=True"):
        regions.box(0, 0, 5000, 5000, relative=True).bitmap(SIZE)
    with pytest.raises(InvalidRequest, match="relative=True"):
        drawn(paths.line((0, 0), (5000, 1), relative=True))


numbers = st.one_of(
    st.floats(-FARTHEST, FARTHEST), st.floats(-1e-300, 1e-300), st.integers(-50, 1500)
)
points = st.tuples(numbers, numbers)


@settings(max_examples=15)
@given(st.lists(points, min_size=3, max_size=4), st.sampled_from(["evenodd", "nonzero"]))
def test_every_shape_within_the_bounds_is_drawn_or_refused(corners: Any, fill: Any) -> None:
    """The farthest, the tiniest and the subnormal: no error but ours, and no infinite number."""
    for make in (
        lambda: regions.polygon(corners, fill=fill).bitmap((64, 48)),
        lambda: regions.ellipse(corners[0], abs(corners[1][0]), abs(corners[1][1])).bitmap(
            (64, 48)
        ),
        lambda: drawn(paths.curve(corners)),
        lambda: drawn(paths.bezier(*corners[:3])),
        lambda: drawn(paths.arc_through(*corners[:3])),
        lambda: drawn(paths.stroke(corners)),
    ):
        try:
            make()
        except InvalidRequest:
            continue
