"""Opening pictures: what viewers open opens here, and what does not is an error of ours."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from kling_facade import ImageToVideo, fit, regions
from kling_facade.builders.pictures.picture import Picture
from kling_facade.errors import InvalidRequest
from kling_facade.preview.preview import preview

from ...support.pictures import encoded, photo, png_header, png_with

DOORS: dict[str, Callable[[bytes], object]] = {
    "fit": fit,
    "painted": regions.painted,
    "opaque": regions.opaque,
    "preview": lambda data: preview(ImageToVideo(data), width=480),
}


@pytest.mark.parametrize("stray", [b"\0", b"\r\n", b"\xff\0\xff\0", b"junk" * 40, b"\xff\xff\xff"])
def test_stray_bytes_before_a_marker_are_passed_over(stray: bytes) -> None:
    """As every viewer does: the picture is whole, and opens."""
    data = photo((400, 300))
    quantization = data.index(b"\xff\xdb")
    odd = data[:quantization] + stray + data[quantization:]
    header = Picture.of(odd).header
    assert (header.damage, header.size) == (None, (400, 300))
    assert fit(odd).steps == ()
    assert regions.painted(odd).bitmap((400, 300)).count


def test_a_file_of_stray_bytes_alone_is_damaged() -> None:
    """The control, and a bound: no file is searched for a marker without end."""
    data = b"\xff\xd8\xff\xe0\0\x04ab" + bytes(3_000_000)
    assert Picture.of(data).header.damage == "it ends inside its header"


@cache
def broken() -> dict[str, bytes]:
    """Small files, each of which makes Pillow raise an error of another kind."""
    tiff = encoded(Image.new("L", (9, 9)), "TIFF")
    psd = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 9, 9, 8, 3)
    frames = [Image.new("L", (30, 30), shade) for shade in (0, 99)]
    animation = encoded(frames[0], save_all=True, append_images=frames[1:])
    at = animation.index(b"fdAT")
    dds = b"DDS " + struct.pack("<7I", 124, 0, 9, 9, 0, 0, 0) + bytes(44) + bytes(64)
    return {
        "a DDS of an unknown kind": dds,
        "a PSD cut short": psd + struct.pack(">III", 0, 0, 99),
        "a TIFF whose directory lies behind its end": tiff[:4] + b"\xff\xff\xff\x7f" + tiff[8:],
        "a TIFF without sizes": b"II*\0\x08\0\0\0\0\0\0\0\0\0",
        "an animation out of order": animation[: at + 4] + b"\0\0\0\x09" + animation[at + 8 :],
        "a PNG with a broken checksum": photo((300, 300), "PNG").replace(b"IDAT", b"IDAT\0", 1),
        "a PNG of text that unpacks without end": png_with(
            photo((300, 300), "PNG"), (b"zTXt", b"Comment\0\0" + _packed(20_000_000))
        ),
        "a GIF cut short": encoded(Image.effect_noise((60, 60), 90), "GIF")[:300],
        "a WebP cut short": encoded(Image.new("RGB", (60, 60)), "WEBP")[:40],
        "a JPEG 2000 without content": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40),
        "an icon of icons": b"icns"
        + struct.pack(">I", 48)
        + b"ic07"
        + struct.pack(">I", 40)
        + bytes(32),
        "a FITS without data": b"SIMPLE  =                    T".ljust(80)
        + b"NAXIS   =                    0".ljust(80)
        + b"END".ljust(2720),
    }


def _packed(count: int) -> bytes:
    import zlib

    return zlib.compress(bytes(count), 9)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", broken())
def test_a_broken_file_is_refused_in_our_words(name: str, door: str) -> None:
    """Pillow raises errors of a dozen kinds; each is told as a picture that can't be opened."""
    try:
        DOORS[door](broken()[name])
    except InvalidRequest as error:
        assert error.message.startswith("bytes")  # noqa: PT017 - some doors may open some files


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "ICO"])
def test_no_change_of_bytes_lets_a_raw_error_out(form: str) -> None:
    """Files with some bytes changed or cut off open, or are refused as ours."""
    whole = encoded(Image.linear_gradient("L").resize((40, 40)).convert("RGB"), form)
    dice = random.Random(form)
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        for door in ("fit", "painted"):
            end = dice.choice([len(data), dice.randrange(len(data))])
            with contextlib.suppress(InvalidRequest):
                DOORS[door](bytes(data[:end]))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (png_header(12_000, 12_000), "12000x12000 pixels"),
        (png_header(60_000, 60_000), "exceeds limit"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "it is a program"),
        (b"Dear diary", "It is a text file"),
    ],
)
def test_every_door_has_the_same_guards(data: bytes, words: str, door: str) -> None:
    """Against pictures that unpack to gigabytes, and against programs."""
    with pytest.raises(InvalidRequest, match=words):
        DOORS[door](data)


@pytest.mark.parametrize("door", DOORS)
def test_no_program_is_run_for_a_file_inside_a_file(
    door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An IPTC file is a wrapper, and Pillow opens what is in it: PostScript too."""
    from PIL import EpsImagePlugin

    def ghostscript(*_: object, **__: object) -> object:
        raise AssertionError("Ghostscript was asked for")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", ghostscript)
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"

    def field(record: int, data: int, body: bytes) -> bytes:
        return bytes([0x1C, record, data]) + struct.pack(">H", len(body)) + body

    layers = field(3, 60, b"\1\0") + field(3, 65, b"\1") + field(3, 20, b"\0\x09")
    size = field(3, 30, b"\0\x09") + field(3, 120, b"\5") + field(8, 10, program)
    with pytest.raises(InvalidRequest, match="can't be opened"):
        DOORS[door](layers + size)


def test_what_helps_with_a_very_large_picture_is_said() -> None:
    """Above Pillow's own bound max_pixels alone can't help, and the hint says what does."""
    with pytest.raises(InvalidRequest) as refusal:
        fit(png_header(20_000, 10_000), max_pixels=300_000_000)
    assert "MAX_IMAGE_PIXELS" in (refusal.value.hint or "")


def test_the_hint_for_a_very_large_picture_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    """With both bounds raised the picture opens: what is objected to then is that it is cut off."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300_000_000)
    with pytest.raises(InvalidRequest, match="can't be opened"):
        fit(png_header(20_000, 10_000), max_pixels=300_000_000)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """By each door alike."""
    for door in (regions.painted, lambda path: preview(ImageToVideo(path), width=480)):
        with pytest.raises(InvalidRequest, match=r"none\.png: there is no such file"):
            door(tmp_path / "none.png")


def test_hidden_colour_does_not_shine_through(tmp_path: Path) -> None:
    """Where a picture is transparent, the preview shows that and not what lies under it."""
    image = Image.new("RGBA", (400, 300), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (100, 100, 200, 200))
    page = preview(ImageToVideo(encoded(image)), width=480).convert("RGB")
    colours = {colour for _, colour in page.getcolors(1 << 24) or []}
    assert not any(red > 200 and green < 80 and blue < 80 for red, green, blue in colours)  # type: ignore[misc]


def test_without_pillow_a_header_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules need no Pillow."""
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert Picture.of(io.BytesIO(photo())).size == (640, 480)
