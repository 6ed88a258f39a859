"""Paths: each shape against another library or its own equation."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
import svgelements  # type: ignore[import-untyped]  # it has no types
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kling_facade import paths
from kling_facade.builders.paths import FLATNESS, Path
from kling_facade.errors import InvalidRequest

SIZE = (1000, 600)
places = st.tuples(st.integers(0, 999), st.integers(0, 599))


def far(path: Path, true: list[tuple[float, float]]) -> float:
    """The largest distance of true points from the drawn pieces, by GEOS."""
    drawn = shapely.LineString(path.trace(SIZE))
    return float(shapely.distance(drawn, shapely.points(np.array(true))).max())


def test_lines_go_from_here_to_there() -> None:
    """A line has its two ends, given by place or by distance."""
    assert paths.line((1, 2), (30, 40)).trace(SIZE) == [(1, 2), (30, 40)]
    assert paths.line((1, 2), by=(9, -1)).trace(SIZE) == [(1, 2), (10, 1)]
    free = paths.line(by=(9, -1))
    assert free.trace(SIZE) == [(0, 0), (9, -1)]
    assert free.free


def test_fractions_are_of_the_picture() -> None:
    """relative=True means the first to the last pixel of each side."""
    assert paths.points([(0, 0), (1, 1)], relative=True).trace(SIZE) == [(0, 0), (999, 599)]
    assert paths.line(by=(0.5, 0), relative=True).trace(SIZE)[1][0] == 499.5


@settings(max_examples=80)
@given(st.lists(places, min_size=4, max_size=4))
def test_beziers_are_their_polynomial(control: list[tuple[float, float]]) -> None:
    """The pieces of a cubic curve stay as close to it as is said."""
    t = np.linspace(0, 1, 500)[:, None]
    a, b, c, d = (np.array(p, float) for p in control)
    true = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
    assert far(paths.bezier(*control), true.tolist()) <= FLATNESS


@settings(max_examples=40)
@given(st.lists(places, min_size=3, max_size=3))
def test_quadratic_curves_are_their_polynomial(control: list[tuple[float, float]]) -> None:
    """So do the pieces of a quadratic one."""
    t = np.linspace(0, 1, 500)[:, None]
    a, b, c = (np.array(p, float) for p in control)
    true = (1 - t) ** 2 * a + 2 * (1 - t) * t * b + t**2 * c
    assert far(paths.bezier(*control), true.tolist()) <= FLATNESS


@settings(max_examples=80)
@given(st.lists(places, min_size=2, max_size=12))
def test_a_curve_goes_through_its_points(through: list[tuple[float, float]]) -> None:
    """Every point that was given lies on the curve, and its ends are the ends."""
    drawn = paths.curve(through).trace(SIZE)
    assert drawn[0] == through[0]
    assert drawn[-1] == pytest.approx(through[-1])
    assert all(min(math.dist(p, q) for q in drawn) < 1e-6 for p in through)


def test_a_curve_through_points_on_a_line_is_the_line() -> None:
    """Uneven steps along a line make no bulge and no way back."""
    drawn = paths.curve([(0, 100), (10, 100), (500, 100), (520, 100), (900, 100)]).trace(SIZE)
    assert all(y == pytest.approx(100) for _, y in drawn)
    assert all(a[0] <= b[0] + 1e-9 for a, b in pairwise(drawn))


def test_arcs_turn_as_in_pillow() -> None:
    """Angles run clockwise from three o'clock, in a picture whose rows go down."""
    quarter = paths.arc((500, 300), 100, 0, 90).trace(SIZE)
    assert quarter[0] == pytest.approx((600, 300))
    assert quarter[-1] == pytest.approx((500, 400))
    back = paths.arc((500, 300), 100, 0, -90).trace(SIZE)
    assert back[-1] == pytest.approx((500, 200))
    oval = paths.arc((500, 300), 100, 0, 90, radius_y=50).trace(SIZE)
    assert oval[-1] == pytest.approx((500, 350))
    angles = np.radians(np.linspace(0, 90, 200))
    true = np.stack([500 + 100 * np.cos(angles), 300 + 100 * np.sin(angles)], axis=1)
    assert far(paths.arc((500, 300), 100, 0, 90), true.tolist()) <= FLATNESS


