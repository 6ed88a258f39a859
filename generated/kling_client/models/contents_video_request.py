from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.contents_video_settings import ContentsVideoSettings
    from ..models.element_content import ElementContent
    from ..models.frame_content import FrameContent
    from ..models.prompt_content import PromptContent
    from ..models.route_options import RouteOptions
    from ..models.voice_content import VoiceContent


T = TypeVar("T", bound="ContentsVideoRequest")


@_attrs_define
class ContentsVideoRequest:
    """A job from pictures and words.

    Attributes:
        contents (list[ElementContent | FrameContent | PromptContent | VoiceContent]):
        settings (ContentsVideoSettings | Unset):
        options (RouteOptions | Unset):
    """

    contents: list[ElementContent | FrameContent | PromptContent | VoiceContent]
    settings: ContentsVideoSettings | Unset = UNSET
    options: RouteOptions | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.frame_content import FrameContent  # noqa: PLC0415
        from ..models.prompt_content import PromptContent  # noqa: PLC0415
        from ..models.voice_content import VoiceContent  # noqa: PLC0415

        contents = []
        for contents_item_data in self.contents:
            contents_item: dict[str, Any]
            if isinstance(contents_item_data, PromptContent):
                contents_item = contents_item_data.to_dict()
            elif isinstance(contents_item_data, FrameContent):
                contents_item = contents_item_data.to_dict()
            elif isinstance(contents_item_data, VoiceContent):
                contents_item = contents_item_data.to_dict()
            else:
                contents_item = contents_item_data.to_dict()

            contents.append(contents_item)

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
                "contents": contents,
            }
        )
        if settings is not UNSET:
            field_dict["settings"] = settings
        if options is not UNSET:
            field_dict["options"] = options

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.contents_video_settings import ContentsVideoSettings  # noqa: PLC0415
        from ..models.element_content import ElementContent  # noqa: PLC0415
        from ..models.frame_content import FrameContent  # noqa: PLC0415
        from ..models.prompt_content import PromptContent  # noqa: PLC0415
        from ..models.route_options import RouteOptions  # noqa: PLC0415
        from ..models.voice_content import VoiceContent  # noqa: PLC0415

        d = dict(src_dict)
        contents = []
        _contents = d.pop("contents")
        for contents_item_data in _contents:

            def _parse_contents_item(
                data: object,
            ) -> ElementContent | FrameContent | PromptContent | VoiceContent:
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    contents_item_type_0 = PromptContent.from_dict(data)

                    return contents_item_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    contents_item_type_1 = FrameContent.from_dict(data)

                    return contents_item_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    contents_item_type_2 = VoiceContent.from_dict(data)

                    return contents_item_type_2
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, dict):
                    raise TypeError()
                contents_item_type_3 = ElementContent.from_dict(data)

                return contents_item_type_3

            contents_item = _parse_contents_item(contents_item_data)

            contents.append(contents_item)

        _settings = d.pop("settings", UNSET)
        settings: ContentsVideoSettings | Unset
        if isinstance(_settings, Unset):
            settings = UNSET
        else:
            settings = ContentsVideoSettings.from_dict(_settings)

        _options = d.pop("options", UNSET)
        options: RouteOptions | Unset
        if isinstance(_options, Unset):
            options = UNSET
        else:
            options = RouteOptions.from_dict(_options)

        contents_video_request = cls(
            contents=contents,
            settings=settings,
            options=options,
        )

        contents_video_request.additional_properties = d
        return contents_video_request

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
