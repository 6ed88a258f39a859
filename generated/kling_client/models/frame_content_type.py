from typing import Literal

FrameContentType = Literal["first_frame", "last_frame"]

FRAME_CONTENT_TYPE_VALUES: set[FrameContentType] = {
    "first_frame",
    "last_frame",
}


def check_frame_content_type(value: str) -> FrameContentType:
    if value in FRAME_CONTENT_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FRAME_CONTENT_TYPE_VALUES!r}")
