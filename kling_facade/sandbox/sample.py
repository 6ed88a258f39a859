"""The sample picture: a fox in an autumn valley, drawn from code.

    python -m kling_facade.sandbox.sample fox.png

It has edges and texture everywhere, so that every camera move can be seen and measured; the fox and
the birch stand free, so that a motion brush has something to move and something to hold.
`FOX`, `FOX_OUTLINE` and `BIRCH` say where they are.
"""

from __future__ import annotations

import argparse
import io
import math
import random
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from PIL import Image, ImageChops, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from PIL.Image import Image as Bitmap
    from PIL.ImageDraw import ImageDraw as Pen

__all__ = ["BIRCH", "FOX", "FOX_OUTLINE", "SIZE", "landscape", "main", "sample_png"]

Point: TypeAlias = tuple[float, float]
Colour: TypeAlias = tuple[int, int, int]

SIZE: Final = (1280, 720)
"""Width and height of the sample picture in pixels."""

FOX: Final = (340, 330, 660, 668)
"""Left, top, right and bottom of the fox in the sample picture."""

BIRCH: Final = (1010, 60, 1170, 640)
"""Left, top, right and bottom of the birch's trunk and most of its crown."""

FOX_OUTLINE: Final = (
    (370, 357), (375, 341), (405, 359), (433, 374), (442, 390), (485, 388), (489, 376),
    (513, 347), (538, 324), (548, 339), (546, 403), (593, 457), (567, 481), (522, 503),
    (536, 517), (559, 578), (563, 578), (575, 545), (594, 510), (604, 495), (633, 480),
    (656, 504), (665, 529), (661, 583), (629, 645), (574, 673), (481, 680), (396, 672),
    (379, 649), (386, 606), (391, 581), (404, 549), (421, 508), (378, 500), (356, 484),
    (353, 478), (368, 456), (384, 414), (375, 382),
)  # fmt: skip
"""The fox's outline, ready for ``regions.polygon``."""

_FINE: Final = 2  # drawn this many times larger, then reduced: smooth edges
_ORANGE: Final = (226, 112, 38)
_RUST: Final = (188, 80, 26)
_CREAM: Final = (252, 240, 220)
_DARK: Final = (54, 32, 30)


def landscape(size: tuple[int, int] = SIZE) -> Bitmap:
    """The sample picture in any size; the same each time.

    Args:
        size: Width and height in pixels.
    """
    image = _painting()
    return image.copy() if size == SIZE else image.resize(size, Image.Resampling.LANCZOS)


@lru_cache(maxsize=1)
def sample_png() -> bytes:
    """The sample picture as a PNG file."""
    file = io.BytesIO()
    landscape().save(file, "PNG")
    return file.getvalue()


@lru_cache(maxsize=1)
def _painting() -> Bitmap:
    """From the back to the front, as one paints."""
    dice = random.Random(20)  # noqa: S311 - the same picture each time
    image = _sky()
    _streaks(image, dice)
    _sun(image, (905, 205))
    _clouds(image, dice)
    _birds(image, dice)
    _ridge(image, dice, 330, 95, (150, 142, 178), (178, 164, 192))
    _ridge(image, dice, 385, 70, (104, 112, 150), (136, 138, 168))
    _forest(image, dice, 440, 46, (58, 88, 104))
    _lake(image, dice, 452, 520)
    _forest(image, dice, 500, 74, (34, 68, 70), gap=(300, 900))
    _meadow(image, dice, 505)
    _birch(image, dice)
    _shadow(image, (512, 656), 150)
    _fox(image)
    _grass(image, dice)
    return image.resize(SIZE, Image.Resampling.LANCZOS)


# Tools


def _big(points: Iterable[Point]) -> list[Point]:
    return [(x * _FINE, y * _FINE) for x, y in points]


