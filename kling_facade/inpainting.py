"""Filling the holes that things leave when they move away.

Two ways, one on top of the other. `fill` spreads the colours of the rim inwards: right in tone,
but smooth. `heal` then borrows the texture of a neighbouring place and fits its tones to the rim,
as the healing brush of picture editors does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["fill", "heal"]

Box: TypeAlias = tuple[int, int, int, int]

_TONE = 8  # halves of the levels that a borrowed place may be toned by


def fill(picture: Image, hole: Image) -> Image:
    """Fill a hole in a picture from what is around it.

    Colours spread inwards at growing scales, so near the rim the filling is detailed and in the
    middle of a large hole it is smooth.

    Args:
        picture: An ``RGB`` image.
        hole: ``L`` image of the same size, white where the hole is.
    """
    from PIL import Image, ImageChops

    pyramid = [picture.convert("RGBA")]
    pyramid[0].putalpha(ImageChops.invert(hole))
    while max(pyramid[-1].size) > 1:
        # Pillow weighs colours by alpha when it scales RGBA: holes don't darken their surroundings.
        width, height = pyramid[-1].size
        half = ((width + 1) // 2, (height + 1) // 2)
        pyramid.append(_stronger(pyramid[-1].resize(half, Image.Resampling.BOX)))
    filled = pyramid.pop().convert("RGB").convert("RGBA")
    for level in reversed(pyramid):
        filled = filled.resize(level.size, Image.Resampling.BICUBIC)
        filled = Image.alpha_composite(filled, level)
    return filled.convert("RGB")


def _stronger(image: Image) -> Image:
    """Let a coarse cell that knows some of its colour count for more than its share."""
    image.putalpha(image.getchannel("A").point([min(255, 2 * alpha) for alpha in range(256)]))
    return image


def heal(picture: Image, masks: Sequence[Image]) -> Image:
    """Take regions out of a picture, as if they had never been there.

    Args:
        picture: An ``RGB`` image.
        masks: ``L`` images of the same size, white where each region is.
    """
    from PIL import Image, ImageChops

    grown = [_grown(mask) for mask in masks if mask.getbbox()]
    if not grown:
        return picture
    hole = Image.new("L", picture.size)
    for mask in grown:
        hole = ImageChops.lighter(hole, mask)
    healed = fill(picture, hole)
    for mask in grown:
        _borrow(healed, mask, hole)
    return healed


def _grown(mask: Image) -> Image:
    """A region with a rim, so that no edge of its colours stays behind."""
    from PIL import ImageFilter

    width = max(1, round(min(mask.size) / 300))
    return mask.filter(ImageFilter.MaxFilter(2 * width + 1))


def _borrow(picture: Image, mask: Image, hole: Image) -> None:
    """Lay the texture of the best neighbouring place over a region, in the region's own tones."""
    box = _with_rim(mask)
    donors = [_at(box, shift) for shift in _shifts(box) if _inside(_at(box, shift), picture.size)]
    if not donors:
        return
    here, cut = picture.crop(box), mask.crop(box)
    donor = picture.crop(min(donors, key=lambda place: _unlikeness(picture, hole, box, place)))
    picture.paste(_toned(donor, here, cut), box, _feathered(cut))


def _toned(donor: Image, here: Image, cut: Image) -> Image:
    """The donor, with the difference between the two places on the rim spread over it.

    Only as far as tones go: where another thing meets the rim, its colour would spread as a stain.
    """
    from PIL import ImageChops

    difference = fill(ImageChops.subtract(here, donor, scale=2, offset=128), cut)
    difference = difference.point(
        [min(max(level, 128 - _TONE), 128 + _TONE) for level in range(256)] * 3
    )
    half = ImageChops.add(donor, difference, offset=-128)
    return ImageChops.add(half, difference, offset=-128)


def _feathered(cut: Image) -> Image:
    """A mask with a soft edge inside the region."""
    from PIL import ImageChops, ImageFilter

    soft = cut.filter(ImageFilter.GaussianBlur(max(1.0, min(cut.size) / 60)))
    return ImageChops.darker(cut, soft.point([max(0, 2 * level - 255) for level in range(256)]))


def _with_rim(mask: Image) -> Box:
    """The region's bounds with enough around it to know its surroundings."""
    left, top, right, bottom = mask.getbbox() or (0, 0, *mask.size)
    rim = max(4, min(mask.size) // 60)
    return (
        max(left - rim, 0),
        max(top - rim, 0),
        min(right + rim, mask.width),
        min(bottom + rim, mask.height),
    )


def _shifts(box: Box) -> Iterator[tuple[int, int]]:
    """Neighbouring places: beside first, for most pictures are layered from top to bottom."""
    width, height = box[2] - box[0], box[3] - box[1]
    for part in (1.0, 1.5, 0.8):
        yield round(width * part), 0
        yield -round(width * part), 0
    yield 0, -height
    yield 0, height


def _at(box: Box, shift: tuple[int, int]) -> Box:
    left, top, right, bottom = box
    return left + shift[0], top + shift[1], right + shift[0], bottom + shift[1]


def _inside(box: Box, size: tuple[int, int]) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]


def _unlikeness(picture: Image, hole: Image, box: Box, place: Box) -> float:
    """How badly a place serves: other things' holes in it, and other colours."""
    from PIL import ImageChops, ImageStat

    occupied = ImageStat.Stat(hole.crop(place)).mean[0]
    difference = ImageChops.difference(picture.crop(box), picture.crop(place))
    return 3 * occupied + sum(ImageStat.Stat(difference).mean)
