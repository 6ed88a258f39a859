"""Faults on purpose: each does what it says, as often as it says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from kling_facade.sandbox import Sandbox, faults
from kling_facade.sandbox.faults import Call, Fault
from kling_facade.sandbox.jobs import Jobs
from tests.sandbox.conftest import PATH, Opener, create, finished


def status(answer: httpx.Response) -> tuple[int, int]:
    """HTTP status and Kling's code."""
    return answer.status_code, answer.json()["code"]


def test_a_lost_answer_leaves_a_job(opened: Opener) -> None:
    """The connection closes without a byte; the job exists and is found by its external id."""
    sandbox, api = opened(faults=[faults.lost_answer()])
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        api.post(PATH, json=create(external_task_id="mine"))
    assert sandbox.creates == 1
    assert sandbox.requests[0].status is None
    assert status(api.get(f"{PATH}/mine")) == (200, 0)
    assert status(api.post(PATH, json=create(external_task_id="mine"))) == (400, 1201)


@pytest.mark.parametrize("call", ["look-up", "list", "file"])
def test_other_answers_can_be_lost_too(opened: Opener, call: Call) -> None:
    """Once, and then no more."""
    sandbox, api = opened(faults=[faults.lost_answer(on=call)])
    task_id = api.post(PATH, json=create()).json()["data"]["task_id"]
    sandbox.advance(10_000)
    (job,) = sandbox.jobs
    path = {
        "look-up": f"{PATH}/{task_id}",
        "list": PATH,
        "file": f"/files/{job.token}/{task_id}.mp4",
    }[call]
    with pytest.raises(httpx.RemoteProtocolError):
        api.get(path)
    assert api.get(path).status_code == 200


def test_throttling(opened: Opener) -> None:
    """429 with 1302 and how long to wait, twice; then it works."""
    sandbox, api = opened(faults=[faults.throttle(2, retry_after=7)])
    answers = [api.post(PATH, json=create()) for _ in range(3)]
    assert [status(answer) for answer in answers] == [(429, 1302), (429, 1302), (200, 0)]
    assert [answer.headers.get("retry-after") for answer in answers] == ["7", "7", None]
    assert sandbox.creates == 1


def test_throttling_without_a_hint_and_for_every_call(opened: Opener) -> None:
    """Kling often says nothing of how long."""
    _, api = opened(faults=[faults.throttle(2, code=1303, on=None)])
    answers = [api.get(PATH), api.post(PATH, json=create()), api.get(PATH)]
    assert [status(answer)[1] for answer in answers] == [1303, 1303, 0]
    assert "retry-after" not in answers[0].headers


def test_the_key_is_checked_before_throttling(opened: Opener) -> None:
    """A wrong key is told, not throttled."""
    sandbox, _ = opened(faults=[faults.throttle(1)])
    answer = httpx.post(f"{sandbox.base_url}{PATH}", json=create(), trust_env=False)
    assert status(answer) == (401, 1001)


@pytest.mark.parametrize(
    ("code", "http"), [(1102, 429), (1301, 400), (5000, 500), (5001, 503), (5002, 504), (1304, 429)]
)
def test_any_code_can_be_answered(opened: Opener, code: int, http: int) -> None:
    """With the HTTP status that belongs to it, and a text of one's own if wanted."""
    _, api = opened(faults=[faults.refuse(code), faults.refuse(code, message="own words")])
    first, second = api.post(PATH, json=create()), api.post(PATH, json=create())
    assert status(first) == status(second) == (http, code)
    assert second.json()["message"] == "own words"


def test_a_limit_of_jobs_at_once(opened: Opener) -> None:
    """1303 while the slots are taken; free again when a job ends."""
    sandbox, api = opened(faults=[faults.concurrency_limit(2)])
    codes = [status(api.post(PATH, json=create()))[1] for _ in range(3)]
    assert codes == [0, 0, 1303]
    sandbox.advance(10_000)
    assert status(api.post(PATH, json=create())) == (200, 0)


def posts_at_once(api: httpx.Client, count: int, **fields: Any) -> list[int]:
    """The codes of many creates at once."""
    with ThreadPoolExecutor(count) as pool:
        answers = pool.map(lambda _: api.post(PATH, json=create(**fields)), range(count))
        return sorted(answer.json()["code"] for answer in answers)


@pytest.mark.parametrize(
    "settings", [{"slots": 5}, {"faults": [faults.concurrency_limit(5)]}], ids=str
)
def test_a_limit_holds_for_creates_at_the_same_moment(
    opened: Opener, settings: dict[str, Any]
) -> None:
    """Sixteen threads, five slots: five jobs, and 1303 for the others."""
    sandbox, api = opened(**settings)
    assert posts_at_once(api, 16) == [0] * 5 + [1303] * 11
    assert sandbox.creates == 5


def test_an_account_has_slots(opened: Opener) -> None:
    """A job holds one from its create to its end, and each model has its own (VD4)."""
    sandbox, api = opened(slots=2)
    assert posts_at_once(api, 3) == [0, 0, 1303]
    refused = api.post(PATH, json=create())
    assert refused.status_code == 429
    assert "data" not in refused.json()
    assert api.post(PATH, json=create(model_name="kling-v3")).json()["code"] == 0
    sandbox.advance(10_000)
    assert posts_at_once(api, 3) == [0, 0, 1303]


