"""Is it a video, and is it whole? The boxes of an MP4 file, as far as that needs them."""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

from ..errors import (
    BadResponse,
)

__all__ = ["MAGIC_BYTES", "check_magic", "check_mp4"]


MAGIC_BYTES: Final = 16


def check_magic(start: bytes) -> None:
    """Checks the first bytes of a file, as soon as there are `MAGIC_BYTES` of them.

    Raises:
        BadResponse: They are not the beginning of an MP4.
    """
    if len(start) >= MAGIC_BYTES and start[4:8] not in (b"ftyp", b"styp"):
        raise BadResponse(
            f"what came is no video; it begins {start!r}",
            hint="The address may have answered with an error page.",
        )


def check_mp4(file: BinaryIO, size: int) -> None:
    """Walks the top-level boxes: a whole MP4 has its index and ends where its last box ends.

    Raises:
        BadResponse: It is cut off or something else.
    """
    offset, kinds = 0, set()
    while offset < size:
        file.seek(offset)
        header = file.read(16)
        length, kind = _box(header, size - offset)
        if length < 8 or offset + length > size:
            raise BadResponse(f"the MP4 is cut off or damaged at byte {offset}")
        kinds.add(kind)
        offset += length
    file.seek(size)
    if not {b"ftyp", b"moov"} <= kinds:
        raise BadResponse("the MP4 has no index ('moov'), so that nothing could play it")


def _box(header: bytes, rest: int) -> tuple[int, bytes]:
    if len(header) < 8:
        return 0, b""
    length, kind = struct.unpack(">I4s", header[:8])
    if length == 0:
        return rest, kind
    if length == 1 and len(header) == 16:
        return int.from_bytes(header[8:16], "big"), kind
    return length, kind
