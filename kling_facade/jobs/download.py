"""Downloading a video from its signed address to a complete file. Decisions only, no I/O.

The file appears under its name only when it is whole: it is written beside it under another name,
checked, flushed to disk and renamed. The address is fetched without credentials.
"""

from __future__ import annotations

import errno
import re
from functools import partial
from pathlib import Path
from typing import Final

from ..errors import (
    BadResponse,
    DownloadError,
    KlingError,
    NotSent,
    ResultExpired,
    TransientRead,
)
from ..gateway.answer import Head
from ..gateway.gateway import Gateway, refuse_address
from ..gateway.job_id import Ids
from ..gateway.task import Task, VideoFile
from .destination import Exist, Video, kept
from .effects import Call, Close, Do, Flow, Now, Open, Policy, Read, Sleep, note
from .part_file import PartFile, Unannounced
from .wait import refresh

__all__ = ["download"]


_GONE: Final = frozenset({403, 404, 410})
"""Statuses of an address that no longer serves its file. Storage services answer 403 when a
signature has run out, so that a fresh address is worth asking for."""


def download(
    find: Call,
    task: Task,
    destination: Path,
    ids: Ids,
    policy: Policy,
    gateway: Gateway,
    exist: Exist = "error",
    *,
    digest: bool = False,
) -> Flow[Video]:
    """Downloads the first video of a finished job to ``destination``.

    An interrupted transfer is continued where it stopped, if the server supports that. If the
    address no longer works, the gateway is asked once for a fresh one.

    Args:
        find: The look-up of the job, for a fresh address.
        task: Its final snapshot.
        destination: Where the file goes.
        ids: The ids for errors and the journal.
        policy: Limits and randomness.
        gateway: The gateway, whose own host the address may name besides public hosts.
        exist: What to do when the destination exists.
        digest: Whether a journal wants the SHA-256 now.

    Raises:
        ResultExpired: The address no longer works, and neither does a fresh one.
        DownloadError: The disk or the transfer failed, or the destination exists.
        BadResponse: The answer is not a video.
        TransportSecurityError: The address is not safe to fetch from.
    """
    there: Video | None = yield Do(partial(kept, destination, exist, task.task_id))
    if there is not None:
        return there
    part = PartFile(destination, policy.limits.video_bytes, task.task_id)
    try:
        yield Do(part.open)
        yield from _fill(part, find, task, ids, policy, gateway)
        yield Do(part.seal)
        known = (yield Do(part.sha256)) if digest else None
        # "stored" comes before the rename and "saved" after it. If the process is killed between
        # the two, the next run compares the digest and knows whether the file is its own.
        yield from note("stored", ids, size=part.size, sha256=known, destination=str(destination))
        yield Do(partial(part.publish, replace=exist == "overwrite"))
        yield from note("saved", ids)
    except OSError as error:
        failure = _disk_error(error, destination, ids)
    except KlingError as error:
        failure = ids.on(error).with_traceback(None)  # the frames hold a signed address
    else:
        return Video(destination, part.size, task.task_id, task.videos[0].duration, known)
    finally:
        part.discard()
    raise failure


def _fill(
    part: PartFile, find: Call, task: Task, ids: Ids, policy: Policy, gateway: Gateway
) -> Flow[None]:
    """Transfers until the part file is whole, with at most ``resumes`` continuations."""
    asked_again = False
    for attempt in range(1, policy.limits.resumes + 2):
        file = _file(task, ids, gateway)
        try:
            yield from _transfer(part, file, ids, policy)
            return
        except _Gone as gone:
            status = gone.status
        except (TransientRead, NotSent, Unannounced) as error:
            status, failure = None, error
        if status is not None:
            if asked_again:
                raise _expired(status, ids)
            asked_again = True
            task = yield from refresh(find, ids, policy)
            continue
        if attempt > policy.limits.resumes:
            raise failure
        yield Sleep(policy.backoff(attempt))


