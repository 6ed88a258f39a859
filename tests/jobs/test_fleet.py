"""The scheduler alone, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kling_facade.client.orders import file_names
from kling_facade.errors import (
    AccountError,
    AuthError,
    InvalidRequest,
    JobFailed,
    NotSent,
    PolicyRejected,
    Throttled,
    TransientRead,
    WaitTimeout,
)
from kling_facade.jobs.fleet import Fleet
from kling_facade.jobs.fleet_status import Status
from kling_facade.jobs.fleet_work import Terms
from kling_facade.jobs.poller import Vacant
from kling_facade.jobs.window import Window
from tests.support.simulated_fleet import NumberedRequest, SimulatedGateway


def wishes(count: int) -> list[NumberedRequest]:
    """So many requests."""
    return [NumberedRequest(number) for number in range(count)]


def spread(number: int) -> float:
    """Durations from 60 to 260 s that follow no order."""
    return 60.0 + (number * 73) % 200


def test_many_jobs_are_asked_for_with_lists() -> None:
    """Two thousand jobs take less than one question for each twenty of a poll every 5 s."""
    gateway = SimulatedGateway(spread)
    outcomes = gateway.run(wishes(2000))
    assert sorted(outcome.number for outcome in outcomes) == list(range(2000))
    assert all(outcome.ok for outcome in outcomes)
    each = sum((end - made) / 5 for _, made, end in gateway.jobs.values())
    assert gateway.asked("get") + gateway.asked("list") <= 0.05 * each
    assert gateway.asked("get") <= 60


def test_a_gateway_without_lists_is_found_out() -> None:
    """After two refused lists each job is asked for by itself, as its plan says."""
    gateway = SimulatedGateway(spread, listing="no")
    outcomes = gateway.run(wishes(200))
    assert all(outcome.ok for outcome in outcomes)
    assert gateway.asked("list") == 2
    each = sum((end - made) / 5 for _, made, end in gateway.jobs.values())
    assert gateway.asked("get") <= 0.35 * each


def test_lists_that_never_know_our_jobs_are_given_up() -> None:
    """An account whose list stays empty is asked for twice in ten minutes, not at each turn."""
    gateway = SimulatedGateway(lambda number: 300.0, listing="empty")
    assert all(outcome.ok for outcome in gateway.run(wishes(30)))
    assert gateway.asked("list") == 2


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones() -> None:
    """An answer over the limit is no reason to do without lists."""
    gateway = SimulatedGateway(listing="broken")
    assert all(outcome.ok for outcome in gateway.run(wishes(250)))
    assert gateway.asked("list") > 3
    assert gateway.asked("get") <= 260


def test_one_or_two_jobs_are_asked_for_by_themselves() -> None:
    """A list of an account's jobs is not worth it for two."""
    gateway = SimulatedGateway()
    gateway.run(wishes(2))
    assert gateway.asked("list") == 0


@pytest.mark.parametrize("listing", ["yes", "no"])
def test_ends_are_noticed_soon(listing: str) -> None:
    """The mean lateness stays below 8 percent of the duration, and none exceeds the gaps."""
    gateway = SimulatedGateway(spread, listing=listing)
    outcomes = gateway.run(wishes(300))
    late = [
        gateway.seen[outcome.number] - gateway.jobs[f"t{outcome.number}"][2] for outcome in outcomes
    ]
    share = [
        lag / (end - made)
        for lag, (_, made, end) in zip(
            late, (gateway.jobs[f"t{o.number}"] for o in outcomes), strict=True
        )
    ]
    assert sum(share) / len(share) <= 0.08
    assert max(late) <= 18.0 + 1.0


def test_one_failing_job_never_stops_the_others() -> None:
    """A request that can't be built and a job that fails are outcomes like all others."""
    gateway = SimulatedGateway(ends=lambda number: "failed" if number == 3 else "succeed")
    requests = [*wishes(6), NumberedRequest(-1)]
    outcomes = {outcome.number: outcome for outcome in gateway.run(requests)}
    assert isinstance(outcomes[3].error, JobFailed)
    assert outcomes[3].error.job is outcomes[3].job is not None
    assert isinstance(outcomes[6].error, ValueError)
    assert [outcomes[number].ok for number in (0, 1, 2, 4, 5)] == [True] * 5
    assert "ValueError" in str(outcomes[6])
    assert str(outcomes[0]).startswith("0: <Job t0")


