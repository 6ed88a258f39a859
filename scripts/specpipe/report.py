"""Changes and verdicts, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from .changes import Change, level_of

__all__ = ["RENDERERS", "as_json", "as_markdown", "as_text", "cell", "printable"]

_MARKS: Final = {"covered": "covered", "missing": "**missing**", "broken": "**broken**"}


def printable(text: str) -> str:
    """Foreign text without anything that a terminal would act on."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def cell(text: str) -> str:
    """Text fit for a cell of a Markdown table: one line, nothing in it is markup."""
    flat = " ".join(printable(text).split())
    for mark in "\\`*_{}[]<>|#@":
        flat = flat.replace(mark, f"\\{mark}" if mark not in "<>@" else {"<": "&lt;", ">": "&gt;", "@": "&#64;"}[mark])
    return flat


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
        lines.append(f"{change.level:5}  {change.where}: {change.what} [facade: {change.facade}{breaks}]")
        if change.todo:
            lines.append(f"       -> {change.todo}")
    return printable("\n".join(lines))


def as_markdown(changes: list[Change]) -> str:
    """Changes as a table, and as a list of what is to be done."""
    if not changes:
        return "No changes.\n"
    rows = [f"Level: **{level_of(changes)}**\n", "| level | where | what | breaks | facade |", "|---|---|---|---|---|"]
    for change in sorted(changes, key=_urgency):
        breaks = " and ".join({"sends": "senders", "reads": "readers"}[side] for side in change.breaks)
        cells = (change.level, f"{cell(change.where)}", cell(change.what), breaks, _MARKS[change.facade])
        rows.append(f"| {' | '.join(cells)} |")
    todos = [f"- {cell(change.where)}: {cell(change.todo)}" for change in changes if change.todo]
    if todos:
        rows += ["", "To do:", "", *dict.fromkeys(todos)]
    return "\n".join(rows) + "\n"


def _urgency(change: Change) -> tuple[int, int]:
    facade = ("broken", "missing", "covered").index(change.facade)
    return facade, ("major", "minor", "patch", "none").index(change.level)


RENDERERS: Final[Mapping[str, Callable[[list[Change]], str]]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": as_json,
}