class _Gone(Exception):
    """The address no longer serves the video."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _transfer(part: PartFile, file: VideoFile, ids: Ids, policy: Policy) -> Flow[None]:
    """Reads one answer into the part file, from its head to its end."""
    headers = part.resume_headers()
    try:
        head = yield Open(file.url, headers)
        _accept(head, part, resumed=bool(headers))
        pace = _Pace(policy, (yield Now()))
        while chunk := (yield Read()):
            part.write(chunk)
            if pace.check(len(chunk), (yield Now())):
                yield from note("waiting", ids)
        part.check_whole()
    except GeneratorExit:
        raise  # a closed generator can't yield: its driver is gone, and can't close anything
    except BaseException:
        yield Close()
        raise
    yield Close()


def _accept(head: Head, part: PartFile, *, resumed: bool) -> None:
    """Decides from the head whether to append the bytes, to start again, or to refuse them."""
    if head.status in _GONE:
        raise _Gone(head.status)
    if head.status == 401:  # an address of the gateway itself has been tried with the key by now
        raise DownloadError(
            "the video's address asks for a key",
            hint="Fetch it as the gateway's documentation says; the job is unharmed.",
            http_status=401,
        )
    if head.status == 416:
        part.restart()
        raise TransientRead("the server refused the range; starting again")
    if head.status >= 500 or head.status in (408, 429):
        raise TransientRead(f"the address answered HTTP {head.status}", http_status=head.status)
    if head.status not in (200, 206):
        raise BadResponse(
            f"the address answered HTTP {head.status} instead of a video", http_status=head.status
        )
    given = _range(head) if head.status == 206 else (0, None)
    if given is None or (head.status == 206 and (given[0] != part.size or part.other_etag(head))):
        part.restart()
        raise TransientRead("the server sent another range than asked for; starting again")
    if head.status == 200 and resumed:
        part.restart()
    part.expect(head, given[1])


def _range(head: Head) -> tuple[int, int | None] | None:
    """The first byte of a range and the size of the whole file, if the answer gives it.

    Eighteen digits are enough for any file, and keep a hostile header from costing time.
    """
    text = head.headers.get("content-range", "")
    match = re.fullmatch(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", text)
    if match is None:
        return None
    whole = match.group(2)
    return int(match.group(1)), None if whole == "*" else int(whole)


class _Pace:
    """Detects a transfer that has nearly stopped."""

    def __init__(self, policy: Policy, now: float) -> None:
        self._rate = policy.limits.stall_rate
        self._window = policy.limits.stall_seconds
        self._since = now
        self._bytes = 0

    def check(self, size: int, now: float) -> bool:
        """Counts bytes and returns whether a window has ended.

        Raises:
            TransientRead: Fewer bytes than the lowest rate came in that window.
        """
        self._bytes += size
        if now - self._since < self._window:
            return False
        if self._bytes < self._rate * (now - self._since):
            raise TransientRead(f"the transfer stalled: {self._bytes} bytes in {self._window:g} s")
        self._since, self._bytes = now, 0
        return True


def _file(task: Task, ids: Ids, gateway: Gateway) -> VideoFile:
    """The video to fetch, after its address was checked."""
    if not task.videos:
        raise ids.on(
            ResultExpired(
                "the gateway has no address for the video",
                hint="Kling deletes results after 30 days. Has the job ended well? job.refresh()",
            )
        )
    refuse_address(task.videos[0].url, gateway)
    return task.videos[0]


def _expired(status: int, ids: Ids) -> KlingError:
    return ids.on(
        ResultExpired(
            f"the video's address answers HTTP {status}, a fresh one too",
            hint="Addresses are signed for a while, and Kling deletes results after 30 days.",
            http_status=status,
        )
    )


def _disk_error(error: OSError, destination: Path, ids: Ids) -> KlingError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "Free some space" if full else "Look at the disk and its permissions"
    return ids.on(
        DownloadError(
            f"{destination} could not be written: {error.strerror or error}",
            hint=f"{hint}, then download again: the job is unharmed.",
        )
    )
