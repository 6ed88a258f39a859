"""Prompts and voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...builders.values import RequestValues
    from ..judge import Judge

__all__ = ["check_words"]


def check_words(request: RequestValues, judge: Judge) -> None:
    """Lengths, and whether voices are spoken, listed, heard and few enough."""
    text = request.prompt_text
    for field, words in (("prompt", text), ("negative_prompt", request.negative_prompt)):
        most = judge.limit(f"{field}_characters")
        if len(words) > most:
            judge.object_(
                f"{field.replace('_', '-')}-length",
                field,
                f"it has {len(words)} characters, {len(words) - most} more than the {most} "
                "allowed.",
            )
    if not text.strip() and not request.extra.get("multi_shot"):
        judge.object_("prompt-empty", "prompt", "it is empty. Say what happens.")
    _check_voices(request, text, judge)


def _check_voices(request: RequestValues, text: str, judge: Judge) -> None:
    voices = request.voice_ids
    spoken = _spoken(text)
    most = judge.limit("voices")
    if len(voices) > most:
        judge.object_(
            "voice-count", "voices", f"{len(voices)} voices; at most {most} can speak in one video."
        )
    if empty := [place for place, voice in enumerate(voices, 1) if not voice.strip()]:
        judge.object_("voice-unlisted", "voices", f"the id of voice {empty[0]} is empty.")
    for number in sorted(spoken):
        if not 1 <= number <= len(voices):
            judge.object_(
                "voice-unlisted",
                "prompt",
                f"<<<voice_{number}>>> speaks, and {len(voices) or 'no'} voices are listed. "
                "voice.prompt() keeps both together.",
            )
    for number, voice in enumerate(voices, 1):
        if number not in spoken:
            judge.object_(
                "voice-unspoken",
                "voices",
                f"voice {number} ({voice}) is listed and never speaks: <<<voice_{number}>>> is not "
                "in the prompt.",
            )
    if (voices or spoken) and not request.sound_on:
        judge.object_("voice-sound-off", "sound", "voices speak only with sound=True.")


def _spoken(text: str) -> set[int]:
    """The numbers of the voices that the text refers to."""
    if "<<<" not in text:
        return set()
    from ...builders.voice import TOKEN  # late: most requests have no voices

    return {int(number) for number in TOKEN.findall(text)}
