"""The pages that this project follows: where each is published, and which one a page at hand is.

``openapi/sources.toml`` names them. A page's name decides its files: ``openapi/upstream/NAME.yaml``
holds its facts, ``openapi/overlays/NAME.yaml`` what we add. A page says itself which it is: by
its id in the publisher's tool, and by the operations that it describes. The two must agree, so
that one route's page never overwrites the facts of another.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from .. import files
from ..errors import PageError, PipelineError
from . import fetch, markdown
from .facts import METHODS
from .reader import Identity, Reading

__all__ = ["Given", "Source", "given", "load", "recognise", "remark"]

_SUFFIXES: Final = frozenset({".md", ".markdown", ".yaml", ".yml", ".json"})


@frozen
class Source:
    """A page that is followed.

    Attributes:
        name: Its name; it is the name of its files.
        url: Where it is published; empty if that is not known.
        identity: Its id in the publisher's tool, or ``None``.
        operations: The operations that it describes, as far as they are known.
    """

    name: str
    url: str = ""
    identity: Identity | None = None
    operations: frozenset[str] = field(default=frozenset())

    @property
    def facts(self) -> Path:
        """The file with its facts, from the repository's root."""
        return files.upstream(self.name)

    @property
    def overlay(self) -> Path:
        """The overlay with what we add to it, from the repository's root."""
        return files.overlay(self.name)


def load(root: Path) -> dict[str, Source]:
    """The pages that this repository follows, by name, in the order of ``sources.toml``.

    Raises:
        PipelineError: The file can't be read.
    """
    try:
        table = tomllib.loads((root / files.SOURCES).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise PipelineError(f"{files.SOURCES} can't be read: {error}") from None
    return {name: _source(root, name, entry) for name, entry in table.items()}


def _source(root: Path, name: str, entry: Mapping[str, Any]) -> Source:
    if not isinstance(entry, dict):
        raise PipelineError(f"{files.SOURCES}: {name} must be a table: [{name}]")
    has_id = bool(entry.get("api"))
    identity = Identity(int(entry.get("project", 0)), str(entry["api"])) if has_id else None
    known = frozenset(entry.get("operations", ())) | _operations(root / files.upstream(name))
    return Source(name, str(entry.get("url", "")), identity, known)


def _operations(path: Path) -> frozenset[str]:
    """The operations in a file of facts; none if there is no such file yet."""
    document = files.read_yaml(path) if path.is_file() else {}
    paths: Mapping[str, Any] = document.get("paths", {}) if isinstance(document, dict) else {}
    return frozenset(
        f"{method.upper()} {route}"
        for route, item in paths.items()
        for method in item
        if method in METHODS
    )


# --- which page is it -----------------------------------------------------------------------------


def recognise(reading: Reading, sources: Mapping[str, Source]) -> str | None:
    """Which of the known pages a page is.

    Args:
        reading: The page.
        sources: The known ones.

    Returns:
        Its name; ``None`` if it is not known.

    Raises:
        PageError: Its id and its operations belong to different pages.
    """
    by_route = _matching(sources, lambda source: bool(source.operations & set(reading.operations)))
    by_id = _matching(sources, lambda source: source.identity in reading.identities)
    hint = f"{files.SOURCES} and openapi/upstream say which page is which. Import each page alone."
    if len(by_route) > 1:
        what = f"the page describes what {' and '.join(by_route)} describe: it is not one of them"
        raise PageError(what, hint=hint)
    if by_route and by_id and by_route != by_id:
        what = f"the page's id is that of {by_id[0]}, but it describes {reading.operations[0]}, "
        raise PageError(what + f"which is {by_route[0]}'s", hint=hint)
    return next(iter(by_route or by_id), None)


def _matching(sources: Mapping[str, Source], fits: Any) -> list[str]:
    return [name for name, source in sources.items() if fits(source)]


def remark(reading: Reading, source: Source) -> str:
    """What is odd about a page that was recognised, in one sentence; empty if nothing is."""
    if source.identity and reading.identities and source.identity not in reading.identities:
        other = min(reading.identities, key=lambda one: one.api)
        return (
            f"recognised by its operations as {source.name}; its own id is project "
            f"{other.project}, api {other.api}, where {files.SOURCES} has project "
            f"{source.identity.project}, api {source.identity.api}: another publisher's copy?"
        )
    return ""


# --- what was given -------------------------------------------------------------------------------


@frozen
class Given:
    """A page that somebody asked for.

    Attributes:
        where: The file or address, for messages.
        data: The page; empty if it could not be had.
        error: Why it could not be had.
    """

    where: str
    data: bytes = b""
    error: PageError | None = None


def given(root: Path, argument: str | None) -> list[Given]:
    """The pages that a command was given.

    Args:
        root: The repository; without an argument, the addresses in its ``sources.toml`` count.
        argument: A file, a folder of pages, or one or more http(s) addresses; or nothing.

    Returns:
        Each page, also those that could not be had: one that fails says nothing about the others.
        A file that holds the pages of several routes, one after the other, is several pages.
    """
    places = argument.split() if argument and "://" in argument else [argument] if argument else []
    if not argument:
        places = [source.url for source in load(root).values() if source.url]
    return [page for place in places for page in _at(place)]


def _at(place: str) -> Iterator[Given]:
    folder = Path(place)
    if "://" in place or not folder.is_dir():
        yield from _pages(place)
        return
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not found:
        endings = ", ".join(sorted(_SUFFIXES))
        yield Given(
            place, error=PageError("the folder holds no page", hint=f"A page ends in {endings}.")
        )
    for path in found:
        yield from _pages(str(path))


def _pages(place: str) -> Iterator[Given]:
    try:
        data = fetch.get(place)
    except PageError as error:
        yield Given(place, error=error)
        return
    parts = markdown.split(data)
    for number, part in enumerate(parts, 1):
        yield Given(place if len(parts) == 1 else f"{place} (page {number})", part)
