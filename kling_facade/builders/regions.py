"""Regions of a picture, for the motion brush.

    regions.box(40, 300, 420, 700)                  left, top, right, bottom
    regions.polygon([(10, 10), (200, 40), (90, 300)])
    regions.ellipse((640, 360), 80, 120)
    regions.painted("mask.png")                     white is selected
    regions.opaque("logo.png")                      what is not transparent
    car = body | wheels - window                    union, difference (and & for what both have)

Coordinates are pixels from the top left, as every picture tool has them: ``(0, 0)`` is the first
pixel. A pixel belongs to a region when its coordinates lie inside the outline or on it. With
``relative=True`` they are fractions of the picture: 0 is the first pixel, 1 the last.

A region does not know its picture; `MotionBrush` does. What lies outside the picture is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast

from attrs import evolve, field, frozen

from ..errors import InvalidRequest
from .geometry.bitmap import Bitmap
from .geometry.points import Columns, Point, columns, scaled
from .geometry.rasterize import FillRule, ellipse_spans, polygon_spans
from .pictures.picture import Picture, PictureSource, need_pillow

if TYPE_CHECKING:
    from PIL.Image import Image

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

Size: TypeAlias = tuple[int, int]
Drawing: TypeAlias = tuple[Bitmap, tuple[str, ...]]
"""A region's pixels, and remarks about them."""


def _short(points: tuple[Point, ...]) -> str:
    """Few points in full, many by their number."""
    return repr(points) if len(points) <= 6 else f"<{len(points)} points>"


def _columns(points: Iterable[Point]) -> Columns:
    xs, ys = zip(*points, strict=True)
    return list(xs), list(ys)


class ArrayLike(Protocol):
    """A two-dimensional array that tells its memory's shape: numpy's interface, without numpy."""

    @property
    def __array_interface__(self) -> dict[str, Any]: ...


@frozen(kw_only=True)
class Region:
    """A part of a picture. Made by the functions of this module.

    Attributes:
        name: What messages call it.
    """

    name: str = ""
    _drawn: dict[Size, Drawing] = field(factory=dict, init=False, repr=False, eq=False)

    def bitmap(self, size: Size) -> Bitmap:
        """Its pixels in a picture of a size. Drawn once.

        Raises:
            InvalidRequest: It can't be drawn at this size.
        """
        return self._drawing(size)[0]

    def mask(self, size: Size) -> Image:
        """Its pixels as a Pillow image of mode ``L``: 255 where selected, 0 elsewhere.

        Raises:
            MissingExtra: Pillow is not installed.
        """
        return self.bitmap(size).image()

    def advice(self, size: Size) -> list[str]:
        """What a person may want to know about it, in a picture of a size, each a sentence."""
        return list(self._drawing(size)[1])

    def _drawing(self, size: Size) -> Drawing:
        if size not in self._drawn:
            self._drawn[size] = self._draw(size)
        return self._drawn[size]

    def _draw(self, size: Size) -> Drawing:
        raise NotImplementedError

    def named(self, name: str) -> Region:
        """The same region under a name."""
        return evolve(self, name=name)

    def __or__(self, other: Region) -> Region:
        return Combined("|", self, other, name=self.name or other.name)

    def __and__(self, other: Region) -> Region:
        return Combined("&", self, other, name=self.name)

    def __sub__(self, other: Region) -> Region:
        return Combined("-", self, other, name=self.name)


@frozen
class Polygon(Region):
    """The inside of a closed outline.

    Attributes:
        points: The corners; the last is joined to the first.
        relative: Whether they are fractions of the picture.
        fill: What is inside where the outline crosses itself.
    """

    points: tuple[Point, ...] = field(repr=_short)
    relative: bool = field(default=False, kw_only=True)
    fill: FillRule = field(default="evenodd", kw_only=True)

    def _draw(self, size: Size) -> Drawing:
        corners = scaled(_columns(self.points), size, self.relative)
        spans, crosses = polygon_spans(corners, size[1], self.fill)
        effect = (
            "parts covered twice are left out, and fill='nonzero' fills them"
            if self.fill == "evenodd"
            else "everything inside is filled"
        )
        advice = f"Its outline crosses itself: {effect}. Were two corners swapped?"
        return Bitmap.from_spans(size, spans), (advice,) if crosses else ()


@frozen
class Box(Region):
    """An upright rectangle, edges included.

    Attributes:
        left: First column.
        top: First row.
        right: Last column.
        bottom: Last row.
        relative: Whether they are fractions of the picture.
    """

    left: float
    top: float
    right: float
    bottom: float
    relative: bool = field(default=False, kw_only=True)

    def _draw(self, size: Size) -> Drawing:
        sides = [self.left, self.right], [self.top, self.bottom]
        (left, right), (top, bottom) = scaled(sides, size, self.relative)
        rows = range(max(math.ceil(top), 0), min(math.floor(bottom), size[1] - 1) + 1)
        spans = ((y, math.ceil(left), math.floor(right)) for y in rows)
        return Bitmap.from_spans(size, spans), ()


