from typing import Literal

ContentsVideoSettingsAudio = Literal["native", "off"]

CONTENTS_VIDEO_SETTINGS_AUDIO_VALUES: set[ContentsVideoSettingsAudio] = {
    "native",
    "off",
}


def check_contents_video_settings_audio(value: str) -> ContentsVideoSettingsAudio:
    if value in CONTENTS_VIDEO_SETTINGS_AUDIO_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {CONTENTS_VIDEO_SETTINGS_AUDIO_VALUES!r}"
    )
