"""Decoding a picture with Pillow, carefully. Nothing else in the library hands it a file.

A picture is measured before it is decoded, and turned by the orientation that its header was read
to have, so that what is drawn and sent agrees with what was measured.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, BinaryIO, Final

from attrs import frozen

from ...errors import InvalidRequest
from .metadata import GPS, LATITUDE, Metadata
from .picture import PATH_HINT, Picture
from .pillow import need_pillow

if TYPE_CHECKING:
    from PIL.Image import Image

    from .header import Header

__all__ = ["MAX_PIXELS", "Decoded", "decode", "decoded"]

MAX_PIXELS: Final = 100_000_000
"""The largest picture that is decoded here. A guard of ours, no rule of Kling's: 100 megapixels are
300 MB in memory. Telephones take up to 50 megapixels, some 108 and 200."""

_EPS: Final = "EPS or PostScript"
_REFUSED: Final = frozenset({"EPS", "IPTC", "WMF"})
"""Formats that are not decoded: Pillow runs Ghostscript on EPS, opens whatever is inside an IPTC
file, and has Windows play WMF."""

_TURNS: Final = (
    *("", "FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM"),
    *("TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90"),
)
"""What undoes the EXIF orientations 1 to 8 (CIPA DC-008-2023, table 6), by Pillow's names."""


@frozen(eq=False)
class Decoded:
    """A picture's pixels, upright.

    Attributes:
        image: The pixels, as a Pillow image without EXIF and XMP.
        format: Pillow's name of the file's format.
        animated: Whether there were more frames than the first.
        orientation: The EXIF orientation that was undone; 1 when it was upright.
        located: Whether the file says where the picture was taken.
        exif: The file's EXIF, if it has some.
    """

    image: Image
    format: str
    animated: bool
    orientation: int
    located: bool
    exif: bytes


def decoded(picture: Picture, max_pixels: int = MAX_PIXELS, *, draft: int = 0) -> Image:
    """The pixels of a picture, upright. See `decode`."""
    return decode(picture, max_pixels, draft=draft).image


def decode(picture: Picture, max_pixels: int = MAX_PIXELS, *, draft: int = 0) -> Decoded:
    """Decode a picture.

    Args:
        picture: The picture.
        max_pixels: The largest picture that is decoded.
        draft: The side in pixels that is enough, or 0 for the whole picture. A JPEG much larger
            than that is decoded at a half, a quarter or an eighth of its size, in as little time.

    Raises:
        InvalidRequest: It is an address, too large, damaged, or nothing that Pillow reads.
        MissingExtra: Pillow is not installed.
    """
    need_pillow("opening a picture")
    from PIL.Image import DecompressionBombError

    try:
        header = picture.header
        if header.format == _EPS:
            raise OSError("it is a program that draws, not a picture")
        with picture.open() as stream:
            return _decode(picture, header, stream, max_pixels, draft)
    except InvalidRequest:
        raise
    except DecompressionBombError as error:
        raise _too_large(picture, str(error)) from None
    except Exception as error:
        raise _unreadable(picture, error) from error


def _decode(
    picture: Picture, header: Header, stream: BinaryIO, max_pixels: int, draft: int
) -> Decoded:
    from PIL import Image
    from PIL.ImageFile import ImageFile

    with warnings.catch_warnings():
        # Pillow's warning about large pictures: the check below is stricter, and ours.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image: Image.Image = Image.open(stream, formats=_formats(header.format))
    if image.width * image.height > max_pixels:
        raise _too_large(picture, f"it has {image.width}x{image.height} pixels")
    # MPO is a JPEG with further pictures behind it, such as a depth map.
    animated = getattr(image, "is_animated", False) and image.format != "MPO"
    form = image.format or ""
    if draft and isinstance(image, ImageFile):
        image.draft("RGB", (draft, draft))
    image.load()
    told = header if header.format in ("JPEG", "PNG") else _metadata(image)
    turn = told.orientation
    exif = image.info.get("exif", b"")
    if turn != 1:
        image = image.transpose(Image.Transpose[_TURNS[turn - 1]])
    for name in ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"):
        image.info.pop(name, None)  # the turn they tell of is made
    return Decoded(image, form, animated, turn, told.located, exif)


def _formats(name: str) -> list[str]:
    """Pillow's decoders for a file that begins like this."""
    from PIL import Image

    if name in ("JPEG", "PNG"):
        return [name]
    Image.init()
    return [known for known in Image.ID if known not in _REFUSED]


def _metadata(image: Image) -> Metadata:
    """What a loaded file that is neither JPEG nor PNG says, by the same reading.

    A TIFF keeps it elsewhere, and was turned by Pillow when it was loaded.
    """
    told = Metadata()
    told.add_exif(image.info.get("exif", b""))
    xmp = image.info.get("xmp", b"")
    told.add_xmp(xmp if isinstance(xmp, bytes) else str(xmp).encode())
    told.located = told.located or LATITUDE in image.getexif().get_ifd(GPS)
    return told


def _too_large(picture: Picture, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"{picture.label} is not opened: {what}",
        hint="Scale it down first. If you trust it, fit(max_pixels=...) opens larger ones; above "
        "179 megapixels Pillow's own bound must be raised too, PIL.Image.MAX_IMAGE_PIXELS.",
    )


def _unreadable(picture: Picture, error: Exception) -> InvalidRequest:
    if isinstance(error, FileNotFoundError):
        return InvalidRequest(f"{picture.label}: there is no such file", hint=PATH_HINT)
    try:
        kind = picture.header.format
    except OSError as broken:
        return InvalidRequest(
            f"{picture.label} can't be read: {broken.strerror or broken}", hint=PATH_HINT
        )
    hint = {
        "HEIC": "Pillow reads HEIC with a plugin: pip install pillow-heif, then "
        "pillow_heif.register_heif_opener().",
        "text": "It is a text file, whatever its name says.",
    }.get(kind, "Open it in a picture editor and save it as PNG.")
    reason = str(error) or type(error).__name__
    return InvalidRequest(f"{picture.label} ({kind}) can't be opened: {reason}", hint=hint)
