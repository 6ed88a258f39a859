"""Drawing on pictures for the preview: tints, arrows, outlines, and text that fits.

Everything is drawn with Pillow. Letters come from its built-in font, which knows Latin only, and
from the system's fonts; a font of one's own can be given.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import frozen

from ..builders.geometry.points import Point
from ..builders.pictures.pillow import alpha_of
from .fonts import runs

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

__all__ = ["INK", "PALE", "PAPER", "Colour", "Sheet", "Type", "arrow", "opaque", "outline", "tint"]

Colour: TypeAlias = tuple[int, int, int]

PAPER: Final = (250, 249, 246)
INK: Final = (34, 36, 42)
PALE: Final = (120, 124, 132)
_CHEQUERS: Final = ((250, 250, 250), (214, 214, 214))
_FINE: Final = 3  # lines are drawn this many times larger, then reduced: Pillow's own have steps


@frozen
class Type:
    """Letters of one size.

    Attributes:
        size: Height in pixels.
        font: A font file, or ``None`` for Pillow's own.
    """

    size: float
    font: str | Path | None = None

    def draw(self, pen: ImageDraw, place: Point, text: str, colour: Colour = (34, 36, 42)) -> None:
        """Write a line.

        Args:
            pen: What to write with.
            place: Its left end, at the top of capital letters.
            text: The line.
            colour: Of the letters.
        """
        x, top = place
        base = top + self._ascent
        for face, part in runs(text, self.size, self.font):
            # On one base line: fonts differ in how far they reach above it.
            pen.text((x, base), part, colour, face, anchor="ls", embedded_color=True)
            x += face.getlength(part)

    @cached_property
    def _ascent(self) -> float:
        (face, _), *_ = runs("x", self.size, self.font)
        return float(face.getmetrics()[0])

    @property
    def leading(self) -> float:
        """From one line to the next."""
        return self.size * 1.4

    def width(self, text: str) -> float:
        """How wide a line is."""
        return float(sum(face.getlength(part) for face, part in runs(text, self.size, self.font)))

    def lines(self, text: str, room: float, limit: int = 4) -> list[str]:
        """Break a text into lines that fit; what is over the limit ends in dots.

        Args:
            text: The text; its line breaks count.
            room: Pixels a line may have.
            limit: How many lines at most.
        """
        lines = [line for part in text.splitlines() for line in self._broken(part, room)]
        if len(lines) <= limit:
            return lines
        return [*lines[: limit - 1], self._cut(lines[limit - 1], room)]

    def _broken(self, text: str, room: float) -> list[str]:
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if self.width(longer) <= room:
                lines[-1] = longer
                continue
            if lines[-1]:
                lines.append("")
            while self.width(word) > room and len(word) > 1:
                fits = self._fitting(word, room)
                lines[-1], word = word[:fits], word[fits:]
                lines.append("")
            lines[-1] = word
        return lines

    def _fitting(self, word: str, room: float) -> int:
        """How many of a word's letters fit into a line; at least one."""
        lengths = range(1, len(word))
        return max(1, bisect_right(lengths, room, key=lambda length: self.width(word[:length])))

    def _cut(self, text: str, room: float) -> str:
        while text and self.width(f"{text} ...") > room:
            text = text[:-1].rstrip()
        return f"{text} ..."


class Sheet:
    """A page that grows downwards.

    Args:
        width: Pixels.
        margin: Pixels kept free at all sides.
    """

    def __init__(self, width: int, margin: int) -> None:
        from PIL import Image

        self.width = width
        self.margin = margin
        self.y: float = margin
        self._page = Image.new("RGB", (width, 4000), PAPER)

    @property
    def room(self) -> int:
        """Pixels between the margins."""
        return self.width - 2 * self.margin

    @cached_property
    def pen(self) -> ImageDraw:
        """Draws on the page."""
        from PIL import ImageDraw

        return ImageDraw.Draw(self._page)

    def text(self, x: float, text: str, letters: Type, colour: Colour = INK) -> None:
        """Write a line at ``x``; the place down the page stays."""
        letters.draw(self.pen, (x, self.y), text, colour)

    def image(self, x: float, image: Image) -> None:
        """Put a picture at ``x``, in a thin frame; the place down the page stays."""
        left, top = round(x), round(self.y)
        self._page.paste(image, (left, top))
        frame = (left - 1, top - 1, left + image.width, top + image.height)
        self.pen.rectangle(frame, outline=(200, 200, 196))

    def swatch(self, x: float, colour: Colour, size: float) -> None:
        """A small field of colour at ``x``, beside a line of text of this size."""
        top = self.y + size * 0.22
        box = (x, top, x + size * 0.85, top + size * 0.85)
        self.pen.rounded_rectangle(box, size * 0.2, colour)

    def dot(self, x: float, colour: Colour, size: float) -> None:
        """A small disc at ``x``, beside a line of text of this size."""
        self.pen.circle((x + size * 0.42, self.y + size * 0.65), size * 0.34, fill=colour)

    def finished(self) -> Image:
        """The page, as long as what is on it."""
        return self._page.crop((0, 0, self.width, math.ceil(self.y) + self.margin))


