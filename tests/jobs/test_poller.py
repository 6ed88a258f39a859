"""What answers the questions of all jobs of a client: in virtual time, then over sockets."""

from __future__ import annotations

import asyncio
import heapq
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kling_facade import AsyncKling, ImageToVideo, Kling, KlingAdvice, Runtime
from kling_facade.errors import (
    JobFailed,
    KlingError,
    NotSent,
    Rejected,
    Throttled,
    TransientRead,
    WaitTimeout,
)
from kling_facade.gateway.job_id import Ids
from kling_facade.gateway.task import Task
from kling_facade.jobs.effects import Listen, Now, Record, Sleep, Tell
from kling_facade.jobs.poller import Failed, Found, News, Over, Poller, Vacant
from kling_facade.jobs.shared_wait import together
from kling_facade.jobs.wait import wait
from kling_facade.limits import PollPlan
from kling_facade.sandbox import Sandbox
from tests.support.simulated_fleet import SimulatedGateway, _find

URL = "https://example.com/fox.png"


def jobs(*task_ids: str) -> list[Any]:
    """A page of a list."""
    return [SimpleNamespace(task_id=task_id, task_status="processing") for task_id in task_ids]


class Inbox(list[News]):
    """What a watch was told."""

    @property
    def found(self) -> list[list[str]]:
        """The jobs, page by page."""
        return [[job.task_id for job in news.items] for news in self if isinstance(news, Found)]


@pytest.fixture
def poller() -> Poller:
    """Lists 12 s apart."""
    return Poller(12.0)


def watching(poller: Poller, *task_ids: str) -> tuple[Any, Inbox]:
    """A watch for these jobs, and what it hears."""
    inbox = Inbox()
    watch = poller.watch(inbox.append)
    for task_id in task_ids:
        watch.add(task_id)
    return watch, inbox


# --- whose turn it is ----------------------------------------------------------------------------


def test_few_jobs_are_asked_for_by_themselves(poller: Poller) -> None:
    """Up to two waiting jobs, whoever waits for them."""
    one, _ = watching(poller, "a")
    two, _ = watching(poller, "b")
    assert one.turn(0.0).alone
    three, _ = watching(poller, "c")
    assert not two.turn(0.0).alone
    three.close()
    assert one.turn(1.0).wait > 0  # the list that was begun is still under way
    assert "2 jobs" in repr(poller)


def test_one_asks_and_all_are_told_of_their_own(poller: Poller) -> None:
    """A list is asked for once; each watch hears of its jobs and of no other's."""
    one, heard_by_one = watching(poller, "a", "b")
    two, heard_by_two = watching(poller, "c")
    call = one.turn(0.0).call
    assert call is not None
    assert dict(call.arguments) == {"page_num": 1, "page_size": 500}
    assert two.turn(0.0).wait > 0
    assert one.listed(jobs("x", "a", "c", "b"), 1.0) is None
    assert heard_by_one.found == [["a", "b"]]
    assert heard_by_two.found == [["c"]]
    assert heard_by_one[-1] == heard_by_two[-1] == Over()


def test_the_next_list_waits_its_time(poller: Poller) -> None:
    """Whoever comes early is told when to come back, and then one of them asks."""
    one, _ = watching(poller, "a", "b", "c")
    two, _ = watching(poller, "d")
    assert one.turn(0.0).call
    one.listed(jobs("a", "b", "c", "d"), 1.0)
    assert two.turn(5.0).wait == pytest.approx(8.0)
    assert two.turn(13.0).call
    assert one.turn(13.0).wait > 0


def test_pages_are_asked_for_while_they_help(poller: Poller) -> None:
    """The next page is asked for until all jobs were seen, or a page has none of them."""
    one, heard = watching(poller, "a", "b", "c", "d")
    assert one.turn(0.0).call
    call = one.listed(jobs("a", "b"), 1.0)
    assert call is not None
    assert call.arguments["page_num"] == 2
    assert one.listed(jobs("x"), 2.0) is None
    assert heard[-1] == Over()


def test_a_trouble_in_passing_is_told_to_those_who_asked(poller: Poller) -> None:
    """And to nobody else; the next list comes in its time."""
    one, heard_by_one = watching(poller, "a", "b")
    two, heard_by_two = watching(poller, "c")
    _, heard_by_three = watching(poller, "d")
    assert one.turn(0.0).call
    assert two.turn(0.0).wait > 0
    error = TransientRead("lost")
    one.failed(error, 1.0)
    assert heard_by_one == heard_by_two == [Failed(error)]
    assert heard_by_three == []
    assert two.turn(2.0).wait == pytest.approx(11.0)


