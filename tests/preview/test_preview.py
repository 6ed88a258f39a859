"""Previews and storyboards of whole requests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from kling_facade import ImageToVideo, MotionBrush, camera, paths, regions, voice
from kling_facade.errors import InvalidRequest, MissingExtra
from kling_facade.preview.preview import preview, storyboard

FLOAT = NDArray[np.float64]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A grey picture with a red square."""
    image = Image.new("RGB", (640, 400), (120, 130, 120))
    ImageDraw.Draw(image).rectangle((100, 150, 199, 249), fill=(255, 0, 0))
    image.save(tmp_path / "square.png")
    return tmp_path / "square.png"


def brushed(picture: Path) -> ImageToVideo:
    """The square moves right, the top is held."""
    brush = (
        MotionBrush.over(picture)
        .hold(regions.box(0, 0, 639, 60, name="sky"))
        .move(
            regions.box(100, 150, 199, 249, name="square"), along=paths.line((150, 200), (450, 200))
        )
    )
    return ImageToVideo(picture, model="kling-v1-5", mode="pro", motion_brush=brush)


def levels(image: Image.Image) -> FLOAT:
    """As numbers."""
    return np.asarray(image).astype(float)


def count(image: Image.Image, colour: tuple[int, int, int], within: int = 12) -> int:
    """How many pixels have this colour."""
    return int((np.abs(levels(image) - colour).max(axis=2) < within).sum())


HELD, FIRST_MOVE, CAMERA = (38, 132, 255), (240, 90, 40), (255, 214, 10)


def test_held_and_moving_regions_are_tinted_each_in_its_colour(picture: Path) -> None:
    """The colours stand in the captions too, as swatches."""
    image = preview(brushed(picture))
    plain = preview(ImageToVideo(picture))
    for colour in (HELD, FIRST_MOVE):
        assert count(image, colour) > 200
        assert count(plain, colour) < 20


def test_the_arrow_points_to_where_the_region_goes(picture: Path) -> None:
    """Right of the square there is the arrow's colour, left of it there is none."""
    image = levels(preview(brushed(picture)))[80:470, 32:626]
    arrow = np.abs(image - FIRST_MOVE).max(axis=2) < 12
    columns = np.nonzero(arrow[150:250].any(axis=0))[0] / image.shape[1]
    assert columns.max() == pytest.approx(450 / 640, abs=0.03)
    assert columns.min() > 80 / 640


def test_the_last_frame_is_the_one_the_move_ends_in(picture: Path) -> None:
    """In the right panel the square has moved."""
    image = levels(preview(brushed(picture)))
    panel = image[90:480, 652:1246]
    red = (panel[:, :, 0] > 220) & (panel[:, :, 1] < 40) & (panel[:, :, 2] < 40)
    assert np.nonzero(red)[1].mean() / panel.shape[1] == pytest.approx(450 / 640, abs=0.03)


def test_a_camera_move_is_outlined(picture: Path) -> None:
    """Where it ends is drawn into the first frame; the last frame shows it."""
    image = preview(ImageToVideo(picture, model="kling-v1-5", mode="pro", camera=camera.zoom_in(8)))
    assert count(image, CAMERA) > 500
    wide = preview(ImageToVideo(picture, model="kling-v1-5", mode="pro", camera=camera.zoom_in(1)))
    assert count(image.crop((640, 0, 1280, 500)), (255, 0, 0)) > 1.5 * count(
        wide.crop((640, 0, 1280, 500)), (255, 0, 0)
    )


def test_what_nobody_asked_for_is_not_shown(picture: Path) -> None:
    """Without camera, brush and tail nothing grows or moves; a weak zoom is the control."""
    still = preview(ImageToVideo(picture))
    halves = [
        count(still.crop(box), (255, 0, 0)) for box in ((0, 0, 640, 480), (640, 0, 1280, 480))
    ]
    assert halves[1] == pytest.approx(halves[0], rel=0.01)
    zoomed = preview(ImageToVideo(picture, camera=camera.zoom_in(1)))
    assert count(zoomed.crop((640, 0, 1280, 480)), (255, 0, 0)) > 1.05 * halves[0]


