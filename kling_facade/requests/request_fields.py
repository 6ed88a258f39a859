"""The fields of an `ImageToVideo` as keyword arguments, for a client's methods that take them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, cast

from ..errors import InvalidRequest

if TYPE_CHECKING:
    from ..builders.camera import CameraMove
    from ..builders.motion import MotionBrush
    from ..builders.pictures.picture import PictureSource
    from ..builders.values import Duration, KnownModel, Mode
    from ..builders.voice import SpokenPrompt, Voice
    from .image_to_video import ImageToVideo

__all__ = ["RequestFields", "as_request"]


class RequestFields(TypedDict, total=False):
    """What may stand beside a picture: see `ImageToVideo`."""

    prompt: str | SpokenPrompt | None
    model: KnownModel | str
    mode: Mode
    duration: Duration
    negative_prompt: str | None
    cfg_scale: float | None
    image_tail: PictureSource | None
    camera: CameraMove | None
    motion_brush: MotionBrush | None
    voices: Iterable[str | Voice]
    sound: bool | None
    callback_url: str | None
    external_task_id: str | None
    allow: Iterable[str]
    extra: Mapping[str, Any]


def as_request(given: ImageToVideo | PictureSource, fields: RequestFields) -> ImageToVideo:
    """The request itself, or one made of a picture and its fields.

    Raises:
        InvalidRequest: A request with fields beside it; or as `ImageToVideo`.
        TypeError: A field that no request has.
    """
    if not hasattr(given, "to_body"):
        from .image_to_video import ImageToVideo  # late: it loads all rules

        return ImageToVideo(given, **fields)
    if fields:
        named = ", ".join(f"{name}=..." for name in fields)
        raise InvalidRequest(
            f"a request has its fields already; {named} can't stand beside it",
            hint=f"Give a picture instead of a request, or request.replace({named}).",
        )
    return cast("ImageToVideo", given)
