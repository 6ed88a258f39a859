"""What the batch with threads and the batch with tasks share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ..jobs.effects import Flow, Progress
from ..jobs.fleet import Fleet
from ..jobs.fleet_status import Status
from ..jobs.fleet_work import Terms

if TYPE_CHECKING:
    from ..jobs.journal import Book
    from ..jobs.poller import News

__all__ = ["AnyBatch", "OrderBook", "release_rows"]

_JobT = TypeVar("_JobT")


class OrderBook(Protocol):
    """What is done for each entry of a fleet: new requests, or rows of a journal."""

    def ready(self) -> None:
        """Prepares what all entries need, before the first."""

    def book(self) -> Book | None:
        """What one entry's operation writes to the journal."""

    def begin(self, entry: Any) -> Flow[Any]:
        """The flow that ends with a `Task` to wait for, or with a video that is there already."""

    def fetch(self, entry: Any) -> Flow[Any]:
        """The flow that stores the video."""


class AnyBatch(Generic[_JobT]):
    """What both batches share."""

    def __init__(
        self,
        session: Any,
        requests: Iterable[Any],
        orders: OrderBook,
        terms: Terms,
        on_update: Callable[[Status], object] | None,
        on_progress: Callable[[Progress], object] | None = None,
    ) -> None:
        self._session = session
        self._requests = requests
        self._orders = orders
        self._terms = terms
        self._on_update = on_update
        self._on_progress = on_progress
        self._started = False
        self._status = Status()

    def _now(self) -> float:
        return float(self._session.runtime.monotonic() + self._session.ahead)

    def _slept_until(self, moment: float) -> None:
        """Where time is made up, a sleep that is over has taken as long as it should."""
        if not self._session.runtime.keeps_time:
            self._session.ahead += max(0.0, moment - self._now())

    @property
    def status(self) -> Status:
        """Where it stands; after the last outcome, the report."""
        return self._status

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._status}>"

    def _start(self) -> Fleet:
        if self._started:
            raise RuntimeError("a batch runs once: make a new one")
        self._started = True
        self._orders.ready()
        watch = self._session.connections.here().poller.watch(self._told)
        return Fleet(self._requests, self._terms, watch, self._now())

    def _told(self, news: News) -> None:
        """Takes what the fleet's watch is told."""
        raise NotImplementedError

    def _delay(self, fleet: Fleet) -> float | None:
        """Seconds until the fleet has to be asked again; ``None`` when a result comes first."""
        wake = fleet.wake_at()
        return None if wake is None else max(0.0, wake - self._now())

    def _farewell(self) -> str:
        status = self._status
        return (
            f"{status.creating + status.waiting + status.downloading} jobs were under way and go "
            "on at the gateway. With a journal, kling.resume() finishes them."
        )


def release_rows(*entries: Any) -> None:
    """Lets go of the entries' rows in the journal, so that another run may take them."""
    for entry in entries:
        if entry is not None and entry.book is not None:
            entry.book.release()
