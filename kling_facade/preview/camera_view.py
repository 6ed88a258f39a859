"""What a camera move does to the view of a picture: geometry without pixels.

The preview and the sandbox's films are drawn with it. It does not imitate Kling's model: it shows
directions and amounts, so that a person sees a wrong sign before money is spent.

The picture is a flat plane in front of a pinhole camera. So a truck shifts it, a pan distorts it
into a trapezoid as it turns, a roll turns it, a zoom scales it. The axes are those of the wire, in
the sense of Kling's current pages (VD1 early 2026, VD2 2026-06; an older English page and ComfyUI
swap ``pan`` and ``tilt``):

    ============ =========================== ===========================
    axis         negative                    positive
    ============ =========================== ===========================
    horizontal   camera moves left           camera moves right
    vertical     camera moves down           camera moves up
    pan          camera turns left           camera turns right
    tilt         camera turns down           camera turns up
    roll         camera rolls anticlockwise  camera rolls clockwise
    zoom         narrower view: content      wider view: content
                 grows                       shrinks
    ============ =========================== ===========================

The content goes the other way: when the camera moves or turns right, it slides left; when the
camera rolls clockwise, it turns counter-clockwise.

The view never leaves the picture. A move that needs room starts a little cropped in, and where it
needs the room: a truck to the right starts at the left. Zooming in and pushing forward start with
the whole picture.

The time of a film is 0 at its first frame and 1 at its last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from attrs import field, frozen

from ..builders.geometry.points import Point, Size

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "AXES",
    "PRESETS",
    "CameraLike",
    "CameraPath",
    "Pose",
    "View",
    "WireMove",
    "ease",
    "fit_size",
]

AXES: Final = ("horizontal", "vertical", "pan", "tilt", "roll", "zoom")
"""The six axes of a ``simple`` move, by their names on the wire."""

PRESETS: Final = ("down_back", "forward_up", "right_turn_forward", "left_turn_forward")
"""The four compound moves. They have no strength."""

Matrix: TypeAlias = tuple[tuple[float, float, float], ...]

# How much the strongest move does. Chosen to be plain to see, not measured at Kling.
_FULL: Final = 10.0
_TRAVEL: Final = 0.25  # of the frame, for truck, pedestal, pan and tilt
_ROLL: Final = math.radians(18)
_PLANE: Final = 1.5  # distance of the picture, in halves of its long side: a moderately wide lens
_DRIFT: Final = 0.05  # the slow push-in of a film without a camera move
_STEPS: Final = 32  # poses looked at to find the room that a move needs


class CameraLike(Protocol):
    """A camera move: the builders' value, or a `WireMove`."""

    @property
    def type(self) -> str:
        """``"simple"`` or one of `PRESETS`."""

    @property
    def axes(self) -> Mapping[str, float]:
        """Strengths -10..10 by the names in `AXES`; those left out are zero."""


@frozen
class WireMove:
    """A camera move in the words of the wire.

    Attributes:
        type: ``"simple"`` or one of `PRESETS`.
        axes: Strengths -10..10 by the names in `AXES`.
    """

    type: str = "simple"
    axes: Mapping[str, float] = field(factory=dict)


@frozen
class Pose:
    """Where the camera is, compared with a view of exactly the whole picture.

    Attributes:
        x: Right, in halves of the picture's height.
        y: Down, in halves of the picture's height.
        z: Towards the picture, as a part of the way to it.
        yaw: Turn to the right, in radians.
        pitch: Turn upwards, in radians.
        roll: Turn clockwise, seen from behind the camera, in radians.
        focal: Focal length: 2 shows half as much of the picture.
    """

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    focal: float = 1.0


