"""Changes and verdicts, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..page import facts
from .changes import Change, level_of
from .pipeline import Outcome, Verdict

__all__ = [
    "RENDERERS",
    "as_json",
    "as_markdown",
    "as_text",
    "cell",
    "full",
    "full_data",
    "printable",
    "verdict",
]

_MARKS: Final = {
    "covered": "covered",
    "missing": "**missing**",
    "broken": "**broken**",
    "unclear": "**read it**",
}


def printable(text: str) -> str:
    """Foreign text without anything that a terminal would act on."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def cell(text: str) -> str:
    """Text fit for a cell of a Markdown table: one line, nothing in it is markup."""
    flat = " ".join(printable(text).split())
    for mark, safe in _MARKUP.items():
        flat = flat.replace(mark, safe)
    return flat


_MARKUP: Final = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "@": "&#64;",
    "|": "\\|",
    "`": "'",
    "*": "\\*",
    "](": "]\\(",
}


def data(changes: list[Change]) -> dict[str, Any]:
    """Changes as JSON-like data."""
    rows = [
        {
            "where": change.where,
            "what": change.what,
            "level": change.level,
            "facade": change.facade,
            "kind": change.kind,
            "breaks": list(change.breaks),
            "todo": change.todo,
        }
        for change in changes
    ]
    return {"level": level_of(changes), "changes": rows}


def as_json(changes: list[Change]) -> str:
    """Changes as JSON: ``level`` and ``changes``, each with where, what, level and facade."""
    return json.dumps(data(changes), indent=2, ensure_ascii=False)


def as_text(changes: list[Change]) -> str:
    """Changes for a terminal."""
    if not changes:
        return "no changes"
    lines = [f"level: {level_of(changes)}"]
    for change in changes:
        breaks = f", breaks who {' and '.join(change.breaks)}" if change.breaks else ""
        lines.append(
            f"{change.level:5}  {change.where}: {change.what} [facade: {change.facade}{breaks}]"
        )
        if change.todo:
            lines.append(f"       -> {change.todo}")
    return printable("\n".join(lines))


def as_markdown(changes: list[Change]) -> str:
    """Changes as a table, and as a list of what is to be done."""
    if not changes:
        return "No changes.\n"
    rows = [
        f"Level: **{level_of(changes)}**\n",
        "| level | where | what | breaks | facade |",
        "|---|---|---|---|---|",
    ]
    for change in sorted(changes, key=_urgency):
        breaks = " and ".join(
            {"sends": "senders", "reads": "readers"}[side] for side in change.breaks
        )
        cells = (
            change.level,
            f"{cell(change.where)}",
            cell(change.what),
            breaks,
            _MARKS[change.facade],
        )
        rows.append(f"| {' | '.join(cells)} |")
    todos = [f"- {cell(change.where)}: {cell(change.todo)}" for change in changes if change.todo]
    if todos:
        rows += ["", "To do:", "", *dict.fromkeys(todos)]
    return "\n".join(rows) + "\n"


def _urgency(change: Change) -> tuple[int, int]:
    facade = ("broken", "unclear", "missing", "covered").index(change.facade)
    return facade, ("major", "minor", "patch", "none").index(change.level)


RENDERERS: Final[Mapping[str, Callable[[list[Change]], str]]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": as_json,
}


# --- the whole run --------------------------------------------------------------------------------

_VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.GREEN: "Compatible and green",
    Verdict.REFUSED: "The page could not be read; nothing was written",
    Verdict.BROKEN_TOOLS: "The tools failed, not the page; nothing was written",
    Verdict.ATTENTION: "The facade needs attention",
}


def verdict(outcome: Outcome) -> str:
    """One line that says how it ended."""
    words = _VERDICTS[outcome.verdict]
    if outcome.verdict is Verdict.GREEN and not outcome.changes and not outcome.written:
        words = "Unchanged: not a byte differs"
    return f"{words} (exit code {int(outcome.verdict)})"


def full_data(outcome: Outcome) -> dict[str, Any]:
    """A run as JSON-like data; the page's texts are not in it."""
    return {
        "exit": int(outcome.verdict),
        "verdict": verdict(outcome),
        "error": outcome.error,
        **data(outcome.changes),
        "overlay": outcome.overlay,
        "gaps": outcome.gaps,
        "disagreements": outcome.disagreements,
        "repairs": [str(repair) for repair in outcome.repairs],
        "contradictions": [str(found) for found in outcome.contradictions],
        "texts": [_text_place(text) for text in outcome.texts],
        "tests": outcome.tests,
        "written": outcome.written,
    }


def full(outcome: Outcome) -> str:
    """A run as Markdown, fit for the body of a pull request. It holds none of the page's prose."""
    parts = [
        f"# The published page: {_VERDICTS[outcome.verdict].lower()}\n",
        f"{verdict(outcome)}.\n",
    ]
    if outcome.error:
        parts += ["## Why\n", _code(outcome.error)]
    if outcome.verdict not in (Verdict.REFUSED, Verdict.BROKEN_TOOLS):
        parts += ["## Changes\n", as_markdown(outcome.changes)]
    parts += _section("The overlay no longer fits", outcome.overlay, _OVERLAY_ADVICE)
    parts += _section("Not reached by the facade", outcome.gaps)
    parts += _section("The page says, the contract does not", outcome.disagreements)
    if outcome.tests:
        parts += ["## Contract tests: red\n", _code(outcome.tests)]
    parts += _section(
        "Texts that changed", [_text_place(text) for text in outcome.texts], _TEXT_ADVICE
    )
    parts += _section(
        "Where the page contradicts itself", [str(found) for found in outcome.contradictions]
    )
    parts += _section("Repairs to the page", [str(repair) for repair in outcome.repairs])
    parts += _section("Files written", outcome.written)
    return "\n".join(parts)


_OVERLAY_ADVICE: Final = (
    "An action that matches nothing means that the page moved. Nothing was written; the new "
    "facts stand in "
    "`build/spec/image2video.yaml`. Change these actions in `openapi/overlay.yaml`, then "
    "run `make spec` again."
)
_TEXT_ADVICE: Final = (
    "The texts are the publisher's and are not stored; the terminal of `make spec` shows them."
)


def _text_place(text: Any) -> str:
    return f"line {text.line}: {facts.place(text.pointer)} {text.key}"


def _section(title: str, lines: list[str], advice: str = "") -> list[str]:
    if not lines:
        return []
    return [
        f"## {title}\n",
        *([advice + "\n"] if advice else []),
        *(f"- {cell(line)}" for line in lines),
        "",
    ]


def _code(text: str) -> str:
    return "".join(f"    {line}\n" for line in printable(text).split("\n"))
