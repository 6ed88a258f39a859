"""The facade against the contract: everything is reached, all that leaves is valid, all that comes
is read.

`make spec` runs this file after every import: it is what turns red when the page moved and the
facade has not followed.
"""

from __future__ import annotations

import io
import json
import socketserver
import threading
import tomllib
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from kling_client.models import TaskEnvelope, TaskListEnvelope
from openapi_schema_validator import OAS30Validator
from PIL import Image
from specpipe import files
from specpipe.contract import walk
from specpipe.page import facts
from specpipe.verdict import facade

from kling_facade import Gateway, ImageToVideo, Kling, MotionBrush, camera, regions, voice
from kling_facade.errors import InvalidRequest, KlingError
from kling_facade.gateway.answer import Answer
from kling_facade.gateway.answer_shapes import read_task, read_tasks
from kling_facade.gateway.gateway import CHAINHUB
from kling_facade.gateway.task import Task

from .conftest import ROOT

PUBLISHED = files.read_yaml(ROOT / files.UPSTREAM)
CONTRACT = files.read_yaml(ROOT / files.RESOLVED)
TABLE = facade.load(ROOT)
CREATE = "POST /kling/v1/videos/image2video"
CATALOG = tomllib.loads((ROOT / facade.CATALOG).read_text(encoding="utf-8"))
SOFT = frozenset(
    name for name, rule in CATALOG["rules"].items() if rule["severity"] == "capability"
)
"""Rules that a caller may let through: what is sent in spite of them must still be valid."""


# --- everything is reached ------------------------------------------------------------------------


def test_every_part_of_the_contract_is_reached() -> None:
    """Each property and operation has a named part of the facade, or a reason why not."""
    assert facade.gaps(CONTRACT, TABLE) == []


def test_every_named_part_exists() -> None:
    """The table names nothing that the code doesn't have."""
    assert facade.unresolved(TABLE) == []


def test_the_table_names_nothing_that_is_gone() -> None:
    """Each row stands for a field that the contract has."""
    operations = walk.operations(CONTRACT)
    fields = [field for name in operations for field in walk.fields(CONTRACT, name)]
    reached = {(f"{f.part} {f.operation}", f.name) for f in fields} | {
        ("answer", facade.schema_field(f.name)) for f in fields if f.part == "answer"
    }
    rows = {(group, name) for group, parts in TABLE.fields.items() for name in parts}
    assert rows - reached == set()
    assert TABLE.operations.keys() - operations.keys() == set()


def test_what_the_page_states_the_contract_repeats() -> None:
    """Bounds, enumerations and versions from the page's prose stand in the contract too."""
    assert facade.disagreements(PUBLISHED, CONTRACT, TABLE) == []


def test_a_new_field_is_missed_by_name() -> None:
    """The check itself can fail: a field that nobody reaches is named, with where to add it."""
    grown = json.loads(json.dumps(CONTRACT))
    schema = grown["components"]["schemas"]["ImageToVideoRequest"]
    schema["properties"]["aspect_ratio"] = {"type": "string"}
    held = facade.gaps(CONTRACT, TABLE)  # another test says that there are none
    (gap,) = [line for line in facade.gaps(grown, TABLE) if line not in held]
    assert "aspect_ratio" in gap
    assert "kling_facade/builders/values.py" in gap


def test_the_default_gateway_is_the_published_one() -> None:
    """CHAINHUB's address is the contract's first server, and the paths agree."""
    assert CONTRACT["servers"][0]["url"] == CHAINHUB.base_url
    assert f"POST {CHAINHUB.path('/kling/v1/videos/image2video')}" == CREATE


# --- all that leaves is valid ---------------------------------------------------------------------


def published_schema(schema: Any) -> dict[str, Any]:
    """What the page demands, by schema or in prose; unknown fields are not welcome."""
    made = {k: v for k, v in facts.effective(schema).items() if not k.startswith("x-")}
    if "properties" in made:
        made["properties"] = {k: published_schema(v) for k, v in made["properties"].items()}
        made["additionalProperties"] = False
    if "items" in made:
        made["items"] = published_schema(made["items"])
    return made