def _mix(one: Colour, other: Colour, part: float) -> Colour:
    red, green, blue = (
        round(a + (b - a) * min(max(part, 0), 1)) for a, b in zip(one, other, strict=True)
    )
    return red, green, blue


def _smooth(points: Sequence[Point], steps: int = 10) -> list[Point]:
    """A closed curve through points (Catmull-Rom)."""
    curve = []
    for index in range(len(points)):
        a, b, c, d = (points[(index + offset) % len(points)] for offset in (-1, 0, 1, 2))
        for step in range(steps):
            t = step / steps
            curve.append((_spline(a[0], b[0], c[0], d[0], t), _spline(a[1], b[1], c[1], d[1], t)))
    return curve


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return b + t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))) / 2


def _rolling(dice: random.Random, base: float, height: float, rough: float) -> list[Point]:
    """A horizon: a few waves, from large to small."""
    waves = [(dice.uniform(0, 7), 1.7**level) for level in range(1, 8)]
    return [
        (
            x,
            base
            - height
            * sum(math.sin(x / 190 * speed + start) / speed**rough for start, speed in waves),
        )
        for x in range(-10, SIZE[0] + 20, 5)
    ]


def _ground(line: Sequence[Point], bottom: float) -> list[Point]:
    return _big([*line, (line[-1][0], bottom), (line[0][0], bottom)])


# Far away


def _sky() -> Bitmap:
    stops: list[Colour] = [
        (62, 98, 160),
        (118, 138, 182),
        (222, 168, 162),
        (250, 190, 138),
        (255, 226, 176),
    ]
    strip = Image.new("RGB", (1, 64))
    for y in range(64):
        stop, part = divmod(y / 64 * 6.4, 1)
        below, above = (stops[min(int(stop) + step, 4)] for step in (0, 1))
        strip.putpixel((0, y), _mix(below, above, part))
    size = SIZE[0] * _FINE, SIZE[1] * _FINE
    return strip.resize(size, Image.Resampling.BICUBIC)


def _sun(image: Bitmap, centre: Point) -> None:
    glow = Image.new("L", SIZE)
    pen = ImageDraw.Draw(glow)
    for radius in range(260, 40, -4):
        pen.circle(centre, radius, fill=round(150 * (1 - radius / 264) ** 2))
    glow = glow.filter(ImageFilter.GaussianBlur(6)).resize(image.size)
    image.paste((255, 244, 214), mask=glow)
    ImageDraw.Draw(image).circle(_big([centre])[0], 44 * _FINE, fill=(255, 246, 222))


def _clouds(image: Bitmap, dice: random.Random) -> None:
    for x, y, width in ((150, 92, 190), (430, 150, 130), (690, 72, 160), (1160, 120, 150)):
        layer = Image.new("L", SIZE)
        pen = ImageDraw.Draw(layer)
        for _ in range(26):
            along = dice.uniform(-1, 1)
            radius = width / 5.5 * (1.15 - abs(along)) * dice.uniform(0.6, 1)
            pen.ellipse(
                _round(x + along * width / 2, y - radius * 0.3, radius * 1.3, radius * 0.62), 190
            )
        cut = Image.new("L", SIZE, 255)
        ImageDraw.Draw(cut).rectangle((0, y + width / 14, SIZE[0], SIZE[1]), 0)
        cut = cut.filter(ImageFilter.GaussianBlur(7))
        layer = ImageChops.multiply(layer.filter(ImageFilter.GaussianBlur(2)), cut)
        image.paste((255, 232, 214), mask=layer.resize(image.size))


def _birds(image: Bitmap, dice: random.Random) -> None:
    pen = ImageDraw.Draw(image)
    for number in range(9):
        rank = (number + 1) // 2 * (-1) ** number
        x, y = 560 + abs(rank) * 24 + dice.uniform(-3, 3), 200 + rank * 13 + abs(rank) * 4
        wing = dice.uniform(7, 10)
        for side in (-1, 1):
            bend = (x + side * wing * 0.5, y - wing * 0.45)
            pen.line(_big([(x, y), bend, (x + side * wing, y - wing * 0.1)]), (70, 66, 92), 3)


