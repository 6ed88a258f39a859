"""Changes and verdicts, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from .. import files
from ..page import facts
from .changes import Change, level_of
from .outcome import Outcome, Page, Verdict

__all__ = [
    "RENDERERS",
    "as_json",
    "as_markdown",
    "as_text",
    "cell",
    "full",
    "full_data",
    "printable",
    "text_place",
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
    Verdict.REFUSED: "A page could not be read; nothing of it was written",
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
    """A run as JSON-like data; the pages' texts are not in it."""
    return {
        "exit": int(outcome.verdict),
        "verdict": verdict(outcome),
        "error": "\n".join(outcome.errors),
        **data(outcome.changes),
        "pages": [_page_data(page) for page in outcome.pages],
        "gaps": outcome.gaps,
        "client": outcome.client,
        "tests": outcome.tests,
        "written": outcome.written,
    }


def _page_data(page: Page) -> dict[str, Any]:
    return {
        "name": page.name,
        "error": page.error,
        "new": page.new,
        "steps": page.steps,
        "remarks": page.remarks,
        **data(page.changes),
        "open": page.open,
        "overlay": page.misfits,
        "disagreements": page.disagreements,
        "repairs": [str(repair) for repair in page.repairs],
        "contradictions": [str(found) for found in page.contradictions],
        "texts": [text_place(text) for text in page.texts],
    }


def full(outcome: Outcome) -> str:
    """A run as Markdown, fit for the body of a pull request. It holds none of the pages' prose."""
    parts = [
        f"# The published pages: {_VERDICTS[outcome.verdict].lower()}\n",
        f"{verdict(outcome)}.\n",
    ]
    if outcome.error:
        parts += ["## Why\n", _code(outcome.error)]
    if outcome.client:
        parts += ["## No client can be made of the contract\n", _CLIENT_ADVICE, ""]
        parts += [_code(outcome.client)]
    if outcome.tests:
        parts += ["## Contract tests: red\n", _tests_advice(outcome), "", _code(outcome.tests)]
    parts += _section("Not reached by the facade", outcome.gaps)
    for page in outcome.pages:
        parts += _of_page(page)
    parts += _section("Files written or removed", outcome.written)
    return "\n".join(parts)


def _of_page(page: Page) -> list[str]:
    """What there is to say of one page."""
    parts = [f"## The page {cell(page.name)}\n"]
    if page.error:
        return [*parts, "It could not be read, and keeps the facts it had.\n", _code(page.error)]
    parts += _section("Odd about it", page.remarks)
    parts += _section("How to take it up", page.steps)
    parts += _section("It does not fit", page.misfits, _misfit_advice(page))
    if not page.new:
        parts += ["### Changes\n", as_markdown(page.changes)]
    if page.open:
        parts += [_OPEN_ADVICE.format(page=page.name)]
    parts += _section("The page says, the contract does not", page.disagreements)
    texts = [text_place(text) for text in page.texts]
    parts += _section("Texts that changed", texts, _TEXT_ADVICE)
    contradictions = [str(found) for found in page.contradictions]
    parts += _section("Where the page contradicts itself", contradictions)
    parts += _section("Repairs to the page", [str(repair) for repair in page.repairs])
    return parts


_CLIENT_ADVICE: Final = (
    "Nothing was written. If a name on the page is what the generator stumbles over, give the "
    "operation or the model another name in the page's overlay."
)
_OPEN_ADVICE: Final = (
    "What asks for somebody here is told again on every run, until the facade covers it or "
    "somebody has answered for it: `python scripts/spec.py --accept {page}`.\n"
)
_TEXT_ADVICE: Final = (
    "The texts are the publisher's and are not stored; the terminal of `make spec` shows them."
)


def _tests_advice(outcome: Outcome) -> str:
    if not outcome.candidate:
        return "The tree was written all the same, as asked."
    return (
        "The tree is as it was. What would have been written stands in `build/spec/tree`; "
        "`--keep` writes it, to work from."
    )


def _misfit_advice(page: Page) -> str:
    overlay = files.overlay(page.name).as_posix()
    return (
        f"An action that matches nothing means that the page moved. The page keeps the facts it "
        f"had; the new ones stand in `build/spec/{page.name}.yaml`. Change these actions in "
        f"`{overlay}`, then run `make spec` again."
    )


def text_place(text: Any) -> str:
    """Where a text stands, without the text."""
    return f"line {text.line}: {facts.place(text.pointer)} {text.key}"


def _section(title: str, lines: list[str], advice: str = "") -> list[str]:
    if not lines:
        return []
    return [
        f"### {title}\n",
        *([advice + "\n"] if advice else []),
        *(f"- {cell(line)}" for line in lines),
        "",
    ]


def _code(text: str) -> str:
    return "".join(f"    {line}\n" for line in printable(text).split("\n"))
