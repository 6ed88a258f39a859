"""Pictures that arrive: as base64, by a loopback address, or by an address that is not fetched."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import shutil
import tempfile
import warnings
import weakref
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import frozen
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from .answers import RefusedError
from .loopback import CallError, LocalAddress

if TYPE_CHECKING:
    from PIL.Image import Image as Bitmap

__all__ = ["Folder", "Picture", "Pictures"]

_LARGEST: Final = 64 * 1024 * 1024
_TIMEOUT: Final = 30.0
_DRAWN_SIZE: Final = (1280, 720)


@frozen
class Picture:
    """A picture that was submitted.

    Attributes:
        digest: Tells pictures apart: SHA-256 of the file, or of the address of one that is drawn.
        path: The file, or ``None`` when a stand-in is drawn.
        size: Width and height, upright (EXIF applied); ``None`` when it is not a picture.
        byte_count: Size of the file.
        caption: What a stand-in says.
    """

    digest: str
    path: Path | None
    size: tuple[int, int] | None
    byte_count: int = 0
    caption: str = ""

    @property
    def drawn(self) -> bool:
        """Whether a stand-in is drawn, because the sandbox does not use the network."""
        return self.path is None

    def open(self) -> Bitmap:
        """The picture, upright."""
        if self.path is None:
            return _stand_in(self.caption)
        with Image.open(self.path) as image:
            return ImageOps.exif_transpose(image)

    def open_mask(self) -> Bitmap:
        """The picture as a mask: ``L``, white where it selects; transparent parts don't."""
        if self.path is None:
            return _stand_in_mask()
        image = self.open()
        if "A" in image.getbands() or "transparency" in image.info:
            black = Image.new("RGBA", image.size, (0, 0, 0, 255))
            image = Image.alpha_composite(black, image.convert("RGBA"))
        return image.convert("L").point([0] * 128 + [255] * 128)


class Folder:
    """A temporary folder: made on first use, gone when the process ends at the latest."""

    @cached_property
    def path(self) -> Path:
        """Where it lies."""
        path = Path(tempfile.mkdtemp(prefix="kling-sandbox-"))
        self._removal = weakref.finalize(self, shutil.rmtree, path, ignore_errors=True)
        return path

    def close(self) -> None:
        """Delete it with what is in it."""
        if "path" in self.__dict__:
            self._removal()


class Pictures:
    """Keeps submitted pictures in a folder, each content once.

    Args:
        folder: Where to keep them.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._known: dict[str, Picture] = {}

    def take(self, name: str, value: str) -> Picture:
        """Read a picture from a field's value.

        Args:
            name: The field, for messages.
            value: Bare base64, or an address. Only a loopback address is fetched.

        Raises:
            RefusedError: With code 1201 when it is neither, or a loopback address gives nothing.
        """
        if value.startswith(("http://", "https://")):
            return self._by_address(name, value)
        try:
            return self._keep(base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError):
            raise RefusedError(1201, f"{name}: File is not in a valid base64 format") from None

    def _by_address(self, name: str, url: str) -> Picture:
        try:
            address = LocalAddress.of(url)
        except ValueError as error:
            raise RefusedError(1201, f"{name}: this is not an address: {error}") from None
        if address is not None:
            return self._keep(_fetch(name, address))
        digest = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
        file_name = urlsplit(url).path.rpartition("/")[2]
        return Picture(digest, None, _DRAWN_SIZE, caption=file_name[:60])

    def _keep(self, content: bytes) -> Picture:
        digest = hashlib.sha256(content).hexdigest()
        if digest not in self._known:
            path = self._folder.path / digest
            path.write_bytes(content)
            self._known[digest] = Picture(digest, path, _size(content), len(content))
        return self._known[digest]


def _size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG or PNG, upright; ``None`` for everything else.

    The picture is decoded to its end, because it may be cut short; one whose header promises more
    pixels than a machine should unpack is not decoded at all.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
                width, height = image.size
                image.draft("RGB", (width // 8, height // 8))  # a JPEG decodes faster small
                image.load()
                turned = image.getexif().get(0x0112, 1) >= 5
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
    ):
        return None
    return (height, width) if turned else (width, height)


def _fetch(name: str, address: LocalAddress) -> bytes:
    """Get a file from this machine."""
    try:
        status, content = address.call("GET", timeout=_TIMEOUT, most=_LARGEST + 1)
    except CallError as error:
        raise RefusedError(1201, f"{name}: the address can't be read: {error}") from None
    if status != 200 or len(content) > _LARGEST:
        raise RefusedError(1201, f"{name}: the address can't be read: HTTP {status}")
    return content


def _stand_in(caption: str) -> Bitmap:
    """A picture for an address that the sandbox will not fetch."""
    from .sample import landscape

    image = landscape(_DRAWN_SIZE)
    draw = ImageDraw.Draw(image, "RGBA")
    text = f"stand-in for {caption or 'a picture'}: the sandbox does not use the network"
    draw.rectangle((0, 0, image.width, 44), fill=(20, 24, 40, 150))
    draw.text((image.width / 2, 22), text, "white", ImageFont.load_default(22), anchor="mm")
    return image


def _stand_in_mask() -> Bitmap:
    image = Image.new("L", _DRAWN_SIZE)
    ImageDraw.Draw(image).ellipse((500, 220, 780, 500), fill=255)
    return image