def opaque(picture: Image) -> Image:
    """A picture in ``RGB``. Where it is transparent a chequered ground shows, as in editors.

    The colours that files keep under transparency are nothing that anybody saw.

    Args:
        picture: In any mode.
    """
    from PIL import Image

    alpha = alpha_of(picture)
    image = picture.convert("RGB")
    if alpha is None:
        return image
    cell = max(4, min(image.size) // 40)
    tile = Image.new("RGB", (2 * cell, 2 * cell), _CHEQUERS[0])
    for corner in (0, cell):
        tile.paste(_CHEQUERS[1], (corner, corner, corner + cell, corner + cell))
    ground = Image.new("RGB", image.size)
    for left in range(0, image.width, 2 * cell):
        for top in range(0, image.height, 2 * cell):
            ground.paste(tile, (left, top))
    ground.paste(image, mask=alpha)
    return ground


def tint(image: Image, mask: Image, colour: Colour, strength: float = 0.45) -> None:
    """Colour a region and draw its edge.

    Args:
        image: ``RGB``, changed in place.
        mask: ``L`` of the same size, white where the region is.
        colour: The tint.
        strength: 0 leaves the region as it is, 1 covers it.
    """
    from PIL import ImageChops, ImageFilter

    image.paste(colour, mask=mask.point([round(level * strength) for level in range(256)]))
    wide = 2 * max(1, round(min(image.size) / 250)) + 1
    rim = ImageChops.subtract(mask.filter(ImageFilter.MaxFilter(wide)), mask)
    image.paste(colour, mask=rim)


def _strokes(image: Image) -> tuple[Image, ImageDraw]:
    """A large empty layer to draw lines on, as opaque as they are."""
    from PIL import Image, ImageDraw

    layer = Image.new("L", (image.width * _FINE, image.height * _FINE))
    return layer, ImageDraw.Draw(layer)


def _lay(image: Image, layer: Image, colour: Colour) -> None:
    image.paste(colour, mask=layer.reduce(_FINE))


def _scaled(points: Sequence[Point]) -> list[Point]:
    return [(x * _FINE, y * _FINE) for x, y in points]


def outline(
    image: Image, corners: Sequence[Point], colour: Colour, *, dashed: bool = False
) -> None:
    """Draw a closed line with a dark rim, so that it shows on any picture.

    Args:
        image: ``RGB``, changed in place.
        corners: In pixels of the image.
        colour: Of the line.
        dashed: Whether it is broken.
    """
    width = max(2.0, min(image.size) / 160)
    for wide, shade in ((width * 2, (0, 0, 0)), (width, colour)):
        layer, pen = _strokes(image)
        for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
            for piece in _dashes(start, end, width * 5) if dashed else [(start, end)]:
                pen.line(_scaled(piece), 255 if shade == colour else 130, round(wide * _FINE))
        _lay(image, layer, shade)


def _dashes(start: Point, end: Point, length: float) -> list[tuple[Point, Point]]:
    count = max(1, round(math.dist(start, end) / length)) | 1
    marks = [_between(start, end, index / count) for index in range(count + 1)]
    return list(zip(marks[::2], marks[1::2], strict=True))


def _between(start: Point, end: Point, part: float) -> Point:
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def arrow(image: Image, path: Sequence[Point], colour: Colour) -> None:
    """Draw a path from a ring at its start to a head at its end, with a light rim.

    Args:
        image: ``RGB``, changed in place.
        path: At least two points in pixels of the image.
        colour: Of the arrow.
    """
    width = max(2.5, min(image.size) / 120)
    for extra, shade in ((width * 0.9, (255, 255, 255)), (0.0, colour)):
        layer, pen = _strokes(image)
        _draw_arrow(pen, path, width, extra)
        _lay(image, layer, shade)


def _draw_arrow(pen: ImageDraw, path: Sequence[Point], width: float, extra: float) -> None:
    tip, back, sides = _head(path, width * 5)
    shaft = [*_before(path, back), back]
    pen.line(_scaled(shaft), 255, round((width + extra) * _FINE), joint="curve")
    (start,) = _scaled([path[0]])
    pen.circle(start, (width * 1.7 + extra / 2) * _FINE, fill=255)
    if not extra:
        pen.circle(start, width * 0.8 * _FINE, fill=0)
    head = _scaled([tip, *sides])
    pen.polygon(head, 255)
    if extra:
        pen.line([*head, *head[:2]], 255, round(extra * _FINE), joint="curve")


def _head(path: Sequence[Point], size: float) -> tuple[Point, Point, list[Point]]:
    """The arrow's tip, where its shaft ends, and its two barbs."""
    tip = path[-1]
    tail = next((p for p in reversed(path) if math.dist(p, tip) > size / 2), path[0])
    angle = math.atan2(tip[1] - tail[1], tip[0] - tail[0])
    back = tip[0] - math.cos(angle) * size * 0.7, tip[1] - math.sin(angle) * size * 0.7
    sides = [
        (tip[0] - math.cos(angle + turn) * size, tip[1] - math.sin(angle + turn) * size)
        for turn in (-0.5, 0.5)
    ]
    return tip, back, sides


def _before(path: Sequence[Point], back: Point) -> list[Point]:
    """The part of a path that the arrow's head leaves free."""
    reach = math.dist(path[-1], back)
    shaft = [point for point in path if math.dist(point, path[-1]) > reach]
    return shaft or [path[0]]
