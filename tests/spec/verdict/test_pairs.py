"""Pairs of documents that differ in one thing, and the verdict each deserves.

The kinds are those that two public judges of OpenAPI changes test (oasdiff, openapi-diff); the
pairs and the verdicts are ours. ``B`` breaks somebody, ``m`` changes something for nobody's harm,
``s`` is only said in other words, ``-`` is no change. Each schema pair is judged both ways, in a
request and in an answer.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from specpipe.page import facts
from specpipe.page.nodes import load
from specpipe.verdict import changes, paths, schemas

S: dict[str, Any] = {"type": "string"}
I: dict[str, Any] = {"type": "integer"}  # noqa: E741  (a table reads best with short names)
N: dict[str, Any] = {"type": "number"}
A: dict[str, Any] = {"type": "array", "items": S}


def obj(*required: str, **properties: Any) -> dict[str, Any]:
    """An object with these fields."""
    made: dict[str, Any] = {"type": "object", "properties": properties}
    return {**made, "required": list(required)} if required else made


REF = {"$ref": "#/components/schemas/C"}
COMPONENT = obj("k", k=S)
X, Y, Z = obj("a", a=S), obj("b", b=S), obj("c", c=S)

# name: old, new, then verdicts: request, request backwards, answer, answer backwards
SCHEMAS: dict[str, tuple[Any, Any, str]] = {
    "type changed": (S, I, "BBBB"),
    "number for integer": (I, N, "mBBm"),
    "type dropped": (S, {}, "mBBm"),
    "a list for a single value": (S, A, "BBBB"),
    "items retyped": (A, {"type": "array", "items": I}, "BBBB"),
    "items widened": ({"type": "array", "items": I}, {"type": "array", "items": N}, "mBBm"),
    "int64 to int32": ({**I, "format": "int64"}, {**I, "format": "int32"}, "BmmB"),
    "int32 said": (I, {**I, "format": "int32"}, "BmmB"),
    "double to float": ({**N, "format": "double"}, {**N, "format": "float"}, "BmmB"),
    "format uri said": (S, {**S, "format": "uri"}, "mmmm"),
    "format date said": (S, {**S, "format": "date"}, "BmmB"),
    "date-time for date": ({**S, "format": "date"}, {**S, "format": "date-time"}, "BBBB"),
    "uuid for binary": ({**S, "format": "binary"}, {**S, "format": "uuid"}, "BBBB"),
    "maximum set": (I, {**I, "maximum": 5}, "BmmB"),
    "maximum lowered": ({**I, "maximum": 9}, {**I, "maximum": 5}, "BmmB"),
    "minimum set": (I, {**I, "minimum": 5}, "BmmB"),
    "minimum 0 set": (N, {**N, "minimum": 0}, "BmmB"),
    "minimum raised": ({**I, "minimum": 1}, {**I, "minimum": 5}, "BmmB"),
    "maximum exclusive": (
        {**I, "maximum": 5},
        {**I, "maximum": 5, "exclusiveMaximum": True},
        "BmmB",
    ),
    "minimum exclusive": (
        {**I, "minimum": 5},
        {**I, "minimum": 5, "exclusiveMinimum": True},
        "BmmB",
    ),
    "exclusive false said": (
        {**I, "maximum": 5},
        {**I, "maximum": 5, "exclusiveMaximum": False},
        "ssss",
    ),
    "exclusive without a bound": (I, {**I, "exclusiveMinimum": True}, "ssss"),
    "maxLength set": (S, {**S, "maxLength": 5}, "BmmB"),
    "maxLength lowered": ({**S, "maxLength": 9}, {**S, "maxLength": 5}, "BmmB"),
    "minLength 0 said": (S, {**S, "minLength": 0}, "ssss"),
    "minLength set": (S, {**S, "minLength": 1}, "BmmB"),
    "maxItems set": (A, {**A, "maxItems": 2}, "BmmB"),
    "minItems raised": ({**A, "minItems": 1}, {**A, "minItems": 2}, "BmmB"),
    "maxProperties set": (X, {**X, "maxProperties": 2}, "BmmB"),
    "minProperties set": (X, {**X, "minProperties": 2}, "BmmB"),
    "multipleOf set": (I, {**I, "multipleOf": 5}, "BmmB"),
    "multipleOf 5 to 10": ({**I, "multipleOf": 5}, {**I, "multipleOf": 10}, "BmmB"),
    "multipleOf 4 to 6": ({**I, "multipleOf": 4}, {**I, "multipleOf": 6}, "BBBB"),
    "uniqueItems": (A, {**A, "uniqueItems": True}, "BmmB"),
    "uniqueItems false said": (A, {**A, "uniqueItems": False}, "ssss"),
    "pattern set": (S, {**S, "pattern": "^a"}, "Bmmm"),
    "pattern changed": ({**S, "pattern": "^b"}, {**S, "pattern": "^a"}, "BBmm"),
    "pattern of anything": (S, {**S, "pattern": ".*"}, "ssss"),
    "pattern anchored of anything": (S, {**S, "pattern": "^.*$"}, "ssss"),
    "pattern freed": ({**S, "pattern": "^a"}, {**S, "pattern": ".*"}, "mBmm"),
    "enum set": (S, {**S, "enum": ["a"]}, "BmmB"),
    "enum gained": ({**S, "enum": ["a"]}, {**S, "enum": ["a", "b"]}, "mBBm"),
    "enum swapped": ({**S, "enum": ["a"]}, {**S, "enum": ["b"]}, "BBBB"),
    "enum reordered": ({**S, "enum": ["a", "b"]}, {**S, "enum": ["b", "a"]}, "----"),
    "enum true for 1": ({"enum": [1]}, {"enum": [True]}, "BBBB"),
    "enum false for 0": ({"enum": [0]}, {"enum": [False]}, "BBBB"),
    "enum text for number": ({"enum": ["5"]}, {"enum": [5]}, "BBBB"),
    "default gained": (S, {**S, "default": "x"}, "mBmm"),
    "default changed": ({**S, "default": "y"}, {**S, "default": "x"}, "BBmm"),
    "default false for 0": ({"default": 0}, {"default": False}, "BBmm"),
    "default null gained": (S, {**S, "default": None}, "mBmm"),
    "nullable": (S, {**S, "nullable": True}, "mBBm"),
    "nullable false said": (S, {**S, "nullable": False}, "ssss"),
    "deprecated": (S, {**S, "deprecated": True}, "mmmm"),
    "readOnly": (S, {**S, "readOnly": True}, "Bmss"),
    "writeOnly": (S, {**S, "writeOnly": True}, "ssBm"),
    "not said": (S, {**S, "not": {"enum": ["a"]}}, "BmmB"),
    "not widened inside": (
        {**S, "not": {"enum": ["a"]}},
        {**S, "not": {"enum": ["a", "b"]}},
        "BmmB",
    ),
    "not of a longer text": ({"not": {"minLength": 5}}, {"not": {"minLength": 3}}, "BmmB"),
    "property added": (obj(), obj(p=S), "mBmB"),
    "required property added": (obj(), obj("p", p=S), "BBmB"),
    "property required": (obj(p=S), obj("p", p=S), "BmmB"),
    "readOnly property added, required": (obj(), obj("p", p={**S, "readOnly": True}), "ssmB"),
    "writeOnly property added": (obj(), obj(p={**S, "writeOnly": True}), "mBss"),
    "property retyped": (obj(p=S), obj(p=I), "BBBB"),
    "required reordered": (obj("a", "b", a=S, b=S), obj("b", "a", a=S, b=S), "----"),
    "required without a property": (
        {"type": "object"},
        {"type": "object", "required": ["p"]},
        "BmmB",
    ),
    "closed": (X, {**X, "additionalProperties": False}, "Bmmm"),
    "additional true said": (X, {**X, "additionalProperties": True}, "ssss"),
    "additional typed": (X, {**X, "additionalProperties": S}, "BmmB"),
    "additional retyped": (
        {**X, "additionalProperties": S},
        {**X, "additionalProperties": I},
        "BBBB",
    ),
    "additional widened": (
        {**X, "additionalProperties": I},
        {**X, "additionalProperties": N},
        "mBBm",
    ),
    "anyOf gained": ({"anyOf": [S]}, {"anyOf": [S, I]}, "mBBm"),
    "oneOf gained": ({"oneOf": [X, Y]}, {"oneOf": [X, Y, Z]}, "mBBm"),
    "oneOf exchanged": ({"oneOf": [X, Y]}, {"oneOf": [X, Z]}, "BBBB"),
    "anyOf reordered": ({"anyOf": [S, I]}, {"anyOf": [I, S]}, "----"),
    "oneOf reordered": ({"oneOf": [X, Y]}, {"oneOf": [Y, X]}, "----"),
    "oneOf for anyOf": ({"anyOf": [X, Y]}, {"oneOf": [X, Y]}, "BmmB"),
    "a choice for one": (X, {"oneOf": [X, Y]}, "mBBm"),
    "a choice without the one": (X, {"oneOf": [Y, Z]}, "BBBB"),
    "oneOf of one": (X, {"oneOf": [X]}, "ssss"),
    "choice narrowed inside": (
        {"anyOf": [{**S, "maxLength": 9}, I]},
        {"anyOf": [I, {**S, "maxLength": 5}]},
        "BmmB",
    ),
    "choice changed inside": (
        {"oneOf": [X, obj("b", b=S, d=S)]},
        {"oneOf": [obj("b", b=S, d=I), X]},
        "BBBB",
    ),
    "allOf of one": (X, {"allOf": [X]}, "ssss"),
    "allOf of a reference": (REF, {"allOf": [REF]}, "ssss"),
    "reference written out": (REF, COMPONENT, "ssss"),
    "allOf of two parts": (obj("a", a=S, b=S), {"allOf": [obj("a", a=S), obj(b=S)]}, "ssss"),
    "allOf beside fields": (obj("a", a=S, b=S), {"allOf": [X], **obj(b=S)}, "ssss"),
    "allOf gained": ({"allOf": [X]}, {"allOf": [X, Y]}, "BBmB"),
    "allOf in another order": ({"allOf": [X, Y]}, {"allOf": [Y, X]}, "----"),
    "nullable through allOf": (REF, {"allOf": [REF], "nullable": True}, "mBBm"),
    "nothing at all": (X, X, "----"),
}


def document(schema: Any, side: str) -> dict[str, Any]:
    """A document with one schema, below a field of a request or of an answer."""
    content = {"content": {"application/json": {"schema": obj("field", field=schema)}}}
    answers: Any = {"200": {"description": "", **(content if side == "answer" else {})}}
    operation: dict[str, Any] = {"responses": answers}
    if side == "request":
        operation["requestBody"] = content
    return {
        "openapi": "3.0.1",
        "info": {"title": "", "version": ""},
        "paths": {"/a": {"post": operation}},
        "components": {"schemas": {"C": COMPONENT}},
    }


def verdict(old: Any, new: Any) -> str:
    """One letter for all that changed."""
    found = changes.compare(old, new)
    assert not [change for change in found if change.kind == changes.UNSEEN]
    return {"none": "-", "patch": "s", "minor": "m", "major": "B"}[changes.level_of(found)]


CASES = [
    pytest.param(*((new, old) if back else (old, new)), side, wanted[index], id=f"{name}-{ways}")
    for name, (old, new, wanted) in SCHEMAS.items()
    for index, (side, back, ways) in enumerate(
        [
            ("request", False, "request"),
            ("request", True, "request-back"),
            ("answer", False, "answer"),
            ("answer", True, "answer-back"),
        ]
    )
]


@pytest.mark.parametrize(("old", "new", "side", "wanted"), CASES)
def test_schemas_are_judged_by_who_sends_and_who_reads(
    old: Any, new: Any, side: str, wanted: str
) -> None:
    """Fewer allowed values break those who send, more break those who read, words break nobody."""
    assert verdict(document(old, side), document(new, side)) == wanted


# --- everything around schemas --------------------------------------------------------------------

RICH: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "", "version": "1"},
    "servers": [{"url": "https://a.example"}, {"url": "https://b.example"}],
    "security": [{"bearer": []}],
    "x-stated": {"models": ["kling-v1"]},
    "paths": {
        "/a/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "post": {
                "deprecated": False,
                "parameters": [
                    {
                        "name": "q",
                        "in": "query",
                        "required": False,
                        "deprecated": False,
                        "allowEmptyValue": False,
                        "style": "form",
                        "explode": True,
                        "schema": {"type": "array", "items": {"type": "string"}},
                        "x-stated": {"maxItems": 3},
                    },
                    {"name": "X-Team", "in": "header", "schema": {"type": "string"}},
                    {"name": "Accept", "in": "header", "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "required": False,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["text"],
                                "additionalProperties": {"type": "string"},
                                "minProperties": 1,
                                "maxProperties": 9,
                                "properties": {
                                    "text": {
                                        "type": "string",
                                        "format": "uuid",
                                        "pattern": "^a",
                                        "minLength": 1,
                                        "maxLength": 9,
                                        "default": "a",
                                        "nullable": True,
                                        "deprecated": True,
                                        "readOnly": False,
                                        "writeOnly": False,
                                        "enum": ["a", "b"],
                                        "x-stated": {
                                            "since": "2.6",
                                            "notFor": "2.x",
                                            "mentions": {"timbres": 2},
                                        },
                                    },
                                    "said": {
                                        "type": "string",
                                        "x-stated": {"enum": ["5", "10"], "maxLength": 20},
                                    },
                                    "number": {
                                        "type": "number",
                                        "minimum": 1,
                                        "maximum": 9,
                                        "exclusiveMinimum": True,
                                        "exclusiveMaximum": True,
                                        "multipleOf": 2,
                                    },
                                    "list": {
                                        "type": "array",
                                        "items": {"type": "integer"},
                                        "minItems": 1,
                                        "maxItems": 3,
                                        "uniqueItems": True,
                                    },
                                    "any": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                                    "one": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
                                    "all": {
                                        "allOf": [
                                            {"type": "object", "properties": {"a": {}}},
                                            {"$ref": "#/components/schemas/Part"},
                                        ]
                                    },
                                    "no": {"not": {"type": "string"}},
                                },
                            }
                        }
                    },
                },
                "responses": {
                    "200": {
                        "description": "",
                        "headers": {"Date": {"required": True, "schema": {"type": "string"}}},
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Part"}}
                        },
                    },
                    "400": {"description": ""},
                },
                "security": [{"bearer": []}],
            },
        }
    },
    "components": {
        "schemas": {"Part": {"type": "object", "properties": {"p": {"type": "integer"}}}},
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    },
}
"""A document with every keyword that the importer keeps."""


def post(document: Any) -> Any:
    """The operation of the rich document."""
    return document["paths"]["/a/{id}"]["post"]


def after(edit: Any, base: Any = RICH) -> Any:
    """The rich document after an edit."""
    made = copy.deepcopy(base)
    edit(made)
    return made


def param(number: int, **facts: Any) -> Any:
    """An edit of a parameter."""
    return lambda d: post(d)["parameters"][number].update(facts)


def answer(**facts: Any) -> Any:
    """An edit of the good answer."""
    return lambda d: post(d)["responses"]["200"].update(facts)


def scheme(**facts: Any) -> Any:
    """An edit of the security schemes."""
    return lambda d: d["components"]["securitySchemes"].update(facts)


KEY = {"type": "apiKey", "in": "header", "name": "k"}
TOKEN = {"type": "http", "scheme": "bearer"}
HEADER: dict[str, Any] = {"Date": {"required": True, "schema": {"type": "string"}}}


def rename_placeholder(d: Any) -> None:
    """The path's placeholder gets another name."""
    item = d["paths"].pop("/a/{id}")
    item["parameters"][0]["name"] = "job"
    d["paths"]["/a/{job}"] = item


