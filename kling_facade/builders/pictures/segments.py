"""The parts that JPEG and PNG files are made of, and copies of files without some of them."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

__all__ = [
    "ICC",
    "PNG_SIGNATURE",
    "Cut",
    "exactly",
    "jpeg_segments",
    "png_chunks",
    "without_metadata",
]

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
ICC: Final = b"ICC_PROFILE\0"
"""How a JPEG segment with a part of a colour profile begins."""

_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a body
_START_OF_SCAN, _END = 0xDA, 0xD9
_MOST_STRAY: Final = 1024 * 1024
_NEXT_MARKER: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)
_TEXTS: Final = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})


class Cut(Exception):
    """The stream ended too early."""


def exactly(stream: BinaryIO, count: int) -> bytes:
    """So many bytes.

    Raises:
        Cut: There are fewer.
    """
    data = stream.read(count)
    if len(data) < count:
        raise Cut
    return data


def jpeg_segments(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """The segments before the picture data: each one's marker and the length of its body.

    The stream stands at the body; whoever asks may read from it. The last marker is that of the
    scan or of the end, and the stream stands behind it.

    Args:
        stream: A seekable stream of a JPEG, at its first byte.

    Raises:
        Cut: It ends inside a segment, or no marker comes.
    """
    stream.seek(2)
    while True:
        marker = _next_marker(stream)
        if marker in _BARE:
            continue
        if marker in (_START_OF_SCAN, _END):
            yield marker, 0
            return
        length = max(int.from_bytes(exactly(stream, 2), "big") - 2, 0)
        after = stream.tell() + length
        yield marker, length
        stream.seek(after)


def _next_marker(stream: BinaryIO) -> int:
    """The next marker. Stray bytes before it are passed over, as every decoder does.

    ``FF 00`` is no marker, and any number of ``FF`` may come before one.
    """
    for _ in range(_MOST_STRAY):
        if exactly(stream, 1) != b"\xff":
            continue
        while (byte := exactly(stream, 1)) == b"\xff":
            pass
        if byte != b"\0":
            return byte[0]
    raise Cut


def png_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """The complete chunks: each one's kind and the length of its body, at which the stream stands.

    Args:
        stream: A seekable stream of a PNG.
    """
    end = stream.seek(0, io.SEEK_END)
    stream.seek(len(PNG_SIGNATURE))
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        after = stream.tell() + length + 4  # behind the body stands a checksum
        if after > end:
            return
        yield kind, length
        if kind == b"IEND":
            return
        stream.seek(after)


def without_metadata(data: bytes) -> bytes:
    """A JPEG or PNG with the same pixels and colours, but without EXIF, XMP, IPTC and comments.

    What stands behind the end of the picture is left out as well: phones append films, depth maps
    and second pictures with metadata of their own.

    Args:
        data: A whole JPEG or PNG, whose header was read without damage.
    """
    return _plain_png(data) if data.startswith(PNG_SIGNATURE) else _plain_jpeg(data)


def _plain_png(data: bytes) -> bytes:
    stream, kept = io.BytesIO(data), [PNG_SIGNATURE]
    for kind, length in png_chunks(stream):
        if kind not in _TEXTS:
            body = stream.tell()
            kept.append(data[body - 8 : body + length + 4])
    return b"".join(kept)


def _plain_jpeg(data: bytes) -> bytes:
    stream, kept = io.BytesIO(data), [b"\xff\xd8"]
    for marker, length in jpeg_segments(stream):
        body = stream.tell()
        if marker == _START_OF_SCAN:
            kept.append(data[body - 2 : _end_of_picture(data, body)])
        elif _is_needed(marker, data[body : body + length]):
            kept.append(b"\xff" + bytes([marker]) + data[body - 2 : body + length])
    return b"".join(kept)


def _is_needed(marker: int, body: bytes) -> bool:
    """Whether a segment is needed to show the picture as it is."""
    if 0xE0 <= marker <= 0xEF or marker == 0xFE:  # for applications, and comments
        # JFIF's density and Adobe's transform decide about shape and colours.
        return marker in (0xE0, 0xEE) or (marker == 0xE2 and body.startswith(ICC))
    return True


def _end_of_picture(data: bytes, place: int) -> int:
    """Where a JPEG's own data ends. A progressive one has segments between its scans."""
    while match := _NEXT_MARKER.search(data, place):
        if match[0][-1] == _END:
            return match.end()
        place = match.end() + int.from_bytes(data[match.end() : match.end() + 2], "big")
    return len(data)
