"""A fleet in a made-up world: a gateway without a network, and time that passes when all wait."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from attrs import evolve, frozen
from kling_client.models import TaskData, TaskEnvelope

from kling_facade.client.job import Job
from kling_facade.client.outcome import Outcome
from kling_facade.errors import BadResponse, JobNotFound, KlingError, Rejected, Throttled
from kling_facade.gateway.gateway import CHAINHUB
from kling_facade.gateway.job_id import Ids
from kling_facade.jobs.effects import Call, Now, Policy, Record, Send
from kling_facade.jobs.fleet import Fleet
from kling_facade.jobs.fleet_work import Terms, Work
from kling_facade.jobs.perform import advance, refusing
from kling_facade.jobs.poller import Poller
from kling_facade.jobs.submit import submit
from kling_facade.limits import Limits, PollPlan, RetryBudget

PLAN = PollPlan(first=15, growth=1.2, cap=18, jitter=0, together=12)


@frozen
class NumberedRequest:
    """A request by number."""

    number: int


class SimulatedGateway:
    """The gateway, the clock and the driver in one.

    Args:
        lasts: Seconds that each job takes, by number.
        listing: ``"yes"``, ``"no"`` (refused), ``"empty"``, or ``"broken"`` for large pages only.
        slots: Jobs that may run at once.
        latency: Seconds that each work takes.
        ends: The word that a job ends with.
    """

    def __init__(
        self,
        lasts: Callable[[int], float] = lambda number: 100.0,
        *,
        listing: str = "yes",
        slots: float = float("inf"),
        latency: float = 0.1,
        ends: Callable[[int], str] = lambda number: "succeed",
    ) -> None:
        self.lasts = lasts
        self.listing = listing
        self.slots = slots
        self.latency = latency
        self.ends = ends
        self.now = 0.0
        self.calls: list[tuple[float, str]] = []
        self.jobs: dict[str, tuple[int, float, float]] = {}
        self.trouble: dict[str, list[KlingError]] = {"create": [], "get": [], "list": []}
        self.most_creates = 0
        self.seen: dict[int, float] = {}
        self.fleet: Fleet | None = None
        self.poller = Poller(PLAN.together)
        limits = evolve(Limits(), submit=float("inf"))
        self.policy = Policy(
            limits=limits, plan=PLAN, uniform=lambda: 0.5, budget=RetryBudget(size=1e9)
        )

    def asked(self, kind: str) -> int:
        """How often."""
        return sum(name == kind for _, name in self.calls)

    def run(self, requests: Iterable[Any], **terms: Any) -> list[Outcome[Any]]:
        """Drives a fleet to its end."""
        session: Any = SimpleNamespace(policy=self.policy, gateway=CHAINHUB)
        given = {"fetches": False, **terms}
        settled = Terms(policy=self.policy, ended=Outcome, adopt=partial(Job, session), **given)
        watch = self.poller.watch(lambda news: fleet.told(news, self.now))
        fleet = self.fleet = Fleet(requests, settled, watch, self.now)
        under_way: list[tuple[float, int, Work, Any]] = []
        outcomes: list[Outcome[Any]] = []
        turn = 0
        while True:
            for work in fleet.work(self.now):
                turn += 1
                result = self._result(work)
                heapq.heappush(under_way, (self.now + self.latency, turn, work, result))
            creates = sum(work.kind == "create" for _, _, work, _ in under_way)
            self.most_creates = max(self.most_creates, creates)
            while fleet.outcomes:
                outcomes.append(cast("Outcome[Any]", fleet.outcomes.popleft()))
                self.seen[outcomes[-1].number] = self.now
            if fleet.over:
                return outcomes
            self._next(fleet, under_way)

    def _next(self, fleet: Fleet, under_way: list[Any]) -> None:
        wake = fleet.wake_at()
        times = [under_way[0][0]] if under_way else []
        assert times or wake is not None, "a fleet that waits for nothing"
        self.now = max(self.now, min([*times, *([] if wake is None else [wake])]))
        while under_way and under_way[0][0] <= self.now:
            _, _, work, result = heapq.heappop(under_way)
            if isinstance(result, Exception):
                fleet.failed(work, result, self.now)
            else:
                fleet.done(work, result, self.now)

    def _result(self, work: Work) -> Any:
        try:
            if work.kind == "create":
                assert work.entry is not None
                if work.entry.flow is None:
                    work.entry.flow = self._submission(work.entry)
                return advance(work.entry.flow, refusing(self._perform, work.refusal))
            if work.kind == "fetch":
                assert work.entry is not None
                return f"video of {work.entry.number}"
            return self._perform(work.effect)
        except Exception as error:  # noqa: BLE001 - given back, as a driver does
            return error

    def _submission(self, entry: Any) -> Any:
        number = entry.request.number
        if number < 0:
            raise ValueError("a request that can't be built")
        entry.ids = ids = Ids(f"e{number}")
        create, find = Call("create_image_to_video", {"body": number}), _find(f"e{number}")
        return submit(create, find, ids, self.policy, {})

    def _perform(self, effect: Any) -> Any:
        if isinstance(effect, Now):
            return self.now
        if isinstance(effect, Record):
            return None
        assert isinstance(effect, Send)
        kind = effect.call.operation.removesuffix("_image_to_video")
        self.calls.append((self.now, kind))
        if self.trouble[kind]:
            raise self.trouble[kind].pop(0)
        return getattr(self, f"_{kind}")(**effect.call.arguments)

    def _create(self, body: int) -> Any:
        running = sum(end > self.now for _, _, end in self.jobs.values())
        if running >= self.slots:
            raise Throttled("parallel task over resource pack limit", code=1303)
        task_id = f"t{body}"
        assert task_id not in self.jobs, "a job was paid for twice"
        self.jobs[task_id] = (body, self.now, self.now + self.lasts(body))
        return _envelope(self._data(task_id))

    def _get(self, **asked: str) -> Any:
        task_id = "t" + asked["id"][1:]
        if task_id not in self.jobs:
            raise JobNotFound("none")
        return _envelope(self._data(task_id))

    def _list(self, page_num: int, page_size: int) -> Any:
        if self.listing == "no":
            raise Rejected("no such operation", code=1202)
        if self.listing == "broken" and page_size > 100:
            raise BadResponse("it is larger than 2097152 bytes")
        latest = [] if self.listing == "empty" else list(reversed(self.jobs))
        page = latest[(page_num - 1) * page_size : page_num * page_size]
        return SimpleNamespace(data=[self._data(task_id) for task_id in page])

    def _data(self, task_id: str) -> TaskData:
        number, _, end = self.jobs[task_id]
        word = self.ends(number) if self.now >= end else "processing"
        data: dict[str, Any] = {
            "task_id": task_id,
            "task_status": word,
            "task_info": {"external_task_id": f"e{number}"},
        }
        if word == "succeed":
            data["task_result"] = {"videos": [{"url": "https://cdn.example.com/v.mp4"}]}
            data["final_unit_deduction"] = "1.5"
        return TaskData.from_dict(data)


def _find(key: str) -> Call:
    return Call("get_image_to_video", {"id": key})


def _envelope(data: TaskData) -> TaskEnvelope:
    return TaskEnvelope(code=0, message="", request_id="", data=data)
