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
    """Lay the texture of neighbouring places over a region, in the region's own tones.

    It goes band by band from the top: most pictures are layered, so each band finds its like beside
    itself, sky for sky and grass for grass.
    """
    from PIL import ImageChops

    source = picture.copy()
    for box, lap in _bands(mask):
        here, cut = source.crop(box), mask.crop(box)
        known = ImageChops.invert(hole.crop(box))
        donors = list(_donors(source, hole, box))
        if donors and cut.getbbox():
            donor, _ = min(donors, key=lambda one: one[1] + _unlikeness(here, one[0], known))
            picture.paste(_toned(donor, here, cut), box, _edged(cut, lap))


def _bands(mask: Image) -> Iterator[tuple[Box, int]]:
    """Boxes that cover a region from the top to the bottom, and how far each laps over the last."""
    left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
    rim, height = max(3, mask.height // 24), max(8, mask.height // 7)
    left, right = max(left - rim, 0), min(right + rim, mask.width)
    for start in range(top, bottom, height):
        lap = 0 if start == top else height // 3
        yield (left, start - lap, right, min(start + height, bottom)), lap


def _donors(source: Image, hole: Image, box: Box) -> Iterator[tuple[Image, float]]:
    """Neighbouring places and their mirror images, each with how much of it is a hole itself."""
    from PIL import ImageOps, ImageStat

    width, height = box[2] - box[0], box[3] - box[1]
    across = [(round(width * step / 4) * side, 0) for step in range(2, 13) for side in (1, -1)]
    for dx, dy in [*across, (0, height), (0, -height)]:
        place = (box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy)
        if (
            place[0] >= 0
            and place[1] >= 0
            and place[2] <= source.width
            and place[3] <= source.height
        ):
            donor, occupied = source.crop(place), 4 * ImageStat.Stat(hole.crop(place)).mean[0]
            yield donor, occupied
            yield ImageOps.mirror(donor), occupied


def _unlikeness(here: Image, donor: Image, known: Image) -> float:
    """How differently a place looks: where this one is known exactly, elsewhere roughly."""
    from PIL import ImageChops, ImageStat

    coarse = max(1, min(here.size) // 16)  # enough to compare, and a fraction of the work
    here, donor, known = (image.reduce(coarse) for image in (here, donor, known))
    difference = ImageChops.difference(here, donor)
    rim = sum(ImageStat.Stat(difference, known).mean) if known.getbbox() else 0.0
    return 2 * rim + sum(ImageStat.Stat(difference).mean)


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


def _edged(cut: Image, lap: int) -> Image:
    """A mask with a soft edge inside the region, faded in where it laps over the band above."""
    from PIL import Image, ImageChops, ImageFilter

    soft = cut.filter(ImageFilter.GaussianBlur(max(1.0, cut.height / 30)))
    edged = ImageChops.darker(cut, soft.point([max(0, 2 * level - 255) for level in range(256)]))
    if lap:
        ramp = Image.new("L", cut.size, 255)
        ramp.paste(Image.linear_gradient("L").resize((cut.width, lap)), (0, 0))
        edged = ImageChops.multiply(edged, ramp)
    return edged
