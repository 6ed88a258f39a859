r"""Voices in a prompt, by name instead of by number.

    voice.prompt("The keeper says: {anna} 'Who is there?'", anna="<voice id>")
    voice.script("anna: Who is there?\nben: Only me.", anna="<id>", ben="<id>", scene="A hut.")

Kling wants ``<<<voice_1>>>`` in the prompt, the ids in ``voice_list`` in the same order, and
``sound`` switched on (VD1 2026, PAGE). Both functions give a `SpokenPrompt` that carries all three;
hand it to ``ImageToVideo(..., prompt=...)``.

Ids come from Kling's custom and preset voices. Those of its text-to-speech are another set (VD4
2026-09).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import Formatter
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from ..errors import InvalidRequest
from .near_names import helpful_getattr

__all__ = ["TOKEN", "SpokenPrompt", "Text", "Voice", "escape", "prompt", "script"]

if not TYPE_CHECKING:  # for type checkers a wrong name stays an error
    __getattr__ = helpful_getattr(
        "kling_facade.voice",
        __all__,
        {"say": "prompt", "speak": "prompt", "dialogue": "script", "dialog": "script"},
    )

TOKEN: Final = re.compile(r"<<<voice_(\d+)>>>")
"""A reference to a voice in a prompt's final text."""

_RUN = re.compile(r"<{3,}|>{3,}")
_REFERENCE = re.compile(r"(<<<(?:element|image)_\d+>>>)")
_SPEAKER = re.compile(r"\s*(?P<name>[^:]+?)\s*:\s*(?P<words>.+?)\s*")