def _streaks(image: Bitmap, dice: random.Random) -> None:
    """Thin high clouds, so that the sky has something to follow too."""
    layer = Image.new("L", SIZE)
    pen = ImageDraw.Draw(layer)
    for _ in range(70):
        x, y, long = dice.uniform(-100, SIZE[0]), dice.uniform(10, 330), dice.uniform(60, 260)
        pen.line((x, y, x + long, y - long * 0.06), dice.randrange(30, 95), dice.randrange(1, 5))
    layer = layer.filter(ImageFilter.GaussianBlur(1.6)).resize(image.size)
    image.paste((255, 226, 208), mask=layer)


def _round(x: float, y: float, wide: float, high: float) -> tuple[float, float, float, float]:
    return x - wide, y - high, x + wide, y + high


def _ridge(
    image: Bitmap, dice: random.Random, base: float, height: float, colour: Colour, light: Colour
) -> None:
    """Mountains with lit flanks."""
    line = _rolling(dice, base, height, 1.15)
    pen = ImageDraw.Draw(image)
    pen.polygon(_ground(line, 560), colour)
    for (x, y), (_, ahead) in zip(line, line[6:], strict=False):
        if ahead > y:
            length = dice.uniform(14, 60)
            flank = [(x, y), (x + length * 0.75, y + length), (x + length * 0.2, y + length * 0.9)]
            pen.polygon(_big(flank), _mix(colour, light, dice.uniform(0.3, 1)))


def _forest(
    image: Bitmap,
    dice: random.Random,
    base: float,
    height: float,
    colour: Colour,
    gap: tuple[float, float] = (0, 0),
) -> None:
    """A row of pines, with an opening."""
    pen = ImageDraw.Draw(image)
    x = -20.0
    while x < SIZE[0] + 20:
        if not gap[0] < x < gap[1]:
            tall = height * dice.uniform(0.6, 1.35)
            _pine(
                pen,
                x,
                base + dice.uniform(-4, 8),
                tall,
                _mix(colour, (92, 112, 84), dice.random() * 0.5),
            )
        x += height * dice.uniform(0.16, 0.4)
    if not gap[1]:
        pen.rectangle((0, base * _FINE, image.width, (base + 14) * _FINE), colour)


def _pine(pen: Pen, x: float, foot: float, tall: float, colour: Colour) -> None:
    pen.line(_big([(x, foot), (x, foot - tall / 2)]), _DARK, round(tall / 18) * _FINE)
    for tier in range(5):
        top, low = foot - tall + tier * tall * 0.15, foot - tall * 0.62 + tier * tall * 0.14
        half = tall * (0.08 + 0.045 * tier)
        left = [(x, top), (x - half, low), (x, low - half * 0.25)]
        right = [(x, top), (x, low - half * 0.25), (x + half, low)]
        pen.polygon(_big(left), _mix(colour, (16, 34, 44), 0.35))
        pen.polygon(_big(right), _mix(colour, (214, 164, 96), 0.12 + 0.03 * tier))


