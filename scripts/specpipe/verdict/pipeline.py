"""The whole way from pages to a verdict: what ``make spec`` does.

Pages are read and judged one by one; a page that can't be read, or that doesn't fit its overlay,
leaves the others alone and keeps the facts it had. The tree is written last, all of it or nothing,
after the contract tests were green with the new files in a copy.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from .. import bound, files
from ..client import build
from ..contract import example
from ..errors import ContractError, OverlayError, PageError, PipelineError
from ..page import facts, markdown, reader, sources
from . import changes, facade, judge, new_page, rehearsal
from .outcome import Outcome, Page, Verdict

__all__ = ["Outcome", "Page", "Verdict", "accept", "read_page", "run"]

Say = Callable[[str], None]

_SECONDS: Final = 100
"""For everything after the pages are fetched; two minutes with copying and reading."""


def read_page(data: bytes) -> tuple[markdown.Page, facts.Facts, bytes]:
    """Read a page and take its facts: the page with all repairs, its facts, their file."""
    reading = reader.read(data)
    return evolve(reading.page, repairs=reading.repairs), reading.facts, reading.data


def run(root: Path, source: str, say: Say, *, tests: bool = True, keep: bool = False) -> Outcome:
    """Import pages and make everything that follows from them.

    Args:
        root: The repository.
        source: A folder, a file or an http(s) address; empty for the addresses that the repository
            knows.
        say: Told of each step.
        tests: Whether to run the contract tests before anything is written.
        keep: Whether to write the tree even if the contract tests are red, to work from it.

    Returns:
        What was found.
    """
    outcome = Outcome(source)
    try:
        found = sources.given(root, outcome.source)
        with bound.within(_SECONDS):
            _run(root, outcome, found, say, tests=tests, keep=keep)
    except PageError as error:
        outcome.error = str(error)
    except ContractError as error:
        outcome.client = str(error)
    except (PipelineError, OSError, subprocess.SubprocessError) as error:
        outcome.error, outcome.tools_failed = str(error), True
    return outcome


def _run(
    root: Path,
    outcome: Outcome,
    found: Iterable[sources.Given],
    say: Say,
    *,
    tests: bool,
    keep: bool,
) -> None:
    table = facade.load(root)
    contract = files.read_yaml(root / files.RESOLVED) if (root / files.RESOLVED).is_file() else {}
    known = sources.load(root)
    for given in found:
        page = Page(given.where)
        outcome.pages.append(page)
        try:
            _read(root, page, given, known)
        except PageError as error:
            page.error = str(error)
            continue
        if not page.new:
            old = files.parse(page.base)
            new = files.parse(page.data)
            page.changes = judge.judge(changes.compare(old, new), table, contract, page.name)
        say(
            f"{page.name}: {len(page.repairs)} repairs, {len(page.changes)} changes, level "
            f"{changes.level_of(page.changes)}"
        )
    _once(outcome.pages)
    planned = _planned(root, outcome)
    document = files.parse(planned.wanted[files.RESOLVED.as_posix()])
    outcome.gaps = facade.gaps(document, table)
    for page in _taken(outcome.pages):
        told = facade.disagreements(files.parse(page.data), document, table)
        page.disagreements = [facade.of_page(line, page.name) for line in told]
    if tests and build.differences(root, planned):
        say("contract tests, with the new files in a copy of the repository")
        outcome.tests = rehearsal.contract_tests(root, planned)
    if outcome.tests and not keep:
        outcome.candidate = rehearsal.kept(root, planned)
        return
    outcome.written = build.write(root, planned)
    count = len(outcome.written)
    say(f"{count} files written or removed" if count else "unchanged: not a byte differs")


def _read(
    root: Path, page: Page, given: sources.Given, known: Mapping[str, sources.Source]
) -> None:
    """Read one page, and find out which it is."""
    if given.error:
        raise given.error
    reading = reader.read(given.data)
    page.data, page.repairs = reading.data, reading.repairs
    page.contradictions = example.contradictions(reading.page.document, reading.facts.document)
    page.name = new_page.name_of(reading, known, page.source)
    if page.name in known and (remark := sources.remark(reading, known[page.name])):
        page.remarks.append(remark)
    page.base = _base(root, page.name)
    page.new = not page.base and not (root / files.overlay(page.name)).is_file()
    page.texts = _fresh(files.parse(page.base) or {}, reading.facts.texts)
    if not page.base:
        page.base = page.data
    if page.new:
        page.steps = new_page.steps(page.name, reading)
        place = _keep_candidate(root, page)
        overlay = place.with_name(f"{page.name}.overlay.yaml")
        overlay.write_bytes(new_page.skeleton(page.name, reading))


def _base(root: Path, name: str) -> bytes:
    """What a page's facts are compared with: the last that somebody answered for."""
    for place in (root / files.accepted(name), root / files.upstream(name)):
        if place.is_file():
            return place.read_bytes()
    return b""


