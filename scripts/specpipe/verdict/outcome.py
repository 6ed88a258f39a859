"""Everything that a run found out, page by page and as a whole."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path

from attrs import define, field

from ..contract.example import Contradiction
from ..page import facts
from ..page.repairs import Repair
from .changes import Change

__all__ = ["Outcome", "Page", "Verdict"]


class Verdict(IntEnum):
    """How it ended; the number is the exit code."""

    GREEN = 0
    REFUSED = 1
    BROKEN_TOOLS = 2
    ATTENTION = 3


@define
class Page:
    """What a run found out about one page.

    Attributes:
        source: A file or an address.
        name: What the repository calls the page.
        error: Why it was refused; then its facts stay as they were.
        new: Whether the repository does not follow it yet.
        steps: What to do to take a new page up.
        data: Its facts, as a file.
        base: The last facts that somebody answered for, as a file; empty if there are none.
        repairs: What had to be repaired.
        changes: What changed since then, judged.
        contradictions: Where the page contradicts itself.
        texts: New or changed texts, for the terminal only.
        misfits: Why it can't become part of the contract; then its facts stay as they were.
        remarks: What is odd about it, and no more than that.
        disagreements: Facts of the page that the contract doesn't repeat.
    """

    source: str
    name: str = ""
    error: str = ""
    new: bool = False
    steps: list[str] = field(factory=list)
    data: bytes = b""
    base: bytes = b""
    repairs: tuple[Repair, ...] = ()
    changes: list[Change] = field(factory=list)
    contradictions: list[Contradiction] = field(factory=list)
    texts: list[facts.Text] = field(factory=list)
    misfits: list[str] = field(factory=list)
    remarks: list[str] = field(factory=list)
    disagreements: list[str] = field(factory=list)

    @property
    def open(self) -> bool:
        """Whether one of its changes asks for an answer."""
        return any(change.facade != "covered" for change in self.changes)

    @property
    def needs_attention(self) -> bool:
        """Whether somebody has to do something about it."""
        return bool(self.open or self.steps or self.misfits or self.disagreements)


@define
class Outcome:
    """Everything a run found out.

    Attributes:
        source: What was asked for.
        pages: Each page by itself.
        error: Why the tools failed.
        gaps: What of the contract the facade doesn't reach.
        client: Why no client can be made of the contract; then nothing was written.
        tests: What the contract tests said, if they failed; then nothing was written.
        candidate: Where the files stand that were not written because of that.
        written: Files that were written or removed.
        tools_failed: Whether `error` is the tools' fault.
    """

    source: str
    pages: list[Page] = field(factory=list)
    error: str = ""
    gaps: list[str] = field(factory=list)
    client: str = ""
    tests: str = ""
    candidate: Path | None = None
    written: list[str] = field(factory=list)
    tools_failed: bool = False

    @property
    def verdict(self) -> Verdict:
        """How it ended: the tools' failure first, then a page that can't be read."""
        if self.tools_failed:
            return Verdict.BROKEN_TOOLS
        if self.error or any(page.error for page in self.pages):
            return Verdict.REFUSED
        asked = self.gaps or self.client or self.tests
        if asked or any(page.needs_attention for page in self.pages):
            return Verdict.ATTENTION
        return Verdict.GREEN

    @property
    def errors(self) -> list[str]:
        """Why the tools failed, and why pages were refused."""
        own = [self.error] if self.error else []
        return [*own, *(page.error for page in self.pages if page.error)]

    @property
    def changes(self) -> list[Change]:
        """The changes of every page."""
        return [change for page in self.pages for change in page.changes]
