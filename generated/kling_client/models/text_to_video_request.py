from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.text_to_video_request_aspect_ratio import (
    TextToVideoRequestAspectRatio,
    check_text_to_video_request_aspect_ratio,
)
from ..models.text_to_video_request_duration import (
    TextToVideoRequestDuration,
    check_text_to_video_request_duration,
)
from ..models.text_to_video_request_known_model import (
    TextToVideoRequestKnownModel,
    check_text_to_video_request_known_model,
)
from ..models.text_to_video_request_mode import (
    TextToVideoRequestMode,
    check_text_to_video_request_mode,
)
from ..models.text_to_video_request_sound import (
    TextToVideoRequestSound,
    check_text_to_video_request_sound,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.camera_control import CameraControl


T = TypeVar("T", bound="TextToVideoRequest")


@_attrs_define
class TextToVideoRequest:
    """A job to create. Leave out what is not wanted: an empty text is not the same as an absent one to every gateway.

    Attributes:
        model_name (str | TextToVideoRequestKnownModel): Which of Kling's models films. The listed ones are known; a
            gateway may serve others.
        prompt (str): What happens.
        mode (TextToVideoRequestMode): Quality and price: std is 720p, pro is 1080p, 4k is for kling-v3 alone.
        duration (TextToVideoRequestDuration): Seconds of video, as text. 5 or 10; kling-v3 takes 3 to 15.
        sound (TextToVideoRequestSound): Whether the video gets sound.
        negative_prompt (str | Unset): What must not be seen.
        cfg_scale (float | Unset): How closely the video follows the prompt, from 0 (free) to 1 (close). Only models
            before 2.0 take it.
        camera_control (CameraControl | Unset): How the camera moves. Left out, the model decides. Not together with
            image_tail or masks.
        aspect_ratio (TextToVideoRequestAspectRatio | Unset): Width to height of the video.
        callback_url (str | Unset): An address that is told of each change of the job's state.
        external_task_id (str | Unset): The caller's own id of the job, unique in the account. The job can be looked up
            by it.
    """

    model_name: str | TextToVideoRequestKnownModel
    prompt: str
    mode: TextToVideoRequestMode
    duration: TextToVideoRequestDuration
    sound: TextToVideoRequestSound
    negative_prompt: str | Unset = UNSET
    cfg_scale: float | Unset = UNSET
    camera_control: CameraControl | Unset = UNSET
    aspect_ratio: TextToVideoRequestAspectRatio | Unset = UNSET
    callback_url: str | Unset = UNSET
    external_task_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model_name: str
        if isinstance(self.model_name, str):
            model_name = self.model_name
        else:
            model_name = self.model_name

        prompt = self.prompt

        mode: str = self.mode

        duration: str = self.duration

        sound: str = self.sound

        negative_prompt = self.negative_prompt

        cfg_scale = self.cfg_scale

        camera_control: dict[str, Any] | Unset = UNSET
        if not isinstance(self.camera_control, Unset):
            camera_control = self.camera_control.to_dict()

        aspect_ratio: str | Unset = UNSET
        if not isinstance(self.aspect_ratio, Unset):
            aspect_ratio = self.aspect_ratio

        callback_url = self.callback_url

        external_task_id = self.external_task_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "model_name": model_name,
                "prompt": prompt,
                "mode": mode,
                "duration": duration,
                "sound": sound,
            }
        )
        if negative_prompt is not UNSET:
            field_dict["negative_prompt"] = negative_prompt
        if cfg_scale is not UNSET:
            field_dict["cfg_scale"] = cfg_scale
        if camera_control is not UNSET:
            field_dict["camera_control"] = camera_control
        if aspect_ratio is not UNSET:
            field_dict["aspect_ratio"] = aspect_ratio
        if callback_url is not UNSET:
            field_dict["callback_url"] = callback_url
        if external_task_id is not UNSET:
            field_dict["external_task_id"] = external_task_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.camera_control import CameraControl  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_model_name(data: object) -> str | TextToVideoRequestKnownModel:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                model_name_known_model = check_text_to_video_request_known_model(data)

                return model_name_known_model
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(str | TextToVideoRequestKnownModel, data)

        model_name = _parse_model_name(d.pop("model_name"))

        prompt = d.pop("prompt")

        mode = check_text_to_video_request_mode(d.pop("mode"))

        duration = check_text_to_video_request_duration(d.pop("duration"))

        sound = check_text_to_video_request_sound(d.pop("sound"))

        negative_prompt = d.pop("negative_prompt", UNSET)

        cfg_scale = d.pop("cfg_scale", UNSET)

        _camera_control = d.pop("camera_control", UNSET)
        camera_control: CameraControl | Unset
        if isinstance(_camera_control, Unset):
            camera_control = UNSET
        else:
            camera_control = CameraControl.from_dict(_camera_control)

        _aspect_ratio = d.pop("aspect_ratio", UNSET)
        aspect_ratio: TextToVideoRequestAspectRatio | Unset
        if isinstance(_aspect_ratio, Unset):
            aspect_ratio = UNSET
        else:
            aspect_ratio = check_text_to_video_request_aspect_ratio(_aspect_ratio)

        callback_url = d.pop("callback_url", UNSET)

        external_task_id = d.pop("external_task_id", UNSET)

        text_to_video_request = cls(
            model_name=model_name,
            prompt=prompt,
            mode=mode,
            duration=duration,
            sound=sound,
            negative_prompt=negative_prompt,
            cfg_scale=cfg_scale,
            camera_control=camera_control,
            aspect_ratio=aspect_ratio,
            callback_url=callback_url,
            external_task_id=external_task_id,
        )

        text_to_video_request.additional_properties = d
        return text_to_video_request

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
