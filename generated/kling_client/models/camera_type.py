from typing import Literal

CameraType = Literal["down_back", "forward_up", "left_turn_forward", "right_turn_forward", "simple"]

CAMERA_TYPE_VALUES: set[CameraType] = {
    "down_back",
    "forward_up",
    "left_turn_forward",
    "right_turn_forward",
    "simple",
}


def check_camera_type(value: str) -> CameraType:
    if value in CAMERA_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CAMERA_TYPE_VALUES!r}")