def test_who_has_little_time_asks_by_itself(poller: Poller) -> None:
    """A list that is cut short by one's deadline would be everybody's trouble."""
    one, _ = watching(poller, "a", "b", "c")
    assert one.turn(0.0, left=9.0).alone
    assert one.turn(0.0, left=10.0).call


def test_nobody_waits_long_for_who_asks(poller: Poller) -> None:
    """After ten seconds without a page another one asks; a page gives the asker more time."""
    one, _ = watching(poller, "a", "b", "c")
    two, _ = watching(poller, "d")
    assert one.turn(0.0).call
    assert two.turn(4.0).wait == pytest.approx(6.0)
    assert one.listed(jobs("a"), 8.0)
    assert two.turn(10.0).wait == pytest.approx(8.0)
    assert two.turn(18.0, left=9.0).alone
    assert two.turn(18.0).call
    assert one.listed(jobs("a"), 19.0) is None  # too late: not believed


def test_who_runs_out_of_time_between_pages_resigns(poller: Poller) -> None:
    """Another one begins anew."""
    one, _ = watching(poller, "a", "b", "c")
    two, heard = watching(poller, "d")
    assert one.turn(0.0).call
    assert two.turn(0.0).wait
    one.resign()
    assert heard == [Vacant()]
    assert two.turn(1.0).call


def test_lists_that_keep_failing_are_left_alone_for_a_while(poller: Poller) -> None:
    """Four in a row: single questions may work where lists do not."""
    one, _ = watching(poller, "a", "b", "c")
    for moment in (0.0, 20.0, 40.0, 60.0):
        assert one.turn(moment).call
        one.failed(TransientRead("503"), moment)
    assert one.turn(100.0).alone
    assert one.turn(200.0).call


def test_a_list_that_leaves_videos_out_is_no_answer(poller: Poller) -> None:
    """That a job has succeeded is not enough: it is asked for by itself."""
    one, heard = watching(poller, "a", "b", "c")
    assert one.turn(0.0).call
    page = jobs("a", "b", "c")
    page[0].task_status, page[0].task_result = "succeed", None
    assert one.listed(page, 1.0) is None
    assert heard.found == [["b", "c"]]
    assert heard[-1] == Over()


def test_a_refused_list_is_tried_smaller_and_then_given_up(poller: Poller) -> None:
    """All who asked go on by themselves."""
    one, heard = watching(poller, "a", "b", "c")
    for moment, size in ((0.0, 500), (20.0, 100)):
        call = one.turn(moment).call
        assert call is not None
        assert call.arguments["page_size"] == size
        one.failed(Rejected("no such operation"), moment)
    assert heard == [Over(), Over()]
    assert one.turn(3000.0).alone
    assert one.turn(4000.0).call  # perhaps it was a bad day


def test_who_leaves_while_asking_leaves_the_list_to_others(poller: Poller) -> None:
    """Nobody waits for a list that nobody asks for; what comes late is not believed."""
    one, _ = watching(poller, "a")
    two, heard = watching(poller, "b", "c", "d")
    assert one.turn(0.0).call
    assert two.turn(0.0).wait > 0
    one.close()
    assert heard == [Vacant()]
    assert two.turn(0.0).call
    assert one.listed(jobs("b"), 1.0) is None
    one.failed(TransientRead("late"), 1.0)
    assert heard == [Vacant()]


def test_a_job_that_two_wait_for_is_told_to_the_first(poller: Poller) -> None:
    """The second one asks by itself, and takes nothing away when it leaves."""
    one, heard_by_one = watching(poller, "a", "b", "c")
    two, heard_by_two = watching(poller, "a")
    two.discard("a")
    assert one.turn(0.0).call
    one.listed(jobs("a", "b", "c"), 1.0)
    assert isinstance(heard_by_one[0], Found)
    assert heard_by_two == []
    one.discard("a")
    assert one.turn(20.0).alone


# --- single waits in virtual time ----------------------------------------------------------------


