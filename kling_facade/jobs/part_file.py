"""The partial file beside a destination, which is renamed when it is whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import time
from pathlib import Path
from typing import BinaryIO, Final

from attrs import define

from ..errors import (
    BadResponse,
    DownloadError,
    TransientRead,
)
from ..gateway.answer import Head
from .mp4 import MAGIC_BYTES, CutOff, check_magic, check_mp4

__all__ = ["PartFile", "Unannounced", "exists_error", "sha256_of", "sweep", "try_name"]


_RENAME_TRIES: Final = 3
_PART_EXTRA: Final = 28
"""Bytes that a part file's name adds to the destination's: dots, two numbers and the suffix."""
_AHEAD: Final = 8 * 1024 * 1024
"""After this many bytes, the system is asked to start writing them to the disk."""


class Unannounced(CutOff):
    """A transfer of unknown length ended before the end of the video."""


@define(eq=False)
class PartFile:
    """The partial file beside the destination, under a name of its own.

    Attributes:
        destination: The name that it gets when it is whole.
        limit: Largest size in bytes.
        task_id: The job that it comes from. `sweep` finds the files of a killed process by it.
        size: Bytes received so far.
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
        """Creates the part file. An existing file is never opened."""
        name = f"{_part_prefix(self.destination, self.task_id)}{secrets.token_hex(6)}.part"
        path = self.destination.with_name(name)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(path, flags, 0o666), "w+b")
        self._path = path

    @property
    def _out(self) -> BinaryIO:
        if self._file is None:
            raise ValueError("the part file is not open")
        return self._file

    def resume_headers(self) -> dict[str, str]:
        """The headers that continue the transfer; empty if it has to start again."""
        # Without a strong tag, nothing shows that the rest belongs to the same file (RFC 9110,
        # 13.1.5: If-Range needs a strong validator).
        if not self.size or not self._etag or self._etag.startswith("W/"):
            self.restart()
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._etag}

    def restart(self) -> None:
        """Deletes the bytes received so far."""
        self._out.seek(0)
        self._out.truncate()
        self.size, self._start, self._begun = 0, b"", 0

    def other_etag(self, head: Head) -> bool:
        """Whether the tag of the answer names another file than before."""
        return head.headers.get("etag", self._etag) != self._etag

    def expect(self, head: Head, whole: int | None = None) -> None:
        """Stores the length and the tag that the answer announces.

        Args:
            head: The head of the answer.
            whole: The size of the whole file, if the answer is a range and gives it.

        Raises:
            BadResponse: The file is larger than the limit.
            OSError: The disk has no room for it.
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
            BadResponse: The file does not begin like a video, or grows beyond the limit.
        """
        if len(self._start) < MAGIC_BYTES:
            self._start += chunk[: MAGIC_BYTES - len(self._start)]
            check_magic(self._start)
        if self.size + len(chunk) > self.limit:
            raise _too_large(self.limit)
        self._out.write(chunk)
        self.size += len(chunk)
        if self.size - self._begun >= _AHEAD:
            self._begin_flush()

    def _begin_flush(self) -> None:
        """Asks the system to start writing to the disk, so that the flush at the end is shorter."""
        if advise := getattr(os, "posix_fadvise", None):
            self._out.flush()
            length = self.size - self._begun
            advise(self._out.fileno(), self._begun, length, os.POSIX_FADV_DONTNEED)
        self._begun = self.size

    def check_whole(self) -> None:
        """Checks that the transfer ended at the end of the video.

        Raises:
            TransientRead: It ended early.
            BadResponse: The file is not a whole MP4. After an `Unannounced`, a new try may help.
        """
        if self._expected is not None and self.size < self._expected:
            raise TransientRead(f"the transfer ended after {self.size} of {self._expected} bytes")
        self._out.flush()
        try:
            check_mp4(self._out, self.size)
        except CutOff as error:
            if self._expected is None:  # the length was not announced, so more bytes may exist
                raise Unannounced(error.message) from None
            raise

    def seal(self) -> None:
        """Flushes the part file to the disk and closes it."""
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()

    def sha256(self) -> str:
        """The digest of the sealed file.

        The file is read again. That costs little more than the hashing: its pages are in the cache.
        """
        assert self._path is not None
        return sha256_of(self._path)

    def publish(self, *, replace: bool) -> None:
        """Renames the part file to the destination.

        Args:
            replace: Whether an existing file may be replaced.
        """
        assert self._path is not None
        (_replace if replace else _link)(self._path, self.destination)
        self._path = None
        _sync_folder(self.destination.parent)

    def discard(self) -> None:
        """Removes the part file, unless it has become the destination."""
        with contextlib.suppress(OSError):
            if self._file is not None:
                self._file.close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._path = None


def _part_prefix(destination: Path, task_id: str) -> str:
    """The beginning of the names of this download's part files.

    A part file's name is no longer than the destination's, or than 64 bytes, so that a system that
    accepts the one accepts the other. Lengths are counted in bytes; names are cut between
    characters.
    """
    name = destination.name
    whose = f"{task_id}\0{name}".encode("utf-8", "surrogateescape")
    size = len(os.fsencode(name))
    begin = os.fsencode(name)[: max(size, 64) - _PART_EXTRA].decode("utf-8", "ignore")
    return f".{begin}.{hashlib.sha256(whose).hexdigest()[:8]}."


def try_name(destination: Path) -> None:
    """Makes an empty part file for the destination and removes it again.

    Raises:
        OSError: The system refuses a file of that name there.
        ValueError: Python refuses the name, for instance because of a null character.
    """
    part = PartFile(destination, 0)
    part.open()
    part.discard()


def sweep(destination: Path, task_id: str) -> None:
    """Removes part files of this job that a killed process left beside the destination."""
    prefix = _part_prefix(destination, task_id)
    with contextlib.suppress(OSError):
        for name in os.listdir(destination.parent):  # noqa: PTH208 - names are matched literally
            if name.startswith(prefix) and name.endswith(".part"):
                destination.with_name(name).unlink()


def _link(part: Path, destination: Path) -> None:
    """Renames the part file if the name is free, even if two processes try at the same moment."""
    # A rename would replace an existing file silently; a hard link fails if the name exists.
    try:
        destination.hardlink_to(part)
    except FileExistsError:
        raise exists_error(destination) from None
    except OSError:  # a filesystem without links
        if os.path.lexists(destination):
            raise exists_error(destination) from None
        _replace(part, destination)
    else:
        part.unlink()


def _replace(part: Path, destination: Path) -> None:
    """Renames the part file. On Windows, a virus scanner or indexer may hold the name briefly."""
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


def exists_error(destination: Path) -> DownloadError:
    """The error for a destination that has a file already."""
    return DownloadError(
        f"{destination} exists",
        hint="Choose another name, or pass exist='overwrite' or exist='skip'.",
    )


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