def both(*edits: Any) -> Any:
    """Several edits."""
    return lambda d: [edit(d) for edit in edits]


# name: edit, verdict, verdict backwards
AROUND: dict[str, tuple[Any, str, str]] = {
    "body required": (lambda d: post(d)["requestBody"].update(required=True), "B", "m"),
    "body removed": (lambda d: post(d).pop("requestBody"), "B", "m"),
    "body removed that was required": (
        both(lambda d: d, lambda d: post(d).pop("requestBody")), "B", "m",
    ),
    "media type added": (
        lambda d: post(d)["requestBody"]["content"].update({"text/plain": {}}), "m", "B",
    ),
    "media type of an answer added": (
        lambda d: post(d)["responses"]["200"]["content"].update({"text/plain": {}}), "m", "B",
    ),
    "answer's schema dropped": (
        lambda d: post(d)["responses"]["200"]["content"]["application/json"].pop("schema"),
        "B", "m",
    ),
    "new 2xx": (lambda d: post(d)["responses"].update({"202": {"description": ""}}), "B", "B"),
    "new 4xx": (lambda d: post(d)["responses"].update({"404": {"description": ""}}), "m", "m"),
    "new default answer": (
        lambda d: post(d)["responses"].update({"default": {"description": ""}}), "m", "m",
    ),
    "header removed": (answer(headers={}), "B", "m"),
    "header added": (answer(headers={**HEADER, "ETag": {"schema": S}}), "m", "B"),
    "header optional": (answer(headers={"Date": {"schema": S}}), "B", "m"),
    "header retyped": (answer(headers={"Date": {"required": True, "schema": I}}), "B", "B"),
    "parameter required": (param(0, required=True), "B", "m"),
    "parameter deprecated": (param(0, deprecated=True), "m", "m"),
    "parameter may be empty": (param(0, allowEmptyValue=True), "m", "m"),
    "parameter not exploded": (param(0, explode=False), "B", "B"),
    "parameter style": (param(0, style="pipeDelimited"), "B", "B"),
    "parameter style left out": (lambda d: post(d)["parameters"][0].pop("style"), "s", "s"),
    "parameter explode left out": (lambda d: post(d)["parameters"][0].pop("explode"), "s", "s"),
    "parameter retyped": (param(0, schema=S), "B", "B"),
    "parameter default": (param(1, schema={**S, "default": "x"}), "m", "B"),
    "parameter moved": (param(1, **{"in": "query"}), "B", "B"),
    "parameter renamed": (param(1, name="X-Crew"), "B", "B"),
    "parameter removed": (lambda d: post(d)["parameters"].pop(1), "B", "m"),
    "required parameter added": (
        lambda d: post(d)["parameters"].append(
            {"name": "n", "in": "query", "required": True, "schema": S}
        ), "B", "B",
    ),
    "parameters in another order": (lambda d: post(d)["parameters"].reverse(), "-", "-"),
    "path parameter renamed": (rename_placeholder, "s", "s"),
    "ignored header required": (param(2, required=True), "s", "s"),
    "ignored header with a default": (param(2, schema={**S, "default": "x"}), "s", "s"),
    "ignored header gone": (lambda d: post(d)["parameters"].pop(), "s", "s"),
    "path parameters on the operation": (
        lambda d: post(d)["parameters"].insert(0, d["paths"]["/a/{id}"].pop("parameters")[0]),
        "s", "s",
    ),
    "operation deprecated": (lambda d: post(d).update(deprecated=True), "m", "m"),
    "operation removed": (lambda d: d["paths"]["/a/{id}"].pop("post"), "B", "m"),
    "operation added": (
        lambda d: d["paths"].update({"/b": {"get": {"responses": {}}}}), "m", "B",
    ),
    "server added": (lambda d: d["servers"].append({"url": "https://c.example"}), "m", "B"),
    "servers reordered": (lambda d: d["servers"].reverse(), "m", "m"),
    "version": (lambda d: d["info"].update(version="2"), "s", "s"),
    "OpenAPI 3.0.3": (lambda d: d.update(openapi="3.0.3"), "s", "s"),
    "model named": (lambda d: d["x-stated"]["models"].append("kling-v9"), "m", "m"),
    "inherited security left out": (lambda d: post(d).pop("security"), "s", "s"),
    "alternative scheme": (
        both(scheme(key=KEY), lambda d: post(d)["security"].append({"key": []})), "m", "B",
    ),
    "second scheme wanted too": (
        both(scheme(key=KEY), lambda d: post(d)["security"][0].update(key=[])), "B", "m",
    ),
    "another scheme": (
        both(scheme(key=KEY), lambda d: post(d).update(security=[{"key": []}])), "B", "B",
    ),
    "no security": (lambda d: post(d).update(security=[]), "m", "B"),
    "scheme changed": (scheme(bearer=KEY), "B", "B"),
    "scheme unused": (scheme(key=KEY), "m", "m"),
    "bearer's format told": (scheme(bearer={**TOKEN, "bearerFormat": "JWT"}), "m", "m"),
    "scheme's case": (scheme(bearer={**TOKEN, "scheme": "Bearer"}), "m", "m"),
    "scheme renamed": (
        both(
            lambda d: d["components"].update(securitySchemes={"token": TOKEN}),
            lambda d: d.update(security=[{"token": []}]),
            lambda d: post(d).update(security=[{"token": []}]),
        ), "m", "m",
    ),
    "unused component": (lambda d: d["components"]["schemas"].update(More=S), "s", "s"),
    "component renamed": (
        lambda d: d.update(json.loads(json.dumps(d).replace("Part", "Piece"))), "s", "s",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "wanted", "back"),
    [pytest.param(edit, wanted, back, id=name) for name, (edit, wanted, back) in AROUND.items()],
)
def test_what_stands_around_schemas_is_judged(edit: Any, wanted: str, back: str) -> None:
    """Bodies, headers, parameters, answers, servers and security, both ways."""
    new = after(edit)
    assert (verdict(RICH, new), verdict(new, RICH)) == (wanted, back)


