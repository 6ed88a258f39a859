"""A page that the repository does not follow yet, or that moved: what it is called, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from .. import files
from ..page import sources
from ..page.reader import Reading
from .facade import TABLE

__all__ = ["name_of", "steps"]


def name_of(reading: Reading, known: Mapping[str, sources.Source], where: str) -> str:
    """What a page is called, whatever its file is called.

    By its operations and the id it carries; then by the last word of its path, for a page whose
    path moved; and a page that is new by the name of its file.

    Raises:
        PageError: Its id and its operations belong to different pages.
    """
    found = sources.recognise(reading, known)
    if found:
        return found
    own = {_last(operation) for operation in reading.operations}
    for name, source in known.items():
        if own & {_last(operation) for operation in source.operations}:
            return name
    plain = re.sub(r"[^a-z0-9]+", "-", Path(where).stem.lower()).strip("-")[:60] or "page"
    return plain if plain not in known else f"{plain}-new"


def _last(operation: str) -> tuple[str, str, bool]:
    """Method, last word of the path, and whether a placeholder follows it."""
    method, _, path = operation.partition(" ")
    words = [word for word in path.split("/") if word and not word.startswith("{")]
    return method, words[-1] if words else "", path.endswith("}")


def steps(name: str, operations: Iterable[str]) -> list[str]:
    """What to do to take a new page up."""
    rows = ", ".join(f'"{operation}"' for operation in operations)
    return [
        f"the page {name} is new. Nothing of it was taken up; its facts stand in "
        f"build/spec/{name}.yaml",
        f"write {files.overlay(name)}: start from the overlay of a page like it; give each "
        f"operation an operationId and tags, and each answer its envelope. "
        f"What other pages named is there: #/components/schemas/CameraControl, for instance",
        f"add rows for {rows} to {TABLE}: under [operations] what part of the facade calls it, or "
        f"under [left_out] why nothing does yet",
        f"add [{name}] with its address and its id to {files.SOURCES}",
        "run make spec with the page again",
    ]
