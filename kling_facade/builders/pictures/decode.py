"""Opening a picture with Pillow, carefully: measured before it is decoded, turned as displayed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ...errors import InvalidRequest
from .picture import PATH_HINT, Picture
from .pillow import need_pillow

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["MAX_PIXELS", "decoded", "opened", "upright"]

MAX_PIXELS: Final = 100_000_000
"""The largest picture that is decoded here. A guard of ours, no rule of Kling's: 100 megapixels are
300 MB in memory. Telephones take up to 50 megapixels, some 108 and 200."""


@contextmanager
def opened(picture: Picture, max_pixels: int = MAX_PIXELS) -> Iterator[Image]:
    """Open a picture for a while and check its size; its pixels are not read yet.

    This is the only place of the library that hands a file to Pillow's decoders.

    Raises:
        InvalidRequest: It is an address, too large, or nothing that Pillow reads.
        MissingExtra: Pillow is not installed.
    """
    need_pillow("opening a picture")
    from PIL import Image

    try:
        if picture.header.format == "EPS or PostScript":  # Pillow would run Ghostscript on it
            raise OSError("it is a program, not a picture")
        stream = picture.open()
    except OSError as error:
        raise _unreadable(picture, error) from None
    with stream:
        try:
            with warnings.catch_warnings():
                # Pillow's warning about large pictures: the check below is stricter, and ours.
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                image = Image.open(stream)
        except Image.DecompressionBombError as error:
            raise _too_large(picture, str(error)) from None
        except OSError as error:
            raise _unreadable(picture, error) from None
        if image.width * image.height > max_pixels:
            raise _too_large(picture, f"{image.width}x{image.height} pixels")
        yield image


def decoded(picture: Picture, max_pixels: int = MAX_PIXELS, *, draft: int = 0) -> Image:
    """Decode a picture and turn it as its EXIF orientation says.

    Args:
        picture: The picture.
        max_pixels: The largest picture that is decoded.
        draft: The side in pixels that is enough, or 0 for the whole picture. A JPEG much larger
            than that is decoded at a half, a quarter or an eighth of its size, in as little time.

    Raises:
        InvalidRequest: It is an address, too large, damaged, or nothing that Pillow reads.
        MissingExtra: Pillow is not installed.
    """
    with opened(picture, max_pixels) as image:
        if draft:
            image.draft("RGB", (draft, draft))
        return upright(image, picture)


def upright(image: Image, picture: Picture) -> Image:
    """The decoded pixels of an opened picture, turned as its EXIF orientation says.

    Raises:
        InvalidRequest: It is damaged.
    """
    from PIL import ImageOps

    try:
        image.load()
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's three ways to call a file broken
        raise _unreadable(picture, error) from None
    return ImageOps.exif_transpose(image)


def _too_large(picture: Picture, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"{picture.label} is not opened: {what}",
        hint="Scale it down first, or raise max_pixels if you trust it.",
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
    return InvalidRequest(f"{picture.label} ({kind}) can't be opened: {error}", hint=hint)
