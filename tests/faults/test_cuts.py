"""Every good answer, cut at every byte: never taken for a job, always a typed error."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from kling_facade.errors import BadResponse, OutcomeUnknown
from kling_facade.gateway.answer_shapes import read_task, read_tasks
from kling_facade.wire.answers import to_answer
from tests.gateway.test_answer_shapes import FINISHED
from tests.support.both_clients import Kind, PlainRequest, calling
from tests.support.misbehaving_server import response, task_json
from tests.support.scripted_gateway import Spoiled, Stage, cut_answer

CREATED = {"a create": task_json(task_info={"external_task_id": "ours"}), **FINISHED}
LISTED = {"code": 0, "message": "", "request_id": "r", "data": [task_json()["data"]] * 2}


def reading(body: bytes, *, paid: bool, listing: bool = False) -> Any:
    """What the reader makes of an answer's bytes."""
    answer = to_answer(200, httpx.Headers(), body, paid=paid, now=0.0)
    return (read_tasks if listing else read_task)(answer)


@pytest.mark.parametrize("paid", [True, False])
@pytest.mark.parametrize("dialect", CREATED)
def test_every_dialect_cut_at_every_byte(dialect: str, paid: bool) -> None:
    """After a create the outcome is unknown; a read is a bad answer."""
    whole = json.dumps(CREATED[dialect]).encode()
    assert reading(whole, paid=paid)["data"]["task_id"] == "801"
    for at in range(len(whole)):
        with pytest.raises(OutcomeUnknown if paid else BadResponse):
            reading(whole[:at], paid=paid)


def test_a_list_cut_at_every_byte() -> None:
    """Half a list is no list."""
    whole = json.dumps(LISTED).encode()
    assert len(reading(whole, paid=False, listing=True)["data"]) == 2
    for at in range(len(whole)):
        with pytest.raises(BadResponse):
            reading(whole[:at], paid=False, listing=True)


WHOLE = len(response(task_json(task_info={"external_task_id": "ours"})))
KINDS: list[Kind] = ["sync", "async"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_cut_on_the_wire(kind: Kind) -> None:
    """Head and body, every seventh byte: one create, and the job is found."""
    for at in range(0, WHOLE, 7):
        with (
            Stage(faults={"S": [Spoiled(cut_answer(at))]}) as stage,
            calling(kind, stage.url) as client,
        ):
            assert client.submit(PlainRequest()).task_id == "801"
        assert stage.log == ["S", "L"]
        assert stage.creates == {"ours": 1}
