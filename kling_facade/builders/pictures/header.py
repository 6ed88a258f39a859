"""What a picture's first bytes say: format, size, orientation, damage. Nothing is decoded.

JPEG and PNG, which Kling takes, are read segment by segment; anything else is only recognised, so
that a message can say what it is.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable
from io import SEEK_CUR
from typing import BinaryIO, Final

from attrs import frozen

__all__ = ["Header", "read_header"]

_TAIL: Final = 64 * 1024
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_TURNED: Final = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""


@frozen
class Header:
    """What is known of a picture without decoding it.

    Attributes:
        format: ``"JPEG"``, ``"PNG"``, or the name of what it is instead (``"WebP"``, ``"text"``,
            ...).
        stored_size: Width and height as stored; zeros when not read.
        orientation: The EXIF orientation, 1 (upright) to 8.
        damage: What is broken, in words, or ``None``.
        animated: Whether it has more than one frame.
        alpha: Whether it has transparency.
        colours: ``"grey"``, ``"RGB"``, ``"CMYK"``, ``"palette"``, or ``""`` when not read.
        bits: Bits a channel.
    """

    format: str
    stored_size: tuple[int, int] = (0, 0)
    orientation: int = 1
    damage: str | None = None
    animated: bool = False
    alpha: bool = False
    colours: str = ""
    bits: int = 8

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as displayed: the EXIF orientation is taken into account."""
        width, height = self.stored_size
        return (height, width) if self.orientation in _TURNED else (width, height)


def read_header(stream: BinaryIO) -> Header:
    """Read a picture's header.

    Args:
        stream: A seekable binary stream at its first byte.
    """
    start = stream.read(512)
    try:
        if start.startswith(_PNG):
            return _png(stream)
        if start.startswith(b"\xff\xd8\xff"):
            return _jpeg(stream)
    except (struct.error, IndexError, _Cut):
        name = "PNG" if start.startswith(_PNG) else "JPEG"
        return Header(name, damage="it ends inside its header")
    return Header(_recognised(start))


class _Cut(Exception):
    """The stream ended too early."""


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise _Cut
    return data


# PNG
# ------------------------------------------------------------------------------------------------

_PNG_COLOURS: Final = {0: "grey", 2: "RGB", 3: "palette", 4: "grey", 6: "RGB"}


def _png(stream: BinaryIO) -> Header:
    stream.seek(len(_PNG))
    length, kind = struct.unpack(">I4s", _exactly(stream, 8))
    if kind != b"IHDR" or length != 13:
        return Header("PNG", damage="its first chunk is not IHDR")
    width, height, bits, colour = struct.unpack(">IIBB3x", _exactly(stream, 13))
    stream.seek(4, SEEK_CUR)
    found, orientation = _png_chunks(stream)
    damage = None if b"IEND" in found else "it is cut off: the end mark is missing"
    if not (width and height):
        damage = "its header says that it has no pixels"
    return Header(
        "PNG",
        (width, height),
        orientation,
        damage,
        animated=b"acTL" in found,
        alpha=colour in (4, 6) or b"tRNS" in found,
        colours=_PNG_COLOURS.get(colour, ""),
        bits=bits,
    )


def _png_chunks(stream: BinaryIO) -> tuple[set[bytes], int]:
    """The kinds of all complete chunks after the header, and the orientation if one tells."""
    found: set[bytes] = set()
    orientation = 1
    end = _length(stream)
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        after = stream.tell() + length + 4
        if after > end:
            break
        if kind == b"eXIf":
            orientation = _orientation(stream.read(length))
        found.add(kind)
        if kind == b"IEND":
            break
        stream.seek(after)
    return found, orientation


def _length(stream: BinaryIO) -> int:
    """Bytes of the stream; its position stays."""
    here = stream.tell()
    end = stream.seek(0, 2)
    stream.seek(here)
    return end


# JPEG
# -----------------------------------------------------------------------------------------------

_JPEG_COLOURS: Final = {1: "grey", 3: "RGB", 4: "CMYK"}
_FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS: Final = frozenset({0x01, *range(0xD0, 0xD8)})


