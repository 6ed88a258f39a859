"""Orientation, colour profile and place: one reading, whoever asks."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from kling_facade import ImageToVideo, MotionBrush, fit, regions
from kling_facade.builders.pictures.decode import decode, decoded
from kling_facade.builders.pictures.metadata import other_profile
from kling_facade.builders.pictures.picture import Picture

from ...support.pictures import (
    DISPLAY_P3,
    SRGB,
    encoded,
    exif_block,
    icc_profile,
    jpeg_with,
    photo,
    png_with,
    raw_profile,
    xmp_packet,
)

SIZE = (360, 300)
PLAIN = {form: photo(SIZE, form) for form in ("JPEG", "PNG")}
XMP = b"http://ns.adobe.com/xap/1.0/\0"

orientations = st.integers(1, 8)
exifs = st.builds(
    exif_block, st.none() | orientations, kind=st.sampled_from("HI"), order=st.sampled_from("<>")
)
xmps = st.builds(xmp_packet, orientations, element=st.booleans())


def international(packet: bytes, packed: bool) -> bytes:
    """The body of a PNG's text chunk with an XMP packet."""
    flags = b"\1\0" if packed else b"\0\0"
    text = zlib.compress(packet) if packed else packet
    return b"XML:com.adobe.xmp\0" + flags + b"\0\0" + text


def raw_text(block: bytes, packed: bool) -> tuple[bytes, bytes]:
    """A chunk with a raw profile, plain or packed."""
    keyword, text = b"Raw profile type exif\0", raw_profile(block)
    return (b"zTXt", keyword + b"\0" + zlib.compress(text)) if packed else (b"tEXt", keyword + text)


jpegs = st.lists(
    st.one_of(exifs.map(lambda block: b"Exif\0\0" + block), xmps.map(lambda packet: XMP + packet)),
    max_size=4,
).map(lambda notes: jpeg_with(PLAIN["JPEG"], *notes))
chunks = st.one_of(
    exifs.map(lambda block: (b"eXIf", block)),
    st.builds(raw_text, exifs, st.booleans()),
    st.builds(lambda packet, packed: (b"iTXt", international(packet, packed)), xmps, st.booleans()),
)
pngs = st.builds(
    lambda notes, late: png_with(PLAIN["PNG"], *notes, late=late),
    st.lists(chunks, max_size=4),
    st.booleans(),
)


@settings(max_examples=60)
@given(jpegs | pngs)
def test_everybody_reads_the_same_turn(data: bytes) -> None:
    """Whatever blocks a file has, however many: header, decoder, fit, brush and mask agree."""
    header = Picture.of(data).header
    upright = decoded(Picture.of(data))
    assert decode(Picture.of(data)).orientation == header.orientation
    assert upright.size == header.size == MotionBrush.over(data).size == fit(data).size
    assert regions.painted(data).bitmap(header.size).size == header.size
    again = fit(data).picture
    assert (again.header.orientation, again.header.contradicts_itself) == (1, False)
    with Image.open(again.open()) as sent:
        off = np.asarray(sent.convert("RGB"), int) - np.asarray(upright.convert("RGB"), int)
    assert abs(off).mean() < 3


@settings(max_examples=60)
@given(exifs, xmps, st.sampled_from(["exif", "xmp", "both", "other way round"]))
def test_one_block_of_a_kind_is_read_as_pillow_reads_it(
    block: bytes, packet: bytes, have: str
) -> None:
    """EXIF, XMP, or both in either order: the picture is turned as Pillow turns it."""
    exif, xmp = b"Exif\0\0" + block, XMP + packet
    notes = {"exif": [exif], "xmp": [xmp], "both": [exif, xmp], "other way round": [xmp, exif]}
    data = jpeg_with(PLAIN["JPEG"], *notes[have])
    with Image.open(io.BytesIO(data)) as image:
        expected = ImageOps.exif_transpose(image)
    assert np.array_equal(np.asarray(expected), np.asarray(decoded(Picture.of(data))))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_preview_shows_the_picture_as_the_brush_measures_it(orientation: int) -> None:
    """The first panel has the shape that masks are drawn in, if only XMP tells of the turn."""
    from kling_facade.preview.preview import preview

    green = encoded(Image.new("RGB", (400, 300), (10, 200, 30)), "JPEG", quality=95)
    data = jpeg_with(green, XMP + xmp_packet(orientation))
    page = np.asarray(preview(ImageToVideo(data), width=480)).astype(int)
    seen = np.abs(page - (10, 200, 30)).max(axis=2) < 8
    row, column = np.argwhere(seen)[0]
    width, height = np.argmin(seen[row, column:]), np.argmin(seen[row:, column])
    over = MotionBrush.over(data).size
    assert width / height == pytest.approx(over[0] / over[1], rel=0.03)


