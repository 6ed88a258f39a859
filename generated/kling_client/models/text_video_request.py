from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.route_options import RouteOptions
    from ..models.text_video_settings import TextVideoSettings


T = TypeVar("T", bound="TextVideoRequest")


@_attrs_define
class TextVideoRequest:
    """A job from words.

    Attributes:
        prompt (str): What happens. kling-2.6 and kling-2.5-turbo take 2500 characters. Shots: "shot 1, 3, words; shot
            2, 2, words;".
        settings (TextVideoSettings | Unset):
        options (RouteOptions | Unset):
    """

    prompt: str
    settings: TextVideoSettings | Unset = UNSET
    options: RouteOptions | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        prompt = self.prompt

        settings: dict[str, Any] | Unset = UNSET
        if not isinstance(self.settings, Unset):
            settings = self.settings.to_dict()

        options: dict[str, Any] | Unset = UNSET
        if not isinstance(self.options, Unset):
            options = self.options.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "prompt": prompt,
            }
        )
        if settings is not UNSET:
            field_dict["settings"] = settings
        if options is not UNSET:
            field_dict["options"] = options

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.route_options import RouteOptions  # noqa: PLC0415
        from ..models.text_video_settings import TextVideoSettings  # noqa: PLC0415

        d = dict(src_dict)
        prompt = d.pop("prompt")

        _settings = d.pop("settings", UNSET)
        settings: TextVideoSettings | Unset
        if isinstance(_settings, Unset):
            settings = UNSET
        else:
            settings = TextVideoSettings.from_dict(_settings)

        _options = d.pop("options", UNSET)
        options: RouteOptions | Unset
        if isinstance(_options, Unset):
            options = UNSET
        else:
            options = RouteOptions.from_dict(_options)

        text_video_request = cls(
            prompt=prompt,
            settings=settings,
            options=options,
        )

        text_video_request.additional_properties = d
        return text_video_request

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
