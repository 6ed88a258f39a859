"""From a create's body to an order: what to film, what it costs, and whether it will fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ..preview.camera_view import WireMove
from .checks import late_reasons
from .film import Film, Stroke
from .pictures import Picture, Pictures
from .units import units

__all__ = ["Order", "order"]


@frozen
class Order:
    """What one job is to do.

    Attributes:
        film: What to film.
        model: Which model films: slots are counted by it.
        external_task_id: The caller's id, or ``None``.
        callback_url: Where to tell of changes, or ``None``.
        units: What it costs, in Kling's units.
        failure: Why it will fail, or ``None``.
    """

    film: Film
    model: str = ""
    external_task_id: str | None = None
    callback_url: str | None = None
    units: str = "0"
    failure: str | None = None


def order(body: Mapping[str, Any], pictures: Pictures) -> Order:
    """Read the pictures of a checked body and say what is to be filmed.

    This decodes and may fetch, so it belongs into a worker thread.

    Args:
        body: The fields that say something, with the vendor's defaults for the others.
        pictures: Keeps the pictures.

    Raises:
        RefusedError: With code 1201 when a picture is not base64.
    """

    def picture(name: str) -> Picture | None:
        return pictures.take(name, body[name]) if name in body else None

    first, tail = picture("image"), picture("image_tail")
    if first is None:  # a film that only has an end: the sandbox shows nothing but that
        first, tail = tail, None
    assert first is not None  # the checks refuse a body without any picture
    strokes = [
        Stroke(
            pictures.take(f"dynamic_masks[{index}].mask", mask["mask"]),
            tuple((point["x"], point["y"]) for point in mask["trajectories"]),
        )
        for index, mask in enumerate(body.get("dynamic_masks", []))
    ]
    sound = body.get("sound") == "on"
    film = Film(
        picture=first,
        seconds=float(body["duration"]),
        mode=body["mode"],
        camera=_camera_move(body.get("camera_control")),
        tail=tail,
        held=picture("static_mask"),
        strokes=tuple(strokes),
        voices=len(body.get("voice_list", [])) if sound else 0,
        sound=sound,
    )
    return Order(
        film=film,
        model=body["model_name"],
        external_task_id=body.get("external_task_id"),
        callback_url=body.get("callback_url"),
        units=units(body),
        failure="; ".join(late_reasons(film)) or None,
    )


def _camera_move(camera: Any) -> WireMove | None:
    if camera is None:
        return None
    return WireMove(camera["type"], dict(camera.get("config") or {}))