def _once(pages: list[Page]) -> None:
    """Two sources that are the same page: the second is refused."""
    seen: dict[str, str] = {}
    for page in pages:
        if page.error:
            continue
        if page.name in seen:
            page.error = f"this is the page {page.name} again, after {seen[page.name]}"
        seen.setdefault(page.name, page.source)


def _taken(pages: Iterable[Page]) -> list[Page]:
    """Pages whose facts become part of the contract."""
    return [page for page in pages if not (page.error or page.new or page.misfits)]


def _planned(root: Path, outcome: Outcome) -> build.Plan:
    """The tree with every page that fits; one that doesn't keeps the facts it had."""
    planned = build.plan(root, _fitting(root, _taken(outcome.pages)))
    wanted, unwanted = dict(planned.wanted), set()
    for page in _taken(outcome.pages):
        # Facts that still ask for an answer don't replace those that were answered for.
        place = files.accepted(page.name).as_posix()
        if page.open:
            wanted[place] = page.base
        else:
            unwanted.add(place)
    return build.Plan(wanted, frozenset(unwanted))


def _fitting(root: Path, pages: list[Page]) -> dict[str, bytes]:
    """The facts of the pages that make a contract together; the others learn why they don't."""
    everything = {page.name: page.data for page in pages}
    if not _misfits(root, everything):
        return everything
    fitting: dict[str, bytes] = {}
    for page in pages:
        page.misfits = _misfits(root, {**fitting, page.name: page.data})
        if page.misfits:
            _keep_candidate(root, page)
        else:
            fitting[page.name] = page.data
    return fitting


def _misfits(root: Path, upstream: Mapping[str, bytes]) -> list[str]:
    try:
        build.contract_of(root, upstream)
    except OverlayError as error:
        return error.failures
    except ContractError as error:
        return [str(error)]
    return []


def accept(root: Path, names: Iterable[str] = ()) -> list[str]:
    """Take the latest facts as answered for.

    Args:
        root: The repository.
        names: Pages; all that ask for an answer if there are none.

    Returns:
        The pages that asked for an answer and no longer do.
    """
    waiting = sorted(path.stem for path in (root / files.ACCEPTED).glob("*.yaml"))
    answered = [name for name in waiting if not names or name in names]
    for name in answered:
        (root / files.accepted(name)).unlink()
    return answered


def _keep_candidate(root: Path, page: Page) -> Path:
    """The new facts, for a look at them when they can't become part of the contract."""
    place = root / "build" / "spec" / f"{page.name}.yaml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(page.data)
    return place


def _fresh(old: Mapping[str, Any], texts: Iterable[facts.Text]) -> list[facts.Text]:
    """Texts that are new or changed."""
    return [
        text for text in texts if _known(old, text.pointer).get(text.key) != facts.digest(text.text)
    ]


def _known(document: Any, pointer: str) -> Mapping[str, str]:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list):
            document = document[int(key)] if int(key) < len(document) else {}
        else:
            document = document.get(key, {}) if isinstance(document, Mapping) else {}
    found: Mapping[str, str] = document.get(facts.TEXT, {}) if isinstance(document, Mapping) else {}
    return found
