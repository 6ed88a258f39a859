"""Is an MP4 whole? Held against files that another program wrote."""

from __future__ import annotations

import contextlib
import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kling_facade.errors import BadResponse
from kling_facade.jobs.mp4 import CutOff, check_mp4


def box(kind: bytes, *content: bytes) -> bytes:
    """One box."""
    inner = b"".join(content)
    return struct.pack(">I4s", 8 + len(inner), kind) + inner


def numbers(*values: int) -> bytes:
    """32 bits each."""
    return struct.pack(f">{len(values)}I", *values)


def track(offsets: list[int], per_chunk: int, size: int, *, wide: bool = False) -> bytes:
    """A track whose chunks lie there, each of so many samples of that size."""
    count = len(offsets)
    where = struct.pack(f">{count}{'Q' if wide else 'I'}", *offsets)
    table = box(
        b"stbl",
        box(b"stsc", numbers(0, 1, 1, per_chunk, 1)),
        box(b"stsz", numbers(0, 0, count * per_chunk), numbers(*[size] * (count * per_chunk))),
        box(b"co64" if wide else b"stco", numbers(0, count), where),
    )
    return box(b"trak", box(b"mdia", box(b"minf", table)))


FTYP = box(b"ftyp", b"isom" * 4)


def film(*, wide: bool = False, two: bool = False, endless: bool = False) -> bytes:
    """A film of 10 samples of 50 bytes, its index first."""
    moov = box(b"moov", track([0, 0], 5, 50, wide=wide))
    begin = len(FTYP) + len(moov) + 8
    offsets = [begin, begin + 250 + (8 if two else 0)]
    moov = box(b"moov", track(offsets, 5, 50, wide=wide))
    if two:
        return FTYP + moov + box(b"mdat", bytes(250)) + box(b"mdat", bytes(250))
    media = bytes(500)
    return FTYP + moov + (numbers(0) + b"mdat" + media if endless else box(b"mdat", media))


def check(data: bytes) -> None:
    """As after a transfer."""
    check_mp4(io.BytesIO(data), len(data))


FILMS = {
    "plain": film(),
    "wide": film(wide=True),
    "two": film(two=True),
    "to the end": film(endless=True),
}


@pytest.mark.parametrize("name", FILMS)
def test_a_cut_anywhere_is_seen(name: str) -> None:
    """Between two boxes too, and within a last one that says no length."""
    data = FILMS[name]
    check(data)
    for end in range(len(data)):
        with pytest.raises(CutOff):
            check(data[:end])


def test_a_film_of_the_sandbox_is_whole_and_a_cut_one_is_not(tmp_path: Path) -> None:
    """Written by FFmpeg."""
    av = pytest.importorskip("av")
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        stream = out.add_stream("mpeg4", rate=8)
        stream.width = stream.height = 32
        for _ in range(16):
            out.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        out.mux(stream.encode())
    data = path.read_bytes()
    check(data)
    for end in range(40, len(data), 7):
        with pytest.raises(CutOff):
            check(data[:end])


@given(st.binary(max_size=300))
def test_an_index_that_makes_no_sense_raises_nothing_raw(noise: bytes) -> None:
    """It is left to the player."""
    for index in (noise, track([5], 1, 1)[:-3] + noise, box(b"trak", box(b"mdia", noise))):
        with contextlib.suppress(BadResponse):
            check(FTYP + box(b"moov", index) + box(b"mdat", b"x"))


def test_without_media_it_is_no_film() -> None:
    """An index alone plays nothing."""
    with pytest.raises(CutOff, match="media"):
        check(FTYP + box(b"moov", b""))
