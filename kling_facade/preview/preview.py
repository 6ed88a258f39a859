"""Pictures of what a request will do, before it costs anything.

    request.preview().save("preview.png")
    request.storyboard(frames=6)            # in a notebook it shows itself

The preview shows the picture with the regions that are held and that move, their paths, where the
camera begins and ends, and the frame the move ends in; below it stand prompt, voices and what the
rules say. The storyboard shows the move frame by frame. Both are drawn with the geometry of the
sandbox's films. They show directions and places, not what Kling's model will make of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ..builders.geometry.points import Point, Size
from ..builders.pictures.decode import decoded
from ..builders.pictures.pillow import need_pillow
from ..errors import InvalidRequest
from ..rules.problems import problems
from .camera_view import CameraLike, CameraPath, WireMove, fit_size
from .drawing import INK, PALE, Colour, Sheet, Type, arrow, opaque, outline, tint
from .fonts import missing
from .scene import Brush, MovingRegion, Scene

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..builders.pictures.picture import Picture
    from ..builders.values import RequestValues

__all__ = ["preview", "storyboard"]

_HELD: Final[Colour] = (38, 132, 255)
_MOVING: Final[tuple[Colour, ...]] = (
    (240, 90, 40),
    (20, 160, 110),
    (170, 70, 200),
    (214, 150, 10),
    (210, 40, 110),
    (90, 110, 20),
)
_FROM: Final[Colour] = (255, 255, 255)
_TO: Final[Colour] = (255, 214, 10)
_SEVERITY: Final[dict[str, Colour]] = {
    "contract": (206, 40, 40),
    "capability": (222, 120, 10),
    "advice": (60, 120, 190),
}
_FINE_BY_ALL: Final[Colour] = (40, 150, 90)
_UNSEEN: Final = (1280, 720)  # the shape taken for a picture at an address


def preview(request: RequestValues, *, width: int = 1280, font: str | Path | None = None) -> Image:
    """One picture that shows what a request will do.

    Args:
        request: The request. It need not be free of problems: they are shown.
        width: Pixels, at least 480.
        font: A font file that is tried first. Letters that it lacks come from the system's fonts.

    Returns:
        An ``RGB`` image; notebooks show it, ``save("preview.png")`` keeps it.

    Raises:
        MissingExtra: Pillow is not installed.
        InvalidRequest: The picture can't be read, or ``width`` is too small.

    Example:
        >>> from PIL import Image
        >>> from kling_facade import ImageToVideo, camera
        >>> request = ImageToVideo(Image.new("RGB", (640, 360)), camera=camera.zoom_in(4))
        >>> preview(request).width
        1280
    """
    page = _Page.of(request, width, font)
    page.head()
    between = [(page.moment(t), page.view.frame(t)) for t in page.spare_moments()]
    last = (_end_title(request), page.view.frame(1))
    page.panels([("the picture", page.first()), *between, last])
    page.captions()
    return page.sheet.finished()


def storyboard(
    request: RequestValues, *, frames: int = 6, width: int = 1280, font: str | Path | None = None
) -> Image:
    """The move frame by frame, from the first to the last.

    Args:
        request: The request.
        frames: How many frames, 2 to 24, evenly spaced in time.
        width: Pixels, at least 480.
        font: A font file that is tried first. Letters that it lacks come from the system's fonts.

    Returns:
        An ``RGB`` image.

    Raises:
        MissingExtra: Pillow is not installed.
        InvalidRequest: The picture can't be read, or a number is out of range.
    """
    if not 2 <= frames <= 24:
        raise InvalidRequest(f"a storyboard has 2 to 24 frames, not {frames!r}")
    page = _Page.of(request, width, font, frames)
    page.head()
    times = [index / (frames - 1) for index in range(frames)]
    panels = [(page.moment(t), page.view.frame(t)) for t in times]
    for start in range(0, frames, page.columns):
        page.panels(panels[start : start + page.columns])
    return page.sheet.finished()


def _end_title(request: RequestValues) -> str:
    if request.image_tail is not None:
        return "last frame: the tail"
    if request.camera is None and request.motion_brush is None:
        return "last frame: what moves is up to the model"
    return "last frame"


@frozen(eq=False)
class _Page:
    """A sheet about one request."""

    request: RequestValues
    sheet: Sheet
    view: Scene
    picture: Image
    brush: Brush | None
    notes: tuple[str, ...]
    text: Type
    title: Type
    columns: int
    gap: int

    @classmethod
    def of(
        cls, request: RequestValues, width: int, font: str | Path | None, frames: int = 2
    ) -> _Page:
        need_pillow("a preview")
        if width < 480:
            raise InvalidRequest(f"a preview is at least 480 pixels wide, not {width!r}")
        sheet = Sheet(width, margin=width // 40)
        gap = width // 54
        picture = _opened(request.image, sheet.room)
        columns = _columns(frames, picture.width < 0.75 * picture.height)
        room = (sheet.room - gap * (columns - 1)) / columns
        size = _panel_size(picture.size, room, sheet.room / 2)
        brush, notes = _drawable(request.motion_brush)
        tail = None if request.image_tail is None else _opened(request.image_tail, sheet.room)
        view = Scene(picture, size, camera=_as_meant(request), brush=brush, tail=tail)
        text, title = Type(width / 76, font), Type(width / 54, font)
        return cls(request, sheet, view, picture, brush, tuple(notes), text, title, columns, gap)

    def head(self) -> None:
        """What is asked for, in one line."""
        request = self.request
        parts = [request.model, request.mode, f"{request.duration} s", *_sound(request)]
        self.sheet.text(self.sheet.margin, "  ·  ".join(map(str, parts)), self.title)
        move = _camera_words(request)
        place = self.sheet.width - self.sheet.margin - self.title.width(move)
        self.sheet.text(place, move, self.title, PALE)
        self.sheet.y += self.title.leading + self.gap / 2

    def panels(self, panels: Sequence[tuple[str, Image]]) -> None:
        """Pictures side by side, each with a line above it."""
        for place, (title, image) in zip(self._places(), panels, strict=False):
            self.sheet.text(place, title, self.text, PALE)
            self.sheet.y += self.text.leading
            self.sheet.image(place, image)
            self.sheet.y -= self.text.leading
        self.sheet.y += self.text.leading + self.view.size[1] + self.gap

    def _places(self) -> Iterator[float]:
        place = float(self.sheet.margin)
        while True:
            yield place
            place += self.view.size[0] + self.gap

    def moment(self, t: float) -> str:
        """A time of the film in seconds."""
        seconds = self.request.duration if isinstance(self.request.duration, int) else 5
        return f"{t * seconds:.1f} s"

    def spare_moments(self) -> list[float]:
        """Times between first and last frame for which there is room beside them."""
        fit = min(int((self.sheet.room + self.gap) // (self.view.size[0] + self.gap)), 4)
        return [index / (fit - 1) for index in range(1, fit - 1)]

    def first(self) -> Image:
        """The picture with all that is marked on it."""
        from PIL.Image import Resampling

        image = self.picture.resize(self.view.size, Resampling.LANCZOS)
        if self.brush is not None:
            _mark_brush(image, self.brush)
        if self.request.camera is not None:
            _mark_camera(image, self.view.path)
        return image

    def captions(self) -> None:
        """Prompt, regions, voices and rules."""
        captions = list(_captions(self.request, self.notes))
        for label, colour, text in captions:
            self._caption(label, colour, text)
        if unknown := missing("".join(text for _, _, text in captions), self.text.font):
            self._caption("note", None, _about_missing(unknown))
        found = problems(self.request)
        for problem in found:
            words = f"{problem.field}: {problem.message}  [{problem.rule}; {problem.source}]"
            self._caption(
                "rules" if problem is found[0] else "", None, words, _SEVERITY[problem.severity]
            )
        if not found:
            self._caption("rules", None, "nothing to object to", _FINE_BY_ALL)

    def _caption(
        self, label: str, swatch: Colour | None, text: str, dot: Colour | None = None
    ) -> None:
        sheet, size = self.sheet, self.text.size
        column = sheet.margin + size * 7
        sheet.text(sheet.margin, label, self.text, PALE)
        if swatch is not None:
            sheet.swatch(column, swatch, size)
        if dot is not None:
            sheet.dot(column, dot, size)
        indent = size * 1.4 if swatch or dot else 0.0
        for line in self.text.lines(text, sheet.room - size * 7 - indent):
            sheet.text(column + indent, line, self.text, INK)
            sheet.y += self.text.leading


def _opened(picture: Picture, size: int) -> Image:
    """The picture upright; a blank sheet for one that is at an address."""
    if picture.url is not None:
        return _unseen(picture.url)
    return opaque(decoded(picture, draft=2 * size))


def _unseen(address: str) -> Image:
    """A stand-in for a picture that Kling fetches and we don't."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", _UNSEEN, (226, 228, 232))
    pen, letters = ImageDraw.Draw(image), Type(34)
    for offset in range(-_UNSEEN[1], _UNSEEN[0], 80):
        pen.line((offset, _UNSEEN[1], offset + _UNSEEN[1], 0), (214, 217, 222), 20)
    lines = ["a picture at an address, not fetched here", *letters.lines(address, 1100, 3)]
    for number, line in enumerate(lines):
        left = (_UNSEEN[0] - letters.width(line)) / 2
        letters.draw(pen, (left, _UNSEEN[1] / 2 + (number - len(lines) / 2) * 52), line, PALE)
    return image


