"""fit(): whatever Pillow reads ends as a picture that Kling takes, each step said."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from kling_facade import Catalog, ImageToVideo
from kling_facade.builders.pictures.fit import Fitted, fit
from kling_facade.builders.pictures.picture import Picture
from kling_facade.errors import InvalidRequest

from ...support.pictures import encoded, photo, png_header, turned


def opened(fitted: Fitted) -> Image.Image:
    """The fitted picture, decoded."""
    with fitted.picture.open() as stream:
        image = Image.open(stream)
        image.load()
    return image


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_what_fits_goes_out_as_it_is(form: str) -> None:
    """A good picture is not touched: same bytes, no steps."""
    data = photo(form=form)
    fitted = fit(data)
    assert fitted.steps == ()
    assert fitted.picture.source == data
    assert "fits as it is" in str(fitted)
    assert fit(fitted).picture is fitted.picture


@settings(max_examples=25)
@given(
    st.integers(1, 900),
    st.integers(1, 900),
    st.sampled_from(["L", "LA", "RGB", "RGBA", "P", "1", "I;16", "CMYK", "F", "I"]),
    st.sampled_from(["pad", "crop"]),
)
def test_any_picture_ends_within_the_limits(width: int, height: int, mode: str, shape: Any) -> None:
    """Of any size and mode, the result is upright 8-bit RGB, not too small, long or heavy."""
    form = "TIFF" if mode in ("CMYK", "F", "I") else "PNG"
    fitted = fit(encoded(Image.new(mode, (width, height)), form), shape=shape, long_side=1000)
    image = opened(fitted)
    header = fitted.picture.header
    assert (header.format in ("JPEG", "PNG"), header.damage, header.alpha) == (True, None, False)
    assert image.size == fitted.size == header.size
    assert min(image.size) >= 300
    assert max(image.size) <= 2.5 * min(image.size)
    assert fitted.picture.byte_count <= 10_000_000
    assert fit(fitted.picture).steps == ()


@pytest.mark.parametrize("orientation", range(2, 9))
def test_an_exif_turn_ends_in_the_pixels(orientation: int) -> None:
    """The corner that was marked is where a viewer shows it, and no turn is left."""
    data = turned(orientation)
    fitted = fit(data)
    with Image.open(io.BytesIO(data)) as image:
        from PIL import ImageOps

        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"), int)
    assert abs(np.asarray(opened(fitted), int) - expected).mean() < 3
    assert fitted.picture.header.orientation == 1
    assert f"Turned upright (EXIF orientation {orientation})." in fitted.steps


@pytest.mark.parametrize(
    ("data", "step"),
    [
        (photo(form="WEBP"), "Decoded WEBP."),
        (photo(form="BMP"), "Decoded BMP."),
        (encoded(Image.new("CMYK", (400, 400)), "JPEG"), "Converted from CMYK to RGB."),
        (encoded(Image.new("L", (400, 400)), "TIFF"), "Converted from grey to RGB."),
        (encoded(Image.new("RGBA", (400, 400)), "PNG"), "Laid the transparency on white."),
        (encoded(Image.new("I;16", (400, 400), 999), "PNG"), "Reduced to 8 bits a channel."),
        (photo((100, 100)), "Scaled up from 100x100 to 300x300."),
        (photo((5000, 3000)), "Scaled down from 5000x3000 to 3840x2304."),
        (photo((1000, 300)), "Padded from 1000x300 to 1000x400 with white bars above and below"),
        (photo((300, 1000)), "Padded from 300x1000 to 400x1000 with white bars left and right"),
    ],
)
def test_each_step_is_said(data: bytes, step: str) -> None:
    """What was done stands in steps, in words."""
    fitted = fit(data)
    assert any(text.startswith(step) for text in fitted.steps), fitted.steps
    assert str(fitted) == "\n".join(fitted.steps)


def test_the_shape_can_be_cropped_or_refused() -> None:
    """Bars, a cut, or neither: it is the caller's choice."""
    data = photo((1000, 300))
    assert fit(data, shape="crop").size == (750, 300)
    assert fit(photo((300, 1000)), shape="crop").size == (300, 750)
    with pytest.raises(InvalidRequest, match="1000x300"):
        fit(data, shape="refuse")


def test_transparency_shows_the_background() -> None:
    """Half-transparent black on a colour is half of it."""
    image = opened(
        fit(encoded(Image.new("RGBA", (400, 400), (0, 0, 0, 128))), background=(200, 100, 0))
    )
    assert image.getpixel((5, 5)) == pytest.approx((100, 50, 0), abs=2)
    opaque = fit(encoded(Image.new("RGBA", (400, 400), "red")))
    assert not any("transparency" in step for step in opaque.steps)


def test_sixteen_bits_keep_their_tones() -> None:
    """Half of 65535 is half of 255; a picture of 32-bit numbers is spread over its own range."""
    grey = opened(fit(encoded(Image.new("I;16", (400, 400), 32896))))
    assert grey.getpixel((0, 0)) == pytest.approx((128, 128, 128), abs=1)
    ramp = Image.fromarray(np.linspace(-1, 1, 160_000, dtype=np.float32).reshape(400, 400))
    image = opened(fit(encoded(ramp, "TIFF")))
    assert image.getextrema() == ((0, 255),) * 3


