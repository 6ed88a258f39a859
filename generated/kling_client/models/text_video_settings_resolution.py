from typing import Literal

TextVideoSettingsResolution = Literal["1080p", "4k", "720p"]

TEXT_VIDEO_SETTINGS_RESOLUTION_VALUES: set[TextVideoSettingsResolution] = {
    "1080p",
    "4k",
    "720p",
}


def check_text_video_settings_resolution(value: str) -> TextVideoSettingsResolution:
    if value in TEXT_VIDEO_SETTINGS_RESOLUTION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TEXT_VIDEO_SETTINGS_RESOLUTION_VALUES!r}"
    )
