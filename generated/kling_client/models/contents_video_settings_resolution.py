from typing import Literal

ContentsVideoSettingsResolution = Literal["1080p", "4k", "720p"]

CONTENTS_VIDEO_SETTINGS_RESOLUTION_VALUES: set[ContentsVideoSettingsResolution] = {
    "1080p",
    "4k",
    "720p",
}


def check_contents_video_settings_resolution(value: str) -> ContentsVideoSettingsResolution:
    if value in CONTENTS_VIDEO_SETTINGS_RESOLUTION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {CONTENTS_VIDEO_SETTINGS_RESOLUTION_VALUES!r}"
    )
