"""What can go wrong, as one tree.

    KlingError
    ├── InvalidRequest          the request is wrong; nothing was spent
    │   ├── AlreadyExists       a job with this external id was accepted before (1201)
    │   └── PolicyRejected      content or platform policy refused it (1300, 1301)
    ├── AuthError               the key or token was refused (1000..1004)
    ├── AccountError            balance, packs, permission, IP allow-list (1100..1103, 1304)
    ├── Throttled               too fast, or too many jobs at once (1302, 1303, a bare 429)
    ├── Rejected                refused for another reason: a redirect, a 404
    ├── JobNotFound             the gateway knows no such job
    ├── TransportError
    │   ├── NotSent             nothing left this machine, or nobody was there to take it
    │   ├── TransportSecurityError   TLS failed, or the address is not one to send secrets to
    │   ├── OutcomeUnknown      a create left, its answer was lost: it may cost money
    │   ├── TransientRead       a read failed; asking again is free
    │   └── BadResponse         the answer breaks the contract
    ├── JobFailed               the job ended without a video
    ├── ResultExpired           there was a video, and its address no longer serves it
    ├── DownloadError           the video could not be stored here
    ├── WaitTimeout             our own deadline; the job goes on at the gateway
    ├── JournalError            the journal can't be read or written
    │   └── JobTaken            another process works on this row
    ├── CallbackRefused         a callback that is not to be believed
    └── MissingExtra            a package of an optional extra is not installed

Every error carries what is known about the job, so nothing is lost on the way up, and a ``hint``
that says what to do next. The classes follow Kling's own ``code`` first and the HTTP status only
where there is no code, because Kling uses HTTP 429 both for "wait" and for "pay".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AccountError",
    "AlreadyExists",
    "AuthError",
    "BadResponse",
    "CallbackRefused",
    "DownloadError",
    "InvalidRequest",
    "JobFailed",
    "JobNotFound",
    "JobTaken",
    "JournalError",
    "KlingError",
    "MissingExtra",
    "NotSent",
    "OutcomeUnknown",
    "PolicyRejected",
    "Problem",
    "Rejected",
    "ResultExpired",
    "Severity",
    "Throttled",
    "TransientRead",
    "TransportError",
    "TransportSecurityError",
    "WaitTimeout",
]


Severity: TypeAlias = Literal["contract", "capability", "advice"]
"""How strict a rule is: it refuses, it refuses unless it is allowed by name, it only tells."""


@frozen
class Problem:
    """Something about a request that a rule objects to.

    Attributes:
        field: The argument of `ImageToVideo` concerned.
        rule: The rule's name; what ``allow`` takes.
        severity: ``"contract"``, ``"capability"`` or ``"advice"``.
        message: What is wrong, and what would be right.
        source: Who says so, and when.
    """

    field: str
    rule: str
    severity: Severity
    message: str
    source: str

    @property
    def is_error(self) -> bool:
        """Whether the request is refused because of it."""
        return self.severity != "advice"

    def __str__(self) -> str:
        return f"{self.field}: {self.message} [{self.severity} {self.rule}: {self.source}]"


class KlingError(Exception):
    """Base of everything this library raises.

    Attributes:
        message: What was wrong and where.
        hint: What to do next, or ``None``.
        task_id: The gateway's id of the job, if it is known.
        external_task_id: Our id of the job, if one was chosen.
        code: Kling's business code (``1201``, ...), if the answer had one.
        request_id: The gateway's id of the call; support asks for it.
        http_status: The HTTP status of the answer, if there was one.
        retry_after: Seconds the gateway asked us to wait, if it did.
        job: The `Job` or `AsyncJob` concerned, where there is one to go on with.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        task_id: str | None = None,
        external_task_id: str | None = None,
        code: int | str | None = None,
        request_id: str | None = None,
        http_status: int | None = None,
        retry_after: float | None = None,
        job: Any = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.task_id = task_id
        self.external_task_id = external_task_id
        self.code = code
        self.request_id = request_id
        self.http_status = http_status
        self.retry_after = retry_after
        self.job = job

    def __str__(self) -> str:
        facts = [
            f"{label} {value}"
            for label, value in (
                ("code", self.code),
                ("HTTP", self.http_status),
                ("request", self.request_id),
                ("task", self.task_id),
                ("external id", self.external_task_id),
            )
            if value is not None
        ]
        text = self.message + (f" [{', '.join(facts)}]" if facts else "")
        return f"{text}\n  {self.hint}" if self.hint else text


class InvalidRequest(KlingError, ValueError):
    """The request is wrong. Nothing was spent.

    Attributes:
        problems: Every problem found, when they were found before sending; else empty.
    """

    def __init__(self, message: str, *, problems: Sequence[Problem] = (), **known: Any) -> None:
        super().__init__(message, **known)
        self.problems: tuple[Problem, ...] = tuple(problems)


class AlreadyExists(InvalidRequest):
    """A job with this external id was accepted before. No second one was made."""


class PolicyRejected(InvalidRequest):
    """Kling's platform policy or content check refused the request (1300, 1301)."""


class AuthError(KlingError):
    """The key or token was refused (1000 to 1004)."""


class AccountError(KlingError):
    """The account can't pay or may not call this (1100 to 1103, 1304). No retry helps."""


class Throttled(KlingError):
    """Too many calls (1302) or jobs (1303) at once. Waiting helps."""


class Rejected(KlingError):
    """The gateway refused for a reason that asking again will not change."""


class JobNotFound(KlingError):
    """The gateway knows no job by this id."""


class TransportError(KlingError):
    """The conversation with the gateway failed."""


class NotSent(TransportError):
    """Nothing left this machine: name not found, connection refused, proxy down. Free to repeat."""


class TransportSecurityError(TransportError):
    """TLS failed, or the address is not one to send secrets to. Never repeated or downgraded."""


class OutcomeUnknown(TransportError):
    """A create may have arrived, and its answer was lost. The job may exist and cost money.

    The library has already looked for it. ``external_task_id`` finds it later:
    ``kling.job(external_task_id=...)``.
    """


class TransientRead(TransportError):
    """A read failed in a way that may pass."""


class BadResponse(TransportError):
    """The answer breaks the contract: not JSON, not our job, a finished one without a video."""


class JobFailed(KlingError):
    """The job ended without a video. The message is Kling's reason; ``job`` has its last state."""


class ResultExpired(KlingError):
    """The video's address no longer serves it. Kling deletes results after 30 days."""


class DownloadError(KlingError):
    """The video could not be stored at its destination. The job is unharmed: download it again."""


class WaitTimeout(KlingError, TimeoutError):
    """Our own deadline passed. The job goes on at the gateway; ``job`` can be waited for again."""


class JournalError(KlingError):
    """The journal can't be read or written; the message names its file. Nothing was sent for it."""


class JobTaken(JournalError):
    """Another process works on this job right now. Leave it to that one, or try again later."""


class CallbackRefused(KlingError):
    """A callback that is not to be believed. ``http_status`` is what to answer it with."""


class MissingExtra(KlingError, ImportError):
    """A package of an optional extra is not installed; the message has the command."""
