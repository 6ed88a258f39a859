from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.duration import Duration, check_duration
from ..models.known_model import KnownModel, check_known_model
from ..models.mode import Mode, check_mode
from ..models.sound import Sound, check_sound
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.camera_control import CameraControl
    from ..models.dynamic_mask import DynamicMask
    from ..models.voice_reference import VoiceReference


T = TypeVar("T", bound="ImageToVideoRequest")


@_attrs_define
class ImageToVideoRequest:
    """A job to create. Leave out what is not wanted: an empty text or list is not the same as an absent one to every
    gateway.

        Attributes:
            model_name (KnownModel | str): Which of Kling's models films. The listed ones are known; a gateway may serve
                others.
            image (str): The picture the video starts from: an http(s) address, or base64 alone, without a data: prefix.
                JPEG or PNG, at most 10 MB, each side at least 300 pixels, no more than 2.5 times as long as the other.
            mode (Mode): Quality and price: std is 720p, pro is 1080p, 4k is for kling-v3 alone.
            duration (Duration): Seconds of video, as text. 5 or 10; kling-v3 takes 3 to 15.
            image_tail (str | Unset): The picture the video ends on, in the same form. Not together with masks or a camera
                move.
            prompt (str | Unset): What happens. A voice speaks where its token <<<voice_1>>> or <<<voice_2>>> stands; the
                number is the voice's place in voice_list, and sound must be on.
            negative_prompt (str | Unset): What must not be seen.
            cfg_scale (float | Unset): How closely the video follows the prompt, from 0 (free) to 1 (close). Only models
                before 2.0 take it.
            static_mask (str | Unset): A picture of the image's size, white where the video must hold still. An http(s)
                address or base64.
            dynamic_masks (list[DynamicMask] | Unset): Regions that move, each along its path.
            camera_control (CameraControl | Unset): How the camera moves. Left out, the model decides. Not together with
                image_tail or masks.
            callback_url (str | Unset): An address that is told of each change of the job's state.
            external_task_id (str | Unset): The caller's own id of the job, unique in the account. The job can be looked up
                by it.
            voice_list (list[VoiceReference] | Unset): The voices that the prompt refers to, in the order of their numbers.
            sound (Sound | Unset): Whether the video gets sound.
    """

    model_name: KnownModel | str
    image: str
    mode: Mode
    duration: Duration
    image_tail: str | Unset = UNSET
    prompt: str | Unset = UNSET
    negative_prompt: str | Unset = UNSET
    cfg_scale: float | Unset = UNSET
    static_mask: str | Unset = UNSET
    dynamic_masks: list[DynamicMask] | Unset = UNSET
    camera_control: CameraControl | Unset = UNSET
    callback_url: str | Unset = UNSET
    external_task_id: str | Unset = UNSET
    voice_list: list[VoiceReference] | Unset = UNSET
    sound: Sound | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model_name: str
        if isinstance(self.model_name, str):
            model_name = self.model_name
        else:
            model_name = self.model_name

        image = self.image

        mode: str = self.mode

        duration: str = self.duration

        image_tail = self.image_tail

        prompt = self.prompt

        negative_prompt = self.negative_prompt

        cfg_scale = self.cfg_scale

        static_mask = self.static_mask

        dynamic_masks: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.dynamic_masks, Unset):
            dynamic_masks = []
            for dynamic_masks_item_data in self.dynamic_masks:
                dynamic_masks_item = dynamic_masks_item_data.to_dict()
                dynamic_masks.append(dynamic_masks_item)

        camera_control: dict[str, Any] | Unset = UNSET
        if not isinstance(self.camera_control, Unset):
            camera_control = self.camera_control.to_dict()

        callback_url = self.callback_url

        external_task_id = self.external_task_id

        voice_list: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.voice_list, Unset):
            voice_list = []
            for voice_list_item_data in self.voice_list:
                voice_list_item = voice_list_item_data.to_dict()
                voice_list.append(voice_list_item)

        sound: str | Unset = UNSET
        if not isinstance(self.sound, Unset):
            sound = self.sound

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "model_name": model_name,
                "image": image,
                "mode": mode,
                "duration": duration,
            }
        )
        if image_tail is not UNSET:
            field_dict["image_tail"] = image_tail
        if prompt is not UNSET:
            field_dict["prompt"] = prompt
        if negative_prompt is not UNSET:
            field_dict["negative_prompt"] = negative_prompt
        if cfg_scale is not UNSET:
            field_dict["cfg_scale"] = cfg_scale
        if static_mask is not UNSET:
            field_dict["static_mask"] = static_mask
        if dynamic_masks is not UNSET:
            field_dict["dynamic_masks"] = dynamic_masks
        if camera_control is not UNSET:
            field_dict["camera_control"] = camera_control
        if callback_url is not UNSET:
            field_dict["callback_url"] = callback_url
        if external_task_id is not UNSET:
            field_dict["external_task_id"] = external_task_id
        if voice_list is not UNSET:
            field_dict["voice_list"] = voice_list
        if sound is not UNSET:
            field_dict["sound"] = sound

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.camera_control import CameraControl  # noqa: PLC0415
        from ..models.dynamic_mask import DynamicMask  # noqa: PLC0415
        from ..models.voice_reference import VoiceReference  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_model_name(data: object) -> KnownModel | str:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                model_name_known_model = check_known_model(data)

                return model_name_known_model
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(KnownModel | str, data)

        model_name = _parse_model_name(d.pop("model_name"))

        image = d.pop("image")

        mode = check_mode(d.pop("mode"))

        duration = check_duration(d.pop("duration"))

        image_tail = d.pop("image_tail", UNSET)

        prompt = d.pop("prompt", UNSET)

        negative_prompt = d.pop("negative_prompt", UNSET)

        cfg_scale = d.pop("cfg_scale", UNSET)

        static_mask = d.pop("static_mask", UNSET)

        _dynamic_masks = d.pop("dynamic_masks", UNSET)
        dynamic_masks: list[DynamicMask] | Unset = UNSET
        if _dynamic_masks is not UNSET:
            dynamic_masks = []
            for dynamic_masks_item_data in _dynamic_masks:
                dynamic_masks_item = DynamicMask.from_dict(dynamic_masks_item_data)

                dynamic_masks.append(dynamic_masks_item)

        _camera_control = d.pop("camera_control", UNSET)
        camera_control: CameraControl | Unset
        if isinstance(_camera_control, Unset):
            camera_control = UNSET
        else:
            camera_control = CameraControl.from_dict(_camera_control)

        callback_url = d.pop("callback_url", UNSET)

        external_task_id = d.pop("external_task_id", UNSET)

        _voice_list = d.pop("voice_list", UNSET)
        voice_list: list[VoiceReference] | Unset = UNSET
        if _voice_list is not UNSET:
            voice_list = []
            for voice_list_item_data in _voice_list:
                voice_list_item = VoiceReference.from_dict(voice_list_item_data)

                voice_list.append(voice_list_item)

        _sound = d.pop("sound", UNSET)
        sound: Sound | Unset
        if isinstance(_sound, Unset):
            sound = UNSET
        else:
            sound = check_sound(_sound)

        image_to_video_request = cls(
            model_name=model_name,
            image=image,
            mode=mode,
            duration=duration,
            image_tail=image_tail,
            prompt=prompt,
            negative_prompt=negative_prompt,
            cfg_scale=cfg_scale,
            static_mask=static_mask,
            dynamic_masks=dynamic_masks,
            camera_control=camera_control,
            callback_url=callback_url,
            external_task_id=external_task_id,
            voice_list=voice_list,
            sound=sound,
        )

        image_to_video_request.additional_properties = d
        return image_to_video_request

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
