"""What is kept of a page, what is dropped, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from specpipe.errors import PageError
from specpipe.page import facts
from specpipe.page import markdown as pages
from specpipe.page.nodes import load
from specpipe.verdict import pipeline


def collect(text: str) -> dict[str, Any]:
    """The facts of a document."""
    return facts.collect(load(text)).document


def with_schema(schema: str) -> str:
    """A document whose body has this schema."""
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
      responses: {{}}
"""


def body(document: dict[str, Any]) -> Any:
    """The schema of the document's body."""
    return document["paths"]["/a"]["post"]["requestBody"]["content"]["application/json"]["schema"]


def test_no_text_of_the_publisher_is_kept(page: str) -> None:
    """Each text becomes a digest; not one of its words stands in the facts."""
    _, taken, data = pipeline.read_page(page.encode())
    words = {
        w
        for text in taken.texts
        for w in re.findall(r"[A-Za-z]{9,}|[\u4e00-\u9fff]{2,}", text.text)
    }
    names = set(re.findall(r"\w+", " ".join(taken.lines)))
    assert len(taken.texts) > 15
    assert not [word for word in words - names - {"Authorization"} if word.encode() in data]


def test_a_digest_stands_for_a_text() -> None:
    """The same words in other lines are the same text; another word is another."""
    assert facts.digest("a  b\n c") == facts.digest("a b c")
    assert facts.digest("a b c") != facts.digest("a b d")


def test_vendor_extensions_tags_and_ids_are_dropped() -> None:
    """Names that only the publisher's tools use are no facts."""
    text = with_schema("{type: object, x-orders: [a], properties: {a: {type: string, x-y: 1}}}")
    text = text.replace(
        "    post:\n", "    post:\n      tags: [t]\n      operationId: i\n      x-z: 1\n"
    )
    document = collect(text)
    assert body(document) == {"type": "object", "properties": {"a": {"type": "string"}}}
    assert document["paths"]["/a"]["post"].keys() == {"requestBody", "responses"}


def test_the_order_of_properties_is_kept() -> None:
    """Properties stay in the page's order."""
    names = ["z", "a", "m", "b"]
    schema = f"{{type: object, properties: {{{', '.join(n + ': {type: string}' for n in names)}}}}}"
    assert list(body(collect(with_schema(schema)))["properties"]) == names


def test_models_are_found_wherever_the_page_names_them() -> None:
    """A model that only a sentence names is a fact too; Kling-v2.x is a family, no model."""
    text = with_schema("{type: string, description: 'Kling-v2.x is old; try kling-v7-turbo.'}")
    found = facts.collect(load(text), "New: Kling-V8").document
    assert found[facts.STATED]["models"] == ["kling-v7-turbo", "kling-v8"]


@pytest.mark.parametrize(
    "name",
    [
        "__class__",
        "a b",
        "x: int = 1",
        "a\\n",
        "1a",
        "to_dict",
        "d",
        "self",
        "",
        "a" * 65,
        "é",
        "a;b",
        "../x",
    ],
)
def test_names_that_would_be_code_are_refused(name: str) -> None:
    """A property's name becomes an attribute: it must be an ordinary name."""
    text = with_schema(f'{{type: object, properties: {{"{name}": {{type: string}}}}}}')
    with pytest.raises(PageError, match="name") as caught:
        collect(text)
    assert caught.value.line == 9