def test_a_job_that_fails_frees_its_slot_too(opened: Opener) -> None:
    """When it ends."""
    sandbox, api = opened(slots=1, faults=[faults.fail_jobs()])
    api.post(PATH, json=create())
    assert posts_at_once(api, 1) == [1303]
    sandbox.advance(10_000)
    assert posts_at_once(api, 1) == [0]


@pytest.mark.parametrize("settings", [{"slots": 0}, {"port": 70_000}, {"port": -1}])
def test_settings_out_of_range_are_refused_at_once(settings: dict[str, int]) -> None:
    """With what would be right."""
    with pytest.raises(ValueError, match="must be"):
        Sandbox(**settings)  # type: ignore[arg-type]  # the point of the test


def test_slow_jobs(opened: Opener) -> None:
    """Ten times longer, for as many as said."""
    sandbox, api = opened(faults=[faults.slow_jobs(10, times=1)])
    for _ in range(2):
        api.post(PATH, json=create())
    slow, normal = sandbox.jobs
    assert slow.ends - slow.created > 3 * (normal.ends - normal.created)
    assert slow.created < slow.starts < slow.ends


def test_all_jobs_slow(opened: Opener) -> None:
    """Without a number, every one."""
    sandbox, api = opened(faults=[faults.slow_jobs(100)])
    for _ in range(3):
        api.post(PATH, json=create())
    assert min(job.ends - job.created for job in sandbox.jobs) > 3_000


def test_failing_jobs(opened: Opener) -> None:
    """Accepted, and failed in the end, with the reason; the next one succeeds."""
    sandbox, api = opened(faults=[faults.fail_jobs(reason="no foxes today")])
    data = finished(sandbox, api)
    assert (data["task_status"], data["task_status_msg"]) == ("failed", "no foxes today")
    assert finished(sandbox, api)["task_status"] == "succeed"


def test_late_lookups(opened: Opener) -> None:
    """A new job is not found for a while, and then it is."""
    sandbox, api = opened(faults=[faults.late_lookup(5)])
    api.post(PATH, json=create(external_task_id="mine"))
    assert status(api.get(f"{PATH}/mine")) == (404, 1203)
    sandbox.advance(5)
    assert status(api.get(f"{PATH}/mine")) == (200, 0)


def test_expired_results(opened: Opener) -> None:
    """The job still says that it succeeded; its address serves nothing."""
    sandbox, api = opened(faults=[faults.expired_results(after=20_000)])
    url = finished(sandbox, api)["task_result"]["videos"][0]["url"]
    assert api.head(url).status_code == 200
    sandbox.advance(20_000)
    assert api.head(url).status_code == 404


def test_cut_files(opened: Opener) -> None:
    """Half arrives, then the connection ends; the rest can be fetched by range."""
    sandbox, api = opened(faults=[faults.cut_files(part=0.25)])
    url = finished(sandbox, api)["task_result"]["videos"][0]["url"]
    got, headers = start_of(api, url)
    assert len(got) == int(headers["content-length"]) // 4
    rest = api.get(url, headers={"Range": f"bytes={len(got)}-", "If-Range": headers["etag"]})
    assert got + rest.content == api.get(url).content


def start_of(api: httpx.Client, url: str) -> tuple[bytes, httpx.Headers]:
    """What arrives of a file before the connection ends early."""
    got = b""
    with api.stream("GET", url) as answer:
        try:
            for chunk in answer.iter_raw():
                got += chunk
        except httpx.RemoteProtocolError:
            return got, answer.headers
    raise AssertionError("the file arrived whole")


def test_faults_can_be_added_while_it_runs(opened: Opener) -> None:
    """A test breaks things where it wants to."""
    sandbox, api = opened()
    assert status(api.post(PATH, json=create())) == (200, 0)
    sandbox.faults.append(faults.refuse(5001))
    assert status(api.post(PATH, json=create())) == (503, 5001)


class Broken(Fault):
    """A fault with a mistake of its own."""

    def before(self, call: Call, jobs: Jobs) -> None:
        raise ZeroDivisionError("a mistake in the test itself")


def test_a_mistake_in_a_fault_is_told(opened: Opener) -> None:
    """500 with 5000 and the mistake; the sandbox goes on."""
    sandbox, api = opened(faults=[Broken()])
    answer = api.get(PATH)
    assert status(answer) == (500, 5000)
    assert "a mistake in the test itself" in answer.json()["message"]
    sandbox.faults.clear()
    assert httpx.get(f"{sandbox.base_url}{PATH}", headers=api.headers, trust_env=False).is_success


def test_the_base_fault_does_nothing(opened: Opener) -> None:
    """A fault of one's own overrides only what it wants."""
    sandbox, api = opened(faults=[Fault()])
    assert finished(sandbox, api)["task_status"] == "succeed"
    (job,) = sandbox.jobs
    assert api.head(f"/files/{job.token}/{job.task_id}.mp4").status_code == 200
