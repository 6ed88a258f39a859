"""The motion brush: from a drawing to the wire and back."""

from __future__ import annotations

import base64
import io
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kling_facade import paths, regions
from kling_facade.builders.motion import MotionBrush, flip
from kling_facade.builders.pictures.base64_text import expand
from kling_facade.builders.pictures.fit import fit
from kling_facade.errors import InvalidRequest, MissingExtra

SIZE = (1280, 720)
CAR = regions.box(200, 400, 400, 500, name="car")
points = st.tuples(st.integers(0, 1279), st.integers(0, 719))


def laid(along: Any, region: Any = CAR, **options: Any) -> Any:
    """A path laid onto the picture."""
    return MotionBrush.over(SIZE).move(region, along=along, **options).moves[0]


@pytest.mark.parametrize("kind", ["size", "list", "numpy", "path", "bytes", "image", "fitted"])
def test_a_brush_starts_with_the_picture_itself(kind: str, tmp_path: Path) -> None:
    """MotionBrush(picture) is MotionBrush.over(picture), whatever a picture is given as."""
    image = Image.new("RGB", (640, 480))
    image.save(tmp_path / "a.jpg")
    given: Any = {
        "size": (640, 480),
        "list": [640, 480],
        "numpy": tuple(np.zeros((640, 480)).shape),
        "path": str(tmp_path / "a.jpg"),
        "bytes": (tmp_path / "a.jpg").read_bytes(),
        "image": image,
        "fitted": fit(image),
    }[kind]
    assert MotionBrush(given) == MotionBrush.over(given)
    assert MotionBrush(given).size == (640, 480)


@pytest.mark.parametrize("size", [(0, 5), (5,), (1, 2, 3), (1.5, 2), ("a", "b"), [], (True, -1)])
def test_a_size_that_is_none_is_refused(size: Any) -> None:
    """Width and height are whole numbers above zero."""
    with pytest.raises(InvalidRequest, match=r"is not the size of a picture[\s\S]*\(1280, 720\)"):
        MotionBrush(size)


def test_a_picture_that_can_not_be_measured_is_refused() -> None:
    """The message says what to give instead."""
    with pytest.raises(InvalidRequest, match="its size"):
        MotionBrush("https://example.com/fox.png")


def wire(brush: MotionBrush) -> list[dict[str, Any]]:
    """The moving regions as JSON has them."""
    return [
        {"mask": expand(mask), "trajectories": [{"x": x, "y": y} for x, y in line]}
        for mask, line in brush.dynamic_masks
    ]


@given(points, st.integers(1, 4000))
def test_flip_is_its_own_inverse(point: tuple[int, int], height: int) -> None:
    """Flipped twice a point is where it was."""
    assert flip(flip(point, height), height) == point


@given(points)
def test_flip_stays_inside_the_picture(point: tuple[int, int]) -> None:
    """The first row from the top is the last from the bottom: no row is lost or added."""
    assert 0 <= flip(point, 720)[1] < 720
    assert flip((5, 0), 720) == (5, 719)


def test_the_wire_counts_from_the_bottom_left() -> None:
    """A car in the lower part of the picture has small y on the wire; moving up makes y grow."""
    brush = MotionBrush.over(SIZE).move(CAR, along=[(300, 450), (300, 50)])
    assert brush.dynamic_masks[0][1] == ((300, 269), (300, 669))


def test_masks_are_of_the_pictures_size_white_where_selected() -> None:
    """What goes out is a 1-bit PNG of the picture's size, its region white, the rest black."""
    brush = (
        MotionBrush.over(SIZE)
        .hold(regions.box(0, 0, 99, 719))
        .move(CAR, along=paths.line(by=(99, 0)))
    )
    for text, box in (
        (brush.static_mask, (0, 0, 100, 720)),
        (brush.dynamic_masks[0][0], (200, 400, 401, 501)),
    ):
        with Image.open(io.BytesIO(base64.b64decode(expand(text), validate=True))) as image:
            assert (image.format, image.mode, image.size) == ("PNG", "1", SIZE)
            assert image.getbbox() == box
            assert sum(image.convert("L").histogram()[1:255]) == 0