@frozen
class View:
    """What one frame shows: a projective map from the frame to the picture.

    Both are measured in halves of their height from their centre, x to the right and y down. So
    the corners of a frame are at (±aspect, ±1).

    Attributes:
        matrix: The 3 by 3 homography, rows first.
        aspect: Width by height of frame and picture.
    """

    matrix: Matrix
    aspect: float

    def at(self, u: float, v: float) -> Point:
        """The place in the picture that is seen at ``(u, v)`` of the frame."""
        x, y, w = (row[0] * u + row[1] * v + row[2] for row in self.matrix)
        return x / w, y / w

    def corners(self) -> tuple[Point, Point, Point, Point]:
        """What is seen in the frame's corners: top left, top right, bottom right, bottom left."""
        a = self.aspect
        return self.at(-a, -1), self.at(a, -1), self.at(a, 1), self.at(-a, 1)

    def outline(self, size: Size) -> list[Point]:
        """The same corners in pixels of a picture of this size, from its top left."""
        width, height = size
        return [
            ((x / self.aspect + 1) * width / 2, (y + 1) * height / 2) for x, y in self.corners()
        ]

    @property
    def magnification(self) -> float:
        """How much larger things look than in the whole picture, at the frame's centre."""
        (left, _), (right, _) = self.at(-0.01, 0), self.at(0.01, 0)
        (_, above), (_, below) = self.at(0, -0.01), self.at(0, 0.01)
        skew = (self.at(0.01, 0)[1] - self.at(-0.01, 0)[1]) * (
            self.at(0, 0.01)[0] - self.at(0, -0.01)[0]
        )
        return 0.02 / math.sqrt(abs((right - left) * (below - above) - skew))

    def render(self, picture: Image, size: Size) -> Image:
        """Draw the frame.

        Args:
            picture: The picture, of this view's aspect and any size.
            size: Width and height of the frame in pixels.
        """
        from PIL.Image import Resampling, Transform

        rows = _product(
            _to_pixels(picture.size, self.aspect), self.matrix, _from_pixels(size, self.aspect)
        )
        scale = rows[2][2]
        flat = [value / scale for row in rows for value in row]
        if all(abs(flat[index]) < 1e-12 for index in (1, 3, 6, 7)):
            # No turn, no perspective: scaling with antialiasing is faster and sharper.
            left, top = flat[2], flat[5]
            right, bottom = flat[0] * size[0] + left, flat[4] * size[1] + top
            box = (
                max(left, 0),
                max(top, 0),
                min(right, picture.width),
                min(bottom, picture.height),
            )
            return picture.resize(size, Resampling.BICUBIC, box=box)
        return picture.transform(size, Transform.PERSPECTIVE, flat[:8], Resampling.BILINEAR)


def _product(*factors: Matrix) -> Matrix:
    """The matrix product, left to right."""
    result, *rest = factors
    for other in rest:
        columns = tuple(zip(*other, strict=True))
        result = tuple(
            (_dot(row, columns[0]), _dot(row, columns[1]), _dot(row, columns[2])) for row in result
        )
    return result


