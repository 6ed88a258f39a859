from typing import Literal

VoiceContentType = Literal["voice"]

VOICE_CONTENT_TYPE_VALUES: set[VoiceContentType] = {
    "voice",
}


def check_voice_content_type(value: str) -> VoiceContentType:
    if value in VOICE_CONTENT_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {VOICE_CONTENT_TYPE_VALUES!r}")
