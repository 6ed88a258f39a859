from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.route_task_status import RouteTaskStatus, check_route_task_status
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.route_charge import RouteCharge
    from ..models.route_output import RouteOutput


T = TypeVar("T", bound="RouteTask")


@_attrs_define
class RouteTask:
    """
    Attributes:
        id (str):
        status (RouteTaskStatus):
        message (str | Unset): Why the job failed.
        create_time (int | Unset): Milliseconds since 1970.
        update_time (int | Unset): Milliseconds since 1970.
        external_id (str | Unset):
        outputs (list[RouteOutput] | Unset):
        billing (list[RouteCharge] | Unset):
    """

    id: str
    status: RouteTaskStatus
    message: str | Unset = UNSET
    create_time: int | Unset = UNSET
    update_time: int | Unset = UNSET
    external_id: str | Unset = UNSET
    outputs: list[RouteOutput] | Unset = UNSET
    billing: list[RouteCharge] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        status: str = self.status

        message = self.message

        create_time = self.create_time

        update_time = self.update_time

        external_id = self.external_id

        outputs: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.outputs, Unset):
            outputs = []
            for outputs_item_data in self.outputs:
                outputs_item = outputs_item_data.to_dict()
                outputs.append(outputs_item)

        billing: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.billing, Unset):
            billing = []
            for billing_item_data in self.billing:
                billing_item = billing_item_data.to_dict()
                billing.append(billing_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "status": status,
            }
        )
        if message is not UNSET:
            field_dict["message"] = message
        if create_time is not UNSET:
            field_dict["create_time"] = create_time
        if update_time is not UNSET:
            field_dict["update_time"] = update_time
        if external_id is not UNSET:
            field_dict["external_id"] = external_id
        if outputs is not UNSET:
            field_dict["outputs"] = outputs
        if billing is not UNSET:
            field_dict["billing"] = billing

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.route_charge import RouteCharge  # noqa: PLC0415
        from ..models.route_output import RouteOutput  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        status = check_route_task_status(d.pop("status"))

        message = d.pop("message", UNSET)

        create_time = d.pop("create_time", UNSET)

        update_time = d.pop("update_time", UNSET)

        external_id = d.pop("external_id", UNSET)

        _outputs = d.pop("outputs", UNSET)
        outputs: list[RouteOutput] | Unset = UNSET
        if _outputs is not UNSET:
            outputs = []
            for outputs_item_data in _outputs:
                outputs_item = RouteOutput.from_dict(outputs_item_data)

                outputs.append(outputs_item)

        _billing = d.pop("billing", UNSET)
        billing: list[RouteCharge] | Unset = UNSET
        if _billing is not UNSET:
            billing = []
            for billing_item_data in _billing:
                billing_item = RouteCharge.from_dict(billing_item_data)

                billing.append(billing_item)

        route_task = cls(
            id=id,
            status=status,
            message=message,
            create_time=create_time,
            update_time=update_time,
            external_id=external_id,
            outputs=outputs,
            billing=billing,
        )

        route_task.additional_properties = d
        return route_task

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
