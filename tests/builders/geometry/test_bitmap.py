"""Bitmaps: set operations, look-ups and the PNG, against Pillow and plain sets."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from kling_facade.builders.geometry.bitmap import Bitmap
from kling_facade.errors import InvalidRequest

SIZE = (21, 9)
pixels = st.sets(st.tuples(st.integers(0, SIZE[0] - 1), st.integers(0, SIZE[1] - 1)))
points = st.tuples(st.floats(-5, 30), st.floats(-5, 15))


def bitmap(selected: set[tuple[int, int]]) -> Bitmap:
    """A bitmap of single pixels."""
    return Bitmap.from_spans(SIZE, [(y, x, x) for x, y in selected])


def selected(of: Bitmap) -> set[tuple[int, int]]:
    """The pixels of a bitmap, read one by one."""
    return {(x, y) for x in range(of.size[0]) for y in range(of.size[1]) if (x, y) in of}


@given(pixels, pixels)
def test_operators_are_those_of_sets(
    one: set[tuple[int, int]], other: set[tuple[int, int]]
) -> None:
    """Union, intersection and difference of bitmaps are those of their pixels."""
    a, b = bitmap(one), bitmap(other)
    assert selected(a | b) == one | other
    assert selected(a & b) == one & other
    assert selected(a - b) == one - other
    assert a.count == len(one)


@given(pixels)
def test_the_png_is_read_by_pillow_as_it_was_drawn(one: set[tuple[int, int]]) -> None:
    """A decoder that is not ours sees the same pixels, in one bit each."""
    with Image.open(io.BytesIO(bitmap(one).png())) as image:
        assert image.mode == "1"
        assert image.size == SIZE
        white = {(x, y) for x in range(SIZE[0]) for y in range(SIZE[1]) if image.getpixel((x, y))}
    assert white == one


@given(pixels)
def test_the_edge_is_counted(one: set[tuple[int, int]]) -> None:
    """How much of the outermost rows and columns is selected."""
    edge = {(x, y) for x in range(SIZE[0]) for y in range(SIZE[1])}
    edge -= {(x, y) for x in range(1, SIZE[0] - 1) for y in range(1, SIZE[1] - 1)}
    assert bitmap(one).share_of_edge == len(one & edge) / len(edge)


@given(pixels, points)
def test_nearest_is_nearest(one: set[tuple[int, int]], point: tuple[float, float]) -> None:
    """No selected pixel is nearer than the one that is found."""
    found = bitmap(one).nearest(point)
    if not one:
        assert found is None
        return
    assert found in one
    x, y = point
    least = min((px - x) ** 2 + (py - y) ** 2 for px, py in one)
    assert (found[0] - x) ** 2 + (found[1] - y) ** 2 == pytest.approx(least)


@given(pixels)
def test_the_centre_is_on_it(one: set[tuple[int, int]]) -> None:
    """The middle is a selected pixel, also of a ring or of two islands."""
    centre = bitmap(one).centre()
    assert centre in one if one else centre is None


def test_what_lies_outside_is_left_out() -> None:
    """Runs are cut at the picture's edges."""
    drawn = Bitmap.from_spans((4, 2), [(-1, 0, 3), (0, -5, 1), (1, 3, 9), (2, 0, 3), (0, 3, 2)])
    assert selected(drawn) == {(0, 0), (1, 0), (3, 1)}
    assert (4, 1) not in drawn


def test_different_sizes_do_not_combine() -> None:
    """Two masks of different pictures are no mask."""
    with pytest.raises(InvalidRequest, match="combined"):
        Bitmap.from_spans((2, 2), []) | Bitmap.from_spans((2, 3), [])


def test_values_below_a_threshold_can_be_taken() -> None:
    """A mask may be dark on light."""
    assert selected(Bitmap.from_bytes((3, 1), b"\x00\x7f\x80", 128, above=False)) == {
        (0, 0),
        (1, 0),
    }


def test_masks_are_smaller_than_pillow_makes_them() -> None:
    """A mask of slanted edges takes fewer bytes than Pillow's smallest of the same pixels."""
    image = Image.new("1", (1920, 1080))
    ImageDraw.Draw(image).polygon([(100, 50), (1500, 400), (420, 1000)], fill=1)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    assert len(Bitmap(image.size, image.tobytes()).png()) < len(buffer.getvalue())
