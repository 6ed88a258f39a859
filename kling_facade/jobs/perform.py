"""The two drivers: they do what a flow asks for, one blocking, one with ``await``."""

from __future__ import annotations

import importlib
import inspect
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..errors import KlingError, Throttled
from ..wire.uninterrupted import in_thread
from .effects import (
    CREATE,
    Call,
    Close,
    Do,
    Listen,
    Now,
    Open,
    Progress,
    Read,
    Recall,
    Record,
    Send,
    Sleep,
    Tell,
)
from .fleet_work import Pause
from .poller import News
from .runtime import Runtime
from .verdicts import foreign

if TYPE_CHECKING:
    from kling_client import Client

    from ..wire.video_client import AsyncFetcher, Fetcher
    from .journal import Book

__all__ = [
    "AsyncPerformer",
    "Performer",
    "advance",
    "advance_async",
    "drive",
    "drive_async",
    "refusing",
]

_T = TypeVar("_T")

_OPERATIONS: Final = "kling_client.api.image_to_video"
_LOOK: Final = 0.5
"""Seconds after which a blocked thread looks up, so that Ctrl-C works on every system."""


def drive(flow: Generator[Any, Any, _T], perform: Callable[[Any], Any]) -> _T:
    """Runs a flow to its end, blocking."""
    try:
        effect = next(flow)
        while True:
            try:
                result = perform(effect)
            except BaseException as error:  # noqa: BLE001 - the flow cleans up, then it goes on
                effect = flow.throw(error)
            else:
                effect = flow.send(result)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return] # what a generator returns is untyped here


async def drive_async(
    flow: Generator[Any, Any, _T], perform: Callable[[Any], Awaitable[Any]]
) -> _T:
    """Runs a flow to its end with ``await``."""
    try:
        effect = next(flow)
        while True:
            try:
                result = await perform(effect)
            except BaseException as error:  # noqa: BLE001 - the flow cleans up, then it goes on
                effect = flow.throw(error)
            else:
                effect = flow.send(result)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return] # what a generator returns is untyped here


def refusing(perform: Callable[[Any], Any], refusal: KlingError | None) -> Callable[[Any], Any]:
    """A performer that creates nothing, when all creates are refused. Look-ups cost nothing."""
    if refusal is None:
        return perform

    def refuse(effect: Any) -> Any:
        if isinstance(effect, Send) and effect.call.operation == CREATE:
            raise refusal
        return perform(effect)

    return refuse


def advance(flow: Generator[Any, Any, _T], perform: Callable[[Any], Any]) -> _T | Pause:
    """Runs a flow until it ends or wants to sleep."""
    throttled: Throttled | None = None
    try:
        effect = next(flow)
        while not isinstance(effect, Sleep):
            try:
                result = perform(effect)
            except BaseException as error:  # noqa: BLE001 - the flow decides
                throttled = error if isinstance(error, Throttled) else throttled
                effect = flow.throw(error)
            else:
                effect = flow.send(result)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return] # what a generator returns is untyped here
    return Pause(effect.seconds, throttled)


async def advance_async(flow: Generator[Any, Any, _T], perform: Any) -> _T | Pause:
    """The same with ``await``."""
    throttled: Throttled | None = None
    try:
        effect = next(flow)
        while not isinstance(effect, Sleep):
            try:
                result = await perform(effect)
            except BaseException as error:  # noqa: BLE001 - the flow decides
                throttled = error if isinstance(error, Throttled) else throttled
                effect = flow.throw(error)
            else:
                effect = flow.send(result)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return] # what a generator returns is untyped here
    return Pause(effect.seconds, throttled)


def _operation(call: Call) -> Any:
    return importlib.import_module(f"{_OPERATIONS}.{call.operation}")


def _about(call: Call, error: Exception, *, begun: bool) -> Exception:
    """What an exception of a call means, without the frames that it came through.

    They hold requests and keys.
    """
    ours = foreign(error, paid=call.operation == CREATE, begun=begun)
    return ours.with_traceback(None)


def _about_transfer(error: Exception) -> Exception:
    """The same for the transfer of a video; there the frames hold a signed address."""
    return foreign(error, paid=False).with_traceback(None)