@pytest.mark.parametrize(
    "move",
    [
        camera.truck_left(5),
        camera.pan_right(5),
        camera.roll_clockwise(5),
        camera.DOWN_BACK,
        camera.FORWARD_UP,
    ],
)
def test_every_camera_move_has_a_preview(picture: Path, move: Any) -> None:
    """And a storyboard whose frames differ."""
    request = ImageToVideo(picture, camera=move)
    assert preview(request).size[0] == 1280
    assert storyboard(request).size[0] == 1280


def test_a_swapped_pan_is_shown_as_a_pan(picture: Path) -> None:
    """Which axis a gateway wants does not change what is meant."""
    plain, swapped = (
        storyboard(ImageToVideo(picture, camera=camera.pan_left(5, swap_pan_tilt=swap)), frames=2)
        for swap in (False, True)
    )
    frames = np.s_[100:500]
    assert (levels(plain)[frames] == levels(swapped)[frames]).all()


def test_captions_grow_with_what_there_is_to_say(picture: Path) -> None:
    """A prompt, voices and broken rules each take lines."""
    plain = ImageToVideo(picture)
    spoken = ImageToVideo(
        picture, mode="pro", prompt=voice.prompt("She says: {anna} 'Hello'", anna="voice-1")
    )
    wrong = ImageToVideo(
        picture, prompt="x" * 2600, negative_prompt="rain", camera=camera.zoom_in(2)
    )
    heights = [preview(request).height for request in (plain, spoken, wrong)]
    assert heights[0] < heights[1] < heights[2]


def test_a_rule_that_is_broken_is_red_and_none_is_green(picture: Path) -> None:
    """One sees from afar whether the request will be refused."""
    red, green = (206, 40, 40), (40, 150, 90)
    assert count(preview(ImageToVideo(picture, prompt="x" * 2600)), red) > 30
    assert count(preview(ImageToVideo(picture, prompt="a square")), green) > 30


@pytest.mark.parametrize(
    ("frames", "rows"), [(2, 1), (3, 1), (4, 1), (5, 2), (6, 2), (7, 3), (8, 2), (24, 8)]
)
def test_a_storyboard_is_a_grid(picture: Path, frames: int, rows: int) -> None:
    """As many frames as asked for, first to last."""
    request = ImageToVideo(picture, camera=camera.truck_right(9))
    board = storyboard(request, frames=frames, width=960)
    one = storyboard(request, frames=frames, width=1920)
    assert board.width == 960
    assert one.height > 1.7 * board.height
    framed = (levels(board) == (200, 200, 196)).all(axis=2)
    lines = np.nonzero(framed.mean(axis=1) > 0.2)[0]
    assert len(lines) == 2 * rows


def test_a_storyboard_moves(picture: Path) -> None:
    """Its first panel and its last are not the same."""
    board = storyboard(ImageToVideo(picture, camera=camera.truck_right(9)), frames=2)
    left, right = board.crop((34, 100, 620, 400)), board.crop((34 + 617, 100, 620 + 617, 400))
    assert np.asarray(ImageChops.difference(left, right)).mean() > 2


def test_the_tail_is_the_last_frame(picture: Path, tmp_path: Path) -> None:
    """And the title says so."""
    Image.new("RGB", (640, 400), (10, 20, 250)).save(tmp_path / "tail.png")
    image = preview(ImageToVideo(picture, image_tail=tmp_path / "tail.png", mode="pro"))
    assert count(image.crop((700, 150, 1200, 400)), (10, 20, 250)) > 100_000


def test_a_picture_at_an_address_is_not_fetched() -> None:
    """A stand-in says so; no network is used."""
    request = ImageToVideo("https://example.com/fox.png", camera=camera.zoom_in(3))
    assert preview(request).size[0] == 1280


