from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.route_task_filter_key import (
    RouteTaskFilterKey,
    check_route_task_filter_key,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="RouteTaskFilter")


@_attrs_define
class RouteTaskFilter:
    """
    Attributes:
        key (RouteTaskFilterKey | Unset):
        values (list[str] | Unset): submitted, processing, succeeded, failed; or video, image, try_on.
    """

    key: RouteTaskFilterKey | Unset = UNSET
    values: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        key: str | Unset = UNSET
        if not isinstance(self.key, Unset):
            key = self.key

        values: list[str] | Unset = UNSET
        if not isinstance(self.values, Unset):
            values = self.values

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if key is not UNSET:
            field_dict["key"] = key
        if values is not UNSET:
            field_dict["values"] = values

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _key = d.pop("key", UNSET)
        key: RouteTaskFilterKey | Unset
        if isinstance(_key, Unset):
            key = UNSET
        else:
            key = check_route_task_filter_key(_key)

        values = cast(list[str], d.pop("values", UNSET))

        route_task_filter = cls(
            key=key,
            values=values,
        )

        route_task_filter.additional_properties = d
        return route_task_filter

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
