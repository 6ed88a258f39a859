r"""Making any picture that Pillow reads into one that Kling takes, and saying how.

    fitted = fit("IMG_2041.HEIC")
    print(*fitted.steps, sep="\n")
    ImageToVideo(fitted, ...)

Nothing is done silently: `Fitted.steps` tells each step.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from attrs import frozen

from ...catalog import Catalog
from ...errors import InvalidRequest
from .decode import MAX_PIXELS, Decoded, decode
from .header import Header
from .metadata import ORIENTATION, other_profile
from .picture import PATH_HINT, Fitted, Picture, PictureSource
from .pillow import alpha_of, need_pillow
from .segments import without_metadata

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Fitted", "fit"]

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
    keep_exif: bool = False,
    catalog: Catalog | None = None,
) -> Fitted:
    """Make a picture one that Kling takes: upright, 8-bit sRGB, JPEG or PNG, within Kling's sizes.

    In this order, each only where it is needed:

    1. The first frame of an animation is taken.
    2. The turn that EXIF or XMP asks for is made in the pixels.
    3. Colours become 8-bit sRGB. A colour profile is followed, such as a phone's Display P3.
    4. Transparency is laid on the background.
    5. A longer side than ``long_side`` is scaled down.
    6. A shape beyond 2.5 : 1 is padded or cropped.
    7. A side under 300 pixels is scaled up.
    8. It is written: as PNG if it came lossless, else or if that is too heavy as JPEG of falling
       quality, then smaller, until it has at most 10 MB.

    These three numbers are those of the catalogue.

    What is written has no metadata. A picture that fits already goes out byte for byte as it is,
    unless its metadata say where it was taken: then it goes out without metadata, its pixels
    untouched.

    Args:
        source: Anything that Pillow reads (HEIC with its plugin), but no address.
        shape: For a picture longer than 2.5 : 1: ``"pad"`` adds bars and loses nothing, ``"crop"``
            keeps the middle, ``"refuse"`` raises.
        background: What shows through transparency, and the colour of the bars; a name or RGB.
        long_side: The longest side that is left as it is, at least the shortest that Kling takes.
        max_pixels: The largest picture that is decoded. Pillow's own bound of 179 megapixels holds
            too, until ``PIL.Image.MAX_IMAGE_PIXELS`` is raised.
        keep_exif: Whether EXIF goes out with the picture, the place where it was taken included.
        catalog: The catalogue with Kling's limits; the bundled one when left out.

    Raises:
        InvalidRequest: It can't be opened, is too large, or ``shape`` refuses it; an argument is
            not one of the above.
        MissingExtra: Pillow is not installed.
    """
    need_pillow("fit()")
    bounds = _Bounds.of(catalog or Catalog.bundled())
    _check_arguments(shape, background, long_side, bounds)
    picture = Picture.of(source)
    if isinstance(source, Fitted):
        return source
    header, byte_count = _measured(picture)
    if _fits(header, byte_count, long_side, bounds):
        if header.located and not keep_exif:
            return _unlocated(picture, header)
        return Fitted(picture, header.size)
    work = _Work(picture, header, decode(picture, max_pixels), bounds)
    work.to_rgb(background)
    work.shrink(long_side)
    work.shape(shape, background)
    work.grow()
    return work.written(keep_exif)


@frozen
class _Bounds:
    """What Kling takes, by a catalogue.

    Attributes:
        bytes: The most bytes.
        side: The shortest side in pixels.
        aspect: How many times the other the longer side may be.
    """

    bytes: int
    side: int
    aspect: float

    @classmethod
    def of(cls, catalog: Catalog) -> _Bounds:
        sure, _ = catalog.limit("image_bytes")  # "10 MB" is read the strict way
        return cls(sure, catalog.limit("image_side"), catalog.limit("image_aspect"))


def _check_arguments(shape: Shape, background: Colour, long_side: int, bounds: _Bounds) -> None:
    from PIL import ImageColor

    if shape not in get_args(Shape):
        raise InvalidRequest(f"shape is {shape!r}", hint="It is 'pad', 'crop' or 'refuse'.")
    if long_side < bounds.side:
        raise InvalidRequest(f"long_side is {long_side}, Kling takes no side under {bounds.side}")
    try:
        if isinstance(background, str):
            ImageColor.getrgb(background)
    except ValueError as error:
        raise InvalidRequest(
            f"background can't be read: {error}", hint="Like 'white', '#204080' or (32, 64, 128)."
        ) from None


def _measured(picture: Picture) -> tuple[Header, int]:
    """A picture's header and its size in bytes."""
    if picture.url is not None:
        raise InvalidRequest(f"{picture.label} is an address: fit() needs the picture itself")
    try:
        return picture.header, picture.byte_count
    except OSError as error:
        raise InvalidRequest(
            f"{picture.label} can't be read: {error.strerror or error}", hint=PATH_HINT
        ) from error


