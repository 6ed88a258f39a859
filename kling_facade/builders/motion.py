"""The motion brush: which parts of a picture hold still, and which move where.

    brush = (
        MotionBrush.over("street.png")
        .hold(regions.box(0, 0, 400, 719, name="tree"))
        .move(regions.polygon(outline, name="car"), along=paths.line(by=(600, 0)))
    )
    ImageToVideo("street.png", motion_brush=brush, model="kling-v1-5", mode="pro")

Everything a person writes is in pixels from the **top left**. Kling counts from the **bottom
left**; `flip` turns one into the other and back, and nothing else does.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from io import BytesIO
from numbers import Integral
from typing import Any

from attrs import evolve, field, frozen

from ..catalog import Catalog
from ..errors import InvalidRequest
from . import paths, regions
from .geometry.points import Point, Size
from .geometry.simplify import Pixel
from .pictures.base64_text import Base64Text
from .pictures.picture import Picture, PictureSource
from .regions import Region, Remote
from .remarks import Remark
from .trajectory import Start, lay

__all__ = ["MotionBrush", "Move", "flip"]


def flip(point: Pixel, height: int) -> Pixel:
    """From pixels counted from the top to pixels counted from the bottom; its own inverse.

    Kling counts from the bottom left (VD0 to VD3). Whether its lowest row is 0 or 1 no source says;
    here it is 0.

    Args:
        point: Column and row of a pixel.
        height: Rows of the picture.
    """
    return (point[0], height - 1 - point[1])


@frozen
class Move:
    """A region on its way.

    Attributes:
        region: What moves.
        path: Where it goes: whole pixels from the top left, the first is the start.
        deviation: How far, in pixels, the path strays at most from the one that was drawn.
        drawn: How many points the drawing had.
        notes: What was changed, each a sentence.
        remarks: What is odd about the path.
    """

    region: Region
    path: tuple[Pixel, ...]
    deviation: float = 0.0
    drawn: int = 0
    notes: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def reach(self) -> float:
        """How far from its start the path gets, in pixels."""
        return max((math.dist(self.path[0], point) for point in self.path), default=0.0)


def _measured(picture: PictureSource | Size) -> Size:
    """A picture's width and height as displayed, or those two numbers themselves."""
    if isinstance(picture, tuple | list):
        whole = len(picture) == 2 and all(isinstance(side, Integral) for side in picture)
        if not whole or min(picture) < 1:
            raise InvalidRequest(
                f"{tuple(picture)!r} is not the size of a picture",
                hint="It is width and height in pixels, like (1280, 720).",
            )
        return int(picture[0]), int(picture[1])
    source = Picture.of(picture)
    size = source.size
    if size is None:
        raise InvalidRequest(
            f"the size of {source.label} can't be read from here",
            hint="Give a JPEG or PNG that is here, or its size: MotionBrush.over((1280, 720)).",
        )
    return size


