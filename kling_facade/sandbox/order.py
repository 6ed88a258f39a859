"""From a create's body to an order: what to film, what it costs, and whether it will fail.

The contract has been held against the body before. Here are the checks that no schema can make.
Some of them Kling makes at once; the sizes of pictures it looks at later, and the job then ends as
``failed`` (VD3 2025-11; users' reports of 2025 and 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from ..preview.camera_view import PRESETS, WireMove
from .answers import RefusedError
from .film import Film, Stroke
from .pictures import Picture, Pictures
from .units import units

__all__ = ["Order", "check", "order"]

_MIN_SIDE: Final = 300
_MAX_RATIO: Final = 2.5
_MAX_BYTES: Final = 10 * 1024 * 1024
_VOICE: Final = re.compile(r"<<<voice_(\d+)>>>")
_PREFIXED: Final = "File is not in a valid base64 format (send it without a data: prefix)"
_NAMES: Final = ("image", "image_tail", "static_mask")


@frozen
class Order:
    """What one job is to do.

    Attributes:
        film: What to film.
        external_task_id: The caller's id, or ``None``.
        callback_url: Where to tell of changes, or ``None``.
        units: What it costs, in Kling's units.
        failure: Why it will fail, or ``None``.
    """

    film: Film
    external_task_id: str | None = None
    callback_url: str | None = None
    units: str = "0"
    failure: str | None = None


def _given(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something: empty texts and lists count as absent.

    The published page's own example sends empty strings for what it does not use.
    """
    return {name: value for name, value in body.items() if value not in ("", None, [], {})}


def check(body: Mapping[str, Any]) -> None:
    """Refuse what Kling refuses at once.

    Raises:
        RefusedError: With code 1201, and every reason found.
    """
    reasons = list(_reasons(_given(body)))
    if reasons:
        raise RefusedError(1201, "; ".join(reasons))


def _reasons(body: dict[str, Any]) -> Iterator[str]:
    if "image" not in body:
        yield "image: must not be empty"
    for name in _NAMES:
        if str(body.get(name, "")).startswith("data:"):
            yield f"{name}: {_PREFIXED}"
    yield from _exclusive(body)
    yield from _camera(body.get("camera_control"))
    yield from _masks(body.get("dynamic_masks", []))
    yield from _voices(body)


def _exclusive(body: dict[str, Any]) -> Iterator[str]:
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


def _voices(body: dict[str, Any]) -> Iterator[str]:
    """Voices that are spoken must be listed, and heard (VD1 early 2026, and the page)."""
    listed = len(body.get("voice_list", []))
    spoken = [int(number) for number in _VOICE.findall(body.get("prompt", ""))]
    for number in sorted({number for number in spoken if not 1 <= number <= listed}):
        yield f"prompt: <<<voice_{number}>>> is not in voice_list, which has {listed}"
    if (spoken or listed) and body.get("sound") != "on":
        yield "sound: must be on when a voice is used"


def order(body: Mapping[str, Any], pictures: Pictures) -> Order:
    """Read the pictures of a checked body and say what is to be filmed.

    This decodes and may fetch, so it belongs into a worker thread.

    Raises:
        RefusedError: With code 1201 when a picture is not base64.
    """
    given = _given(body)
    image = pictures.take("image", given["image"])
    tail = pictures.take("image_tail", given["image_tail"]) if "image_tail" in given else None
    held = pictures.take("static_mask", given["static_mask"]) if "static_mask" in given else None
    strokes = [
        Stroke(
            pictures.take(f"dynamic_masks[{index}].mask", mask["mask"]),
            tuple((point["x"], point["y"]) for point in mask["trajectories"]),
        )
        for index, mask in enumerate(given.get("dynamic_masks", []))
    ]
    film = Film(
        picture=image,
        seconds=float(given["duration"]),
        mode=given["mode"],
        camera=_camera_move(given.get("camera_control")),
        tail=tail,
        held=held,
        strokes=tuple(strokes),
        voices=len(given.get("voice_list", [])) if given.get("sound") == "on" else 0,
        sound=given.get("sound") == "on",
    )
    return Order(
        film=film,
        external_task_id=given.get("external_task_id"),
        callback_url=given.get("callback_url"),
        units=units(given),
        failure="; ".join(_late_reasons(film)) or None,
    )


def _camera_move(camera: Any) -> WireMove | None:
    if camera is None:
        return None
    return WireMove(camera["type"], dict(camera.get("config") or {}))


def _late_reasons(film: Film) -> Iterator[str]:
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
        # A pixel of rounding is no other shape.
        if abs(width * picture.size[1] / picture.size[0] - height) > 1:
            shape = f"{picture.size[0]}x{picture.size[1]}"
            yield f"mask: Mask ratio is invalid: {width}x{height} for a picture of {shape}"
