"""The ``d`` of an SVG path, as joined cubic Bézier curves (SVG 2, chapter 9)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Final

from ...errors import InvalidRequest
from .points import FARTHEST, MOST_POINTS, Point, too_many

__all__ = ["beziers"]

_TOKEN: Final = re.compile(
    r"[\s,]*(?:(?P<command>[MmZzLlHhVvCcSsQqTtAa])"
    r"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))"
)
_FLAG: Final = re.compile(r"[\s,]*(?P<number>[01])")
_SMALLEST: Final = 1e-9
_TAKES: Final = {"M": 2, "Z": 0, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7}


def beziers(d: str) -> list[Point]:
    """The control points: the start, then three for each piece.

    Raises:
        InvalidRequest: The text can't be read, has several strokes, or is too large.
    """
    pen = _Pen()
    for command, numbers in _commands(d):
        pen.draw(command, numbers)
        if len(pen.control) > MOST_POINTS:
            raise too_many("the SVG path")
    if len(pen.control) < 4:
        raise InvalidRequest(
            f"the SVG path {d[:60]!r} draws nothing", hint='Like "M 100 500 L 900 480".'
        )
    return pen.control


def _commands(d: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with one set of its numbers; a repeated set repeats the command."""
    place, command = 0, ""
    end = len(d.rstrip(" \t\r\n\f,"))
    while place < end:
        match = _TOKEN.match(d, place)
        if match is None or not (command or match["command"]):
            raise _broken(d, place, "starts with M, then commands and numbers")
        if match["command"]:
            command, place = match["command"], match.end()
        elif command in "Zz":
            raise _broken(d, place, "has no numbers after Z")
        numbers, place = _numbers(d, place, command)
        yield command, numbers
        command = {"M": "L", "m": "l"}.get(command, command)


def _numbers(d: str, place: int, command: str) -> tuple[list[float], int]:
    """The numbers that a command takes, and where they end."""
    numbers: list[float] = []
    for index in range(_TAKES[command.upper()]):
        flag = command in "Aa" and index in (3, 4)
        match = (_FLAG if flag else _TOKEN).match(d, place)
        if match is None or match["number"] is None:
            raise _broken(d, place, f"has {_TAKES[command.upper()]} numbers after {command}")
        number = float(match["number"])
        if abs(number) > FARTHEST:
            raise InvalidRequest(
                f"the SVG path has the number {_short(match['number'])} at character "
                f"{match.start('number') + 1}: coordinates go up to {FARTHEST:,}",
                hint="Its units are pixels of the picture, or fractions with relative=True.",
            )
        numbers.append(number)
        place = match.end()
    return numbers, place


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}..."


def _broken(d: str, place: int, rule: str) -> InvalidRequest:
    place += len(d[place:]) - len(d[place:].lstrip(" \t\r\n\f,"))
    return InvalidRequest(
        f"the SVG path can't be read at character {place + 1}: {d[place : place + 12]!r}",
        hint=f"An SVG path {rule}.",
    )


