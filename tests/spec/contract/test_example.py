"""A page's example, held against its own schema."""

from __future__ import annotations

import json

import pytest
from specpipe.contract import example
from specpipe.verdict import pipeline


def found(text: str) -> set[tuple[str, str]]:
    """Kinds and places of the contradictions on a page."""
    page, taken, _ = pipeline.read_page(text.encode())
    return {(c.kind, c.where) for c in example.contradictions(page.document, taken.document)}


SCHEMA = (
    "{type: object, properties: {n: {type: integer, maximum: 9}, s: {type: string}}, required: [n]}"
)


def with_example(body: str, schema: str = SCHEMA) -> str:
    """A page with an example and a schema."""
    return f"""\
openapi: 3.0.1
info: {{title: '', version: '1'}}
paths:
  /a:
    post:
      requestBody:
        content:
          application/json:
            schema: {schema}
            example: {json.dumps(body)}
      responses: {{'200': {{description: ''}}}}
"""


@pytest.mark.parametrize(
    ("body", "kind", "where"),
    [
        ('{"n": 1, // one\n "s": "x"}', "comments in JSON", "example line 1"),
        ('{"n": 1, "s": "x",\n}', "trailing comma", "example line 1"),
        ('{"n": "1"}', "wrong type", "n"),
        ('{"n": 1.0}', "decimal for an integer", "n"),
        ('{"n": 10}', "bound", "n"),
        ('{"n": 1, "sx": 1}', "unknown name", "sx"),
        ('{"s": "x"}', "required, but absent", "body"),
        ('{"n": 1, "s": ""}', "empty text", "s"),
        ('{"n": 1\n// ,"s": 5\n}', "wrong type", "s"),
        ("{not json", "example not readable", "example"),
    ],
)
def test_each_kind_is_found(body: str, kind: str, where: str) -> None:
    """Every kind of contradiction is named with its field, also in commented-out lines."""
    assert (kind, where) in found(with_example(body))


@pytest.mark.parametrize("body", ['{"n": 1, "s": "x // no comment, ]"}', '{"n": 9}'])
def test_a_sound_example_contradicts_nothing(body: str) -> None:
    """A good example gives no finding."""
    assert found(with_example(body)) == set()


def test_values_that_only_the_prose_lists_count() -> None:
    """An enumeration in a description is as good as one in the schema."""
    schema = (
        "{type: object, properties: {mode: {type: string, description: 'Enum values: std, pro'}}}"
    )
    assert ("value not listed", "mode") in found(with_example('{"mode": "ultra"}', schema))


def test_a_structured_example_is_read_too() -> None:
    """An example may be YAML instead of text."""
    text = with_example("X").replace('"X"', "{n: true}")
    assert ("wrong type", "n") in found(text)


def test_a_near_miss_is_named(page: str) -> None:
    """A misspelt field is told together with the one it is like."""
    read, taken, _ = pipeline.read_page(page.encode())
    texts = [str(c) for c in example.contradictions(read.document, taken.document)]
    assert any("voiceId" in text and "it has voice_id" in text for text in texts)


def test_the_published_page_contradicts_itself_in_many_ways(published_page: bytes) -> None:
    """At least five kinds of contradiction stand on the real page."""
    kinds = {kind for kind, _ in found(published_page.decode())}
    assert kinds >= {
        "comments in JSON",
        "trailing comma",
        "wrong type",
        "decimal for an integer",
        "unknown name",
        "value not listed",
        "empty text",
        "security",
        "answer not described",
    }


@pytest.mark.parametrize(
    ("schema", "kind", "where"),
    [
        (
            "{type: string, enum: [std, pro], description: 'Enum values: std, 4k'}",
            "prose and schema disagree",
            "body",
        ),
        (
            "{type: array, items: {type: string, maxLength: 5, description: up to 9 characters}}",
            "prose and schema disagree",
            "[]",
        ),
        (
            "{type: object, properties: {n: {type: string, default: c, enum: [a, b]}}}",
            "default not listed",
            "n",
        ),
        (
            "{type: object, properties: {n: {type: string, default: c,"
            " description: 'Enum values: std, pro'}}}",
            "default not listed",
            "n",
        ),
    ],
)
def test_a_schema_and_its_own_words_are_compared(schema: str, kind: str, where: str) -> None:
    """What the text says, what the schema says, and the default, must agree."""
    assert (kind, where) in found(with_example('{"n": "a"}', schema))


def test_words_that_agree_are_no_contradiction() -> None:
    """The order of a list and a default that is listed are fine."""
    schema = "{type: string, enum: [pro, std], default: std, description: 'Enum values: std, pro'}"
    kinds = {kind for kind, _ in found(with_example('"std"', schema))}
    assert not kinds & {"prose and schema disagree", "default not listed"}


@pytest.mark.parametrize(
    ("used", "known", "meant"),
    [
        ("model", ["mode", "model_name"], "model_name"),
        ("voiceId", ["voice_id", "void"], "voice_id"),
        ("imge", ["image", "mode"], "image"),
        ("model", ["zoom"], None),
    ],
)
def test_an_unknown_name_is_guessed_by_words_first(
    used: str, known: list[str], meant: str | None
) -> None:
    """A shared word says more than shared letters; a name that the example has is not meant."""
    properties = ", ".join(f"{name}: {{type: string}}" for name in known)
    text = with_example(
        json.dumps({used: "kling-v1"}), f"{{type: object, properties: {{{properties}}}}}"
    )
    page, taken, _ = pipeline.read_page(text.encode())
    whole = " ".join(map(str, example.contradictions(page.document, taken.document)))
    assert "no such field" in whole
    assert (f"it has {meant}" if meant else "it has") in whole or meant is None
    assert meant is not None or "it has" not in whole


def test_references_inside_alternatives_are_followed() -> None:
    """A body of alternatives that refer to components is checked like any other."""
    a = "{$ref: '#/components/schemas/A'}"
    schema = f"{{oneOf: [{a}, {{type: array, items: {a}}}]}}"
    text = with_example('{"n": "x"}', schema) + (
        "components: {schemas: {A: {type: object, properties: {n: {type: integer}}}}}\n"
    )
    assert ("bound", "body") in found(text)
    assert found(text.replace('\\"x\\"', "5")) == set()