def _jpeg(stream: BinaryIO) -> Header:
    stream.seek(2)
    size, bits, channels, orientation = (0, 0), 8, 0, 1
    while (marker := _next_marker(stream)) not in (0xDA, 0xD9):
        if marker in _BARE_MARKERS:
            continue
        length = int.from_bytes(_exactly(stream, 2), "big") - 2
        after = stream.tell() + length
        if marker in _FRAME_MARKERS:
            bits, height, width, channels = struct.unpack(">BHHB", _exactly(stream, 6))
            size = (width, height)
        elif marker == 0xE1 and (body := stream.read(length)).startswith(b"Exif\0\0"):
            orientation = _orientation(body[6:])
        stream.seek(after)
    damage = None
    if not (size[0] and size[1]):
        damage = "it has no frame header, so no size"
    elif marker == 0xD9 or not _has_end(stream):
        damage = "it is cut off: the end mark is missing"
    colours = _JPEG_COLOURS.get(channels, "")
    return Header("JPEG", size, orientation, damage, colours=colours, bits=bits)


def _next_marker(stream: BinaryIO) -> int:
    if _exactly(stream, 1) != b"\xff":
        raise _Cut
    while (byte := _exactly(stream, 1)) == b"\xff":
        pass
    return byte[0]


def _has_end(stream: BinaryIO) -> bool:
    """Whether the end mark follows the picture data that the stream stands before.

    Inside picture data the two bytes of the mark can't occur. What cameras append stands after it.
    The last bytes are looked at first: nearly always the mark is there.
    """
    data_start = stream.tell()
    end = _length(stream)
    stream.seek(max(data_start, end - _TAIL))
    if b"\xff\xd9" in stream.read(_TAIL):
        return True
    stream.seek(data_start)
    last = b""
    while block := stream.read(_TAIL):
        if b"\xff\xd9" in last + block:
            return True
        last = block[-1:]
    return False


def _orientation(tiff: bytes) -> int:
    """The orientation that an EXIF block tells, or 1."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (place,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, place)
        for entry in range(place + 2, place + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, entry)
            if tag == 0x0112 and kind == 3:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


# Anything else
# --------------------------------------------------------------------------------------


def _brand(start: bytes) -> str:
    """The name of an ISO media file by its brand."""
    brand = start[8:12]
    if brand in (b"avif", b"avis"):
        return "AVIF"
    return "HEIC" if brand[:2] in (b"he", b"mi", b"ms") else "video (MP4 or QuickTime)"


_SIGNATURES: Final[tuple[tuple[Callable[[bytes], bool], str], ...]] = (
    (lambda s: not s, "nothing: it is empty"),
    (lambda s: s[:6] in (b"GIF87a", b"GIF89a"), "GIF"),
    (lambda s: s[:4] == b"RIFF" and s[8:12] == b"WEBP", "WebP"),
    (lambda s: s[:2] == b"BM" and s[6:10] == b"\0\0\0\0", "BMP"),
    (lambda s: s[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "TIFF"),
    (lambda s: s[:4] in (b"%!PS", b"\xc5\xd0\xd3\xc6"), "EPS or PostScript"),
    (lambda s: s[:5] == b"%PDF-", "PDF"),
    (lambda s: s[:4] == b"8BPS", "Photoshop"),
    (lambda s: s[:2] == b"\xff\x0a" or s[4:12] == b"JXL \r\n\x87\n", "JPEG XL"),
    (lambda s: s[:4] == b"\0\0\0\x0c" and s[4:8] == b"jP  ", "JPEG 2000"),
    (lambda s: s[:4] == b"PK\x03\x04", "ZIP archive"),
    (lambda s: s[:4] == b"\x1aE\xdf\xa3", "video (WebM or Matroska)"),
    (lambda s: b"<svg" in s.lower(), "SVG"),
    (lambda s: b"<html" in s.lower() or b"<!doctype html" in s.lower(), "HTML page"),
)


def _recognised(start: bytes) -> str:
    """A name for bytes that are neither JPEG nor PNG."""
    if start[4:8] == b"ftyp":
        return _brand(start)
    for fits, name in _SIGNATURES:
        if fits(start):
            return name
    return "text" if _is_text(start) else "unknown"


def _is_text(start: bytes) -> bool:
    # A character of up to four bytes may be cut where the reading ended.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        text = decoder.decode(start, final=len(start) < 512)
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c.isspace() for c in text)
