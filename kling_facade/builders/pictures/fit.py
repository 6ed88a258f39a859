r"""Making any picture that Pillow reads into one that Kling takes, and saying how.

    fitted = fit("IMG_2041.HEIC")
    print(*fitted.steps, sep="\n")
    ImageToVideo(fitted, ...)

Nothing is done silently: `Fitted.steps` tells each step. A picture that fits already goes out byte
for byte as it is.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from attrs import define, field

from ...errors import InvalidRequest
from .decode import MAX_PIXELS, opened, upright
from .header import Header
from .picture import PATH_HINT, Fitted, Picture, PictureSource
from .pillow import need_pillow

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Fitted", "fit"]

_MOST_BYTES: Final = 10_000_000  # "10 MB" read the strict way (VD1 2026)
_LEAST_SIDE: Final = 300  # VD0 to VD3
_MOST_ASPECT: Final = 2.5  # VD0 to VD3
_LONG_SIDE: Final = 3840  # ours: twice what the largest common mode films (1080p)
_QUALITIES: Final = (95, 90, 85, 80)

Shape: TypeAlias = Literal["pad", "crop", "refuse"]
Colour: TypeAlias = str | tuple[int, int, int]


def fit(
    source: PictureSource,
    *,
    shape: Shape = "pad",
    background: Colour = "white",
    long_side: int = _LONG_SIDE,
    max_pixels: int = MAX_PIXELS,
) -> Fitted:
    """Make a picture fit for Kling: upright, 8-bit RGB, JPEG or PNG, not too small, long or heavy.

    In this order, each only where needed: the first frame of an animation is taken; an EXIF turn is
    made in the pixels; colours become 8-bit RGB (a colour profile is followed); transparency is
    laid on the background; a longer side than ``long_side`` is scaled down; a shape beyond 2.5 : 1
    is padded or cropped; a side under 300 pixels is scaled up; it is written, as PNG if it came
    lossless, else or if that is too heavy as JPEG of falling quality, then smaller, until it has at
    most 10 MB.

    Args:
        source: Anything that Pillow reads (HEIC with its plugin), but no address.
        shape: For a picture longer than 2.5 : 1: ``"pad"`` adds bars and loses nothing, ``"crop"``
            keeps the middle, ``"refuse"`` raises.
        background: What shows through transparency, and the colour of the bars; a name or RGB.
        long_side: The longest side that is left as it is, at least 300.
        max_pixels: The largest picture that is decoded.

    Raises:
        InvalidRequest: It can't be opened, is too large, or ``shape`` refuses it.
        MissingExtra: Pillow is not installed.
    """
    need_pillow("fit()")
    if long_side < _LEAST_SIDE:
        raise InvalidRequest(f"long_side is {long_side}, Kling takes no side under {_LEAST_SIDE}")
    picture = Picture.of(source)
    if isinstance(source, Fitted) or _fits(picture, long_side):
        return Fitted(picture, picture.size or (0, 0))
    with opened(picture, max_pixels) as image:
        work = _Work(image, picture)
        work.decode()
    work.to_rgb(background)
    work.shrink(long_side)
    work.shape(shape, background)
    work.grow()
    return work.written()


def _fits(picture: Picture, long_side: int) -> bool:
    """Whether a picture can go out as it is."""
    if picture.url is not None:
        raise InvalidRequest(f"{picture.label} is an address: fit() needs the picture itself")
    try:
        header, byte_count = picture.header, picture.byte_count
    except OSError as error:
        raise InvalidRequest(
            f"{picture.label} can't be read: {error.strerror or error}", hint=PATH_HINT
        ) from error
    return (
        header.format in ("JPEG", "PNG")
        and header.damage is None
        and _is_plain(header)
        and byte_count <= _MOST_BYTES
        and min(header.size) >= _LEAST_SIDE
        and max(header.size) <= min(long_side, _MOST_ASPECT * min(header.size))
    )


def _is_plain(header: Header) -> bool:
    """Whether nothing about it is unusual: upright, one frame, opaque, 8 bits, grey or RGB."""
    return (
        header.orientation == 1
        and not header.animated
        and not header.alpha
        and header.bits <= 8
        and header.colours != "CMYK"
    )


@define
class _Work:
    """A picture on its way, and what was done to it."""

    image: Image
    picture: Picture
    steps: list[str] = field(factory=list)
    lossless: bool = False

    def decode(self) -> None:
        """Its first frame, upright."""
        if self.image.format not in ("JPEG", "PNG", "MPO"):
            self.steps.append(f"Decoded {self.image.format}.")
        self.lossless = self.image.format in ("PNG", "GIF", "BMP")
        if getattr(self.image, "is_animated", False) and self.image.format != "MPO":
            self.steps.append("Took the first frame of an animation.")
        turn = self.image.getexif().get(0x0112, 1)
        if turn != 1:
            self.steps.append(f"Turned upright (EXIF orientation {turn}).")
        self.image = upright(self.image, self.picture)

    def to_rgb(self, background: Colour) -> None:
        """8-bit RGB, opaque."""
        if self.image.mode.startswith(("I", "F")) or self.picture.header.bits > 8:
            self.image = _eight_bits(self.image)
            self.steps.append("Reduced to 8 bits a channel.")
        self._follow_profile()
        if "A" in self.image.getbands() or "transparency" in self.image.info:
            self._flatten(background)
        if self.image.mode != "RGB":
            self.steps.append(
                f"Converted from {_MODES.get(self.image.mode, self.image.mode)} to RGB."
            )
            self.image = self.image.convert("RGB")

    def _follow_profile(self) -> None:
        """Colours by their profile in sRGB, which is what a viewer without profiles shows."""
        from PIL import ImageCms

        data = self.image.info.get("icc_profile")
        if not data or self.image.mode not in ("RGB", "CMYK"):
            return
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
            name = ImageCms.getProfileDescription(profile).strip()
            if "srgb" in name.lower():
                return
            srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
            converted = ImageCms.profileToProfile(self.image, profile, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            self.steps.append("Left out a colour profile that can't be read.")
            return
        assert converted is not None  # it is only when it converts in place
        self.image = converted
        self.steps.append(f"Converted the colours from {name} to sRGB.")

    def _flatten(self, background: Colour) -> None:
        from PIL import Image, ImageColor

        rgba = self.image.convert("RGBA")
        colour = ImageColor.getrgb(background) if isinstance(background, str) else background
        if rgba.getchannel("A").getextrema() != (255, 255):
            self.steps.append(f"Laid the transparency on {background}.")
        ground = Image.new("RGBA", rgba.size, (*colour[:3], 255))
        self.image = Image.alpha_composite(ground, rgba).convert("RGB")

    def shrink(self, long_side: int) -> None:
        """At most so long, or so long that a side of 300 pixels remains."""
        factor = long_side / max(self.image.size)
        if factor < 1:
            self._scale(factor, "down")

    def grow(self) -> None:
        """No side under 300 pixels."""
        factor = _LEAST_SIDE / min(self.image.size)
        if factor > 1:
            self._scale(factor, "up")

    def _scale(self, factor: float, way: str) -> None:
        from PIL.Image import Resampling

        width, height = self.image.size
        # Rounded up, so that no side ends a pixel short of what was wanted.
        size = (math.ceil(width * factor - 1e-6), math.ceil(height * factor - 1e-6))
        self.image = self.image.resize(size, Resampling.LANCZOS, reducing_gap=3.0)
        self.steps.append(f"Scaled {way} from {width}x{height} to {size[0]}x{size[1]}.")

    def shape(self, shape: Shape, background: Colour) -> None:
        """No side longer than 2.5 times the other."""
        from PIL import ImageOps

        width, height = self.image.size
        if max(width, height) <= _MOST_ASPECT * min(width, height):
            return
        if shape == "refuse":
            raise InvalidRequest(
                f"{self.picture.label} has {width}x{height} pixels, a side over {_MOST_ASPECT} "
                "times the other",
                hint="shape='pad' adds bars, shape='crop' keeps the middle.",
            )
        wide = width > height
        if shape == "crop":
            size = (
                (int(height * _MOST_ASPECT), height) if wide else (width, int(width * _MOST_ASPECT))
            )
            self.image = ImageOps.fit(self.image, size)
            self.steps.append(
                f"Cropped from {width}x{height} to {size[0]}x{size[1]}, the middle kept."
            )
            return
        size = (
            (width, math.ceil(width / _MOST_ASPECT))
            if wide
            else (math.ceil(height / _MOST_ASPECT), height)
        )
        self.image = ImageOps.pad(self.image, size, color=background)
        bars = "above and below" if wide else "left and right"
        self.steps.append(
            f"Padded from {width}x{height} to {size[0]}x{size[1]} with {background} bars {bars}: "
            "they will be in the video. shape='crop' cuts instead."
        )

    def written(self) -> Fitted:
        """The file, light enough."""
        if self.lossless:
            data = self._saved("PNG", optimize=True)
            if len(data) <= _MOST_BYTES:
                return self._done(data, "PNG")
        while True:
            for quality in _QUALITIES:
                data = self._saved("JPEG", quality=quality, subsampling=0 if quality > 90 else 2)
                if len(data) <= _MOST_BYTES:
                    return self._done(data, f"JPEG of quality {quality}")
            self._scale(0.8, "down")

    def _saved(self, format_: str, **options: Any) -> bytes:
        buffer = io.BytesIO()
        # What belongs to the original file stays behind: its EXIF turn is in the pixels by now.
        self.image.info.clear()
        self.image.save(buffer, format_, **options)
        return buffer.getvalue()

    def _done(self, data: bytes, form: str) -> Fitted:
        self.steps.append(f"Written as {form}, {len(data):,} bytes.")
        picture = Picture(data, f"{self.picture.label} (fitted)")
        return Fitted(picture, self.image.size, tuple(self.steps))


_MODES: Final = {
    "L": "grey",
    "1": "black and white",
    "P": "a palette",
    "LA": "grey",
    "CMYK": "CMYK",
}


def _eight_bits(image: Image) -> Image:
    """A picture of 16 or 32 bits a channel with the same tones in 8."""
    if not image.mode.startswith(("I", "F")):
        return image  # Pillow reads 16-bit colour as 8-bit
    wide = image.convert("F")
    low, high = (float(value) for value in wide.getextrema())  # type: ignore[arg-type]  # one band
    # 16-bit tones go up to 65535; anything else is spread over what it uses.
    if image.mode.startswith("I") and low >= 0 and high <= 65535:
        return wide.point(lambda value: value * (255 / 65535) + 0.5).convert("L")
    scale = 255 / (high - low) if high > low else 0.0
    return wide.point(lambda value: value * scale + (0.5 - low * scale)).convert("L")
