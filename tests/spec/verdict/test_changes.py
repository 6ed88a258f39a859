"""What changed, and for whom it breaks."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import spec_changes
from hypothesis import given
from hypothesis import strategies as st
from specpipe import files
from specpipe.verdict import changes, facade, judge, report

from ..conftest import ROOT

UPSTREAM = files.read_yaml(ROOT / files.UPSTREAM)
# The page may list kling-v3 by now; a test below adds it.
UPSTREAM["x-stated"]["models"] = [
    name for name in UPSTREAM["x-stated"]["models"] if name != "kling-v3"
]
CONTRACT = files.read_yaml(ROOT / files.RESOLVED)
TABLE = facade.load(ROOT)
CREATE = "POST /kling/v1/videos/image2video"


def create(document: Any) -> Any:
    """The create operation of a document."""
    return document["paths"]["/kling/v1/videos/image2video"]["post"]


def body(document: Any) -> Any:
    """The schema of a create's body."""
    return create(document)["requestBody"]["content"]["application/json"]["schema"]


def changed(edit: Any) -> list[changes.Change]:
    """What an edit of the published facts comes to."""
    new = copy.deepcopy(UPSTREAM)
    edit(new)
    return judge.judge(changes.compare(UPSTREAM, new), TABLE, CONTRACT)


def put(name: str, **schema: Any) -> Any:
    """An edit that adds a field."""
    return lambda document: body(document)["properties"].update({name: schema})


def field(name: str, **facts: Any) -> Any:
    """An edit of a field's schema."""
    return lambda document: body(document)["properties"][name].update(facts)


def stated(name: str, **facts: Any) -> Any:
    """An edit of what a field's text states."""
    return lambda d: body(d)["properties"][name].setdefault("x-stated", {}).update(facts)


def drop(name: str) -> Any:
    """An edit that removes a field."""
    return lambda document: body(document)["properties"].pop(name)


def require(name: str) -> Any:
    """An edit that makes a field required."""
    return lambda document: body(document)["required"].append(name)


def rename(old: str, new: str) -> Any:
    """An edit that renames a field in its place."""

    def edit(document: Any) -> None:
        properties = body(document)["properties"]
        items = [(new if key == old else key, value) for key, value in properties.items()]
        properties.clear()
        properties.update(items)

    return edit


def inner(*path: str, **facts: Any) -> Any:
    """An edit of a schema deeper down."""

    def edit(document: Any) -> None:
        schema = body(document)
        for name in path:
            schema = schema["items"] if name == "[]" else schema["properties"][name]
        schema.update(facts)

    return edit


def many(*edits: Any) -> Any:
    """Several edits at once."""
    return lambda document: [edit(document) for edit in edits]