@frozen
class Ellipse(Region):
    """An upright ellipse, edge included.

    Attributes:
        centre: Its centre.
        radii: Half its width and half its height.
        relative: Whether all are fractions of the picture, each of its own side.
    """

    centre: Point
    radii: Point
    relative: bool = field(default=False, kw_only=True)

    def _draw(self, size: Size) -> Drawing:
        (cx, rx), (cy, ry) = scaled(_columns((self.centre, self.radii)), size, self.relative)
        return Bitmap.from_spans(size, ellipse_spans((cx, cy), (rx, ry), size[1])), ()


@frozen
class Painted(Region):
    """A mask that was painted elsewhere. Its size must be the picture's.

    Attributes:
        pixels: The mask.
        origin: Where it comes from, for messages.
    """

    pixels: Bitmap
    origin: str

    def _draw(self, size: Size) -> Drawing:
        if self.pixels.size != tuple(size):
            raise InvalidRequest(
                f"{self.name or 'the region'}: the mask {self.origin} is "
                f"{_sides(self.pixels.size)}, the picture {_sides(size)}",
                hint="Paint it at the picture's size (as displayed), or scale it with nearest "
                "neighbour.",
            )
        return self.pixels, ()


@frozen
class Remote(Region):
    """A mask at an address. Kling fetches it; here nobody knows what is in it.

    Attributes:
        url: Its address.
    """

    url: str

    def _draw(self, size: Size) -> Drawing:
        raise InvalidRequest(
            f"{self.name or 'the region'}: its mask is at an address and was not fetched",
            hint="Download it and use regions.painted(file).",
        )


@frozen
class Combined(Region):
    """Two regions put together.

    Attributes:
        operator: ``"|"`` for what either has, ``"-"`` for what only the first has, ``"&"`` for what
            both have.
        first: A region.
        second: Another.
    """

    operator: str
    first: Region
    second: Region

    def _draw(self, size: Size) -> Drawing:
        (first, remarks), (second, more) = self.first._drawing(size), self.second._drawing(size)
        return _OPERATORS[self.operator](first, second), (*remarks, *more)


_OPERATORS: Final[dict[str, Callable[[Bitmap, Bitmap], Bitmap]]] = {
    "|": Bitmap.__or__,
    "-": Bitmap.__sub__,
    "&": Bitmap.__and__,
}


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
        InvalidRequest: Fewer than three different corners, or a coordinate that is no number.
    """
    corners = tuple(zip(*columns(points, _called("polygon", name)), strict=True))
    if len(set(corners)) < 3:
        raise InvalidRequest(
            f"{_called('polygon', name)} has {len(set(corners))} different corners",
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
        InvalidRequest: A radius is not above zero, or something is no number.
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
    if hasattr(mask, "__array_interface__") and not hasattr(mask, "getexif"):
        from .geometry.arrays import bitmap_of

        return Painted(bitmap_of(cast("ArrayLike", mask), threshold), "array", name=name)
    picture = Picture.of(cast("PictureSource", mask))
    image = _opened(picture)
    if "A" in image.getbands() or "transparency" in image.info:
        # Transparent parts of a mask are not painted, whatever colour lies under them.
        rgba = image.convert("RGBA")
        image = rgba.convert("L")
        image.paste(0, mask=rgba.getchannel("A").point(lambda value: 255 * (value < 128)))
    return Painted(_thresholded(image.convert("L"), threshold), picture.label, name=name)


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
    if "A" not in image.getbands() and "transparency" not in image.info:
        raise InvalidRequest(
            f"{source.label} has no transparency",
            hint="For a mask in black and white use painted().",
        )
    alpha = image.convert("RGBA").getchannel("A")
    return Painted(_thresholded(alpha, threshold), source.label, name=name)


def remote(url: str, *, name: str = "") -> Region:
    """A mask at an address, for Kling to fetch. It can't be checked or shown here.

    Args:
        url: Where it lies.
        name: What messages call it.

    Raises:
        InvalidRequest: It is no http(s) address.
    """
    picture = Picture.of(url)
    if picture.url is None:
        raise InvalidRequest(f"{url!r} is no http(s) address", hint="For a file use painted().")
    return Remote(picture.url, name=name)


def _check_threshold(threshold: int) -> None:
    if not 1 <= threshold <= 255:
        raise InvalidRequest(f"a threshold of {threshold}", hint="It is from 1 to 255.")


def _opened(picture: Picture) -> Image:
    """The decoded picture as displayed."""
    need_pillow("reading a painted mask")
    from .pictures.decode import decoded

    return decoded(picture)


def _thresholded(grey: Image, threshold: int) -> Bitmap:
    return Bitmap.from_bytes(grey.size, grey.tobytes(), threshold)


def _called(shape: str, name: str) -> str:
    return f"the {shape} {name!r}" if name else f"the {shape}"


def _sides(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