def test_a_mask_at_an_address_is_noted(picture: Path) -> None:
    """What can't be drawn is said, not left out."""
    brush = MotionBrush.over(picture).hold(regions.remote("https://example.com/mask.png"))
    brush = brush.move(regions.box(100, 150, 199, 249), along=paths.line((150, 200), (300, 150)))
    request = ImageToVideo(picture, motion_brush=brush)
    without = ImageToVideo(
        picture,
        motion_brush=MotionBrush.over(picture).move(
            brush.moves[0].region, along=[(150, 200), (300, 150)]
        ),
    )
    assert preview(request).height > preview(without).height
    assert count(preview(request).crop((0, 0, 1280, 480)), HELD) == 0


@pytest.mark.parametrize("size", [(300, 750), (750, 300), (500, 500)])
def test_every_shape_of_picture_fits(tmp_path: Path, size: tuple[int, int]) -> None:
    """Panels keep the picture's shape and stay on the page."""
    Image.new("RGB", size, (10, 200, 30)).save(tmp_path / "shape.png")
    image = preview(ImageToVideo(tmp_path / "shape.png"))
    width, height = first_panel(image)
    assert width / height == pytest.approx(size[0] / size[1], rel=0.02)
    assert image.height < 1000
    assert storyboard(ImageToVideo(tmp_path / "shape.png"), frames=6).height < 1300


def first_panel(image: Image.Image) -> tuple[int, int]:
    """Width and height of the first green panel."""
    green = np.abs(levels(image) - (10, 200, 30)).max(axis=2) < 8
    row, column = np.argwhere(green)[0]
    return int(np.argmin(green[row, column:])), int(np.argmin(green[row:, column]))


def test_narrow_pictures_leave_room_for_frames_between(tmp_path: Path) -> None:
    """A page of upright pictures is not half empty."""
    Image.new("RGB", (300, 600), (10, 200, 30)).save(tmp_path / "upright.png")
    green = np.abs(levels(preview(ImageToVideo(tmp_path / "upright.png"))) - (10, 200, 30)).max(
        axis=2
    )
    assert np.diff((green[300] < 8).astype(int)).clip(0).sum() == 3


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    """As it is looked at, not as it is stored."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (800, 400), (10, 200, 30)).save(tmp_path / "photo.jpg", exif=exif)
    width, height = first_panel(preview(ImageToVideo(tmp_path / "photo.jpg")))
    assert height == pytest.approx(2 * width, abs=3)


def test_saving_and_showing(picture: Path, tmp_path: Path) -> None:
    """As a PNG file, and by itself in a notebook."""
    request = brushed(picture)
    request.preview().save(tmp_path / "preview.png")
    with Image.open(tmp_path / "preview.png") as saved:
        assert saved.size == request.preview().size
    assert (request._repr_png_() or b"").startswith(b"\x89PNG")
    assert request.storyboard(frames=3, width=600).width == 600


@pytest.mark.parametrize(
    "call",
    [
        lambda r: preview(r, width=479),
        lambda r: storyboard(r, frames=1),
        lambda r: storyboard(r, frames=25),
        lambda r: storyboard(r, width=10),
    ],
)
def test_numbers_out_of_range(picture: Path, call: Any) -> None:
    """The message says what would be right."""
    with pytest.raises(InvalidRequest, match=r"480|2 to 24"):
        call(ImageToVideo(picture))


def test_a_text_file_is_no_picture(tmp_path: Path) -> None:
    """It is named, and what would be right."""
    (tmp_path / "notes.jpg").write_text("this is text")
    with pytest.raises(InvalidRequest, match=r"notes\.jpg \(text\) can't be opened"):
        preview(ImageToVideo(tmp_path / "notes.jpg"))


def test_without_pillow_the_command_is_named(
    picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preview is an extra."""
    request = ImageToVideo(picture)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(MissingExtra, match=r"kling-facade\[image\]"):
        preview(request)