def advice(data: bytes) -> dict[str, str]:
    """What the rules say about a picture."""
    return {problem.rule: problem.message for problem in ImageToVideo(data, prompt="x").problems()}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            jpeg_with(PLAIN["JPEG"], b"Exif\0\0" + exif_block(6), b"Exif\0\0" + exif_block(1)),
            "its EXIF says 6, its another EXIF block says 1",
        ),
        (
            jpeg_with(PLAIN["JPEG"], b"Exif\0\0" + exif_block(1), XMP + xmp_packet(8)),
            "its EXIF says 1, its XMP says 8",
        ),
        (
            png_with(PLAIN["PNG"], (b"eXIf", exif_block(1)), raw_text(exif_block(6), False)),
            "its EXIF says 1, its another raw profile block says 6",
        ),
    ],
)
def test_a_file_that_contradicts_itself_is_told_and_settled(data: bytes, words: str) -> None:
    """The advice names who says what; fit() writes a picture that says nothing of the kind."""
    assert "contradicts itself" in advice(data)["image-turned"]
    assert words in advice(data)["image-turned"]
    assert any("contradiction" in step for step in fit(data).steps)
    assert "image-turned" not in advice(fit(data).picture.open().read())


def test_blocks_that_agree_are_no_contradiction() -> None:
    """The control: the same turn said twice."""
    data = jpeg_with(PLAIN["JPEG"], b"Exif\0\0" + exif_block(6), XMP + xmp_packet(6))
    assert "contradicts" not in advice(data)["image-turned"]


def test_a_thumbnails_orientation_is_not_the_pictures() -> None:
    """Phones write a second directory, about the thumbnail, with an orientation of its own."""
    block = exif_block(1)
    thumbnail = exif_block(6)[8:]
    block = block[:-4] + len(block).to_bytes(4, "little") + thumbnail
    data = jpeg_with(PLAIN["JPEG"], b"Exif\0\0" + block)
    assert Picture.of(data).header.turns == (("EXIF", 1),)


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_cut_metadata_are_no_reason_to_fail(cut: int) -> None:
    """EXIF that ends anywhere is read as far as it goes."""
    block = exif_block(6, place=True)[:cut]
    header = Picture.of(jpeg_with(PLAIN["JPEG"], b"Exif\0\0" + block)).header
    assert header.damage is None
    assert header.orientation in (1, 6)


def test_packed_text_of_a_png_is_unpacked_within_bounds() -> None:
    """A few kilobytes that would unpack to a gigabyte cost four megabytes at most."""
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    data = png_with(PLAIN["PNG"], (b"zTXt", b"Raw profile type exif\0\0" + bomb))
    assert Picture.of(data).header.orientation == 1


# Colours
# ------------------------------------------------------------------------------------------------


def tagged(profile: bytes, form: str = "JPEG", size: tuple[int, int] = SIZE) -> bytes:
    """A red picture with a colour profile."""
    return encoded(Image.new("RGB", size, (200, 40, 40)), form, icc_profile=profile)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_profile_other_than_srgb_is_told_and_converted(form: str) -> None:
    """A phone's Display P3: advice names it, fit() converts the pixels and says so."""
    data = tagged(icc_profile("Display P3", DISPLAY_P3), form)
    assert "Display P3" in advice(data)["image-unusual"]
    fitted = fit(data)
    assert "Converted the colours from Display P3 to sRGB." in fitted.steps
    with Image.open(fitted.picture.open()) as image:
        red, green, _ = image.convert("RGB").getpixel((9, 9))  # type: ignore[misc]  # three bands
        assert red > 212
        assert green < 12
        assert "icc_profile" not in image.info
    assert advice(fitted.picture.open().read()) == {}


