"""What a picture's first bytes say: format, size, orientation, damage. Nothing is decoded.

JPEG and PNG, which Kling takes, are read segment by segment; anything else is only recognised, so
that a message can say what it is.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable
from io import SEEK_END
from typing import BinaryIO, Final

from attrs import frozen

from ..geometry.points import Size
from .metadata import MOST_BYTES, Metadata, inflated, other_profile
from .segments import ICC, PNG_SIGNATURE, Cut, exactly, jpeg_segments, png_chunks

__all__ = ["Header", "read_header", "recognised"]

_TAIL: Final = 64 * 1024
_TURNED: Final = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""


@frozen
class Header:
    """What is known of a picture without decoding it.

    Attributes:
        format: ``"JPEG"``, ``"PNG"``, or the name of what it is instead (``"WebP"``, ``"text"``,
            ...).
        stored_size: Width and height as stored; zeros when not read.
        orientation: The EXIF orientation that this library goes by, 1 (upright) to 8.
        turns: Each statement about the orientation: who makes it, and the value.
        damage: What is broken, in words, or ``None``.
        animated: Whether it has more than one frame.
        alpha: Whether it has transparency.
        colours: ``"grey"``, ``"RGB"``, ``"CMYK"``, ``"palette"``, or ``""`` when not read.
        bits: Bits a channel.
        profile: The name of its colour profile; empty when it has none or sRGB.
        located: Whether its metadata say where it was taken.
    """

    format: str
    stored_size: Size = (0, 0)
    orientation: int = 1
    turns: tuple[tuple[str, int], ...] = ()
    damage: str | None = None
    animated: bool = False
    alpha: bool = False
    colours: str = ""
    bits: int = 8
    profile: str = ""
    located: bool = False

    @property
    def size(self) -> Size:
        """Width and height as displayed: the orientation is taken into account."""
        width, height = self.stored_size
        return (height, width) if self.orientation in _TURNED else (width, height)

    @property
    def contradicts_itself(self) -> bool:
        """Whether it says different things about its orientation. Viewers differ about those."""
        return len({value for _, value in self.turns}) > 1


def read_header(stream: BinaryIO) -> Header:
    """Read a picture's header.

    Args:
        stream: A seekable binary stream at its first byte.
    """
    start = stream.read(512)
    try:
        if start.startswith(PNG_SIGNATURE):
            return _png(stream)
        if start.startswith(b"\xff\xd8\xff"):
            return _jpeg(stream)
    except (struct.error, IndexError, Cut):
        name = "PNG" if start.startswith(PNG_SIGNATURE) else "JPEG"
        return Header(name, damage="it ends inside its header")
    return Header(recognised(start))


# PNG
# ------------------------------------------------------------------------------------------------

_PNG_COLOURS: Final = {0: "grey", 2: "RGB", 3: "palette", 4: "grey", 6: "RGB"}


def _png(stream: BinaryIO) -> Header:
    stream.seek(len(PNG_SIGNATURE))
    length, kind = struct.unpack(">I4s", exactly(stream, 8))
    if kind != b"IHDR" or length != 13:
        return Header("PNG", damage="its first chunk is not IHDR")
    width, height, bits, colour = struct.unpack(">IIBB3x", exactly(stream, 13))
    told, found = Metadata(), set()
    for kind, length in png_chunks(stream):
        found.add(kind)
        if kind in _PNG_METADATA and length <= MOST_BYTES:
            _PNG_METADATA[kind](told, stream.read(length))
    damage = None if b"IEND" in found else "it is cut off: the end mark is missing"
    if not (width and height):
        damage = "its header says that it has no pixels"
    return Header(
        "PNG",
        (width, height),
        told.orientation,
        tuple(told.turns),
        damage,
        animated=b"acTL" in found,
        alpha=colour in (4, 6) or b"tRNS" in found,
        colours=_PNG_COLOURS.get(colour, ""),
        bits=bits,
        profile=other_profile(told.profile),
        located=told.located,
    )


def _png_profile(told: Metadata, body: bytes) -> None:
    # A name, an empty byte, the method of packing, then the profile.
    told.profile = inflated(body[body.find(b"\0") + 2 :]) or b"damaged"


def _png_text(told: Metadata, keyword: bytes, text: bytes) -> None:
    if keyword == b"Raw profile type exif":
        told.add_raw_profile(text)
    elif keyword == b"XML:com.adobe.xmp":
        told.add_xmp(text)


def _png_plain_text(told: Metadata, body: bytes) -> None:
    keyword, _, text = body.partition(b"\0")
    _png_text(told, keyword, text)


def _png_packed_text(told: Metadata, body: bytes) -> None:
    keyword, _, text = body.partition(b"\0")
    _png_text(told, keyword, inflated(text[1:]))


def _png_international_text(told: Metadata, body: bytes) -> None:
    keyword, _, rest = body.partition(b"\0")
    text = rest[2:].split(b"\0", 2)[-1]  # behind language and translated keyword
    _png_text(told, keyword, inflated(text) if rest[:1] == b"\1" else text)


_PNG_METADATA: Final[dict[bytes, Callable[[Metadata, bytes], None]]] = {
    b"eXIf": Metadata.add_exif,
    b"iCCP": _png_profile,
    b"tEXt": _png_plain_text,
    b"zTXt": _png_packed_text,
    b"iTXt": _png_international_text,
}


# JPEG
# ------------------------------------------------------------------------------------------------

_JPEG_COLOURS: Final = {1: "grey", 3: "RGB", 4: "CMYK"}
_FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg(stream: BinaryIO) -> Header:
    size, bits, channels, marker = (0, 0), 8, 0, 0
    told, profile = Metadata(), []
    for marker, length in jpeg_segments(stream):
        if marker in _FRAME_MARKERS:
            bits, height, width, channels = struct.unpack(">BHHB", exactly(stream, 6))
            size = (width, height)
        elif marker == 0xE1:
            _jpeg_note(told, stream.read(length))
        elif marker == 0xE2 and (body := stream.read(length)).startswith(ICC):
            profile.append(body[len(ICC) :])
    # Each part begins with its number and how many there are.
    told.profile = b"".join(part[2:] for part in sorted(profile))
    damage = None
    if not (size[0] and size[1]):
        damage = "it has no frame header, so no size"
    elif marker == 0xD9 or not _has_end(stream):
        damage = "it is cut off: the end mark is missing"
    return Header(
        "JPEG",
        size,
        told.orientation,
        tuple(told.turns),
        damage,
        colours=_JPEG_COLOURS.get(channels, ""),
        bits=bits,
        profile=other_profile(told.profile),
        located=told.located,
    )


def _jpeg_note(told: Metadata, body: bytes) -> None:
    if body.startswith(b"Exif\0\0"):
        told.add_exif(body)
    elif body.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
        told.add_xmp(body)


def _has_end(stream: BinaryIO) -> bool:
    """Whether the end mark follows the picture data that the stream stands before.

    Inside picture data the two bytes of the mark can't occur. What cameras append stands after it.
    The last bytes are looked at first: nearly always the mark is there.
    """
    data_start = stream.tell()
    end = stream.seek(0, SEEK_END)
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


# Anything else
# ------------------------------------------------------------------------------------------------


def _brand(start: bytes) -> str:
    """The name of an ISO media file by its brand."""
    brand = start[8:12]
    if brand in (b"avif", b"avis"):
        return "AVIF"
    return "HEIC" if brand[:2] in (b"he", b"mi", b"ms") else "video (MP4 or QuickTime)"


_SIGNATURES: Final[tuple[tuple[Callable[[bytes], bool], str], ...]] = (
    (lambda s: not s, "nothing: it is empty"),
    (lambda s: s.startswith(b"\xff\xd8\xff"), "JPEG"),
    (lambda s: s.startswith(PNG_SIGNATURE), "PNG"),
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


def recognised(start: bytes) -> str:
    """A name for the first bytes of a file.

    Args:
        start: At most 512 bytes.
    """
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
