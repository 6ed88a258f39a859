# Made from async_resume.py by scripts/unasync.py: edit that one.
"""`Kling.resume`: the open rows of a journal as one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from ..jobs.effects import Progress
from ..jobs.journal import Journal
from .batch import Batch
from .blocking_session import BlockingSession
from .job import Job
from .orders import fleet_terms
from .resumed_rows import Resumed, Rows

if TYPE_CHECKING:
    from ..requests.image_to_video import ImageToVideo

__all__ = ["resume"]


def resume(
    session: BlockingSession,
    journal: Journal,
    requests: Iterable[ImageToVideo],
    timeout: float | None,
    on_update: Callable[[Progress], object] | None,
) -> Iterator[Resumed]:
    """See `Kling.resume`."""
    adopt = partial(Job, session)
    orders = Rows(session, journal, requests, adopt)
    terms = fleet_terms(session, adopt, timeout, tells=on_update is not None)
    rows = orders.open()
    batch = Batch(session, rows, orders, terms, None, on_update)
    with closing(iter(batch)) as outcomes:
        for outcome in outcomes:
            resumed = orders.resumed(outcome)
            if resumed is not None:
                yield resumed
