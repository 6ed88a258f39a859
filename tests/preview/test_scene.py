"""Frames: what moves, what holds, what comes last."""

from __future__ import annotations

import math
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from kling_facade.errors import MissingExtra
from kling_facade.preview.camera_view import AXES
from kling_facade.preview.scene import Brush, MovingRegion, Scene, WireMove, point_along

SIZE = (160, 90)
FLOAT = NDArray[np.float64]


def texture(size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture without strong colours, with something to see everywhere."""
    noise = np.random.default_rng(3).integers(70, 230, (size[1] // 6 + 1, size[0] // 6 + 1, 3))
    return Image.fromarray(noise.astype(np.uint8), "RGB").resize(size, Image.Resampling.BICUBIC)


def rectangle(box: tuple[int, int, int, int], size: tuple[int, int] = SIZE) -> Image.Image:
    """A box as a mask."""
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rectangle(box, fill=255)
    return mask


def pixels(image: Image.Image) -> FLOAT:
    """Levels as numbers."""
    return np.asarray(image).astype(float)


def shift(before: Image.Image, after: Image.Image) -> tuple[int, int]:
    """How far the content went, right and down, by phase correlation."""
    window = np.outer(np.hanning(before.height), np.hanning(before.width))
    one, other = (np.fft.fft2(pixels(image.convert("L")) * window) for image in (before, after))
    product = other * one.conj()
    peak = np.abs(np.fft.ifft2(product / (np.abs(product) + 1e-9)))
    row, column = np.unravel_index(peak.argmax(), peak.shape)
    dy = int(row) - (before.height if row > before.height // 2 else 0)
    dx = int(column) - (before.width if column > before.width // 2 else 0)
    return dx, dy


@pytest.mark.parametrize(
    ("axis", "strength", "content"),
    [
        ("horizontal", 6, (-1, 0)),
        ("horizontal", -6, (1, 0)),
        ("vertical", 6, (0, 1)),
        ("vertical", -6, (0, -1)),
        ("pan", 4, (-1, 0)),
        ("pan", -4, (1, 0)),
        ("tilt", 4, (0, 1)),
        ("tilt", -4, (0, -1)),
    ],
)
def test_content_goes_against_the_camera(
    axis: str, strength: int, content: tuple[int, int]
) -> None:
    """Measured on the frames, not on the geometry that drew them."""
    scene = Scene(texture(), SIZE, camera=WireMove(axes={axis: strength}))
    dx, dy = shift(scene.frame(0), scene.frame(1))
    assert dx * content[0] + dy * content[1] >= 5
    assert abs(dx * content[1]) + abs(dy * content[0]) <= 1


@pytest.mark.parametrize("name", [*AXES, None])
def test_neighbouring_frames_are_alike(name: str | None) -> None:
    """A film moves; it does not jump."""
    camera = None if name is None else WireMove(axes={name: 5})
    frames = [pixels(frame) for frame in Scene(texture(), SIZE, camera=camera).frames(25)]
    steps = [np.abs(b - a).mean() for a, b in pairwise(frames)]
    assert 0 < max(steps) < 0.5 * max(np.abs(frames[-1] - frames[0]).mean(), 20)


def test_a_film_without_camera_and_brush_starts_as_the_picture() -> None:
    """Image to video: the first frame is the image."""
    assert np.abs(pixels(Scene(texture(), SIZE).frame(0)) - pixels(texture())).max() <= 1


def brush_scene(to: tuple[float, float] = (40.0, 0.0)) -> Scene:
    """A red block at the left that moves, and a held stripe at the right."""
    picture = texture()
    ImageDraw.Draw(picture).rectangle((20, 30, 39, 59), fill=(255, 0, 0))
    moving = MovingRegion(rectangle((20, 30, 39, 59)), ((30, 45), (30 + to[0], 45 + to[1])))
    return Scene(picture, SIZE, brush=Brush(SIZE, rectangle((120, 0, 139, 89)), (moving,)))


def centre_of_red(frame: Image.Image) -> tuple[float, float]:
    """Where the red block is."""
    red, green, blue = np.moveaxis(pixels(frame), 2, 0)
    rows, columns = np.nonzero((red > 215) & (green < 50) & (blue < 50))
    return float(columns.mean()), float(rows.mean())


@pytest.mark.parametrize("to", [(40.0, 0.0), (30.5, 12.25), (0.0, -20.0), (-10.0, 15.0)])
@pytest.mark.parametrize("t", [0.25, 0.5, 1.0])
def test_a_region_goes_where_its_path_leads(to: tuple[float, float], t: float) -> None:
    """At constant speed, to a fraction of a pixel."""
    scene = brush_scene(to)
    x0, y0 = centre_of_red(scene.frame(0))
    x, y = centre_of_red(scene.frame(t))
    assert (x - x0, y - y0) == pytest.approx((to[0] * t, to[1] * t), abs=0.6)


def test_a_region_leaves_no_copy_behind() -> None:
    """What it uncovers is filled from around it."""
    start = pixels(brush_scene().frame(1))[30:60, 20:40]
    assert ((start[:, :, 0] > 215) & (start[:, :, 1] < 50)).mean() < 0.02


def test_a_held_region_stays_and_the_rest_drifts() -> None:
    """Held pixels are the picture's own in every frame; without drift nobody could tell."""
    frames = [pixels(frame) for frame in brush_scene().frames(9)]
    for frame in frames[1:]:
        assert (frame[:, 120:140] == frames[0][:, 120:140]).all()
    elsewhere = np.s_[:, 145:]
    assert np.abs(frames[-1][elsewhere] - frames[0][elsewhere]).mean() > 3


def test_a_region_passes_behind_what_is_held() -> None:
    """A car drives behind the tree in front of it."""
    scene = brush_scene((100.0, 0.0))
    frame = pixels(scene.frame(1))
    assert (frame[:, 120:140] == pixels(scene.frame(0))[:, 120:140]).all()


def test_the_first_frame_under_a_brush_is_the_picture() -> None:
    """No seam is visible before anything moves."""
    picture = texture()
    scene = Scene(
        picture,
        SIZE,
        brush=Brush(SIZE, None, (MovingRegion(rectangle((5, 5, 50, 50)), ((0, 0), (9, 9))),)),
    )
    assert (pixels(scene.frame(0)) == pixels(picture)).all()


def test_a_brush_is_scaled_with_the_picture() -> None:
    """Masks and paths are in the picture's pixels; the film may be smaller."""
    picture = texture((320, 180))
    ImageDraw.Draw(picture).rectangle((40, 60, 79, 119), fill=(255, 0, 0))
    move = MovingRegion(rectangle((40, 60, 79, 119), (320, 180)), ((60, 90), (140, 90)))
    scene = Scene(picture, SIZE, brush=Brush((320, 180), None, (move,)))
    assert centre_of_red(scene.frame(1))[0] - centre_of_red(scene.frame(0))[0] == pytest.approx(
        40, abs=0.6
    )


def test_an_empty_mask_moves_nothing() -> None:
    """A region without pixels is no reason to fail."""
    empty = MovingRegion(Image.new("L", SIZE), ((0, 0), (50, 0)))
    assert Scene(texture(), SIZE, brush=Brush(SIZE, None, (empty,))).frame(1).size == SIZE


def test_six_regions_move_at_once() -> None:
    """As many as Kling takes, each its own way."""
    picture, moves = Image.new("RGB", SIZE, (90, 120, 90)), []
    for number in range(6):
        box = (10 + 24 * number, 10, 19 + 24 * number, 19)
        ImageDraw.Draw(picture).rectangle(box, fill=(255, 0, 0))
        moves.append(MovingRegion(rectangle(box), ((0, 0), (0, 5 + 10 * number))))
    last = pixels(Scene(picture, SIZE, brush=Brush(SIZE, None, tuple(moves))).frame(1))
    for number in range(6):
        row = 15 + 5 + 10 * number
        assert last[row, 15 + 24 * number] == pytest.approx((255, 0, 0), abs=3)


class BuilderRegion:
    """A region as the builders have it."""

    def mask(self, size: tuple[int, int]) -> Image.Image:
        return rectangle((20, 30, 39, 59), size)


class BuilderMove:
    region = BuilderRegion()
    path = ((30, 45), (70, 45))


class BuilderBrush:
    size = SIZE
    held = None
    moves = (BuilderMove(),)


def test_a_builders_brush_is_taken_as_it_is() -> None:
    """The preview hands over what the user built."""
    brush = Brush.of(BuilderBrush())
    assert brush.moving[0].path == ((30, 45), (70, 45))
    assert Brush.of(brush) is brush
    assert Scene(texture(), SIZE, brush=BuilderBrush()).frame(0.5).size == SIZE


def test_the_film_ends_with_the_tail() -> None:
    """Whatever its shape, it fills the last frame; halfway both are seen."""
    tail = Image.new("RGB", (100, 100), (0, 0, 255))
    scene = Scene(Image.new("RGB", SIZE, (255, 0, 0)), SIZE, tail=tail)
    assert scene.frame(0).getpixel((3, 3)) == (255, 0, 0)
    assert scene.frame(0.5).getpixel((80, 45)) == pytest.approx((127, 0, 127), abs=2)
    assert scene.frame(1).getpixel((159, 89)) == (0, 0, 255)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16", "1", "LA"])
def test_every_mode_of_picture_is_drawn(mode: str) -> None:
    """Pictures come in all modes; frames are RGB."""
    source = texture().convert("L").convert(mode) if mode == "I;16" else texture().convert(mode)
    assert Scene(source, (80, 44)).frame(0.5).mode == "RGB"


paths = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=1, max_size=8)


@given(paths, st.floats(0, 1))
def test_speed_along_a_path_is_constant(points: list[tuple[float, float]], t: float) -> None:
    """The way to a place takes the same part of the path's length as of the time."""
    x, y = point_along(points, t)
    lengths = [math.dist(a, b) for a, b in pairwise(points)]
    on_path = [
        abs(math.dist(a, (x, y)) + math.dist((x, y), b) - math.dist(a, b)) < 1e-6
        and math.isclose(sum(lengths[:i]) + math.dist(a, (x, y)), t * sum(lengths), abs_tol=1e-6)
        for i, (a, b) in enumerate(pairwise(points))
    ]
    assert any(on_path) or (x, y) == points[-1]


@given(paths)
def test_a_path_begins_and_ends_at_its_ends(points: list[tuple[float, float]]) -> None:
    """Time 0 is the first point, time 1 the last."""
    assert point_along(points, 0) == pytest.approx(points[0])
    assert point_along(points, 1) == pytest.approx(points[-1])


def test_without_pillow_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing is an extra; the error says which."""
    picture = texture()
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtra, match=r"kling-facade\[image\]"):
        Scene(picture, SIZE)
