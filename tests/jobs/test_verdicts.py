"""The table of verdicts: what an exception means at each step, whatever its class."""

from __future__ import annotations

import inspect
import ssl

import h11
import pytest

from kling_facade import errors
from kling_facade.errors import (
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
from kling_facade.jobs.verdicts import STEPS, Verdict, foreign, verdict_on

OURS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, KlingError)
]
FOREIGN = [
    OSError(5, "Input/output error"),
    ssl.SSLError(1, "decryption failed or bad record mac"),
    TimeoutError("the program's own alarm"),
    ConnectionResetError(),
    RuntimeError("Event loop is closed"),
    ValueError("no"),
    KeyError("data"),
    RecursionError(),
    MemoryError(),
    h11.LocalProtocolError("Too much data for declared Content-Length"),
    ExceptionGroup("several", [OSError(), ValueError()]),
]


@pytest.mark.parametrize(
    ("error", "verdicts"),
    [
        (NotSent("-"), "AGAIN AGAIN AGAIN AGAIN"),
        (Throttled("-", code=1303), "HOLD HOLD HOLD HOLD"),
        (OutcomeUnknown("-"), "LOOK AGAIN AGAIN AGAIN"),
        (TransientRead("-"), "LOOK AGAIN AGAIN AGAIN"),
        (BadResponse("-"), "LOOK AGAIN AGAIN FEW"),
        (AlreadyExists("-"), "LOOK STOP STOP STOP"),
        (InvalidRequest("-"), "STOP STOP STOP STOP"),
        (JobNotFound("-"), "STOP ABSENT STOP ABSENT"),
        (AuthError("-", code=1002), "STOP STOP STOP STOP"),
        (AuthError("-", code=1004), "SIGN SIGN SIGN SIGN"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_row_of_the_table(error: KlingError, verdicts: str) -> None:
    """What is done at create, search, ask and poll."""
    assert " ".join(verdict_on(error, step).name for step in STEPS) == verdicts


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_an_exception_of_any_other_class_is_an_unclear_outcome(error: Exception) -> None:
    """A create is looked up, a question asked again; its text may hold a key and is not kept."""
    assert [verdict_on(error, step).name for step in STEPS] == ["LOOK", "AGAIN", "AGAIN", "AGAIN"]
    lost, read = foreign(error, paid=True), foreign(error, paid=False)
    assert (type(lost), type(read)) == (OutcomeUnknown, TransientRead)
    assert type(error).__name__ in lost.message
    assert str(error) == "" or str(error) not in str(lost)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_an_answer_that_names_a_job_is_never_a_refusal(kind: type[KlingError]) -> None:
    """Whatever else an answer to a create says: a task id in it means that a job may exist."""
    assert verdict_on(kind("-", task_id="801"), "create") is Verdict.LOOK
    assert verdict_on(kind("-"), "create") in set(Verdict)


def test_an_exception_before_anything_left_is_about_the_request() -> None:
    """A body that can't be written was not lost on the way."""
    error = foreign(
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), paid=True, begun=False
    )
    assert type(error) is InvalidRequest
    assert "nothing was sent" in error.message
