from typing import Literal

TextToVideoRequestDuration = Literal[
    "10", "11", "12", "13", "14", "15", "3", "4", "5", "6", "7", "8", "9"
]

TEXT_TO_VIDEO_REQUEST_DURATION_VALUES: set[TextToVideoRequestDuration] = {
    "10",
    "11",
    "12",
    "13",
    "14",
    "15",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
}


def check_text_to_video_request_duration(value: str) -> TextToVideoRequestDuration:
    if value in TEXT_TO_VIDEO_REQUEST_DURATION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TEXT_TO_VIDEO_REQUEST_DURATION_VALUES!r}"
    )