class Hall(SimulatedGateway):
    """Many callers of `Job.wait` in one process, in virtual time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.results: dict[int, Any] = {}
        self.ended: dict[int, float] = {}
        self._steps: list[tuple[float, int, int, Any]] = []
        self._mail: dict[int, deque[News]] = {}
        self._listening: set[int] = set()
        self._expected: dict[int, int] = {}

    def wait_for(self, starts: list[float], timeout: float = 3600.0) -> None:
        """Each wait begins at its start and goes to its end."""
        flows = {number: self._flow(number, start, timeout) for number, start in enumerate(starts)}
        for number, start in enumerate(starts):
            self._later(start, number)
        while self._steps:
            moment, turn, number, value = heapq.heappop(self._steps)
            if self._expected[number] != turn:
                continue  # it was woken before
            self.now = moment
            if number in self._listening:
                self._listening.discard(number)
                value = self._taken(number)
            self._step(number, flows[number], value)

    def _flow(self, number: int, start: float, timeout: float) -> Any:
        task_id = f"t{number}"
        self.jobs[task_id] = (number, start, start + self.lasts(number))
        self._mail[number] = deque()
        ids, find = Ids(f"e{number}", task_id), _find(f"e{number}")
        task = Task(task_id=task_id, state=Task.read(self._data(task_id)).state, status="submitted")
        watch = self.poller.watch(lambda news: self._told(number, news))

        def whole() -> Any:
            with watch:
                return (
                    yield from together(wait(find, task, ids, self.policy, timeout), watch, task_id)
                )

        return whole()

    def _later(self, moment: float, number: int, value: Any = None) -> None:
        self._expected[number] = self._expected.get(number, 0) + 1
        heapq.heappush(self._steps, (moment, self._expected[number], number, value))

    def _told(self, number: int, news: News) -> None:
        self._mail[number].append(news)
        if number in self._listening:
            self._later(self.now, number)

    def _taken(self, number: int) -> list[News]:
        news = list(self._mail[number])
        self._mail[number].clear()
        return news

    def _step(self, number: int, flow: Any, value: Any) -> None:
        try:
            while True:
                error = value if isinstance(value, Exception) else None
                effect = flow.send(value) if error is None else flow.throw(error)
                if isinstance(effect, Now):
                    value = self.now
                elif isinstance(effect, (Record, Tell)):
                    value = None
                elif isinstance(effect, Listen):
                    if self._mail[number] or effect.seconds <= 0:
                        value = self._taken(number)
                        continue
                    self._listening.add(number)
                    self._later(self.now + effect.seconds, number)
                    return
                elif isinstance(effect, Sleep):
                    self._later(self.now + effect.seconds, number)
                    return
                else:
                    self._later(self.now + self.latency, number, self._answer(effect))
                    return
        except StopIteration as done:
            self.results[number] = done.value
        except KlingError as failure:
            self.results[number] = failure
        self.ended[number] = self.now

    def _answer(self, effect: Any) -> Any:
        try:
            return self._perform(effect)
        except KlingError as error:
            return error

    @property
    def lateness(self) -> float:
        """Mean share of its duration that a job's end was noticed late."""
        late = [
            (self.ended[number] - end) / (end - made) for number, made, end in self.jobs.values()
        ]
        return sum(late) / len(late)


def spread(number: int) -> float:
    """Durations from 60 to 260 s that follow no order."""
    return 60.0 + (number * 73) % 200


def test_waits_of_one_client_share_their_lists() -> None:
    """A hundred separate waits take less than one question for each twenty of a poll every 5 s."""
    hall = Hall(spread)
    hall.wait_for([number * 0.7 for number in range(100)])
    assert all(result.videos for result in hall.results.values())
    each = sum((end - made) / 5 for _, made, end in hall.jobs.values())
    assert hall.asked("get") + hall.asked("list") <= 0.05 * each
    assert hall.lateness <= 0.08


def test_waits_where_lists_are_refused_ask_as_their_plan_says() -> None:
    """Two lists in all; then each for itself."""
    hall = Hall(spread, listing="no")
    hall.wait_for([0.0] * 50)
    assert len(hall.results) == 50
    assert hall.asked("list") == 2
    each = sum((end - made) / 5 for _, made, end in hall.jobs.values())
    assert hall.asked("get") <= 0.35 * each


def test_a_wait_on_its_own_asks_by_itself() -> None:
    """Nothing changes for one job."""
    hall = Hall()
    hall.wait_for([0.0])
    assert hall.asked("list") == 0
    assert hall.results[0].videos


def test_what_a_list_says_of_one_asleep_is_not_asked_again() -> None:
    """Two waits go to sleep on their own; a list that others ask for has the end of their jobs."""
    hall = Hall(lambda number: 20.0 if number < 2 else 100.0)
    hall.wait_for([0.0, 0.0, 16.0, 16.0, 16.0])
    assert all(result.videos for result in hall.results.values())
    assert hall.asked("get") == 2  # the first question of each, when they were alone


