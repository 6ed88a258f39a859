"""What a decision asks the world for, and what all decisions rest on.

A decision (`submit.submit`, `wait.wait`, `download.download`) is a generator, a `Flow`. It yields
what it wants done, an *effect*, and is sent the result or thrown the error. The drivers in
`perform` carry effects out, one blocking and one with ``await``, so that sync and async can't drift
apart and a test can play the world by hand.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from attrs import field, frozen

from ..errors import KlingError
from ..gateway.job_id import Ids
from ..gateway.task import Task
from ..limits import Limits, PollPlan, RetryBudget

__all__ = [
    "CREATE",
    "SHORTEST_CALL",
    "Call",
    "Close",
    "Do",
    "Effect",
    "Flow",
    "Listen",
    "Now",
    "Open",
    "Policy",
    "Progress",
    "Read",
    "Recall",
    "Record",
    "Send",
    "Sleep",
    "Tell",
    "log",
    "note",
]


log: logging.Logger = logging.getLogger("kling_facade")

_T = TypeVar("_T")

CREATE: Final = "create_image_to_video"
"""The one operation that costs money."""
_BACKOFF_CAP: Final = 60.0
SHORTEST_CALL: Final = 1.0
"""Seconds that a question gets although its deadline is nearer."""


# --- effects -------------------------------------------------------------------------------------


@frozen
class Call:
    """One operation of the generated client, with its arguments.

    Attributes:
        operation: Module name in ``kling_client.api.image_to_video``.
        arguments: What the operation is given besides the client.
    """

    operation: str
    arguments: Mapping[str, Any] = field(repr=False)


@frozen
class Send:
    """Make the call; the result is the generated envelope.

    Attributes:
        call: What to ask.
        within: Longest time the exchange may take, in seconds; ``None`` for the client's own limit.
        shared: Whether a list that others ask for may bring the answer, a little later.
    """

    call: Call
    within: float | None = None
    shared: bool = False


@frozen
class Sleep:
    """Let time pass.

    Attributes:
        seconds: How much.
    """

    seconds: float


@frozen
class Now:
    """Say what time it is, in seconds on a clock that never goes back."""


@frozen
class Record:
    """Write down what is known, before going on.

    Attributes:
        event: ``intent`` (the first create is about to leave), ``attempt`` (so is another one),
            ``unclear`` (its outcome is not known), ``accepted``, ``refused``, ``waiting`` (a sign
            of life), ``finished``, ``stored`` (the file is whole, and not yet under its name) or
            ``saved``.
        facts: Columns of the journal; the ids among them name the row. ``within`` says how many
            seconds the create that is about to leave may take.
    """

    event: str
    facts: Mapping[str, Any]


@frozen
class Recall:
    """Say what the journal knows of a job, and keep other processes off it.

    The result is a `journal.Entry`, or ``None``.

    Attributes:
        external_task_id: Our id of the job.
    """

    external_task_id: str


@frozen
class Do:
    """Run a function that works on the disk.

    Attributes:
        function: Called without arguments; its result is the effect's.
    """

    function: Callable[[], Any]


@frozen
class Progress:
    """How a wait stands; what ``on_update`` is given.

    Attributes:
        task: The newest snapshot.
        elapsed: Seconds since the wait began.
        polls: Questions asked so far.
        trouble: Why the last question brought nothing, or ``None``. The job goes on all the same.
    """

    task: Task
    elapsed: float
    polls: int
    trouble: str | None = None

    def __str__(self) -> str:
        text = f"{self.task}, {self.elapsed:.0f} s"
        return f"{text} (still trying: {self.trouble})" if self.trouble else text


@frozen
class Tell:
    """Tell the caller.

    Attributes:
        progress: What.
    """

    progress: Progress


@frozen
class Open:
    """Ask an address for its bytes; the result is a `Head`.

    Attributes:
        url: Signed; never logged.
        headers: ``Range`` and ``If-Range`` when a download is taken up again.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(factory=dict)


@frozen
class Read:
    """Give the next bytes of the open answer; empty at its end."""


@frozen
class Close:
    """Let the open answer go."""


@frozen
class Listen:
    """Wait for news; the result is a list of them, empty when time is up.

    Attributes:
        seconds: How long; 0 takes what is there.
    """

    seconds: float


Effect = Send | Sleep | Now | Record | Recall | Do | Tell | Open | Read | Close | Listen
Flow: TypeAlias = Generator[Any, Any, _T]
"""A decision under way: it yields effects and returns its result."""


# --- what the decisions rest on ------------------------------------------------------------------


@frozen(kw_only=True)
class Policy:
    """Limits, poll plan, randomness and the client's retry budget."""

    limits: Limits = field(factory=Limits)
    plan: PollPlan = field(factory=PollPlan)
    uniform: Callable[[], float] = random.random
    budget: RetryBudget = field(factory=RetryBudget)

    def backoff(self, attempt: int) -> float:
        """Seconds before the next try: from 0.5 to a ceiling that doubles, at random."""
        ceiling = min(_BACKOFF_CAP, 2.0**attempt)
        return 0.5 + (ceiling - 0.5) * self.uniform()

    def throttled(self, error: KlingError, attempt: int) -> float:
        """Seconds to hold back: what the gateway asks for and a little more, else a backoff."""
        low, high = self.limits.retry_after
        if error.retry_after is None:
            return max(low, self.backoff(attempt))
        asked = min(max(error.retry_after, low), high)
        return asked * (1.0 + 0.25 * self.uniform())


def note(event: str, ids: Ids, **facts: Any) -> Flow[None]:
    """Writes down what has happened already. A journal that fails now must not undo it."""
    try:
        yield Record(event, {**ids.facts(), **facts})
    except Exception as error:  # noqa: BLE001 - a job that is paid for is not given up for its row
        why = error.message if isinstance(error, KlingError) else type(error).__name__
        known = ids.task_id or ids.external_task_id
        log.warning("job %s is %s, but the journal does not say so: %s", known, event, why)
