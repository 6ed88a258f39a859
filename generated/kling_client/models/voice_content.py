from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.voice_content_type import VoiceContentType, check_voice_content_type

T = TypeVar("T", bound="VoiceContent")


@_attrs_define
class VoiceContent:
    """For kling-2.6, at most two, and only with audio.

    Attributes:
        type_ (VoiceContentType):
        voice_id (str):
        id (str): What the prompt calls it: @id. Unique in the request.
    """

    type_: VoiceContentType
    voice_id: str
    id: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_: str = self.type_

        voice_id = self.voice_id

        id = self.id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "voice_id": voice_id,
                "id": id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = check_voice_content_type(d.pop("type"))

        voice_id = d.pop("voice_id")

        id = d.pop("id")

        voice_content = cls(
            type_=type_,
            voice_id=voice_id,
            id=id,
        )

        voice_content.additional_properties = d
        return voice_content

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