def _lake(image: Bitmap, dice: random.Random, top: float, bottom: float) -> None:
    """Water that mirrors what stands above it."""
    high, low = round(top * _FINE), round(bottom * _FINE)
    mirrored = image.crop((0, 2 * high - low, image.width, high)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirrored = mirrored.filter(ImageFilter.GaussianBlur(3))
    tint = Image.new("RGB", mirrored.size, (112, 146, 176))
    image.paste(Image.blend(mirrored, tint, 0.38), (0, high))
    pen = ImageDraw.Draw(image)
    for _ in range(230):
        x, y = dice.uniform(0, SIZE[0]), dice.uniform(top + 2, bottom)
        long = dice.uniform(6, 42)
        near_sun = math.exp(-(((x - 905) / 130) ** 2))
        colour = _mix((150, 176, 196), (255, 236, 196), dice.uniform(0, 0.5) + near_sun)
        pen.line(_big([(x, y), (x + long, y)]), colour, _FINE)


# Near


def _meadow(image: Bitmap, dice: random.Random, base: float) -> None:
    line = _rolling(dice, base + 14, 12, 1.3)
    shade = Image.new("RGB", (1, 32))
    for row in range(32):
        shade.putpixel((0, row), _mix((196, 168, 84), (74, 92, 46), row / 31))
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).polygon(_ground(line, SIZE[1]), 255)
    colours = Image.new("RGB", image.size)
    top = round((base - 20) * _FINE)
    colours.paste(
        shade.resize((image.width, image.height - top), Image.Resampling.BICUBIC), (0, top)
    )
    image.paste(colours, mask=mask)
    pen = ImageDraw.Draw(image)
    for _ in range(5200):
        x, y = dice.uniform(0, SIZE[0]), dice.triangular(base + 16, SIZE[1], SIZE[1])
        _blade(pen, dice, x, y, (y - base) / 14 + 3)


def _blade(pen: Pen, dice: random.Random, x: float, y: float, tall: float) -> None:
    depth = (y - 505) / 215
    dry = _mix((222, 190, 104), (150, 134, 58), depth)
    fresh = _mix((150, 152, 78), (58, 84, 40), depth)
    colour = _mix(dry, fresh, dice.random())
    lean = dice.uniform(-0.35, 0.5) * tall
    pen.line(_big([(x, y), (x + lean * 0.3, y - tall * 0.6), (x + lean, y - tall)]), colour, _FINE)


def _birch(image: Bitmap, dice: random.Random) -> None:
    """A tree that stands still while the rest moves."""
    pen = ImageDraw.Draw(image)
    left = [(1072, 640), (1078, 420), (1084, 240), (1090, 90)]
    right = [(1098, 90), (1104, 240), (1108, 420), (1118, 640)]
    _shadow(image, (1094, 642), 90)
    for foot, tip in ((300, (1030, 190)), (260, (1160, 150)), (200, (1050, 100))):
        pen.line(_big([(1094, foot), tip]), (206, 196, 188), 7 * _FINE)
    pen.polygon(_big([*left, *right]), (238, 232, 224))
    pen.polygon(_big([*right, (1098, 640)]), (204, 192, 188))
    for _ in range(46):
        y = dice.uniform(110, 632)
        x, long = dice.uniform(1080, 1104), dice.uniform(4, 15)
        pen.line(
            _big([(x, y), (x + long, y + dice.uniform(-2, 2))]), _DARK, round(dice.uniform(2, 5))
        )
    boughs = [(1094, 92, 62), (1040, 150, 58), (1150, 142, 62), (1092, 176, 66), (1046, 226, 50),
              (1146, 228, 54), (1098, 250, 44)]  # fmt: skip
    for bough in boughs:
        _leaves(pen, dice, *bough)
    for _ in range(70):
        x, y = dice.uniform(1040, 1160), dice.uniform(628, 660)
        _blade(pen, dice, x, y, dice.uniform(10, 22))


def _leaves(pen: Pen, dice: random.Random, x: float, y: float, wide: float) -> None:
    """A bough's leaves: dark below and behind, bright above."""
    for layer in range(round(wide * 4.4)):
        turn, far = dice.uniform(0, 2 * math.pi), math.sqrt(dice.random())
        dx, dy = math.cos(turn) * far * wide, math.sin(turn) * far * wide * 0.72
        bright = layer / wide / 4.4 * 0.6 + dice.random() * 0.4 - dy / wide * 0.4
        gold = _mix((196, 92, 30), (255, 208, 78), bright)
        leaf = dice.uniform(2.5, 6)
        pen.ellipse([c * _FINE for c in _round(x + dx, y + dy, leaf, leaf * 0.7)], gold)