def test_no_more_creates_than_allowed_are_in_flight() -> None:
    """The bound holds, and requests are taken from an iterator only when there is room."""
    taken: list[int] = []

    def source() -> Iterator[NumberedRequest]:
        for number in range(50):
            taken.append(number)
            yield NumberedRequest(number)

    gateway = SimulatedGateway(latency=5.0)
    gateway.run(source(), concurrency=4)
    assert gateway.most_creates == 4
    assert taken == list(range(50))


def test_creates_adapt_to_the_slots_of_the_account() -> None:
    """With five slots, forty jobs all end, and few creates are turned away."""
    gateway = SimulatedGateway(slots=5)
    outcomes = gateway.run(wishes(40))
    assert all(outcome.ok for outcome in outcomes)
    turned_away = gateway.asked("create") - 40
    assert 1 <= turned_away <= 40
    assert gateway.fleet is not None
    slots = gateway.fleet.status.slots
    assert slots is not None
    assert 4 <= slots <= 7


def test_a_full_account_for_an_hour_holds_the_queue() -> None:
    """When somebody else holds all slots for an hour, nothing is lost and few creates are sent."""
    gateway = SimulatedGateway(slots=0)

    def free_later(outcomes: Any = None) -> None:
        gateway.slots = 5 if gateway.now > 3600 else 0

    create = gateway._create

    def watched(body: int) -> Any:
        free_later()
        return create(body)

    gateway._create = watched  # type: ignore[method-assign]
    outcomes = gateway.run(wishes(20))
    assert len(outcomes) == 20
    assert all(outcome.ok for outcome in outcomes)
    assert gateway.asked("create") < 20 + 400


def test_calls_that_come_too_fast_halve_the_window_once() -> None:
    """A burst of refusals counts once; each round that goes well gives one back."""
    window = Window(8)
    fast = Throttled("too fast", code=1302)
    for _ in range(5):
        window.throttled(fast, 0, 10.0, 11.0)
    assert window.room(3, 0)
    assert not window.room(4, 0)
    for _ in range(40):
        window.accepted(0)
    assert window.room(7, 0)
    assert "creates" in repr(window)


def test_slots_grow_back_by_trying() -> None:
    """After a 1303 one more job is tried once as many were accepted as there are slots."""
    window = Window(8)
    window.throttled(Throttled("full", code=1303), 4, 0.0, 1.0)
    assert window.slots == 4
    for _ in range(5):
        window.accepted(4)
    assert window.slots == 5


def test_a_list_that_fails_in_passing_is_only_trouble() -> None:
    """Throttled and lost lists cost nothing but time."""
    gateway = SimulatedGateway()
    gateway.trouble["list"] = [TransientRead("lost"), Throttled("slow", code=1302), NotSent("down")]
    outcomes = gateway.run(wishes(10))
    assert all(outcome.ok for outcome in outcomes)
    assert gateway.asked("list") > 3


def test_a_list_that_is_forbidden_leaves_the_single_questions() -> None:
    """A key that may not list is no reason to fail jobs."""
    gateway = SimulatedGateway()
    gateway.trouble["list"] = [AuthError("not yours"), AuthError("not yours")]
    assert all(outcome.ok for outcome in gateway.run(wishes(10)))
    assert gateway.asked("list") == 2


def test_a_refused_key_stops_the_sending() -> None:
    """Three refusals in a row, and nothing more is uploaded; every request has its outcome."""
    gateway = SimulatedGateway()
    gateway.trouble["create"] = [AuthError("no such key", code=1002, hint="look")] * 1000
    outcomes = gateway.run(iter(wishes(500)), concurrency=1)
    assert gateway.asked("create") == 3
    assert [outcome.number for outcome in outcomes] == list(range(500))
    assert {type(outcome.error) for outcome in outcomes} == {AuthError}
    last = outcomes[-1].error
    assert isinstance(last, AuthError)
    assert (last.code, last.hint) == (1002, "look")
    assert "not sent, because the last 3 were refused" in last.message


def test_jobs_under_way_outlive_a_refused_key() -> None:
    """What was accepted before the key was withdrawn is waited for."""
    gateway = SimulatedGateway()
    create = gateway._create

    def withdrawn(body: int) -> Any:
        if body >= 4:
            raise AuthError("withdrawn", code=1002)
        return create(body)

    gateway._create = withdrawn  # type: ignore[method-assign]
    outcomes = gateway.run(wishes(40), concurrency=2)
    assert sorted(outcome.number for outcome in outcomes if outcome.ok) == [0, 1, 2, 3]
    assert len(outcomes) == 40
    assert gateway.asked("create") <= 4 + 4


