"""Pictures: where they come from, what their header says, and how they go out.

A picture is given as a path, an ``http(s)`` address, bytes, a binary file object, a Pillow image,
or base64 text as Kling itself takes it. Its format, size and orientation are read from its first
bytes without decoding it and without Pillow, so a picture bomb is found before it is opened.

What goes out is the address, or bare base64 text that is made while it is sent (`Base64Text`).
"""

from __future__ import annotations

import io
import re
import threading
from functools import cached_property
from os import PathLike, fsdecode
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias, cast

from attrs import field, frozen

from ...errors import InvalidRequest
from ..geometry.points import Size
from .base64_text import Base64Text

if TYPE_CHECKING:
    from PIL.Image import Image

    from .header import Header

__all__ = ["Fitted", "Picture", "PictureSource"]

PictureSource: TypeAlias = (
    "str | PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image | Picture | Fitted"
)
"""What a picture may be given as. A ``str`` is a path, an address, a ``data:`` URL or bare base64.
"""

_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_DATA_URL: Final = re.compile(r"data:[^,]*;base64,", re.IGNORECASE)
_SHORTEST_BASE64: Final = 200
"""Shorter texts are paths: base64 of the smallest picture that Kling takes is longer."""

_JPEG_OR_PNG: Final = ("/9j/", "iVBORw0KGgo")
"""How base64 of these begins. No sensible path begins so and is that long."""

_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/]")
_LONGEST_PATH: Final = 4096  # Linux's; others have less
_PICTURES: Final = frozenset(
    {"JPEG", "PNG", "GIF", "WebP", "BMP", "TIFF", "HEIC", "AVIF", "JPEG XL", "JPEG 2000"}
)

PATH_HINT: Final = "Check the path; a relative one is looked for in the current folder."
"""What to do about a picture's file that isn't there or may not be read."""


@frozen
class Picture:
    """A picture that has not been read yet.

    Make one with `Picture.of`. Everything that takes a picture makes it by itself.

    Attributes:
        source: The address, the path, or the bytes.
        label: What messages call it.
    """

    source: str | Path | bytes | _SharedFile | _Drawn = field(repr=False)
    label: str

    @classmethod
    def of(cls, source: PictureSource) -> Picture:
        """Take a picture from anything in `PictureSource`.

        A file object is read from where it stands, as often as needed; keep it open until the job
        is accepted. One that can't seek is read at once. A path is not opened yet.

        Raises:
            InvalidRequest: The source is of another kind, or base64 that can't be decoded.
        """
        if isinstance(source, Picture):
            return source
        if isinstance(source, str):
            return _from_text(source)
        if isinstance(source, PathLike):
            return _from_path(fsdecode(source))
        if isinstance(source, bytes | bytearray | memoryview):
            return cls(bytes(source), "bytes")
        if callable(getattr(source, "read", None)):
            return _from_file(cast("BinaryIO", source))
        return _from_object(source)

    @property
    def url(self) -> str | None:
        """The address, when that is what was given."""
        return self.source if isinstance(self.source, str) else None

    @property
    def path(self) -> Path | None:
        """The path, when that is what was given."""
        return self.source if isinstance(self.source, Path) else None

    def open(self) -> BinaryIO:
        """A fresh stream over its bytes.

        Raises:
            InvalidRequest: It is an address; addresses are fetched by Kling, not from here.
            OSError: Its file can't be read.
        """
        if isinstance(self.source, Path):
            return self.source.open("rb")
        if isinstance(self.source, bytes):
            return io.BytesIO(self.source)
        if isinstance(self.source, _SharedFile):
            return io.BufferedReader(_SharedReader(self.source))
        if isinstance(self.source, _Drawn):
            return io.BytesIO(self.source.data)
        raise InvalidRequest(
            f"{self.label} is an address: its bytes are not here",
            hint="Download it first and give the file.",
        )

    @property
    def byte_count(self) -> int:
        """How many bytes it has.

        Raises:
            InvalidRequest: It is an address.
            OSError: Its file can't be read.
        """
        if isinstance(self.source, Path):
            return self.source.stat().st_size
        with self.open() as stream:
            return stream.seek(0, io.SEEK_END)

    @property
    def header(self) -> Header:
        """What its first bytes say.

        Raises:
            InvalidRequest: It is an address.
            OSError: Its file can't be read.
        """
        from .header import read_header  # late: an address has none

        with self.open() as stream:
            return read_header(stream)

    @property
    def size(self) -> Size | None:
        """Width and height as displayed, or ``None`` when they can't be known from here."""
        if self.url is not None:
            return None
        try:
            header = self.header
        except (OSError, InvalidRequest):
            return None
        return header.size if all(header.size) else None

    def wire(self) -> str:
        """What goes into the request: the address, or a `Base64Text`.

        Raises:
            InvalidRequest: Its file can't be read.
        """
        if self.url is not None:
            return self.url
        try:
            return Base64Text(self.open, self.byte_count, self.label)
        except OSError as error:
            raise InvalidRequest(
                f"{self.label} can't be read: {error.strerror or error}"
            ) from error


@frozen
class Fitted:
    """A picture that Kling takes, and what was done to make it so.

    Attributes:
        picture: The picture. `ImageToVideo` and `MotionBrush.over` take the `Fitted` itself.
        size: Width and height.
        steps: What was done, each step a sentence; empty when nothing had to be done.
    """

    picture: Picture
    size: Size
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self.steps) or f"{self.picture.label} fits as it is."