@frozen
class MotionBrush:
    """What holds still and what moves, over a picture of one size. Each method gives a new brush.

    Attributes:
        size: Width and height of the picture as displayed.
        holds: The regions that hold still.
        moves: The regions that move, in Kling's order.
        catalog: The catalogue whose limits `move` keeps; the bundled one when ``None``.

    Raises:
        InvalidRequest: The picture's size can't be read, or has no pixels.
    """

    size: Size = field(converter=_measured)
    holds: tuple[Region, ...] = ()
    moves: tuple[Move, ...] = ()
    catalog: Catalog | None = field(default=None, kw_only=True, repr=False, eq=False)

    @classmethod
    def over(cls, picture: PictureSource | Size, *, catalog: Catalog | None = None) -> MotionBrush:
        """Start a brush over a picture. ``MotionBrush(picture)`` does the same.

        Args:
            picture: The picture, or just its width and height. It is measured as displayed: an EXIF
                turn counts.
            catalog: The catalogue that says how many points a path keeps; the bundled one when left
                out.

        Raises:
            InvalidRequest: The picture's size can't be read, or it is an address.
        """
        return cls(picture, catalog=catalog)

    def hold(self, region: Region, *, name: str = "") -> MotionBrush:
        """Let a region hold still. Several are united.

        Args:
            region: One of `kling_facade.builders.regions`.
            name: What messages call it.
        """
        return evolve(self, holds=(*self.holds, region.named(name) if name else region))

    def move(
        self,
        region: Region,
        *,
        along: paths.Path | Iterable[Point],
        start: Start | Point = "region",
        name: str = "",
    ) -> MotionBrush:
        """Move a region along a path.

        The path is laid onto the picture: it starts on the region, ends where it would leave the
        picture, and becomes at most as many whole points as the catalogue allows (77). Whatever was
        changed stands in `Move.notes` and in `ImageToVideo.problems()`.

        Args:
            region: One of `kling_facade.builders.regions`.
            along: One of `kling_facade.builders.paths`, or plain points.
            start: ``"region"`` shifts a path that starts elsewhere onto the region; ``"as drawn"``
                leaves it; a point shifts it there.
            name: What messages call the region.

        Raises:
            InvalidRequest: The region can't be drawn over this picture.
        """
        named = region.named(name) if name else region
        pixels = None if isinstance(named, Remote) else named.bitmap(self.size)
        most: int = (self.catalog or Catalog.bundled()).limit("path_points")[1]
        laid = lay(paths.path(along, most), self.size, pixels, start, most)
        move = Move(named, laid.pixels, laid.deviation, laid.drawn, laid.notes, laid.remarks)
        return evolve(self, moves=(*self.moves, move))

    @property
    def held(self) -> Region | None:
        """All that holds still as one region, or ``None``."""
        if not self.holds:
            return None
        first, *others = self.holds
        for other in others:
            first = first | other  # drawn once, when it is asked for its pixels
        return first

    @cached_property
    def static_mask(self) -> str | None:
        """What goes out as ``static_mask``: base64 of a PNG, an address, or ``None``."""
        return None if self.held is None else _mask(self.held, self.size, "held region")

    @cached_property
    def dynamic_masks(self) -> tuple[tuple[str, tuple[Pixel, ...]], ...]:
        """What goes out as ``dynamic_masks``: each mask, and its points from the bottom left."""
        height = self.size[1]
        return tuple(
            (
                _mask(move.region, self.size, f"moving region {number}"),
                tuple(flip(point, height) for point in move.path),
            )
            for number, move in enumerate(self.moves, 1)
        )

    @classmethod
    def from_wire(
        cls,
        static_mask: str | None = None,
        dynamic_masks: Sequence[Mapping[str, Any]] = (),
        *,
        size: Size | None = None,
    ) -> MotionBrush:
        """Read Kling's own form: a request that was sent, or masks that lie at addresses already.

        Args:
            static_mask: An address or base64.
            dynamic_masks: Mappings with ``mask`` and ``trajectories``, points from the bottom left.
            size: Width and height of the picture. Needed when all masks are addresses, because the
                points count from the bottom.

        Raises:
            InvalidRequest: Something is missing or can't be read; the masks' sizes differ.
            MissingExtra: A mask is base64 and Pillow is not installed.
        """
        held = _read_mask(static_mask, "held region") if static_mask else None
        moving = [_read_move(entry, number) for number, entry in enumerate(dynamic_masks, 1)]
        known = [
            r.pixels.size for r in (held, *(r for r, _ in moving)) if isinstance(r, regions.Painted)
        ]
        whole = size or next(iter(known), None)
        if whole is None:
            raise InvalidRequest(
                "the picture's size is not known, and Kling's points count from its bottom",
                hint="Give size=(width, height).",
            )
        moves = tuple(Move(r, tuple(flip(p, whole[1]) for p in points)) for r, points in moving)
        return cls(whole, () if held is None else (held,), moves)


def _mask(region: Region, size: Size, label: str) -> str:
    """A region as it goes out."""
    if isinstance(region, Remote):
        return region.url
    png = region.bitmap(size).png()
    return Base64Text(partial(BytesIO, png), len(png), f"mask of {region.name or label}")


def _read_mask(text: str, label: str) -> Region:
    """A mask from the wire: an address or base64."""
    if text.lower().startswith(("http://", "https://")):
        return regions.remote(text, name=label)
    full = text.text() if isinstance(text, Base64Text) else text
    try:
        return regions.painted(base64.b64decode(full, validate=True), name=label)
    except binascii.Error as error:
        raise InvalidRequest(
            f"{label}: its mask is neither an address nor base64: {error}"
        ) from None


def _read_move(entry: Mapping[str, Any], number: int) -> tuple[Region, list[Pixel]]:
    """A moving region from the wire, its points as they came."""
    label = f"moving region {number}"
    try:
        points = [(int(point["x"]), int(point["y"])) for point in entry["trajectories"]]
        return _read_mask(entry["mask"], label), points
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InvalidRequest):
            raise
        raise InvalidRequest(
            f"{label} can't be read: {error!r}",
            hint='It is {"mask": ..., "trajectories": [{"x": 0, "y": 0}, ...]}.',
        ) from None
