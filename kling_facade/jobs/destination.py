"""Where a video goes: checked before money is spent, and looked at for what an earlier run left."""

from __future__ import annotations

import os
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

from ..errors import (
    DownloadError,
)
from ..gateway.job_id import Ids
from .effects import Do, Flow, note
from .mp4 import check_mp4
from .part_file import exists_error, sha256_of

if TYPE_CHECKING:
    from .journal import Entry

__all__ = ["Exist", "Video", "kept", "place", "ready_destination", "stored_before"]


Exist = Literal["error", "skip", "overwrite"]
"""What to do when the destination exists: refuse, keep it if it is a whole video, or replace it."""


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
        return self._known_sha256 or sha256_of(self.path)

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)


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
        raise exists_error(destination)
    return destination


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


def _sha256_if_there(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None


def place(to: str | os.PathLike[str], exist: Exist) -> dict[str, Any]:
    """What the journal keeps of where a video goes."""
    return {"destination": str(Path(to).absolute()), "replace_file": int(exist == "overwrite")}