def _dot(one: Iterable[float], other: Iterable[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _to_pixels(size: Size, aspect: float) -> Matrix:
    width, height = size
    return ((width / 2 / aspect, 0, width / 2), (0, height / 2, height / 2), (0, 0, 1))


def _from_pixels(size: Size, aspect: float) -> Matrix:
    width, height = size
    return ((2 * aspect / width, 0, -aspect), (0, 2 / height, -1), (0, 0, 1))


def _rotation(pose: Pose) -> Matrix:
    c, s = math.cos(pose.yaw), math.sin(pose.yaw)
    yaw: Matrix = ((c, 0, s), (0, 1, 0), (-s, 0, c))
    c, s = math.cos(pose.pitch), math.sin(pose.pitch)
    pitch: Matrix = ((1, 0, 0), (0, c, -s), (0, s, c))
    c, s = math.cos(pose.roll), math.sin(pose.roll)
    roll: Matrix = ((c, -s, 0), (s, c, 0), (0, 0, 1))
    return _product(yaw, pitch, roll)


def _look(pose: Pose, aspect: float, crop: float = 1.0, offset: Point = (0.0, 0.0)) -> View:
    """The view from a pose, cropped in and moved over the picture to keep inside it."""
    plane = _PLANE * max(aspect, 1.0)
    lens = plane * pose.focal * crop
    x, y, left = pose.x + offset[0], pose.y + offset[1], plane * (1 - pose.z)
    hit: Matrix = ((left, 0, x), (0, left, y), (0, 0, 1))  # where a ray meets the picture
    rays: Matrix = ((1 / lens, 0, 0), (0, 1 / lens, 0), (0, 0, 1))
    return View(_product(hit, _rotation(pose), rays), aspect)


def ease(t: float) -> float:
    """Time with a gentle start and stop, as a camera operator has it: 0..1 to 0..1."""
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _simple(axes: Mapping[str, float], t: float, aspect: float) -> Pose:
    part = {name: axes.get(name, 0.0) / _FULL * ease(t) for name in AXES}
    plane = _PLANE * max(aspect, 1.0)
    return Pose(
        x=part["horizontal"] * _TRAVEL * 2 * aspect,
        y=-part["vertical"] * _TRAVEL * 2,
        yaw=math.atan(part["pan"] * _TRAVEL * 2 * aspect / plane),
        pitch=math.atan(part["tilt"] * _TRAVEL * 2 / plane),
        roll=part["roll"] * _ROLL,
        focal=2.0 ** -part["zoom"],
    )


def _turn_forward(t: float, aspect: float, side: int) -> Pose:
    """Turn first, then advance the way the camera looks; the two overlap a little."""
    turn, advance = ease(t / 0.6), ease((t - 0.4) / 0.6)
    plane = _PLANE * max(aspect, 1.0)
    yaw = side * math.atan(0.8 * _TRAVEL * 2 * aspect / plane) * turn
    return Pose(x=math.sin(yaw) * 0.3 * plane * advance, z=0.3 * math.cos(yaw) * advance, yaw=yaw)


_COMPOUND: Final[dict[str, Callable[[float, float], Pose]]] = {
    "down_back": lambda t, _: Pose(y=0.35 * ease(t), z=-0.45 * ease(t)),
    "forward_up": lambda t, _: Pose(y=-0.25 * ease(t), z=0.35 * ease(t), pitch=0.05 * ease(t)),
    "right_turn_forward": lambda t, aspect: _turn_forward(t, aspect, 1),
    "left_turn_forward": lambda t, aspect: _turn_forward(t, aspect, -1),
}


def _ambient(t: float, aspect: float) -> Pose:
    """The life in a film nobody asked a camera move for: a slow push-in with a slight sway."""
    focal = 1 + _DRIFT * min(max(t, 0.0), 1.0)
    room = 1 - 1 / focal
    return Pose(x=0.7 * aspect * room * math.sin(2 * math.pi * t), focal=focal)


@frozen
class CameraPath:
    """A camera move over a picture of one shape: a `View` for each moment.

    Attributes:
        camera: The move; ``None`` is a slow push-in.
        aspect: Width by height of the picture.

    Raises:
        ValueError: When the move's type is not known.

    Example:
        >>> end = CameraPath(WireMove(axes={"zoom": -10}), aspect=1.5).view(1.0)
        >>> round(end.magnification, 3)
        2.0
    """

    camera: CameraLike | None
    aspect: float

    def __attrs_post_init__(self) -> None:
        if self.camera is not None and self.camera.type not in ("simple", *PRESETS):
            known = ", ".join(("simple", *PRESETS))
            raise ValueError(f"unknown camera move {self.camera.type!r}; known are {known}")

    def pose(self, t: float) -> Pose:
        """Where the camera is at time ``t`` (0..1), before the view is kept inside the picture."""
        if self.camera is None:
            return _ambient(t, self.aspect)
        if self.camera.type == "simple":
            return _simple(self.camera.axes, t, self.aspect)
        return _COMPOUND[self.camera.type](t, self.aspect)

    def view(self, t: float) -> View:
        """What the frame at time ``t`` (0..1) shows."""
        crop, offset = self._room
        return _look(self.pose(t), self.aspect, crop, offset)

    @cached_property
    def _room(self) -> tuple[float, Point]:
        """The least crop, and the shift, with which all views lie inside the picture."""
        views = [_look(self.pose(step / _STEPS), self.aspect) for step in range(_STEPS + 1)]
        low, high = 1.0, 16.0
        if self._fits(_extent(views, low)):
            high = low
        while high - low > 1e-4:
            middle = (low + high) / 2
            low, high = (low, middle) if self._fits(_extent(views, middle)) else (middle, high)
        if high > 1:
            high *= 1.002  # between the poses looked at, a curve may reach a little further
        left, top, right, bottom = _extent(views, high)
        return high, (-(left + right) / 2, -(top + bottom) / 2)

    def _fits(self, extent: tuple[float, float, float, float]) -> bool:
        left, top, right, bottom = extent
        return right - left <= 2 * self.aspect + 1e-9 and bottom - top <= 2 + 1e-9


def _extent(views: Sequence[View], crop: float) -> tuple[float, float, float, float]:
    """The bounds of all that views see when they are cropped in: left, top, right, bottom."""
    seen = [
        view.at(u * view.aspect / crop, v / crop)
        for view in views
        for u in (-1, 1)
        for v in (-1, 1)
    ]
    xs, ys = zip(*seen, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def fit_size(size: Size, short_side: int) -> Size:
    """A frame of a picture's shape, with even sides, as H.264 in 4:2:0 needs them.

    Args:
        size: Width and height of the picture.
        short_side: The frame's shorter side in pixels; an odd one is rounded up.

    Returns:
        Width and height of the frame.

    Example:
        >>> fit_size((4000, 3000), 720)
        (960, 720)
    """
    scale = short_side / min(size)
    width, height = (max(2, math.ceil(side * scale / 2 - 0.5 + 1e-9) * 2) for side in size)
    return width, height
