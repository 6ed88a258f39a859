from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.route_task_filter import RouteTaskFilter


T = TypeVar("T", bound="RouteTaskQuery")


@_attrs_define
class RouteTaskQuery:
    """
    Attributes:
        start_time (int | str | Unset): From when on, in milliseconds since 1970. A number on the page of
            kling-3.0-turbo, a text on the others.
        end_time (int | str | Unset): Until when, in milliseconds since 1970. A number on the page of kling-3.0-turbo, a
            text on the others.
        cursor (str | Unset): next_cursor of the page before.
        limit (int | Unset): Jobs on a page, 100 if absent.
        filters (list[RouteTaskFilter] | Unset):
    """

    start_time: int | str | Unset = UNSET
    end_time: int | str | Unset = UNSET
    cursor: str | Unset = UNSET
    limit: int | Unset = UNSET
    filters: list[RouteTaskFilter] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        start_time: int | str | Unset
        if isinstance(self.start_time, Unset):
            start_time = UNSET
        else:
            start_time = self.start_time

        end_time: int | str | Unset
        if isinstance(self.end_time, Unset):
            end_time = UNSET
        else:
            end_time = self.end_time

        cursor = self.cursor

        limit = self.limit

        filters: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.filters, Unset):
            filters = []
            for filters_item_data in self.filters:
                filters_item = filters_item_data.to_dict()
                filters.append(filters_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if start_time is not UNSET:
            field_dict["start_time"] = start_time
        if end_time is not UNSET:
            field_dict["end_time"] = end_time
        if cursor is not UNSET:
            field_dict["cursor"] = cursor
        if limit is not UNSET:
            field_dict["limit"] = limit
        if filters is not UNSET:
            field_dict["filters"] = filters

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.route_task_filter import RouteTaskFilter  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_start_time(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        start_time = _parse_start_time(d.pop("start_time", UNSET))

        def _parse_end_time(data: object) -> int | str | Unset:
            if isinstance(data, Unset):
                return data
            return cast(int | str | Unset, data)

        end_time = _parse_end_time(d.pop("end_time", UNSET))

        cursor = d.pop("cursor", UNSET)

        limit = d.pop("limit", UNSET)

        _filters = d.pop("filters", UNSET)
        filters: list[RouteTaskFilter] | Unset = UNSET
        if _filters is not UNSET:
            filters = []
            for filters_item_data in _filters:
                filters_item = RouteTaskFilter.from_dict(filters_item_data)

                filters.append(filters_item)

        route_task_query = cls(
            start_time=start_time,
            end_time=end_time,
            cursor=cursor,
            limit=limit,
            filters=filters,
        )

        route_task_query.additional_properties = d
        return route_task_query

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
