"""What was delivered: the video's bytes, from a signed address to a complete file.

The file appears under its name only when it is whole: it is written beside it under another name,
checked, flushed to disk and renamed. The address is fetched without credentials.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import struct
import time
from collections.abc import Generator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, TypeVar

from attrs import define, field, frozen

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
from .submit import Call, Do, Now, Policy, Sleep, note, refresh

if TYPE_CHECKING:
    from .journal import Entry

__all__ = [
    "Exist",
    "Video",
    "download",
    "kept",
    "ready_destination",
    "stored_before",
    "sweep",
]

_T = TypeVar("_T")
Flow = Generator[Any, Any, _T]

Exist = Literal["error", "skip", "overwrite"]
"""What to do when the destination exists: refuse, keep it if it is a whole video, or replace it."""

_GONE: Final = frozenset({401, 403, 404, 410})
_RENAME_TRIES: Final = 3
_MAGIC_BYTES: Final = 16
_AHEAD: Final = 8 * 1024 * 1024
"""Bytes after which the system is told to begin writing them to the disk."""


@frozen
class Video:
    """A video file on this machine.

    Attributes:
        path: Where it lies.
        size: Bytes.
        task_id: The job it came from; empty for a file that was there before any job.
        duration: Seconds, as the gateway says.
    """

    path: Path
    size: int
    task_id: str
    duration: float | None = None
    _known_sha256: str | None = field(default=None, repr=False, eq=False)

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal digest of its content.

        With a journal it is made while the file is stored, and written down there. Without one,
        the file is read when you first ask.

        Raises:
            OSError: The file can't be read any more.
        """
        return self._known_sha256 or _sha256(self.path)

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)


# --- effects of a download -----------------------------------------------------------------------


@frozen
class Open:
    """Ask an address for its bytes; the result is a `Head`.

    Attributes:
        url: Signed; never logged.
        headers: ``Range`` and ``If-Range`` when a download is taken up again.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(factory=dict)


@frozen
class Read:
    """Give the next bytes of the open answer; empty at its end."""


@frozen
class Close:
    """Let the open answer go."""


# --- the decisions -------------------------------------------------------------------------------


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
    """Brings the first video of a finished job to ``destination``.

    An interrupted transfer is taken up where it stopped, if the server can; an address that no
    longer serves is asked for anew once.

    Args:
        find: The look-up of the job, for a fresh address.
        task: Its final snapshot.
        destination: Where the file goes.
        ids: What errors and the journal know the job by.
        policy: Limits and randomness.
        gateway: Whom the address may name besides public hosts.
        exist: What to do when the destination exists.
        digest: Whether a journal wants the SHA-256 now.

    Raises:
        ResultExpired: The address is dead and the gateway has no other.
        DownloadError: The disk or the transfer failed, or the destination exists.
        BadResponse: What came is no video.
        TransportSecurityError: The address is not one to fetch from.
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
    """Transfers until the part is whole; each break is one of a few resumes."""
    asked_again = False
    for attempt in range(1, policy.limits.resumes + 2):
        file = _file(task, ids, gateway)
        try:
            yield from _transfer(part, file, policy)
            return
        except _Gone as gone:
            status = gone.status
        except (TransientRead, NotSent) as error:
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


def _transfer(part: PartFile, file: VideoFile, policy: Policy) -> Flow[None]:
    """One answer, from its head to its end."""
    headers = part.resume_headers()
    try:
        head = yield Open(file.url, headers)
        _accept(head, part, resumed=bool(headers))
        pace = _Pace(policy, (yield Now()))
        while chunk := (yield Read()):
            part.write(chunk)
            pace.check(len(chunk), (yield Now()))
        part.check_whole()
    except GeneratorExit:
        raise  # nobody is left to close anything for us
    except BaseException:
        yield Close()
        raise
    yield Close()


