"""Pictures: readable, of a kind and size that Kling takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...builders.pictures.metadata import UNREADABLE
from ...errors import InvalidRequest
from .fields import address_fault

if TYPE_CHECKING:
    from ...builders.pictures.header import Header
    from ...builders.pictures.picture import Picture
    from ...builders.values import RequestValues
    from ..judge import Judge

__all__ = ["check_pictures"]

_FIT = "fit() makes it fit and says what it did."


def check_pictures(request: RequestValues, judge: Judge) -> None:
    """The first picture and the last one."""
    _check(request.image, "image", judge)
    if request.image_tail is not None:
        _check(request.image_tail, "image_tail", judge)


def _check(picture: Picture, field: str, judge: Judge) -> None:
    if picture.url is not None:
        if fault := address_fault(picture.url, on_loopback=judge.on_loopback):
            judge.object_("image-address", field, f"{fault}.")
        return
    try:
        header, byte_count = picture.header, picture.byte_count
    except InvalidRequest as error:  # a Pillow image that PNG can't hold
        judge.object_("image-format", field, f"{error.message}. {_FIT}")
        return
    except OSError as error:
        judge.object_("image-missing", field, _unreadable(picture, error))
        return
    if header.format not in ("JPEG", "PNG"):
        judge.object_("image-format", field, _wrong_format(picture, header))
        return
    _check_bytes(picture, byte_count, field, judge)
    _check_whole(picture, header, field, judge)
    if all(header.size):
        _check_size(picture, header, field, judge)
    _check_unusual(picture, header, field, judge)


def _unreadable(picture: Picture, error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and picture.path is not None:
        return f"there is no file {picture.label} (looked in {picture.path.absolute().parent})."
    return f"{picture.label} can't be read: {error.strerror or error}."


def _wrong_format(picture: Picture, header: Header) -> str:
    path = picture.path
    named = f", whatever its name says ({path.suffix})" if path is not None and path.suffix else ""
    if header.format.startswith("nothing"):
        return f"{picture.label} is empty."
    advice = "Save it as JPEG or PNG."
    if header.format in ("WebP", "GIF", "BMP", "TIFF", "HEIC", "AVIF"):
        advice = f"Kling takes JPEG and PNG. {_FIT}"
    kind = "a file of an unknown kind" if header.format == "unknown" else f"{header.format}"
    return f"{picture.label} is {kind}{named}. {advice}"


def _check_bytes(picture: Picture, byte_count: int, field: str, judge: Judge) -> None:
    sure, most = judge.limit("image_bytes")
    if byte_count > most:
        judge.object_(
            "image-bytes",
            field,
            f"{picture.label} has {byte_count / 1e6:.1f} MB; at most {sure / 1e6:g} MB are taken. "
            f"{_FIT}",
        )
    elif byte_count > sure:
        judge.object_(
            "image-megabyte",
            field,
            f"{picture.label} has {byte_count:,} bytes, more than {sure:,}: it may be refused. "
            f"{_FIT}",
        )


def _check_whole(picture: Picture, header: Header, field: str, judge: Judge) -> None:
    if header.damage is not None:
        judge.object_(
            "image-damaged",
            field,
            f"{picture.label} is a damaged {header.format}: {header.damage}. Copy or download it "
            "again.",
        )
    if header.animated:
        judge.object_(
            "image-animated",
            field,
            f"{picture.label} is an animation. {_FIT} It takes the first frame.",
        )


def _check_size(picture: Picture, header: Header, field: str, judge: Judge) -> None:
    width, height = header.size
    shown = f"{picture.label} has {width}x{height} pixels"
    if width * height > judge.limit("image_pixels"):
        judge.object_(
            "image-pixels",
            field,
            f"{shown}, that is {width * height / 1e6:.0f} megapixels. Scale it down; {_FIT}",
        )
    least = judge.limit("image_side")
    if min(width, height) < least:
        judge.object_("image-side", field, f"{shown}; each side needs at least {least}. {_FIT}")
    most = judge.limit("image_aspect")
    if max(width, height) > most * min(width, height):
        ratio = max(width, height) / min(width, height)
        judge.object_(
            "image-aspect",
            field,
            f"{shown}: one side is {ratio:.2f} times the other, at most {most}. {_FIT}",
        )


def _profile(name: str) -> str:
    if name == UNREADABLE:
        return "a colour profile that can't be read"
    return f"the colours of another profile than sRGB ({name})"


def _check_unusual(picture: Picture, header: Header, field: str, judge: Judge) -> None:
    if header.contradicts_itself:
        told = ", ".join(f"its {who} says {value}" for who, value in header.turns)
        judge.object_(
            "image-turned",
            field,
            f"{picture.label} contradicts itself about how it is turned: {told} (EXIF "
            f"orientations). Here it is taken as {header.orientation}; viewers differ. fit() turns "
            "the pixels themselves and leaves no doubt.",
        )
    elif header.orientation != 1:
        width, height = header.stored_size
        judge.object_(
            "image-turned",
            field,
            f"{picture.label} is stored as {width}x{height} with a note to turn it (EXIF "
            "orientation "
            f"{header.orientation}). If the video lies on its side, fit() turns the pixels "
            "themselves.",
        )
    traits = [
        name
        for name, present in (
            ("CMYK colours", header.colours == "CMYK"),
            (f"{header.bits} bits a channel", header.bits > 8),
            ("transparency", header.alpha),
            (_profile(header.profile), header.profile),
        )
        if present
    ]
    if traits:
        judge.object_("image-unusual", field, f"{picture.label} has {' and '.join(traits)}. {_FIT}")
    path = picture.path
    endings = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "PNG": (".png",)}[header.format]
    if path is not None and path.suffix and path.suffix.lower() not in endings:
        judge.object_(
            "image-name", field, f"{path.name} is a {header.format}, whatever its name says."
        )
