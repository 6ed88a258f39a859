"""Where a job's facts lie in an answer: any gateway's JSON becomes the contract's shape.

Gateways wrap Kling's answers in their own ways, as their pages show (2026-11). `read_task` and
`read_tasks` give the one shape that the generated models parse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from .answer import Answer, kind_of, quote
from .refusals import broken, good_payload, message_of, request_id_of
from .task import OTHER_TASKS, State, read_time

__all__ = ["read_task", "read_tasks"]

_TASK_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LAYERS: Final = 4


def read_task(answer: Answer) -> dict[str, Any]:
    """The answer to a create or a look-up as ``{code, message, request_id, data: {...}}``.

    Raises:
        KlingError: The class the answer means; see the module's text.
    """
    payload = good_payload(answer)
    data = payload.get("data")
    if isinstance(data, list) and data:
        return _envelope(
            payload, _earliest(answer, [_task(answer, _layers(item)) for item in data])
        )
    if "data" in payload and not isinstance(data, dict):
        raise broken(answer, f"'data' is {kind_of(data)}, not an object")
    return _envelope(payload, _task(answer, _layers(payload)))


def read_tasks(answer: Answer) -> dict[str, Any]:
    """The answer to a list as ``{code, message, request_id, data: [...]}``.

    Raises:
        KlingError: The class the answer means.
    """
    payload = good_payload(answer)
    items = next(
        (found for layer in _layers(payload) if (found := _items(layer)) is not None), None
    )
    if items is None:
        raise broken(answer, f"'data' is {kind_of(payload.get('data'))}, not a list")
    return _envelope(payload, [_task(answer, _layers(item)) for item in items])


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
    message = payload.get("message")
    return {
        "code": 0,
        "message": message if isinstance(message, str) else "",
        "request_id": request_id_of(payload) or "",
        "data": data,
    }


def _layers(payload: Any) -> list[dict[str, Any]]:
    """The nested objects under ``data``, outermost first."""
    layers: list[dict[str, Any]] = []
    while isinstance(payload, dict) and len(layers) < _LAYERS:
        layers.append(payload)
        payload = payload.get("data")
    return layers


def _items(layer: Mapping[str, Any]) -> list[Any] | None:
    for key in ("data", "items", "list", "records", "tasks"):
        value = layer.get(key)
        if isinstance(value, list):
            return value
    return None


def _task(answer: Answer, layers: list[dict[str, Any]]) -> dict[str, Any]:
    """The vendor's ``data`` object, put together from wherever a gateway keeps its parts."""
    for layer in list(layers):
        if isinstance(info := layer.get("task_info"), dict) and "id" in info:
            layers = [*layers, info]  # MuleRun keeps the job itself under task_info
    status = _status(layers)
    task = dict(layers[-1]) if layers else {}
    task.pop(OTHER_TASKS, None)  # ours to say, not the gateway's
    task.update(
        task_id=_id(answer, layers),
        task_status=status or "",
        task_info={"external_task_id": _external_id(layers)},
        task_result={"videos": list(_videos(layers))},
    )
    if reason := _reason(layers, status):
        task["task_status_msg"] = reason
    for name, keys in _ALIASES.items():
        value = _first(layers, keys)
        if value is not None:
            task[name] = value
    return {key: value for key, value in task.items() if value is not None}


_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "created_at": ("created_at", "create_time", "submit_time", "created"),
    "updated_at": ("updated_at", "update_time", "finish_time"),
    "final_unit_deduction": ("final_unit_deduction",),
}


def _first(layers: list[dict[str, Any]], keys: tuple[str, ...]) -> Any:
    """The innermost value: the vendor's own facts lie deepest."""
    for layer in reversed(layers):
        for key in keys:
            if layer.get(key) is not None:
                return layer[key]
    return None


def _id(answer: Answer, layers: list[dict[str, Any]]) -> str:
    """The outermost id: the one that this gateway answers to."""
    for keys in (("task_id", "taskId"), ("id",)):
        for layer in layers:
            for key in keys:
                value = layer.get(key)
                if value is None or isinstance(value, bool):
                    continue
                text = str(value) if isinstance(value, (int, str)) else ""
                if not _TASK_ID.fullmatch(text):
                    raise broken(answer, f"{key!r} is not an id: {quote(repr(value))[:80]}")
                return text
    raise broken(answer, "it names no job")


def _status(layers: list[dict[str, Any]]) -> str | None:
    words = [
        layer[key]
        for layer in layers
        for key in ("task_status", "status", "state")
        if isinstance(layer.get(key), str)
    ]
    known = (word for word in words if State.of(word) is not State.UNKNOWN)
    return next(known, words[0] if words else None)


def _external_id(layers: list[dict[str, Any]]) -> str | None:
    for layer in reversed(layers):
        info = layer.get("task_info")
        places = ([info] if isinstance(info, dict) else []) + [layer]
        for place in places:
            for key in ("external_task_id", "external_id"):
                if isinstance(place.get(key), str) and place[key]:
                    return str(place[key])
    return None


def _reason(layers: list[dict[str, Any]], status: str | None) -> str | None:
    """Why a job failed; the vendor says so in ``task_status_msg`` only (new-api PR 2532)."""
    if State.of(status) is not State.FAILED:
        return None
    for key in ("task_status_msg", "fail_reason"):
        text = _first(layers, (key,))
        if isinstance(text, str) and text.strip():
            return quote(text)
    for layer in reversed(layers):
        if text := message_of(layer):
            return text
    return None


def _videos(layers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Results as the vendor shapes them, else the first single address a gateway gives."""
    for layer in reversed(layers):
        result = layer.get("task_result")
        listed = result.get("videos") if isinstance(result, dict) else None
        if isinstance(listed, list) and listed:
            yield from (dict(item) for item in listed if isinstance(item, dict))
            return
    for layer in reversed(layers):
        if url := _single_url(layer):
            yield {"url": url}
            return


def _single_url(layer: Mapping[str, Any]) -> str | None:
    outputs = layer.get("outputs")
    first = outputs[0] if isinstance(outputs, list) and outputs else None
    metadata = layer.get("metadata")
    places = [
        layer.get("video_url"),
        layer.get("result_url"),
        layer.get("url"),
        metadata.get("url") if isinstance(metadata, dict) else None,
        first.get("url") if isinstance(first, dict) else first,
        layer.get("fail_reason"),  # where New API forks put the address of a success
    ]
    for place in places:
        if isinstance(place, str) and re.match(r"https?://", place):
            return place
    return None