PAGE_VALIDATOR = OAS30Validator(published_schema(walk.body_schema(PUBLISHED, CREATE)))
OUR_VALIDATOR = OAS30Validator(
    {**walk.body_schema(CONTRACT, CREATE), "components": CONTRACT["components"]}
)


def _png(size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, "grey").save(stream, "PNG")
    return stream.getvalue()


SIZE = (320, 300)
PNG = _png(SIZE)
PAGE_MODELS = facade.schema_of(PUBLISHED, CREATE, "model_name")["x-stated"]["enum"]
WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40)
POINTS = st.tuples(st.integers(0, SIZE[0] - 1), st.integers(0, SIZE[1] - 1))
IMAGES: st.SearchStrategy[Any] = st.sampled_from([PNG, "https://example.com/fox.png"])
MOVES = st.sampled_from(
    [
        camera.truck_left,
        camera.truck_right,
        camera.pedestal_down,
        camera.pedestal_up,
        camera.pan_left,
        camera.pan_right,
        camera.tilt_down,
        camera.tilt_up,
        camera.roll_clockwise,
        camera.roll_counterclockwise,
        camera.zoom_in,
        camera.zoom_out,
    ]
)
CAMERAS = st.sampled_from(
    [camera.DOWN_BACK, camera.FORWARD_UP, camera.RIGHT_TURN_FORWARD, camera.LEFT_TURN_FORWARD]
) | st.builds(lambda move, strength: move(strength), MOVES, st.integers(1, 10))
PROMPTS = WORDS.map(voice.escape) | st.builds(
    lambda text, a, b: voice.prompt("{text} {a} 'Who?' {b} 'I.'", text=voice.Text(text), a=a, b=b),
    WORDS,
    st.sampled_from(["829826792415608", "voice-a"]),
    st.sampled_from(["829826792415608", "voice-b"]),
)


@st.composite
def brushes(draw: st.DrawFn) -> MotionBrush:
    """A brush with up to six moving regions, and perhaps one that holds still."""
    brush = MotionBrush.over(SIZE)
    if draw(st.booleans()):
        brush = brush.hold(regions.box(0, 0, 40, 40))
    for number in range(draw(st.integers(1, 6))):
        left = 45 * number + 5
        along = draw(st.lists(POINTS, min_size=2, max_size=90))
        brush = brush.move(regions.box(left, 100, left + 40, 180), along=along)
    return brush


@st.composite
def requests(
    draw: st.DrawFn, models: list[str], modes: list[Any], durations: list[Any]
) -> ImageToVideo:
    """Any request that the facade builds, of every builder, without regard to what a model can."""
    fields: dict[str, Any] = {
        "prompt": PROMPTS,
        "negative_prompt": WORDS,
        "cfg_scale": st.floats(0, 1),
        "sound": st.booleans(),
        "callback_url": st.just("https://example.com/done"),
        "external_task_id": st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
        "voices": st.lists(
            st.sampled_from(["829826792415608", "voice-b"]), max_size=2, unique=True
        ),
    }
    chosen = {name: draw(values) for name, values in fields.items() if draw(st.booleans())}
    only = draw(st.sampled_from(["none", "image_tail", "camera", "motion_brush"]))
    extras = {"image_tail": st.just(PNG), "camera": CAMERAS, "motion_brush": brushes()}
    if only != "none":
        chosen[only] = draw(extras[only])
    if isinstance(chosen.get("prompt"), voice.SpokenPrompt):
        chosen.pop("voices", None)
        chosen["sound"] = True
    try:
        return ImageToVideo(
            draw(IMAGES),
            model=draw(st.sampled_from(models)),
            mode=draw(st.sampled_from(modes)),
            duration=draw(st.sampled_from(durations)),
            allow=SOFT,
            **chosen,
        )
    except InvalidRequest:
        assume(False)
        raise


class Recorder(socketserver.ThreadingTCPServer):
    """A gateway that accepts everything and keeps the bytes that arrive."""

    daemon_threads = True

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        answer = b'{"code": 0, "data": {"task_id": "1", "task_status": "submitted"}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    """The recording gateway, running."""
    with Recorder() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def default_client(recorder: Recorder) -> Iterator[Kling]:
    """A client that behaves as towards the published gateway."""
    with Kling("a-key-for-tests", base_url=recorder.url, trust_env=False) as kling:
        yield kling


