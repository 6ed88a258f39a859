from typing import Literal

ElementContentType = Literal["element"]

ELEMENT_CONTENT_TYPE_VALUES: set[ElementContentType] = {
    "element",
}


def check_element_content_type(value: str) -> ElementContentType:
    if value in ELEMENT_CONTENT_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ELEMENT_CONTENT_TYPE_VALUES!r}")
