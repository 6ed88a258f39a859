"""Who claims a row, and whether that process is still there, by what the system says of it."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal
from weakref import finalize

__all__ = ["Owner", "lives", "start_time", "this_process"]

_in_use: Final[set[str]] = set()
"""Tokens of owners in this process that have neither been let go nor forgotten."""


class Owner:
    """Somebody who may claim rows: one operation of one process.

    It ends when it is let go, and when nobody holds it any more: an operation that was cut off in
    an unforeseen way must not keep its rows for as long as the process lives.

    Args:
        ended: Is told the name when it ends.
    """

    def __init__(self, ended: Callable[[str], object]) -> None:
        token, self._pid = secrets.token_hex(8), os.getpid()
        self.name: str = f"{this_process()}:{token}"
        """What stands in a claim: machine, process, start of the process, token."""
        _in_use.add(token)
        self.end: Callable[[], object] = finalize(self, _end, token, self.name, self._pid, ended)
        """Lets go. It is called by itself when the owner is forgotten."""
        self.end.atexit = False  # the process ends, and all with it

    @property
    def forked(self) -> bool:
        """Whether this is a copy, in a child process, of an owner in the parent."""
        return self._pid != os.getpid()


def _end(token: str, name: str, pid: int, ended: Callable[[str], object]) -> None:
    if pid == os.getpid():  # a child's copy that is forgotten ends nothing of the parent's
        _in_use.discard(token)
        ended(name)


def this_process() -> str:
    """This process, told apart from others that had or will have its number."""
    return _process(os.getpid())


@lru_cache(maxsize=8)
def _process(pid: int) -> str:
    return f"{_machine()}:{pid}:{start_time(pid)}"


def _machine() -> str:
    """Where process numbers mean the same: a host, and a container in it."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return f"{socket.gethostname()}/{space}".replace(":", "_")


def start_time(pid: int) -> str:
    """When a process began, as the kernel counts; ``""`` where that can't be asked.

    Raises:
        ProcessLookupError: There is no such process, or it is dead and its parent has not asked.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        if sys.platform == "linux":
            raise ProcessLookupError(pid) from None
        return ""
    fields = stat.rpartition(b")")[2].split()
    if fields[0] in (b"Z", b"X"):
        raise ProcessLookupError(pid)
    return fields[19].decode()


def lives(name: object) -> bool | Literal["unknown"]:
    """Whether the owner of a claim may still be at work.

    Args:
        name: What `Owner.name` was; anything else is of an owner that nothing is known of.

    Returns:
        ``"unknown"`` where it can't be told: another machine, or a system that does not say.
    """
    try:
        machine, pid, started, token = str(name).split(":")
        number = int(pid)
    except ValueError:
        return "unknown"
    if machine != _machine() or sys.platform == "win32":
        return "unknown"
    try:
        if not started:
            os.kill(number, 0)
        elif start_time(number) != started:
            return False
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is there, and somebody else's
        return True
    return number != os.getpid() or token in _in_use