class _Pen:
    """Draws commands as cubic curves."""

    def __init__(self) -> None:
        self.control: list[Point] = []
        self._handle: tuple[str, Point] | None = None  # the last curve's kind and last handle

    def draw(self, command: str, n: list[float]) -> None:
        """Draw one command."""
        kind = command.upper()
        if kind == "M":
            self._start(command, n)
        elif not self.control:
            raise InvalidRequest("an SVG path begins with M", hint='Like "M 100 500 L 900 480".')
        else:
            origin = self.control[-1] if command.islower() else (0.0, 0.0)
            self._draw[kind](self, n, origin)
        if kind not in "CSQT":
            self._handle = None

    def _start(self, command: str, n: list[float]) -> None:
        if self.control:
            raise InvalidRequest(
                "the SVG path has several strokes: a region follows one without gaps",
                hint=f"Give the part before the second {command}, or draw one path for each "
                "region.",
            )
        self.control.append((n[0], n[1]))

    def _straight(self, end: Point) -> None:
        (x0, y0), (x1, y1) = self.control[-1], end
        third = ((2 * x0 + x1) / 3, (2 * y0 + y1) / 3)
        two_thirds = ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3)
        self.control += [third, two_thirds, end]

    def _close(self, n: list[float], origin: Point) -> None:
        if self.control[-1] != self.control[0]:
            self._straight(self.control[0])

    def _line(self, n: list[float], origin: Point) -> None:
        self._straight((origin[0] + n[0], origin[1] + n[1]))

    def _level(self, n: list[float], origin: Point) -> None:
        self._straight((origin[0] + n[0], self.control[-1][1]))

    def _upright(self, n: list[float], origin: Point) -> None:
        self._straight((self.control[-1][0], origin[1] + n[0]))

    def _cubic(self, n: list[float], origin: Point) -> None:
        self.control += _pairs(n, origin)
        self._handle = ("C", self.control[-2])

    def _smooth_cubic(self, n: list[float], origin: Point) -> None:
        self.control += [self._mirrored("C"), *_pairs(n, origin)]
        self._handle = ("C", self.control[-2])

    def _quadratic(self, n: list[float], origin: Point) -> None:
        middle, end = _pairs(n, origin)
        self._bow(middle, end)

    def _smooth_quadratic(self, n: list[float], origin: Point) -> None:
        self._bow(self._mirrored("Q"), _pairs(n, origin)[0])

    def _bow(self, middle: Point, end: Point) -> None:
        start = self.control[-1]
        self.control += [_towards(start, middle), _towards(end, middle), end]
        self._handle = ("Q", middle)

    def _mirrored(self, kind: str) -> Point:
        """The last handle mirrored at the pen, or the pen's place after another kind of command."""
        here = self.control[-1]
        if self._handle is None or self._handle[0] != kind:
            return here
        handle = self._handle[1]
        return (2 * here[0] - handle[0], 2 * here[1] - handle[1])

    def _arc(self, n: list[float], origin: Point) -> None:
        end = (origin[0] + n[5], origin[1] + n[6])
        start = self.control[-1]
        if start == end:
            return
        # SVG draws an arc without a radius as a line; so are those that can't be computed with.
        if min(abs(n[0]), abs(n[1]), math.dist(start, end)) < _SMALLEST:
            self._straight(end)
            return
        self.control += _arc_curves(
            start, end, (abs(n[0]), abs(n[1])), n[2], bool(n[3]), bool(n[4])
        )

    _draw: Final[dict[str, Callable[[_Pen, list[float], Point], None]]] = {
        "Z": _close,
        "L": _line,
        "H": _level,
        "V": _upright,
        "C": _cubic,
        "S": _smooth_cubic,
        "Q": _quadratic,
        "T": _smooth_quadratic,
        "A": _arc,
    }


def _pairs(n: list[float], origin: Point) -> list[Point]:
    return [(origin[0] + x, origin[1] + y) for x, y in zip(n[::2], n[1::2], strict=True)]


def _towards(end: Point, middle: Point) -> Point:
    """Two thirds of the way from a quadratic curve's end to its handle: the cubic's handle."""
    return (end[0] + 2 / 3 * (middle[0] - end[0]), end[1] + 2 / 3 * (middle[1] - end[1]))


def _arc_curves(
    start: Point, end: Point, radii: Point, rotation: float, large: bool, sweep: bool
) -> list[Point]:
    """An elliptical arc as cubic curves (SVG 2, appendix B.2.4).

    Of an eighth of a turn each: over a quarter the cubic is off by 0.03 % of the radius, over an
    eighth by a sixtieth of that.
    """
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    half = ((start[0] - end[0]) / 2, (start[1] - end[1]) / 2)
    x, y = cos * half[0] + sin * half[1], -sin * half[0] + cos * half[1]
    grow = max(1.0, math.hypot(x / radii[0], y / radii[1]))
    rx, ry = radii[0] * grow, radii[1] * grow
    spread = (rx * y) ** 2 + (ry * x) ** 2
    root = math.sqrt(max((rx * ry) ** 2 - spread, 0.0) / spread) * (1 if large != sweep else -1)
    cx, cy = root * rx * y / ry, -root * ry * x / rx
    first = math.atan2((y - cy) / ry, (x - cx) / rx)
    turn = math.atan2((-y - cy) / ry, (-x - cx) / rx) - first
    turn = turn % (2 * math.pi) if sweep else -(-turn % (2 * math.pi))
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)

    def placed(u: float, v: float) -> Point:
        """A point of the unit circle on the ellipse."""
        u, v = u * rx + cx, v * ry + cy
        return (cos * u - sin * v + middle[0], sin * u + cos * v + middle[1])

    pieces = max(1, math.ceil(abs(turn) / (math.pi / 4) - 1e-9))
    step = turn / pieces
    reach = 4 / 3 * math.tan(step / 4)
    control: list[Point] = []
    for piece in range(pieces):
        a, b = first + piece * step, first + (piece + 1) * step
        control += [
            placed(math.cos(a) - reach * math.sin(a), math.sin(a) + reach * math.cos(a)),
            placed(math.cos(b) + reach * math.sin(b), math.sin(b) - reach * math.cos(b)),
            placed(math.cos(b), math.sin(b)),
        ]
    return [*control[:-1], end]
