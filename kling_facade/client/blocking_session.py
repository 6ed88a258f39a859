# Made from awaited_session.py by scripts/unasync.py: edit that one.
"""The session of `Kling`: flows are driven by blocking."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..gateway.task import Task
from ..jobs.effects import Flow, Progress
from ..jobs.perform import Performer, drive
from ..jobs.shared_wait import together
from .connections import Connections
from .session import Session

if TYPE_CHECKING:
    from ..jobs.journal import Book

__all__ = ["BlockingSession"]

_T = TypeVar("_T")
OnProgress = Callable[[Progress], object]


class BlockingSession(Session):
    """Settings, journal and connections of one client, and the driving of flows."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connections: Connections = Connections(self.new_place())

    def run(
        self, flow: Flow[_T], on_update: OnProgress | None = None, book: Book | None = None
    ) -> _T:
        """Drives a flow to its end."""
        return drive(flow, self.performer(on_update, book))

    def wait(
        self,
        flow: Flow[Task],
        task_id: str | None,
        on_update: OnProgress | None,
        book: Book | None,
    ) -> Task:
        """Waits for one job, together with all others that wait on this client."""
        performer = self.performer(on_update, book)
        if not self.runtime.keeps_time:  # each sleep makes time pass: all would sleep in turn
            return drive(flow, performer)
        with self.connections.here().poller.watch(performer.told) as watch:
            return drive(together(flow, watch, task_id), performer)

    def performer(self, on_update: OnProgress | None = None, book: Book | None = None) -> Performer:
        """What performs a flow's effects."""
        return Performer(
            self._api().face, self._videos, self.runtime, book or self.book(), on_update
        )

    def _api(self) -> Any:
        return self.connections.here().once("api", self._open_api)

    def _videos(self) -> Any:
        return self.connections.here().once("videos", self._open_videos)

    def release(self, book: Book | None, *, unwinding: bool = False) -> None:
        """Gives up the rows that an operation claimed.

        Args:
            book: What it wrote to the journal.
            unwinding: Whether it ends by an exception, which has to arrive at the caller.
        """
        if book is not None:
            book.release()

    def close(self) -> None:
        """Closes connections and journal."""
        self.connections.close()
        self.close_journal()

    def _open_api(self) -> Any:
        from ..wire.api_client import GatewayClient

        client = GatewayClient(self._link(), **self.settings())
        client.face = self._generated().set_httpx_client(client)
        return client

    def _open_videos(self) -> Any:
        from ..wire.video_client import Fetcher

        return Fetcher(self._link(), **self.settings())
