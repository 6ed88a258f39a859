"""Work that goes to its end although the task that waits for it is cancelled, once or many times.

anyio's shielded scopes hold off anyio's own cancellations; ``task.cancel()`` reaches into them.
Clean-up is what a second cancellation hits, and what must not stop halfway: a connection would
never be given back to its pool, a row of the journal would stay claimed by a process that has left
it. The same for a write to the disk: the thread goes on when its task is cancelled, and what comes
next must not overtake it.
"""

from __future__ import annotations

import contextvars
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

__all__ = ["cancelled_once", "in_thread", "uninterrupted", "until_done"]

_T = TypeVar("_T")


async def in_thread(function: Callable[[], _T], *, unwinding: bool = False) -> _T:
    """Runs a function in a thread and waits for its end.

    Args:
        function: What to run.
        unwinding: Whether the task is ending already, by an exception that may carry the id of a
            paid job: then a cancellation that comes meanwhile does not replace it.

    Raises:
        asyncio.CancelledError: The task was cancelled meanwhile.
    """
    loop = _asyncio_loop()
    if loop is None:
        import anyio.to_thread

        return await uninterrupted(lambda: anyio.to_thread.run_sync(function))
    # A future, not a task: whoever ends a loop cancels all tasks.
    work = loop.run_in_executor(None, contextvars.copy_context().run, function)
    await until_done(work, unwinding=unwinding)
    return work.result()


async def uninterrupted(call: Callable[[], Awaitable[_T]]) -> _T:
    """Awaits a call to its end.

    Raises:
        asyncio.CancelledError: The task was cancelled meanwhile.
    """
    import anyio

    loop = _asyncio_loop()
    if loop is None:
        with anyio.CancelScope(shield=True):
            result = await call()
        return result  # noqa: RET504 - to a type checker the scope may swallow an exception

    async def work() -> _T:
        return await call()

    task = loop.create_task(work())
    await until_done(task)
    return task.result()


async def cancelled_once(call: Callable[[], Awaitable[_T]]) -> _T:
    """Awaits a call that a cancellation ends, and that further ones leave alone while it ends.

    httpcore gives a connection back to its pool on the way out. A second cancellation would
    interrupt that, and the connection would count as busy for ever (httpcore issue 1115).
    """
    import asyncio

    loop = _asyncio_loop()
    if loop is None:
        return await call()

    async def work() -> _T:
        return await call()

    task = loop.create_task(work())
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await until_done(task, unwinding=True)
        task.cancelled() or task.exception()  # asyncio need not say that nobody looked
        raise
    return task.result()


async def until_done(*futures: asyncio.Future[Any], unwinding: bool = False) -> None:
    """Waits until all of some futures or tasks are done. Runs on asyncio.

    Args:
        futures: What to wait for; their results and errors are left to the caller.
        unwinding: As for `in_thread`.

    Raises:
        asyncio.CancelledError: The task was cancelled meanwhile.
    """
    import asyncio

    import anyio

    cancelled: asyncio.CancelledError | None = None
    # Without the shield, anyio would cancel again in every turn of the loop.
    with anyio.CancelScope(shield=True):
        while not all(future.done() for future in futures):
            try:
                await asyncio.wait(futures)
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None and not unwinding:
        for future in futures:
            future.cancelled() or future.exception()  # asyncio need not say that nobody looked
        raise cancelled


def _asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """The running loop; ``None`` in trio, where all cancellations go by scopes."""
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