def _check_id(_: object, __: object, value: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(
            f"a voice id is a text that is not empty, not {value!r}",
            hint="Copy it from Kling's list of custom or preset voices.",
        )


@frozen
class Voice:
    """A voice by its id, for template strings: ``t"{anna} 'Hello'"`` with ``anna = Voice("...")``.

    Attributes:
        id: The id that Kling gave the voice.
    """

    id: str = field(validator=_check_id)


@frozen
class Text:
    """Plain words to put into `prompt`'s template: escaped, never read as a voice or a token."""

    words: str


@frozen
class SpokenPrompt:
    """A prompt with voices in it.

    Attributes:
        text: What goes out as ``prompt``, tokens included. Its length is what Kling counts.
        voices: The ids for ``voice_list``: the first is ``<<<voice_1>>>``.
    """

    text: str
    voices: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


def escape(text: str) -> str:
    """Text in which nothing can be taken for one of Kling's ``<<<...>>>`` tokens.

    Spaces go into each run of three or more angle brackets; nothing else changes.

    Example:
        >>> escape("a <<<voice_1>>> b")
        'a << <voice_1>> > b'
    """
    return _RUN.sub(lambda run: " ".join(re.findall("..?", run[0])), text)


def prompt(template: Any, /, **voices: str | Voice | Text) -> SpokenPrompt:
    """A prompt from a template with named voices.

    Args:
        template: Text with ``{name}`` where a voice speaks; ``{{`` and ``}}`` are braces. Or, from
            Python 3.14, a template string whose interpolated `Voice` values speak and whose other
            values are put in as escaped text.
        **voices: For each name a voice id, or `Text` for words from elsewhere.

    Raises:
        InvalidRequest: A name is spoken and not given, or given and never spoken; the template is
            broken; an id is empty. More than two voices are not refused here: how many a model
            takes is for `ImageToVideo.problems` to say.
    """
    if hasattr(template, "strings") and hasattr(template, "interpolations"):
        return _from_template_string(template, voices)
    used: set[str] = set()

    def value(name: str) -> Voice | Text:
        used.add(name)
        return _given(name, voices)

    parts = [part if isinstance(part, str) else value(part[0]) for part in _parts(template)]
    spoken = _number(parts, keep_references=True)
    if unspoken := [name for name in voices if name not in used]:
        raise InvalidRequest(
            f"given but never spoken: {', '.join(unspoken)}",
            hint=f"Put {{{unspoken[0]}}} where the voice speaks, or leave it out.",
        )
    return spoken


def script(
    lines: str | Iterable[tuple[str, str]], /, *, scene: str = "", **voices: str | Voice
) -> SpokenPrompt:
    """A dialogue: who says what, in order.

    Args:
        lines: Pairs of speaker and words, or one text with a ``speaker: words`` line each. A
            speaker may be written as in the picture (``"the old man"``) when ``voices`` has it with
            underscores.
        scene: What is to be seen, in front of the dialogue. No template: it may have any
            characters.
        **voices: The voice id of each speaker.

    Returns:
        One sentence a line: ``Anna <<<voice_1>>> says: "Who is there?"``. Kling asks for simple
        grammar around a token (VD1 2026).

    Raises:
        InvalidRequest: A line has no speaker or no words; a speaker has no voice; a voice has no
            line.
    """
    spoken = list(_lines(lines) if isinstance(lines, str) else _pairs(lines))
    keys = [re.sub(r"\W+", "_", who.strip().lower()) for who, _ in spoken]
    lowered = {name.lower(): given for name, given in voices.items()}
    parts: list[str | Voice | Text] = [Text(scene.strip() + " ")] if scene.strip() else []
    for (who, words), key in zip(spoken, keys, strict=True):
        if not words.strip():
            raise InvalidRequest(f"{who} has a line without words", hint="Leave the line out.")
        name = who.strip()[:1].upper() + who.strip()[1:]
        sentence = words.strip().replace('"', "'")
        parts += [Text(f"{name} "), _given(key, lowered), Text(f' says: "{sentence}" ')]
    if silent := [name for name in voices if name.lower() not in keys]:
        raise InvalidRequest(
            f"no line for: {', '.join(silent)}",
            hint="Give the speaker a line, or leave the voice out.",
        )
    numbered = _number(parts)
    return SpokenPrompt(numbered.text.rstrip(), numbered.voices)


def _pairs(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Speaker and words of each line, checked."""
    for number, line in enumerate(lines, 1):
        if not (isinstance(line, tuple | list) and len(line) == 2):
            raise InvalidRequest(
                f"line {number} of the script is {line!r}", hint="Write ('speaker', 'words')."
            )
        yield line[0], line[1]


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Speaker and words of each line that is not blank."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _SPEAKER.fullmatch(line)
        if match is None:
            raise InvalidRequest(
                f"line {number} of the script says nobody's words: {line.strip()!r}",
                hint="Write 'speaker: words'. What is to be seen goes into scene=...",
            )
        yield match["name"], match["words"]


def _parts(template: str) -> Iterator[str | tuple[str]]:
    """A format string's texts, and its names as one-tuples."""
    if not isinstance(template, str):
        raise InvalidRequest(
            f"a prompt's template is a text, not {type(template).__name__}",
            hint="For a prompt without voices give ImageToVideo(prompt=...) the plain text.",
        )
    try:
        pieces = list(Formatter().parse(template))
    except ValueError as error:
        raise InvalidRequest(
            f"the prompt's template is broken: {error}",
            hint="A brace that is meant is written twice.",
        ) from None
    for text, name, spec, conversion in pieces:
        yield text
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise InvalidRequest(
                f"{{{name}}} is not the name of a voice",
                hint="Inside braces stands a plain name; a brace that is meant is written twice.",
            )
        yield (name,)


def _given(name: str, values: Mapping[str, str | Voice | Text]) -> Voice | Text:
    """The voice or text of a name."""
    if name not in values:
        known = f" Given are: {', '.join(values)}." if values else ""
        raise InvalidRequest(
            f"no voice is given for {name!r}", hint=f"Add {name}='<voice id>'.{known}"
        )
    value = values[name]
    return value if isinstance(value, Voice | Text) else Voice(value)


def _from_template_string(template: Any, voices: Mapping[str, object]) -> SpokenPrompt:
    """Read a template string (PEP 750) by its shape, so that older Pythons read this module."""
    if voices:
        raise InvalidRequest(
            "a template string has its values in it", hint="Drop the keyword arguments."
        )
    parts: list[str | Voice | Text] = []
    for text, value in _interleave(template.strings, template.interpolations):
        parts.append(text)
        if value is not None:
            parts.append(_interpolated(value))
    return _number(parts, keep_references=True)


def _interleave(texts: Iterable[str], values: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """The texts of a template string, each with the interpolation that follows it."""
    following = iter(values)
    return ((text, next(following, None)) for text in texts)


_CONVERSIONS: Final[Mapping[str | None, Callable[[Any], Any]]] = {
    None: lambda value: value,
    "s": str,
    "r": repr,
    "a": ascii,
}


def _interpolated(part: Any) -> Voice | Text:
    """An interpolation's voice, or its text formatted as an f-string would."""
    if isinstance(part.value, Voice | Text):
        return part.value
    return Text(format(_CONVERSIONS[part.conversion](part.value), part.format_spec))


def _number(parts: Iterable[str | Voice | Text], *, keep_references: bool = False) -> SpokenPrompt:
    """Write the tokens in order of first use, and escape what stands between them.

    Plain strings are the author's: with ``keep_references`` Kling's element and image tokens stay
    in them.
    """
    ids: list[str] = []
    out = [""]  # texts at even places, tokens at odd ones: neighbouring texts are escaped as one
    for part in parts:
        if isinstance(part, Voice):
            if part.id not in ids:
                ids.append(part.id)
            out += [f"<<<voice_{ids.index(part.id) + 1}>>>", ""]
        elif isinstance(part, Text) or not keep_references:
            out[-1] += part.words if isinstance(part, Text) else part
        else:
            first, *others = _REFERENCE.split(part)
            out[-1] += first
            out += others
    text = "".join(piece if place % 2 else escape(piece) for place, piece in enumerate(out))
    return SpokenPrompt(text, tuple(ids))