def _accept(head: Head, part: PartFile, *, resumed: bool) -> None:
    """Decides from the head whether the bytes go on, start anew, or are not wanted."""
    if head.status in _GONE:
        raise _Gone(head.status)
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
    """Where a part begins, and how large the whole is, if the answer says so."""
    text = head.headers.get("content-range", "")
    match = re.fullmatch(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", text)
    if match is None:
        return None
    whole = match.group(2)
    return int(match.group(1)), None if whole == "*" else int(whole)


class _Pace:
    """Notices a transfer that hardly moves."""

    def __init__(self, policy: Policy, now: float) -> None:
        self._rate = policy.limits.stall_rate
        self._window = policy.limits.stall_seconds
        self._since = now
        self._bytes = 0

    def check(self, size: int, now: float) -> None:
        self._bytes += size
        if now - self._since < self._window:
            return
        if self._bytes < self._rate * (now - self._since):
            raise TransientRead(f"the transfer stalled: {self._bytes} bytes in {self._window:g} s")
        self._since, self._bytes = now, 0


def _file(task: Task, ids: Ids, gateway: Gateway) -> VideoFile:
    """The video to fetch, if its address is one to fetch from."""
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


# --- the disk ------------------------------------------------------------------------------------


def ready_destination(path: str | os.PathLike[str], exist: Exist = "error") -> Path:
    """The destination as a path, if a video can be stored there. Asked before money is spent.

    Raises:
        DownloadError: Its folder is missing or not writable, it is a folder, or it exists.
    """
    destination = Path(path).absolute()
    folder = destination.parent
    if destination.is_dir():
        raise DownloadError(f"{destination} is a folder", hint="Name a file in it.")
    if not folder.is_dir():
        raise DownloadError(f"the folder {folder} does not exist", hint=f"mkdir -p '{folder}'")
    if not os.access(folder, os.W_OK):
        raise DownloadError(f"the folder {folder} is not writable", hint="Choose another one.")
    if exist == "error" and os.path.lexists(destination):
        raise _exists(destination)
    return destination


def _exists(destination: Path) -> DownloadError:
    return DownloadError(
        f"{destination} exists",
        hint="Choose another name, or pass exist='overwrite' or exist='skip'.",
    )


def kept(destination: Path, exist: Exist, task_id: str = "") -> Video | None:
    """The video that is there already, if it is to be kept.

    Raises:
        DownloadError: As `ready_destination`.
        BadResponse: The file that is there is no whole video.
    """
    ready_destination(destination, exist)
    if exist != "skip" or not destination.is_file():
        return None
    with destination.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        check_mp4(file, size)
    return Video(destination, size, task_id)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_if_there(path: Path) -> str | None:
    try:
        return _sha256(path)
    except OSError:
        return None


def stored_before(entry: Entry | None, destination: Path, ids: Ids) -> Flow[Video | None]:
    """The video that an earlier run brought to the destination, if the journal vouches for it."""
    if entry is None or entry.sha256 is None or entry.destination != destination:
        return None
    digest = yield Do(partial(_sha256_if_there, destination))
    if digest != entry.sha256 or entry.size is None or entry.task_id is None:
        return None
    if entry.state != "saved":
        yield from note("saved", ids)
    return Video(destination, entry.size, entry.task_id, None, digest)


def _disk_error(error: OSError, destination: Path, ids: Ids) -> KlingError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "Free some space" if full else "Look at the disk and its permissions"
    return ids.on(
        DownloadError(
            f"{destination} could not be written: {error.strerror or error}",
            hint=f"{hint}, then download again: the job is unharmed.",
        )
    )


@define(eq=False)
class PartFile:
    """The growing file beside the destination, under a name of its own.

    Attributes:
        destination: Where it goes when it is whole.
        limit: Largest size in bytes.
        task_id: The job it comes from; what a killed process leaves behind is known by it.
        size: Bytes so far.
    """

    destination: Path
    limit: int
    task_id: str = ""
    size: int = 0
    _file: BinaryIO | None = None
    _path: Path | None = None
    _expected: int | None = None
    _etag: str | None = None
    _start: bytes = b""
    _begun: int = 0

    def open(self) -> None:
        """Creates it; never opens a file that is there."""
        name = f"{_part_prefix(self.destination, self.task_id)}{secrets.token_hex(6)}.part"
        self._path = self.destination.with_name(name)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(self._path, flags, 0o666), "w+b")

    @property
    def _out(self) -> BinaryIO:
        if self._file is None:
            raise ValueError("the part file is not open")
        return self._file

    def resume_headers(self) -> dict[str, str]:
        """What to ask for so that the transfer goes on; nothing if it can't."""
        if not self.size or not self._etag or self._etag.startswith("W/"):
            self.restart()
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._etag}

    def restart(self) -> None:
        """Forgets what came so far."""
        self._out.seek(0)
        self._out.truncate()
        self.size, self._start, self._begun = 0, b"", 0

    def other_etag(self, head: Head) -> bool:
        """Whether the answer is of another file than before."""
        return head.headers.get("etag", self._etag) != self._etag

    def expect(self, head: Head, whole: int | None = None) -> None:
        """Takes the length and the tag that the answer announces.

        Args:
            head: How the answer begins.
            whole: Size of the whole file, where the answer is a part of it and says so.

        Raises:
            BadResponse: It is larger than the limit.
            DownloadError: The disk has no room for it.
        """
        self._etag = head.headers.get("etag")
        length = head.headers.get("content-length", "")
        self._expected = self.size + int(length) if length.isdecimal() else None
        self._expected = whole or self._expected
        if self._expected is None:
            return
        if self._expected > self.limit:
            raise _too_large(self.limit)
        if self._expected - self.size > _free_bytes(self.destination.parent):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write(self, chunk: bytes) -> None:
        """Appends bytes.

        Raises:
            BadResponse: They do not begin like a video, or are too many.
        """
        if len(self._start) < _MAGIC_BYTES:
            self._start += chunk[: _MAGIC_BYTES - len(self._start)]
            _check_magic(self._start)
        if self.size + len(chunk) > self.limit:
            raise _too_large(self.limit)
        self._out.write(chunk)
        self.size += len(chunk)
        if self.size - self._begun >= _AHEAD:
            self._begin_flush()

    def _begin_flush(self) -> None:
        """Lets the system write what came while more comes: the flush at the end is shorter."""
        if advise := getattr(os, "posix_fadvise", None):
            self._out.flush()
            length = self.size - self._begun
            advise(self._out.fileno(), self._begun, length, os.POSIX_FADV_DONTNEED)
        self._begun = self.size

    def check_whole(self) -> None:
        """Says whether the transfer ended where it should.

        Raises:
            TransientRead: It ended early.
            BadResponse: It is not a whole MP4.
        """
        if self._expected is not None and self.size < self._expected:
            raise TransientRead(f"the transfer ended after {self.size} of {self._expected} bytes")
        self._out.flush()
        check_mp4(self._out, self.size)

    def seal(self) -> None:
        """Flushes it to the disk."""
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()

    def sha256(self) -> str:
        """Its digest, once it is sealed.

        Read back, which costs what hashing costs and no more: the system still has the pages.
        """
        assert self._path is not None
        return _sha256(self._path)

    def publish(self, *, replace: bool) -> None:
        """Gives it its name.

        Args:
            replace: Whether a file that has the name may lose it.
        """
        assert self._path is not None
        (_replace if replace else _link)(self._path, self.destination)
        self._path = None
        _sync_folder(self.destination.parent)

    def discard(self) -> None:
        """Removes it, if it has not become the destination."""
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._path = None