@pytest.fixture(scope="module")
def vendor_client(recorder: Recorder) -> Iterator[Kling]:
    """A client that behaves as towards the vendor's own host."""
    gateway = Gateway(recorder.url, prefix="", preset_config=False)
    with Kling("a-key-for-tests", gateway=gateway, trust_env=False) as kling:
        yield kling


def sent(kling: Kling, recorder: Recorder, request: ImageToVideo) -> Any:
    """The body that left the client, parsed from its bytes."""
    count = len(recorder.bodies)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            kling.submit(request)
        except InvalidRequest:
            assert len(recorder.bodies) == count
            assume(False)
    assert len(recorder.bodies) == count + 1
    return json.loads(recorder.bodies[-1])


@given(requests(PAGE_MODELS, ["std", "pro"], [5, 10]))
def test_all_that_leaves_for_the_default_gateway_is_valid_by_the_page(
    default_client: Kling, recorder: Recorder, request_: ImageToVideo
) -> None:
    """Types, required fields, enumerations, bounds of the page before the overlay; on the bytes."""
    body = sent(default_client, recorder, request_)
    assert [error.message for error in PAGE_VALIDATOR.iter_errors(body)] == []
    assert "" not in body.values()


@given(requests([*CATALOG["models"], "kling-v99"], ["std", "pro", "4k"], [*range(3, 16)]))
def test_all_that_leaves_for_the_vendor_is_valid_by_the_contract(
    vendor_client: Kling, recorder: Recorder, request_: ImageToVideo
) -> None:
    """With the overlay, every model, mode and duration; compound moves carry no config."""
    body = sent(vendor_client, recorder, request_)
    assert [error.message for error in OUR_VALIDATOR.iter_errors(body)] == []
    if body.get("camera_control", {}).get("type", "simple") != "simple":
        assert "config" not in body["camera_control"]


def full_requests() -> list[ImageToVideo]:
    """Four requests that together say all that the facade can say."""
    spoken = voice.prompt("{a} 'Who is there?'", a="829826792415608")
    brush = MotionBrush.over(SIZE).hold(regions.box(0, 0, 40, 40))
    brush = brush.move(regions.box(50, 100, 90, 180), along=[(70, 140), (200, 140)])
    common: dict[str, Any] = {
        "external_task_id": "id-1",
        "callback_url": "https://example.com/done",
    }
    return [
        ImageToVideo(PNG, model="kling-v2-6", mode="pro", prompt=spoken, sound=True, **common),
        ImageToVideo(
            PNG, model="kling-v1", negative_prompt="rain", cfg_scale=0.5, motion_brush=brush
        ),
        ImageToVideo(PNG, model="kling-v1-5", mode="pro", camera=camera.zoom_in(4), allow=SOFT),
        ImageToVideo(PNG, model="kling-v1-6", mode="pro", image_tail=PNG),
    ]


def test_every_field_of_the_request_can_be_sent(default_client: Kling, recorder: Recorder) -> None:
    """Not only in the table: the bytes of a few requests hold each field of the contract."""
    names: set[str] = set()
    for request in full_requests():
        names |= set(_names(sent(default_client, recorder, request), ""))
    wanted = {field.name for field in walk.fields(CONTRACT, CREATE) if field.part == "request"}
    excused = {name for name in wanted if TABLE.excused(walk.Field(CREATE, "request", name))}
    assert wanted - names == excused


def _names(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            here = f"{at}.{key}".lstrip(".")
            yield here
            yield from _names(item, here)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item, at + "[]")


def test_what_every_request_carries_is_always_there(
    default_client: Kling, recorder: Recorder
) -> None:
    """The smallest request holds the fields listed as always sent, and not one more."""
    smallest = ImageToVideo("https://example.com/fox.png")
    body = sent(default_client, recorder, smallest)
    assert set(TABLE.always[CREATE]) == body.keys()
    assert set(walk.body_schema(PUBLISHED, CREATE)["required"]) <= body.keys()


