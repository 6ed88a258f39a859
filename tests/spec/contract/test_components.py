"""Request bodies as components: a model generator finds a name for each."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator
from specpipe import files
from specpipe.contract import walk
from specpipe.contract.components import with_named_bodies, with_shared_schemas
from specpipe.errors import ContractError

from ..conftest import ROOT

CONTRACT = files.read_yaml(ROOT / files.RESOLVED)
CREATE = "POST /kling/v1/videos/image2video"


def document(schema: dict[str, Any], **components: Any) -> dict[str, Any]:
    """One operation with a body."""
    body = {"content": {"application/json": {"schema": schema}}}
    found: dict[str, Any] = {"paths": {"/a": {"post": {"requestBody": body}}}}
    return found | ({"components": {"schemas": components}} if components else {})


TITLED = {"title": "A", "type": "object", "properties": {"b": {"type": "string"}}}


def test_a_titled_body_becomes_a_component() -> None:
    """The operation refers to it, and its fields keep their names."""
    named = with_named_bodies(document(TITLED))
    assert named["components"]["schemas"] == {"A": TITLED}
    assert walk.operations(named)["POST /a"]["requestBody"]["content"]["application/json"] == {
        "schema": {"$ref": "#/components/schemas/A"}
    }
    assert [field.name for field in walk.fields(named, "POST /a")] == ["b"]
    assert walk.body_schema(named, "POST /a") == TITLED


def test_a_body_without_a_title_stays_where_it_is() -> None:
    """There is no name to give it."""
    plain = document({"type": "object"})
    assert with_named_bodies(plain) == plain


def test_two_things_of_one_name_are_refused() -> None:
    """Else one would silently take the other's place."""
    with pytest.raises(ContractError, match="another component is called A"):
        with_named_bodies(document(TITLED, A={"type": "string"}))


def test_the_bundled_body_has_a_name() -> None:
    """Generators make a model of it."""
    assert "ImageToVideoRequest" in CONTRACT["components"]["schemas"]
    assert "image" in walk.body_schema(CONTRACT, CREATE)["properties"]


def errors(name: str, value: Any) -> list[str]:
    """What a validator that is not ours has against an answer."""
    reference = {"$ref": f"#/components/schemas/{name}", "components": CONTRACT["components"]}
    return [error.message for error in OAS30Validator(reference).iter_errors(value)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TaskEnvelope", {"code": 5000, "message": None, "request_id": None, "data": None}),
        ("TaskEnvelope", {"code": 0, "data": {"task_info": None, "task_result": None}}),
        ("TaskEnvelope", {"code": 0, "data": {"task_result": {"videos": None}}}),
        ("TaskListEnvelope", {"code": 0, "data": None}),
    ],
)
def test_null_is_valid_where_gateways_send_it(name: str, value: Any) -> None:
    """By the contract as another tool reads it."""
    assert errors(name, value) == []


@pytest.mark.parametrize("data", [1, "x", [], True])
def test_what_is_neither_a_job_nor_null_is_not(data: Any) -> None:
    """The control."""
    assert errors("TaskEnvelope", {"code": 0, "data": data})


def test_the_generated_client_takes_a_move_with_one_axis() -> None:
    """The others are left out."""
    from kling_client.models import CameraConfig

    assert CameraConfig(zoom=5).to_dict() == {"zoom": 5}
    assert CameraConfig.from_dict({"zoom": 5}) == CameraConfig(zoom=5)


def shared(camera: dict[str, object], *, other: dict[str, object] | None = None) -> dict[str, Any]:
    """Two bodies: one describes a camera in place, the other refers to it or has its own."""
    reference = other or {"$ref": "#/components/schemas/Camera"}
    return {
        "openapi": "3.0.1",
        "paths": {
            path: {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}
            for path, schema in (
                ("/film", {"type": "object", "properties": {"camera": camera}}),
                ("/sing", {"type": "object", "properties": {"camera": reference}}),
            )
        },
    }


CAMERA: dict[str, object] = {"type": "object", "title": "Camera", "properties": {"zoom": {}}}


def test_a_schema_that_another_page_refers_to_becomes_a_component() -> None:
    """It stands once, and both places refer to it; what nobody refers to stays where it is."""
    made = with_shared_schemas(shared(CAMERA))
    assert made["components"]["schemas"] == {"Camera": CAMERA}
    film = walk.body_schema(made, "POST /film")
    assert film["properties"]["camera"] == {"$ref": "#/components/schemas/Camera"}
    alone = shared(CAMERA, other={"type": "string"})
    assert with_shared_schemas(alone)["paths"] == alone["paths"]


def test_fields_of_a_request_are_named_from_the_body_down() -> None:
    """Also where a reference stands between: the name is what is sent, not the component's."""
    made = with_shared_schemas(shared(CAMERA))
    names = [field.name for field in walk.fields(made, "POST /sing")]
    assert names == ["camera", "camera.zoom"]


def test_one_title_means_one_thing() -> None:
    """Two schemas of the title that is referred to must not differ."""
    document = shared(CAMERA)
    document["paths"]["/dance"] = shared({**CAMERA, "properties": {}})["paths"]["/film"]
    with pytest.raises(ContractError, match="two schemas are called Camera"):
        with_shared_schemas(document)


def test_every_tag_is_explained() -> None:
    """A new page's tag is missed here too, where no linter runs."""
    used = {tag for operation in walk.operations(CONTRACT).values() for tag in operation["tags"]}
    assert used == {tag["name"] for tag in CONTRACT["tags"]}
    assert all(tag["description"] for tag in CONTRACT["tags"])