def _part_prefix(destination: Path, task_id: str) -> str:
    job = hashlib.sha256(task_id.encode()).hexdigest()[:8]
    return f".{destination.name[:100]}.{job}."


def sweep(destination: Path, task_id: str) -> None:
    """Removes part files of this job that a killed process left beside the destination."""
    prefix = _part_prefix(destination, task_id)
    with contextlib.suppress(OSError):
        for name in os.listdir(destination.parent):  # noqa: PTH208 - names are matched literally
            if name.startswith(prefix) and name.endswith(".part"):
                destination.with_name(name).unlink()


def _link(part: Path, destination: Path) -> None:
    """Gives the part its name if nobody else has it, even if two try at the same moment."""
    try:
        destination.hardlink_to(part)
    except FileExistsError:
        raise _exists(destination) from None
    except OSError:  # a filesystem without links
        if os.path.lexists(destination):
            raise _exists(destination) from None
        _replace(part, destination)
    else:
        part.unlink()


def _replace(part: Path, destination: Path) -> None:
    """Gives the part its name; on Windows another process may hold the name for a moment."""
    for attempt in range(1, _RENAME_TRIES + 1):
        try:
            part.replace(destination)
        except PermissionError:
            if attempt == _RENAME_TRIES:
                raise
            time.sleep(0.1 * attempt)
        else:
            return


def _sync_folder(folder: Path) -> None:
    """Makes the new name survive a power cut, where the system lets a folder be synced."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _free_bytes(folder: Path) -> int:
    import shutil

    return shutil.disk_usage(folder).free


def _too_large(limit: int) -> BadResponse:
    return BadResponse(
        f"the video is larger than {limit} bytes",
        hint="Raise Limits(video_bytes=...) if it is right.",
    )


# --- is it a video? ------------------------------------------------------------------------------


def _check_magic(start: bytes) -> None:
    if len(start) >= _MAGIC_BYTES and start[4:8] not in (b"ftyp", b"styp"):
        raise BadResponse(
            f"what came is no video; it begins {start!r}",
            hint="The address may have answered with an error page.",
        )


def check_mp4(file: BinaryIO, size: int) -> None:
    """Walks the top-level boxes: a whole MP4 has its index and ends where its last box ends.

    Raises:
        BadResponse: It is cut off or something else.
    """
    offset, kinds = 0, set()
    while offset < size:
        file.seek(offset)
        header = file.read(16)
        length, kind = _box(header, size - offset)
        if length < 8 or offset + length > size:
            raise BadResponse(f"the MP4 is cut off or damaged at byte {offset}")
        kinds.add(kind)
        offset += length
    file.seek(size)
    if not {b"ftyp", b"moov"} <= kinds:
        raise BadResponse("the MP4 has no index ('moov'), so that nothing could play it")


def _box(header: bytes, rest: int) -> tuple[int, bytes]:
    if len(header) < 8:
        return 0, b""
    length, kind = struct.unpack(">I4s", header[:8])
    if length == 0:
        return rest, kind
    if length == 1 and len(header) == 16:
        return int.from_bytes(header[8:16], "big"), kind
    return length, kind