def _shadow(image: Bitmap, centre: Point, half: float) -> None:
    shade = Image.new("L", SIZE)
    ImageDraw.Draw(shade).ellipse(_round(*centre, half, half * 0.13), 150)
    shade = shade.filter(ImageFilter.GaussianBlur(7)).resize(image.size)
    image.paste((40, 48, 30), mask=shade)


def _grass(image: Bitmap, dice: random.Random) -> None:
    """Tall blades and flowers in front of everything."""
    pen = ImageDraw.Draw(image)
    for _ in range(900):
        x = dice.uniform(-10, SIZE[0] + 10)
        _blade(pen, dice, x, dice.uniform(660, 735), dice.uniform(18, 48))
    for _ in range(90):
        x, y = dice.uniform(0, SIZE[0]), dice.triangular(560, 712, 690)
        if FOX[0] + 30 < x < FOX[2] - 20 and y < 668:
            continue
        size = (y - 470) / 52
        colour = dice.choice([(250, 246, 236), (246, 206, 84), (206, 96, 122), (176, 136, 210)])
        pen.line(_big([(x, y), (x + 2, y + size * 3.5)]), (84, 104, 52), _FINE)
        for petal in range(5):
            turn = petal * 2 * math.pi / 5
            place = x + math.cos(turn) * size, y + math.sin(turn) * size * 0.8
            pen.circle(_big([place])[0], size * 0.75 * _FINE, fill=colour)
        pen.circle(_big([(x, y)])[0], size * 0.6 * _FINE, fill=(232, 160, 40))


# The fox, in a square of 100 by 106


def _fox(image: Bitmap) -> None:
    """It sits, looks at us, and has laid its tail around itself."""
    pen = ImageDraw.Draw(image)
    _tail(pen)
    _body(pen)
    _head(pen)


def _place(points: Iterable[Point], tilt: float = 0.0) -> list[Point]:
    """From the fox's square to the picture, tilted about the neck."""
    c, s = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    left, top, right, _ = FOX
    scale = (right - left) / 100
    placed = []
    for x, y in points:
        dx, dy = x - 42, y - 50
        placed.append((left + (42 + c * dx - s * dy) * scale, top + (50 + s * dx + c * dy) * scale))
    return _big(placed)