@pytest.mark.parametrize(
    "error",
    [AccountError("the pack is used up", code=1102), PolicyRejected("not this one", code=1301)],
)
def test_what_concerns_one_request_stops_no_other(error: Any) -> None:
    """A pack is one model's, a policy one picture's: the next request may be let in."""
    gateway = SimulatedGateway()
    gateway.trouble["create"] = [error] * 5
    outcomes = gateway.run(wishes(8), concurrency=1)
    assert [outcome.ok for outcome in outcomes if outcome.number >= 5] == [True] * 3


def test_refusals_that_are_not_in_a_row_stop_nothing() -> None:
    """One that is accepted in between shows that the key is good."""
    gateway = SimulatedGateway()
    create, seen = gateway._create, list[int]()

    def moody(body: int) -> Any:
        seen.append(body)
        if len(seen) % 3:
            raise AuthError("hm")
        return create(body)

    gateway._create = moody  # type: ignore[method-assign]
    outcomes = gateway.run(wishes(9), concurrency=1)
    assert sum(outcome.ok for outcome in outcomes) == 3


def test_a_create_that_never_left_is_tried_again() -> None:
    """A network that is down for a moment fails nobody."""
    gateway = SimulatedGateway()
    gateway.trouble["create"] = [NotSent("down")] * 3
    assert all(outcome.ok for outcome in gateway.run(wishes(5)))


def test_requests_that_raise_end_the_intake_only() -> None:
    """What was accepted before is finished; the error is kept for the caller."""

    def source() -> Iterator[NumberedRequest]:
        yield from wishes(3)
        raise OSError("the list of pictures can't be read")

    gateway = SimulatedGateway()
    outcomes = gateway.run(source())
    assert len(outcomes) == 3
    assert gateway.fleet is not None
    assert isinstance(gateway.fleet.broken, OSError)


def test_a_job_that_takes_too_long_times_out_alone() -> None:
    """The timeout is each job's own."""
    gateway = SimulatedGateway(lambda number: 1e6 if number == 1 else 50.0)
    outcomes = {outcome.number: outcome for outcome in gateway.run(wishes(4), timeout=300.0)}
    assert isinstance(outcomes[1].error, WaitTimeout)
    assert outcomes[0].ok
    assert outcomes[3].ok


def test_a_timeout_does_not_wait_for_the_next_list() -> None:
    """A question whose job's time is nearly up is asked by itself."""
    gateway = SimulatedGateway(lambda number: 1e6)
    outcomes = gateway.run(wishes(5), timeout=20.0)
    assert all(isinstance(outcome.error, WaitTimeout) for outcome in outcomes)
    assert max(gateway.seen.values()) <= 20.0 + 2.0


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_question_under_way_at_the_deadline_is_heard(count: int) -> None:
    """A slow answer that comes about then counts; it is never mistaken for another."""
    gateway = SimulatedGateway(lambda number: 14.0, listing="no", latency=6.0)
    outcomes = gateway.run(wishes(count), timeout=18.0)
    assert all(outcome.ok for outcome in outcomes)
    late = SimulatedGateway(lambda number: 1e6, listing="no", latency=6.0)
    for outcome in late.run(wishes(count), timeout=18.0):
        assert isinstance(outcome.error, WaitTimeout)
        assert "last trouble" not in outcome.error.message


def test_a_fleet_that_is_left_hands_its_list_over() -> None:
    """While its last creates end, others need not wait for the pages that it asks for no more."""
    gateway = SimulatedGateway()
    heard: list[Any] = []
    other = gateway.poller.watch(heard.append)
    for task_id in ("a", "b", "c"):
        other.add(task_id)
    terms = Terms(policy=gateway.policy, adopt=lambda *_: None, fetches=False)
    mine = gateway.poller.watch(lambda news: None)
    fleet = Fleet([], terms, mine, 0.0)
    assert mine.turn(0.0).call
    assert other.turn(0.0).wait > 0
    fleet.resign()
    assert heard == [Vacant()]


def test_outcomes_that_nobody_takes_stop_the_drawing() -> None:
    """Requests that fail at once come no faster than somebody looks at them."""
    drawn: list[int] = []

    def endless() -> Iterator[Any]:
        while True:
            drawn.append(len(drawn))
            yield NumberedRequest(-1)

    gateway = SimulatedGateway()
    poller = gateway.poller
    terms = Terms(policy=gateway.policy, adopt=lambda *_: None, fetches=False)
    fleet = Fleet(endless(), terms, poller.watch(lambda news: None), 0.0)

    def turn() -> int:
        for work in fleet.work(0.0):
            fleet.failed(work, ValueError("bad"), 0.0)
        return len(drawn)

    while turn() < 1000:
        pass
    stopped = [turn() for _ in range(10)][-1]
    assert stopped <= 1000 + 8
    room = [fleet.take() for _ in range(20)]
    assert room.count(True) == 1
    assert turn() > stopped


