"""How a job is known: what may be an id, the two ids of a job, and the token that carries them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ..errors import BadResponse, InvalidRequest, KlingError

if TYPE_CHECKING:
    from .gateway import Gateway
    from .task import Task

__all__ = ["ID_FORM", "Ids", "checked_id", "is_id", "looks_like_token", "read_token", "write_token"]

_VERSION: Final = 1
_LONGEST: Final = 1000
_FIELDS: Final = {"kling_job", "gateway", "task_id", "external_task_id"}
_PATH_SAFE: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~!$&'()*+,;=:@-]{1,128}")

ID_FORM: Final = "1 to 128 letters, digits and characters out of . _ ~ - : = @ + , ; ! $ & ' ( ) *"
"""What an id is made of, for messages."""


def is_id(text: object) -> bool:
    """Whether a value can be the id of a job, the gateway's or ours.

    Any text that can stand in a path as one segment is: the characters that RFC 3986 (section 3.3)
    allows there without an escape, but for ``.`` and ``..``, which lead elsewhere. Kling and the
    gateways document no narrower form that all keep to: there are digits (VD1), UUIDs, ``task_...``
    (New API) and names with a dot, a colon or an equals sign. The length is our bound.

    Every place that asks what an id is asks here: the readers of answers and callbacks,
    `checked_id` for what a caller gives, the rules for a request, and the tokens.
    """
    return isinstance(text, str) and _PATH_SAFE.fullmatch(text) is not None


def checked_id(text: Any) -> str:
    """The text, if it can be the id of a job.

    Raises:
        InvalidRequest: `is_id` says no.
    """
    if not is_id(text):
        raise InvalidRequest(
            f"{str(text)[:80]!r} can't be the id of a job", hint=f"An id has {ID_FORM}."
        )
    return str(text)


@frozen
class Ids:
    """How a job is known, for errors and answers."""

    external_task_id: str | None = None
    task_id: str | None = None

    def on(self, error: KlingError) -> KlingError:
        """The error, with the ids it did not have."""
        error.task_id = error.task_id or self.task_id
        error.external_task_id = error.external_task_id or self.external_task_id
        return error

    def facts(self, **more: Any) -> dict[str, Any]:
        """What names a row of the journal, and more columns of it."""
        return {"external_task_id": self.external_task_id, "task_id": self.task_id, **more}

    def check(self, task: Task) -> Task:
        """The task, if it is ours.

        Raises:
            BadResponse: It is an answer about another job: it is never delivered.
        """
        wrong_id = self.task_id is not None and self.task_id not in (
            task.task_id,
            task.external_task_id,
        )
        wrong_echo = bool(
            self.external_task_id
            and task.external_task_id
            and task.external_task_id != self.external_task_id
        )
        if wrong_id or wrong_echo:
            raise self.on(
                BadResponse(
                    f"the gateway answered about another job ({task.task_id})",
                    hint="Tell the gateway's operator; the request id helps.",
                )
            )
        return task


def write_token(gateway: Gateway, ids: Ids) -> str:
    """The token of a job."""
    facts = {
        "kling_job": _VERSION,
        "gateway": gateway.netloc,
        "task_id": ids.task_id,
        "external_task_id": ids.external_task_id,
    }
    known = {name: value for name, value in facts.items() if value is not None}
    import json  # late: the rules of requests need no more than what an id is

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
    from .strict_json import parse_json

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