def _points(text: str) -> list[Point]:
    numbers = [float(word) for word in text.split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _shape(pen: Pen, points: Sequence[Point], colour: Colour, tilt: float = 0.0) -> None:
    pen.polygon(_place(_smooth(points), tilt), colour)


def _fur(pen: Pen, points: Sequence[Point], colour: Colour, long: float, tilt: float = 0.0) -> None:
    """Short strokes along an edge: fur is never smooth."""
    for x, y in _smooth(points, 5):
        pen.line(_place([(x, y), (x + long * 0.3, y + long)], tilt), colour, 2 * _FINE)


def _tail(pen: Pen) -> None:
    tail = _points("56 100  66 88  74 70  82 56  93 50  99 60  97 78  88 94  72 104")
    _shape(pen, tail, _ORANGE)
    _shape(pen, _points("60 102  78 97  93 78  97 64  98 80  88 95  72 104"), _RUST)
    _shape(pen, _points("80 60  86 51  93 49  98 57  94 60  91 57  88 62  84 59"), _CREAM)
    _fur(pen, _points("66 96  78 84  88 66  90 76  82 92"), _mix(_ORANGE, _CREAM, 0.35), 3)


def _body(pen: Pen) -> None:
    _shape(pen, _points("30 52  54 52  66 72  72 92  66 104  20 104  16 92  20 72"), _ORANGE)
    _shape(pen, _points("54 74  66 76  72 92  66 104  54 104  50 90"), _RUST)
    _shape(pen, _points("28 78  19 80  15 94  20 104  31 104  34 92"), _RUST)
    _shape(pen, _points("31 54  42 60  53 54  54 68  47 84  42 90  37 84  30 68"), _CREAM)
    for x in (37, 48):
        _shape(pen, [(x - 5, 74), (x + 5, 74), (x + 4.4, 104), (x - 4.4, 104)], _ORANGE)
        _shape(pen, [(x - 4.6, 91), (x + 4.6, 91), (x + 5.4, 105), (x - 5.4, 105)], _DARK)
    _shape(pen, _points("33 58  42 64  51 58  49 74  45 83  42 78  39 83  35 74"), _CREAM)
    _fur(pen, _points("36 62  48 62  46 76  42 70  38 76"), _mix(_CREAM, _ORANGE, 0.3), 3)
    _fur(pen, _points("60 80  68 90  60 98  24 86  22 96"), _mix(_RUST, _DARK, 0.3), 3)


def _head(pen: Pen, tilt: float = -6.0) -> None:
    for side in (-1, 1):
        ear = _points("-24 -26  -27 -46  -24 -50  -10 -38  -5 -30")
        inner = _points("-21 -28  -23 -42  -12 -34")
        tip = _points("-27 -46  -24.5 -50  -17.5 -44.5  -25.5 -37")
        for part, colour in ((ear, _ORANGE), (tip, _DARK), (inner, (120, 60, 46))):
            pen.polygon(_place([(42 - side * x, 52 + y) for x, y in part], tilt), colour)
    skull = "42 20  58 20  68 30  73 40  62 50  50 58  42 61  34 58  22 50  11 40  16 30  26 20"
    _shape(pen, _points(skull), _ORANGE, tilt)
    for side in (-1, 1):
        cheek = _points("31 -12  24 -8  14 -12  6 -4  2.5 4  2 8  8 6  20 -1")
        _shape(pen, [(42 + side * x, 52 + y) for x, y in cheek], _CREAM, tilt)
        tuft = _points("29 -15  36 -8  28 -9  30 -3  22 -6")
        pen.polygon(_place([(42 + side * x, 52 + y) for x, y in tuft], tilt), _CREAM)
        _eye(pen, (42 + side * 12.5, 38), tilt)
    _shape(
        pen, _points("42 22  47 34  46 48  42 52  38 48  37 34"), _mix(_ORANGE, _RUST, 0.35), tilt
    )
    _shape(
        pen, _points("37.5 53  42 51.5  46.5 53  44.5 57.5  42 59  39.5 57.5"), (36, 24, 26), tilt
    )
    _shape(pen, _points("39.5 53.2  42 52.6  42 53.8  40 54.4"), (150, 130, 130), tilt)


def _eye(pen: Pen, centre: Point, tilt: float) -> None:
    x, y = centre
    _shape(pen, [(x - 4.2, y), (x, y - 3.6), (x + 4.2, y), (x, y + 3.4)], (58, 32, 22), tilt)
    _shape(pen, [(x - 3, y), (x, y - 2.9), (x + 3, y), (x, y + 2.8)], (206, 132, 36), tilt)
    _shape(pen, [(x - 1.7, y), (x, y - 2.6), (x + 1.7, y), (x, y + 2.6)], (22, 14, 14), tilt)
    _shape(pen, [(x + 0.2, y - 1.6), (x + 1.2, y - 2.3), (x + 1.8, y - 1.2)], (255, 255, 255), tilt)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sample picture.

    Args:
        arguments: The command line without the program's name; left out, the real one.
    """
    parser = argparse.ArgumentParser(
        prog="python -m kling_facade.sandbox.sample", description="Draws the sample picture."
    )
    parser.add_argument("file", nargs="?", default="fox.png", help="default: fox.png")
    landscape().save(parser.parse_args(arguments).file)


if __name__ == "__main__":
    main()