def test_downloads_are_bounded_and_counted() -> None:
    """Videos are fetched a few at a time, and the report has counts and units."""
    gateway = SimulatedGateway(latency=20.0)
    outcomes = gateway.run(wishes(12), fetches=True, downloads=2)
    assert outcomes[0].video is not None
    assert gateway.fleet is not None
    status = gateway.fleet.status
    assert (status.succeeded, status.failed, status.units) == (12, 0, Decimal("18.0"))
    assert str(status).startswith("12 done, 0 failed, 18.0 units")


def test_a_status_says_what_is_under_way_and_what_troubles() -> None:
    """One line for a person."""
    text = str(Status(creating=1, waiting=2, downloading=3, trouble="all slots are busy"))
    assert "6 under way (1 to submit, 2 waiting, 3 downloading)" in text
    assert text.endswith("(all slots are busy)")


def test_stopping_lets_all_flows_go() -> None:
    """A fleet that is given up closes what it holds."""
    gateway = SimulatedGateway()
    runs = iter(range(3))
    original = gateway._next

    class Stop(Exception):
        pass

    def limited(fleet: Any, under_way: Any) -> None:
        if next(runs, None) is None:
            raise Stop
        original(fleet, under_way)

    gateway._next = limited  # type: ignore[method-assign]
    with pytest.raises(Stop):
        gateway.run(wishes(5))
    assert gateway.fleet is not None
    gateway.fleet.stop()
    flows: list[Any] = [entry.flow for entry in gateway.fleet._running.values()]
    assert flows
    assert all(flow.gi_frame is None for flow in flows)


def test_file_names_follow_number_and_picture() -> None:
    """Left alone, files sort in the order of the requests."""
    request: Any = SimpleNamespace(image=SimpleNamespace(label="a/b/my fox.png"))
    nameless: Any = SimpleNamespace(image=SimpleNamespace(label="..."))
    assert str(file_names(None)(0, request)) == "0001-my-fox.mp4"
    assert str(file_names(None)(9, nameless)).startswith("0010-")
    assert str(file_names(["one", "two.mov"])(1, request)) == "two.mov"
    assert str(file_names(lambda number, _: f"film {number}")(2, request)) == "film 2.mp4"


@pytest.mark.parametrize("name", ["../up.mp4", "a/b.mp4", "", "..", "."])
def test_a_file_name_stays_in_its_folder(name: str) -> None:
    """A name with a folder in it is refused."""
    request: Any = SimpleNamespace(image=SimpleNamespace(label="fox.png"))
    with pytest.raises(InvalidRequest, match="not the name of a file"):
        file_names(lambda number, _: name)(0, request)


@given(
    lasts=st.lists(st.floats(0, 900), min_size=1, max_size=40),
    listing=st.sampled_from(["yes", "no", "empty", "broken"]),
    slots=st.sampled_from([1, 2, 7, float("inf")]),
)
def test_every_request_has_exactly_one_outcome(
    lasts: list[float], listing: str, slots: float
) -> None:
    """Whatever the durations, the lists and the slots: each ends once, none is paid for twice."""
    gateway = SimulatedGateway(lambda number: lasts[number], listing=listing, slots=slots)
    outcomes = gateway.run(wishes(len(lasts)))
    assert sorted(outcome.number for outcome in outcomes) == list(range(len(lasts)))
    assert all(outcome.ok for outcome in outcomes)


@given(
    lasts=st.lists(st.floats(0, 200), min_size=1, max_size=20),
    listing=st.sampled_from(["yes", "no", "empty", "broken"]),
    latency=st.sampled_from([0.1, 3.0, 9.0]),
    timeout=st.floats(1, 150),
)
def test_no_timeout_is_exceeded_by_more_than_an_answer(
    lasts: list[float], listing: str, latency: float, timeout: float
) -> None:
    """However slow lists and answers are: each job ends well or in time, by its own clock."""
    gateway = SimulatedGateway(lambda number: lasts[number], listing=listing, latency=latency)
    for outcome in gateway.run(wishes(len(lasts)), timeout=timeout, questions=len(lasts) + 1):
        _, made, end = gateway.jobs[f"t{outcome.number}"]
        assert outcome.ok or isinstance(outcome.error, WaitTimeout)
        assert gateway.seen[outcome.number] <= made + latency + timeout + latency + 1.001
        if not outcome.ok:
            assert end > made + timeout - 20.0 - 3 * latency  # no gap is longer than that
