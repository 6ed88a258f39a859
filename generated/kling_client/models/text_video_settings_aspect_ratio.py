from typing import Literal

TextVideoSettingsAspectRatio = Literal["16:9", "1:1", "9:16"]

TEXT_VIDEO_SETTINGS_ASPECT_RATIO_VALUES: set[TextVideoSettingsAspectRatio] = {
    "16:9",
    "1:1",
    "9:16",
}


def check_text_video_settings_aspect_ratio(value: str) -> TextVideoSettingsAspectRatio:
    if value in TEXT_VIDEO_SETTINGS_ASPECT_RATIO_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TEXT_VIDEO_SETTINGS_ASPECT_RATIO_VALUES!r}"
    )