def test_waits_bear_lists_that_fail_in_passing() -> None:
    """Throttled and lost lists cost nothing but time."""
    hall = Hall()
    hall.trouble["list"] = [TransientRead("lost"), Throttled("slow", code=1302), NotSent("down")]
    hall.wait_for([0.0] * 8)
    assert all(result.videos for result in hall.results.values())
    assert hall.asked("list") > 3


def test_a_timeout_holds_although_a_list_is_to_come() -> None:
    """Each wait ends at its own time, a little later at most, and the others go on."""
    hall = Hall(lambda number: 1000.0)
    hall.wait_for([0.0] * 5, timeout=100.0)
    assert all(isinstance(result, WaitTimeout) for result in hall.results.values())
    assert max(hall.ended.values()) <= 102.0


def test_a_list_that_hangs_delays_nobody_beyond_its_deadline() -> None:
    """Neither the one who asks nor those who wait for the answer."""
    hall = Hall(lambda number: 1000.0, latency=30.0)
    hall.wait_for([0.0] * 5, timeout=20.0)
    assert all(isinstance(result, WaitTimeout) for result in hall.results.values())
    assert max(hall.ended.values()) <= 20.0 + 30.0  # one answer that is under way


def test_a_failed_job_fails_its_own_wait() -> None:
    """The list's word is as good as the answer to a question."""
    hall = Hall(ends=lambda number: "failed" if number == 2 else "succeed")
    hall.wait_for([0.0] * 5)
    assert str(hall.results[2].state) == "failed"
    assert all(hall.results[number].videos for number in (0, 1, 3, 4))


@given(
    waits=st.lists(st.tuples(st.floats(0, 300), st.floats(1, 900)), min_size=1, max_size=25),
    listing=st.sampled_from(["yes", "no", "empty", "broken"]),
)
def test_every_wait_ends(waits: list[tuple[float, float]], listing: str) -> None:
    """Whatever comes together: each wait has its video, none waits for ever."""
    hall = Hall(lambda number: waits[number][1], listing=listing)
    hall.wait_for([start for start, _ in waits])
    assert sorted(hall.results) == list(range(len(waits)))
    assert all(result.videos for result in hall.results.values())


# --- real clients --------------------------------------------------------------------------------

SPEED = 400.0
CLIENT: dict[str, Any] = {"poll": PollPlan(together=12), "trust_env": False}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KlingAdvice)
        yield


def asked(sandbox: Sandbox) -> tuple[int, int]:
    """Lists and single questions."""
    reads = [exchange for exchange in sandbox.requests if exchange.method == "GET"]
    lists = [read for read in reads if read.path.endswith("/image2video")]
    single = [read for read in reads if "/image2video/" in read.path]
    return len(lists), len(single)


