"""Where the camera looks: directions, room, and the map from frame to picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from attrs import astuple
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kling_facade.preview.camera_view import (
    AXES,
    PRESETS,
    CameraPath,
    View,
    WireMove,
    ease,
    fit_size,
)

WIDE = 16 / 9

simple = st.builds(
    lambda axis, strength: WireMove(axes={axis: strength}),
    st.sampled_from(AXES),
    st.floats(-10, 10, allow_nan=False),
)
cameras = st.one_of(st.none(), simple, st.sampled_from(PRESETS).map(WireMove))
aspects = st.floats(0.4, 2.5)
moments = st.floats(0, 1)


def path(axis: str, strength: float, aspect: float = WIDE) -> CameraPath:
    """A simple move over a wide picture."""
    return CameraPath(WireMove(axes={axis: strength}), aspect)


@given(cameras, aspects, moments)
def test_the_view_never_leaves_the_picture(
    camera: WireMove | None, aspect: float, t: float
) -> None:
    """Whatever the move, the picture's shape and the moment, no corner sees past the edge."""
    for x, y in CameraPath(camera, aspect).view(t).corners():
        assert abs(x) <= aspect + 1e-6
        assert abs(y) <= 1 + 1e-6


@given(cameras, aspects)
def test_the_first_frame_is_an_undistorted_part_of_the_picture(
    camera: WireMove | None, aspect: float
) -> None:
    """A film starts upright and rectangular, at most 3.5 times cropped in."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = CameraPath(camera, aspect).view(0).corners()
    assert (y0, x1, y2, x3) == pytest.approx((y1, x2, y3, x0))
    assert (x1 - x0) / (y3 - y0) == pytest.approx(aspect)
    assert 2 * aspect / (x1 - x0) < 3.5


@given(simple, aspects, moments)
def test_opposite_strengths_are_mirror_images(camera: WireMove, aspect: float, t: float) -> None:
    """What the camera does to one side it does as far to the other."""
    ((axis, strength),) = camera.axes.items()
    x, y = CameraPath(camera, aspect).pose(t), path(axis, -strength, aspect).pose(t)
    assert (x.x, x.y, x.yaw, x.pitch, x.roll) == pytest.approx(
        (-y.x, -y.y, -y.yaw, -y.pitch, -y.roll)
    )
    assert x.focal == pytest.approx(1 / y.focal)


@pytest.mark.parametrize(
    ("axis", "sign", "direction"),
    [
        ("horizontal", +1, (+1, 0)),
        ("horizontal", -1, (-1, 0)),
        ("pan", +1, (+1, 0)),
        ("pan", -1, (-1, 0)),
        ("vertical", +1, (0, -1)),
        ("vertical", -1, (0, +1)),
        ("tilt", +1, (0, -1)),
        ("tilt", -1, (0, +1)),
    ],
)
def test_the_camera_looks_where_the_axis_says(
    axis: str, sign: int, direction: tuple[int, int]
) -> None:
    """Right is towards the picture's right edge and up towards its top (VD1, VD2)."""
    film = path(axis, sign * 6)
    (x0, y0), (x1, y1) = film.view(0).at(0, 0), film.view(1).at(0, 0)
    assert (x1 - x0) * direction[0] + (y1 - y0) * direction[1] > 0.1
    assert abs((x1 - x0) * direction[1]) + abs((y1 - y0) * direction[0]) < 1e-6


@pytest.mark.parametrize("axis", ["horizontal", "vertical"])
def test_a_travelling_camera_keeps_rectangles(axis: str) -> None:
    """Truck and pedestal shift the plane, without perspective."""
    corners = path(axis, 8).view(1).corners()
    assert corners[0][1] == pytest.approx(corners[1][1])
    assert corners[0][0] == pytest.approx(corners[3][0])


@pytest.mark.parametrize(
    ("axis", "near", "far"), [("pan", (0, 3), (1, 2)), ("tilt", (3, 2), (0, 1))]
)
def test_a_turning_camera_sees_trapezoids(
    axis: str, near: tuple[int, int], far: tuple[int, int]
) -> None:
    """Pan right makes the right edge distant, tilt up the top edge."""
    corners = path(axis, 8).view(1).corners()
    span = [math.dist(corners[a], corners[b]) for a, b in (far, near)]
    assert span[0] > 1.05 * span[1]


def test_a_camera_that_rolls_clockwise_turns_the_content_counter_clockwise() -> None:
    """The frame's right edge dips, so the horizon rises to the right."""
    (_, left), (_, right) = (path("roll", 5).view(1).at(u, 0) for u in (-1, 1))
    assert right > left + 0.1


