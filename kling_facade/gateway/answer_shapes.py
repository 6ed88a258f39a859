"""Where a job's facts lie in an answer: any gateway's JSON becomes the contract's shape.

Gateways wrap Kling's answers in their own ways, as their pages and sources show (2026-11). `FACTS`
has a row for each fact: what the gateways call it, which of the nested objects counts, and what
makes a value usable. `read_task` and `read_tasks` give the one shape that the generated models
parse.

What names a job and its state *is* a job, whatever code or status stands around it: the ``error``
in it is the job's, not the call's. A paid job must never be taken for a refusal.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from attrs import field, frozen

from ..errors import KlingError, Rejected, TransientRead
from .answer import Answer, kind_of, quote
from .job_id import is_id
from .refusals import broken, complaint, json_in, refusal, request_id_of, shown_id, unclear
from .strict_json import parse_json
from .task import OTHER_TASKS, State, read_time

__all__ = ["FACTS", "Fact", "read_task", "read_tasks"]

log: logging.Logger = logging.getLogger("kling_facade.gateway")

_LAYERS: Final = 4
"""Objects nested under ``data`` that are looked into. Three have been seen (ezmodel)."""


# --- the table -----------------------------------------------------------------------------------


def _as_id(value: Any) -> str | None:
    """An id that a request can be made of. Some gateways send numbers (P04)."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if is_id(value) else None