@pytest.mark.parametrize(
    ("edit", "kind", "level", "verdict"),
    [
        (put("aspect_ratio", type="string"), "property added", "minor", "missing"),
        (many(put("seed", type="integer"), require("seed")), "property added", "major", "missing"),
        (drop("sound"), "property removed", "major", "broken"),
        (rename("image_tail", "tail_image"), "property renamed", "major", "broken"),
        (rename("negative_prompt", "negativePrompt"), "property renamed", "major", "broken"),
        (field("cfg_scale", type="string"), "property retyped", "major", "broken"),
        (field("duration", type="integer"), "property retyped", "major", "broken"),
        (
            inner("camera_control", "config", "zoom", type="number"),
            "property retyped",
            "minor",
            "covered",
        ),
        (field("prompt", nullable=True), "property retyped", "minor", "covered"),
        (field("callback_url", format="uri"), "property retyped", "minor", "covered"),
        (field("image", pattern="^http"), "property retyped", "major", "broken"),
        (require("prompt"), "required now", "major", "broken"),
        (lambda d: body(d)["required"].remove("mode"), "no longer required", "minor", "covered"),
        (inner("dynamic_masks", "[]", required=["mask"]), "required now", "major", "covered"),
        (stated("prompt", maxLength=500), "bound tightened", "major", "broken"),
        (stated("prompt", maxLength=5000), "bound loosened", "minor", "missing"),
        (stated("negative_prompt", maxLength=2500), "bound tightened", "major", "covered"),
        (stated("voice_list", maxItems=1), "bound tightened", "major", "broken"),
        (field("cfg_scale", minimum=0), "bound tightened", "major", "covered"),
        (field("cfg_scale", minimum=0.5), "bound tightened", "major", "broken"),
        (stated("mode", enum=["std", "pro", "ultra"]), "enum value gained", "minor", "missing"),
        (stated("mode", enum=["std", "pro", "4k"]), "enum value gained", "minor", "covered"),
        (stated("mode", enum=["std"]), "enum value lost", "major", "broken"),
        (inner("camera_control", "type", enum=["simple"]), "enum value lost", "major", "broken"),
        (
            inner(
                "camera_control",
                "type",
                enum=[
                    "simple",
                    "down_back",
                    "forward_up",
                    "right_turn_forward",
                    "left_turn_forward",
                ],
            ),
            "enum value lost",
            "major",
            "covered",
        ),
        (stated("voice_list", since="3.0"), "version limit changed", "major", "broken"),
        (stated("prompt", mentions={"timbres": 1}), "bound tightened", "major", "broken"),
        (field("mode", default="std"), "default changed", "minor", "unclear"),
        (field("mode", deprecated=True), "property deprecated", "minor", "covered"),
        (
            lambda d: d["servers"][0].update(url="https://new.example"),
            "server changed",
            "major",
            "broken",
        ),
        (
            lambda d: d["servers"].append({"url": "https://b.example"}),
            "server changed",
            "minor",
            "covered",
        ),
        (lambda d: d.update(security=[{"key": []}]), "security changed", "major", "broken"),
        (
            lambda d: create(d).update(security=[{"bearer": []}]),
            "security changed",
            "major",
            "covered",
        ),
        (
            lambda d: d["components"]["securitySchemes"].update(
                bearer={"type": "apiKey", "in": "header", "name": "k"}
            ),
            "security changed",
            "major",
            "broken",
        ),
        (lambda d: create(d).update(deprecated=True), "operation deprecated", "minor", "covered"),
        (
            lambda d: d["paths"].pop("/kling/v1/videos/image2video"),
            "operation removed",
            "major",
            "broken",
        ),
        (
            lambda d: d["paths"].update({"/kling/v1/videos/lip-sync": {"post": {"responses": {}}}}),
            "operation added",
            "minor",
            "missing",
        ),
        (
            field("image", **{"x-text": {"description": "sha256:0"}}),
            "text changed",
            "patch",
            "covered",
        ),
        (lambda d: d.update({"x-text": {"page": "sha256:0"}}), "text changed", "patch", "covered"),
        (lambda d: d["x-stated"]["models"].append("kling-v99"), "model named", "minor", "missing"),
        (lambda d: d["x-stated"]["models"].append("kling-v3"), "model named", "minor", "covered"),
        (
            lambda d: create(d)["parameters"].append(
                {"name": "trace", "in": "query", "schema": {"type": "string"}}
            ),
            "property added",
            "minor",
            "missing",
        ),
        (
            lambda d: create(d)["parameters"].append(
                {"name": "X-Team", "in": "header", "required": True}
            ),
            "property added",
            "major",
            "missing",
        ),
        (lambda d: create(d)["parameters"].pop(), "ignored by OpenAPI", "patch", "covered"),
        (lambda d: create(d)["responses"].pop("200"), "answer removed", "major", "broken"),
        (
            lambda d: create(d)["responses"].update({"429": {"description": ""}}),
            "answer added",
            "minor",
            "covered",
        ),
        (
            lambda d: create(d)["requestBody"]["content"].update({"multipart/form-data": {}}),
            "media type changed",
            "minor",
            "covered",
        ),
    ],
)
def test_every_kind_is_classified(edit: Any, kind: str, level: str, verdict: str) -> None:
    """Each kind of change has its level, and its meaning for the facade."""
    found = changed(edit)
    assert (kind, level, verdict) in {(c.kind, c.level, c.facade) for c in found}
    assert changes.level_of(found) == level


