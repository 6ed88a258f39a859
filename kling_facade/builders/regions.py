"""Regions of a picture, for the motion brush.

    regions.box(40, 300, 420, 700)                  left, top, right, bottom
    regions.polygon([(10, 10), (200, 40), (90, 300)])
    regions.ellipse((640, 360), 80, 120)
    regions.painted("mask.png")                     white is selected
    regions.opaque("logo.png")                      what is not transparent
    car = body | wheels - window                    union, difference (and & for what both have)
    ~car                                            all but the car

Coordinates are pixels from the top left, as every picture tool has them: ``(0, 0)`` is the first
pixel. A pixel belongs to a region when its coordinates lie inside the outline or on it. With
``relative=True`` they are fractions of the picture: 0 is the first pixel, 1 the last.

A region does not know its picture; `MotionBrush` does. What lies outside the picture is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from ..errors import InvalidRequest
from .geometry.arrays import ArrayLike, grey_values, is_array
from .geometry.bitmap import Bitmap
from .geometry.points import Point, Size, columns
from .geometry.rasterize import FillRule
from .near_names import helpful_getattr
from .pictures.picture import Picture, PictureSource
from .pictures.pillow import alpha_of, need_pillow
from .remarks import (
    about_mask,
    why_nothing_is_painted,
)
from .shapes import Box, Combined, Ellipse, Painted, Polygon, Region, Remote

if TYPE_CHECKING:
    from PIL.Image import Image

_NUMBERS = ("F", "I")
"""Pillow's modes of plain numbers. Such an image is read as an array is."""

_NOT_IN_PNG = ("CMYK", "YCbCr", "LAB", "HSV")
"""Pillow's modes of colours that a PNG can't hold."""

__all__ = [
    "ArrayLike",
    "Box",
    "Combined",
    "Ellipse",
    "Painted",
    "Polygon",
    "Region",
    "Remote",
    "box",
    "ellipse",
    "opaque",
    "painted",
    "polygon",
    "remote",
]

if not TYPE_CHECKING:  # for type checkers a wrong name stays an error
    __getattr__ = helpful_getattr(
        "kling_facade.regions",
        __all__,
        {
            "rect": "box",
            "rectangle": "box",
            "bbox": "box",
            "square": "box",
            "circle": "ellipse",
            "oval": "ellipse",
            "lasso": "polygon",
            "outline": "polygon",
            "contour": "polygon",
            "mask": "painted",
            "image": "painted",
            "array": "painted",
            "bitmap": "painted",
            "alpha": "opaque",
            "cutout": "opaque",
            "transparent": "opaque",
            "url": "remote",
            "address": "remote",
            "whole": "box(0, 0, 1, 1, relative=True)",
            "full": "box(0, 0, 1, 1, relative=True)",
            "invert": "~region",
            "union": "one | other",
            "difference": "one - other",
            "intersection": "one & other",
        },
    )


def box(
    left: float, top: float, right: float, bottom: float, *, relative: bool = False, name: str = ""
) -> Region:
    """An upright rectangle, edges included: ``box(0, 0, 9, 9)`` has a hundred pixels.

    Args:
        left: First column.
        top: First row.
        right: Last column.
        bottom: Last row.
        relative: Whether these are fractions of the picture.
        name: What messages call it.

    Raises:
        InvalidRequest: A side is not a number, or right is left of left, or bottom above top.
    """
    (left, right), (top, bottom) = columns([(left, top), (right, bottom)], _called("box", name))
    if right < left or bottom < top:
        raise InvalidRequest(
            f"{_called('box', name)} has its sides the wrong way round: "
            f"left {left:g}, top {top:g}, right {right:g}, bottom {bottom:g}",
            hint="The order is left, top, right, bottom. For a width add it: box(x, y, x + w, y + "
            "h).",
        )
    return Box(left, top, right, bottom, relative=relative, name=name)


def polygon(
    points: Iterable[Point], *, relative: bool = False, fill: FillRule = "evenodd", name: str = ""
) -> Region:
    """The inside of an outline, drawn by its corners or as a lasso of any number of points.

    Args:
        points: At least three; the last is joined to the first. Any iterable of pairs, an array
            too.
        relative: Whether they are fractions of the picture.
        fill: Where the outline crosses itself, ``"evenodd"`` leaves out what is covered twice (as
            Pillow, OpenCV and scikit-image do), ``"nonzero"`` fills it (as SVG does).
        name: What messages call it.

    Raises:
        InvalidRequest: Fewer than three different corners, or a coordinate that is not a number.
    """
    corners = tuple(zip(*columns(points, _called("polygon", name)), strict=True))
    different: set[Point] = set()
    for corner in corners:  # a lasso has hundreds of thousands, and the first three are enough
        different.add(corner)
        if len(different) == 3:
            break
    if len(different) < 3:
        raise InvalidRequest(
            f"{_called('polygon', name)} has {len(different)} different corners",
            hint="It takes at least three.",
        )
    if fill not in ("evenodd", "nonzero"):
        raise InvalidRequest(f"fill is 'evenodd' or 'nonzero', not {fill!r}")
    return Polygon(corners, relative=relative, fill=fill, name=name)


