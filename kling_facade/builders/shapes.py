"""The kinds of region: each knows its pixels in a picture of a size, and what is odd about them.

`kling_facade.builders.regions` has the functions that make them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import evolve, field, frozen

from ..errors import InvalidRequest
from .geometry.bitmap import Bitmap
from .geometry.points import Columns, Point, Size, scaled
from .geometry.rasterize import FillRule, ellipse_spans, polygon_bitmap
from .pictures.pillow import need_pillow
from .remarks import (
    Bounds,
    Remark,
    about_shape,
    why_no_pixels,
)

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "Box",
    "Combined",
    "Ellipse",
    "Painted",
    "Polygon",
    "Region",
    "Remote",
    "Shape",
]

Drawing: TypeAlias = tuple[Bitmap, tuple[Remark, ...]]
"""A region's pixels, and remarks about them."""


def _short(points: tuple[Point, ...]) -> str:
    """Few points in full, many by their number."""
    return repr(points) if len(points) <= 6 else f"<{len(points)} points>"


def _columns(points: Sequence[Point]) -> Columns:
    # Of hundreds of thousands: zip(*points) takes ten times as long.
    return [x for x, _ in points], [y for _, y in points]


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
        return self.drawing(size)[0]

    def mask(self, size: Size) -> Image:
        """Its pixels as a Pillow image of mode ``L``: 255 where selected, 0 elsewhere.

        Raises:
            MissingExtra: Pillow is not installed.
        """
        need_pillow("a mask as a picture")
        from PIL import Image

        return Image.frombytes("1", size, self.bitmap(size).data).convert("L")

    def advice(self, size: Size) -> list[str]:
        """What a person may want to know about it, in a picture of a size, each a sentence."""
        return [remark.text for remark in self.drawing(size)[1]]

    def why_empty(self, size: Size) -> str:
        """Why it has no pixels in a picture of a size, where it lies, and what to write instead."""
        return f"Nothing of it is in the picture ({_sides(size)})."

    def drawing(self, size: Size) -> Drawing:
        """Its pixels in a picture of a size, with remarks about them. Drawn once.

        Raises:
            InvalidRequest: It can't be drawn at this size.
        """
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

    def __invert__(self) -> Region:
        whole = Box(0, 0, 1, 1, relative=True)
        return Combined("-", whole, self, name=f"all but {self.name}" if self.name else "")


@frozen
class Shape(Region):
    """A region given by coordinates.

    Attributes:
        relative: Whether they are fractions of the picture.
    """

    relative: bool = field(default=False, kw_only=True)

    def why_empty(self, size: Size) -> str:
        """Where it lies instead of in the picture."""
        return why_no_pixels(self._bounds(size), size, self.relative)

    def _bounds(self, size: Size) -> Bounds:
        raise NotImplementedError


@frozen
class Polygon(Shape):
    """The inside of a closed outline.

    Attributes:
        points: The corners; the last is joined to the first.
        relative: Whether they are fractions of the picture.
        fill: What is inside where the outline crosses itself.
    """

    points: tuple[Point, ...] = field(repr=_short)
    fill: FillRule = field(default="evenodd", kw_only=True)

    def _draw(self, size: Size) -> Drawing:
        corners = scaled(_columns(self.points), size, self.relative)
        pixels, crosses = polygon_bitmap(corners, size, self.fill)
        effect = (
            "parts covered twice are left out, and fill='nonzero' fills them"
            if self.fill == "evenodd"
            else "everything inside is filled"
        )
        crossing = Remark(
            "crossing", f"Its outline crosses itself: {effect}. Were two corners swapped?"
        )
        fractions = about_shape(self._bounds(size), self.relative)
        return pixels, (*fractions, *([crossing] if crosses else []))

    def _bounds(self, size: Size) -> Bounds:
        xs, ys = scaled(_columns(self.points), size, self.relative)
        return min(xs), min(ys), max(xs), max(ys)


