from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.frame_content_type import FrameContentType, check_frame_content_type

T = TypeVar("T", bound="FrameContent")


@_attrs_define
class FrameContent:
    """
    Attributes:
        type_ (FrameContentType):
        url (str): An address or bare base64 of a JPEG or PNG: at most 50 MB, sides of at least 300 pixels, ratio 1:2.5
            to 2.5:1. A last frame never stands alone; kling-3.0-turbo takes none.
    """

    type_: FrameContentType
    url: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_: str = self.type_

        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "url": url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = check_frame_content_type(d.pop("type"))

        url = d.pop("url")

        frame_content = cls(
            type_=type_,
            url=url,
        )

        frame_content.additional_properties = d
        return frame_content

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
