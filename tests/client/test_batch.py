"""Fleets over real sockets, against the sandbox: sync and async alike."""

from __future__ import annotations

import asyncio
import contextlib
import io
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from kling_facade import AsyncKling, ImageToVideo, InvalidRequest, Kling, KlingAdvice, Runtime
from kling_facade.client.outcome import Outcome
from kling_facade.errors import DownloadError, JobFailed, JobTaken
from kling_facade.jobs.effects import Progress
from kling_facade.jobs.fleet_status import Status
from kling_facade.limits import Limits, PollPlan
from kling_facade.sandbox import Sandbox, faults

SPEED = 400.0
KINDS = ["sync", "async"]
both = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all; tests count what they add."""
    with Sandbox(SPEED, short_side=96, fps=4) as running:
        yield running


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KlingAdvice)
        yield


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 320), "orange").save(buffer, "PNG")
    return buffer.getvalue()


PICTURE = _png()


def requests(count: int, **more: Any) -> list[ImageToVideo]:
    """So many requests."""
    return [
        ImageToVideo(PICTURE, prompt=f"the fox turns, take {number}", **more)
        for number in range(count)
    ]


def options(sandbox: Any, **more: Any) -> dict[str, Any]:
    """A client on the sandbox's clock."""
    return {
        "base_url": sandbox.base_url,
        "runtime": Runtime.sped_up(SPEED),
        "poll": PollPlan(together=30),
        "trust_env": False,
        **more,
    }


def run(
    kind: str, sandbox: Any, asked: Any, *args: Any, client: Any = None, **terms: Any
) -> tuple[list[Outcome[Any]], Status]:
    """All outcomes and the report."""
    if kind == "sync":
        with Kling(sandbox.api_key, **options(sandbox, **(client or {}))) as kling:
            batch = kling.generate_many(asked, *args, **terms)
            return list(batch), batch.status

    async def collect() -> tuple[list[Outcome[Any]], Status]:
        async with AsyncKling(sandbox.api_key, **options(sandbox, **(client or {}))) as kling:
            batch = kling.generate_many(asked, *args, **terms)
            return [outcome async for outcome in batch], batch.status

    return asyncio.run(collect())


