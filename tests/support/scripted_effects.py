"""A made-up world for flows: answers are scripted, time passes only when a flow sleeps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from kling_client.models import TaskEnvelope

from kling_facade.jobs.effects import Now, Progress, Record, Send, Sleep, Tell
from kling_facade.jobs.perform import drive

T = TypeVar("T")


def envelope(
    task_id: str = "801",
    status: str = "processing",
    *,
    external: str | None = "ours",
    url: str | None = None,
    **data: Any,
) -> TaskEnvelope:
    """An answer as the generated parser gives it."""
    if external is not None:
        data["task_info"] = {"external_task_id": external}
    if url is not None:
        data["task_result"] = {"videos": [{"url": url, "id": "v1", "duration": "5.0"}]}
    payload = {"task_id": task_id, "task_status": status, **data}
    return TaskEnvelope.from_dict({"code": 0, "message": "", "request_id": "r", "data": payload})


def done(task_id: str = "801", **data: Any) -> TaskEnvelope:
    """A job that has its video."""
    return envelope(task_id, "succeed", url="https://cdn.example.com/v.mp4", **data)


class World:
    """Performs effects by script.

    Args:
        answers: What each `Send` gets, in order: a value, or an error to throw. The last one is
            repeated for ever.
        latency: Seconds that each exchange takes.
    """

    def __init__(self, *answers: Any, latency: float = 0.0) -> None:
        self.answers = list(answers)
        self.latency = latency
        self.now = 1000.0
        self.sent: list[Send] = []
        self.sleeps: list[float] = []
        self.records: list[tuple[str, dict[str, Any]]] = []
        self.told: list[Progress] = []
        self.oversleep: Callable[[float], float] = lambda seconds: seconds

    def run(self, flow: Generator[Any, Any, T]) -> T:
        """Drives the flow to its end."""
        return drive(flow, self.perform)

    def perform(self, effect: Any) -> Any:
        """One effect."""
        match effect:
            case Now():
                return self.now
            case Sleep():
                self.sleeps.append(effect.seconds)
                self.now += self.oversleep(effect.seconds)
            case Record():
                self.records.append((effect.event, dict(effect.facts)))
            case Tell():
                self.told.append(effect.progress)
            case Send():
                return self._answer(effect)
            case _:
                raise AssertionError(f"unknown effect {effect}")
        return None

    def _answer(self, effect: Send) -> Any:
        self.sent.append(effect)
        self.now += self.latency
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def operations(self) -> list[str]:
        """Which operations were called, in order, without what they share."""
        return [send.call.operation.removesuffix("_image_to_video") for send in self.sent]

    @property
    def creates(self) -> int:
        """How many POSTs were made."""
        return self.operations.count("create")