@settings(max_examples=80)
@given(places, places, places)
def test_an_arc_through_three_points_is_round(a: Any, b: Any, c: Any) -> None:
    """From the first through the second to the third, at one distance from its centre."""
    assume(abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) > 2000)
    drawn = paths.arc_through(a, b, c).trace(SIZE)
    assert (drawn[0], drawn[-1]) == (a, c)
    assert far(paths.arc_through(a, b, c), [b]) <= FLATNESS + 1e-6
    middle = drawn[len(drawn) // 2]
    centre = _centre(a, b, c)
    assert math.dist(middle, centre) == pytest.approx(math.dist(a, centre), rel=1e-6)


def _centre(a: Any, b: Any, c: Any) -> tuple[float, float]:
    """Where the perpendicular bisectors meet."""
    rows = np.array([[b[0] - a[0], b[1] - a[1]], [c[0] - a[0], c[1] - a[1]]], float)
    half = np.array([(rows[0] @ rows[0]) / 2, (rows[1] @ rows[1]) / 2])
    x, y = np.linalg.solve(rows, half)
    return (x + a[0], y + a[1])


def test_an_arc_through_points_on_a_line_is_the_line() -> None:
    """A circle of endless radius is a line."""
    assert paths.arc_through((0, 0), (50, 50), (100, 100)).trace(SIZE) == [
        (0, 0),
        (50, 50),
        (100, 100),
    ]


SVG = [
    "M 100 500 L 900 480",
    "m100,500 l800-20",
    "M100 500H900V100h-50v20Z",
    "M100 500C300 200 600 200 800 500",
    "m 100 500 c 200 -300 500 -300 700 0 s 100 80 150 40",
    "M100 500Q300 200 500 500T900 500",
    "M100 500 q 100 -100 200 0 t 200 0 t 200 0",
    "M100 500 A 200 100 30 0 1 500 300",
    "M100 500 a 200 100 30 1 0 300 -100",
    "M100 500 A 10 10 0 0 0 500 300",
    "M100 500 a25,25 -30 0150,-25",
    "M100 500 A 0 10 0 0 0 500 300",
    "M100 500H500V300H100V500Z",
    "M1e2 5.0e2 L.9e3-.5 L 10 20 30 40",
]


@pytest.mark.parametrize("d", SVG)
def test_svg_paths_are_those_of_another_reader(d: str) -> None:
    """Every command draws what svgelements reads from it."""
    peer = svgelements.Path(d)
    true = [piece.point(t) for piece in peer[1:] for t in np.linspace(0, 1, 100)]
    drawn = paths.svg(d)
    assert far(drawn, [(float(p.x), float(p.y)) for p in true]) <= FLATNESS + 0.01
    assert drawn.trace(SIZE)[0] == pytest.approx((100, 500))
    ends = peer[-1].end
    assert drawn.trace(SIZE)[-1] == pytest.approx((ends.x, ends.y), abs=1e-6)


def test_a_smooth_piece_after_another_kind_has_no_handle() -> None:
    """S after a quadratic piece, and T after a line, start without a handle (SVG 2, 9.3.6)."""
    assert paths.svg("M 100 500 T 300 300 S 500 500 700 300") == paths.svg(
        "M 100 500 Q 100 500 300 300 C 300 300 500 500 700 300"
    )


@pytest.mark.parametrize(
    ("d", "message"),
    [
        ("", "draws nothing"),
        ("M 10 10", "draws nothing"),
        ("M 10 10 A 5 5 0 0 0 10 10", "draws nothing"),
        ("L 10 10", "begins with M"),
        ("10 10", "character 1"),
        ("M 10 10 L 20", "2 numbers after L"),
        ("M 10 10 L 20 x", "character 14"),
        ("M 10 10 A 5 5 0 2 0 20 20", "7 numbers after A"),
        ("M 10 10 L 20 20 M 30 30 L 40 40", "several strokes"),
        ("M 10 10 L 20 20 Z 5", "no numbers after Z"),
        ("M 10 10 L 20 20 @", "can't be read at character 17"),
    ],
)
def test_svg_paths_that_can_not_be_read_say_where(d: str, message: str) -> None:
    """A broken path names the place and the rule."""
    with pytest.raises(InvalidRequest, match=message):
        paths.svg(d)


@pytest.mark.parametrize("d", [b"M 0 0 L 5 5", None, 5])
def test_an_svg_path_is_text(d: Any) -> None:
    """Bytes of a file, say, are refused by name."""
    with pytest.raises(InvalidRequest, match="not as text"):
        paths.svg(d)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: paths.line(), "where it goes"),
        (lambda: paths.line((0, 0), (1, 1), by=(2, 2)), "where it goes"),
        (lambda: paths.line(end=(1, 1)), "where it goes"),
        (lambda: paths.arc((0, 0), 0, 0, 90), "radius of 0"),
        (lambda: paths.bezier((0, 0), (1, 1)), "2 points"),
        (lambda: paths.bezier(*[(0, 0)] * 5), "5 points"),
        (lambda: paths.curve([(0, 0)]), "one point"),
        (lambda: paths.stroke([]), "no points"),
        (lambda: paths.stroke([(0, math.nan)]), "finite"),
        (lambda: paths.points("ab"), "pairs of numbers"),  # type: ignore[arg-type]
    ],
)
def test_paths_that_are_none_are_refused(make: Any, message: str) -> None:
    """What is no path of any picture is refused where it is made."""
    with pytest.raises(InvalidRequest, match=message):
        make()


def test_plain_points_are_a_path() -> None:
    """Up to 77 points go out as they are; more are a drawing, and arrays are points."""
    few = paths.path(np.zeros((77, 2)))
    many = paths.path([(k, k) for k in range(78)])
    assert (few.exact, many.exact, many.kind) == (True, False, "stroke")
    assert paths.path(few) is few


def test_a_path_prints_short() -> None:
    """A hundred thousand points are not printed."""
    assert len(repr(paths.stroke([(k, k) for k in range(100_000)]))) < 120
