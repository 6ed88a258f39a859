"""One client in many event loops, threads and processes: each has connections of its own."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import stat
import threading
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kling_facade import AsyncKling, ImageToVideo, Kling, KlingAdvice, Limits, PollPlan
from kling_facade.sandbox import Sandbox
from tests.support.both_clients import trust

PICTURE = "https://example.com/fox.png"
OPTIONS: dict[str, Any] = {
    "poll": PollPlan(first=0.02, cap=0.05, together=0.02),
    "limits": Limits(call=20, grace=0.5),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all; it keeps connections alive, as gateways do."""
    with Sandbox(5000.0, short_side=96, fps=4) as running:
        yield running


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KlingAdvice)
        yield


@pytest.fixture(autouse=True)
def _nothing_said() -> Iterator[None]:
    """What a collector finds unclosed fails the test that left it."""
    yield
    gc.collect()


def client(sandbox: Sandbox, **more: Any) -> AsyncKling:
    """An awaited client of the sandbox."""
    options = {**OPTIONS, "verify": trust(), **more}
    return AsyncKling(sandbox.api_key, base_url=sandbox.base_url, **options)


def request(name: str | None = None) -> ImageToVideo:
    """A small order."""
    return ImageToVideo(PICTURE, prompt="the fox turns", external_task_id=name)


def connections(sandbox: Sandbox) -> int:
    """Sockets of this process that lead to the sandbox."""
    peer, found = ("127.0.0.1", urlsplit(sandbox.base_url).port), 0
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile, or a socket that leads nowhere
            if stat.S_ISSOCK(entry.stat().st_mode):
                with socket.socket(fileno=os.dup(int(entry.name))) as copy:
                    found += copy.getpeername() == peer
    return found


def is_open(path: Path) -> bool:
    """Whether this process has a file open."""
    return any(entry.resolve() == path for entry in Path("/proc/self/fd").iterdir())


linux = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts sockets in /proc")


# --- whatever a client does, it does in any loop -------------------------------------------------

Act = Callable[[AsyncKling, Path], Awaitable[Any]]


async def _submit(kling: AsyncKling, folder: Path) -> Any:
    return await kling.submit(request())


async def _generate(kling: AsyncKling, folder: Path) -> Any:
    return await kling.generate(request(), folder / "one.mp4", exist="overwrite")


async def _refresh(kling: AsyncKling, folder: Path) -> Any:
    return await (await kling.submit(request())).refresh()


async def _download(kling: AsyncKling, folder: Path) -> Any:
    job = await kling.submit(request())
    return await job.download(folder / "one.mp4", exist="overwrite")


async def _many_waits(kling: AsyncKling, folder: Path) -> Any:
    jobs = [await kling.submit(request()) for _ in range(4)]
    return await asyncio.gather(*(job.wait() for job in jobs))


async def _generate_many(kling: AsyncKling, folder: Path) -> Any:
    outcomes = kling.generate_many([request() for _ in range(3)], folder, exist="overwrite")
    return [outcome.video async for outcome in outcomes if outcome.ok]


async def _jobs(kling: AsyncKling, folder: Path) -> Any:
    return [job async for job in kling.jobs(page_size=50)]


async def _resume(kling: AsyncKling, folder: Path) -> Any:
    await kling.submit(request())
    return [resumed.job async for resumed in kling.resume()]


ACTS = {
    act.__name__.strip("_"): act
    for act in (
        _submit,
        _generate,
        _refresh,
        _download,
        _many_waits,
        _generate_many,
        _jobs,
        _resume,
    )
}
every_act = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)


def by_run(work: Awaitable[Any]) -> Any:
    """``asyncio.run``: it ends generators before it closes its loop."""

    async def main() -> Any:
        return await work

    return asyncio.run(main())


def by_hand(work: Awaitable[Any]) -> Any:
    """As task queues do it: a loop that is closed without a word."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


def by_thread(work: Awaitable[Any]) -> Any:
    """As Streamlit does it: each run of the script in a thread of its own."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(by_run(work)))
    thread.start()
    thread.join()
    return results[0]


WAYS = {"run": by_run, "hand": by_hand, "thread": by_thread}


@every_act
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_method_works_in_one_loop_after_the_other(
    sandbox: Sandbox, tmp_path: Path, act: Act, way: Callable[[Awaitable[Any]], Any]
) -> None:
    """A worker runs task after task, each in a loop of its own, with one client for all."""
    kling = client(sandbox, journal=tmp_path / "j.sqlite")
    before = sandbox.creates
    assert way(_submit(kling, tmp_path)) is not None  # so that there are connections to trip over
    once = sandbox.creates - before
    assert way(act(kling, tmp_path))
    assert way(act(kling, tmp_path))
    assert once == 1
    by_run(kling.aclose())


