from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.camera_type import CameraType, check_camera_type
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.camera_config import CameraConfig


T = TypeVar("T", bound="CameraControl")


@_attrs_define
class CameraControl:
    """How the camera moves. Left out, the model decides. Not together with image_tail or masks.

    Attributes:
        type_ (CameraType): simple moves along the one axis that config sets; the others are compound moves: down and
            back, forward and up, a turn to the right and forward, a turn to the left and forward.
        config (CameraConfig | Unset): The strength along each axis; exactly one is other than zero. An axis left out is
            zero.
    """

    type_: CameraType
    config: CameraConfig | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_: str = self.type_

        config: dict[str, Any] | Unset = UNSET
        if not isinstance(self.config, Unset):
            config = self.config.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
            }
        )
        if config is not UNSET:
            field_dict["config"] = config

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.camera_config import CameraConfig  # noqa: PLC0415

        d = dict(src_dict)
        type_ = check_camera_type(d.pop("type"))

        _config = d.pop("config", UNSET)
        config: CameraConfig | Unset
        if isinstance(_config, Unset):
            config = UNSET
        else:
            config = CameraConfig.from_dict(_config)

        camera_control = cls(
            type_=type_,
            config=config,
        )

        camera_control.additional_properties = d
        return camera_control

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
