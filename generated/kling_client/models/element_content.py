from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.element_content_type import ElementContentType, check_element_content_type

T = TypeVar("T", bound="ElementContent")


@_attrs_define
class ElementContent:
    """For kling-3.0, at most three.

    Attributes:
        type_ (ElementContentType):
        element_id (str):
        id (str): What the prompt calls it: @id. Unique in the request.
    """

    type_: ElementContentType
    element_id: str
    id: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_: str = self.type_

        element_id = self.element_id

        id = self.id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "element_id": element_id,
                "id": id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = check_element_content_type(d.pop("type"))

        element_id = d.pop("element_id")

        id = d.pop("id")

        element_content = cls(
            type_=type_,
            element_id=element_id,
            id=id,
        )

        element_content.additional_properties = d
        return element_content

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
