"""A job as a short text that another machine can go on with: ids and the gateway's host only."""

from __future__ import annotations

import json
from typing import Any, Final

from ..errors import InvalidRequest
from .gateway import Gateway
from .job_id import Ids, checked_id
from .strict_json import parse_json

__all__ = ["looks_like_token", "read_token", "write_token"]

_VERSION: Final = 1
_LONGEST: Final = 1000
_FIELDS: Final = {"kling_job", "gateway", "task_id", "external_task_id"}


def write_token(gateway: Gateway, ids: Ids) -> str:
    """The token of a job."""
    facts = {
        "kling_job": _VERSION,
        "gateway": gateway.netloc,
        "task_id": ids.task_id,
        "external_task_id": ids.external_task_id,
    }
    known = {name: value for name, value in facts.items() if value is not None}
    return json.dumps(known, separators=(",", ":"))


def looks_like_token(text: str) -> bool:
    """Whether a text is meant as a token and not as an id."""
    return text.lstrip().startswith("{")


def read_token(token: str, gateway: Gateway) -> Ids:
    """The ids in a token. Nothing in it is an address, so nothing in it can lead elsewhere.

    Raises:
        InvalidRequest: It is forged, damaged, of a newer version or of another gateway.
    """
    facts = _facts(token)
    version = facts.get("kling_job")
    if isinstance(version, int) and not isinstance(version, bool) and version > _VERSION:
        raise InvalidRequest(
            f"the token is of version {version}; this library reads {_VERSION}",
            hint="Use the newer kling-facade that wrote it.",
        )
    if version != _VERSION or isinstance(version, bool) or not facts.keys() <= _FIELDS:
        raise _no_token("it has other fields than a token has")
    if facts.get("gateway") != gateway.netloc:
        raise InvalidRequest(
            f"the token is of the gateway {str(facts.get('gateway'))[:80]!r}, "
            f"this client talks to {gateway.netloc!r}",
            hint="Use a client of that gateway: Kling(base_url=...).",
        )
    task_id, external = facts.get("task_id"), facts.get("external_task_id")
    if task_id is None and external is None:
        raise _no_token("it names no job")
    return Ids(
        None if external is None else checked_id(external),
        None if task_id is None else checked_id(task_id),
    )


def _facts(token: str) -> dict[str, Any]:
    if len(token) > _LONGEST:
        raise _no_token("it is too long")
    try:
        facts = parse_json(token.encode())
    except (ValueError, UnicodeEncodeError):
        raise _no_token("it is not JSON") from None
    if not isinstance(facts, dict):
        raise _no_token("it is not a JSON object")
    return facts


def _no_token(why: str) -> InvalidRequest:
    return InvalidRequest(f"this is no job's token: {why}", hint="Take it from job.token.")
