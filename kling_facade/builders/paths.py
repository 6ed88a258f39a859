"""Paths, along which the motion brush moves a region.

    paths.line((100, 500), (900, 480))              from here to there
    paths.line(by=(300, 0))                         this far from wherever the region is
    paths.arc_through((100, 500), (400, 200), (700, 500))
    paths.curve([(100, 500), (300, 420), (500, 510)])   smooth, through all
    paths.bezier((100, 500), (300, 200), (600, 200), (800, 500))
    paths.svg("M 100 500 q 200 -300 400 0")
    paths.stroke(mouse_points)                      hand-drawn, any number of points
    paths.points([(100, 500), (200, 480)])          these points and no others

Coordinates are pixels from the top left, ``(0, 0)`` being the first pixel; with ``relative=True``
fractions of the picture, 0 its first pixel and 1 its last.

Kling takes 2 to 77 whole points (VD1 2026). `MotionBrush.move` lays a path onto a picture and
simplifies it; how far the result strays is `Move.deviation`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from ..catalog import Catalog
from ..errors import InvalidRequest
from .geometry.points import Columns, Point, Size, columns, scaled, too_many
from .near_names import helpful_getattr

__all__ = [
    "Path",
    "arc",
    "arc_through",
    "bezier",
    "curve",
    "line",
    "path",
    "points",
    "stroke",
    "svg",
]


_APART: Final = 1e-6
FLATNESS: Final = 0.05
"""How far a curve drawn as short straight pieces may be off, in pixels."""

MOST_PIECES: Final = 200_000
"""The most straight pieces a curve is drawn in. One across a picture of 8K takes some hundreds."""

if not TYPE_CHECKING:  # for type checkers a wrong name stays an error
    __getattr__ = helpful_getattr(
        "kling_facade.paths",
        __all__,
        {
            "straight": "line",
            "vector": "line(by=(dx, dy))",
            "offset": "line(by=(dx, dy))",
            "circle": "arc",
            "ellipse": "arc",
            "spline": "curve",
            "smooth": "curve",
            "catmull_rom": "curve",
            "cubic": "bezier",
            "quadratic": "bezier",
            "polyline": "points",
            "coordinates": "points",
            "trajectory": "points",
            "freehand": "stroke",
            "drawn": "stroke",
        },
    )


@frozen
class Path:
    """A way over a picture. Made by the functions of this module.

    Attributes:
        kind: What it was made as: ``"line"``, ``"curve"``, ...
        control: The points it was made of, as given: the x of all, and the y of all.
        relative: Whether they are fractions of the picture.
        exact: Whether its points go out as they are, and are not simplified.
        free: Whether only its shape counts: it starts wherever the region is.
    """

    kind: str
    control: Columns = field(repr=lambda control: f"<{len(control[0])} points>")
    relative: bool = False
    exact: bool = False
    free: bool = False
    _draw: Callable[[Sequence[Point]], list[Point]] | None = field(default=None, repr=False)

    @property
    def curved(self) -> bool:
        """Whether it is drawn as short straight pieces, and so not exactly."""
        return self._draw is not None

    def trace(self, size: Size) -> list[Point]:
        """Its points in pixels of a picture; curves as straight pieces at most `FLATNESS` off.

        Args:
            size: Width and height of the picture.
        """
        return list(zip(*self.columns(size), strict=True))

    def columns(self, size: Size) -> Columns:
        """The same as `trace`, as the x of all points and the y of all points."""
        control = scaled(self.control, size, self.relative)
        if self._draw is None:
            return control
        xs, ys = zip(*self._draw(list(zip(*control, strict=True))), strict=True)
        return list(xs), list(ys)


def path(along: Path | Iterable[Point], most: int | None = None) -> Path:
    """Take a path, or make one of points: few go out as they are, more are a hand-drawn stroke.

    Args:
        along: A path or points.
        most: How many points are few; the bundled catalogue's limit (77) when left out.

    Raises:
        InvalidRequest: There is no point, or a coordinate is not a number.
    """
    if isinstance(along, Path):
        return along
    control = columns(along, "the path")
    few = len(control[0]) <= (most or Catalog.bundled().limit("path_points")[1])
    return Path("points", control, exact=True) if few else Path("stroke", control)


def points(points: Iterable[Point], *, relative: bool = False) -> Path:
    """These points and no others, rounded to whole pixels. Too many (77) are refused later.

    Args:
        points: The points in order; the first is the start.
        relative: Whether they are fractions of the picture.

    Raises:
        InvalidRequest: There are no points, or a coordinate is not a number.
    """
    return Path("points", columns(points, "the path"), relative, exact=True)


def stroke(points: Iterable[Point], *, relative: bool = False) -> Path:
    """A line drawn by hand: any number of points, an array too. It is simplified.

    Args:
        points: The points in order; the first is the start.
        relative: Whether they are fractions of the picture.

    Raises:
        InvalidRequest: There are no points, or a coordinate is not a number.
    """
    return Path("stroke", columns(points, "the stroke"), relative)


def line(
    start: Point | None = None,
    end: Point | None = None,
    *,
    by: Point | None = None,
    relative: bool = False,
) -> Path:
    """A straight line: ``line(start, end)``, ``line(start, by=...)``, or ``line(by=...)``.

    Args:
        start: Where it begins. Left out, it begins on the region.
        end: Where it ends.
        by: Instead of ``end``: how far it goes, to the right and down.
        relative: Whether all are fractions of the picture.

    Raises:
        InvalidRequest: Neither or both of ``end`` and ``by``; ``end`` without ``start``.
    """
    if (end is None) == (by is None) or (end is not None and start is None):
        raise InvalidRequest(
            "a line needs to know where it goes",
            hint="line((100, 500), (900, 480)), line((100, 500), by=(800, -20)) or line(by=(800, "
            "-20)).",
        )
    origin = start if start is not None else (0.0, 0.0)
    (x, far_x), (y, far_y) = columns([origin, end or by or origin], "the line")
    goal = (x + far_x, y + far_y) if by is not None else (far_x, far_y)
    return Path("line", columns([(x, y), goal], "the line"), relative, free=start is None)


def arc(
    centre: Point,
    radius: float,
    start: float,
    end: float,
    *,
    radius_y: float | None = None,
    relative: bool = False,
) -> Path:
    """A part of a circle or an ellipse. Angles as in Pillow: degrees from three o'clock, clockwise.

    Args:
        centre: The circle's centre.
        radius: Its radius, above zero.
        start: The angle it starts at.
        end: The angle it ends at. Above ``start`` it runs clockwise, below counter-clockwise; 360
            more is a turn.
        radius_y: The vertical radius of an ellipse.
        relative: Whether centre and radii are fractions of the picture, each of its own side.

    Raises:
        InvalidRequest: A radius is not above zero, or something is not a number.
    """
    radii = (radius, radius if radius_y is None else radius_y)
    xs, ys = columns([centre, radii, (start, end)], "the arc")
    if min(xs[1], ys[1]) <= 0:
        raise InvalidRequest(
            f"the arc has a radius of {min(xs[1], ys[1]):g}", hint="Radii are above zero."
        )
    return Path("arc", (xs[:2], ys[:2]), relative, draw=_Arc(xs[2], ys[2]))


def arc_through(start: Point, middle: Point, end: Point, *, relative: bool = False) -> Path:
    """The part of a circle from one point through another to a third.

    Args:
        start: Where it begins.
        middle: A point on the way.
        end: Where it ends.
        relative: Whether they are fractions of the picture; the circle is one in pixels.

    Raises:
        InvalidRequest: Something is not a number.
    """
    return Path("arc", columns([start, middle, end], "the arc"), relative, draw=_arc_through)


def bezier(*control: Point, relative: bool = False) -> Path:
    """A Bézier curve.

    Args:
        *control: Three points for a quadratic curve; four for a cubic one; seven, ten, ... for
        cubic ones joined,
            each starting where the one before ends.
        relative: Whether they are fractions of the picture.

    Raises:
        InvalidRequest: Another number of points.
    """
    checked = columns(control, "the Bézier curve")
    if len(control) != 3 and (len(control) < 4 or len(control) % 3 != 1):
        raise InvalidRequest(
            f"a Bézier curve of {len(control)} points", hint="It takes 3, 4, 7, 10, ... points."
        )
    return Path("Bézier curve", checked, relative, draw=_bezier)


def curve(points: Iterable[Point], *, relative: bool = False) -> Path:
    """A smooth curve through all points: a centripetal Catmull-Rom spline, which never loops.

    Args:
        points: At least two.
        relative: Whether they are fractions of the picture.

    Raises:
        InvalidRequest: Fewer than two points, or a coordinate that is not a number.
    """
    control = columns(points, "the curve")
    if len(control[0]) < 2:
        raise InvalidRequest("a curve through one point", hint="It takes at least two.")
    return Path("curve", control, relative, draw=_catmull_rom)


def svg(d: str, *, relative: bool = False) -> Path:
    """The ``d`` of an SVG path: all commands, absolute and relative; one stroke without gaps.

    Args:
        d: Like ``"M 100 500 C 300 200 600 200 800 500"``. Its units are pixels of the picture.
        relative: Whether they are fractions of the picture instead.

    Raises:
        InvalidRequest: It can't be read (the message says where), or it has several strokes.
    """
    from .geometry.svg import beziers

    if not isinstance(d, str):
        raise InvalidRequest(
            f"an SVG path is given as {type(d).__name__}, not as text",
            hint='Give the d of the path, like "M 100 500 L 900 480".',
        )
    control = columns(beziers(d), "the SVG path")
    return Path("SVG path", control, relative, draw=_bezier)


def _pieces(bend: float, degree_factor: float) -> int:
    """Into how many straight pieces a curve is cut to stay within `FLATNESS`."""
    pieces = math.sqrt(bend * degree_factor / (8 * FLATNESS))
    if pieces > MOST_PIECES:
        raise too_many("a curve as large as this, drawn as straight pieces,", MOST_PIECES)
    return max(1, math.ceil(pieces))


def _bend(a: Point, b: Point, c: Point) -> float:
    """How far three control points are from a straight, even run."""
    return math.hypot(a[0] - 2 * b[0] + c[0], a[1] - 2 * b[1] + c[1])


def _bezier(control: Sequence[Point]) -> list[Point]:
    if len(control) == 3:
        a, b, c = control
        return _sampled(
            lambda t, s: (
                s * s * a[0] + 2 * s * t * b[0] + t * t * c[0],
                s * s * a[1] + 2 * s * t * b[1] + t * t * c[1],
            ),
            _pieces(_bend(a, b, c), 2),
        )
    starts = range(0, len(control) - 1, 3)
    return _joined(control[0], (control[first : first + 4] for first in starts))


def _joined(start: Point, cubics: Iterable[Sequence[Point]]) -> list[Point]:
    """Cubic curves, each starting where the one before ends, as one line of straight pieces."""
    drawn = [start]
    for cubic in cubics:
        drawn += _cubic(*cubic)[1:]
        if len(drawn) > MOST_PIECES:
            raise too_many("the curve, drawn as straight pieces,", MOST_PIECES)
    return drawn


def _cubic(a: Point, b: Point, c: Point, d: Point) -> list[Point]:
    def at(t: float, s: float) -> Point:
        w, x, y, z = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
        return (
            w * a[0] + x * b[0] + y * c[0] + z * d[0],
            w * a[1] + x * b[1] + y * c[1] + z * d[1],
        )

    return _sampled(at, _pieces(max(_bend(a, b, c), _bend(b, c, d)), 6))


def _sampled(at: Callable[[float, float], Point], pieces: int) -> list[Point]:
    """A curve at even steps of t, given t and 1 - t."""
    return [at(step / pieces, 1 - step / pieces) for step in range(pieces + 1)]


@frozen
class _Arc:
    """Draws an arc between two angles in degrees."""

    start: float
    end: float

    def __call__(self, control: Sequence[Point]) -> list[Point]:
        (cx, cy), (rx, ry) = control
        start, sweep = math.radians(self.start), math.radians(self.end - self.start)
        pieces = _pieces(max(rx, ry) * sweep * sweep, 1)
        angles = [start + sweep * step / pieces for step in range(pieces + 1)]
        return [(cx + rx * math.cos(angle), cy + ry * math.sin(angle)) for angle in angles]


def _arc_through(control: Sequence[Point]) -> list[Point]:
    (x0, y0), (x1, y1), (x2, y2) = control
    ax, ay, bx, by = x1 - x0, y1 - y0, x2 - x0, y2 - y0
    turn = ax * by - ay * bx
    if abs(turn) < 1e-9 * max(1.0, ax * ax + ay * ay, bx * bx + by * by):
        return list(control)  # on a straight line: the circle is infinitely large
    a2, b2 = ax * ax + ay * ay, bx * bx + by * by
    cx, cy = (by * a2 - ay * b2) / (2 * turn), (ax * b2 - bx * a2) / (2 * turn)
    radius = math.hypot(cx, cy)
    centre = (x0 + cx, y0 + cy)
    start = math.degrees(math.atan2(y0 - centre[1], x0 - centre[0]))
    stop = math.degrees(math.atan2(y2 - centre[1], x2 - centre[0]))
    sweep = (stop - start) % 360 if turn > 0 else -((start - stop) % 360)
    drawn = _Arc(start, start + sweep)([centre, (radius, radius)])
    return [control[0], *drawn[1:-1], control[2]]


def _catmull_rom(control: Sequence[Point]) -> list[Point]:
    # Points closer than this would make weights that can't be divided by.
    through = [control[0], *(b for a, b in pairwise(control) if math.dist(a, b) > _APART)]
    if len(through) < 3:
        return through
    before = _mirrored(through[1], through[0])
    after = _mirrored(through[-2], through[-1])
    line = [before, *through, after]
    places = range(1, len(line) - 2)
    return _joined(through[0], (_as_cubic(*line[place - 1 : place + 3]) for place in places))


def _mirrored(point: Point, at: Point) -> Point:
    return (2 * at[0] - point[0], 2 * at[1] - point[1])


def _as_cubic(p0: Point, p1: Point, p2: Point, p3: Point) -> tuple[Point, Point, Point, Point]:
    """The cubic Bézier of the stretch from p1 to p2 of a centripetal Catmull-Rom spline."""
    d1, d2, d3 = (math.sqrt(math.dist(a, b)) for a, b in ((p0, p1), (p1, p2), (p2, p3)))

    def handle(away: Point, near: Point, far: Point, d: float) -> Point:
        """The handle at ``near``; ``d`` is the root of its distance to ``away``."""
        scale = 3 * d * (d + d2)
        near_weight = 2 * d * d + 3 * d * d2 + d2 * d2
        x, y = (
            (d * d * far[axis] - d2 * d2 * away[axis] + near_weight * near[axis]) / scale
            for axis in (0, 1)
        )
        return (x, y)

    return p1, handle(p0, p1, p2, d1), handle(p3, p2, p1, d3), p2
