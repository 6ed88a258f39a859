"""Where a video goes: checked before money is spent, and searched for an earlier run's file."""

from __future__ import annotations

import errno
import os
import re
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from ..errors import DownloadError
from ..gateway.job_id import Ids
from .effects import Do, Flow, note
from .mp4 import check_mp4
from .part_file import exists_error, sha256_of, try_name

if TYPE_CHECKING:
    from .journal import Entry

__all__ = [
    "Exist",
    "Video",
    "destination_path",
    "kept",
    "place",
    "ready_destination",
    "stored_before",
]


Exist = Literal["error", "skip", "overwrite"]
"""What to do when the destination exists: refuse, keep it if it is a whole video, or replace it."""


@frozen
class Video:
    """A video file on this machine.

    Attributes:
        path: The file.
        size: Its size in bytes.
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

        With a journal, it is computed when the file is stored, and kept in the journal. Without
        one, the file is read when this property is first used.

        Raises:
            OSError: The file can't be read any more.
        """
        return self._known_sha256 or sha256_of(self.path)

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)


def destination_path(to: str | os.PathLike[str]) -> Path:
    """Where a video is to go, as an absolute path of this machine.

    Raises:
        DownloadError: It is an address, or not a path at all.
    """
    try:
        text = os.fsdecode(to)
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:/", text):
            raise DownloadError(
                f"{_shown(text)} is an address; a video is stored in a file of this machine",
                hint="Store it in a folder first, then copy it to its final place.",
            )
        return Path(text).absolute()
    except (TypeError, ValueError, OSError) as error:
        why = getattr(error, "strerror", None) or str(error)
    raise DownloadError(f"{to!r:.200} is not a path: {why}", hint="Give one like films/fox.mp4.")


def ready_destination(path: str | os.PathLike[str], exist: Exist = "error") -> Path:
    """The destination as a path, if a video can be stored there. Called before money is spent.

    The name is tested by creating a file: each file system has rules of its own for names.

    Raises:
        DownloadError: Its folder is missing or not writable, it is a folder, it exists, or the
            system takes no file of that name.
    """
    destination = destination_path(path)
    folder = destination.parent
    try:
        there = os.path.lexists(destination)
        if destination.is_dir():
            raise DownloadError(f"{_shown(destination)} is a folder", hint="Name a file in it.")
        if not folder.is_dir():
            raise DownloadError(
                f"the folder {_shown(folder)} does not exist", hint=f"mkdir -p '{_shown(folder)}'"
            )
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if not there:
            try_name(destination)
    except (ValueError, OSError) as error:
        raise _refused(destination, error) from None
    if there and exist == "error":
        raise exists_error(destination)
    return destination


def ready_folder(path: Path) -> None:
    """Creates the folder for many videos, if it is missing.

    Raises:
        DownloadError: The folder can't be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (ValueError, OSError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DownloadError(
            f"the folder {_shown(path)[:300]} can't be made: {why}", hint="Choose another one."
        ) from None


def _refused(destination: Path, error: Exception) -> DownloadError:
    """The error for a name or a folder that the system refuses."""
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        folder = _shown(destination.parent)
        return DownloadError(f"the folder {folder} is not writable", hint="Choose another one.")
    why = getattr(error, "strerror", None) or str(error)
    return DownloadError(
        f"{_shown(destination)[:300]} can't be the name of a file here: {why}",
        hint="Choose a shorter or plainer name. Most systems allow 255 bytes, which are 85 Chinese "
        "characters.",
    )


def _shown(path: str | Path) -> str:
    """A path for a message, with bytes that are not UTF-8 escaped so that it can be printed."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def kept(destination: Path, exist: Exist, task_id: str = "") -> Video | None:
    """The video that is there already, if it is to be kept.

    Raises:
        DownloadError: As `ready_destination`; or the existing file can't be read.
        BadResponse: The existing file is not a whole video.
    """
    ready_destination(destination, exist)
    try:
        if exist != "skip" or not destination.is_file():
            return None
        with destination.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            check_mp4(file, size)
    except OSError as error:
        why = error.strerror or error
        raise DownloadError(f"{_shown(destination)} exists and can't be read: {why}") from None
    return Video(destination, size, task_id)


def stored_before(entry: Entry | None, destination: Path, ids: Ids) -> Flow[Video | None]:
    """The video that an earlier run stored, if its digest in the journal matches the file."""
    if entry is None or entry.sha256 is None or entry.destination != destination:
        return None
    digest = yield Do(partial(_sha256_if_there, destination))
    if digest != entry.sha256 or entry.size is None or entry.task_id is None:
        return None
    if entry.state != "saved":
        yield from note("saved", ids)
    return Video(destination, entry.size, entry.task_id, None, digest)


def _sha256_if_there(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None


def place(to: str | os.PathLike[str], exist: Exist) -> dict[str, Any]:
    """The destination of a video as columns of the journal."""
    return {"destination": str(destination_path(to)), "replace_file": int(exist == "overwrite")}