def _as_meant(request: RequestValues) -> CameraLike:
    """The camera move with its axes in this library's reading; one that stands still for none.

    The sandbox's films push in a little where no move is asked for, so that they are films. A
    preview shows only what was asked for.

    A user who swaps pan and tilt knows a gateway that has them the other way round; the move that
    they mean is the same.
    """
    move = request.camera
    if move is None:
        return WireMove()
    if not move.swap_pan_tilt:
        return move
    axes = move.axes
    return WireMove(move.type, axes | {"pan": axes["tilt"], "tilt": axes["pan"]})


def _columns(frames: int, upright: bool) -> int:
    """Pictures in a row: full rows where that is possible, more of them where they are narrow."""
    choices = (6, 5, 4, 3) if upright else (3, 4, 2)
    return next((n for n in choices if frames % n == 0 and n <= frames), min(frames, choices[0]))


def _panel_size(size: Size, room: float, highest: float) -> Size:
    """As large as room and height allow, in the picture's shape."""
    aspect = size[0] / size[1]
    width = min(room, highest * aspect)
    return fit_size(size, max(16, int(min(width, width / aspect)) // 2 * 2))


def _drawable(brush: Any) -> tuple[Brush | None, list[str]]:
    """A motion brush's masks, and a note for each that is at an address."""
    if brush is None:
        return None, []
    notes: list[str] = []
    held, moving = None, []
    if brush.held is not None:
        held = _mask(brush.held, brush.size, "the held region", notes)
    for number, move in enumerate(brush.moves, 1):
        mask = _mask(move.region, brush.size, f"moving region {number}", notes)
        if mask is not None:
            moving.append(MovingRegion(mask, tuple(move.path)))
    return Brush(brush.size, held, tuple(moving)), notes


def _mask(region: Any, size: Size, name: str, notes: list[str]) -> Image | None:
    try:
        mask: Image = region.mask(size)
    except InvalidRequest as error:
        notes.append(f"{name} is not drawn: {error.message}")
        return None
    return mask


def _mark_brush(image: Image, brush: Brush) -> None:
    """Tint held and moving regions and draw the paths."""
    from PIL.Image import Resampling

    scale = image.width / brush.size[0], image.height / brush.size[1]
    regions = [(brush.held, _HELD)] if brush.held is not None else []
    regions += [(move.mask, _MOVING[n % 6]) for n, move in enumerate(brush.moving)]
    for mask, colour in regions:
        tint(image, mask.convert("L").resize(image.size, Resampling.BOX), colour)
    for number, move in enumerate(brush.moving):
        path = [(x * scale[0], y * scale[1]) for x, y in move.path]
        if len(path) > 1:
            arrow(image, path, _MOVING[number % 6])


def _mark_camera(image: Image, path: CameraPath) -> None:
    """Where the view begins (broken line) and where it ends."""
    edge = min(image.size) / 100  # keeps a line along the border inside the picture
    for t, colour in ((0.0, _FROM), (1.0, _TO)):
        corners = [
            (min(max(x, edge), image.width - edge), min(max(y, edge), image.height - edge))
            for x, y in path.view(t).outline(image.size)
        ]
        outline(image, corners, colour, dashed=t == 0)
    start, end = (_centre(path.view(t).outline(image.size)) for t in (0.0, 1.0))
    if math.dist(start, end) > min(image.size) / 12:
        arrow(image, [start, end], _TO)


def _centre(corners: Sequence[Point]) -> Point:
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def _about_missing(unknown: Sequence[str]) -> str:
    """What to say about characters that no font has. They can't be shown, so they are named."""
    names = ", ".join(f"U+{ord(character):04X}" for character in unknown[:6])
    more = f" and {len(unknown) - 6} more" if len(unknown) > 6 else ""
    return (
        f"no font of this system has {names}{more}: drawn as boxes here, and sent as they are. "
        "preview(font=...) takes a font file"
    )


def _sound(request: RequestValues) -> list[str]:
    return {None: [], True: ["sound on"], False: ["sound off"]}[request.sound_on]


def _camera_words(request: RequestValues) -> str:
    if request.camera is not None:
        return str(request.camera)
    if request.motion_brush is not None:
        return "motion brush"
    return "to the tail" if request.image_tail is not None else "no camera move"


def _captions(
    request: RequestValues, notes: Sequence[str]
) -> Iterator[tuple[str, Colour | None, str]]:
    """Label, colour and text of each line below the pictures."""
    if request.prompt_text:
        yield "prompt", None, request.prompt_text
    if request.negative_prompt:
        yield "not", None, request.negative_prompt
    if request.camera is not None:
        yield (
            "camera",
            _TO,
            f"{request.camera}: broken line where it begins, full line where it ends",
        )
    if request.motion_brush is not None:
        yield from _brush_captions(request.motion_brush)
    for note in notes:
        yield "note", None, note
    for number, voice in enumerate(request.voice_ids, 1):
        yield "voices" if number == 1 else "", None, f"<<<voice_{number}>>> is {voice}"


def _brush_captions(brush: Any) -> Iterator[tuple[str, Colour | None, str]]:
    if brush.holds:
        names = ", ".join(region.name or "a region" for region in brush.holds)
        yield "hold", _HELD, names
    for number, move in enumerate(brush.moves):
        (x0, y0), (x1, y1) = move.path[0], move.path[-1]
        across, down = x1 - x0, y1 - y0
        words = f"{move.region.name or f'region {number + 1}'}: {_way(across, down)}"
        points = f"{len(move.path)} points" if len(move.path) > 2 else "a straight line"
        yield "move", _MOVING[number % 6], f"{words}; {points}"


def _way(across: float, down: float) -> str:
    """A displacement in words."""
    words = []
    if across:
        words.append(f"{abs(across):g} px {'right' if across > 0 else 'left'}")
    if down:
        words.append(f"{abs(down):g} px {'down' if down > 0 else 'up'}")
    return " and ".join(words) or "back to where it starts"
