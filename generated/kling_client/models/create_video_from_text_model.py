from typing import Literal

CreateVideoFromTextModel = Literal["kling-2.5-turbo", "kling-2.6", "kling-3.0", "kling-3.0-turbo"]

CREATE_VIDEO_FROM_TEXT_MODEL_VALUES: set[CreateVideoFromTextModel] = {
    "kling-2.5-turbo",
    "kling-2.6",
    "kling-3.0",
    "kling-3.0-turbo",
}


def check_create_video_from_text_model(value: str) -> CreateVideoFromTextModel:
    if value in CREATE_VIDEO_FROM_TEXT_MODEL_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {CREATE_VIDEO_FROM_TEXT_MODEL_VALUES!r}"
    )
