"""Headers: what Pillow reads by decoding, read without it; damage found; anything else named."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from kling_facade.builders.pictures.header import read_header

from ...support.pictures import encoded, photo, png_header, turned


def header(data: bytes) -> Any:
    """The header of some bytes."""
    return read_header(io.BytesIO(data))


@settings(max_examples=40)
@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from(["PNG", "JPEG"]))
def test_size_and_format_are_those_that_pillow_reads(width: int, height: int, form: str) -> None:
    """Format and size come out of the header for any size."""
    found = header(encoded(Image.new("L", (width, height)), form))
    assert (found.format, found.size, found.damage) == (form, (width, height), None)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_displayed_picture(orientation: int, form: str) -> None:
    """An EXIF turn counts, as in Pillow's own transposition."""
    data = turned(orientation, (640, 480), form)
    with Image.open(io.BytesIO(data)) as image:
        assert header(data).size == ImageOps.exif_transpose(image).size
    assert header(data).orientation == orientation
    assert header(data).stored_size == (640, 480)


@pytest.mark.parametrize(
    ("mode", "form", "colours", "alpha", "bits"),
    [
        ("L", "PNG", "grey", False, 8),
        ("LA", "PNG", "grey", True, 8),
        ("RGB", "PNG", "RGB", False, 8),
        ("RGBA", "PNG", "RGB", True, 8),
        ("P", "PNG", "palette", False, 1),
        ("I;16", "PNG", "grey", False, 16),
        ("L", "JPEG", "grey", False, 8),
        ("RGB", "JPEG", "RGB", False, 8),
        ("CMYK", "JPEG", "CMYK", False, 8),
    ],
)
def test_colours_are_told(mode: str, form: str, colours: str, alpha: bool, bits: int) -> None:
    """Channels, depth and transparency stand in the header."""
    found = header(encoded(Image.new(mode, (9, 9)), form))
    assert (found.colours, found.alpha, found.bits) == (colours, alpha, bits)


def test_progressive_and_trailing_bytes_are_whole_pictures() -> None:
    """Progressive JPEGs, and what cameras append after the end mark, are no damage."""
    assert header(photo(progressive=True)).damage is None
    assert header(photo() + b"MPF and a maker's trailer" * 9000).damage is None


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_picture_cut_anywhere_is_damaged(form: str) -> None:
    """However few bytes are missing, the header's reader says so and never fails."""
    data = photo((320, 300), form)
    for end in [*range(8, 200), *range(200, len(data) - 1, 97), len(data) - 1]:
        assert header(data[:end]).damage, end


def test_a_cut_jpeg_with_a_whole_thumbnail_is_damaged() -> None:
    """The end mark of a thumbnail inside is not the end of the picture."""
    exif = Image.Exif()
    data = photo(exif=exif.tobytes() + photo((160, 120)))
    assert header(data).damage is None
    assert header(data[:-2000]).damage == "it is cut off: the end mark is missing"


def test_an_animation_is_told() -> None:
    """A PNG with frames is one."""
    frames = [Image.new("L", (9, 9), shade) for shade in (0, 99, 200)]
    assert header(encoded(frames[0], save_all=True, append_images=frames[1:])).animated
    assert not header(encoded(frames[0])).animated


def test_a_bomb_is_measured_and_not_opened() -> None:
    """A few bytes that promise 144 megapixels are believed, and cost nothing."""
    assert header(png_header(12_000, 12_000)).size == (12_000, 12_000)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "nothing: it is empty"),
        (encoded(Image.new("L", (9, 9)), "GIF"), "GIF"),
        (encoded(Image.new("L", (9, 9)), "WEBP"), "WebP"),
        (encoded(Image.new("L", (9, 9)), "BMP"), "BMP"),
        (encoded(Image.new("L", (9, 9)), "TIFF"), "TIFF"),
        (encoded(Image.new("RGB", (9, 9)), "EPS"), "EPS or PostScript"),
        (encoded(Image.new("L", (9, 9)), "PDF"), "PDF"),
        (encoded(Image.new("RGB", (9, 9)), "AVIF"), "AVIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "video (MP4 or QuickTime)"),
        (b'<?xml version="1.0"?><svg xmlns="x">', "SVG"),
        (b"<!DOCTYPE html><html>", "HTML page"),
        (b"Dear diary, this is no picture.", "text"),
        ("füchse".encode() * 200, "text"),
        (bytes(range(128, 256)), "unknown"),
        (b"\0\1\2\3" * 40, "unknown"),
    ],
)
def test_anything_else_is_named(data: bytes, name: str) -> None:
    """What is neither JPEG nor PNG is recognised, so that a message can say it."""
    assert header(data).format == name


@settings(max_examples=200)
@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]))
def test_no_bytes_break_the_reader(data: bytes, start: bytes) -> None:
    """Whatever the bytes, an answer comes back."""
    assert header(start + data).format


def test_broken_exif_is_no_orientation() -> None:
    """Nonsense in the EXIF block is taken for upright."""
    for block in (
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"XX*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08\0\x01",
    ):
        body = b"Exif\0\0" + block
        segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
        data = photo()
        assert header(data[:2] + segment + data[2:]).orientation == 1
    wild = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0"
    body = b"Exif\0\0" + wild
    data = photo()
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    assert header(data[:2] + segment + data[2:]).orientation == 1


def test_headers_without_pixels_are_damaged() -> None:
    """A size of zero, a wrong first chunk and a JPEG without a frame are no pictures."""
    assert header(png_header(0, 5)).damage == "its header says that it has no pixels"
    assert (
        header(photo(form="PNG").replace(b"IHDR", b"IDRH")).damage == "its first chunk is not IHDR"
    )
    assert (
        header(b"\xff\xd8\xff\xfe\0\x04ab\xff\xd9").damage == "it has no frame header, so no size"
    )
    assert header(b"\xff\xd8\xff\x01\xff\xff\xd9" + b"x" * 9).damage
