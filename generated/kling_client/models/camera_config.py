from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="CameraConfig")


@_attrs_define
class CameraConfig:
    """The strength along each axis; exactly one is other than zero.

    Attributes:
        horizontal (float): Sideways: negative to the left, positive to the right.
        vertical (float): Up and down: negative down, positive up.
        pan (float): Turning, probably left (negative) and right (positive); public sources swap pan and tilt.
        tilt (float): Turning, probably down (negative) and up (positive); public sources swap pan and tilt.
        roll (float): Around the line of sight: negative counter-clockwise, positive clockwise.
        zoom (float): Negative narrows the view, positive widens it.
    """

    horizontal: float
    vertical: float
    pan: float
    tilt: float
    roll: float
    zoom: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        horizontal = self.horizontal

        vertical = self.vertical

        pan = self.pan

        tilt = self.tilt

        roll = self.roll

        zoom = self.zoom

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "horizontal": horizontal,
                "vertical": vertical,
                "pan": pan,
                "tilt": tilt,
                "roll": roll,
                "zoom": zoom,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        horizontal = d.pop("horizontal")

        vertical = d.pop("vertical")

        pan = d.pop("pan")

        tilt = d.pop("tilt")

        roll = d.pop("roll")

        zoom = d.pop("zoom")

        camera_config = cls(
            horizontal=horizontal,
            vertical=vertical,
            pan=pan,
            tilt=tilt,
            roll=roll,
            zoom=zoom,
        )

        camera_config.additional_properties = d
        return camera_config

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
