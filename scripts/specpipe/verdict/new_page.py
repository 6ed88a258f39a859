"""A page that the repository does not follow yet, or that moved: what it is called, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import files
from ..contract import walk
from ..page import sources
from ..page.reader import Reading
from .facade import TABLE

__all__ = ["name_of", "skeleton", "steps"]


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


def steps(name: str, reading: Reading) -> list[str]:
    """What to do to take a new page up: no code in ``scripts/``, two copies and a few rows."""
    rows = ", ".join(f'"{operation}" = "not offered yet"' for operation in reading.operations)
    identity = min(reading.identities, key=lambda one: one.api, default=None)
    number = f"project = {identity.project}, " if identity and identity.project else ""
    own = f', {number}api = "{identity.api}"' if identity else ""
    return [
        f"the page {name} is new. Nothing of it was taken up; its facts stand in "
        f"build/spec/{name}.yaml",
        f"copy build/spec/{name}.overlay.yaml to {files.overlay(name)}; it works as it is. "
        "Say in it what you know more than the page, each action with its source",
        f"add rows to {TABLE}: under [left_out] {rows}; or under [operations] the part of the "
        f"facade that calls it",
        f'add a table to {files.SOURCES}: [{name}], with url = ""{own}',
        "run make spec with the page again: it ends in 0, and the page's operations are generated",
    ]


def skeleton(name: str, reading: Reading) -> bytes:
    """An overlay to start from: names for operations and bodies, and the envelopes of answers."""
    operations = walk.operations(reading.facts.document)
    actions = [line for one, facts in operations.items() for line in _actions(one, facts)]
    head = [
        f"# What we add to the published page {name}. OpenAPI Overlay 1.1. Each action says",
        "# why, and from which source; the other overlays show the sources' short names.",
        "overlay: 1.1.0",
        f"info: {{title: What kling-facade adds to the page {name}, version: 1.0.0}}",
        "actions:",
    ]
    return ("\n".join([*head, *actions]) + "\n").encode()


def _actions(operation: str, facts: Mapping[str, Any]) -> Iterator[str]:
    """The actions on one operation."""
    method, _, path = operation.partition(" ")
    looks = "get" if path.endswith("}") else "list"
    verb = {"GET": looks, "POST": "create"}.get(method, method.lower())
    words = re.sub(r"[^a-z0-9]+", "_", _last(operation)[1].lower()).strip("_") or "page"
    title = "".join(word.capitalize() for word in words.split("_")) + "Request"
    at = f"$.paths['{path}'].{method.lower()}"
    if "security" in facts:
        yield from _action(f"{at}.security", "ours: as the document's root says", "remove: true")
    names = f"update: {{operationId: {verb}_{words}, tags: [{words}]}}"
    yield from _action(at, "ours: names for the operation", names)
    content = facts.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if schema.get("properties") and method != "GET":
        body = f"{at}.requestBody"
        yield from _action(body, "ours: no create without a body", "update: {required: true}")
        place = f"{body}.content['application/json'].schema"
        yield from _action(place, "ours: a name for the model", f"update: {{title: {title}}}")
    elif content:
        yield from _action(f"{at}.requestBody", "ours: the page's body is empty", "remove: true")
    for status, answer in facts.get("responses", {}).items():
        shown = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if shown.get("type") == "object":
            place = f"{at}.responses['{status}'].content['application/json'].schema"
            why = "VD1: the vendor's envelope, where the page only says an object"
            yield from _action(f"{place}.*", why, "remove: true")
            reference = "update: {$ref: '#/components/schemas/TaskEnvelope'}"
            yield from _action(place, why, reference)
    errors = "{description: Refused or failed. The code says why., content: {application/json: "
    errors += "{schema: {$ref: '#/components/schemas/ErrorEnvelope'}}}}"
    both = f"update: {{4XX: {errors}, 5XX: {errors}}}"
    yield from _action(f"{at}.responses", "VD1 and VD4 (September 2026) agree on errors", both)


def _action(target: str, why: str, what: str) -> Iterator[str]:
    yield f"  - target: {target}"
    yield f'    description: "{why}"'
    yield f"    {what}"
