from typing import Literal

Mode = Literal["4k", "pro", "std"]

MODE_VALUES: set[Mode] = {
    "4k",
    "pro",
    "std",
}


def check_mode(value: str) -> Mode:
    if value in MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {MODE_VALUES!r}")
