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
        ("{type: [string, 'null']}", "nullable: true"),
        ("{type: array}", "without 'items'"),
        ("{type: string, enum: []}", "no value"),
        ("{type: string, enum: [a, a]}", "'a' twice"),
        ("{type: string, enum: ['x\"; import os']}", "short plain text"),
        ("{type: string, enum: ['`id`']}", "short plain text"),
        ("{type: string, enum: [5, 10]}", "lists 5, but its type is string"),
        ("{type: integer, enum: [5, x]}", "lists 'x', but its type is integer"),
        ("{type: string, enum: [a, null]}", "lists None"),
        ("{type: integer, enum: [010]}", "010 is a text to some readers"),
        ("{type: number, maximum: 007}", "007 is a text to some readers"),
        ("{type: number, default: fast}", "default 'fast', but its type is number"),
        ("{type: string, default: 5}", "default 5, but its type is string"),
        ("{type: boolean, default: 1}", "default 1, but its type is boolean"),
        ("{type: array, items: {}, default: a}", "default 'a', but its type is array"),
        ("{type: string, const: a}", "OpenAPI 3.1 knows it"),
        ("{type: number, exclusiveMinimum: 0}", "OpenAPI 3.1 knows it"),
        ("{type: 'null'}", "nullable: true"),
        ("{type: string, required: true}", "must be a list, not true or false"),
        ("{$ref: '#/components/schemas/请求'}", "letters, digits"),
        ('{type: string, format: "a\'b"}', "short plain text"),
        ("{type: string, pattern: '('}", "no regular expression"),
        ("{type: string, maxLength: -1}", "whole number"),
        ("{type: string, maxLength: many}", "whole number"),
        ("{type: number, maximum: x}", "must be a number"),
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
    assert words in str(caught.value)
    assert caught.value.line == 9


@pytest.mark.parametrize(
    ("schema", "kept"),
    [
        ("{type: array, items: {}, default: []}", {"default": []}),
        ("{type: object, default: {a: 1}}", {"default": {"a": 1}}),
        ("{type: integer, default: 5.0}", {"default": 5.0}),
        ("{type: string, nullable: true, enum: [a, null]}", {"enum": ["a", None]}),
        ("{type: string, default: null}", {}),
        ("{type: string, default: '{{YOUR_API_KEY}}'}", {}),
        ("{type: string, default: 'Bearer {{KEY}}'}", {}),
    ],
)
def test_defaults_and_lists_of_the_right_type_are_facts(schema: str, kept: dict[str, Any]) -> None:
    """A default may be a list; null and the variables of the publisher's tool are no values."""
    found = body(collect(with_schema(schema)))
    assert {key: found[key] for key in ("default", "enum") if key in found} == kept


def test_a_default_that_is_prose_is_kept_as_a_digest() -> None:
    """The publisher's sentences are not ours, in a default neither; a change still shows."""
    found = body(collect(with_schema('{type: string, default: "It\'s a fox"}')))
    assert found == {"type": "string", "x-text": {"default": facts.digest("It's a fox")}}


@pytest.mark.parametrize(
    "edit",
    [
        ("responses: {}", "responses: {x-200: {y: 1}}"),
        ("paths:\n", "paths:\n  x-folders: [a]\n"),
        ("application/json:", "application/json; charset=utf-8:"),
        ("responses: {}", "security: [{x-apidog: {a: 1}, bearer: []}]\n      responses: {}"),
        ("responses: {}", "callbacks: {done: {'{$url}': {post: {}}}}\n      responses: {}"),
        ("schema: {}", "schema: {discriminator: {propertyName: kind}}"),
        ("responses: {}", "responses: {'200': {description: '', headers: {A: {style: simple}}}}"),
        ("/a:", "'/feed/{one},{two}.mp4':"),
        ("responses: {}", "servers: [{url: 'https://x.example'}]\n      responses: {}"),
        ("{}", "{type: object, properties: {_id: {type: string}}}"),
    ],
)
def test_what_openapi_allows_is_read(edit: tuple[str, str]) -> None:
    """Extensions wherever the specification has them, and parts that nothing here follows."""
    assert collect(with_schema("{}").replace(*edit, 1))["paths"]


def test_a_media_type_is_one_with_and_without_parameters() -> None:
    """``application/json; charset=utf-8`` is JSON, so that both at once are one key twice."""
    text = with_schema("{type: string}")
    other = text.replace("application/json:", "Application/JSON; charset=utf-8:")
    assert collect(other) == collect(text)
    twin = "          application/json;v=1: {}\n          application"
    both = text.replace("          application", twin)
    with pytest.raises(PageError, match="twice"):
        collect(both)


def test_a_header_that_openapi_ignores_states_nothing() -> None:
    """Whatever a page writes about Authorization or Content-Type, only its type is kept."""
    text = with_schema("{}").replace(
        "      requestBody:",
        "      parameters:\n"
        "        - {name: Authorization, in: header, schema: {type: string, default: '{{K}}'}}\n"
        "      requestBody:",
    )
    found = collect(text)["paths"]["/a"]["post"]["parameters"]
    assert found == [{"name": "Authorization", "in": "header", "schema": {"type": "string"}}]


def test_references_in_a_circle_are_refused() -> None:
    """A is B, B is A: neither says what it is."""
    text = with_schema("{$ref: '#/components/schemas/A'}") + (
        "components: {schemas: {A: {$ref: '#/components/schemas/B'},"
        " B: {$ref: '#/components/schemas/A'}}}\n"
    )
    with pytest.raises(PageError, match="leads back to itself"):
        collect(text)


def test_a_task_id_is_no_model() -> None:
    """An id that begins like a model's name is none."""
    text = with_schema("{type: string, description: 'id: kling-v1825380683199176793, kling-v1-5'}")
    assert collect(text)[facts.STATED] == {"models": ["kling-v1-5"]}


def test_what_is_left_out_is_told() -> None:
    """Placeholders, servers without an address and Apidog's own type are reported by line."""
    text = with_schema("{type: string, default: '{{A}}'}") + (
        "servers: [{url: ''}, {url: 'https://x.example'}]\n"
        "components: {securitySchemes: {k: {type: bearer}}}\n"
    )
    taken = facts.collect(load(text))
    rules = {note.rule for note in taken.notes}
    assert rules == {"placeholder", "relative-server", "bearer-as-type"}
    assert taken.document["servers"] == [{"url": "https://x.example"}]
    assert taken.document["components"]["securitySchemes"]["k"] == {
        "type": "http",
        "scheme": "bearer",
    }


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
