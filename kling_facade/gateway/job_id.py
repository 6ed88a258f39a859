"""How a job is known: what may be an id, and the two ids of a job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ..errors import BadResponse, InvalidRequest, KlingError

if TYPE_CHECKING:
    from .task import Task

__all__ = ["ID_FORM", "Ids", "checked_id", "is_id"]

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
