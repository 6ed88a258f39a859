from typing import Literal

CreateVideoFromContentsModel = Literal[
    "kling-2.5-turbo", "kling-2.6", "kling-3.0", "kling-3.0-turbo"
]

CREATE_VIDEO_FROM_CONTENTS_MODEL_VALUES: set[CreateVideoFromContentsModel] = {
    "kling-2.5-turbo",
    "kling-2.6",
    "kling-3.0",
    "kling-3.0-turbo",
}


def check_create_video_from_contents_model(value: str) -> CreateVideoFromContentsModel:
    if value in CREATE_VIDEO_FROM_CONTENTS_MODEL_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {CREATE_VIDEO_FROM_CONTENTS_MODEL_VALUES!r}"
    )
