"""From the bytes of a page to its facts, checked, in whichever form the page was published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen
from openapi_spec_validator import OpenAPIV30SpecValidator

from .. import files
from ..errors import PageError
from . import facts, markdown, tables
from .prune import without
from .repairs import Repair

__all__ = ["FACTS_HEADER", "Identity", "Reading", "read"]

FACTS_HEADER: Final = """\
What the gateway publishes, as facts. Written by scripts/import_page.py; never edit it by hand.
x-text: a SHA-256 digest for each text. x-stated: facts that were found in the text."""

_RUN = re.compile(r"https://[^/\s]+/web/project/(\d+)/apis/api-(\d+)")


@frozen
class Identity:
    """What a page says of itself: where in the publisher's tool it was made.

    Attributes:
        project: Number of the project; 0 for a page that has an address instead.
        api: Number of the operation in it, or the address.
    """

    project: int
    api: str


@frozen
class Reading:
    """A page that was read.

    Attributes:
        page: The document with its places.
        facts: What it states.
        data: The facts as the file in ``openapi/upstream`` holds them.
        repairs: What had to be repaired or left out, by line.
        identities: What the page says of itself; empty if its form has no such thing.
    """

    page: markdown.Page
    facts: facts.Facts
    data: bytes
    repairs: tuple[Repair, ...]
    identities: frozenset[Identity]

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that it describes: ``POST /path``."""
        return tuple(
            f"{method.upper()} {path}"
            for path, item in self.facts.document["paths"].items()
            for method in item
            if method in facts.METHODS
        )


def read(data: bytes) -> Reading:
    """Read a page and take its facts.

    Args:
        data: The page as it was published.

    Raises:
        PageError: It can't be read, or isn't valid OpenAPI 3.0.
    """
    try:
        page = _page(data)
        taken = facts.collect(page.document, page.around)
    except RecursionError:
        raise PageError("the page is nested too deeply to be read") from None
    _validate(taken)
    repairs = tuple(sorted((*page.repairs, *taken.notes), key=lambda done: done.line))
    dumped = files.dump(taken.document, FACTS_HEADER)
    return Reading(page, taken, dumped, repairs, frozenset(_identities(page)))


def _page(data: bytes) -> markdown.Page:
    """The page in whichever form it was published: with an OpenAPI document, or with tables."""
    text, repairs = markdown.decode(data)
    if markdown.holds_document(text) or not tables.is_tables(text):
        return markdown.read(data)
    return markdown.Page(tables.document(text), tuple(repairs), source=tables.address(text))


def _identities(page: markdown.Page) -> Iterator[Identity]:
    """The ids in the operations' ``x-run-in-apifox`` and ``x-run-in-apidog``, or its address."""
    if page.source:
        yield Identity(0, page.source)
    paths = page.document.value["paths"].value
    for item in paths.values() if isinstance(paths, dict) else ():
        for operation in item.value.values() if isinstance(item.value, dict) else ():
            keys = operation.value if isinstance(operation.value, dict) else {}
            for key in ("x-run-in-apifox", "x-run-in-apidog"):
                found = _RUN.match(str(keys[key].value)) if key in keys else None
                if found:
                    yield Identity(int(found[1]), found[2])


def _validate(taken: facts.Facts) -> None:
    """The page by itself must be valid OpenAPI: checked by a validator that is not ours."""
    # Without patterns: the validator would run them on defaults, and some never come to an end.
    for error in OpenAPIV30SpecValidator(without(taken.document, "pattern")).iter_errors():
        inner = _innermost(error)
        pointer = "".join(f"/{_escaped(part)}" for part in inner.absolute_path)
        while pointer and pointer not in taken.lines:
            pointer = pointer.rpartition("/")[0]
        what = (
            f"not valid OpenAPI 3.0: {facts.place(pointer)}: {inner.message.splitlines()[0]:.200}"
        )
        hint = "Mend the page, or wait until its publisher has, and import that."
        raise PageError(what, taken.lines.get(pointer, 1), hint=hint)


def _innermost(error: Any) -> Any:
    """The deepest of the errors that made a choice of schemas fail."""
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return error


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
