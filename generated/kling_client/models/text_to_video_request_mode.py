from typing import Literal

TextToVideoRequestMode = Literal["4k", "pro", "std"]

TEXT_TO_VIDEO_REQUEST_MODE_VALUES: set[TextToVideoRequestMode] = {
    "4k",
    "pro",
    "std",
}


def check_text_to_video_request_mode(value: str) -> TextToVideoRequestMode:
    if value in TEXT_TO_VIDEO_REQUEST_MODE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TEXT_TO_VIDEO_REQUEST_MODE_VALUES!r}"
    )