class Performer:
    """Performs effects by blocking."""

    def __init__(
        self,
        client: Client,
        fetcher: Callable[[], Fetcher],
        runtime: Runtime,
        journal: Book | None = None,
        on_update: Callable[[Progress], Any] | None = None,
    ) -> None:
        self._client = client
        self._fetcher = fetcher
        self._runtime = runtime
        self._journal = journal
        self._on_update = on_update
        self._transfer: Any = None
        self._mailbox: deque[News] = deque()
        self._bell = threading.Event()
        self._acts: dict[type, Callable[[Any], Any]] = {
            Now: lambda _: runtime.monotonic(),
            Sleep: lambda effect: runtime.sleep(effect.seconds),
            Send: self._send,
            Record: self._record,
            Recall: self._recall,
            Tell: self._tell,
            Open: self._open,
            Read: self._read,
            Close: lambda _: self._transfer and self._transfer.close(),
            Do: lambda effect: effect.function(),
            Listen: self._listen,
        }

    def told(self, news: News) -> None:
        """Takes news for whoever listens; called from any thread."""
        self._mailbox.append(news)
        self._bell.set()

    def __call__(self, effect: Any) -> Any:
        """Does it and gives its result."""
        return self._acts[type(effect)](effect)

    def _send(self, effect: Send) -> Any:
        from ..wire.deadlines import allowance

        call = effect.call
        with allowance(effect.within) as given:
            try:
                answer = _operation(call).sync_detailed(client=self._client, **call.arguments)
            except Exception as error:  # noqa: BLE001 - of whatever class, it is about this call
                failure = _about(call, error, begun=given.begun)
            else:
                return answer.parsed
        raise failure

    def _record(self, effect: Record) -> None:
        if self._journal is not None:
            self._journal.record(effect.event, effect.facts)

    def _recall(self, effect: Recall) -> Any:
        return self._journal and self._journal.recall(effect.external_task_id)

    def _tell(self, effect: Tell) -> None:
        if self._on_update is not None:
            self._on_update(effect.progress)

    def _listen(self, effect: Listen) -> list[News]:
        runtime = self._runtime
        end = runtime.monotonic() + effect.seconds
        while not self._mailbox and (left := end - runtime.monotonic()) > 0.0:
            self._bell.wait(min(left / runtime.pace, _LOOK))
            self._bell.clear()
        return _taken(self._mailbox)

    def _open(self, effect: Open) -> Any:
        self._transfer = self._transfer or self._fetcher().session()
        try:
            return self._transfer.open(effect.url, effect.headers)
        except Exception as error:  # noqa: BLE001 - of whatever class: the transfer is taken up
            failure = _about_transfer(error)
        raise failure

    def _read(self, effect: Read) -> Any:
        try:
            return self._transfer.read()
        except Exception as error:  # noqa: BLE001 - of whatever class: the transfer is taken up
            failure = _about_transfer(error)
        raise failure


class AsyncPerformer:
    """Performs effects with ``await``. Work on the disk goes to a thread."""

    def __init__(
        self,
        client: Client,
        fetcher: Callable[[], AsyncFetcher],
        runtime: Runtime,
        journal: Book | None = None,
        on_update: Callable[[Progress], Any] | None = None,
    ) -> None:
        self._client = client
        self._fetcher = fetcher
        self._runtime = runtime
        self._journal = journal
        self._on_update = on_update
        self._transfer: Any = None
        self._mailbox: deque[News] = deque()
        self._bell: Any = None
        self._acts: dict[type, Callable[[Any], Awaitable[Any]]] = {
            Now: self._now,
            Sleep: lambda effect: runtime.async_sleep(effect.seconds),
            Send: self._send,
            Record: self._record,
            Recall: self._recall,
            Tell: self._tell,
            Open: self._open,
            Read: self._read,
            Close: self._close,
            Do: lambda effect: in_thread(effect.function),
            Listen: self._listen,
        }

    def told(self, news: News) -> None:
        """Takes news for whoever listens; called on the same event loop."""
        self._mailbox.append(news)
        if self._bell is not None:
            self._bell.set()

    async def __call__(self, effect: Any) -> Any:
        """Does it and gives its result."""
        return await self._acts[type(effect)](effect)

    async def _now(self, effect: Now) -> float:
        return self._runtime.monotonic()

    async def _send(self, effect: Send) -> Any:
        from ..wire.deadlines import allowance

        call = effect.call
        with allowance(effect.within) as given:
            try:
                answer = await _operation(call).asyncio_detailed(
                    client=self._client, **call.arguments
                )
            except Exception as error:  # noqa: BLE001 - of whatever class, it is about this call
                failure = _about(call, error, begun=given.begun)
            else:
                return answer.parsed
        raise failure

    async def _record(self, effect: Record) -> None:
        book = self._journal
        if book is not None and not book.needless(effect.event):
            await in_thread(lambda: book.record(effect.event, effect.facts))

    async def _recall(self, effect: Recall) -> Any:
        book = self._journal
        if book is None:
            return None
        return await in_thread(lambda: book.recall(effect.external_task_id))

    async def _tell(self, effect: Tell) -> None:
        if self._on_update is not None:
            result = self._on_update(effect.progress)
            if inspect.isawaitable(result):
                await result

    async def _listen(self, effect: Listen) -> list[News]:
        import anyio

        if effect.seconds > 0.0 and not self._mailbox:
            self._bell = anyio.Event()
            with anyio.move_on_after(effect.seconds / self._runtime.pace):
                await self._bell.wait()
        return _taken(self._mailbox)

    async def _open(self, effect: Open) -> Any:
        self._transfer = self._transfer or self._fetcher().session()
        try:
            return await self._transfer.open(effect.url, effect.headers)
        except Exception as error:  # noqa: BLE001 - of whatever class: the transfer is taken up
            failure = _about_transfer(error)
        raise failure

    async def _read(self, effect: Read) -> Any:
        try:
            return await self._transfer.read()
        except Exception as error:  # noqa: BLE001 - of whatever class: the transfer is taken up
            failure = _about_transfer(error)
        raise failure

    async def _close(self, effect: Close) -> None:
        if self._transfer is not None:
            await self._transfer.aclose()


def _taken(mailbox: deque[News]) -> list[News]:
    """What lies there; the other side may put more in meanwhile."""
    return [mailbox.popleft() for _ in range(len(mailbox))]
