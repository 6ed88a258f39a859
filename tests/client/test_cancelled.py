"""A task that is cancelled twice: what it leaves is whole, and says which job may exist."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kling_facade import AsyncKling, Limits, PollPlan
from tests.support.both_clients import PlainRequest, trust
from tests.support.misbehaving_server import Peer, answer, drip, raw, response, task_json
from tests.support.scripted_gateway import Spoiled, Stage

OPTIONS: dict[str, Any] = {
    "limits": Limits(call=20, connections=1, grace=0.2),
    "poll": PollPlan(first=0.05, cap=0.1),
}


def client(url: str, **more: Any) -> AsyncKling:
    """A client with one connection: whoever loses it is found out."""
    return AsyncKling("k", base_url=url, verify=trust(), **{**OPTIONS, **more})


@contextmanager
def locked(journal: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else writes to the journal, so that our own writes have to wait."""
    other = sqlite3.connect(journal, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield other
    finally:
        other.close()


async def turns(count: int = 20) -> None:
    """Lets all other tasks go on."""
    for _ in range(count):
        await asyncio.sleep(0)


async def caught(work: Awaitable[Any]) -> BaseException:
    """What the awaiting task sees. (``gather`` would show a new exception, without notes.)"""
    try:
        await work
    except BaseException as error:  # noqa: BLE001 - that is the question
        return error
    raise AssertionError("it ended well")


def claims(journal: Path) -> list[Any]:
    """Who has claimed each row."""
    with sqlite3.connect(journal) as sql:
        found = [owner for (owner,) in sql.execute("SELECT claimed_by FROM jobs")]
    sql.close()
    return found


@pytest.mark.parametrize("cancels", [1, 2, 5])
def test_the_row_is_given_up_and_the_note_arrives(tmp_path: Path, cancels: int) -> None:
    """The clean-up waits for the journal; a second cancellation neither stops nor replaces it."""
    journal = tmp_path / "j.sqlite"

    async def main(url: str) -> BaseException:
        async with client(url, journal=journal) as kling:
            work = kling.generate(PlainRequest(), tmp_path / "v.mp4")  # type: ignore[call-overload]
            job = asyncio.create_task(caught(work))
            while not peer.seen and not job.done():
                await asyncio.sleep(0.01)
            with locked(journal) as other:
                for _ in range(cancels):
                    job.cancel()
                    await turns()
                assert not job.done()
                other.execute("COMMIT")
                return await job

    with Peer(raw(b"", then="hang")) as peer:
        error = asyncio.run(main(peer.url))
    assert isinstance(error, asyncio.CancelledError)
    assert "kling.job(external_task_id='ours')" in error.__notes__[0]
    assert claims(journal) == [None]


@pytest.mark.parametrize("cancels", [1, 2])
def test_a_claim_that_is_being_written_is_given_up(tmp_path: Path, cancels: int) -> None:
    """Cancelled while its thread claims the row: the clean-up does not overtake the thread."""
    journal = tmp_path / "j.sqlite"

    async def main(url: str) -> None:
        async with client(url, journal=journal) as kling:
            await kling.submit(PlainRequest("first"))  # type: ignore[call-overload]
            with locked(journal) as other:
                job = asyncio.create_task(kling.submit(PlainRequest("ours")))  # type: ignore[call-overload]
                await asyncio.sleep(0.1)
                for _ in range(cancels):
                    job.cancel()
                    await turns()
                other.execute("COMMIT")
                await asyncio.gather(job, return_exceptions=True)

    with Stage() as stage:
        asyncio.run(main(stage.url))
    assert not any(claims(journal))
    assert stage.creates["ours"] == 0


@pytest.mark.parametrize("cancels", [1, 2])
def test_a_batch_gives_its_rows_up_and_says_what_goes_on(tmp_path: Path, cancels: int) -> None:
    """Its tasks end before its rows are given up, however often it is cancelled."""
    journal = tmp_path / "j.sqlite"

    async def consume(kling: AsyncKling) -> None:
        requests: list[Any] = [PlainRequest("a"), PlainRequest("b")]
        async for _ in kling.generate_many(requests, concurrency=1):
            pass

    async def main(url: str) -> BaseException:
        async with client(url, journal=journal) as kling:
            batch = asyncio.create_task(caught(consume(kling)))
            while not peer.seen and not batch.done():
                await asyncio.sleep(0.01)
            with locked(journal) as other:
                for _ in range(cancels):
                    batch.cancel()
                    await turns()
                other.execute("COMMIT")
                return await batch

    with Peer(raw(b"", then="hang")) as peer:
        error = asyncio.run(main(peer.url))
    assert isinstance(error, asyncio.CancelledError)
    assert "go on at the gateway" in error.__notes__[0]
    assert not any(claims(journal))


SLOW = {
    "before the head": raw(b"", then="hang"),
    "in the body": drip(response(task_json()), gap=0.05),
}


@pytest.mark.parametrize("at", SLOW)
@pytest.mark.parametrize("cancels", [1, 2, 3])
def test_a_connection_is_given_back(at: str, cancels: int) -> None:
    """With one connection in all, the next call still finds one (httpcore issue 1115)."""

    async def main(url: str) -> None:
        async with client(url) as kling:
            for _ in range(2):
                question = asyncio.create_task(kling.job("801").refresh())
                seen = len(peer.seen)
                while len(peer.seen) == seen and not question.done():
                    await asyncio.sleep(0.01)
                for _ in range(cancels):
                    question.cancel()
                    await asyncio.sleep(0)
                await asyncio.gather(question, return_exceptions=True)
            assert question.cancelled()
            await kling.job("801").refresh()

    def act(connection: Any) -> None:
        (SLOW[at] if len(peer.seen) <= 2 else answer(task_json()))(connection)

    with Peer(act) as peer:
        asyncio.run(main(peer.url))


@pytest.mark.parametrize("cancels", [1, 2, 3])
def test_a_download_gives_its_connection_back(tmp_path: Path, cancels: int) -> None:
    """The same for the client that fetches videos."""
    slow = Spoiled(drip(response(b"x" * 5000), gap=0.05))

    async def main(url: str) -> None:
        async with client(url) as kling:
            job = await kling.submit(PlainRequest())  # type: ignore[call-overload]
            await job.wait()
            download = asyncio.create_task(job.download(tmp_path / "v.mp4"))
            while "D" not in stage.log and not download.done():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            for _ in range(cancels):
                download.cancel()
                await asyncio.sleep(0)
            await asyncio.gather(download, return_exceptions=True)
            assert download.cancelled()
            await job.download(tmp_path / "v.mp4")

    with Stage(faults={"D": [slow]}) as stage:
        asyncio.run(main(stage.url))


def test_a_cancellation_on_the_way_is_not_swallowed(tmp_path: Path) -> None:
    """Cancelled while the journal is written and nothing else is wrong: the task is cancelled."""
    journal = tmp_path / "j.sqlite"

    async def main(url: str) -> bool:
        async with client(url, journal=journal) as kling:
            job = await kling.submit(PlainRequest())  # type: ignore[call-overload]
            with locked(journal) as other:
                again = asyncio.create_task(kling.generate(PlainRequest(), tmp_path / "v.mp4"))  # type: ignore[call-overload]
                await asyncio.sleep(0.05)
                again.cancel()
                await turns()
                other.execute("COMMIT")
                await asyncio.gather(again, return_exceptions=True)
            await job.refresh()
            return again.cancelled()

    with Stage() as stage:
        assert asyncio.run(main(stage.url))