def ellipse(
    centre: Point,
    radius_x: float,
    radius_y: float | None = None,
    *,
    relative: bool = False,
    name: str = "",
) -> Region:
    """An upright ellipse or a circle, edge included.

    Args:
        centre: Its centre.
        radius_x: Half its width.
        radius_y: Half its height; the same when left out. With ``relative`` that is the same
            *fraction*, of the height.
        relative: Whether all are fractions of the picture.
        name: What messages call it.

    Raises:
        InvalidRequest: A radius is not above zero, or something is not a number.
    """
    radii = (radius_x, radius_x if radius_y is None else radius_y)
    pairs = columns([centre, radii], _called("ellipse", name))
    middle, checked_radii = zip(*pairs, strict=True)
    if min(checked_radii) <= 0:
        raise InvalidRequest(
            f"{_called('ellipse', name)} has a radius of {min(checked_radii):g}",
            hint="Radii are above zero.",
        )
    return Ellipse(middle, checked_radii, relative=relative, name=name)


def painted(mask: PictureSource | ArrayLike, *, threshold: int = 128, name: str = "") -> Region:
    """A mask that was painted: light pixels are selected.

    Args:
        mask: A picture (anything that is one elsewhere, but no address), or a two-dimensional array
            of booleans or of numbers from 0 to 255.
        threshold: Pixels at least this light are selected, 1 to 255. For an array of booleans
            ``True`` is.
        name: What messages call it.

    Raises:
        InvalidRequest: It is neither, or has another shape.
        MissingExtra: It is a picture and Pillow is not installed.
    """
    _check_threshold(threshold)
    mode = getattr(mask, "mode", None)
    if is_array(mask) or mode in _NUMBERS:
        size, grey = grey_values(cast("ArrayLike", mask))
        return _painted(size, grey, None, threshold, "array", "mask", name)
    if isinstance(mask, Mapping | list):
        raise InvalidRequest(
            f"a {type(mask).__name__} can't be read as a mask",
            hint="Of an annotation of SAM give annotation['segmentation'], of lists "
            "numpy.array(lists, bool).",
        )
    if mode in _NOT_IN_PNG:
        mask = cast("Image", mask).convert("RGB")
    picture = Picture.of(cast("PictureSource", mask))
    image = _opened(picture)
    cover = alpha_of(image)
    # Pillow warns when it turns a transparent palette straight into grey.
    image = (image if cover is None else image.convert("RGBA").convert("RGB")).convert("L")
    if cover is not None:
        # Transparent parts of a mask are not painted, whatever colour lies under them.
        image.paste(0, mask=cover.point(lambda value: 255 * (value < 128)))
    alpha = None if cover is None else cover.tobytes()
    source = "image" if picture.path is None else repr(picture.label)
    return _painted(image.size, image.tobytes(), alpha, threshold, picture.label, source, name)


def _painted(
    size: Size,
    grey: bytes,
    alpha: bytes | None,
    threshold: int,
    origin: str,
    source: str,
    name: str,
) -> Painted:
    """A mask from its grey values, with what is odd about them."""
    pixels = Bitmap.from_bytes(size, grey, threshold)
    reason = "" if pixels.count else why_nothing_is_painted(grey, alpha, threshold, source)
    return Painted(pixels, origin, about_mask(grey, alpha, source), reason, name=name)


def opaque(picture: PictureSource, *, threshold: int = 128, name: str = "") -> Region:
    """What is not transparent in a cut-out picture: its alpha channel as a mask.

    Args:
        picture: A picture with an alpha channel, as large as the one that moves.
        threshold: Pixels at least this opaque are selected, 1 to 255.
        name: What messages call it.

    Raises:
        InvalidRequest: It has no transparency.
        MissingExtra: Pillow is not installed.
    """
    _check_threshold(threshold)
    source = Picture.of(picture)
    image = _opened(source)
    alpha = alpha_of(image)
    if alpha is None:
        raise InvalidRequest(
            f"{source.label} has no transparency",
            hint="For a mask in black and white use painted().",
        )
    pixels = Bitmap.from_bytes(alpha.size, alpha.tobytes(), threshold)
    reason = "" if pixels.count else "It is transparent all over: nothing of it is opaque."
    return Painted(pixels, source.label, (), reason, name=name)


def remote(url: str, *, name: str = "") -> Region:
    """A mask at an address, for Kling to fetch. It can't be checked or shown here.

    Args:
        url: Where it lies.
        name: What messages call it.

    Raises:
        InvalidRequest: It is not an http(s) address.
    """
    picture = Picture.of(url)
    if picture.url is None:
        raise InvalidRequest(f"{url!r} is not an http(s) address", hint="For a file use painted().")
    return Remote(picture.url, name=name)


def _check_threshold(threshold: int) -> None:
    if not 1 <= threshold <= 255:
        raise InvalidRequest(f"a threshold of {threshold}", hint="It is from 1 to 255.")


def _opened(picture: Picture) -> Image:
    """The decoded picture as displayed."""
    need_pillow("reading a painted mask")
    from .pictures.decode import decoded

    return decoded(picture)


def _called(shape: str, name: str) -> str:
    return f"the {shape} {name!r}" if name else f"the {shape}"
