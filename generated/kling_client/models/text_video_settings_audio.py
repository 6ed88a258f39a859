from typing import Literal

TextVideoSettingsAudio = Literal["native", "off"]

TEXT_VIDEO_SETTINGS_AUDIO_VALUES: set[TextVideoSettingsAudio] = {
    "native",
    "off",
}


def check_text_video_settings_audio(value: str) -> TextVideoSettingsAudio:
    if value in TEXT_VIDEO_SETTINGS_AUDIO_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TEXT_VIDEO_SETTINGS_AUDIO_VALUES!r}"
    )
