"""What Kling refuses at once, and what it finds after it has accepted a job.

A publisher's schema has been held against the body before. Here are the rules that no schema can
state. The sizes of pictures are looked at later, and the job then ends as ``failed`` (VD3 2025-11;
users' reports of 2025 and 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..preview.camera_view import PRESETS
from .answers import RefusedError

if TYPE_CHECKING:
    from .film import Film
    from .pictures import Picture

__all__ = ["check", "late_reasons"]

_MIN_SIDE: Final = 300
_MAX_RATIO: Final = 2.5
_MAX_BYTES: Final = 10 * 1024 * 1024
_VOICE: Final = re.compile(r"<<<voice_(\d+)>>>")
_PREFIXED: Final = "File is not in a valid base64 format (send it without a data: prefix)"
_PICTURES: Final = ("image", "image_tail", "static_mask")


def check(body: Mapping[str, Any]) -> None:
    """Refuse what Kling refuses at once.

    Args:
        body: The fields that say something, with the vendor's defaults for the others.

    Raises:
        RefusedError: With code 1201, and every reason found.
    """
    reasons = list(_reasons(body))
    if reasons:
        raise RefusedError(1201, "; ".join(reasons))


def _reasons(body: Mapping[str, Any]) -> Iterator[str]:
    if "image" not in body and "image_tail" not in body:
        yield "image: a picture is needed, image or image_tail"
    for name in _PICTURES:
        if str(body.get(name, "")).startswith("data:"):
            yield f"{name}: {_PREFIXED}"
    yield from _exclusive(body)
    yield from _camera(body.get("camera_control"))
    yield from _masks(body.get("dynamic_masks", []))
    yield from _voices(body)
    yield from _shots(body)


def _exclusive(body: Mapping[str, Any]) -> Iterator[str]:
    """Tail, brush and camera exclude each other (VD0 2025-05 to VD3 2025-11)."""
    brush = "dynamic_masks" in body or "static_mask" in body
    given = [
        name
        for name, there in (
            ("image_tail", "image_tail" in body),
            ("dynamic_masks/static_mask", brush),
            ("camera_control", "camera_control" in body),
        )
        if there
    ]
    if len(given) > 1:
        yield f"{' and '.join(given)} can't be used together: send one of them"


def _camera(camera: Any) -> Iterator[str]:
    """A simple move has one axis, a preset none (VD1 early 2026)."""
    if camera is None:
        return
    config = camera.get("config") or {}
    used = [axis for axis, strength in config.items() if strength]
    if camera["type"] in PRESETS and used:
        yield f"camera_control.config: {camera['type']} takes none, but {', '.join(used)} is set"
    elif camera["type"] == "simple" and len(used) != 1:
        yield f"camera_control.config: exactly one axis must not be zero, not {len(used)}"


def _masks(masks: Any) -> Iterator[str]:
    """Masks are pictures like the others."""
    for index, mask in enumerate(masks):
        if not mask["mask"]:
            yield f"dynamic_masks[{index}].mask: must not be empty"
        if mask["mask"].startswith("data:"):
            yield f"dynamic_masks[{index}].mask: {_PREFIXED}"


def _voices(body: Mapping[str, Any]) -> Iterator[str]:
    """Voices that are spoken must be listed, and heard (VD1 early 2026, and the page)."""
    listed = len(body.get("voice_list", []))
    spoken = set(_VOICE.findall(body.get("prompt", "")))
    # Compared as text: a prompt may hold a number that is too long to be read as one.
    for number in sorted(spoken - {str(number) for number in range(1, listed + 1)}):
        yield f"prompt: <<<voice_{number[:20]}>>> is not in voice_list, which has {listed}"
    if (spoken or listed) and body.get("sound") != "on":
        yield "sound: must be on when a voice is used"


def _shots(body: Mapping[str, Any]) -> Iterator[str]:
    """Shots add up to the film (VD2 2026-06)."""
    if body.get("multi_shot") not in (True, "true"):
        return
    if "shot_type" not in body:
        yield "shot_type: must be customize or intelligence when multi_shot is on"
    if body.get("shot_type") != "customize":
        return
    seconds = [int(shot["duration"]) for shot in body.get("multi_prompt", [])]
    if not seconds:
        yield "multi_prompt: must list the shots when shot_type is customize"
    elif min(seconds) < 1:
        yield "multi_prompt: each shot must last at least 1 second"
    elif sum(seconds) != int(body["duration"]):
        yield (
            f"multi_prompt: the shots last {sum(seconds)} s together, "
            f"but duration is {body['duration']}"
        )


def late_reasons(film: Film) -> Iterator[str]:
    """What makes a job fail after it was accepted (VD3 2025-11; live reports of 2025 and 2026)."""
    for name, picture in (("image", film.picture), ("image_tail", film.tail)):
        if picture is not None:
            yield from _picture_reasons(name, picture)
    masks = ([film.held] if film.held else []) + [stroke.mask for stroke in film.strokes]
    yield from _mask_reasons(film.picture, masks)


def _picture_reasons(name: str, picture: Picture) -> Iterator[str]:
    if picture.size is None:
        yield f"{name}: File can't be read as a JPEG or PNG picture"
        return
    width, height = picture.size
    if min(width, height) < _MIN_SIDE:
        yield f"{name}: Image pixel is invalid: {width}x{height}, each side needs {_MIN_SIDE}"
    if max(width, height) > _MAX_RATIO * min(width, height):
        yield f"{name}: Image ratio is invalid: {width}x{height}, allowed is 1:2.5 to 2.5:1"
    if picture.byte_count > _MAX_BYTES:
        yield f"{name}: File is too large: {picture.byte_count} bytes, allowed are {_MAX_BYTES}"


def _mask_reasons(picture: Picture, masks: list[Picture]) -> Iterator[str]:
    sizes = [mask.size for mask in masks if not mask.drawn]
    if None in sizes:
        yield "mask: File can't be read as a JPEG or PNG picture"
        return
    if len(set(sizes)) > 1:
        yield "mask: all masks must have the same size"
    if picture.size is None or picture.drawn:
        return  # there is nothing to compare with
    for width, height in (size for size in sizes if size is not None):
        # Rounding to whole pixels may make a mask of the same shape one pixel higher or lower.
        if abs(width * picture.size[1] / picture.size[0] - height) > 1:
            shape = f"{picture.size[0]}x{picture.size[1]}"
            yield f"mask: Mask ratio is invalid: {width}x{height} for a picture of {shape}"
