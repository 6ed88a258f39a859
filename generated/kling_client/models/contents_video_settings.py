from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.contents_video_settings_audio import (
    ContentsVideoSettingsAudio,
    check_contents_video_settings_audio,
)
from ..models.contents_video_settings_resolution import (
    ContentsVideoSettingsResolution,
    check_contents_video_settings_resolution,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="ContentsVideoSettings")


@_attrs_define
class ContentsVideoSettings:
    """
    Attributes:
        resolution (ContentsVideoSettingsResolution | Unset): 720p if absent. Only kling-3.0 makes 4k. kling-2.6 with
            audio, and 2.6 and 2.5 with a last frame, make 1080p only.
        duration (int | Unset): Seconds, 5 if absent. kling-2.6 and kling-2.5-turbo take 5 and 10.
        audio (ContentsVideoSettingsAudio | Unset): off if absent. For kling-3.0 and kling-2.6; kling-3.0-turbo always
            makes audio.
        multi_shot (bool | Unset): true if absent. For kling-3.0: whether the prompt's shots become several.
    """

    resolution: ContentsVideoSettingsResolution | Unset = UNSET
    duration: int | Unset = UNSET
    audio: ContentsVideoSettingsAudio | Unset = UNSET
    multi_shot: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        resolution: str | Unset = UNSET
        if not isinstance(self.resolution, Unset):
            resolution = self.resolution

        duration = self.duration

        audio: str | Unset = UNSET
        if not isinstance(self.audio, Unset):
            audio = self.audio

        multi_shot = self.multi_shot

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if duration is not UNSET:
            field_dict["duration"] = duration
        if audio is not UNSET:
            field_dict["audio"] = audio
        if multi_shot is not UNSET:
            field_dict["multi_shot"] = multi_shot

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _resolution = d.pop("resolution", UNSET)
        resolution: ContentsVideoSettingsResolution | Unset
        if isinstance(_resolution, Unset):
            resolution = UNSET
        else:
            resolution = check_contents_video_settings_resolution(_resolution)

        duration = d.pop("duration", UNSET)

        _audio = d.pop("audio", UNSET)
        audio: ContentsVideoSettingsAudio | Unset
        if isinstance(_audio, Unset):
            audio = UNSET
        else:
            audio = check_contents_video_settings_audio(_audio)

        multi_shot = d.pop("multi_shot", UNSET)

        contents_video_settings = cls(
            resolution=resolution,
            duration=duration,
            audio=audio,
            multi_shot=multi_shot,
        )

        contents_video_settings.additional_properties = d
        return contents_video_settings

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