def test_what_breaks_says_what_to_do() -> None:
    """A change that needs somebody names the file to change."""
    for edit in (
        drop("sound"),
        rename("image_tail", "tail"),
        put("new", type="string"),
        require("prompt"),
    ):
        for change in changed(edit):
            assert change.facade == "covered" or ".py" in change.todo or ".toml" in change.todo


def test_a_new_field_can_be_sent_at_once() -> None:
    """A missing field's advice says how to send it today."""
    (change,) = changed(put("aspect_ratio", type="string"))
    assert 'extra={"aspect_ratio": ...}' in change.todo


def test_a_rename_is_called_a_guess() -> None:
    """A rename is never stated as known."""
    (change,) = changed(rename("image_tail", "tail_image"))
    assert "renamed to tail_image (a guess:" in change.what


def test_fields_of_another_shape_are_no_rename() -> None:
    """A text that goes and a list that comes are two changes."""
    found = changed(
        many(drop("image_tail"), put("image_tails", type="array", items={"type": "string"}))
    )
    assert {c.kind for c in found} == {"property removed", "property added"}


def test_a_fact_that_moves_from_prose_into_the_schema_is_no_change() -> None:
    """What the text said and the schema says now is the same fact, written otherwise."""
    (change,) = changed(field("mode", enum=["std", "pro"]))
    assert (change.kind, change.level, change.facade) == ("spelled otherwise", "patch", "covered")


def test_answers_break_readers_and_requests_break_senders() -> None:
    """The same edit has opposite meanings for the two sides."""
    old = {
        "openapi": "3.0.1",
        "paths": {
            "/a": {
                "post": {
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {"a": {"type": "integer", "enum": [1, 2]}},
                                    "required": ["a"],
                                }
                            }
                        }
                    },
                    "responses": {
                        "200": {
                            "content": {
                                "application/json": {
                                    "schema": {
                                        "type": "object",
                                        "properties": {"a": {"type": "integer", "enum": [1, 2]}},
                                        "required": ["a"],
                                    }
                                }
                            }
                        }
                    },
                }
            }
        },
    }
    new = json.loads(
        json.dumps(old)
        .replace('"integer"', '"number"')
        .replace("[1, 2]", "[1, 2, 3]")
        .replace('"required": ["a"]', '"required": []')
    )
    sides = {(c.path.partition(".")[0], c.kind): c.breaks for c in changes.compare(old, new)}
    assert sides == {
        ("body", "property retyped"): (),
        ("200", "property retyped"): ("reads",),
        ("body", "enum value gained"): (),
        ("200", "enum value gained"): ("reads",),
        ("body", "no longer required"): (),
        ("200", "no longer required"): ("reads",),
    }


def test_a_schema_that_refers_to_itself_is_compared_once() -> None:
    """References that go round in a circle end."""
    loop = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Loop"}}}
    old = copy.deepcopy(UPSTREAM)
    old["components"]["schemas"]["Loop"] = loop
    body(old)["properties"]["loop"] = {"$ref": "#/components/schemas/Loop"}
    new = copy.deepcopy(old)
    new["components"]["schemas"]["Loop"]["properties"]["more"] = {"type": "string"}
    assert [c.kind for c in changes.compare(old, new)] == ["property added"]


def test_nothing_changed_is_level_none() -> None:
    """A document compared with itself has no changes."""
    assert changes.compare(UPSTREAM, copy.deepcopy(UPSTREAM)) == []
    assert report.data([]) == {"level": "none", "changes": []}


SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "integer", "maximum": 3},
            {"type": "string", "enum": ["a", "b"]},
        ]
    ),
    lambda inner: (
        st.builds(lambda i: {"type": "array", "items": i}, inner)
        | st.builds(
            lambda p, r: {"type": "object", "properties": p, "required": [n for n in r if n in p]},
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            st.lists(st.sampled_from("abc"), unique=True),
        )
    ),
    max_leaves=5,
)


def both(schema: Any) -> dict[str, Any]:
    """A document with one schema, in request and answer."""
    content = {"content": {"application/json": {"schema": schema}}}
    return {"paths": {"/a": {"post": {"requestBody": content, "responses": {"200": content}}}}}


def unordered(schema: Any) -> Any:
    """The schema with its required names sorted, at every depth."""
    if isinstance(schema, list):
        return [unordered(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: sorted(value) if key == "required" and isinstance(value, list) else unordered(value)
        for key, value in schema.items()
    }


@given(SCHEMAS, SCHEMAS)
def test_documents_differ_exactly_when_there_are_changes(one: Any, two: Any) -> None:
    """No difference goes unseen, and equal documents have none; backwards is told too.

    The order of required names is no difference: it means nothing.
    """
    found = changes.compare(both(one), both(two))
    assert bool(found) == (unordered(one) != unordered(two))
    assert bool(changes.compare(both(two), both(one))) == bool(found)


@given(SCHEMAS, SCHEMAS)
def test_what_breaks_is_major(one: Any, two: Any) -> None:
    """A change that breaks somebody is major, and no other is."""
    for change in changes.compare(both(one), both(two)):
        assert (change.level == "major") == bool(change.breaks)


def run(*arguments: str | Path) -> int:
    """Run the command in this process."""
    return spec_changes.main([str(argument) for argument in arguments])


def test_the_command_speaks_three_formats(
    tmp_path: Path, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text for a terminal, Markdown for a pull request, JSON for programs."""
    new = tmp_path / "page.md"
    field = "                seed:\n                  type: integer\n"
    changed = page.replace("                sound:\n", field + "                sound:\n")
    new.write_text(changed, encoding="utf-8")
    old = ROOT / "tests" / "spec" / "data" / "page.md"
    assert run(old, new, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["level"] == "minor"
    (change,) = told["changes"]
    assert change["where"] == f"{CREATE} body.seed"
    assert change["what"] == "property added (integer)"
    assert (change["level"], change["facade"]) == ("minor", "missing")
    assert run(old, new, "--format", "markdown") == 0
    assert "| minor |" in capsys.readouterr().out
    assert run(old, new, "--exit-code") == 3
    assert capsys.readouterr().out.startswith("level: minor")
    assert run(old, old, "--exit-code") == 0
    assert capsys.readouterr().out == "no changes\n"


def test_documents_of_ours_are_compared_too(capsys: pytest.CaptureFixture[str]) -> None:
    """The facts and the contract are documents like any other."""
    assert run(ROOT / files.RESOLVED, ROOT / files.RESOLVED) == 0
    assert run(ROOT / files.UPSTREAM, ROOT / files.UPSTREAM) == 0
    assert capsys.readouterr().out == "no changes\nno changes\n"


def test_a_document_that_cannot_be_read_ends_in_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command names the file and the line."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("openapi: 3.0.1\na: [", encoding="utf-8")
    assert run(bad, bad) == 1
    assert "bad.yaml: line" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["a|b", "<script>", "`x`", "*x*", "[x](http://y)", "@team", "a\nb", "\x1b[2J"]
)
def test_foreign_words_are_no_markup(text: str) -> None:
    """Nothing in a report acts: no markup, no mention, no escape sequence."""
    cell = report.cell(text)
    assert not any(
        mark in cell.replace("\\|", "").replace("\\*", "")
        for mark in ("|", "<", ">", "`", "*", "@", "\n", "\x1b", "](")
    )