@pytest.mark.parametrize(
    "profile",
    [
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        icc_profile("sRGB IEC61966-2.1", SRGB),
        icc_profile("c2", SRGB),
        b"",
    ],
)
def test_srgb_is_no_other_profile(profile: bytes) -> None:
    """sRGB under its names goes out as it is."""
    data = tagged(profile)
    assert Picture.of(data).header.profile == ""
    assert fit(data).steps == ()


def test_a_display_that_calls_its_profile_srgb_is_not_believed() -> None:
    """The primaries decide too: editors have ignored profiles for their names alone."""
    assert other_profile(icc_profile("sRGB Dell", DISPLAY_P3)) == "sRGB Dell with other primaries"


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA", "L", "CMYK"])
def test_a_profile_is_followed_or_said_to_be_left_out_in_every_mode(mode: str) -> None:
    """Transparency and palettes don't hide a profile; one about other colours is said."""
    form = "TIFF" if mode == "CMYK" else "PNG"
    image = Image.new("RGB", SIZE, (200, 40, 40)).convert(mode)
    fitted = fit(encoded(image, form, icc_profile=icc_profile("Display P3", DISPLAY_P3)))
    assert any("profile" in step or "Display P3" in step for step in fitted.steps), fitted.steps


def test_a_damaged_profile_is_told_and_left_out() -> None:
    """Neither the header's reader nor fit() fails on it."""
    data = tagged(b"nonsense")
    assert "a colour profile that can't be read" in advice(data)["image-unusual"]
    assert "Left out a colour profile that can't be read." in fit(data).steps


def test_a_profile_in_several_segments_is_put_together() -> None:
    """Large profiles are cut into numbered parts, which may come in any order."""
    profile = icc_profile("Display P3", DISPLAY_P3)
    parts = [profile[:100], profile[100:]]
    notes = [
        b"\xff\xe2" + (len(part) + 16).to_bytes(2, "big") + b"ICC_PROFILE\0" + bytes([n, 2]) + part
        for n, part in enumerate(parts, 1)
    ]
    data = PLAIN["JPEG"][:2] + notes[1] + notes[0] + PLAIN["JPEG"][2:]
    assert Picture.of(data).header.profile == "Display P3"


# The place
# ------------------------------------------------------------------------------------------------

LOCATED: dict[str, Any] = {
    "JPEG": jpeg_with(PLAIN["JPEG"], b"Exif\0\0" + exif_block(1, place=True)),
    "PNG": png_with(PLAIN["PNG"], (b"eXIf", exif_block(1, place=True))),
}


@pytest.mark.parametrize("form", LOCATED)
def test_the_place_does_not_go_out_unless_asked(form: str) -> None:
    """A picture that fits loses its metadata and keeps every pixel; keep_exif leaves it alone."""
    data = LOCATED[form]
    assert Picture.of(data).header.located
    fitted = fit(data + b"a film with a place of its own")
    sent = fitted.picture.open().read()
    assert sent == PLAIN[form]
    assert any("where the picture was taken" in step for step in fitted.steps)
    assert fit(data, keep_exif=True).picture.open().read() == data


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_is_written_anew_keeps_its_exif_only_when_asked(form: str) -> None:
    """Then without the turn, which is in the pixels."""
    exif = Image.Exif()
    exif.load(exif_block(6, place=True))
    data = photo((200, 250), form, exif=exif)
    plain, kept = fit(data), fit(data, keep_exif=True)
    assert any("where the picture was taken" in step for step in plain.steps)
    assert not any("where the picture was taken" in step for step in kept.steps)
    with Image.open(plain.picture.open()) as image:
        assert not image.getexif()
    with Image.open(kept.picture.open()) as image:
        assert 2 in image.getexif().get_ifd(0x8825)
        assert image.getexif().get(0x0112, 1) == 1
    assert kept.size == plain.size == (375, 300)


def test_an_empty_place_is_none() -> None:
    """A camera without a fix writes a directory with a version and no latitude."""
    block = exif_block(1, place=True).replace(b"\x02\0\x05\0\x03", b"\0\0\x01\0\x04")
    assert not Picture.of(jpeg_with(PLAIN["JPEG"], b"Exif\0\0" + block)).header.located


def test_a_progressive_picture_survives_the_removal() -> None:
    """Its scans have segments between them."""
    plain = photo(SIZE, progressive=True)
    located = jpeg_with(plain, b"Exif\0\0" + exif_block(1, place=True))
    assert fit(located).picture.open().read() == plain
