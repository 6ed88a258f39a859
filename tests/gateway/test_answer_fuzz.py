"""Whatever JSON a gateway makes up of the names we know: a snapshot, or a typed error."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from kling_client.models import TaskEnvelope, TaskListEnvelope

from kling_facade.errors import KlingError
from kling_facade.gateway.answer import Answer
from kling_facade.gateway.answer_shapes import read_task, read_tasks
from kling_facade.gateway.task import Task

# fmt: off
NAMES = st.sampled_from(
    [
        "code", "message", "request_id", "data", "task_id", "taskId", "id", "task_status",
        "status", "state", "task_info", "external_task_id", "task_result", "videos", "url",
        "duration", "watermark_url", "created_at", "updated_at", "error", "final_unit_deduction",
        "detail", "msg", "outputs", "metadata", "fail_reason", "other_task_ids", "items",
        "success", "task_status_msg", "progress", "create_time",
    ]
)
# fmt: on
WORDS = st.sampled_from(["succeed", "801", "https://x/v", "", "ours", "2024-01-01", "0", "failed"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS
    | st.text(max_size=8)
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)
OBJECTS = st.dictionaries(NAMES, ANYTHING, max_size=7)
ANSWERS = OBJECTS | OBJECTS.map(lambda data: {"code": 0, "data": {**data, "task_id": "801"}})


def _snapshots(payload: dict[str, Any], paid: bool) -> list[Task]:
    found = []
    one = TaskEnvelope.from_dict(read_task(Answer(200, payload, paid=paid))).data
    if one:
        found.append(Task.read(one))
    return found


@settings(max_examples=200)
@given(payload=ANSWERS, paid=st.booleans())
def test_no_json_breaks_the_reader(payload: dict[str, Any], paid: bool) -> None:
    """Nothing of Python's own gets out, and a snapshot can be shown."""
    for reader, model in ((read_task, TaskEnvelope), (read_tasks, TaskListEnvelope)):
        try:
            envelope = model.from_dict(reader(Answer(200, payload, paid=paid)))
        except KlingError:
            continue
        found = envelope.data if isinstance(envelope.data, list) else [envelope.data]
        for data in found:
            assert data
            assert str(Task.read(data))


def test_the_makers_of_answers_make_good_ones_too() -> None:
    """Control: what is generated is not all refused."""
    assert _snapshots({"code": 0, "data": {"task_id": "801", "other_task_ids": 7}}, False)
