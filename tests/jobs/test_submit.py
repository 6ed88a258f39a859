"""Submit: one call of the user is at most one paid job, and no accepted job is lost."""

from __future__ import annotations

from typing import Any

import pytest

from kling_facade.errors import (
    AccountError,
    AlreadyExists,
    AuthError,
    BadResponse,
    InvalidRequest,
    JobNotFound,
    JobTaken,
    KlingError,
    NotSent,
    OutcomeUnknown,
    Throttled,
    TransientRead,
)
from kling_facade.gateway.job_id import Ids
from kling_facade.gateway.task import State, Task
from kling_facade.jobs.effects import Call, Do, Policy, Recall, Record, Sleep
from kling_facade.jobs.journal import Entry
from kling_facade.jobs.submit import submit
from kling_facade.limits import Limits, RetryBudget
from tests.support.scripted_effects import World, envelope

CREATE = Call("create_image_to_video", {"body": object()})
FIND = Call("get_image_to_video", {"id": "ours"})


def policy(**options: Any) -> Policy:
    """A policy whose dice always show the highest number."""
    return Policy(uniform=lambda: 1.0, **options)


def run(world: World, **options: Any) -> Task:
    """Submits in the made-up world."""
    return world.run(submit(CREATE, FIND, Ids("ours"), policy(**options), {"digest": "d"}))


def test_an_accepted_job_is_posted_once_and_recorded_before_and_after() -> None:
    """The journal says intent before the POST and accepted after it."""
    world = World(envelope(status="submitted"))
    task = run(world)
    assert task.state is State.SUBMITTED
    assert world.operations == ["create"]
    assert world.records == [
        (
            "intent",
            {"digest": "d", "external_task_id": "ours", "task_id": None, "within": 300.0},
        ),
        ("accepted", {"external_task_id": "ours", "task_id": "801"}),
    ]


@pytest.mark.parametrize(
    "lost", [OutcomeUnknown("lost"), AlreadyExists("have it"), BadResponse("?")]
)
def test_an_unclear_answer_is_looked_up_and_never_posted_again(lost: KlingError) -> None:
    """The job that the lost answer was about is found by its external id."""
    world = World(lost, envelope())
    assert run(world).task_id == "801"
    assert world.operations == ["create", "get"]


def test_a_job_that_shows_up_late_is_waited_for_within_the_grace_time() -> None:
    """Not found, unreachable and throttled look-ups are repeated, POSTs are not."""
    late = [JobNotFound("none"), TransientRead("lost"), NotSent("refused"), Throttled("slow")]
    world = World(OutcomeUnknown("lost"), *late, envelope())
    assert run(world).task_id == "801"
    assert world.operations == ["create"] + ["get"] * 5


def test_a_job_never_found_ends_in_an_error_that_says_how_to_look_later() -> None:
    """The error has the external id, the call that looks again, and what the first answer said."""
    world = World(OutcomeUnknown("lost", http_status=504, request_id="r9"), JobNotFound("none"))
    with pytest.raises(OutcomeUnknown, match="looked for the job") as caught:
        run(world, limits=Limits(grace=30.0))
    error = caught.value
    assert error.external_task_id == "ours"
    assert (error.http_status, error.request_id) == (504, "r9")
    assert "external_task_id='ours'" in str(error)
    assert world.creates == 1
    assert world.now - 1000 <= 30.0
    assert {event for event, _ in world.records} == {"intent", "waiting"}


def test_a_look_up_that_is_refused_keeps_the_outcome_unknown() -> None:
    """An account error during the look-up must not read as if no job existed."""
    world = World(OutcomeUnknown("lost"), AccountError("arrears", code=1101))
    with pytest.raises(OutcomeUnknown, match="arrears"):
        run(world)


def test_what_never_left_is_sent_again_under_the_same_id() -> None:
    """Connection refused twice, then accepted."""
    world = World(NotSent("refused"), NotSent("refused"), envelope())
    assert run(world).task_id == "801"
    assert world.operations == ["create"] * 3


