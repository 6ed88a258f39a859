"""Checks that a file is a whole MP4, from its boxes (ISO/IEC 14496-12).

A transfer of unknown length may end anywhere, even between two boxes. So the last box must end with
the file, the file must have an index and media, and the media that the index points at must exist.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from ..errors import BadResponse

__all__ = ["MAGIC_BYTES", "CutOff", "check_magic", "check_mp4"]

MAGIC_BYTES: Final = 16
"""The number of bytes at the beginning that tell a video from an error page."""
_LARGEST_INDEX: Final = 64 * 1024 * 1024
"""Largest index that is read, in bytes. The index of an hour of film has about one megabyte."""


class CutOff(BadResponse):
    """The file ends too early, but may be the beginning of a whole video."""


def check_magic(start: bytes) -> None:
    """Checks the first bytes of a file, as soon as there are `MAGIC_BYTES` of them.

    Raises:
        BadResponse: The file does not begin like an MP4.
    """
    if len(start) >= MAGIC_BYTES and start[4:8] not in (b"ftyp", b"styp"):
        raise BadResponse(
            f"the answer is not a video; it begins {start!r}",
            hint="The address may have answered with an error page.",
        )


def check_mp4(file: BinaryIO, size: int) -> None:
    """Checks that a file is a whole MP4.

    Args:
        file: The file, open for reading.
        size: Its length in bytes.

    Raises:
        CutOff: The file ends within a box, or before the media that its index points at, or has
            no index.
    """
    offset, kinds, needed = 0, set[bytes](), 0
    while offset < size:
        file.seek(offset)
        header = file.read(16)
        length, kind, begin = _box(header, size - offset)
        if length < 8 or offset + length > size:
            raise CutOff(f"the MP4 is cut off or damaged at byte {offset}")
        if kind == b"moov" and length <= _LARGEST_INDEX:
            file.seek(offset + begin)
            needed = _media_end(file.read(length - begin))
        kinds.add(kind)
        offset += length
    file.seek(0, os.SEEK_END)
    if not {b"ftyp", b"moov"} <= kinds:
        raise CutOff("the MP4 has no index ('moov'), so that nothing could play it")
    if b"mdat" not in kinds or needed > size:
        raise CutOff("the MP4 is cut off: its index points at media that are not there")


def _box(header: bytes, rest: int) -> tuple[int, bytes, int]:
    """Length and kind of a box, and how long its header is; length 0 if it can't be read."""
    if len(header) < 8:
        return 0, b"", 8
    length, kind = struct.unpack(">I4s", header[:8])
    if length == 0:  # to the end of the file
        return rest, kind, 8
    if length == 1 and len(header) == 16:
        return int.from_bytes(header[8:16], "big"), kind, 16
    return length, kind, 8


def _media_end(index: bytes) -> int:
    """The first byte after all media that an index points at; 0 if it points at nothing.

    Fragmented files have an empty index. A malformed index is accepted: players are tolerant.
    """
    try:
        return max((_track_end(track) for track in _inside(index, b"trak")), default=0)
    except (struct.error, IndexError):
        return 0


def _inside(data: bytes, *path: bytes) -> Iterator[bytes]:
    """The contents of all boxes at a path of kinds."""
    at = 0
    while at + 8 <= len(data):
        length, kind, begin = _box(data[at : at + 16], len(data) - at)
        if length < 8:
            return
        if kind == path[0]:
            inner = data[at + begin : at + length]
            yield from _inside(inner, *path[1:]) if path[1:] else (inner,)
        at += length


def _track_end(track: bytes) -> int:
    """The first byte after the last chunk of a track: where it begins, and what lies in it."""
    end = 0
    for table in _inside(track, b"mdia", b"minf", b"stbl"):
        chunks = [
            offset
            for kind, form in ((b"stco", "I"), (b"co64", "Q"))
            for box in _inside(table, kind)
            for offset in _numbers(box, 4, form)
        ]
        if chunks:
            last = max(range(len(chunks)), key=chunks.__getitem__)
            end = max(end, chunks[last] + _chunk_size(table, last + 1))
    return end


def _chunk_size(table: bytes, number: int) -> int:
    """Bytes of a chunk; chunks are counted from 1."""
    runs = [n for box in _inside(table, b"stsc") for n in _numbers(box, 4, "III")]
    before, size = 0, 0
    for at in range(0, len(runs), 3):
        first, per_chunk = runs[at], runs[at + 1]
        following = runs[at + 3] if at + 3 < len(runs) else number + 1
        before += max(0, min(following, number) - first) * per_chunk
        if first <= number < following:
            size = per_chunk
    for box in _inside(table, b"stsz"):
        (each,) = struct.unpack_from(">I", box, 4)
        sizes = _numbers(box, 8, "I")[before : before + size]
        return each * size if each else sum(sizes)
    return 0


def _numbers(box: bytes, at: int, form: str) -> tuple[int, ...]:
    """The numbers of a table in a box. The number of rows is stored at offset ``at``."""
    (rows,) = struct.unpack_from(">I", box, at)
    # The box decides, not the count in it: a damaged count must not allocate memory.
    rows = min(rows, (len(box) - at - 4) // struct.calcsize(f">{form}"))
    return struct.unpack_from(f">{rows * len(form)}{form[0]}", box, at + 4)