@settings(max_examples=50)
@given(st.lists(st.lists(points, min_size=2, max_size=77), min_size=1, max_size=6))
def test_reading_the_wire_gives_the_drawing_back(lines: list[list[tuple[int, int]]]) -> None:
    """From wire to brush, every path and every pixel is what was drawn."""
    brush = MotionBrush.over(SIZE).hold(regions.ellipse((900, 300), 80))
    for line in lines:
        brush = brush.move(CAR, along=line, start="as drawn")
    back = MotionBrush.from_wire(expand(brush.static_mask), wire(brush))
    assert back.size == SIZE
    assert [move.path for move in back.moves] == [move.path for move in brush.moves]
    assert [m.region.bitmap(SIZE) for m in back.moves] == [CAR.bitmap(SIZE)] * len(lines)
    assert back.held is not None
    assert back.held.bitmap(SIZE) == regions.ellipse((900, 300), 80).bitmap(SIZE)
    assert wire(back) == wire(brush)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.floats(-500, 2000), st.floats(-500, 1200)), min_size=1, max_size=120),
    st.sampled_from(["stroke", "points", "curve"]),
)
def test_whatever_is_drawn_lies_in_the_picture(line: list[tuple[float, float]], kind: str) -> None:
    """Every path starts on its region and consists of whole points of the picture."""
    if kind == "curve" and len(line) < 2:
        return
    move = laid(getattr(paths, kind)(line))
    assert all(isinstance(v, int) for point in move.path for v in point)
    assert all(0 <= x < 1280 and 0 <= y < 720 for x, y in move.path)
    assert kind == "points" or len(move.path) <= 77
    assert move.path[0] in CAR.bitmap(SIZE)


def test_several_holds_are_one_region() -> None:
    """Kling has one static mask: what holds is united."""
    brush = MotionBrush.over(SIZE).hold(regions.box(0, 0, 9, 9)).hold(regions.box(20, 0, 29, 9))
    assert brush.held is not None
    assert brush.held.bitmap(SIZE).count == 200
    assert MotionBrush.over(SIZE).held is None
    assert MotionBrush.over(SIZE).static_mask is None


def test_a_line_by_a_distance_starts_on_the_region() -> None:
    """A path without a place of its own begins in the region's middle."""
    assert laid(paths.line(by=(100, -50))).path == ((300, 450), (400, 400))


def test_a_ring_is_started_on_the_ring() -> None:
    """The middle of a ring is not on it: the path begins where the ring is."""
    ring = regions.ellipse((640, 360), 200) - regions.ellipse((640, 360), 150)
    start = laid(paths.line(by=(100, 0)), ring).path[0]
    assert 150 < math.dist(start, (640, 360)) <= 200


def test_a_path_beside_its_region_is_shifted_and_said() -> None:
    """The path moves by the least way onto the region, and a note says how far."""
    move = laid(paths.line((100, 450), (500, 450)))
    assert move.path == ((200, 450), (600, 450))
    assert "100 px off" in move.notes[0]


def test_a_path_can_stay_as_drawn() -> None:
    """Told otherwise, the path is where it was drawn, or starts at a point."""
    line = paths.line((100, 450), (500, 450))
    assert laid(line, start="as drawn").path == ((100, 450), (500, 450))
    assert laid(line, start="as drawn").notes == ()
    assert laid(line, start=(210, 410)).path == ((210, 410), (610, 410))


def test_a_path_out_of_the_picture_ends_at_its_edge() -> None:
    """A walk out of the frame is cut where it leaves, its direction kept."""
    move = laid(paths.line((300, 450), (2300, 950)))
    assert move.path == ((300, 450), (1279, 695))
    assert "leaves the picture at (1279, 695)" in move.notes[0]


def test_a_path_into_the_picture_starts_at_its_edge() -> None:
    """A walk into the frame, as drawn, is cut where it enters."""
    move = laid(paths.line((-100, 400), (100, 500)), start="as drawn")
    assert move.path == ((0, 450), (100, 500))
    assert "starts outside" in move.notes[0]


def test_a_path_outside_the_picture_has_no_points() -> None:
    """Nothing is left of a path that never comes in."""
    move = laid(paths.line((-100, -100), (-50, -50)), start="as drawn")
    assert (move.path, move.reach) == ((), 0.0)
    assert "outside" in move.notes[0]