@every_act
def test_every_method_works_in_many_loops_at_once(
    sandbox: Sandbox, tmp_path: Path, act: Act
) -> None:
    """Threads with loops of their own share one client."""
    kling = client(sandbox)
    if act is _resume:
        pytest.skip("a journal is resumed by one at a time")
    folders = [tmp_path / str(number) for number in range(4)]
    results: list[Any] = []
    gate = threading.Barrier(len(folders))

    def work(folder: Path) -> None:
        folder.mkdir()

        async def main() -> None:
            gate.wait(20)
            results.append(await act(kling, folder))
            results.append(await act(kling, folder))

        asyncio.run(main())

    by_run(_submit(kling, tmp_path))
    threads = [threading.Thread(target=work, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(results)
    by_run(kling.aclose())


def test_a_job_goes_on_in_another_loop(sandbox: Sandbox, tmp_path: Path) -> None:
    """Submitted by one task of a queue, waited for by a second, downloaded by a third."""
    kling = client(sandbox)
    job = by_run(_submit(kling, tmp_path))
    by_hand(job.wait())
    video = by_thread(job.download(tmp_path / "v.mp4"))
    assert video.size == (tmp_path / "v.mp4").stat().st_size
    by_run(kling.aclose())


def test_a_batch_made_outside_of_any_loop_runs_in_one(sandbox: Sandbox) -> None:
    """Nothing is bound to a loop before the iteration begins."""
    kling = client(sandbox)
    batch = kling.generate_many([request(), request()])

    async def outcomes() -> int:
        return len([outcome async for outcome in batch])

    assert by_run(outcomes()) == 2
    by_run(kling.aclose())


# --- and it leaves nothing -----------------------------------------------------------------------


@linux
def test_a_loop_that_ends_closes_its_connections(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nobody has to close the client for it: ``asyncio.run`` is enough, again and again."""
    kling = client(sandbox)
    before = connections(sandbox)
    for _ in range(3):
        by_run(_generate(kling, tmp_path))
        assert connections(sandbox) == before


@linux
def test_a_loop_closed_without_a_word_leaves_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its sockets are let go as soon as the client is used or closed elsewhere."""
    kling = client(sandbox)
    before = connections(sandbox)
    for _ in range(3):
        by_hand(_generate(kling, tmp_path))
    by_hand(kling.aclose())
    assert connections(sandbox) == before
    assert kling._session.connections._places == {}


@linux
@pytest.mark.parametrize("state", ["closed", "at rest", "running"])
def test_a_client_closed_in_another_loop_leaks_nothing(
    sandbox: Sandbox, tmp_path: Path, state: str
) -> None:
    """Whatever has become of the loop that its connections belong to."""
    kling = client(sandbox)
    before = connections(sandbox)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    loop.run_until_complete(_generate(kling, tmp_path))
    assert connections(sandbox) > before
    if state == "closed":
        loop.close()
    elif state == "running":
        thread.start()
    by_run(kling.aclose())
    assert connections(sandbox) == before
    if state == "running":
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
    loop.close()


@linux
def test_a_client_that_is_forgotten_closes_in_its_loop(sandbox: Sandbox) -> None:
    """Neither closed nor kept: its loop is told to close what it has."""

    async def main() -> int:
        before = connections(sandbox)
        await client(sandbox).submit(request())
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)
        return connections(sandbox) - before

    assert by_run(main()) == 0


def test_a_closed_client_can_be_used_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """As before: closing lets go of connections, not of the client."""
    kling = client(sandbox)

    async def twice() -> None:
        await kling.submit(request())
        await kling.aclose()
        await kling.submit(request())
        await kling.aclose()

    by_run(twice())


def test_an_iteration_that_is_left_open_ends_with_its_loop(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """A batch that nobody finished gives its rows up, though its generator was never closed."""
    kling = client(sandbox, journal=tmp_path / "j.sqlite")
    batches: list[AsyncIterator[Any]] = []

    async def leave() -> None:
        batch = aiter(kling.generate_many([request("a"), request("b"), request("c")], tmp_path))
        batches.append(batch)
        await anext(batch)

    by_run(leave())

    async def rest() -> list[Any]:
        return [resumed async for resumed in kling.resume()]

    assert {item.error for item in by_run(rest())} <= {None}
    by_run(kling.aclose())


@linux
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "forgotten"])
@pytest.mark.parametrize("left", [True, False], ids=["left early", "to its end"])
def test_no_connection_to_the_journal_stays_open(
    sandbox: Sandbox, tmp_path: Path, closed: bool, left: bool
) -> None:
    """Whichever thread opened it, and though a batch that ends late wrote to it after the close."""
    journal = tmp_path / "j.sqlite"

    async def main() -> None:
        kling = client(sandbox, journal=journal)
        batch = aiter(kling.generate_many([request() for _ in range(3)], tmp_path / "films"))
        async for _ in batch:
            assert is_open(journal)  # the control: an open one is seen
            if left:
                break
        if closed:
            await kling.aclose()

    by_run(main())
    gc.collect()
    assert not is_open(journal)


# --- processes -----------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_child_makes_connections_of_its_own(sandbox: Sandbox, kind: str) -> None:
    """Parent and child go on after a fork, even one that found the client's locks held."""
    options = {**OPTIONS, "verify": trust()}
    before = sandbox.creates
    kling: Any = (
        client(sandbox)
        if kind == "async"
        else Kling(sandbox.api_key, base_url=sandbox.base_url, **options)
    )

    def submit() -> None:
        if kind == "sync":
            kling.submit(request())
        else:
            runner.run(_submit(kling, Path()))

    with asyncio.Runner() as runner:
        submit()
        place = kling._session.connections
        inner = place.here() if kind == "sync" else place
        with inner._lock:  # as a thread holds it that the child does not have
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    with asyncio.Runner() as runner:
                        submit()
                    code = 0
                finally:
                    os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        submit()
        runner.run(kling.aclose()) if kind == "async" else kling.close()
    assert sandbox.creates == before + 3
