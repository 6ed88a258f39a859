"""Wait: only the job's end or the caller's deadline ends it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from kling_facade.errors import (
    AuthError,
    BadResponse,
    JobNotFound,
    KlingError,
    NotSent,
    Throttled,
    TransientRead,
    WaitTimeout,
)
from kling_facade.gateway.job_id import Ids
from kling_facade.gateway.task import State, Task
from kling_facade.jobs.effects import Call, Policy
from kling_facade.jobs.wait import refresh, wait
from kling_facade.limits import Limits, PollPlan
from tests.support.scripted_effects import World, done, envelope

FIND = Call("get_image_to_video", {"id": "801"})
SUBMITTED = Task("801", State.SUBMITTED, "submitted")
STEADY = PollPlan(first=10.0, growth=1.0, cap=10.0, jitter=0.0)


def run(
    world: World, task: Task | None = SUBMITTED, timeout: float = 600.0, **options: Any
) -> Task:
    """Waits in the made-up world, polling every ten seconds."""
    policy = Policy(uniform=lambda: 1.0, **{"plan": STEADY, **options})
    return world.run(wait(FIND, task, Ids("ours", "801"), policy, timeout))


def test_it_polls_until_the_video_is_there() -> None:
    """Three questions, the last of which brings the address."""
    world = World(envelope(status="submitted"), envelope(), done())
    task = run(world)
    assert task.state is State.SUCCEEDED
    assert task.videos[0].url == "https://cdn.example.com/v.mp4"
    assert world.sleeps == [10.0] * 3
    assert [progress.polls for progress in world.told] == [1, 2, 3]


def test_gaps_grow_to_a_cap_and_are_jittered_downwards() -> None:
    """The plan's figures are what is slept."""
    world = World(*[envelope()] * 5, done())
    run(world, plan=PollPlan(first=4.0, growth=2.0, cap=15.0, jitter=0.5))
    assert world.sleeps == [2.0, 4.0, 7.5, 7.5, 7.5, 7.5]


def test_a_job_without_a_snapshot_is_asked_for_at_once() -> None:
    """A handle made from an id alone does not wait before its first question."""
    world = World(done())
    run(world, task=None)
    assert world.sleeps == []


@pytest.mark.parametrize(
    "trouble", [TransientRead("lost"), NotSent("refused"), BadResponse("?"), Throttled("slow")]
)
def test_a_failed_question_does_not_end_the_wait(trouble: KlingError) -> None:
    """The caller is told of the trouble and the job goes on."""
    world = World(trouble, done())
    assert run(world).state is State.SUCCEEDED
    assert world.told[0].trouble == trouble.message
    assert world.told[1].trouble is None


def test_a_network_that_is_gone_for_minutes_is_outlived() -> None:
    """Sixty failures in a row, then the video."""
    world = World(*[NotSent("refused")] * 60, done())
    assert run(world, timeout=1200).state is State.SUCCEEDED


def test_an_unknown_state_is_a_running_job(caplog: pytest.LogCaptureFixture) -> None:
    """It is kept, warned of once, and waited through."""
    world = World(*[envelope(status="queued_v2")] * 3, done())
    with caplog.at_level(logging.WARNING, "kling_facade"):
        run(world)
    assert world.told[0].task.status == "queued_v2"
    assert sum("queued_v2" in record.message for record in caplog.records) == 1


def test_a_failed_job_ends_the_wait_with_its_reason() -> None:
    """The snapshot says why."""
    world = World(envelope(status="failed", task_status_msg="Image pixel is invalid"))
    task = run(world)
    assert (task.state, task.message) == (State.FAILED, "Image pixel is invalid")


def test_the_first_final_state_stands() -> None:
    """A job known to be finished is not asked about again."""
    world = World(envelope())
    task = run(world, task=Task.read(done().data))  # type: ignore[arg-type]
    assert task.state is State.SUCCEEDED
    assert world.sent == []


def test_the_deadline_ends_it_with_the_ids_and_what_to_do() -> None:
    """Time is bounded; the job goes on, and the error says how to go on with it."""
    world = World(envelope(), latency=1.0)
    with pytest.raises(WaitTimeout, match="no video after 60 s") as caught:
        run(world, timeout=60.0)
    assert caught.value.task_id == "801"
    assert "kling.job('801').wait()" in str(caught.value)
    assert world.now - 1000 <= 61


def test_the_last_gap_is_cut_to_the_deadline() -> None:
    """There is a question at the deadline, not before it."""
    world = World(envelope())
    with pytest.raises(WaitTimeout):
        run(world, timeout=25.0)
    assert world.sleeps == [10.0, 10.0, 5.0]


