"""What no page states: facts that were written by hand, each with its source, date and certainty.

A file in ``openapi/authored`` is a source of another kind than a page. It is never judged as one
and has no overlay. The contract marks each thing that comes from it with ``x-authored``. No page
can carry that mark: the reader drops every extension of a page, and an overlay that sets it is
refused.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import ContractError, PageError
from ..page import nodes
from .merge import merge

__all__ = ["CERTAINTIES", "MARK", "document", "parse", "with_authored"]

MARK: Final = "x-authored"
"""Key in the contract for what was written by hand: file, source, date and certainty."""

CERTAINTIES: Final = {
    "vendor": "the vendor's own text, in a copy that a third party stored",
    "observed": "a third party saw it happen on the live service",
    "reported": "a third party says so",
    "inferred": "a conclusion of ours",
}

_ROOT: Final = ("authored", "title", "sources", "facts")
_SOURCE: Final = ("what", "where")
_FACT: Final = ("at", "source", "date", "certainty", "says")
_GROUPS: Final = ("paths", "components")


def parse(data: bytes, name: str) -> Any:
    """A file of authored facts, read strictly as YAML 1.2: a key stands once.

    Args:
        data: The file.
        name: What to call it in messages.

    Raises:
        ContractError: It can't be read, or a fact lacks source, date or certainty. All problems
            are named at once.
    """
    try:
        content = nodes.load(data.decode("utf-8")).plain()
    except (PageError, UnicodeDecodeError) as error:
        raise ContractError(f"{name}: {error}") from None
    found = list(_problems(content))
    if found:
        raise ContractError("\n".join(f"{name}: {problem}" for problem in found))
    return content


def document(content: Any, name: str) -> Any:
    """The authored facts as an OpenAPI document, each marked as such.

    Args:
        content: What `parse` returned.
        name: The file, for the marks and for messages.

    Raises:
        ContractError: Two facts say something of the same place.
    """
    made: dict[str, Any] = {}
    for number, fact in enumerate(content["facts"], 1):
        holder = made
        for part in _parts(fact["at"]):
            holder = holder.setdefault(part, {})
        twice = [key for key in fact["says"] if key in holder]
        if twice or MARK in holder:
            what = f"{twice[0]!r} was said before" if twice else "the place is described before"
            raise ContractError(f"{name}: fact {number} ({fact['at']}): {what}, in another fact")
        mark = {"file": name, **{key: fact[key] for key in ("source", "date", "certainty")}}
        holder.update({MARK: mark, **fact["says"]})
    return made


def with_authored(pages: Any, authored: Mapping[str, Any]) -> Any:
    """The pages' document with everything that was authored.

    Args:
        pages: The merged pages with their overlays.
        authored: Documents by file.

    Raises:
        ContractError: A page or overlay carries the mark of authored facts, or an authored fact
            describes what a page describes, too.
    """
    if _holds_mark(pages):
        raise ContractError(f"{MARK} stands in an overlay: only openapi/authored sets it")
    for name, made in authored.items():
        for group, outer, inner in _defined(made):
            if inner in pages.get(group, {}).get(outer, {}):
                what = (
                    f"{inner.upper()} {outer}" if group == "paths" else f"{group}/{outer}/{inner}"
                )
                raise ContractError(
                    f"{name} states {what}, which a page or another file states: take it out of "
                    f"{name}. What is published goes before what was written by hand."
                )
        shared = {key: pages[key] for key in ("openapi", "servers", "security") if key in pages}
        pages = merge({"the pages": pages, name: {**shared, **made}})
    return pages


# --- what a file must look like -------------------------------------------------------------------


def _problems(content: Any) -> Iterator[str]:
    if not isinstance(content, dict) or content.get("authored") != "1.0.0":
        yield "the file must be a mapping that says 'authored: 1.0.0'"
        return
    yield from _keys(content, _ROOT, "the file")
    sources, facts = content.get("sources"), content.get("facts")
    if not isinstance(sources, dict) or not isinstance(facts, list) or not facts:
        yield "'sources' must be a mapping and 'facts' a list with at least one fact"
        return
    for name, source in sources.items():
        yield from _keys(source, _SOURCE, f"the source {name}")
    for number, fact in enumerate(facts, 1):
        at = fact.get("at", "") if isinstance(fact, dict) else ""
        yield from (f"fact {number} ({at}): {what}" for what in _fact(fact, sources))


def _keys(value: Any, known: tuple[str, ...], what: str) -> Iterator[str]:
    """Every key must be there and say something, and there is no other."""
    if not isinstance(value, dict):
        yield f"{what} must be a mapping with {', '.join(known)}"
        return
    yield from (f"{what} lacks {key!r}" for key in known if value.get(key) in (None, "", {}))
    yield from (f"{what} has the unknown key {key!r}" for key in value if key not in known)


def _fact(fact: Any, sources: Mapping[str, Any]) -> Iterator[str]:
    yield from _keys(fact, _FACT, "it")
    if not isinstance(fact, dict):
        return
    if fact.get("source") and fact["source"] not in sources:
        yield f"the source {fact['source']!r} is not one of {', '.join(sources)}"
    if fact.get("certainty") and fact["certainty"] not in CERTAINTIES:
        yield f"the certainty {fact['certainty']!r} is not one of {', '.join(CERTAINTIES)}"
    if fact.get("date") and not _is_day(fact["date"]):
        yield f"the date {fact['date']!r} is not a day such as '2026-09-20'"
    parts = _parts(str(fact.get("at", "")))
    if len(parts) < 3 or parts[0] not in _GROUPS:
        yield "'at' must point into an operation or a component: /paths/~1tasks/get"
    if not isinstance(fact.get("says"), dict):
        yield "'says' must be a mapping: a part of an OpenAPI document"
    elif _holds_mark(fact["says"]):
        yield f"'says' sets {MARK}, which the pipeline sets"


def _is_day(text: Any) -> bool:
    try:
        return isinstance(text, str) and datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _defined(made: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What a document defines: operations and components."""
    for group, items in made.items():
        for outer, inners in items.items():
            yield from ((group, outer, inner) for inner in inners)


def _holds_mark(value: Any) -> bool:
    if isinstance(value, dict):
        return MARK in value or any(map(_holds_mark, value.values()))
    return isinstance(value, list) and any(map(_holds_mark, value))
