from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="CustomVoiceRequest")


@_attrs_define
class CustomVoiceRequest:
    """A voice to make, of a recording (voice_url) or of a video (video_id).

    Attributes:
        voice_name (str): What the voice is called.
        voice_url (str | Unset): The address of an mp3, wav, mp4 or mov file with one clean voice, 5 to 30 seconds long.
        video_id (str | Unset): The id of a video of this account that has a voice: made by kling-v2-6 with sound, an
            avatar, or a lip sync.
        callback_url (str | Unset): An address that is told of each change of the job's state.
        external_task_id (str | Unset): The caller's own id of the job, unique in the account.
    """

    voice_name: str
    voice_url: str | Unset = UNSET
    video_id: str | Unset = UNSET
    callback_url: str | Unset = UNSET
    external_task_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        voice_name = self.voice_name

        voice_url = self.voice_url

        video_id = self.video_id

        callback_url = self.callback_url

        external_task_id = self.external_task_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "voice_name": voice_name,
            }
        )
        if voice_url is not UNSET:
            field_dict["voice_url"] = voice_url
        if video_id is not UNSET:
            field_dict["video_id"] = video_id
        if callback_url is not UNSET:
            field_dict["callback_url"] = callback_url
        if external_task_id is not UNSET:
            field_dict["external_task_id"] = external_task_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        voice_name = d.pop("voice_name")

        voice_url = d.pop("voice_url", UNSET)

        video_id = d.pop("video_id", UNSET)

        callback_url = d.pop("callback_url", UNSET)

        external_task_id = d.pop("external_task_id", UNSET)

        custom_voice_request = cls(
            voice_name=voice_name,
            voice_url=voice_url,
            video_id=video_id,
            callback_url=callback_url,
            external_task_id=external_task_id,
        )

        custom_voice_request.additional_properties = d
        return custom_voice_request

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
