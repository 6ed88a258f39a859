from typing import Literal

PromptContentType = Literal["prompt"]

PROMPT_CONTENT_TYPE_VALUES: set[PromptContentType] = {
    "prompt",
}


def check_prompt_content_type(value: str) -> PromptContentType:
    if value in PROMPT_CONTENT_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PROMPT_CONTENT_TYPE_VALUES!r}")