def waited(kind: str, sandbox: Sandbox, count: int, wait: Callable[[Any], Any]) -> list[Any]:
    """So many jobs, each waited for by a thread or a task of its own."""
    request = ImageToVideo(URL, prompt="the fox turns")
    options = {"base_url": sandbox.base_url, "runtime": Runtime.sped_up(SPEED), **CLIENT}
    if kind == "sync":
        with Kling(sandbox.api_key, **options) as kling, ThreadPoolExecutor(count) as pool:
            made = [kling.submit(request) for _ in range(count)]
            return list(pool.map(wait, made))

    async def run() -> list[Any]:
        async with AsyncKling(sandbox.api_key, **options) as kling:
            made = [await kling.submit(request) for _ in range(count)]
            return await asyncio.gather(*map(wait, made), return_exceptions=True)

    return asyncio.run(run())


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_threads_and_tasks_that_wait_share_a_list(kind: str) -> None:
    """Ten separate waits cost a few lists and hardly a question of their own."""
    with Sandbox(SPEED, short_side=96, fps=4) as sandbox:
        done = waited(kind, sandbox, 10, lambda job: job.wait())
        assert all(job.task.videos for job in done)
        lists, single = asked(sandbox)
        longest = max(job.ends - job.created for job in sandbox.jobs)
        assert 1 <= lists <= longest / 12 + 2
        assert single <= 10


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_batches_and_waits_of_one_client_share_a_list(kind: str) -> None:
    """Two batches at once ask no more lists than one."""
    with Sandbox(SPEED, short_side=96, fps=4) as sandbox:
        requests = [ImageToVideo(URL, prompt=f"take {number}") for number in range(8)]
        options = {"base_url": sandbox.base_url, "runtime": Runtime.sped_up(SPEED), **CLIENT}
        if kind == "sync":
            with Kling(sandbox.api_key, **options) as kling, ThreadPoolExecutor(2) as pool:
                batches = pool.map(
                    lambda part: list(kling.generate_many(part)), (requests[:4], requests[4:])
                )
                outcomes = [outcome for batch in batches for outcome in batch]
        else:

            async def collect(kling: AsyncKling, part: list[ImageToVideo]) -> list[Any]:
                return [outcome async for outcome in kling.generate_many(part)]

            async def run() -> list[Any]:
                async with AsyncKling(sandbox.api_key, **options) as kling:
                    parts = (requests[:4], requests[4:])
                    both = await asyncio.gather(*(collect(kling, part) for part in parts))
                    return [outcome for batch in both for outcome in batch]

            outcomes = asyncio.run(run())
        assert all(outcome.ok for outcome in outcomes)
        assert sandbox.creates == 8
        lists, single = asked(sandbox)
        span = max(job.ends for job in sandbox.jobs) - min(job.created for job in sandbox.jobs)
        assert 1 <= lists <= span / 12 + 2
        assert single <= 8


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_an_error_of_one_shared_wait_is_its_own(kind: str) -> None:
    """A wait whose callback raises leaves; the others have their videos."""
    with Sandbox(SPEED, short_side=96, fps=4) as sandbox:
        first = threading.Event()

        def raising(progress: Any) -> None:
            if not first.is_set():
                first.set()
                raise RuntimeError("mine")

        async def settled(job: Any) -> Any:
            try:
                return await job.wait(on_update=raising)
            except RuntimeError as error:
                return error

        def settle(job: Any) -> Any:
            try:
                return job.wait(on_update=raising)
            except RuntimeError as error:
                return error

        done = waited(kind, sandbox, 6, settle if kind == "sync" else settled)
        errors = [one for one in done if isinstance(one, Exception)]
        assert [str(error) for error in errors] == ["mine"]
        assert sum(bool(one.task.videos) for one in done if not isinstance(one, Exception)) == 5


def test_a_cancelled_wait_leaves_the_list_to_others() -> None:
    """Tasks that are cancelled one by one, the one that asks among them, hold nobody up."""

    async def run(sandbox: Sandbox) -> list[Any]:
        options = {"base_url": sandbox.base_url, "runtime": Runtime.sped_up(SPEED), **CLIENT}
        async with AsyncKling(sandbox.api_key, **options) as kling:
            made = [await kling.submit(ImageToVideo(URL, prompt="x")) for _ in range(8)]
            tasks = [asyncio.create_task(job.wait()) for job in made]
            for task in tasks[:4]:
                await asyncio.sleep(0.05)
                task.cancel()
            return await asyncio.gather(*tasks, return_exceptions=True)

    with Sandbox(SPEED, short_side=96, fps=4) as sandbox:
        done = asyncio.run(run(sandbox))
        assert all(isinstance(one, asyncio.CancelledError) for one in done[:4])
        assert all(one.task.videos for one in done[4:])


def test_time_is_real_unless_a_sleep_is_made_up() -> None:
    """Either sleep; and real time is real at any pace."""

    async def nap(seconds: float) -> None:
        """Takes no time."""

    assert Runtime().keeps_time
    assert Runtime.sped_up(1.0).keeps_time
    assert Runtime.sped_up(400.0).keeps_time
    assert not Runtime(sleep=lambda seconds: None).keeps_time
    assert not Runtime(async_sleep=nap).keeps_time


def test_made_up_time_is_not_shared() -> None:
    """Where a sleep makes time pass, each wait goes by itself, as a test expects."""
    with Sandbox(0, short_side=96) as sandbox:
        runtime = Runtime(monotonic=sandbox.clock.now, sleep=sandbox.advance)
        with Kling(sandbox.api_key, base_url=sandbox.base_url, runtime=runtime) as kling:
            made = [kling.submit(ImageToVideo(URL, prompt="x")) for _ in range(4)]
            assert all(job.wait().task for job in made)
        assert asked(sandbox)[0] == 0


def test_a_failed_shared_job_raises_where_it_is_waited_for() -> None:
    """The error carries its job."""
    from kling_facade.sandbox import faults

    with Sandbox(SPEED, faults=[faults.fail_jobs(times=1)], short_side=96) as sandbox:

        def settle(job: Any) -> Any:
            try:
                return job.wait()
            except JobFailed as error:
                return error.job is job

        done = waited("sync", sandbox, 5, settle)
        assert done.count(True) == 1