def test_a_side_given_as_its_length_is_its_last_pixel() -> None:
    """(1280, 720) in a picture of 1280x720 is taken for its last corner, without a word."""
    move = laid([(300, 450), (1280, 720)])
    assert (move.path[-1], move.notes) == ((1279, 719), ())


def test_a_long_drawing_states_its_deviation() -> None:
    """A hundred thousand points become at most 77, and how far off is known."""
    drawing = [(300 + k * 0.008, 450 + 100 * math.sin(k / 9000)) for k in range(100_000)]
    move = laid(paths.stroke(drawing))
    assert (move.drawn, len(move.path) <= 77) == (100_000, True)
    assert 0 < move.deviation < 1.5


def test_seventy_eight_points_stay_seventy_eight() -> None:
    """Exact points are never thinned silently; the rules refuse them by the region's name."""
    assert len(laid(paths.points([(300 + k, 450) for k in range(78)])).path) == 78


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_picture_has_pixels(size: tuple[int, int]) -> None:
    """There is no brush over nothing."""
    with pytest.raises(InvalidRequest, match="pixels"):
        MotionBrush.over(size)


def test_an_address_has_no_size_here() -> None:
    """A picture at an address is not fetched: its size must be given."""
    with pytest.raises(InvalidRequest, match="can't be read from here"):
        MotionBrush.over("https://example.com/fox.png")


def test_a_picture_gives_its_size() -> None:
    """Bytes and Pillow images are measured."""
    image = Image.new("RGB", (320, 400))
    assert MotionBrush.over(image).size == (320, 400)


def test_masks_at_addresses_go_out_as_they_are() -> None:
    """A mask that lies somewhere is passed on; its points still count from the bottom."""
    brush = MotionBrush.from_wire(
        "https://example.com/s.png",
        [
            {
                "mask": "https://example.com/d.png",
                "trajectories": [{"x": 1, "y": 2}, {"x": 9, "y": 9}],
            }
        ],
        size=SIZE,
    )
    assert brush.static_mask == "https://example.com/s.png"
    assert brush.dynamic_masks == (("https://example.com/d.png", ((1, 2), (9, 9))),)
    assert brush.moves[0].path == ((1, 717), (9, 710))


def test_remote_regions_move_along_placed_paths() -> None:
    """A mask at an address can move along a path that has a place."""
    move = laid(paths.line((10, 10), (90, 10)), regions.remote("https://example.com/m.png"))
    assert move.path == ((10, 10), (90, 10))


@pytest.mark.parametrize(
    ("static", "dynamic", "message"),
    [
        ("https://example.com/s.png", [], "size is not known"),
        ("not base64!", [], "neither an address nor base64"),
        (None, [{"mask": "https://example.com/m.png"}], "moving region 1 can't be read"),
        (None, [{"mask": "x!", "trajectories": []}], "moving region 1"),
        (
            None,
            [{"mask": "https://a.b/m.png", "trajectories": [{"x": "a", "y": 1}]}],
            "can't be read",
        ),
    ],
)
def test_a_wire_request_that_is_none_is_refused(static: Any, dynamic: Any, message: str) -> None:
    """Broken masks and points are named."""
    with pytest.raises(InvalidRequest, match=message):
        MotionBrush.from_wire(static, dynamic)


def test_from_wire_takes_what_was_not_expanded() -> None:
    """A body's own stand-ins for base64 are read too."""
    brush = MotionBrush.over(SIZE).hold(CAR)
    again = MotionBrush.from_wire(brush.static_mask)
    assert again.held is not None
    assert again.held.bitmap(SIZE) == CAR.bitmap(SIZE)


def test_masks_need_no_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes become PNGs with the standard library alone; only pictures of them need Pillow."""
    expected = MotionBrush.over(SIZE).hold(CAR).static_mask
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    again = regions.box(200, 400, 400, 500, name="car")
    assert expand(MotionBrush.over(SIZE).hold(again).static_mask) == expand(expected)
    with pytest.raises(MissingExtra, match="needs Pillow"):
        again.mask(SIZE)
