"""The way of drawing that is for outlines with very many meetings, against the other and GEOS."""

from __future__ import annotations

import math
import random
import sys
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from kling_facade import regions
from kling_facade.builders.geometry import rasterize
from kling_facade.builders.geometry.bitmap import Bitmap
from kling_facade.builders.geometry.zigzag import check_meetings, zigzag_bitmap
from kling_facade.errors import InvalidRequest

SIZE = (64, 48)
whole = st.tuples(st.integers(-10, 75), st.integers(-10, 60))
fine = st.tuples(st.floats(-10, 75), st.floats(-10, 60))
rules: st.SearchStrategy[Any] = st.sampled_from(["evenodd", "nonzero"])


def columns(corners: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """The x of all corners, and the y."""
    return [x for x, _ in corners], [y for _, y in corners]


@settings(max_examples=120)
@given(st.lists(whole, min_size=3, max_size=9) | st.lists(fine, min_size=3, max_size=9), rules)
def test_both_ways_draw_the_same(corners: list[tuple[float, float]], rule: Any) -> None:
    """Pixel by pixel, for whole and fine corners, simple and crossing outlines, both fill rules."""
    sorted_, _ = rasterize.polygon_bitmap(columns(corners), SIZE, rule)
    summed, _ = zigzag_bitmap(np, columns(corners), SIZE, rule)
    assert summed == sorted_


def star(count: int, inner: float, outer: float) -> list[tuple[float, float]]:
    """A star whose every edge meets many rows."""
    radii = [(inner, outer)[k % 2] for k in range(count)]
    angles = [2 * math.pi * k / count for k in range(count)]
    return [
        (100 + r * math.cos(a), 90 + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)
    ]


def test_a_large_star_has_the_pixels_of_geos() -> None:
    """Thousands of spikes over one another's pixels: each pixel is in or out as GEOS says."""
    corners = star(4_000, 20, 85)
    drawn, crosses = zigzag_bitmap(np, columns(corners), (200, 180), "evenodd")
    across, down = np.meshgrid(np.arange(200), np.arange(180))
    inside = shapely.intersects_xy(shapely.Polygon(corners), across, down)
    unpacked = np.unpackbits(np.frombuffer(drawn.data, np.uint8).reshape(180, -1), axis=1)[:, :200]
    assert (unpacked.astype(bool) == inside).all()
    assert not crosses


def test_an_outline_that_crosses_itself_is_told() -> None:
    """By both ways; the control does not."""
    bow = [(5.0, 5.0), (50.0, 40.0), (50.0, 5.0), (5.0, 40.0)]
    plain = [(5.0, 5.0), (50.0, 5.0), (50.0, 40.0), (5.0, 40.0)]
    for corners, told in ((bow, True), (plain, False)):
        assert zigzag_bitmap(np, columns(corners), SIZE, "evenodd")[1] is told
        assert rasterize.polygon_bitmap(columns(corners), SIZE)[1] is told


def test_many_meetings_choose_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """With numpy where it is there, without where it is not: the same pixels."""
    dice = random.Random(3)
    corners = [(dice.random() * 63, dice.random() * 47) for _ in range(300)]
    few = regions.polygon(corners).bitmap(SIZE)
    monkeypatch.setattr(rasterize, "_MANY", 1_000)
    assert regions.polygon(corners).bitmap(SIZE) == few
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert regions.polygon(corners).bitmap(SIZE) == few


def test_an_outline_that_meets_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With how often it does, and what to do instead; without numpy the bound is lower."""
    corners = star(100, 5, 80)
    monkeypatch.setattr(rasterize, "_MANY", 100)
    monkeypatch.setattr(rasterize, "MOST_MEETINGS", 10_000)
    assert regions.polygon(corners).bitmap((200, 180)).count
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(InvalidRequest, match=r"goes to and fro.* at most 1,000"):
        regions.polygon(corners).bitmap((200, 180))
    with pytest.raises(InvalidRequest, match="goes to and fro"):
        check_meetings(300_000_000)


def test_a_lasso_of_very_many_points_is_its_shape() -> None:
    """Points far closer than pixels: nearly all edges are passed over, and no pixel is lost."""
    count = 60_000
    angles = [2 * math.pi * k / count for k in range(count)]
    corners = [(32 + 20 * math.cos(a), 24 + 20 * math.sin(a)) for a in angles]
    lasso = regions.polygon(corners).bitmap(SIZE)
    assert lasso == regions.ellipse((32, 24), 20.000001).bitmap(SIZE)
    assert isinstance(lasso, Bitmap)
