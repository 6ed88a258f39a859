"""Films: a scene drawn frame by frame into an MP4 that plays everywhere.

H.264 in 4:2:0 with the index first, so that a player can start before it has the whole file; AAC
when sound is asked for. Sound is a gentle tone for the scene and a second voice a second tone.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np
from attrs import frozen
from PIL import ImageDraw, ImageFont

from ..preview.scene import Brush, MovingRegion, Scene, WireMove, fit_size
from .pictures import Folder, Picture

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["SHORT_SIDE", "Film", "FilmMaker", "Stroke", "shoot"]

SHORT_SIDE: Final = {"std": 720, "pro": 1080, "4k": 2160}
"""Pixels of a film's shorter side by mode (VD1 early 2026, VD5 2026-04)."""

_RATE: Final = 44_100  # samples a second
_BT709: Final = 1
_LIMITED: Final = 1
_TONES: Final = (220.0, 329.63)  # A3 for the first voice, E4 for the second: a fifth


@frozen
class Stroke:
    """A moving region as it came.

    Attributes:
        mask: The region.
        points: Its path in pixels from the **bottom left** of the picture, as the wire has it.
    """

    mask: Picture
    points: tuple[tuple[int, int], ...]


@frozen
class Film:
    """What to film.

    Attributes:
        picture: The first frame.
        seconds: Duration.
        mode: ``std``, ``pro`` or ``4k``; decides the size.
        camera: The camera move, or ``None``.
        tail: The last frame, or ``None``.
        held: The region that stays as it is, or ``None``.
        strokes: The regions that move.
        sound: Whether there is sound.
        voices: How many voices speak.
    """

    picture: Picture
    seconds: float
    mode: str = "std"
    camera: WireMove | None = None
    tail: Picture | None = None
    held: Picture | None = None
    strokes: tuple[Stroke, ...] = ()
    sound: bool = False
    voices: int = 0

    @property
    def digest(self) -> str:
        """The same for films that look and sound the same."""
        parts = (
            self.picture.digest,
            self.seconds,
            self.mode,
            (self.camera.type, sorted(self.camera.axes.items())) if self.camera else None,
            self.tail and self.tail.digest,
            self.held and self.held.digest,
            [(stroke.mask.digest, stroke.points) for stroke in self.strokes],
            self.sound,
            self.voices,
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def scene(self, short_side: int | None = None) -> Scene:
        """The scene to draw.

        Args:
            short_side: The frame's shorter side in pixels; the mode's, if left out.
        """
        picture = self.picture.open()
        size = fit_size(picture.size, short_side or SHORT_SIDE[self.mode])
        tail = self.tail.open() if self.tail else None
        return Scene(picture, size, camera=self.camera, brush=self._brush(picture.size), tail=tail)

    def _brush(self, size: tuple[int, int]) -> Brush | None:
        """Masks and paths, in pixels of the picture from its top left."""
        if self.held is None and not self.strokes:
            return None
        moving = [
            MovingRegion(
                stroke.mask.open_mask().resize(size),
                tuple(_near(size, x, size[1] - 1 - y) for x, y in stroke.points),
            )
            for stroke in self.strokes
        ]
        held = self.held.open_mask().resize(size) if self.held else None
        return Brush(size, held, tuple(moving))


def _near(size: tuple[int, int], x: int, y: int) -> tuple[int, int]:
    """A point, drawn no further than ten frames outside: no source says how far a path may lead."""
    width, height = size
    return min(x, 11 * width), max(y, -10 * height)


def shoot(
    path: Path,
    scene: Scene,
    seconds: float,
    *,
    fps: int = 24,
    tones: int = 0,
    mark: bool = True,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Draw a scene and write it as an MP4.

    Args:
        path: The file to write.
        scene: What to draw.
        seconds: Duration; the film has exactly this many frames' worth.
        fps: Frames per second.
        tones: How many tones sound; 0 leaves out the sound track.
        mark: Whether a small "sandbox" stands in the corner.
        stop: Asked before each frame; true ends the work.

    Raises:
        CancelledError: When it was stopped; the file is not whole.
    """
    count = round(seconds * fps)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = _video_stream(container, scene.size, fps)
        audio = container.add_stream("aac", rate=_RATE, layout="mono") if tones else None
        for index, image in enumerate(_drawn_ahead(scene, count)):
            if stop():
                raise CancelledError
            frame = _as_video(_marked(image) if mark else image)
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            for sound in _sound(seconds, tones):
                container.mux(audio.encode(sound))
            container.mux(audio.encode(None))


def _video_stream(container: Any, size: tuple[int, int], fps: int) -> Any:
    options = {"preset": "veryfast", "crf": "18", "g": str(fps)}
    stream = container.add_stream("libx264", rate=fps, options=options)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.time_base = Fraction(1, fps)
    # Say which colours these are (BT.709, 16..235): players guess where a film says nothing.
    context = stream.codec_context
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED
    return stream


def _as_video(image: Image) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.asarray(image), "rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709")


def _drawn_ahead(scene: Scene, count: int, workers: int = 2) -> Iterator[Image]:
    """The frames in order, drawn a few ahead of the encoder: Pillow works outside the lock."""
    with ThreadPoolExecutor(workers, thread_name_prefix="sandbox-draw") as pool:
        waiting: deque[Future[Image]] = deque()
        for index in range(count):
            waiting.append(pool.submit(scene.frame, index / max(count - 1, 1)))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _marked(image: Image) -> Image:
    """Write in a corner that the sandbox made this film, and not Kling."""
    height = max(8, image.height // 48)
    draw = ImageDraw.Draw(image, "RGBA")
    place = (image.width - height // 2, image.height - height // 2)
    font = ImageFont.load_default(height)
    draw.text(place, "sandbox", (255, 255, 255, 110), font, anchor="rs")
    return image


def _sound(seconds: float, tones: int) -> Iterable[av.AudioFrame]:
    """Soft tones that swell and fade, the second one a fifth higher and half a beat later."""
    time = np.arange(round(seconds * _RATE)) / _RATE
    wave = np.zeros_like(time)
    for number in range(tones):
        swell = 0.5 - 0.5 * np.cos(2 * np.pi * (time / 2.5 + number / 2))
        wave += 0.12 * swell * np.sin(2 * np.pi * _TONES[number % 2] * time)
    samples = (wave * np.minimum(1, np.minimum(time, time[::-1]) / 0.05)).astype(np.float32)
    for start in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = _RATE, start, Fraction(1, _RATE)
        yield frame


class FilmMaker:
    """Makes films in the background, each one once.

    Args:
        folder: Where the files go.
        fps: Frames per second.
        short_side: The frame's shorter side in pixels; the mode's, if left out.
        mark: Whether a small "sandbox" stands in the corner.
    """

    def __init__(
        self, folder: Folder, *, fps: int = 24, short_side: int | None = None, mark: bool = True
    ) -> None:
        self._folder = folder
        self._fps = fps
        self._short_side = short_side
        self._mark = mark
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sandbox-film")
        self._films: dict[str, Future[Path]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def film(self, film: Film) -> Future[Path]:
        """The file of a film, when it is ready."""
        with self._lock:
            known = self._films.get(film.digest)
            if known is None:
                known = self._pool.submit(self._make, film)
                self._films[film.digest] = known
            return known

    def _make(self, film: Film) -> Path:
        path = self._folder.path / f"{film.digest}.mp4"
        unfinished = path.with_suffix(".part")
        tones = max(1, film.voices) if film.sound else 0
        scene = film.scene(self._short_side)
        shoot(
            unfinished,
            scene,
            film.seconds,
            fps=self._fps,
            tones=tones,
            mark=self._mark,
            stop=self._stop.is_set,
        )
        return unfinished.rename(path)

    def close(self) -> None:
        """Stop at the next frame; films not begun are left out."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