def test_a_colour_profile_is_followed() -> None:
    """Colours of another profile come out in sRGB; sRGB itself is no step; a broken one is said."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = fit(photo(form="BMP"))
    assert not any("Converted the colours" in step for step in plain.steps)
    tagged = fit(photo(icc_profile=lab, form="WEBP"))
    assert not any("profile" in step or "colours" in step for step in tagged.steps)
    broken = fit(photo(icc_profile=b"nonsense", form="WEBP"))
    assert "Left out a colour profile that can't be read." in broken.steps


def test_an_animation_gives_its_first_frame() -> None:
    """Of a GIF or an APNG the first frame is taken."""
    frames = [Image.new("RGB", (400, 400), c) for c in ("red", "blue", "green")]
    for form in ("GIF", "PNG"):
        fitted = fit(encoded(frames[0], form, save_all=True, append_images=frames[1:]))
        assert "Took the first frame of an animation." in fitted.steps
        assert opened(fitted).getpixel((9, 9)) == pytest.approx((255, 0, 0), abs=2)


def test_a_heavy_picture_is_made_light() -> None:
    """Noise that no format makes small still ends under 10 MB, by quality first."""
    noise = np.random.default_rng(1).integers(0, 255, (2160, 3840, 3), np.uint8)
    fitted = fit(encoded(Image.fromarray(noise), "BMP"))
    assert fitted.picture.byte_count <= 10_000_000
    assert any("JPEG of quality" in step for step in fitted.steps)


def test_limits_are_those_of_the_catalogue_in_use(tmp_path: Path) -> None:
    """Heaviest file, shortest side and longest shape come from it: what fit() gives then fits."""
    (tmp_path / "mine.toml").write_text(
        "[limits]\nimage_bytes = [60_000, 60_000]\nimage_side = 200\nimage_aspect = 2.0\n"
    )
    catalog = Catalog.load(tmp_path / "mine.toml")
    noise = np.random.default_rng(1).integers(0, 255, (600, 800, 3), np.uint8)
    heavy = fit(encoded(Image.fromarray(noise), "BMP"), catalog=catalog)
    assert heavy.picture.byte_count <= 60_000
    assert any("Scaled down" in step for step in heavy.steps)
    assert fit(photo((100, 150)), catalog=catalog).size == (200, 300)
    assert fit(photo((920, 400)), catalog=catalog).size == (920, 460)
    small = ImageToVideo(fit(photo((100, 150)), catalog=catalog), prompt="x")
    assert small.problems(catalog) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (png_header(12_000, 12_000), "12000x12000 pixels"),
        (png_header(60_000, 60_000), "exceeds limit"),
        (photo()[:-3000], "can't be opened"),
        (b"Dear diary", "text"),
        (b"", "empty"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "EPS"),
    ],
)
def test_what_can_not_be_opened_is_refused(data: bytes, message: str) -> None:
    """Bombs before decoding; damage and foreign files by their name."""
    with pytest.raises(InvalidRequest, match=message):
        fit(data)


def test_a_bomb_can_be_trusted() -> None:
    """max_pixels lets a large picture through that its owner knows."""
    data = encoded(Image.new("L", (3000, 2000)), "TIFF")
    with pytest.raises(InvalidRequest, match="3000x2000"):
        fit(data, max_pixels=1_000_000)
    assert fit(data, max_pixels=6_000_000).size == (3000, 2000)


def test_an_address_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    """fit() needs the picture itself."""
    with pytest.raises(InvalidRequest, match="is an address"):
        fit("https://example.com/fox.png")
    with pytest.raises(InvalidRequest, match="can't be read"):
        fit(tmp_path / "none.png")
    with pytest.raises(InvalidRequest, match="long_side"):
        fit(photo(), long_side=100)
    with pytest.raises(InvalidRequest, match="shape is 'stretch'"):
        fit(photo(), shape="stretch")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(InvalidRequest, match="background"):
        fit(photo(), background="no colour")


def test_a_fitted_picture_is_a_picture() -> None:
    """What fit gives goes wherever a picture goes."""
    fitted = fit(photo((100, 100)))
    assert Picture.of(fitted) is fitted.picture


def test_colours_of_another_profile_are_converted() -> None:
    """A picture with a profile of its own comes out in sRGB, and the step names the profile."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    name, other = "sRGB".encode("utf-16-be"), "Wide".encode("utf-16-be")
    fitted = fit(photo(icc_profile=srgb.replace(name, other), form="WEBP"))
    assert any(step.startswith("Converted the colours from Wide") for step in fitted.steps)
    assert "icc_profile" not in opened(fitted).info


def test_sixteen_bit_colour_is_reduced() -> None:
    """A PNG of 16 bits a channel becomes one of 8."""
    import struct
    import zlib

    data = encoded(Image.new("RGB", (400, 300), (200, 100, 50)))
    rows = (b"\0" + struct.pack(">3H", 51400, 25700, 12850) * 400) * 300
    head = struct.pack(">IIBBBBB", 400, 300, 16, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    wide = data[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    fitted = fit(wide)
    assert "Reduced to 8 bits a channel." in fitted.steps
    assert opened(fitted).getpixel((0, 0)) == (200, 100, 50)