@pytest.mark.parametrize(
    "change",
    [
        {"duration": 5},
        {"mode": "standard"},
        {"camera_control": {"type": "simple"}},
        {"voice_list": [{"voiceId": "x"}]},
        {"image": None},
    ],
)
def test_the_validators_can_fail(change: dict[str, Any]) -> None:
    """Typical mistakes are no valid bodies by the page."""
    body = {"model_name": "kling-v2-6", "image": "x", "mode": "std", "duration": "5"}
    assert PAGE_VALIDATOR.is_valid(body)
    assert not PAGE_VALIDATOR.is_valid({**body, **change})


# --- all that comes is read -----------------------------------------------------------------------


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Whatever a schema of the contract allows, unknown fields included."""
    if "$ref" in schema:
        return values(CONTRACT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    for key in ("anyOf", "allOf"):
        if key in schema:
            inner = st.one_of([values(one) for one in schema[key]])
            return inner | st.none() if schema.get("nullable") else inner
    made = _plain(schema)
    return made | st.none() if schema.get("nullable") else made


def _plain(schema: Any) -> st.SearchStrategy[Any]:
    kind = schema.get("type")
    if kind == "object":
        known = {name: values(inner) for name, inner in schema.get("properties", {}).items()}
        more = st.dictionaries(
            st.sampled_from(["new_field", "x"]), st.integers() | WORDS, max_size=1
        )
        return st.builds(lambda a, b: {**b, **a}, st.fixed_dictionaries({}, optional=known), more)
    if kind == "array":
        return st.lists(values(schema["items"]), max_size=3)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return {
        "integer": st.integers(-(2**53), 2**53),
        "number": st.integers(0, 10**6) | st.floats(0, 1e6, allow_nan=False),
    }.get(kind, WORDS)


TASKS = values({"$ref": "#/components/schemas/TaskEnvelope"})
LISTS = values({"$ref": "#/components/schemas/TaskListEnvelope"})
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "code",
                    "message",
                    "data",
                    "task_id",
                    "task_status",
                    "task_result",
                    "videos",
                    "url",
                    "error",
                ]
            )
            | WORDS,
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(TASKS, IDS)
@example({"data": {"task_status": "queued_v2", "created_at": "2026-01-01T00:00:00Z"}}, "1")
@example({"data": {"task_result": {"videos": None}, "task_info": None, "updated_at": 0}}, "1")
def test_every_answer_that_the_contract_allows_is_read(
    envelope: dict[str, Any], task_id: str
) -> None:
    """With a job id in it and no error code, any answer of the contract is a task."""
    envelope = {**envelope, "code": 0, "data": {**(envelope.get("data") or {}), "task_id": task_id}}
    made = TaskEnvelope.from_dict(read_task(Answer(200, envelope)))
    assert made.data
    task = Task.read(made.data)
    assert task.task_id == task_id


@given(LISTS, IDS)
def test_every_list_that_the_contract_allows_is_read(
    envelope: dict[str, Any], task_id: str
) -> None:
    """A page of jobs is read whatever else each job says of itself."""
    rows = [{**(row or {}), "task_id": task_id} for row in envelope.get("data") or []]
    made = TaskListEnvelope.from_dict(
        read_tasks(Answer(200, {**envelope, "code": 0, "data": rows}))
    )
    assert [Task.read(row).task_id for row in made.data or []] == [task_id] * len(rows)


@given(
    st.sampled_from([200, 201, 204, 302, 400, 401, 404, 422, 429, 500, 503, 599]),
    JSON,
    st.booleans(),
)
def test_any_other_answer_ends_in_a_typed_error(status: int, payload: Any, paid: bool) -> None:
    """Whatever JSON comes with whatever status: a task is read, or a KlingError says why not."""
    for reader in (read_task, read_tasks):
        try:
            made = reader(Answer(status, payload, paid=paid))
        except KlingError as error:
            assert error.message  # noqa: PT017  (either outcome is right; only its kind counts)
        else:
            assert 200 <= status < 300
            assert isinstance(made["data"], dict | list)
