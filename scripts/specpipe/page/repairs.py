"""Known damage of exported pages, repaired by named rules.

Each rule covers one kind of damage that was seen or is to be expected, and says on which line it
acted. Text is only re-quoted, spaces are only made plain: no rule adds, drops or renames a fact.
What no rule covers reaches the parser as it is and is refused there.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from attrs import define, field, frozen

from ..errors import PageError

__all__ = ["RULES", "Line", "Repair", "repair"]

PROSE_KEYS: Final = frozenset({"description", "summary", "title", "example"})
"""Keys whose plain value is text for people. Only there a `` #`` or ``: `` belongs to the text."""


@frozen
class Repair:
    """One repair.

    Attributes:
        rule: The rule's name.
        line: Line of the page.
        what: What was done.
    """

    rule: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.rule}: {self.what}"


@define
class Line:
    """One line of the document.

    Attributes:
        text: Its text without the line end.
        number: Its number in the page.
        content: It belongs to a block scalar, a quoted text over several lines or a plain text's
            continuation: nothing in it is structure.
    """

    text: str
    number: int
    content: bool = False

    @property
    def indent(self) -> int:
        """Columns before its first character."""
        return len(self.text) - len(self.text.lstrip(" "))


@define
class _Work:
    lines: list[Line]
    repairs: list[Repair] = field(factory=list)

    def did(self, rule: str, line: Line | int, what: str) -> None:
        number = line if isinstance(line, int) else line.number
        self.repairs.append(Repair(rule, number, what))


