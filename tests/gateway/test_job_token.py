"""A token carries a job to another machine: ids and the gateway's host, and nothing to fetch."""

from __future__ import annotations

import base64
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kling_facade.errors import InvalidRequest, KlingError
from kling_facade.gateway.gateway import Gateway
from kling_facade.gateway.job_id import Ids
from kling_facade.gateway.job_token import read_token, write_token
from tests.support.both_clients import KEY, Kind, PlainRequest, calling
from tests.support.scripted_gateway import MP4, SIGN, Stage

HERE = Gateway("https://gateway.example:8443/base")
GOOD = {"kling_job": 1, "gateway": "gateway.example:8443", "task_id": "801"}

KINDS: list[Kind] = ["sync", "async"]
ids = st.text(st.sampled_from("abcXYZ019._~:@+-"), min_size=3, max_size=40)


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_goes_on_elsewhere(kind: Kind, tmp_path: Path) -> None:
    """One client submits, another one waits and downloads."""
    with Stage() as stage:
        with calling(kind, stage.url) as client:
            token = client.submit(PlainRequest()).token
        assert KEY not in token
        assert SIGN not in token
        with calling(kind, stage.url) as client:
            job = client.kling.job(token)
            assert (job.task_id, job.external_task_id) == ("801", "ours")
            client.do(job.wait())
            assert client.do(job.download(tmp_path / "v.mp4")).size == len(MP4)


@given(task=st.none() | ids, external=st.none() | ids)
def test_a_token_is_read_as_it_was_written(task: str | None, external: str | None) -> None:
    """For all ids; there is one at least."""
    known = Ids(external, task)
    if task is None and external is None:
        return
    assert read_token(write_token(HERE, known), HERE) == known


BAD: dict[str, Any] = {
    "another gateway": {**GOOD, "gateway": "evil.example"},
    "another port": {**GOOD, "gateway": "gateway.example"},
    "no gateway": {"kling_job": 1, "task_id": "801"},
    "newer": {**GOOD, "kling_job": 2},
    "older": {**GOOD, "kling_job": 0},
    "version as text": {**GOOD, "kling_job": "1"},
    "version as truth": {**GOOD, "kling_job": True},
    "no version": {"gateway": "gateway.example:8443", "task_id": "801"},
    "an address to fetch": {**GOOD, "url": "https://evil.example/v.mp4"},
    "no ids": {"kling_job": 1, "gateway": "gateway.example:8443"},
    "a path": {**GOOD, "task_id": "../../admin"},
    "dots": {**GOOD, "task_id": ".."},
    "a number": {**GOOD, "task_id": 801},
    "an object": {**GOOD, "task_id": {"a": 1}},
    "line ends": {**GOOD, "external_task_id": "a\r\nb"},
}
RAW = {
    "no JSON": "{nonsense",
    "two versions": '{"kling_job": 1, "kling_job": 1, "gateway": "gateway.example:8443"}',
    "a list": '["kling_job"]',
    "too long": json.dumps({**GOOD, "task_id": "8" * 2000}),
    "deep": '{"a":' * 150 + "1" + "}" * 150,
    "a pickle": "{" + base64.b64encode(pickle.dumps(GOOD)).decode(),
    "a surrogate": '{"\ud800": 1}',
}


@pytest.mark.parametrize("token", [*map(json.dumps, BAD.values()), *RAW.values()], ids=[*BAD, *RAW])
def test_what_is_no_token_of_ours_is_refused(token: str) -> None:
    """Forged, damaged, newer, or of another gateway."""
    with pytest.raises(InvalidRequest):
        read_token(token, HERE)


def test_a_newer_token_says_so() -> None:
    """The remedy is another one than for a forged token."""
    with pytest.raises(InvalidRequest, match="version 2"):
        read_token(json.dumps({**GOOD, "kling_job": 2, "more": 1}), HERE)


def test_a_client_takes_a_token_only_where_it_expects_one() -> None:
    """As the first argument of `job`; as an external id it is none."""
    with calling("sync", "http://127.0.0.1:1") as client:
        token = write_token(Gateway("http://127.0.0.1:1"), Ids("ours"))
        assert client.kling.job(token).external_task_id == "ours"
        with pytest.raises(InvalidRequest):
            client.kling.job(external_task_id=token)
        with pytest.raises(InvalidRequest):
            client.kling.job(json.dumps(GOOD))
        with pytest.raises(InvalidRequest, match="one of them"):
            client.kling.job()


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    """It is a token or refused."""
    try:
        read_token(text, HERE)
    except KlingError:
        return
