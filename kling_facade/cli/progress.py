"""What the command tells people while it works, on standard error."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from ..jobs.effects import Progress

__all__ = ["ProgressLine"]


class ProgressLine:
    """Reports progress: one line that is rewritten on a terminal, elsewhere a line per change.

    Args:
        stream: Where to write, usually standard error.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._last = ""

    def __call__(self, progress: Progress) -> None:
        """Show the newest state; serves as the ``on_update`` of `Job.wait`."""
        news = f"{progress.task.state}{progress.trouble or ''}"
        if self._live:
            # Return to the start of the line and clear it, so that a shorter text leaves no rest.
            self._stream.write(f"\r\033[K{progress}")
            self._stream.flush()
        elif news != self._last:
            print(progress, file=self._stream, flush=True)
        self._last = news

    def say(self, text: str) -> None:
        """Print a line of its own."""
        if self._live and self._last:
            self._stream.write("\n")
            self._last = ""
        print(text, file=self._stream, flush=True)

    @contextmanager
    def advice_as_notes(self) -> Iterator[None]:
        """Print warnings as plain notes, without the source line that Python adds."""
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = lambda message, *rest: self.say(f"note: {message}")
            yield