_KEY = re.compile(
    r"""(?P<lead>\ *(?:-\ +)*)                                   # indent and list dashes
        (?P<key>[A-Za-z_$][\w$./-]*|'[^']*'|"[^"]*"|/[^\s:]*)     # a key
        :(?P<gap>\ +|$)(?P<value>.*)""",
    re.VERBOSE,
)
_WIDE_KEY = re.compile(
    r"(?P<lead> *(?:- +)*)(?P<key>[A-Za-z_$][\w$-]*|'[^']*'|\"[^\"]*\")\uff1a\s*(?P<value>.*)",
    re.ASCII,
)
_BLOCK = re.compile(r"[|>](?:[1-9]?[+-]?|[+-][1-9])\s*(?:#.*)?")
_ODD_SPACE = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_SPACES: Final = " \t" + "".join(map(chr, (0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")


# --- rules on the text as a whole -----------------------------------------------------------------


def _line_ends(work: _Work) -> None:
    """windows-line-ends: CR LF, or CR alone, ends a line."""
    hits = [line for line in work.lines if line.text.endswith("\r")]
    for line in hits:
        line.text = line.text.rstrip("\r")
    if hits:
        work.did("windows-line-ends", hits[0], f"CR removed at the end of {len(hits)} lines")


def _invisible(work: _Work) -> None:
    """invisible-character: zero-width characters and stray byte-order marks are dropped."""
    for line in work.lines:
        text = _INVISIBLE.sub("", line.text)
        if text != line.text:
            line.text = text
            work.did("invisible-character", line, "zero-width character dropped")


def _odd_spaces(work: _Work) -> None:
    """odd-space: no-break and ideographic spaces in the indentation or after a key's colon."""
    for line in work.lines:
        body = line.text.lstrip(_SPACES)
        lead = _ODD_SPACE.sub(" ", line.text[: len(line.text) - len(body)])
        body = re.sub(r"^((?:- )*[\w$'\"/.-]+:)[\u00a0\u3000\u202f]+", r"\1 ", body)
        if lead + body != line.text:
            line.text = lead + body
            work.did("odd-space", line, "no-break or wide space replaced by a plain one")


def _tabs(work: _Work) -> None:
    """stray-tab: tabs in the indentation, after a key's colon, or at the end of a line."""
    step = _step(work.lines)
    levels = [0]
    for line in work.lines:
        if "\t" in line.text and not line.content:
            _untab(work, line, step, levels)
        if line.text.strip():
            levels = [level for level in levels if level < line.indent] + [line.indent]


def _untab(work: _Work, line: Line, step: int, levels: list[int]) -> None:
    body = line.text.lstrip(" \t")
    lead = line.text[: len(line.text) - len(body)]
    if "\t" in lead:
        lead = lead.replace("\t", " " * step)
        if body and len(lead) not in (*levels, levels[-1] + step):
            raise PageError(
                "a tab in the indentation, and no level above fits it",
                line.number,
                line.text.index("\t") + 1,
                hint=f"Replace it with spaces; the page indents by {step}.",
            )
    body = re.sub(r"^((?:- )*[\w$'\"/.-]+:)[ \t]*\t[ \t]*", r"\1 ", body).rstrip(" \t")
    if lead + body != line.text:
        line.text = lead + body
        work.did("stray-tab", line, "tab replaced by spaces")


def _step(lines: Iterable[Line]) -> int:
    indents = [line.indent for line in lines if line.text.strip() and "\t" not in line.text]
    steps = [b - a for a, b in itertools.pairwise(indents) if b > a]
    return min(steps, default=2)


# --- rules on structure lines ---------------------------------------------------------------------


def _wide_colons(work: _Work) -> None:
    """full-width-colon: a key whose colon is the full-width one."""
    for line in _structure(work.lines):
        found = _WIDE_KEY.fullmatch(line.text)
        if found and not _KEY.fullmatch(line.text):
            line.text = f"{found['lead']}{found['key']}: {found['value']}".rstrip()
            work.did("full-width-colon", line, f"full-width colon after {found['key']}")


def _prose(work: _Work) -> None:
    """colon-in-text, hash-in-text, indicator-at-start, quote-in-text: text that needs quotes."""
    for line, span in _values(work.lines):
        found = _KEY.fullmatch(line.text)
        assert found is not None
        if found["key"].strip("'\"") in PROSE_KEYS:
            _quote(work, line, span, found["value"])


def _quote(work: _Work, line: Line, span: list[Line], value: str) -> None:
    whole = " ".join([value, *(more.text.strip() for more in span)]).strip()
    rule = _why(whole)
    if rule is None:
        return
    inner = _inner(value.strip(), whole)
    head = line.text[: len(line.text) - len(value)]
    if span:
        line.text = head + "'" + _escaped(value)
        for more in span:
            more.text = _escaped(more.text)
        span[-1].text = span[-1].text.rstrip() + "'"
    else:
        line.text = head + "'" + _escaped(inner) + "'"
    work.did(rule[0], line, rule[1])


def _inner(value: str, whole: str) -> str:
    """Text between quotes that enclose the whole, or the whole."""
    if len(whole) > 1 and whole[0] in "'\"" and whole[-1] == whole[0]:
        return value[1:-1]
    return value


def _escaped(text: str) -> str:
    return text.replace("'", "''")


def _why(text: str) -> tuple[str, str] | None:
    """Which rule makes a text need quotes, and what to say; ``None`` if it is sound."""
    if not text or _BLOCK.fullmatch(text):
        return None
    if text[0] in "'\"":
        return _why_quoted(text)
    if text[0] in "`@%" or text[:2] in ("- ", "? "):
        return "indicator-at-start", f"text that begins with {text[0]!r} quoted"
    if text[0] == "*" and not re.fullmatch(r"\*[\w-]+", text):
        return "indicator-at-start", "text that begins with '*' quoted"
    if text.startswith("{{"):
        return "indicator-at-start", "text that begins with '{{' quoted"
    if text[0] in "[{":
        closing = {"[": "]", "{": "}"}[text[0]]
        if text.find(closing) not in (-1, len(text) - 1) and not text.endswith(closing):
            return "indicator-at-start", f"text that begins with {text[0]!r} quoted"
        return None
    if text[0] in "&!|>":
        return None
    if re.search(r":(?:\s|$)", text):
        return "colon-in-text", "text with a colon and a space quoted"
    if re.search(r"\s#", text):
        return "hash-in-text", "text with a space and a # quoted"
    return None


def _why_quoted(text: str) -> tuple[str, str] | None:
    quote = text[0]
    if quote == "'" and re.fullmatch(r"'(?:[^']|'')*'(?:\s+#.*)?", text):
        return None
    if quote == '"' and re.fullmatch(r'"(?:[^"\\]|\\.)*"(?:\s+#.*)?', text):
        return None
    if len(text) > 1 and text.endswith(quote):
        name = "apostrophe" if quote == "'" else "quote"
        return f"{name}-in-quotes", f"{name} inside {quote} quotes escaped"
    if text.count(quote) > 1:
        return "indicator-at-start", f"text that begins with a quoted word ({quote}) quoted"
    return None


# --- which line is structure ----------------------------------------------------------------------


def _structure(lines: list[Line]) -> Iterator[Line]:
    """Lines that are neither blank nor inside a text."""
    return (line for line in lines if line.text.strip() and not line.content)


def _values(lines: list[Line]) -> Iterator[tuple[Line, list[Line]]]:
    """Lines ``key: value`` with a value, each with the lines that continue the value."""
    for index, line in enumerate(lines):
        if line.content or not line.text.strip():
            continue
        found = _KEY.fullmatch(line.text)
        if not found or not found["value"].strip() or _BLOCK.fullmatch(found["value"].strip()):
            continue
        span = []
        for more in lines[index + 1 :]:
            if not more.content:
                break
            span.append(more)
        while span and not span[-1].text.strip():
            span.pop()
        yield line, span


def _classify(lines: list[Line]) -> None:
    """Mark the lines that continue a text that a key began."""
    owner: int | None = None
    for line in lines:
        blank = not line.text.strip()
        if owner is not None and (blank or line.indent > owner):
            line.content = True
            continue
        line.content = False
        if blank:
            continue
        owner = _owner(line)


def _owner(line: Line) -> int | None:
    """Indent of the key on a line whose value may go on below, or ``None``."""
    found = _KEY.fullmatch(line.text) or _WIDE_KEY.fullmatch(line.text)
    if not found or not found["value"].strip() or found["value"].lstrip()[0] in "[{#&":
        return None
    return len(found["lead"])


RULES: Final[tuple[Callable[[_Work], None], ...]] = (
    _line_ends,
    _invisible,
    _odd_spaces,
    _tabs,
    _wide_colons,
    _prose,
)
"""The rules in the order in which they run. Each docstring begins with the names it reports."""


def repair(lines: list[Line], *, json: bool = False) -> tuple[str, list[Repair]]:
    """Apply every rule.

    Args:
        lines: The document's lines; changed in place.
        json: The document is JSON: only the rules about characters apply.

    Returns:
        The repaired text, and what was done, by line.

    Raises:
        PageError: Damage that a rule knows but can't decide.
    """
    work = _Work(lines)
    for rule in (_line_ends, _invisible) if json else RULES:
        _classify(work.lines)
        rule(work)
    work.repairs.sort(key=lambda done: done.line)
    return "\n".join(line.text for line in work.lines) + "\n", work.repairs
