"""Prompts, voices, and whatever else is text: it must be possible to send it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...builders.values import RequestValues
    from ..judge import Judge

__all__ = ["check_text", "check_words"]


def check_text(request: RequestValues, judge: Judge) -> None:
    r"""Text that can't be written as UTF-8, wherever it stands.

    Python's texts can hold half of a surrogate pair: out of a broken emoji, a file name that is no
    UTF-8, or JSON with ``\ud83d`` alone. It would fail while the body is written, when it is too
    late to say that nothing was sent.
    """
    for field, place, text in _texts(request):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            judge.object_(
                "text-unicode",
                field,
                f"{place} can't be sent: character {error.start + 1} is "
                f"{text[error.start]!a}, half of a surrogate pair. "
                "text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace') mends it.",
            )


def _texts(request: RequestValues) -> Iterator[tuple[str, str, str]]:
    """Each text that goes out: its argument, what to call it, and the text."""
    plain = {
        "prompt": request.prompt_text,
        "negative_prompt": request.negative_prompt,
        "model": request.model,
        "mode": request.mode,
        "callback_url": request.callback_url,
        "external_task_id": request.external_task_id,
    }
    for field, value in plain.items():
        if isinstance(value, str):
            yield field, "the text", value
    for number, voice in enumerate(request.voice_ids, 1):
        yield "voices", f"the id of voice {number}", voice
    yield from (("extra", place, text) for place, text in _inner_texts(request.extra, "extra"))


def _inner_texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Each text inside a value, names of mappings too."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if isinstance(name, str):
                yield f"the name {name!a} in {place}", name
            yield from _inner_texts(inner, f"{place}[{name!a}]")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _inner_texts(inner, f"{place}[{number}]")


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