def _as_word(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _as_address(value: Any) -> str | None:
    is_http = isinstance(value, str) and value.lower().startswith(("http://", "https://"))
    return value if is_http else None


def _as_videos(value: Any) -> list[dict[str, Any]] | None:
    found = [dict(item) for item in value if isinstance(item, dict)] if _is_list(value) else []
    return found or None


def _as_is(value: Any) -> Any:
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _steps(text: str) -> tuple[tuple[str, ...], ...]:
    """Places as the steps that lead to them: each answer is looked through at many of them."""
    return tuple(tuple(place.split(".")) for place in text.split())


@frozen
class Fact:
    """Where one fact of a job is found.

    Attributes:
        name: What the contract calls it.
        places: What gateways call it. A dot leads into an object, a number into a list; a text on
            the way is parsed as JSON. Of several in one object the first counts.
        layer: Which of the nested objects is asked first. A gateway answers to the id that it
            gives itself, the outermost; the vendor's own facts lie innermost.
        read: Gives the value in the contract's type, or ``None`` for one that can't be used.
    """

    name: str
    places: tuple[tuple[str, ...], ...] = field(converter=_steps)
    layer: Literal["outer", "inner"]
    read: Callable[[Any], Any]


FACTS: Final = (
    Fact("task_id", "task_id taskId", "outer", _as_id),
    Fact("id", "id", "outer", _as_id),  # the job's, unless `task_id` is there; see `_id`
    Fact("task_status", "task_status status state", "outer", _as_word),
    Fact(
        "external_task_id",
        "task_info.external_task_id external_task_id task_info.external_id external_id",
        "inner",
        _as_word,
    ),
    Fact("created_at", "created_at create_time createTime submit_time created", "inner", _as_is),
    Fact("updated_at", "updated_at update_time completeTime finish_time", "inner", _as_is),
    Fact("final_unit_deduction", "final_unit_deduction", "inner", _as_is),
    Fact("task_status_msg", "task_status_msg", "inner", _as_word),
    Fact("task_status_msg", "fail_reason failMsg", "inner", _as_word),
    Fact("videos", "task_result.videos", "inner", _as_videos),
    # One address: video_url AceData; url New API's documentation; metadata.url its code; outputs
    # 302.AI; output.works PiAPI; resultJson kie.ai, a JSON text; videos MuleRun, plain texts;
    # fail_reason is where forks of New API put the address of a success.
    Fact(
        "url",
        "video_url result_url url metadata.url output.video_url"
        " output.works.0.video.resource_without_watermark output.works.0.video.resource"
        " outputs.0.url outputs.0 videos.0.url videos.0 resultJson.resultUrls.0 fail_reason",
        "inner",
        _as_address,
    ),
)
"""Sources: PAGE, VD1 and VD4 for the vendor's names; for the gateways' their documentation, the
source of New API and one-hub, and clients of PiAPI, kie.ai and MuleRun (all read 2026-11)."""


_BY_NAME: Final[Mapping[str, tuple[Fact, ...]]] = {
    fact.name: tuple(other for other in FACTS if other.name == fact.name) for fact in FACTS
}


def _at(layer: dict[str, Any], place: tuple[str, ...]) -> Any:
    """The value at a place of one object; ``None`` where there is none."""
    value: Any = layer.get(place[0])
    for step in place[1:]:
        if value is None:
            return None
        if isinstance(value, str):
            value = _parsed(value)
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _parsed(text: str) -> Any:
    try:
        return parse_json(text.encode())
    except ValueError:
        return None


def _look(layers: list[dict[str, Any]], name: str) -> Any:
    """The first usable value of a fact."""
    return next((value for _, value in _all(layers, name)), None)


def _all(layers: list[dict[str, Any]], name: str) -> Iterator[tuple[int, Any]]:
    """Every usable value of a fact, the best first, with the number of its object."""
    for fact in _BY_NAME[name]:
        numbers = range(len(layers))
        for number in numbers if fact.layer == "outer" else reversed(numbers):
            layer = layers[number]
            for place in fact.places:
                value = layer.get(place[0]) if len(place) == 1 else _at(layer, place)
                if value is not None and (value := fact.read(value)) is not None:
                    yield number, value


# --- what an answer says of a job ----------------------------------------------------------------


@frozen
class _Found:
    """What one part of an answer says of a job.

    Attributes:
        layers: Its nested objects, outermost first.
        task_id: The id to use, or ``None``.
        named: Whether it is called a task's id, and not merely ``id``.
        inner: Whether it stands within the answer's data, and not in the answer's own object.
        unusable: An id that no request can be made of, as it came.
        status: The gateway's word for the state, or ``None``.
        stated: Whether the word is the job's own: it stands beside the id or within, not in an
            envelope around it, where ``success`` means that the call went well.
    """

    layers: list[dict[str, Any]]
    task_id: str | None
    named: bool
    inner: bool
    unusable: str | None
    status: str | None
    stated: bool

    @property
    def is_job(self) -> bool:
        """Whether it names a job and its state."""
        return self.task_id is not None and self.stated

    @property
    def external_task_id(self) -> str | None:
        value: str | None = _look(self.layers, "external_task_id")
        return value


def _find(payload: Any) -> _Found:
    layers = _layers(payload)
    words = list(_all(layers, "task_status"))
    where, task_id, named = _id(layers, {number for number, _ in words})
    own = [word for number, word in words if number >= where]
    status = _telling(own) or _telling(word for _, word in words)
    odd = _unusable(layers) if task_id is None else None
    return _Found(layers, task_id, named, where > 0, odd, status, stated=bool(own))


def _id(layers: list[dict[str, Any]], stating: set[int]) -> tuple[int, str | None, bool]:
    """The object that names the job, the id, and whether it is called a task's id.

    A mere ``id`` may be the call's. Where there are several, the one beside a state is the job's.
    """
    for number, value in _all(layers, "task_id"):
        return number, value, True
    plain = list(_all(layers, "id"))
    beside = (found for found in plain if found[0] in stating)
    number, value = next(beside, plain[0] if plain else (0, None))
    return number, value, False


def _telling(words: Iterable[str]) -> str | None:
    """The first word whose meaning is known, else the first."""
    heard = list(words)
    known = (word for word in heard if State.of(word) is not State.UNKNOWN)
    return next(known, heard[0] if heard else None)


def _unusable(layers: list[dict[str, Any]]) -> str | None:
    for fact in (*_BY_NAME["task_id"], *_BY_NAME["id"]):
        for layer in layers:
            for place in fact.places:
                value = _at(layer, place)
                if value not in (None, "") and not isinstance(value, bool) and not _as_id(value):
                    return value if isinstance(value, str) else repr(value)
    return None


def _layers(payload: Any) -> list[dict[str, Any]]:
    """The objects of an answer that may hold a job's facts, outermost first.

    They are nested under ``data``, or under another word where that names a task. MuleRun keeps the
    job itself under ``task_info``, which then has an id of its own; it counts as the outermost.
    """
    layers: list[dict[str, Any]] = []
    while isinstance(payload, dict) and len(layers) < _LAYERS:
        layers.append(payload)
        payload = _within(payload)
    for layer in list(layers):
        info = layer.get("task_info")
        if isinstance(info, dict) and _as_id(info.get("id")):
            return [info, *layers]
    return layers


def _within(layer: dict[str, Any]) -> Any:
    """The next object inwards."""
    inner = [layer.get(key) for key in ("data", "result", "task", "output", "response")]
    named = (it for it in inner if isinstance(it, dict) and ("task_id" in it or "taskId" in it))
    return inner[0] if isinstance(inner[0], dict) else next(named, None)


# --- the readers ---------------------------------------------------------------------------------


def read_task(answer: Answer) -> dict[str, Any]:
    """The answer to a create or a look-up as ``{code, message, request_id, data: {...}}``.

    Raises:
        KlingError: The class the answer means; see `refusals`.
    """
    payload = _object(answer)
    data = payload.get("data")
    if _is_list(data) and data:
        _raise_refusal(answer, payload, None)
        return _envelope(payload, _earliest(answer, [_task(answer, _find(item)) for item in data]))
    found = _find(payload)
    if not found.is_job:
        _raise_refusal(answer, payload, found)
    elif not _may_be_job(payload, found):
        _raise_refusal(answer, payload, None)
    if found.task_id is None and found.unusable is None:
        _raise_nothing(answer, payload)
    return _envelope(payload, _task(answer, found))


def _raise_nothing(answer: Answer, payload: Mapping[str, Any]) -> None:
    """Raises what a good answer means that names no job."""
    data = payload.get("data")
    if data and not isinstance(data, dict):
        kept = data if answer.paid and is_id(data) else None  # New API answers so for other jobs
        raise broken(answer, f"'data' is {kind_of(data)}, not an object", kept)
    if not answer.paid and ("data" in payload or "code" in payload):
        # one-hub answers with an empty job until it has asked the vendor for the first time.
        raise TransientRead("the gateway says nothing about the job yet", hint="Ask again.")
    raise broken(answer, "it names no job")


def read_tasks(answer: Answer) -> dict[str, Any]:
    """The answer to a list as ``{code, message, request_id, data: [...]}``.

    An entry that names no job is left out, with a note in the log. ``null`` is an empty list.

    Raises:
        KlingError: The class the answer means; `Rejected` when the gateway has no lists.
    """
    if answer.status in (404, 405, 501):
        raise _no_lists(answer)
    payload = _object(answer)
    items = next((found for layer in _layers(payload) if (found := _items(layer))), None)
    if items is None:
        _raise_refusal(answer, payload, None)
        if "data" in payload and payload["data"] not in (None, [], {}):
            raise broken(answer, f"'data' is {kind_of(payload['data'])}, not a list")
    return _envelope(payload, list(_named(answer, items or [])))


def _named(answer: Answer, items: list[Any]) -> Iterator[dict[str, Any]]:
    for item in items:
        try:
            yield _task(answer, _find(item))
        except KlingError as error:
            # The message is quoted and has the keys hidden, as every error's.
            log.warning("an entry of the gateway's list is left out: %s", error.message)


def _object(answer: Answer) -> dict[str, Any]:
    """The answer's object; raises what any other answer means."""
    if isinstance(answer.payload, dict):
        return answer.payload
    if not answer.ok:
        raise refusal(answer, {})
    kind = kind_of(answer.payload)
    raise broken(answer, answer.unreadable or f"the answer is {kind}, not an object")


def _may_be_job(payload: Mapping[str, Any], found: _Found) -> bool:
    """Whether an answer with an id and a state is a job after all and no complaint.

    A mere ``id`` and the state "failed" beside a code that is known to refuse are the call's. Under
    ``error``, such a code is the job's.
    """
    if found.named or State.of(found.status) is not State.FAILED or "error" in payload:
        return True
    return _as_id(payload.get("id")) is None or not complaint(payload).refuses


def _raise_refusal(answer: Answer, payload: Mapping[str, Any], found: _Found | None) -> None:
    """Raises what an answer means that is an error.

    After a create, an answer with a job's id or our own in it is never one: the job may exist. A
    mere ``id`` in the answer's own object, without a state beside it, is the call's.
    """
    said = complaint(payload)
    if answer.ok and said.code is None:
        return
    sure = found is not None and (found.named or found.inner)
    task_id = found.task_id if found and (sure or not said.refuses) else None
    if task_id and not said.refuses and (answer.ok or (said.code is None and "code" in payload)):
        return  # a code that nobody knows, such as 1 or 10000, beside a job's id
    external = found.external_task_id if found else None
    task_id = task_id or (found.unusable if found else None)
    if answer.paid and not (task_id or external):
        task_id, external = _named_anywhere(payload)
    if answer.paid and (task_id or external):
        raise unclear(answer, said, task_id, external)
    raise refusal(answer, payload)


_PLACES: Final = 200
"""Objects and lists of a refusal that are looked through for the name of a job."""
_SHORTEST_BARE_ID: Final = 4
"""Fewest characters of a bare text that is taken for an id: "0" and "200" are statuses."""
_ECHOES: Final = frozenset({"input", "request", "body", "params", "parameters", "ctx"})
"""Where servers repeat what they were sent (FastAPI's ``input``): that names no job of theirs."""


def _named_anywhere(payload: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """A job's id and our own external id, wherever a refusal of a create has them.

    They have been looked for in vain where answers keep them: what is left is the ``error``, a
    list, or the vendor's answer as a text within ``message``.
    """
    left: list[Any] = [payload]
    for _ in range(_PLACES):
        if not left:
            break
        part = left.pop(0)
        if isinstance(part, str):
            part = json_in(part)
        if isinstance(part, list):
            left.extend(part)
        elif isinstance(part, dict):
            task_id = _look([part], "task_id") or _bare_id(part.get("data"))
            external = _look([part], "external_task_id")
            if task_id or external:
                return task_id, external
            left.extend(value for key, value in part.items() if key not in _ECHOES)
    return None, None


def _bare_id(data: Any) -> str | None:
    """A job's id that stands as plain text where a gateway's answers have their data.

    A wrong guess costs a look-up, a missed id a second job; words without a number are words.
    """
    text = _as_id(data) if isinstance(data, str) else None
    return text if text and len(text) >= _SHORTEST_BARE_ID and any(map(str.isdigit, text)) else None


def _no_lists(answer: Answer) -> KlingError:
    return Rejected(
        "this gateway has no list of jobs",
        hint="Keep the ids of your jobs, or give the client a journal; kling.job(id) finds one.",
        http_status=answer.status,
        request_id=request_id_of(answer.payload) if isinstance(answer.payload, dict) else None,
    )


def _items(layer: Mapping[str, Any]) -> list[Any] | None:
    lists = (layer.get(key) for key in ("data", "items", "list", "records", "tasks"))
    return next((value for value in lists if isinstance(value, list)), None)


def _earliest(answer: Answer, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """One of several jobs found under one id: the first made, with the others named."""
    never = datetime.max.replace(tzinfo=UTC)
    if len(tasks) > 1:
        known_as = {task["task_info"].get("external_task_id") for task in tasks}
        if len(known_as) > 1 or not all(known_as):
            raise broken(answer, f"it has {len(tasks)} jobs, and does not say which is ours")
    first, *others = sorted(tasks, key=lambda task: read_time(task.get("created_at")) or never)
    return {**first, OTHER_TASKS: [task["task_id"] for task in others]} if others else first


def _envelope(payload: Mapping[str, Any], data: Any) -> dict[str, Any]:
    return {
        "code": 0,
        "message": "",  # said by the task's own; a gateway's may repeat the key
        "request_id": request_id_of(payload) or "",
        "data": data,
    }


def _task(answer: Answer, found: _Found) -> dict[str, Any]:
    """The vendor's ``data`` object, put together from wherever a gateway keeps its parts."""
    layers, status = found.layers, found.status
    if found.task_id is None:
        odd = found.unusable and shown_id(answer, found.unusable)
        why = f"{quote(odd)!r} can't be the id of a job" if odd else "it names no job"
        raise broken(answer, why, odd)
    task = dict(layers[-1])
    task.pop(OTHER_TASKS, None)  # ours to say, not the gateway's
    videos = _look(layers, "videos")
    runs = State.of(status) in (State.SUBMITTED, State.PROCESSING)  # a film has no address yet
    url = _look(layers, "url") if videos is None and not runs else None
    task.update(
        task_id=found.task_id,
        task_status=status or "",
        task_info={"external_task_id": found.external_task_id},
        task_result={"videos": videos or ([{"url": url}] if url else [])},
    )
    for name in ("created_at", "updated_at", "final_unit_deduction"):
        task[name] = _look(layers, name)
    if reason := _reason(layers, status):
        task["task_status_msg"] = quote(answer.hide(reason))
    return {key: value for key, value in task.items() if value is not None}


def _reason(layers: list[dict[str, Any]], status: str | None) -> str | None:
    """Why a job failed; the vendor says so in ``task_status_msg`` only (new-api PR 2532)."""
    if State.of(status) is not State.FAILED:
        return None
    if text := _look(layers, "task_status_msg"):
        return str(text)
    return next((words for layer in reversed(layers) if (words := complaint(layer).words)), None)
