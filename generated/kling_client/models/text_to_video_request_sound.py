from typing import Literal

TextToVideoRequestSound = Literal["off", "on"]

TEXT_TO_VIDEO_REQUEST_SOUND_VALUES: set[TextToVideoRequestSound] = {
    "off",
    "on",
}


def check_text_to_video_request_sound(value: str) -> TextToVideoRequestSound:
    if value in TEXT_TO_VIDEO_REQUEST_SOUND_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TEXT_TO_VIDEO_REQUEST_SOUND_VALUES!r}"
    )
