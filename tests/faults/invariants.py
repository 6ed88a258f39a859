"""What must hold after every single fault: I1 to I8."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import threading
import time
import traceback
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
from attrs import define, field

from kling_facade import Video
from kling_facade.errors import KlingError
from kling_facade.jobs.journal import Journal
from tests.support.both_clients import KEY
from tests.support.scripted_gateway import MP4, SIGN, Stage

SECRETS = (KEY, SIGN)
FLAT = 16 * 1024 * 1024


@define
class Result:
    """How one `generate` ended."""

    video: Video | None = None
    error: BaseException | None = None
    log: list[str] = field(factory=list)
    said: list[str] = field(factory=list)
    seconds: float = 0.0
    waited: float = 0.0
    grown: int = 0

    @property
    def end(self) -> str:
        """The class it ended in."""
        return "a video" if self.error is None else type(self.error).__name__


class _Ear(logging.Handler):
    """Hears everything that anybody logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.getMessage()} {record.args!r}")


@contextlib.contextmanager
def listening() -> Iterator[list[str]]:
    """All log messages at DEBUG, of ours and of others."""
    ear, root = _Ear(), logging.getLogger()
    before = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        yield ear.heard
    finally:
        root.removeHandler(ear)
        root.setLevel(before)


@contextlib.contextmanager
def measuring(result: Result, *, memory: bool) -> Iterator[None]:
    """Time, and where it is asked for the peak of memory."""
    if memory:
        tracemalloc.start()
    began = time.monotonic()
    try:
        yield
    finally:
        result.seconds = time.monotonic() - began
        if memory:
            result.grown = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()


def open_files() -> int:
    """How many descriptors this process has; sockets and files alike."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0  # noqa: PTH208, PTH112


@contextlib.contextmanager
def leaving_nothing() -> Iterator[None]:
    """I8: no thread and no descriptor more than before."""
    threads, files = set(threading.enumerate()), open_files()
    yield
    limit = time.monotonic() + 3
    while time.monotonic() < limit:
        left = [thread for thread in threading.enumerate() if thread not in threads]
        if not left and open_files() <= files:
            return
        gc.collect()
        time.sleep(0.01)
    assert not left, f"threads are left: {left}"
    assert open_files() <= files, "sockets or files are left"


def one_create(stage: Stage) -> None:
    """I1: at a server that would make a second job of a second POST."""
    assert all(count <= 1 for count in stage.creates.values()), stage.creates


def nothing_lost(stage: Stage, result: Result, journal: Path) -> None:
    """I2: each accepted job is named by the error or stands in the journal, and by both of ours."""
    with Journal(journal) as kept:
        entries = {entry.external_task_id: entry for entry in kept.entries()}
    for job in stage.jobs:
        assert job.external_task_id in entries
        assert entries[job.external_task_id].state != "refused"
        if isinstance(result.error, KlingError):
            assert job.external_task_id == result.error.external_task_id


def right_file(result: Result, folder: Path, task_id: str | None) -> None:
    """I3: the whole video under the name, or nothing; and no temporary file (I8)."""
    names = {path.name for path in folder.iterdir() if not path.name.startswith("jobs.sqlite")}
    assert names <= {"v.mp4"}
    assert names == ({"v.mp4"} if result.error is None else set())
    if names:
        assert (folder / "v.mp4").read_bytes() == MP4
        assert result.video is not None
        assert (result.video.size, result.video.task_id) == (len(MP4), task_id)


def typed(result: Result) -> None:
    """I5: nothing but our own errors comes out."""
    assert result.error is None or isinstance(result.error, KlingError), result.error


def no_secret(result: Result, journal: Path) -> None:
    """I6: in no text that a person or a log could come to see."""
    texts = list(result.said)
    if result.error is not None:
        texts += [str(result.error), repr(result.error), str(vars(result.error))]
        texts += traceback.TracebackException.from_exception(
            result.error, capture_locals=True
        ).format()
        _frames_are_clean(result.error)
    texts += [
        path.read_bytes().decode("latin-1")
        for path in journal.parent.iterdir()
        if path.name.startswith(journal.name)
    ]
    for secret in SECRETS:
        for text in texts:
            assert secret not in text, text[:2000]


def _frames_are_clean(error: BaseException) -> None:
    """No frame that the error leads to holds a request, its headers, or a secret as it is."""
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        current = queue.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        queue += [current.__cause__, current.__context__]
        for local in _locals(current.__traceback__):
            assert not isinstance(local, (httpx.Request, httpx.Headers)), repr(local)
            assert not (isinstance(local, (str, bytes)) and KEY in str(local))
            assert not (isinstance(local, (str, bytes)) and SIGN in str(local))


def _locals(trace: TracebackType | None) -> Iterator[Any]:
    while trace is not None:
        package = trace.tb_frame.f_globals.get("__name__", "").partition(".")[0]
        if package in ("kling_facade", "kling_client", "httpx", "httpcore", "h11", "anyio"):
            yield from trace.tb_frame.f_locals.values()
        trace = trace.tb_next
