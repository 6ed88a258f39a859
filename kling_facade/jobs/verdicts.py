"""What to do about an exception, by where it came up: one table for all of them.

Four steps of a job's life call the gateway. What an exception means depends on the step: after a
lost answer, a question may be asked again, and a create must not be.

| step | what is called | why an error there is special |
|---|---|---|
| create | the POST that costs money | an unclear outcome is looked up, never posted again |
| search | the look-up after an unclear outcome | "not found" may be too early to believe |
| ask | a question of the caller's | a few tries, then the caller decides |
| poll | a question of a running wait | nothing passing ends the wait, only its deadline does |
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, Literal

from ..errors import (
    AlreadyExists,
    AuthError,
    BadResponse,
    InvalidRequest,
    JobNotFound,
    KlingError,
    NotSent,
    OutcomeUnknown,
    Throttled,
    TransientRead,
)

__all__ = ["STEPS", "Step", "Verdict", "foreign", "verdict_on"]

Step = Literal["create", "search", "ask", "poll"]
STEPS: Final[tuple[Step, ...]] = ("create", "search", "ask", "poll")
_STALE_TOKEN: Final = frozenset({1003, 1004})
"""Codes for a token outside its validity (VD1): the clocks differ, or the call took too long."""


class Verdict(Enum):
    """What to do about an exception."""

    AGAIN = auto()
    """Call again after a pause: nothing has arrived, or asking costs nothing."""
    HOLD = auto()
    """Call again after the time that the gateway names."""
    SIGN = auto()
    """Call again at once with a fresh token, but only once."""
    LOOK = auto()
    """A job may exist and cost money: look it up."""
    ABSENT = auto()
    """The gateway does not show the job; a new one may take a moment to show."""
    FEW = auto()
    """The answer can't be used: continue after a few such answers, then give up."""
    STOP = auto()
    """Calling again would not help: the caller has to know."""


_TABLE: Final[Mapping[type[Exception], tuple[Verdict, Verdict, Verdict, Verdict]]] = {
    # the class           create          search          ask            poll
    NotSent: (Verdict.AGAIN, Verdict.AGAIN, Verdict.AGAIN, Verdict.AGAIN),
    Throttled: (Verdict.HOLD, Verdict.HOLD, Verdict.HOLD, Verdict.HOLD),
    OutcomeUnknown: (Verdict.LOOK, Verdict.AGAIN, Verdict.AGAIN, Verdict.AGAIN),
    TransientRead: (Verdict.LOOK, Verdict.AGAIN, Verdict.AGAIN, Verdict.AGAIN),
    BadResponse: (Verdict.LOOK, Verdict.AGAIN, Verdict.AGAIN, Verdict.FEW),
    AlreadyExists: (Verdict.LOOK, Verdict.STOP, Verdict.STOP, Verdict.STOP),
    JobNotFound: (Verdict.STOP, Verdict.ABSENT, Verdict.STOP, Verdict.ABSENT),
    KlingError: (Verdict.STOP, Verdict.STOP, Verdict.STOP, Verdict.STOP),
    # Whatever else comes up while a call is under way (the program's own signal handler, a library
    # below httpx) says nothing about what the gateway did.
    Exception: (Verdict.LOOK, Verdict.AGAIN, Verdict.AGAIN, Verdict.AGAIN),
}


def verdict_on(error: Exception, step: Step) -> Verdict:
    """What to do about an exception that a call raised.

    Args:
        error: Any exception, ours or not.
        step: Which call raised it.
    """
    named = isinstance(error, KlingError) and error.task_id is not None
    if step == "create" and named:
        return Verdict.LOOK  # an answer that names a job does not refuse it, whatever else it says
    if isinstance(error, AuthError) and error.code in _STALE_TOKEN:
        return Verdict.SIGN
    # The method resolution order goes from the class to its bases, so that the row of the most
    # specific class decides.
    kind = next(kind for kind in type(error).__mro__ if kind in _TABLE)
    return _TABLE[kind][STEPS.index(step)]


def foreign(error: Exception, *, paid: bool, begun: bool = True) -> KlingError:
    """An exception of a call as one of our errors.

    Only the name of the original's class is kept: messages and frames of the libraries below hold
    keys and signed addresses.

    Args:
        error: Any exception; one of ours is returned as it is.
        paid: Whether the call was a create.
        begun: Whether anything of the call may have left this machine.
    """
    if isinstance(error, KlingError):
        return error
    name = type(error).__name__
    if not begun:
        return InvalidRequest(
            f"the request could not be written as JSON ({name}); nothing was sent",
            hint="Look for values in extra that are not JSON, or for text that is not UTF-8.",
        )
    if paid:
        return OutcomeUnknown(
            f"the call was cut off before its answer could be used ({name})",
            hint="The job may have been accepted. Look it up before sending it again.",
        )
    return TransientRead(
        f"the question was cut off before its answer could be used ({name})", hint="Ask again."
    )
