"""Taking things out of pictures."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from kling_facade.preview.inpainting import fill, heal


def stripes(size: tuple[int, int] = (200, 120)) -> Image.Image:
    """A picture that is the same from left to right, with texture."""
    rows = np.random.default_rng(1).integers(60, 200, (size[1], 1, 3))
    return Image.fromarray(np.repeat(rows, size[0], axis=1).astype(np.uint8), "RGB")


def spot(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """An ellipse as a mask."""
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    return mask


def error(one: Image.Image, other: Image.Image) -> float:
    """Mean difference in levels."""
    difference = np.asarray(one).astype(int) - np.asarray(other).astype(int)
    return float(np.abs(difference).mean())


def test_a_hole_in_one_colour_is_filled_with_it() -> None:
    """What was in the hole leaves no trace."""
    mask = spot((100, 80), (30, 20, 70, 60))
    picture = Image.new("RGB", (100, 80), (200, 120, 40))
    picture.paste((0, 0, 255), mask=mask)
    assert error(fill(picture, mask), Image.new("RGB", (100, 80), (200, 120, 40))) < 1


def test_filling_leaves_the_rest_alone() -> None:
    """Only the hole changes."""
    mask = spot((200, 120), (80, 30, 120, 90))
    before, after = stripes(), fill(stripes(), mask)
    outside = np.asarray(mask) == 0
    assert (np.asarray(before)[outside] == np.asarray(after)[outside]).all()


def test_healing_restores_texture_that_filling_can_not() -> None:
    """The neighbour's texture comes back; plain filling is smooth."""
    mask = spot((200, 120), (80, 30, 120, 90))
    damaged = stripes()
    damaged.paste((255, 0, 0), mask=mask)
    assert error(heal(damaged, [mask]), stripes()) < 0.5 * error(fill(damaged, mask), stripes())


def test_healing_does_not_borrow_from_another_hole() -> None:
    """Two things that stand side by side are not taken for one another's background."""
    masks = [spot((200, 120), (x, 40, x + 30, 80)) for x in (20, 62, 104)]
    damaged = stripes()
    for mask in masks:
        damaged.paste((255, 0, 0), mask=mask)
    reds = np.asarray(heal(damaged, masks))[:, :, 0] > 215
    assert reds.mean() < 0.002


def test_a_hole_without_neighbours_is_filled() -> None:
    """A region as wide and high as the picture has no place to borrow from."""
    mask = spot((100, 80), (2, 2, 97, 77))
    assert heal(stripes((100, 80)), [mask]).size == (100, 80)


def test_nothing_to_take_out() -> None:
    """Empty masks change nothing."""
    assert error(heal(stripes(), [Image.new("L", (200, 120))]), stripes()) == 0


def test_a_picture_that_is_all_hole_is_still_a_picture() -> None:
    """Nothing is known, so nothing is shown; and nothing breaks."""
    assert fill(stripes(), Image.new("L", (200, 120), 255)).mode == "RGB"