@pytest.mark.parametrize(
    "path",
    [
        "/../etc",
        "/a/../b",
        "a",
        "/a//b",
        "/a b",
        "/a/{x",
        "/{__x}",
        "/a?b",
        "/./a",
        "/%2e%2e/a",
        "/" + "a" * 201,
    ],
)
def test_paths_that_leave_their_place_are_refused(path: str) -> None:
    """An operation's path is words and names in braces, nothing else."""
    with pytest.raises(PageError, match="path"):
        collect(with_schema("{}").replace("/a:", f'"{path}":'))


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("{type: nubmer}", "can't be 'nubmer'"),
        ("{tpye: number}", "'tpye' is no keyword"),
        ("{type: [string, 'null']}", "can't be"),
        ("{type: array}", "without 'items'"),
        ("{type: string, enum: []}", "no value"),
        ("{type: string, enum: [a, a]}", "'a' twice"),
        ("{type: string, enum: ['x\"; import os']}", "short plain text"),
        ("{type: string, default: '`id`'}", "short plain text"),
        ('{type: string, format: "a\'b"}', "short plain text"),
        ("{type: string, pattern: '('}", "no regular expression"),
        ("{type: string, maxLength: -1}", "whole number"),
        ("{type: string, maxLength: many}", "whole number"),
        ("{type: number, maximum: x}", "must be a number"),
        ("{type: string, required: true}", "must be a list"),
        ("{type: object, properties: {a: {type: string}}, required: [b]}", "no such property"),
        ("{type: object, properties: {a: {type: string}}, required: [a, a]}", "'a' twice"),
        ("{type: object, properties: [a]}", "must be a mapping"),
        ("{$ref: 'http://evil.example/x.yaml'}", "leaves the document"),
        ("{$ref: '../x.yaml'}", "leaves the document"),
        ("{$ref: '#/components/schemas/Nope'}", "leads nowhere"),
        ("text", "must be a mapping"),
    ],
)
def test_schemas_that_are_wrong_are_refused(schema: str, words: str) -> None:
    """Nothing is guessed: the refusal names the field and the reason."""
    with pytest.raises(PageError) as caught:
        collect(with_schema(schema))
    assert words in caught.value.what
    assert caught.value.line == 9


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://a:b@c.d",
        "https://{host}",
        "//x",
        "https://",
        "https://x/../y",
    ],
)
def test_servers_are_plain_addresses(url: str) -> None:
    """A server is an http(s) address without credentials or variables."""
    with pytest.raises(PageError, match="server"):
        collect(with_schema("{}") + f'servers: [{{url: "{url}"}}]\n')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("swagger: '2.0'", "Swagger 2"),
        ("openapi: 3.1.0", "only 3.0.x"),
        ("openapi: 3.0.1", "has no 'info'"),
        ("openapi: 3.0.1\ninfo: {}\npaths: {}", "no paths"),
        ("[1]", "must be a mapping"),
    ],
)
def test_other_documents_are_refused(text: str, words: str) -> None:
    """Only OpenAPI 3.0 with something in it is imported."""
    with pytest.raises(PageError, match=words):
        collect(text)


def test_a_reference_to_itself_is_no_trouble() -> None:
    """A schema may refer to itself."""
    text = with_schema("{$ref: '#/components/schemas/L'}") + (
        "components: "
        "{schemas: {L: {type: object, properties: {next: {$ref: '#/components/schemas/L'}}}}}\n"
    )
    assert body(collect(text)) == {"$ref": "#/components/schemas/L"}


def test_places_are_told_in_words() -> None:
    """A refusal says 'POST /a body.mode', not a pointer."""
    pointer = "/paths/~1a/post/requestBody/content/application~1json/schema/properties/mode/enum/0"
    assert facts.place(pointer) == "POST /a body.mode.enum.0"


def test_a_page_that_is_no_valid_openapi_is_refused_with_its_line(page: str) -> None:
    """What our reader lets through, an independent validator still judges."""
    broken = page.replace("/videos/image2video:", "/videos/{kind}:")
    with pytest.raises(PageError, match="Path parameter 'kind'"):
        pipeline.read_page(broken.encode())


@given(st.data())
def test_a_mangled_page_is_imported_or_refused(page: str, data: st.DataObject) -> None:
    """Lines dropped, doubled, moved or changed: facts come out, or a refusal with a line."""
    lines = page.split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(5, len(lines) - 2))
        change = data.draw(st.sampled_from(["drop", "double", "indent", "dedent", "swap", "junk"]))
        if change == "drop":
            del lines[at]
        elif change == "double":
            lines.insert(at, lines[at])
        elif change == "indent":
            lines[at] = "  " + lines[at]
        elif change == "dedent":
            lines[at] = lines[at][2:]
        elif change == "swap":
            lines[at], lines[at - 1] = lines[at - 1], lines[at]
        else:
            lines[at] = data.draw(st.text(alphabet=" abc:-'\"{}[]#&*!|>%@`", max_size=20))
    line = 1
    try:
        pipeline.read_page("\n".join(lines).encode())
    except PageError as error:
        line = error.line
    assert 1 <= line <= len(lines) + 1


def test_a_page_reads_the_same_in_every_form(page: str) -> None:
    """CR LF, a byte-order mark and an open fence change nothing in the facts."""
    plain = pages.read(page.encode()).document.plain()
    for variant in (page.replace("\n", "\r\n"), "\ufeff" + page, page.rstrip().removesuffix("```")):
        assert pages.read(variant.encode()).document.plain() == plain