def _from_text(text: str) -> Picture:
    """A picture from a path, an address, a ``data:`` URL or bare base64."""
    if _ADDRESS.match(text):
        return Picture(text.strip(), text.strip().partition("?")[0])
    if head := _DATA_URL.match(text):
        return Picture(_decoded(text[head.end() :]), "data URL")
    if text[:5].lower() == "data:":
        raise InvalidRequest(
            f"a data URL without ;base64 is no picture: {_short(text)}",
            hint="Give the picture's bytes.",
        )
    if len(text) > _SHORTEST_BASE64 and _is_base64_of_picture(text):
        return Picture(_decoded(text), "base64 text")
    if scheme := _SCHEME.match(text):
        raise InvalidRequest(
            f"an address that begins with {_short(scheme[0])} can't be fetched by Kling",
            hint="Addresses are http:// or https://. A file is given by its path.",
        )
    if not text:
        raise InvalidRequest("a picture is given as an empty text", hint="Leave it out instead.")
    return _from_path(text)


def _from_path(name: str) -> Picture:
    if "\0" in name:
        raise InvalidRequest(f"no path has a NUL character in it: {_short(repr(name))}")
    if len(name) > _LONGEST_PATH:
        raise InvalidRequest(
            f"a text of {len(name)} characters is neither a path nor base64 of a picture: "
            f"{_short(name)}",
            hint="Base64 text is taken as Kling takes it: of a JPEG or PNG, without a prefix.",
        )
    return Picture(Path(name), name if len(name) <= 200 else f"...{name[-100:]}")


def _is_base64_of_picture(text: str) -> bool:
    """Whether a long text stands for something that begins like a picture.

    Only the beginning is looked at: that the rest is base64 too is for the decoding to say.
    """
    import base64  # late, for most pictures are files or addresses

    from .header import recognised

    start = _NOT_BASE64.sub("", text[:100])[:16]
    if text.startswith(_JPEG_OR_PNG):
        return True
    return len(start) == 16 and recognised(base64.b64decode(start)) in _PICTURES


def _short(text: str) -> str:
    """The beginning of a text that may have megabytes."""
    return text if len(text) <= 60 else f"{text[:60]}..."


def _decoded(text: str) -> bytes:
    import base64
    import binascii

    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:  # characters beyond ASCII are a ValueError
        raise InvalidRequest(f"the picture's base64 text can't be decoded: {error}") from None


def _from_file(file: BinaryIO) -> Picture:
    name = getattr(file, "name", None)
    label = Path(name).name if isinstance(name, str) else "file object"
    if isinstance(file, io.TextIOBase):
        raise InvalidRequest(f"{label} is open as text", hint="Open it with mode 'rb'.")
    try:
        if hasattr(file, "seekable") and file.seekable():
            return Picture(_SharedFile(file), label)
        data = file.read()
    except (OSError, ValueError) as error:  # a closed file raises ValueError
        raise InvalidRequest(
            f"{label} can't be read: {error}",
            hint="Keep the file open until the job is accepted, or give its path or its bytes.",
        ) from error
    if not isinstance(data, bytes | bytearray | memoryview):
        raise InvalidRequest(f"{label} gives {type(data).__name__}, not bytes, when it is read")
    return Picture(bytes(data), label)


def _from_object(source: object) -> Picture:
    """A picture from a fitted or a Pillow one."""
    picture = getattr(source, "picture", None)
    if isinstance(picture, Picture):
        return picture
    if hasattr(source, "save") and hasattr(source, "getexif"):
        return Picture(_Drawn(cast("Image", source)), "Pillow image")
    raise InvalidRequest(
        f"a {type(source).__name__} is no picture",
        hint="Give a path, an http(s) address, bytes, a binary file object or a Pillow image.",
    )


class _SharedFile:
    """Somebody's open file, from where it stands, for any number of readers.

    Raises:
        ValueError: It is closed, or what it says about its own places makes no sense.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file: BinaryIO = file
        self._lock: threading.Lock = threading.Lock()
        self._start: int = file.tell()
        end: Any = file.seek(0, io.SEEK_END)
        if end is None:  # some wrappers of streams seek and give nothing back
            end = file.tell()
        if not (isinstance(end, int) and isinstance(self._start, int) and 0 <= self._start <= end):
            raise ValueError(f"its tell() says {self._start!r}, its end is at {end!r}")
        self.byte_count: int = end - self._start
        file.seek(self._start)

    def read_at(self, place: int, count: int) -> bytes:
        """Some bytes at a place; the file's own position stays.

        Raises:
            OSError: It can't be read, or was closed in the meantime.
        """
        with self._lock:
            try:
                here = self._file.tell()
                self._file.seek(self._start + place)
                data = self._file.read(count)
                self._file.seek(here)
            except ValueError as error:
                raise OSError(f"{error}: keep it open until the job is accepted") from error
            return data


class _SharedReader(io.RawIOBase):
    """One reader of a `_SharedFile`. Closing it leaves the file open."""

    def __init__(self, shared: _SharedFile) -> None:
        self._shared: _SharedFile = shared
        self._place: int = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._shared.byte_count}
        self._place = max(base[whence] + offset, 0)
        return self._place

    def readinto(self, buffer: Any, /) -> int:
        data = self._shared.read_at(self._place, len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


class _Drawn:
    """A Pillow image as the PNG it is sent as: exactly its pixels, without metadata."""

    def __init__(self, image: Image) -> None:
        self.image: Image = image

    @cached_property
    def data(self) -> bytes:
        buffer = io.BytesIO()
        try:
            self.image.save(buffer, "PNG", exif=b"")
        except OSError as error:  # Pillow: a mode that PNG does not have
            raise InvalidRequest(
                f"a Pillow image of mode {self.image.mode} can't be sent as PNG: {error}",
                hint="fit(image) converts it and says what it did.",
            ) from None
        return buffer.getvalue()
