"""The session of `AsyncKling`: flows are driven with ``await``."""

# The blocking twin, blocking_session.py, is made from this file: python scripts/unasync.py

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..gateway.task import Task
from ..jobs.effects import Flow, Progress
from ..jobs.perform import AsyncPerformer, drive_async
from ..jobs.shared_wait import together
from ..wire.uninterrupted import in_thread
from .connections import LoopConnections
from .session import Session

if TYPE_CHECKING:
    from ..jobs.journal import Book

__all__ = ["AwaitedSession"]

_T = TypeVar("_T")
OnProgress = Callable[[Progress], object]


class AwaitedSession(Session):
    """Settings, journal and connections of one client, and the driving of flows."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connections: LoopConnections = LoopConnections(self.new_place())

    async def run(
        self, flow: Flow[_T], on_update: OnProgress | None = None, book: Book | None = None
    ) -> _T:
        """Drives a flow to its end."""
        return await drive_async(flow, self.performer(on_update, book))

    async def wait(
        self,
        flow: Flow[Task],
        task_id: str | None,
        on_update: OnProgress | None,
        book: Book | None,
    ) -> Task:
        """Waits for one job, together with all others that wait on this client."""
        performer = self.performer(on_update, book)
        if not self.runtime.keeps_time:  # each sleep makes time pass: all would sleep in turn
            return await drive_async(flow, performer)
        with self.connections.here().poller.watch(performer.told) as watch:
            return await drive_async(together(flow, watch, task_id), performer)

    def performer(
        self, on_update: OnProgress | None = None, book: Book | None = None
    ) -> AsyncPerformer:
        """What performs a flow's effects."""
        return AsyncPerformer(
            self._api().face, self._videos, self.runtime, book or self.book(), on_update
        )

    def _api(self) -> Any:
        return self.connections.here().once("api", self._open_api)

    def _videos(self) -> Any:
        return self.connections.here().once("videos", self._open_videos)

    async def release(self, book: Book | None, *, unwinding: bool = False) -> None:
        """Gives up the rows that an operation claimed.

        Args:
            book: What it wrote to the journal.
            unwinding: Whether it ends by an exception, which has to arrive at the caller.
        """
        if book is not None:
            await in_thread(book.release, unwinding=unwinding)

    async def aclose(self) -> None:
        """Closes connections and journal."""
        await self.connections.aclose()
        self.close_journal()

    def _open_api(self) -> Any:
        from ..wire.api_client import AsyncGatewayClient

        client = AsyncGatewayClient(self._link(), **self.settings())
        client.face = self._generated().set_async_httpx_client(client)
        return client

    def _open_videos(self) -> Any:
        from ..wire.video_client import AsyncFetcher

        return AsyncFetcher(self._link(), **self.settings())
