"""What the gateway says about a job, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

if TYPE_CHECKING:
    from kling_client.models import TaskData, VideoResult

__all__ = ["State", "Task", "VideoFile", "as_envelope", "has_ended", "is_answer"]

OTHER_TASKS: Final = "other_task_ids"
"""Key under which a reader names further jobs that it found under the same id."""

_MILLISECONDS_FROM: Final = 1e11
"""Epoch numbers above this are milliseconds: as seconds they would lie beyond the year 5000."""


class State(StrEnum):
    """Where a job stands, whatever word the gateway has for it."""

    SUBMITTED = "submitted"
    PROCESSING = "processing"
    SUCCEEDED = "succeed"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def final(self) -> bool:
        """Whether the job will never change again."""
        return self in (State.SUCCEEDED, State.FAILED)

    @classmethod
    def of(cls, word: str | None) -> State:
        """The state that a gateway's word means; `UNKNOWN` for a word nobody has seen yet.

        An unknown word is a job still running: taking it for an end could lose a paid video.
        """
        return _WORDS.get((word or "").strip().lower().replace("-", "_"), cls.UNKNOWN)


# The vendor's four words, those of the gateways' public pages, and their close relatives: `ready`,
# `finish` and `aborted` have been seen in the field (2026-11).
_WORDS: Final[Mapping[str, State]] = {
    word: state
    for state, words in {
        State.SUBMITTED: "submitted not_start queued in_queue queuing pending created initializing "
        "staged waiting queueing",
        State.PROCESSING: "processing in_progress running started generating",
        State.SUCCEEDED: "succeed success succeeded completed complete done finished finish ready",
        State.FAILED: "failed failure fail error errored expired timeout timed_out canceled "
        "cancelled aborted abort terminated rejected",
    }.items()
    for word in words.split()
}


@frozen
class VideoFile:
    """One result of a job.

    Attributes:
        url: Where it lies. A signed address that stops working; Kling deletes it after 30 days.
        id: Kling's id of the video.
        duration: Seconds, as the gateway says.
        watermark_url: The watermarked twin, if one was asked for.
    """

    url: str = field(repr=False)
    id: str | None = None
    duration: float | None = None
    watermark_url: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, video: VideoResult) -> VideoFile | None:
        """From the generated model; ``None`` when it has no address."""
        url = _text(video.url)
        if url is None:
            return None
        return cls(url, _text(video.id), _number(video.duration), _text(video.watermark_url))


@frozen
class Task:
    """A snapshot of a job. It never changes: `Job.refresh` brings a new one.

    Attributes:
        task_id: The gateway's id.
        state: Where the job stands.
        status: The gateway's own word for it.
        message: Why it failed, where the gateway says so.
        external_task_id: Our id, if the gateway repeats it.
        videos: The results of a job that succeeded.
        created_at: When the job was accepted (UTC).
        updated_at: When it changed last (UTC).
        units: What it cost in Kling's units, once the gateway says (``final_unit_deduction``).
        other_task_ids: Further jobs the gateway has under the same external id. There should be
            none; each of them may have been charged.
        raw: The whole answer as the contract shapes it, unknown fields included.
    """

    task_id: str
    state: State
    status: str = ""
    message: str | None = None
    external_task_id: str | None = None
    videos: tuple[VideoFile, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    units: Decimal | None = None
    other_task_ids: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(factory=dict, repr=False, eq=False)

    def __str__(self) -> str:
        reason = f": {self.message}" if self.state is State.FAILED and self.message else ""
        return f"job {self.task_id} {self.status or self.state}{reason}"

    @classmethod
    def read(cls, data: TaskData) -> Task:
        """From the generated model."""
        from kling_client.models import TaskInfo, TaskResult

        status = _text(data.task_status) or ""
        info = data.task_info if isinstance(data.task_info, TaskInfo) else None
        result = data.task_result if isinstance(data.task_result, TaskResult) else None
        found = [VideoFile.read(video) for video in (result.videos or ())] if result else []
        return cls(
            task_id=str(data.task_id),
            state=State.of(status),
            status=status,
            message=_text(data.task_status_msg),
            external_task_id=_text(info.external_task_id) if info else None,
            videos=tuple(video for video in found if video),
            created_at=read_time(data.created_at),
            updated_at=read_time(data.updated_at),
            units=_decimal(data.final_unit_deduction),
            other_task_ids=tuple(data.additional_properties.get(OTHER_TASKS, ())),
            raw=data.to_dict(),
        )


def read_time(value: Any) -> datetime | None:
    """A moment from epoch milliseconds, epoch seconds or a date as text; else ``None``.

    Vendor times are milliseconds (VD1); gateways send seconds and ISO 8601 as well.
    """
    number = _number(value)
    try:
        if number is not None:
            seconds = number / 1000 if abs(number) >= _MILLISECONDS_FROM else number
            return datetime.fromtimestamp(seconds, UTC)
        if isinstance(value, str) and value.strip():
            from dateutil import parser

            moment = parser.isoparse(value.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e18 else None  # NaN and infinities fail the comparison too


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None


# --- a job as a list has it ----------------------------------------------------------------------


def as_envelope(item: TaskData) -> Any:
    """A job from a list, as the answer to a question for it alone."""
    from kling_client.models import TaskEnvelope

    return TaskEnvelope(code=0, message="", request_id="", data=item)


def is_answer(item: TaskData) -> bool:
    """Whether a job in a list says as much as an answer about it: a list may leave videos out."""
    return _state(item) is not State.SUCCEEDED or _has_video(item)


def has_ended(item: TaskData) -> bool:
    """Whether a job in a list needs no further question."""
    return _state(item) is State.FAILED or (_state(item) is State.SUCCEEDED and _has_video(item))


def _state(item: TaskData) -> State:
    return State.of(item.task_status if isinstance(item.task_status, str) else None)


def _has_video(item: TaskData) -> bool:
    return bool(getattr(item.task_result, "videos", None))