def _fits(header: Header, byte_count: int, long_side: int, bounds: _Bounds) -> bool:
    """Whether a picture can go out as it is."""
    return (
        header.format in ("JPEG", "PNG")
        and header.damage is None
        and _is_plain(header)
        and byte_count <= bounds.bytes
        and min(header.size) >= bounds.side
        and max(header.size) <= min(long_side, bounds.aspect * min(header.size))
    )


def _is_plain(header: Header) -> bool:
    """Whether nothing is unusual: upright, one frame, opaque, 8 bits, grey or RGB, sRGB."""
    return (
        header.orientation == 1
        and not header.contradicts_itself
        and not header.animated
        and not header.alpha
        and header.bits <= 8
        and header.colours != "CMYK"
        and not header.profile
    )


def _unlocated(picture: Picture, header: Header) -> Fitted:
    """A picture that fits, without the metadata that say where it was taken."""
    with picture.open() as stream:
        data = without_metadata(stream.read())
    return Fitted(Picture(data, f"{picture.label} (fitted)"), header.size, (_LEFT_OUT,))


_LEFT_OUT: Final = (
    "Left out the metadata, which say where the picture was taken. keep_exif=True keeps them."
)


class _Work:
    """A picture on its way, and what was done to it."""

    def __init__(self, picture: Picture, header: Header, decoded: Decoded, bounds: _Bounds) -> None:
        self.picture = picture
        self.bounds = bounds
        self.image = decoded.image
        self.steps: list[str] = []
        self._decoded = decoded
        self._lossless = decoded.format in ("PNG", "GIF", "BMP")
        self._is_deep = header.bits > 8  # Pillow reads 16 bits of colour as 8
        if decoded.format not in ("JPEG", "PNG", "MPO"):
            self.steps.append(f"Decoded {decoded.format}.")
        if decoded.animated:
            self.steps.append("Took the first frame of an animation.")
        if decoded.orientation != 1:
            self.steps.append(f"Turned upright (EXIF orientation {decoded.orientation}).")
        if header.contradicts_itself:
            told = ", ".join(f"{who} says {value}" for who, value in header.turns)
            self.steps.append(
                f"Settled a contradiction about how it is turned: {told}. "
                f"{decoded.orientation} was taken."
            )

    def to_rgb(self, background: Colour) -> None:
        """8-bit sRGB, opaque."""
        if self._is_deep or self.image.mode.startswith(("I", "F")):
            self.image = _eight_bits(self.image)
            self.steps.append("Reduced to 8 bits a channel.")
        mode, alpha = self.image.mode, alpha_of(self.image)
        self._follow_profile()
        if self.image.mode != "RGB":
            if alpha is not None:  # Pillow warns when a transparent palette becomes RGB at once
                self.image = self.image.convert("RGBA")
            self.image = self.image.convert("RGB")
        if alpha is not None:
            self._flatten(alpha, background)
        elif mode != "RGB":
            self.steps.append(f"Converted from {_MODES.get(mode, mode)} to RGB.")

    def _follow_profile(self) -> None:
        """Colours by their profile in sRGB, which is what a viewer without profiles shows."""
        from PIL import ImageCms

        data = self.image.info.get("icc_profile") or b""
        name = other_profile(data)
        if not name:
            return
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
            mode = _PROFILE_MODES[profile.profile.xcolor_space.strip()]
            srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
            source = self.image.convert(mode)
            converted = ImageCms.profileToProfile(source, profile, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, KeyError):
            self.steps.append("Left out a colour profile that can't be read.")
            return
        assert converted is not None  # it is only when it converts in place
        self.image = converted
        self.steps.append(f"Converted the colours from {name} to sRGB.")

    def _flatten(self, alpha: Image, background: Colour) -> None:
        from PIL import Image, ImageColor

        colour = ImageColor.getrgb(background) if isinstance(background, str) else background
        if alpha.getextrema() != (255, 255):
            self.steps.append(f"Laid the transparency on {background}.")
        ground = Image.new("RGBA", self.image.size, (*colour[:3], 255))
        self.image.putalpha(alpha)
        self.image = Image.alpha_composite(ground, self.image).convert("RGB")

    def shrink(self, long_side: int) -> None:
        """At most so long, or so long that a side of 300 pixels remains."""
        factor = long_side / max(self.image.size)
        if factor < 1:
            self._scale(factor, "down")

    def grow(self) -> None:
        """No side shorter than Kling takes."""
        factor = self.bounds.side / min(self.image.size)
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
        """No side longer, in relation to the other, than Kling takes."""
        from PIL import ImageOps

        (width, height), most = self.image.size, self.bounds.aspect
        if max(width, height) <= most * min(width, height):
            return
        if shape == "refuse":
            raise InvalidRequest(
                f"{self.picture.label} has {width}x{height} pixels, a side over {most} "
                "times the other",
                hint="shape='pad' adds bars, shape='crop' keeps the middle.",
            )
        wide = width > height
        if shape == "crop":
            size = (int(height * most), height) if wide else (width, int(width * most))
            self.image = ImageOps.fit(self.image, size)
            self.steps.append(
                f"Cropped from {width}x{height} to {size[0]}x{size[1]}, the middle kept."
            )
            return
        size = (width, math.ceil(width / most)) if wide else (math.ceil(height / most), height)
        self.image = ImageOps.pad(self.image, size, color=background)
        bars = "above and below" if wide else "left and right"
        self.steps.append(
            f"Padded from {width}x{height} to {size[0]}x{size[1]} with {background} bars {bars}: "
            "they will be in the video. shape='crop' cuts instead."
        )

    def written(self, keep_exif: bool) -> Fitted:
        """The file, light enough."""
        # What belongs to the original file stays behind, such as its profile.
        self.image.info.clear()
        exif = self._kept_exif() if keep_exif else b""
        if self._decoded.located and not exif:
            self.steps.append(_LEFT_OUT)
        if self._lossless:
            data = self._saved("PNG", exif)  # optimize=True packs 2 % better and can take 20 s
            if len(data) <= self.bounds.bytes:
                return self._done(data, "PNG")
        while True:
            for quality in _QUALITIES:
                subsampling = 0 if quality > 90 else 2
                data = self._saved("JPEG", exif, quality=quality, subsampling=subsampling)
                if len(data) <= self.bounds.bytes:
                    return self._done(data, f"JPEG of quality {quality}")
            self._scale(0.8, "down")

    def _kept_exif(self) -> bytes:
        """The EXIF of the file, without the turn, which is made."""
        from PIL import Image

        exif = Image.Exif()
        try:
            exif.load(self._decoded.exif)
            exif.pop(ORIENTATION, None)
            return exif.tobytes() if exif else b""
        except Exception:  # noqa: BLE001 - damaged EXIF makes Pillow raise errors of every kind
            self.steps.append("Left out EXIF that can't be read.")
            return b""

    def _saved(self, format_: str, exif: bytes, **options: Any) -> bytes:
        buffer = io.BytesIO()
        self.image.save(buffer, format_, exif=exif, **options)
        return buffer.getvalue()

    def _done(self, data: bytes, form: str) -> Fitted:
        self.steps.append(f"Written as {form}, {len(data):,} bytes.")
        picture = Picture(data, f"{self.picture.label} (fitted)")
        return Fitted(picture, self.image.size, tuple(self.steps))


_PROFILE_MODES: Final = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}
"""Pillow's modes for the colours that a profile is about."""

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
