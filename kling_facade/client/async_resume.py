"""`AsyncKling.resume`: the open rows of a journal as one batch."""

# The blocking twin, resume.py, is made from this file: python scripts/unasync.py

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

from ..jobs.effects import Progress
from ..jobs.journal import Journal
from ..wire.uninterrupted import in_thread
from .async_batch import AsyncBatch
from .async_job import AsyncJob
from .awaited_session import AwaitedSession
from .orders import fleet_terms
from .resumed_rows import Resumed, Rows

if TYPE_CHECKING:
    from ..requests.image_to_video import ImageToVideo

__all__ = ["async_resume"]


async def async_resume(
    session: AwaitedSession,
    journal: Journal,
    requests: Iterable[ImageToVideo],
    timeout: float | None,
    on_update: Callable[[Progress], object] | None,
) -> AsyncIterator[Resumed]:
    """See `AsyncKling.resume`."""
    adopt = partial(AsyncJob, session)
    orders = Rows(session, journal, requests, adopt)
    terms = fleet_terms(session, adopt, timeout, tells=on_update is not None)
    rows = await in_thread(orders.open)
    batch = AsyncBatch(session, rows, orders, terms, None, on_update)
    async with aclosing(aiter(batch)) as outcomes:
        async for outcome in outcomes:
            resumed = orders.resumed(outcome)
            if resumed is not None:
                yield resumed
