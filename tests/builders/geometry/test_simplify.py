"""Strokes as few pixels: the stated deviation is true, the ends stay, long ones are quick."""

from __future__ import annotations

import math
import time
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from kling_facade.builders.geometry.points import Point, columns
from kling_facade.builders.geometry.simplify import Stroke, simplify

coordinates = st.one_of(st.floats(0, 2000), st.integers(0, 2000))
strokes = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=300)


def wave(count: int, noise: float) -> list[Point]:
    """A long hand-drawn stroke, a little unsteady."""
    random = np.random.default_rng(7)
    t = np.linspace(0, 1, count)
    x = 200 + 3000 * t + noise * random.random(count)
    y = 1000 + 700 * np.sin(9 * t) + noise * random.random(count)
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def strays(points: list[Point], pixels: list[tuple[int, int]]) -> float:
    """The largest distance of a point from the simplified line, by GEOS."""
    line = shapely.LineString(pixels) if len(pixels) > 1 else shapely.Point(pixels[0])
    return float(shapely.distance(line, shapely.points(np.array(points, float))).max())


@settings(max_examples=200)
@given(strokes, st.integers(2, 77))
def test_the_stated_deviation_is_never_exceeded(points: list[Point], most: int) -> None:
    """No point is farther from the result than is said, and the result is as short as asked."""
    pixels, off = simplify(Stroke(columns(points, "stroke")), most)
    assert len(pixels) <= most
    assert strays(points, pixels) <= off + 1e-6


@settings(max_examples=100)
@given(strokes)
def test_the_ends_are_kept(points: list[Point]) -> None:
    """First and last pixel are those of the stroke, and no two neighbours are alike."""
    pixels, _ = simplify(Stroke(columns(points, "stroke")), 77)
    assert pixels[0] == (round(points[0][0]), round(points[0][1]))
    assert pixels[-1] == (round(points[-1][0]), round(points[-1][1]))
    assert all(a != b for a, b in pairwise(pixels))


@settings(max_examples=100)
@given(
    strokes,
    st.tuples(st.integers(0, 2000), st.integers(0, 2000)),
    st.tuples(coordinates, coordinates),
)
def test_the_farthest_point_is_found(points: list[Point], start: Point, stop: Point) -> None:
    """Skipping blocks of neighbours misses nothing: the answer is that of looking at each point."""
    points = points * 3  # more than one block
    distance, place = Stroke(columns(points, "stroke")).farthest(
        0, len(points), start, stop, floor=-1
    )
    line = shapely.LineString([start, stop])
    each = np.atleast_1d(shapely.distance(line, shapely.points(np.array(points, float))))
    assert distance == pytest.approx(each.max(), abs=1e-6)
    assert each[place] == pytest.approx(each.max(), abs=1e-6)


@pytest.mark.parametrize("noise", [0.0, 0.5, 3.0])
def test_a_long_stroke_stays_close(noise: float) -> None:
    """A hundred thousand points over 3000 pixels become 77 that stray little more than the hand."""
    points = wave(100_000, noise)
    pixels, off = simplify(Stroke(columns(points, "stroke")), 77)
    assert len(pixels) <= 77
    assert strays(points, pixels) == pytest.approx(off, abs=0.01)
    assert off < 1.5 + 1.5 * noise


def test_a_straight_stroke_is_two_points() -> None:
    """However many points a straight line has, its ends are enough."""
    points = [(100 + k * 0.03, 500 + k * 0.01) for k in range(50_000)]
    pixels, off = simplify(Stroke(columns(points, "stroke")), 77)
    assert pixels == [(100, 500), (1600, 1000)]
    assert off < 1


def test_a_spike_between_many_points_is_seen() -> None:
    """One point far out is not lost among its neighbours."""
    points: list[Point] = [(k * 0.02, 500.0) for k in range(50_000)]
    points[33_333] = (666.0, 100.0)
    pixels, off = simplify(Stroke(columns(points, "stroke")), 77)
    assert (666, 100) in pixels
    assert off < 1


def test_the_trembling_of_a_hand_is_not_followed() -> None:
    """Points go where the drawing goes: of a noisy wave few are used, and none goes back."""
    pixels, _ = simplify(Stroke(columns(wave(100_000, 3.0), "stroke")), 77)
    assert len(pixels) < 50
    assert all(a[0] < b[0] + 4 for a, b in pairwise(pixels))


def test_a_zigzag_of_few_points_is_no_trembling() -> None:
    """What can be kept is kept: a zigzag of 40 points comes out point by point."""
    zigzag: list[Point] = [(20.0 * k, 100.0 + 60 * (k % 2)) for k in range(40)]
    assert simplify(Stroke(columns(zigzag, "stroke")), 77)[0] == zigzag


def test_the_shift_moves_the_result() -> None:
    """A shifted stroke is the same stroke elsewhere, to the rounding."""
    points = wave(2_000, 1.0)
    pixels, off = simplify(Stroke(columns(points, "stroke")), 77, (10.0, -20.0))
    moved = [(x + 10.0, y - 20.0) for x, y in points]
    assert pixels == simplify(Stroke(columns(moved, "stroke")), 77)[0]
    assert strays(moved, pixels) <= off + 1e-6


def test_a_long_stroke_is_quick() -> None:
    """A hundred thousand points take a fraction of a second (measured: 0.05 s)."""
    points = wave(100_000, 1.0)
    started = time.process_time()
    simplify(Stroke(columns(points, "stroke")), 77)
    assert time.process_time() - started < 1.0


def test_more_points_are_never_used_than_help() -> None:
    """A stroke that is within half a pixel of fewer points gets fewer."""
    pixels, off = simplify(Stroke(columns(wave(5_000, 0.0)[:900], "stroke")), 77)
    assert len(pixels) < 40
    assert off < 0.5 + math.sqrt(0.5)


def test_a_closed_stroke_has_no_chord() -> None:
    """A circle drawn round and round: its ends meet, and it is followed all the same."""
    ring = [
        (500 + 300 * math.cos(k / 1500), 500 + 300 * math.sin(k / 1500))
        for k in range(round(2 * math.pi * 1500))
    ]
    pixels, off = simplify(Stroke(columns([*ring, ring[0]], "stroke")), 77)
    assert pixels[0] == pixels[-1] == (800, 500)
    assert off < 1.5
    assert strays(list(ring), pixels) <= off + 1e-6