# --- nothing passes unseen ------------------------------------------------------------------------


def leaves(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of every fact: of each value that holds no other."""
    if isinstance(value, dict) and value:
        return [place for key, item in value.items() for place in leaves(item, (*at, key))]
    if isinstance(value, list) and value:
        return [place for index, item in enumerate(value) for place in leaves(item, (*at, index))]
    return [at]


def edited(place: tuple[Any, ...], value: Any) -> Any:
    """The rich document with another value in one place; `...` removes what stands there."""
    made = copy.deepcopy(RICH)
    holder = made
    for part in place[:-1]:
        holder = holder[part]
    if value is ...:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return made


WRITTEN = [place for place in leaves(RICH) if place[-1] != "description" and place[-1] != "title"]


def possible(place: tuple[Any, ...], value: Any) -> Any:
    """A value of a kind that the importer lets through in this place."""
    old: Any = RICH
    for part in place:
        old = old[part]
    if value is ... and place[-1] in ("url", "name", "in", "type", "$ref"):
        return "other"  # the importer demands these
    if value is ... or "default" in place or "enum" in place:
        return value
    if place[-1] == "$ref":
        return "#/components/schemas/Other"
    kinds = {bool: not old, int: 7, str: "other", list: ["other"], dict: {"type": "integer"}}
    return kinds[type(old)]


@pytest.mark.parametrize("value", [..., "other", 7, True, False, 0, None])
def test_every_fact_that_changes_is_a_change(value: Any) -> None:
    """Every fact of the document gets this value: wherever documents differ then, that is said."""
    for place in WRITTEN:
        new = edited(place, possible(place, value))
        told = bool(changes.compare(RICH, new))
        assert told == (not paths.alike(RICH, new)), place


def test_every_keyword_that_the_importer_keeps_is_compared_by_somebody() -> None:
    """What `facts` keeps of a schema, `schemas` compares or `changes` walks through."""
    kept = facts._Reader(load("{}"))._schema_handlers().keys()
    assert kept == schemas.COMPARED.keys() | schemas.STRUCTURE
    text = json.dumps(RICH)
    assert not [name for name in kept if f'"{name}"' not in text]


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: post(d).update(callbacks={"a": 1}),
        param(0, content={"a": 1}),
        lambda d: post(d)["requestBody"].update(encoding={"a": 1}),
        answer(links={"a": 1}),
        answer(headers={"Date": {**HEADER["Date"], "style": "simple"}}),
        lambda d: d["components"]["schemas"]["Part"].update(discriminator={"propertyName": "p"}),
        lambda d: d.update(webhooks={}),
        lambda d: d["servers"][0].update(variables={}),
        lambda d: d["info"].update(license={"name": "x"}),
    ],
)
def test_a_fact_that_no_comparison_knows_asks_for_a_person(edit: Any) -> None:
    """A keyword that is new to the importer can't slip past the judge."""
    kinds = {change.kind for change in changes.compare(RICH, after(edit))}
    assert kinds == {changes.UNSEEN}