@frozen
class Box(Shape):
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

    def _bounds(self, size: Size) -> Bounds:
        sides = [self.left, self.right], [self.top, self.bottom]
        (left, right), (top, bottom) = scaled(sides, size, self.relative)
        return left, top, right, bottom

    def _draw(self, size: Size) -> Drawing:
        left, top, right, bottom = bounds = self._bounds(size)
        rows = range(max(math.ceil(top), 0), min(math.floor(bottom), size[1] - 1) + 1)
        spans = ((y, math.ceil(left), math.floor(right)) for y in rows)
        return Bitmap.from_spans(size, spans), about_shape(bounds, self.relative)


@frozen
class Ellipse(Shape):
    """An upright ellipse, edge included.

    Attributes:
        centre: Its centre.
        radii: Half its width and half its height.
        relative: Whether all are fractions of the picture, each of its own side.
    """

    centre: Point
    radii: Point

    def _draw(self, size: Size) -> Drawing:
        (cx, rx), (cy, ry) = scaled(_columns((self.centre, self.radii)), size, self.relative)
        spans = ellipse_spans((cx, cy), (rx, ry), size[1])
        return Bitmap.from_spans(size, spans), about_shape(self._bounds(size), self.relative)

    def _bounds(self, size: Size) -> Bounds:
        (cx, rx), (cy, ry) = scaled(_columns((self.centre, self.radii)), size, self.relative)
        return cx - rx, cy - ry, cx + rx, cy + ry


@frozen
class Painted(Region):
    """A mask that was painted elsewhere. Its size must be the picture's.

    Attributes:
        pixels: The mask.
        origin: Where it comes from, for messages.
        remarks: What is odd about it.
        reason: Why it selects nothing, if so.
    """

    pixels: Bitmap
    origin: str
    remarks: tuple[Remark, ...] = field(default=(), repr=False)
    reason: str = field(default="", repr=False)

    def _draw(self, size: Size) -> Drawing:
        if self.pixels.size != tuple(size):
            raise InvalidRequest(
                f"{self.name or 'the region'}: the mask {self.origin} is "
                f"{_sides(self.pixels.size)}, the picture {_sides(size)}",
                hint="Paint it at the picture's size (as displayed), or scale it with nearest "
                "neighbour.",
            )
        return self.pixels, self.remarks

    def why_empty(self, size: Size) -> str:
        """Why nothing is painted."""
        return self.reason or super().why_empty(size)


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
        *_, (_, drawing) = self._parts(size)
        return drawing

    def why_empty(self, size: Size) -> str:
        """Which of its parts is empty, or that nothing is left of the first."""
        empty = {id(part): not pixels.count for part, (pixels, _) in self._parts(size)}
        region: Region = self
        while isinstance(region, Combined):
            needed = (region.first,) if region.operator == "-" else (region.first, region.second)
            inner = next((part for part in needed if empty[id(part)]), None)
            if inner is None:
                return _NOTHING_LEFT[region.operator]
            region = inner
        return region.why_empty(size)

    def _parts(self, size: Size) -> Iterator[tuple[Region, Drawing]]:
        """Each region in it with its drawing, inner ones first and itself last.

        A loop and not a recursion: regions that a program joins one by one are nested as deeply as
        there are of them, deeper than Python's stack.
        """
        left: list[tuple[Region, bool]] = [(self, False)]
        drawn: list[Drawing] = []
        while left:
            region, parts_drawn = left.pop()
            if not isinstance(region, Combined):
                drawn.append(region.drawing(size))
            elif parts_drawn:
                (second, more), (first, remarks) = drawn.pop(), drawn.pop()
                drawn.append((_OPERATORS[region.operator](first, second), (*remarks, *more)))
            else:
                left += [(region, True), (region.second, False), (region.first, False)]
                continue
            yield region, drawn[-1]


_NOTHING_LEFT: Final = {
    "-": "Nothing is left of it: what is taken out covers all of it.",
    "&": "Nothing is left of it: the two regions have no pixel in common.",
}

_OPERATORS: Final[dict[str, Callable[[Bitmap, Bitmap], Bitmap]]] = {
    "|": Bitmap.__or__,
    "-": Bitmap.__sub__,
    "&": Bitmap.__and__,
}


def _sides(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