@given(st.floats(0.5, 10))
def test_a_negative_zoom_narrows_the_view_and_a_positive_widens_it(strength: float) -> None:
    """Negative is the longer focal length (all sources), so content grows."""
    closer, wider = path("zoom", -strength), path("zoom", strength)
    assert closer.view(1).magnification > closer.view(0).magnification
    assert wider.view(1).magnification < wider.view(0).magnification
    assert closer.view(1).magnification == pytest.approx(2 ** (strength / 10), rel=1e-3)
    assert wider.view(1).magnification == pytest.approx(1, rel=3e-3)


@given(st.sampled_from(AXES), st.floats(1, 5))
def test_a_stronger_move_goes_further(axis: str, strength: float) -> None:
    """Strength is an amount, on every axis."""
    still, weak, strong = (
        np.array(astuple(path(axis, amount).pose(1))) for amount in (0, strength, 2 * strength)
    )
    assert np.abs(strong - still).max() > 1.3 * np.abs(weak - still).max()


@pytest.mark.parametrize(
    ("preset", "growth", "direction"),
    [
        ("down_back", -1, (0, +1)),
        ("forward_up", +1, (0, -1)),
        ("right_turn_forward", +1, (+1, 0)),
        ("left_turn_forward", +1, (-1, 0)),
    ],
)
def test_compound_moves_do_what_their_names_say(
    preset: str, growth: int, direction: tuple[int, int]
) -> None:
    """Forward grows the content, back shrinks it; up, down, right and left are as for the axes."""
    film = CameraPath(WireMove(preset), WIDE)
    first, last = film.view(0), film.view(1)
    assert growth * (last.magnification - first.magnification) > 0.2
    shift = [b - a for a, b in zip(first.at(0, 0), last.at(0, 0), strict=True)]
    assert shift[0] * direction[0] + shift[1] * direction[1] > 0.2


def test_no_camera_is_a_slow_push_in() -> None:
    """Without a move the film still lives, and starts with the whole picture."""
    film = CameraPath(None, WIDE)
    corners = [(-WIDE, -1), (WIDE, -1), (WIDE, 1), (-WIDE, 1)]
    assert np.allclose(film.view(0).corners(), corners)
    assert 1.02 < film.view(1).magnification < 1.1


def test_an_unknown_move_is_refused_with_the_known_ones() -> None:
    """A wrong type says what would be right."""
    with pytest.raises(ValueError, match=r"'sideways'; known are simple, down_back"):
        CameraPath(WireMove("sideways"), 1.0)


@pytest.mark.parametrize("camera", [WireMove(axes={"pan": 7}), WireMove(axes={"zoom": 4}), None])
def test_rendering_shows_what_the_view_says(camera: WireMove | None) -> None:
    """A picture whose colours are its coordinates reads back as `View.at`, on both ways to draw."""
    width, height = 256, 192
    xs, ys = np.meshgrid(np.arange(width), np.arange(height))
    chart = Image.fromarray(np.dstack([xs, ys, 0 * xs]).astype(np.uint8), "RGB")
    aspect, size = width / height, (64, 48)
    view = CameraPath(camera, aspect).view(0.8)
    frame = np.asarray(view.render(chart, size)).astype(float)
    for column, row in ((5, 7), (32, 24), (60, 3), (9, 40)):
        u, v = ((column + 0.5) / 32 - 1) * aspect, (row + 0.5) / 24 - 1
        x, y = view.at(u, v)
        expected = (x / aspect + 1) * width / 2 - 0.5, (y + 1) * height / 2 - 0.5
        assert frame[row, column, :2] == pytest.approx(expected, abs=1.6)


def test_the_outline_is_in_pixels_of_the_picture() -> None:
    """What the last frame shows can be drawn into the picture."""
    outline = path("zoom", -10, 2.0).view(1).outline((400, 200))
    assert outline == [pytest.approx(p) for p in ((100, 50), (300, 50), (300, 150), (100, 150))]


def test_the_identity_view_magnifies_by_one() -> None:
    """The unit of magnification is the whole picture."""
    assert View(((1, 0, 0), (0, 1, 0), (0, 0, 1)), 1.5).magnification == pytest.approx(1)


@given(st.floats(-1, 2))
def test_easing_stays_between_start_and_end(t: float) -> None:
    """Times before the start and after the end are the start and the end."""
    assert 0 <= ease(t) <= 1


@given(st.integers(300, 8000), st.integers(300, 8000), st.integers(2, 1080))
def test_frames_have_even_sides_and_the_pictures_shape(width: int, height: int, short: int) -> None:
    """H.264 in 4:2:0 takes even sides only; the shape is kept to a pixel."""
    frame = fit_size((width, height), short)
    assert frame[0] % 2 == frame[1] % 2 == 0
    scale = short / min(width, height)
    assert abs(frame[0] - width * scale) <= 2
    assert abs(frame[1] - height * scale) <= 2