def test_what_never_leaves_ends_after_a_few_tries() -> None:
    """The number of attempts is bounded, and the row is closed in the journal."""
    world = World(NotSent("refused"))
    with pytest.raises(NotSent) as caught:
        run(world, limits=Limits(attempts=3))
    assert world.creates == 3
    assert caught.value.external_task_id == "ours"
    assert world.records[-1][0] == "refused"


def test_a_spent_retry_budget_ends_it_at_once() -> None:
    """All calls of a client share a budget, so a dead gateway isn't stormed."""
    world = World(NotSent("refused"))
    with pytest.raises(NotSent):
        run(world, budget=RetryBudget(size=0))
    assert world.creates == 1


def test_throttling_waits_as_long_as_asked_and_never_less() -> None:
    """`Retry-After: 7` is 7 s and a little more."""
    world = World(Throttled("slow", code=1302, retry_after=7.0), envelope())
    run(world)
    assert world.sleeps == [7.0 * 1.25]


def test_a_refusal_in_words_that_name_our_id_is_looked_up() -> None:
    """`task ours was accepted, slots busy` posts nothing again; `yours is busy` is just busy."""
    world = World(Throttled("task ours was accepted, slots busy", code=1303), envelope())
    run(world)
    assert world.operations.count("create") == 1
    world = World(Throttled("slots busy with tours and ours-2", code=1303), envelope())
    run(world)
    assert world.operations.count("create") == 2


@pytest.mark.parametrize(("asked", "slept"), [(0.0, 1.25), (1e9, 150.0)])
def test_an_absurd_retry_after_is_clamped(asked: float, slept: float) -> None:
    """1 s at least and 120 s at most, before the jitter."""
    world = World(Throttled("slow", retry_after=asked), envelope())
    run(world)
    assert world.sleeps == [slept]


def test_a_full_account_is_waited_for_until_the_deadline_only() -> None:
    """Busy slots (1303) are no failure, but the caller's time is bounded."""
    world = World(Throttled("busy", code=1303))
    with pytest.raises(Throttled):
        run(world, limits=Limits(submit=300.0))
    assert 200 < world.now - 1000 <= 300
    assert world.records[-1][0] == "refused"


@pytest.mark.parametrize("code", [1003, 1004])
def test_a_stale_token_is_signed_again_once(code: int) -> None:
    """The call was refused before anything was made, so it may be repeated."""
    world = World(AuthError("stale", code=code), envelope())
    assert run(world).task_id == "801"
    assert world.creates == 2
    world = World(AuthError("stale", code=code))
    with pytest.raises(AuthError):
        run(world)
    assert world.creates == 2


@pytest.mark.parametrize(
    "refusal", [AuthError("wrong", code=1002), AccountError("pay", code=1102), InvalidRequest("no")]
)
def test_a_refusal_is_final_and_carries_the_external_id(refusal: KlingError) -> None:
    """No retry, and the journal's row is closed: nothing was spent."""
    world = World(refusal)
    with pytest.raises(type(refusal)) as caught:
        run(world)
    assert world.creates == 1
    assert caught.value.external_task_id == "ours"
    assert world.records[-1] == ("refused", {"external_task_id": "ours", "task_id": None})


def test_further_jobs_under_one_id_are_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """There should be none; each may have been charged."""
    world = World(OutcomeUnknown("lost"), envelope(other_task_ids=["802", "803"]))
    assert run(world).other_task_ids == ("802", "803")
    assert "2 more jobs" in caplog.text
    assert "802, 803" in caplog.text


def test_an_answer_with_another_external_id_is_not_taken_for_ours() -> None:
    """It counts as a lost answer: the job is looked up by our own id."""
    world = World(envelope("999", external="theirs"), envelope("801"))
    assert run(world).task_id == "801"
    assert world.operations == ["create", "get"]


