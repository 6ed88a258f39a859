from typing import Literal

TextToVideoRequestAspectRatio = Literal["16:9", "1:1", "9:16"]

TEXT_TO_VIDEO_REQUEST_ASPECT_RATIO_VALUES: set[TextToVideoRequestAspectRatio] = {
    "16:9",
    "1:1",
    "9:16",
}


def check_text_to_video_request_aspect_ratio(value: str) -> TextToVideoRequestAspectRatio:
    if value in TEXT_TO_VIDEO_REQUEST_ASPECT_RATIO_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TEXT_TO_VIDEO_REQUEST_ASPECT_RATIO_VALUES!r}"
    )