def test_no_question_may_take_longer_than_what_is_left() -> None:
    """Each exchange is given the rest of the deadline, a second at least."""
    world = World(envelope())
    with pytest.raises(WaitTimeout):
        run(world, timeout=25.0)
    assert [send.within for send in world.sent] == [15.0, 5.0, 1.0]


def test_a_laptop_that_slept_asks_once() -> None:
    """An hour passes within one sleep: one question at wake, then the deadline."""
    world = World(done())
    world.oversleep = lambda seconds: 3600.0
    assert run(world, timeout=600.0).state is State.SUCCEEDED
    assert len(world.sent) == 1


def test_unreadable_answers_are_borne_twice_in_a_row() -> None:
    """The third ends the wait; a good one in between resets the count."""
    bad = BadResponse("?")
    world = World(bad, bad, envelope(), bad, bad, done())
    assert run(world).state is State.SUCCEEDED
    world = World(bad)
    with pytest.raises(BadResponse) as caught:
        run(world)
    assert len(world.sent) == 3
    assert caught.value.task_id == "801"


def test_a_finished_job_without_an_address_is_asked_for_it_a_few_times() -> None:
    """The gateway may be behind itself for a moment; for good, it is an error with the ids."""
    empty = envelope(status="succeed")
    world = World(empty, empty, done())
    assert run(world).videos
    world = World(empty)
    with pytest.raises(BadResponse, match="no address") as caught:
        run(world)
    assert len(world.sent) == 4
    assert caught.value.external_task_id == "ours"


def test_a_job_not_yet_visible_is_borne_for_the_grace_time() -> None:
    """Right after it was accepted a look-up may miss it; later, missing is an error."""
    world = World(JobNotFound("none"), done())
    assert run(world).state is State.SUCCEEDED
    world = World(JobNotFound("none"))
    with pytest.raises(JobNotFound):
        run(world, limits=Limits(grace=25.0))
    assert len(world.sent) == 3


def test_a_token_that_expires_while_waiting_is_signed_again_at_once() -> None:
    """Once without delay; twice in a row is a real refusal."""
    stale = AuthError("expired", code=1004)
    world = World(stale, done())
    run(world)
    assert world.sleeps == [10.0, 0.0]
    world = World(stale)
    with pytest.raises(AuthError):
        run(world)
    assert len(world.sent) == 2


def test_a_refused_key_ends_the_wait_and_keeps_the_ids() -> None:
    """Waiting would not help."""
    world = World(AuthError("wrong", code=1002))
    with pytest.raises(AuthError) as caught:
        run(world)
    assert (caught.value.task_id, caught.value.external_task_id) == ("801", "ours")


def test_an_answer_about_another_job_is_never_delivered() -> None:
    """It counts as unreadable, and its video is not taken."""
    world = World(done("802", external=None))
    with pytest.raises(BadResponse, match="another job"):
        run(world)


def test_throttled_questions_wait_longer_than_the_plan() -> None:
    """The gateway's own figure rules."""
    world = World(Throttled("slow", retry_after=40.0), done())
    run(world)
    assert world.sleeps == [10.0, 50.0]


def test_a_progress_reads_as_a_line() -> None:
    """`on_update=print` is useful as it is."""
    world = World(TransientRead("no answer"), done())
    run(world)
    assert str(world.told[0]) == "job 801 submitted, 10 s (still trying: no answer)"
    assert str(world.told[1]) == "job 801 succeed, 20 s"


def test_refresh_tries_a_few_times_and_then_says_so() -> None:
    """A single look has bounded retries, with the ids in the error."""
    policy = Policy(uniform=lambda: 0.0, limits=Limits(attempts=3))
    world = World(TransientRead("lost"), Throttled("slow"), envelope())
    assert world.run(refresh(FIND, Ids(None, "801"), policy)).task_id == "801"
    world = World(TransientRead("lost"))
    with pytest.raises(TransientRead) as caught:
        world.run(refresh(FIND, Ids(None, "801"), policy))
    assert len(world.sent) == 3
    assert caught.value.task_id == "801"


@pytest.mark.parametrize("code", [1003, 1004])
def test_refresh_signs_a_stale_token_again_once(code: int) -> None:
    """The second refusal is final."""
    policy = Policy()
    world = World(AuthError("stale", code=code), envelope())
    world.run(refresh(FIND, Ids(None, "801"), policy))
    world = World(AuthError("stale", code=code))
    with pytest.raises(AuthError):
        world.run(refresh(FIND, Ids(None, "801"), policy))
    assert len(world.sent) == 2


def test_refresh_of_a_missing_job_is_not_repeated() -> None:
    """Asking again would not make it appear."""
    world = World(JobNotFound("none"))
    with pytest.raises(JobNotFound):
        world.run(refresh(FIND, Ids(None, "801"), Policy()))
    assert len(world.sent) == 1
