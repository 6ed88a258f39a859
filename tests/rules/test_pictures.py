"""Pictures: what Kling refuses is refused here, with what it is and what to do."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kling_facade.builders.pictures.fit import fit

from ..support.pictures import encoded, photo, png_header, turned
from .asking import errors, found, request


@pytest.mark.parametrize(
    "data", [photo(), photo(form="PNG"), photo((300, 300)), photo((750, 300)), photo((300, 750))]
)
def test_a_good_picture_has_no_problem(data: bytes) -> None:
    """JPEG and PNG, down to 300 pixels, up to 2.5 : 1."""
    assert found(request(image=data)) == {}
    assert errors(request(image_tail=data, mode="pro")) == set()


@pytest.mark.parametrize(
    ("data", "rule", "message"),
    [
        (photo((299, 400)), "image-side", "299x400"),
        (photo((400, 299)), "image-side", "at least 300"),
        (photo((751, 300)), "image-aspect", "2.50 times"),
        (photo((300, 900)), "image-aspect", "3.00 times"),
        (photo(form="WEBP"), "image-format", "is WebP"),
        (photo(form="GIF"), "image-format", "is GIF"),
        (b"Dear diary", "image-format", "is text"),
        (b"", "image-format", "is empty"),
        (b"\0\1\2\3" * 50, "image-format", "unknown kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "image-format", "EPS"),
        (photo()[:-100], "image-damaged", "cut off"),
        (photo(form="PNG")[:-100], "image-damaged", "cut off"),
        (png_header(12_000, 12_000), "image-pixels", "144 megapixels"),
        (photo() + b"\0" * 60_000_000, "image-bytes", "60.0 MB"),
        (
            encoded(
                Image.new("L", (400, 400)),
                save_all=True,
                append_images=[Image.new("L", (400, 400), 9)],
            ),
            "image-animated",
            "animation",
        ),
    ],
)
@pytest.mark.parametrize("field", ["image", "image_tail"])
def test_what_kling_refuses_is_refused_here(
    data: bytes, rule: str, message: str, field: str
) -> None:
    """Each fault is its own rule, names the argument, says what it is, and can be overruled."""
    asked = request(mode="pro", **{field: data})
    assert errors(asked) == {rule}
    problem = found(asked)[rule]
    assert (problem.field, message in problem.message) == (field, True)
    assert errors(asked.replace(allow={rule})) == set()


def test_a_wrong_name_is_told(tmp_path: Path) -> None:
    """A text file named .jpg is refused by what it is; a PNG named .jpg goes out, with advice."""
    text, png = tmp_path / "notes.jpg", tmp_path / "fox.jpg"
    text.write_text("Dear diary, this is no picture.")
    png.write_bytes(photo(form="PNG"))
    refusal = found(request(image=text))["image-format"].message
    assert "notes.jpg is text, whatever its name says (.jpg)" in refusal
    assert errors(request(image=png)) == set()
    assert "is a PNG" in found(request(image=png))["image-name"].message


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    """A typing error in a path is answered with the folder."""
    problem = found(request(image=tmp_path / "fxo.png"))["image-missing"]
    assert problem.severity == "contract"
    assert str(tmp_path) in problem.message


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    """What can't be opened is said with the system's reason."""
    assert "directory" in found(request(image=tmp_path))["image-missing"].message


def test_ten_megabytes_are_sure_and_a_little_more_is_not() -> None:
    """Up to 10,000,000 bytes nothing is said; up to 10 MiB it is advice; above it is refused."""
    data = photo()
    for size, rules in (
        (10_000_000, set()),
        (10_000_001, {"image-megabyte"}),
        (10_485_760, {"image-megabyte"}),
    ):
        assert found(request(image=data + b"\0" * (size - len(data)))).keys() == rules
    assert errors(request(image=data + b"\0" * (10_485_761 - len(data)))) == {"image-bytes"}


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_picture_is_advised_and_measured_as_displayed(orientation: int) -> None:
    """Whether Kling follows the turn nobody says; fit() makes it in the pixels."""
    data = turned(orientation, (800, 300))
    assert found(request(image=data)).keys() == ({"image-turned", "image-aspect"})
    data = turned(orientation)
    assert found(request(image=data)).keys() == {"image-turned"}
    assert found(request(image=fit(data))) == {}


@pytest.mark.parametrize(
    ("image", "trait"),
    [
        (encoded(Image.new("CMYK", (400, 400)), "JPEG"), "CMYK"),
        (encoded(Image.new("RGBA", (400, 400))), "transparency"),
        (encoded(Image.new("I;16", (400, 400))), "16 bits"),
    ],
)
def test_unusual_pictures_are_advised(image: bytes, trait: str) -> None:
    """What no source mentions is sent, with a word."""
    assert trait in found(request(image=image))["image-unusual"].message
    assert found(request(image=fit(image))) == {}


def test_a_pillow_image_of_a_mode_without_png_is_refused() -> None:
    """The refusal names fit()."""
    asked = request(image=Image.new("CMYK", (400, 400)))
    assert errors(asked) == {"image-format"}
    assert "fit()" in found(asked)["image-format"].message


def test_a_forty_eight_megapixel_photograph_turned_by_exif() -> None:
    """It is measured as displayed, told to be turned, and made to fit with each step said."""
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (8000, 6000), (90, 120, 60)).save(buffer, "JPEG", exif=exif, quality=60)
    asked = request(image=buffer.getvalue())
    assert asked.image.size == (6000, 8000)
    assert found(asked).keys() == {"image-turned"}
    fitted = fit(asked.image)
    assert fitted.size == (2880, 3840)
    steps: Any = " ".join(fitted.steps)
    assert "Turned upright" in steps
    assert "Scaled down from 6000x8000" in steps
    assert found(request(image=fitted)) == {}
