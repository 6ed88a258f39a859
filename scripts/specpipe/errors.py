"""What ends the pipeline early."""

from __future__ import annotations

__all__ = ["ContractError", "OverlayError", "PageError", "PipelineError"]


class PipelineError(Exception):
    """Something in the pipeline failed; the message says what, where, and what to do."""


class PageError(PipelineError):
    """The page could not be read. Nothing was written.

    Attributes:
        what: What is wrong, in one sentence.
        line: Line of the page, from 1.
        column: Column of that line, from 1.
        hint: What to do about it.
    """

    def __init__(self, what: str, line: int = 1, column: int = 1, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.column = column
        self.hint = hint

    def __str__(self) -> str:
        text = f"line {self.line}, column {self.column}: {self.what}"
        return f"{text}\n  {self.hint}" if self.hint else text


class OverlayError(PipelineError):
    """Actions of the overlay that no longer fit the document.

    Attributes:
        failures: One sentence for each action that failed.
    """

    def __init__(self, failures: list[str]) -> None:
        super().__init__("\n".join(failures))
        self.failures = failures


class ContractError(PipelineError):
    """Facts and overlay fit, but what comes of them is no contract to generate from."""