@both
def test_every_request_becomes_a_file(kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Outcomes come with job and video; the folder is made; the report counts."""
    outcomes, status = run(kind, sandbox, requests(6), tmp_path / "new" / "films")
    assert sorted(outcome.number for outcome in outcomes) == list(range(6))
    for outcome in outcomes:
        assert outcome.error is None
        assert outcome.video is not None
        assert outcome.job is not None
        assert outcome.video.task_id == outcome.job.task_id
        assert outcome.video.path.name == f"{outcome.number + 1:04d}-bytes.mp4"
    assert (status.succeeded, status.failed, status.unpriced) == (6, 0, 0)
    assert status.units > 0


@both
def test_a_bad_request_and_a_failed_job_are_outcomes(
    kind: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The others get their videos."""
    asked = requests(2)
    asked.append(ImageToVideo(PICTURE, prompt="the fox turns", duration=7))
    outcomes, status = run(kind, sandbox, asked, tmp_path)
    errors = {outcome.number: outcome.error for outcome in outcomes}
    assert errors[0] is errors[1] is None
    assert isinstance(errors[2], InvalidRequest)
    assert (status.succeeded, status.failed) == (2, 1)


@both
def test_failed_jobs_are_told(kind: str) -> None:
    """A job that fails at the gateway carries itself in its error."""
    with Sandbox(SPEED, faults=[faults.fail_jobs(1)], short_side=96) as sandbox:
        outcomes, _ = run(kind, sandbox, requests(3))
        failed = [outcome.error for outcome in outcomes if outcome.error is not None]
        assert [type(error) for error in failed] == [JobFailed]
        assert getattr(failed[0], "job", None) is not None


@both
def test_lost_answers_cost_nothing_twice(kind: str) -> None:
    """A fleet keeps the promise of a single submit: as many jobs as requests."""
    with Sandbox(SPEED, faults=[faults.lost_answer(3)], short_side=96) as sandbox:
        outcomes, _ = run(kind, sandbox, requests(8))
        assert all(outcome.ok for outcome in outcomes)
        assert sandbox.creates == 8


@both
def test_a_gateway_with_few_slots_is_filled_and_not_flooded(kind: str) -> None:
    """With three slots, nine jobs all end; the status says how many slots there seem to be."""
    with Sandbox(SPEED, faults=[faults.concurrency_limit(3)], short_side=96) as sandbox:
        outcomes, status = run(kind, sandbox, requests(9))
        assert all(outcome.ok for outcome in outcomes)
        assert sandbox.creates == 9
        assert status.slots is not None
        assert sum(exchange.method == "POST" for exchange in sandbox.requests) < 60


@both
def test_what_is_there_is_not_paid_for_again(kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """``exist="skip"`` keeps whole videos; ``"error"`` refuses before anything is sent."""
    first, _ = run(kind, sandbox, requests(2), tmp_path, names=["a", "b"])
    paid = sandbox.creates
    again, _ = run(kind, sandbox, requests(2), tmp_path, names=["a", "b"], exist="skip")
    assert [outcome.job for outcome in again] == [None, None]
    assert {o.video.sha256 for o in again if o.video} == {o.video.sha256 for o in first if o.video}
    refused, _ = run(kind, sandbox, requests(2), tmp_path, names=["a", "b"])
    assert all(isinstance(outcome.error, DownloadError) for outcome in refused)
    assert sandbox.creates == paid


@both
def test_two_videos_of_one_name_are_refused(kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """The second one, before it is paid for."""
    paid = sandbox.creates
    outcomes, _ = run(kind, sandbox, requests(2), tmp_path, names=["same", "same"])
    assert sorted(outcome.ok for outcome in outcomes) == [False, True]
    assert sandbox.creates == paid + 1


@both
def test_a_dear_request_is_refused(kind: str, sandbox: Sandbox) -> None:
    """``max_units`` holds for each."""
    paid = sandbox.creates
    outcomes, _ = run(kind, sandbox, requests(1), max_units=0.1)
    assert isinstance(outcomes[0].error, InvalidRequest)
    assert sandbox.creates == paid


@both
def test_progress_is_told(kind: str, sandbox: Sandbox) -> None:
    """``on_update`` sees jobs wait and end; the last status is the report."""
    seen: list[Status] = []
    outcomes, status = run(kind, sandbox, requests(3), on_update=seen.append)
    assert len(outcomes) == 3
    assert any(one.waiting for one in seen)
    assert seen[-1].succeeded == status.succeeded == 3


def test_progress_may_be_awaited(sandbox: Sandbox) -> None:
    """A coroutine function will do with the async client."""
    seen: list[Status] = []

    async def look(status: Status) -> None:
        seen.append(status)

    run("async", sandbox, requests(1), on_update=look)
    assert seen


@both
def test_requests_that_raise_are_told_at_the_end(kind: str, sandbox: Sandbox) -> None:
    """What was begun ends first."""

    def source() -> Iterator[ImageToVideo]:
        yield from requests(1)
        raise OSError("no more pictures")

    paid = sandbox.creates
    with pytest.raises(OSError, match="no more pictures"):
        run(kind, sandbox, source())
    assert sandbox.creates == paid + 1


@both
def test_a_program_that_exits_in_a_batch_exits(kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """What is no error of a job ends the batch where it is iterated, and holds nobody up."""

    def leave(number: int, request: ImageToVideo) -> str:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        run(kind, sandbox, requests(4), tmp_path, names=leave)
    assert not [t for t in threading.enumerate() if t.name.startswith("kling-fleet")]


@both
def test_a_program_that_exits_in_a_batch_leaves_no_claims(
    kind: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Its rows can be resumed at once, by the same process too."""
    from kling_facade.jobs.journal import Journal

    def leave(number: int, request: ImageToVideo) -> str:
        if number == 5:
            raise SystemExit(3)
        return f"{number}"

    journal = tmp_path / "jobs.sqlite"
    with pytest.raises(SystemExit):
        run(kind, sandbox, requests(6), tmp_path, names=leave, client={"journal": journal})
    rows = [entry for entry in Journal(journal).entries() if entry.open]
    with Kling(sandbox.api_key, **options(sandbox, journal=journal)) as kling:
        resumed = list(kling.resume())
    assert len(resumed) == len(rows)
    assert not [one.error for one in resumed if isinstance(one.error, JobTaken)]


@both
def test_a_refused_key_keeps_what_is_there(kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Nothing is sent for the others; a video that is there needs no key."""
    run(kind, sandbox, requests(1), tmp_path, names=["5"])
    sent = len(sandbox.requests)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcomes, _ = run(
            kind,
            SimpleNamespace(api_key="wrong-key-000000", base_url=sandbox.base_url),
            requests(8),
            tmp_path,
            names=[f"{number}" for number in range(8)],
            exist="skip",
            concurrency=1,
        )
    assert [outcome.number for outcome in outcomes if outcome.ok] == [5]
    assert len(sandbox.requests) == sent + 3


@both
def test_a_refused_key_does_not_hide_what_was_paid_for(kind: str, tmp_path: Path) -> None:
    """`resume` posts nothing more, and brings the videos of the jobs that were accepted."""
    journal = tmp_path / "jobs.sqlite"
    with Sandbox(SPEED, short_side=96, fps=4) as sandbox:
        client = options(sandbox, journal=journal, limits=Limits(grace=1.0))
        lost = [request.replace(external_task_id=f"a{n}") for n, request in enumerate(requests(20))]
        with Kling(sandbox.api_key, **client) as kling, kling._working() as book:
            assert book is not None
            for request in lost:
                book.record("intent", {"external_task_id": request.external_task_id})
            for number, request in enumerate(requests(3)):
                kling._submit(request, book, {"destination": str(tmp_path / f"{number}.mp4")})
        sandbox.faults.append(faults.refuse(1002, times=10**6, on="create"))
        if kind == "sync":
            with Kling(sandbox.api_key, **client) as kling:
                resumed = list(kling.resume(requests=lost))
        else:

            async def collect() -> list[Any]:
                async with AsyncKling(sandbox.api_key, **client) as kling:
                    return [one async for one in kling.resume(requests=lost)]

            resumed = asyncio.run(collect())
        assert len([one for one in resumed if one.video]) == 3
        assert {type(one.error).__name__ for one in resumed} == {"NoneType", "AuthError"}


@both
def test_leaving_early_leaves_no_thread_and_no_task(kind: str, sandbox: Sandbox) -> None:
    """After a ``break`` nothing of the batch runs on."""
    if kind == "sync":
        with Kling(sandbox.api_key, **options(sandbox)) as kling:
            outcomes = kling.generate_many(requests(12), concurrency=2).__iter__()
            next(outcomes)
            outcomes.close()
        assert not [t for t in threading.enumerate() if t.name.startswith("kling-fleet")]
        return

    async def leave() -> set[asyncio.Task[Any]]:
        async with AsyncKling(sandbox.api_key, **options(sandbox)) as kling:
            batch = kling.generate_many(requests(12), concurrency=2)
            async with contextlib.aclosing(aiter(batch)) as outcomes:
                async for _ in outcomes:
                    break
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(leave()) == set()


@both
def test_an_interruption_leaves_a_journal_that_resumes(
    kind: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Ctrl-C while jobs wait; `resume` brings every paid one, and pays for none again."""
    paid = sandbox.creates
    journal = tmp_path / "jobs.sqlite"

    def interrupt(status: Status) -> None:
        if status.waiting == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run(
            kind,
            sandbox,
            requests(4),
            tmp_path / "films",
            on_update=interrupt,
            client={"journal": journal},
        )
    assert any("kling.resume()" in note for note in caught.value.__notes__)
    assert not list((tmp_path / "films").glob("*.mp4"))
    with Kling(sandbox.api_key, **options(sandbox, journal=journal)) as kling:
        resumed = list(kling.resume())
    assert [one.error for one in resumed] == [None] * 4
    assert len(list((tmp_path / "films").glob("*.mp4"))) == 4
    assert sandbox.creates == paid + 4


@both
def test_what_is_resumed_is_waited_for_together(kind: str, tmp_path: Path) -> None:
    """Twenty jobs of a dead process take as long as the longest, and a few questions in all."""
    with Sandbox(0, short_side=96, fps=4) as sandbox:

        async def nap(seconds: float) -> None:
            sandbox.advance(seconds)
            await asyncio.sleep(0)

        runtime = Runtime(monotonic=sandbox.clock.now, sleep=sandbox.advance, async_sleep=nap)
        client = options(sandbox, journal=tmp_path / "jobs.sqlite", runtime=runtime)
        with Kling(sandbox.api_key, **client) as kling, kling._working() as book:
            for number, request in enumerate(requests(20)):
                place = {"destination": str(tmp_path / f"{number}.mp4")}
                kling._submit(request, book, place)
        began, asked, heard = sandbox.clock.now(), len(sandbox.requests), list[Progress]()
        if kind == "sync":
            with Kling(sandbox.api_key, **client) as kling:
                resumed = list(kling.resume(on_update=heard.append))
        else:

            async def hear(progress: Progress) -> None:
                heard.append(progress)

            async def collect() -> list[Any]:
                async with AsyncKling(sandbox.api_key, **client) as kling:
                    return [one async for one in kling.resume(on_update=hear)]

            resumed = asyncio.run(collect())
        assert [one.error for one in resumed] == [None] * 20
        assert all(one.video and one.job for one in resumed)
        assert {progress.task.task_id for progress in heard} & {
            one.job.task_id for one in resumed if one.job
        }
        assert sandbox.clock.now() - began <= max(job.ends for job in sandbox.jobs) + 60
        looks = [one for one in sandbox.requests[asked:] if "/image2video" in one.path]
        assert len(looks) <= 20 + 40  # one look-up each, then lists
        assert sandbox.creates == 20


@both
def test_a_journal_is_written_for_each_job(kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Every job of a fleet ends as saved, and no claim is left."""
    from kling_facade.jobs.journal import Journal

    path = tmp_path / "jobs.sqlite"
    run(kind, sandbox, requests(3), tmp_path / "films", client={"journal": path})
    entries = list(Journal(path).entries())
    assert [entry.state for entry in entries] == ["saved"] * 3


@both
def test_a_batch_runs_once(kind: str, sandbox: Sandbox) -> None:
    """A second iteration would pay a second time: it is refused."""
    with Kling(sandbox.api_key, **options(sandbox)) as kling:
        batch = kling.generate_many([])
        assert list(batch) == []
        with pytest.raises(RuntimeError, match="runs once"):
            list(batch)
        assert "Batch" in repr(batch)


@pytest.mark.parametrize("client", [Kling, AsyncKling])
def test_concurrency_has_bounds(client: Callable[..., Any], sandbox: Sandbox) -> None:
    """More creates at once than connections would only wait for each other."""
    kling = client(sandbox.api_key, **options(sandbox))
    for wrong in (0, 1000):
        with pytest.raises(InvalidRequest, match="concurrency"):
            kling.generate_many([], concurrency=wrong)


def test_a_batch_that_is_given_up_leaves_no_part_of_a_video(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download that is under way stops at its next piece and cleans up."""
    from kling_facade.wire.video_client import Transfer

    begun = threading.Event()
    read = Transfer.read

    def stop(status: Status) -> None:
        if status.downloading and begun.wait(5):
            raise KeyboardInterrupt

    with Kling(sandbox.api_key, **options(sandbox)) as kling:
        batch = kling.generate_many(requests(1), tmp_path, on_update=stop)

        def held(transfer: Transfer) -> bytes:
            begun.set()
            batch._stopping.wait(5)
            return read(transfer)

        monkeypatch.setattr(Transfer, "read", held)
        with pytest.raises(KeyboardInterrupt):
            list(batch)
    assert list(tmp_path.iterdir()) == []


@both
def test_made_up_time_passes_when_the_fleet_sleeps(kind: str) -> None:
    """With injected clocks nothing waits for real: minutes of jobs end in a moment."""
    with Sandbox(0, short_side=96) as sandbox:

        async def pause(seconds: float) -> None:
            sandbox.advance(seconds)
            await asyncio.sleep(0)

        world = {"runtime": Runtime(sleep=sandbox.advance, async_sleep=pause)}
        outcomes, status = run(kind, sandbox, requests(4), client=world)
        assert all(outcome.ok for outcome in outcomes)
        assert status.elapsed > 60
