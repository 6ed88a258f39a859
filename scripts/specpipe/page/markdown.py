"""Finding the document in a page."""

from __future__ import annotations

import itertools
import re
from typing import Final

from attrs import frozen

from ..errors import PageError
from .nodes import Node, load
from .repairs import Line, Repair, repair

__all__ = ["MAX_BYTES", "Page", "decode", "holds_document", "read", "split"]

MAX_BYTES: Final = 2 * 1024 * 1024
"""Largest page. The real one has 13 kB."""

_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})\s*(?P<info>[\w+-]*)[^`]*")
_LANGUAGES: Final = frozenset({"", "yaml", "yml", "json", "openapi"})
_KEY = re.compile(r"""["']?[\w$-]+["']?\s*[:\uff1a](?:\s|$)""")
_ROUTE = re.compile(r"""\s{0,8}["']?(/[^\s"']*?)["']?\s*:\s*(?:\{.*)?$""")
_ROOT = re.compile(r"""["']?(?:openapi|swagger)["']?\s*[:\uff1a]""")


@frozen
class Page:
    """A page that was read.

    Attributes:
        document: The document's root node.
        repairs: What had to be repaired.
        around: What the page says outside of the document.
        source: The address that the page gives as its own; empty if it gives none.
    """

    document: Node
    repairs: tuple[Repair, ...]
    around: str = ""
    source: str = ""


@frozen
class _Fence:
    first: int
    lines: list[str]
    closed: bool

    @property
    def is_document(self) -> bool:
        return any(_ROOT.match(line.strip().lstrip("{").strip()) for line in self.lines)


def read(data: bytes) -> Page:
    """Read a page: Markdown with one fenced OpenAPI document, or the bare document.

    Args:
        data: The page as it was published.

    Returns:
        The document and the repairs it took.

    Raises:
        PageError: It can't be read; the error has line, column and reason.
    """
    text, repairs = decode(data)
    lines = _split(text)
    block, first, more = _document(lines)
    repairs += more
    is_json = next((line.strip() for line in block if line.strip()), "").startswith("{")
    numbered = [Line(line, first + index) for index, line in enumerate(block)]
    repaired, done = repair(numbered, json=is_json)
    outside = [*lines[: first - 1], *lines[first - 1 + len(block) :]]
    return Page(load(repaired, first), (*repairs, *done), _prose(outside))


def split(data: bytes) -> list[bytes]:
    """The pages of a file that holds several, one after the other, each with its own route.

    Lines keep their numbers: what belongs to another page is blank. A file whose documents describe
    the same routes is left whole, so that reading it says which document is one too many.
    """
    try:
        lines = _split(decode(data)[0])
    except PageError:
        return [data]
    fences = [fence for fence in _fences(lines) if fence.is_document]
    routes = [
        frozenset(found[1] for line in f.lines if (found := _ROUTE.match(line))) for f in fences
    ]
    apart = all(mine and not mine & other for i, mine in enumerate(routes) for other in routes[:i])
    if len(fences) < 2 or not apart or not routes[0]:
        return [data]
    ends = [0, *(fence.first + len(fence.lines) for fence in fences[:-1]), len(lines)]
    return [_only(lines, start, end) for start, end in itertools.pairwise(ends)]


def _only(lines: list[str], start: int, end: int) -> bytes:
    kept = [line if start <= index < end else "" for index, line in enumerate(lines)]
    return "\n".join(kept).encode()


def _prose(lines: list[str]) -> str:
    """Lines of Markdown without fences."""
    return "\n".join(line for line in lines if line.strip() and not _FENCE.fullmatch(line.rstrip()))


def holds_document(text: str) -> bool:
    """Whether some fence of a page holds an OpenAPI document."""
    return any(fence.is_document for fence in _fences(_split(text)))


def decode(data: bytes) -> tuple[str, list[Repair]]:
    """The text of a page, and the repair of a byte-order mark.

    Raises:
        PageError: It is too large, or not UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise PageError(f"the page has {len(data)} bytes; {MAX_BYTES} is the limit")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise PageError("the page is UTF-16; it must be UTF-8", hint="Convert it and import that.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        raise PageError(
            f"not UTF-8: byte 0x{data[error.start]:02X}",
            before.count(b"\n") + 1,
            error.start - (before.rfind(b"\n") + 1) + 1,
            hint="Save the page as UTF-8 and import that copy.",
        ) from None
    if text.startswith("\ufeff"):
        return text[1:], [Repair("byte-order-mark", 1, "byte-order mark dropped")]
    return text, []


def _split(text: str) -> list[str]:
    """Lines, each with a CR kept if it ended in CR LF, so that the repair is seen and reported."""
    if "\n" not in text and "\r" in text:
        text = text.replace("\r", "\r\n")
    return text.split("\n")


def _document(lines: list[str]) -> tuple[list[str], int, list[Repair]]:
    """The document's lines, the number of the first one, and repairs of its fence."""
    fences = [fence for fence in _fences(lines) if fence.is_document]
    if not fences:
        return _bare(lines), 1, []
    if len(fences) > 1:
        raise PageError(
            f"a second OpenAPI document begins here, the first on line {fences[0].first}",
            fences[1].first,
            hint="A page holds one document. Import the one that is meant from a file of its own.",
        )
    fence = fences[0]
    if fence.closed:
        return fence.lines, fence.first, []
    what = "the fence is never closed; the document is read to the end of the page"
    return fence.lines, fence.first, [Repair("truncated-fence", fence.first - 1, what)]


def _bare(lines: list[str]) -> list[str]:
    """The whole page as a bare document, if it is one: # begins a comment then."""
    start = next((line.strip() for line in lines if line.strip() and line[0] != "#"), None)
    if start is None:
        raise PageError("the page is empty")
    fenced = any(_FENCE.fullmatch(line.rstrip()) for line in lines)
    whole = any(_ROOT.match(line) for line in lines)
    if not fenced and (start.startswith(("{", "%", "---")) or (whole and _KEY.match(start))):
        return lines
    raise _no_document(lines)


def _no_document(lines: list[str]) -> PageError:
    at = next((i for i, line in enumerate(lines, 1) if _ROOT.match(line.strip())), None)
    if at is not None:
        what = "an OpenAPI document begins here, but no fence (```yaml) opens before it"
        return PageError(what, at, hint="Put it between fences, or import the document alone.")
    return PageError(
        "no OpenAPI document in the page: no fenced block has the key 'openapi'",
        hint="Is it the right page? A login or error page looks like this too.",
    )


def _fences(lines: list[str]) -> list[_Fence]:
    fences: list[_Fence] = []
    index = 0
    while index < len(lines):
        opening = _FENCE.fullmatch(lines[index].rstrip())
        index += 1
        if not opening:
            continue
        end = _closing(lines, index, opening["mark"])
        closed = end < len(lines)
        if opening["info"].lower() in _LANGUAGES:
            fences.append(_Fence(index + 1, lines[index:end], closed))
        index = end + 1
    return fences


def _closing(lines: list[str], start: int, mark: str) -> int:
    """Index of the line that closes a fence, or the number of lines."""
    pattern = re.compile(rf" {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}\s*")
    found = (i for i in range(start, len(lines)) if pattern.fullmatch(lines[i].rstrip()))
    return next(found, len(lines))
