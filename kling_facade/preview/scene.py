"""Frames of a request: its picture under a camera move or a motion brush, at any moment.

Two users share this module: the preview shows what a request asks for, and the sandbox films it.
What the camera does is worked out in `camera_view`. Under a motion brush the moving regions follow
their paths at constant speed, what they uncover is filled from around it, the held region stays on
top exactly as it was, and the rest drifts a little, so that holding can be seen.

Coordinates of masks and paths are pixels from the **top left**.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ..builders.geometry.points import Point, Size
from ..builders.pictures.pillow import need_pillow
from .camera_view import CameraLike, CameraPath, View, WireMove, ease, fit_size
from .drawing import opaque
from .inpainting import heal

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "Brush",
    "CameraPath",
    "MovingRegion",
    "Scene",
    "WireMove",
    "fit_size",
    "point_along",
]

_MOMENTS = 12  # looked at to find the resolution that a move needs


@frozen(eq=False)
class MovingRegion:
    """A region and the way it goes.

    Attributes:
        mask: ``L`` image, white where the region is; as large as its brush says.
        path: Points in pixels of the mask from its top left; the first is the start.
    """

    mask: Image
    path: tuple[Point, ...]


@frozen(eq=False)
class Brush:
    """A motion brush as masks.

    Attributes:
        size: Width and height in pixels that masks and paths are drawn in.
        held: ``L`` image, white where the picture stays as it is, or ``None``.
        moving: The moving regions, the first at the back.
    """

    size: Size
    held: Image | None = None
    moving: tuple[MovingRegion, ...] = ()

    @classmethod
    def of(cls, brush: Any) -> Brush:
        """The masks of a builder's `MotionBrush`; a `Brush` is given back as it is."""
        if isinstance(brush, cls):
            return brush
        size = (int(brush.size[0]), int(brush.size[1]))
        held = brush.held.mask(size) if brush.held is not None else None
        moving = [MovingRegion(move.region.mask(size), tuple(move.path)) for move in brush.moves]
        return cls(size, held, tuple(moving))


def point_along(path: Sequence[Point], t: float) -> Point:
    """The place on a path after the part ``t`` (0..1) of its length; constant speed.

    Args:
        path: At least one point.
        t: 0 is the first point, 1 the last.
    """
    lengths = [math.dist(start, end) for start, end in pairwise(path)]
    left = sum(lengths) * min(max(t, 0.0), 1.0)
    for (start, end), length in zip(pairwise(path), lengths, strict=True):
        if left <= length and length > 0:
            part = left / length
            return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part
        left -= length
    return path[-1]


class Scene:
    """A picture that can be looked at in time.

    Args:
        picture: The picture; any mode.
        size: Width and height of the frames in pixels.
        camera: The camera move, or ``None``.
        brush: A builder's motion brush or a `Brush`, or ``None``.
        tail: The picture that the film ends with, or ``None``.

    Raises:
        MissingExtra: When Pillow is not installed.

    Example:
        >>> from PIL import Image
        >>> scene = Scene(Image.new("RGB", (640, 360)), (320, 180), camera=WireMove("forward_up"))
        >>> scene.frame(1.0).size
        (320, 180)
    """

    def __init__(
        self,
        picture: Image,
        size: Size,
        *,
        camera: CameraLike | None = None,
        brush: Any = None,
        tail: Image | None = None,
    ) -> None:
        self.size = size
        self.path: CameraPath = CameraPath(camera, size[0] / size[1])
        self._picture = _working_copy(picture, size, self.path)
        self._brush = _Layers(self._picture, size, Brush.of(brush)) if brush is not None else None
        self._tail = _cover(tail, size) if tail is not None else None

    def frame(self, t: float) -> Image:
        """The ``RGB`` frame at time ``t`` (0..1)."""
        if self._tail is not None and t >= 1:
            return self._tail.copy()
        if self._brush is not None:
            frame = self._brush.frame(t, self.path.view(t))
        else:
            frame = self.path.view(t).render(self._picture, self.size)
        return _dissolve(frame, self._tail, t) if self._tail is not None else frame

    def frames(self, count: int) -> Iterable[Image]:
        """``count`` frames over the whole time, the first at 0 and the last at 1."""
        for index in range(count):
            yield self.frame(index / max(count - 1, 1))


def _dissolve(frame: Image, tail: Image, t: float) -> Image:
    from PIL import Image

    return Image.blend(frame, tail, ease(t))


def _working_copy(picture: Image, size: Size, path: CameraPath) -> Image:
    """The picture in the resolution that the nearest view needs, and not more."""
    need_pillow("drawing")
    from PIL.Image import Resampling

    nearest = max(path.view(step / _MOMENTS).magnification for step in range(_MOMENTS + 1))
    scale = max(1.0, min(nearest, picture.width / size[0], picture.height / size[1]))
    working = (round(size[0] * scale), round(size[1] * scale))
    return opaque(picture).resize(working, Resampling.LANCZOS, reducing_gap=3.0)


def _cover(picture: Image, size: Size) -> Image:
    """Fill a frame with a picture, cut where the shapes differ."""
    from PIL import ImageOps
    from PIL.Image import Resampling

    return ImageOps.fit(opaque(picture), size, Resampling.LANCZOS)


class _Layers:
    """A picture cut along a motion brush: background, moving regions, held region on top."""

    def __init__(self, picture: Image, size: Size, brush: Brush) -> None:
        from PIL.Image import Resampling

        self._size = size
        self._still = picture.resize(size, Resampling.LANCZOS)
        self._held = _resized(brush.held, size) if brush.held is not None else None
        self._scale = size[0] / brush.size[0], size[1] / brush.size[1]
        self._moving = [(_resized(move.mask, size), move.path) for move in brush.moving]
        masks = [mask for mask, _ in self._moving] + ([self._held] if self._held else [])
        self._ground = heal(self._still, masks)

    def frame(self, t: float, view: View) -> Image:
        if t <= 0:
            return self._still.copy()
        frame = view.render(self._ground, self._size)
        for mask, path in self._moving:
            self._paste(frame, mask, path, t)
        if self._held is not None:
            frame.paste(self._still, mask=self._held)
        return frame

    def _paste(self, frame: Image, mask: Image, path: Sequence[Point], t: float) -> None:
        """Put a region where its path has led it, to a fraction of a pixel."""
        from PIL.Image import Resampling, Transform

        box = mask.getbbox()
        if box is None:
            return
        (x0, y0), (x, y) = path[0], point_along(path, t)
        dx, dy = (x - x0) * self._scale[0], (y - y0) * self._scale[1]
        left, top = math.floor(dx), math.floor(dy)
        # One pixel of margin takes up the fraction of a pixel.
        box = (box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1)
        shift = (1, 0, left - dx, 0, 1, top - dy)
        size = (box[2] - box[0], box[3] - box[1])
        cut = self._still.crop(box).transform(size, Transform.AFFINE, shift, Resampling.BILINEAR)
        edge = mask.crop(box).transform(size, Transform.AFFINE, shift, Resampling.BILINEAR)
        frame.paste(cut, (box[0] + left, box[1] + top), edge)


def _resized(mask: Image, size: Size) -> Image:
    from PIL.Image import Resampling

    return mask.convert("L").resize(size, Resampling.BOX)
