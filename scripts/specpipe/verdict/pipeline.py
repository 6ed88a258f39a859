"""The whole way from a page to a verdict: what ``make spec`` does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

from attrs import define, evolve, field

from .. import files
from ..client import build
from ..contract import example
from ..contract.example import Contradiction
from ..errors import ContractError, OverlayError, PageError, PipelineError
from ..page import facts, fetch, markdown, reader
from ..page.reader import FACTS_HEADER
from ..page.repairs import Repair
from . import changes, facade, judge
from .changes import Change

__all__ = ["FACTS_HEADER", "Outcome", "Verdict", "read_page", "run"]

_TESTS: Final = "tests/spec/test_contract.py"


class Verdict(IntEnum):
    """How it ended; the number is the exit code."""

    GREEN = 0
    REFUSED = 1
    BROKEN_TOOLS = 2
    ATTENTION = 3


@define
class Outcome:
    """Everything a run found out.

    Attributes:
        source: What was asked for.
        verdict: How it ended.
        error: Why the page was refused, or why the tools failed.
        repairs: What had to be repaired.
        changes: What changed, judged.
        contradictions: Where the page contradicts itself.
        texts: New or changed texts, for the terminal only.
        overlay: Actions that no longer fit.
        gaps: What of the contract the facade doesn't reach.
        disagreements: Facts of the page that the contract doesn't repeat.
        tests: What the contract tests said, if they failed.
        written: Files that were written or removed.
    """

    source: str
    verdict: Verdict = Verdict.GREEN
    error: str = ""
    repairs: tuple[Repair, ...] = ()
    changes: list[Change] = field(factory=list)
    contradictions: list[Contradiction] = field(factory=list)
    texts: list[facts.Text] = field(factory=list)
    overlay: list[str] = field(factory=list)
    gaps: list[str] = field(factory=list)
    disagreements: list[str] = field(factory=list)
    tests: str = ""
    written: list[str] = field(factory=list)

    @property
    def needs_attention(self) -> bool:
        """Whether somebody has to change the facade or the overlay."""
        judged = any(change.facade != "covered" for change in self.changes)
        return bool(judged or self.overlay or self.gaps or self.disagreements or self.tests)


def read_page(data: bytes) -> tuple[markdown.Page, facts.Facts, bytes]:
    """Read a page and take its facts: the page with all repairs, its facts, their file."""
    reading = reader.read(data)
    return evolve(reading.page, repairs=reading.repairs), reading.facts, reading.data


Say = Callable[[str], None]


def run(root: Path, source: str, say: Say, *, tests: bool = True) -> Outcome:
    """Import a page and make everything that follows from it.

    Args:
        root: The repository.
        source: A file or an http(s) address.
        say: Told of each step.
        tests: Whether to run the contract tests at the end.

    Returns:
        What was found. Nothing is written unless facts, overlay and generator agree.
    """
    outcome = Outcome(source)
    try:
        _run(root, outcome, say, tests)
    except PageError as error:
        outcome.verdict, outcome.error = Verdict.REFUSED, str(error)
    except OverlayError as error:
        outcome.overlay = error.failures
    except ContractError as error:
        outcome.overlay = [str(error)]
    except (PipelineError, OSError, subprocess.SubprocessError) as error:
        outcome.verdict, outcome.error = Verdict.BROKEN_TOOLS, str(error)
    if outcome.verdict is Verdict.GREEN and outcome.needs_attention:
        outcome.verdict = Verdict.ATTENTION
    return outcome


def _run(root: Path, outcome: Outcome, say: Say, tests: bool) -> None:
    found, taken, data = read_page(fetch.get(outcome.source))
    outcome.repairs = found.repairs
    say(f"read: {len(found.repairs)} repairs")
    outcome.contradictions = example.contradictions(found.document, taken.document)
    old = _old(root)
    table = facade.load(root)
    contract = files.read_yaml(root / files.RESOLVED) if (root / files.RESOLVED).is_file() else {}
    outcome.changes = judge.judge(changes.compare(old, taken.document), table, contract)
    outcome.texts = _fresh(old, taken.texts)
    say(f"compared: {len(outcome.changes)} changes, level {changes.level_of(outcome.changes)}")
    _keep_candidate(root, data)
    planned = build.plan(root, data)
    document = files.parse(planned.wanted[files.RESOLVED.as_posix()])
    outcome.gaps = facade.gaps(document, table)
    outcome.disagreements = facade.disagreements(taken.document, document, table)
    outcome.written = build.write(root, planned)
    say(
        f"regenerated: {len(outcome.written)} files differ"
        if outcome.written
        else "unchanged: not a byte differs"
    )
    if tests:
        outcome.tests = _contract_tests(root, say)


def _old(root: Path) -> dict[str, Any]:
    path = root / files.UPSTREAM
    document: dict[str, Any] = files.read_yaml(path) if path.is_file() else {}
    return document


def _keep_candidate(root: Path, data: bytes) -> None:
    """The new facts, for a look at them when the overlay doesn't fit."""
    place = root / "build" / "spec" / files.UPSTREAM.name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)


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


def _contract_tests(root: Path, say: Say) -> str:
    """Run the contract tests; their last words if they fail."""
    if not (root / _TESTS).is_file():
        return ""
    paths = os.pathsep.join(str(root / name) for name in (".", "generated", "scripts"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:randomly", _TESTS]
    done = subprocess.run(
        command, cwd=root, env={**os.environ, "PYTHONPATH": paths, "PYTEST_ADDOPTS": ""},
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    say(f"contract tests: {'green' if done.returncode == 0 else 'red'}")
    return "" if done.returncode == 0 else (done.stdout + done.stderr)[-4000:]