def test_a_naive_retry_would_post_twice() -> None:
    """Negative control: the counter that the tests above rely on does count a second POST."""

    def naive() -> Any:
        from kling_facade.jobs.effects import Send

        try:
            return (yield Send(CREATE))
        except OutcomeUnknown:
            return (yield Send(CREATE))

    world = World(OutcomeUnknown("lost"), envelope())
    world.run(naive())
    assert world.creates == 2


# --- attempts, and exceptions that are not ours --------------------------------------------------


def test_each_attempt_is_noted_before_it_leaves() -> None:
    """The grace time of a later run counts from the last of them."""
    world = World(Throttled("busy", code=1303), NotSent("refused"), envelope())
    run(world)
    order = [event for event, _ in world.records]
    assert order == ["intent", "waiting", "attempt", "waiting", "attempt", "accepted"]
    assert all(facts["within"] > 0 for event, facts in world.records if event == "attempt")


def test_who_has_lost_the_row_posts_no_more_and_calls_nothing_refused() -> None:
    """Another process took it over while this one was held back."""

    class Lost(World):
        def perform(self, effect: Any) -> Any:
            if isinstance(effect, Record) and effect.event == "attempt":
                raise JobTaken("another process works on ours")
            return super().perform(effect)

    world = Lost(Throttled("busy", code=1303))
    with pytest.raises(JobTaken) as caught:
        run(world)
    assert caught.value.external_task_id == "ours"
    assert world.creates == 1
    assert "refused" not in [event for event, _ in world.records]


@pytest.mark.parametrize("kind", [Throttled, AccountError, AuthError, InvalidRequest])
def test_an_error_that_names_a_job_is_looked_up(kind: type[KlingError]) -> None:
    """And the id is written down, whatever comes of the look-up."""
    world = World(kind("no", code=1303, task_id="801"), envelope())
    assert run(world).task_id == "801"
    assert world.operations == ["create", "get"]
    assert ("unclear", {"external_task_id": "ours", "task_id": "801"}) in world.records


def test_an_exception_while_it_waits_says_how_to_look_later() -> None:
    """The program's own alarm rings between two attempts: it is the program's, with a note."""

    class Alarmed(World):
        def perform(self, effect: Any) -> Any:
            if isinstance(effect, Sleep):
                raise TimeoutError("the program's own")
            return super().perform(effect)

    world = Alarmed(OutcomeUnknown("lost"), JobNotFound("not yet"))
    with pytest.raises(TimeoutError) as caught:
        run(world)
    assert "external_task_id='ours'" in caught.value.__notes__[0]
    assert [event for event, _ in world.records if event == "refused"] == []


@pytest.mark.parametrize(
    "first", [[], [OutcomeUnknown("lost")]], ids=["the create", "the look-up after it"]
)
def test_a_stale_token_is_signed_anew_once(first: list[Any]) -> None:
    """A second refusal of the token is one of the key."""
    stale = AuthError("expired", code=1004)
    assert run(World(*first, stale, envelope())).task_id == "801"
    with pytest.raises((AuthError, OutcomeUnknown)):
        run(World(*first, stale))


@pytest.mark.parametrize("digest", ["same", "another"])
def test_what_counted_as_refused_may_have_been_accepted(digest: str) -> None:
    """The same request is taken up; another one under its id is not posted."""
    entry = Entry("ours", "gateway", "refused", digest="same")

    class Remembering(World):
        def perform(self, effect: Any) -> Any:
            if isinstance(effect, Recall):
                return entry
            return effect.function() if isinstance(effect, Do) else super().perform(effect)

    world = Remembering(envelope())
    flow = submit(CREATE, FIND, Ids("ours"), policy(), {}, lambda: (digest, "older"))
    if digest == "same":
        assert world.run(flow).task_id == "801"
    else:
        with pytest.raises(InvalidRequest, match="another request"):
            world.run(flow)
    assert world.operations == ["get"]
