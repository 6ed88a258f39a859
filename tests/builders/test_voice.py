"""Voices by name: tokens, order, escaping, each mistake with its own message."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kling_facade import voice
from kling_facade.builders.voice import TOKEN, SpokenPrompt, Text, Voice
from kling_facade.errors import InvalidRequest

words = st.text(alphabet=st.sampled_from("ab <>{}_123voice'\""), max_size=30)


def template(*parts: Any) -> Any:
    """A template string as Python 3.14 makes it: texts and interpolations by turns."""
    strings = tuple(part for part in parts if isinstance(part, str))
    values = tuple(
        SimpleNamespace(value=part[0], expression="", conversion=part[1], format_spec=part[2])
        for part in parts
        if isinstance(part, tuple)
    )
    return SimpleNamespace(strings=strings, interpolations=values)


def test_voices_are_numbered_by_first_use() -> None:
    """The first to speak is voice_1, whatever the arguments' order; a repeat keeps its number."""
    spoken = voice.prompt("{b} asks, {a} answers, {b} nods", a="id-a", b="id-b")
    assert spoken.text == "<<<voice_1>>> asks, <<<voice_2>>> answers, <<<voice_1>>> nods"
    assert spoken.voices == ("id-b", "id-a")


def test_two_names_of_one_voice_are_one_voice() -> None:
    """One id is listed once."""
    assert voice.prompt("{a}{b}", a="x", b=Voice("x")) == SpokenPrompt(
        "<<<voice_1>>><<<voice_1>>>", ("x",)
    )


def test_doubled_braces_are_braces() -> None:
    """A brace that is meant is written twice, as in every format string."""
    assert voice.prompt("{{a}} {a}", a="x").text == "{a} <<<voice_1>>>"


def test_words_from_elsewhere_are_escaped() -> None:
    """Text can't smuggle a token in, and its braces are just braces."""
    spoken = voice.prompt("{a} reads {t}", a="x", t=Text("{a} <<<voice_2>>> <<<element_1>>>"))
    assert TOKEN.findall(spoken.text) == ["1"]
    assert "{a}" in spoken.text
    assert "<<<element_1>>>" not in spoken.text


def test_the_author_keeps_element_tokens_but_no_stray_voices() -> None:
    """Kling's other tokens stay in the author's own words; a voice is only ever named."""
    spoken = voice.prompt("<<<element_1>>> <<<voice_2>>> <<<image_3>>> {a}", a="x")
    assert spoken.text == "<<<element_1>>> << <voice_2>> > <<<image_3>>> <<<voice_1>>>"


@given(words)
def test_escaped_text_has_no_token(text: str) -> None:
    """After escape no three angle brackets stand together, and only spaces were added."""
    escaped = voice.escape(text)
    assert "<<<" not in escaped
    assert ">>>" not in escaped
    assert escaped.replace(" ", "") == text.replace(" ", "")
    assert voice.escape(escaped) == escaped


@given(words, words, words)
def test_no_words_make_a_token_of_their_own(before: str, between: str, after: str) -> None:
    """Whatever stands around a voice, exactly the named voices are spoken."""
    spoken = voice.prompt("{x}{a}{y}{z}", a="id", x=Text(before), y=Text(between), z=Text(after))
    assert TOKEN.findall(spoken.text) == ["1"]


@pytest.mark.parametrize(
    ("text", "voices", "message"),
    [
        ("{anna} speaks", {}, "no voice is given for 'anna'"),
        ("nobody", {"anna": "x"}, "never spoken: anna"),
        ("{anna", {"anna": "x"}, "template is broken"),
        ("{} speaks", {}, "not the name of a voice"),
        ("{0}", {}, "not the name of a voice"),
        ("{anna.x}", {"anna": "x"}, "not the name of a voice"),
        ("{anna!r}", {"anna": "x"}, "not the name of a voice"),
        ("{anna:>3}", {"anna": "x"}, "not the name of a voice"),
        ("{anna}", {"anna": " "}, "not empty"),
        ("{anna}", {"anna": 7}, "not empty"),
        (7, {}, "a text, not int"),
    ],
)
def test_each_mistake_has_its_own_message(text: Any, voices: Any, message: str) -> None:
    """What is wrong with a template is said in its own words."""
    with pytest.raises(InvalidRequest, match=message):
        voice.prompt(text, **voices)


def test_a_template_string_does_the_same() -> None:
    """Voices speak, anything else is text, formatted and escaped."""
    anna = Voice("id-a")
    spoken = voice.prompt(
        template(
            "",
            (anna, None, ""),
            " sees ",
            (3.14159, None, ".2f"),
            " <<<voice_1>>> ",
            ("é", "a", ""),
            "",
        )
    )
    assert spoken == SpokenPrompt("<<<voice_1>>> sees 3.14 << <voice_1>> > '\\xe9'", ("id-a",))


def test_a_template_string_takes_no_keywords() -> None:
    """Its values are in it already."""
    with pytest.raises(InvalidRequest, match="values in it"):
        voice.prompt(template("x"), anna="x")


def test_a_script_is_a_dialogue() -> None:
    """Speakers and words become simple sentences, in order, the scene first."""
    spoken = voice.script(
        'anna: Who is there?\n\nthe old man: Only "me".\nanna: Come in.',
        anna="id-a",
        the_old_man="id-b",
        scene="A hut {at night}.",
    )
    assert spoken == SpokenPrompt(
        'A hut {at night}. Anna <<<voice_1>>> says: "Who is there?" '
        "The old man <<<voice_2>>> says: \"Only 'me'.\" "
        'Anna <<<voice_1>>> says: "Come in."',
        ("id-a", "id-b"),
    )


def test_a_script_takes_pairs() -> None:
    """Lines may be data; colons are words then."""
    assert voice.script([("Anna", "At 10:30: now")], anna="x").text == (
        'Anna <<<voice_1>>> says: "At 10:30: now"'
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("Who is there?", "line 1 of the script"),
        ("ben: Hello", "no voice is given for 'ben'"),
        ([("anna", "  ")], "without words"),
        (["anna: Hello"], "line 1 of the script is 'anna: Hello'"),
        ([], "no line for: anna"),
    ],
)
def test_a_script_with_a_gap_is_refused(lines: Any, message: str) -> None:
    """Nobody's words, a speaker without a voice, a voice without a line."""
    with pytest.raises(InvalidRequest, match=message):
        voice.script(lines, anna="x")


def test_a_spoken_prompt_prints_as_its_text() -> None:
    """str() is what goes out."""
    assert str(voice.prompt("{a}", a="x")) == "<<<voice_1>>>"
