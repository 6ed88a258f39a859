"""Several pages, one contract; and the tree that is written last."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import spec
from specpipe import bound, files
from specpipe.contract import merge
from specpipe.errors import ContractError
from specpipe.page import reader, sources
from specpipe.verdict import new_page, pipeline, rehearsal, report
from specpipe.verdict.pipeline import Verdict

from ..conftest import ROOT

PAGE = """\
openapi: 3.0.1
info: {title: '', version: 1.0.0}
paths:
  PATH:
    METHOD:
      responses:
        '200':
          description: ''
          content: {application/json: {schema: {type: object, properties: {}}}}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
servers:
  - url: https://api.chainhub.tech
security:
  - bearer: []
"""
OVERLAY = """\
overlay: 1.1.0
info: {title: ours, version: 1.0.0}
actions:
  - target: $.paths['/kling/v1/videos/lip-sync'].post
    description: "ours: a name"
    update: {operationId: create_lip_sync, tags: [lip_sync]}
"""


def small(path: str = "/kling/v1/videos/lip-sync", method: str = "post") -> str:
    """A small page of another operation."""
    return PAGE.replace("PATH", path).replace("METHOD", method)


def run(root: Path, **pages: str) -> pipeline.Outcome:
    """A run over a folder of pages."""
    folder = root / "pages"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return pipeline.run(root, str(folder), lambda _: None, tests=False)


def facts(root: Path) -> dict[str, bytes]:
    """Everything below openapi/."""
    paths = (root / "openapi").rglob("*")
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in paths if p.is_file()}


def changed(page: str) -> str:
    """Our page, asking for attention: a field has a default."""
    field = "                callback_url:\n                  type: string\n"
    assert field in page
    return page.replace(field, field + "                  default: https://evil.example/hook\n")


# --- several pages --------------------------------------------------------------------------------


def test_a_page_that_is_new_is_said_to_be_new(settled: Path, page: str) -> None:
    """Its steps are told: an overlay and rows in facade.toml; nothing of it is taken up."""
    held = facts(settled)
    outcome = run(settled, image2video=page, lip=small())
    assert outcome.verdict is Verdict.ATTENTION
    assert facts(settled) == held
    text = report.full(outcome)
    assert "the page lip is new" in text
    assert "openapi/overlays/lip.yaml" in text
    assert "openapi/facade.toml" in text
    assert "POST /kling/v1/videos/lip-sync" in text


def test_a_page_is_taken_up_with_an_overlay_and_a_row(settled: Path, page: str) -> None:
    """An overlay and a reason under [left_out]: green, in the contract, and green again."""
    (settled / files.overlay("lip")).write_text(OVERLAY)
    with (settled / "openapi/facade.toml").open("a") as table:
        table.write('"POST /kling/v1/videos/lip-sync" = "not called yet"\n')
    assert run(settled, image2video=page, lip=small()).verdict is Verdict.GREEN
    contract = files.read_yaml(settled / files.RESOLVED)
    assert (
        contract["paths"]["/kling/v1/videos/lip-sync"]["post"]["operationId"] == "create_lip_sync"
    )
    again = run(settled, lip=small(), image2video=page)
    assert (again.verdict, again.written) == (Verdict.GREEN, [])


def test_the_overlay_to_start_from_works_as_it_is(settled: Path, page: str) -> None:
    """The steps, followed to the letter, end in 0: a copy and a row."""
    run(settled, image2video=page, lip=small())
    start = settled / "build" / "spec" / "lip.overlay.yaml"
    (settled / files.overlay("lip")).write_bytes(start.read_bytes())
    with (settled / "openapi/facade.toml").open("a") as table:
        table.write('"POST /kling/v1/videos/lip-sync" = "not offered yet"\n')
    outcome = run(settled, image2video=page, lip=small())
    assert outcome.verdict is Verdict.GREEN, report.full(outcome)
    operation = files.read_yaml(settled / files.RESOLVED)["paths"]["/kling/v1/videos/lip-sync"]
    assert operation["post"]["operationId"] == "create_lip_sync"


def test_a_page_that_nothing_calls_is_a_gap(settled: Path, page: str) -> None:
    """An overlay alone is not enough: the table must say who calls it, or why nobody does."""
    (settled / files.overlay("lip")).write_text(OVERLAY)
    outcome = run(settled, image2video=page, lip=small())
    assert outcome.verdict is Verdict.ATTENTION
    assert "POST /kling/v1/videos/lip-sync" in outcome.gaps[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html>Log in</html>", "no OpenAPI document"),
        (small().replace("https://api.chainhub.tech", "https://other.example"), "disagree about"),
        (small().replace("scheme: bearer", "scheme: basic"), "securitySchemes/bearer"),
        (small("/kling/v1/videos/lipsync"), "matches nothing"),
    ],
)
def test_a_page_that_fails_leaves_the_others_alone(
    settled: Path, page: str, text: str, words: str
) -> None:
    """Unreadable, of another gateway, or moved: the others are followed, it keeps its facts."""
    (settled / files.overlay("lip")).write_text(OVERLAY)
    outcome = run(settled, image2video=page.replace("What to leave out", "What else"), lip=text)
    assert outcome.verdict in (Verdict.REFUSED, Verdict.ATTENTION)
    assert "openapi/upstream/image2video.yaml" in outcome.written
    assert not (settled / files.upstream("lip")).exists()
    assert words in report.full(outcome)


def test_a_page_is_known_by_what_it_says_not_by_its_file(settled: Path, page: str) -> None:
    """By its operations, by its own id, by the last word of its path; two of one are refused."""
    known = sources.load(settled)
    named = reader.read(page.encode())
    assert new_page.name_of(named, known, "download-3.md") == "image2video"
    moved = reader.read(small("/kling/v2/videos/image2video").encode())
    assert new_page.name_of(moved, known, "page.md") == "image2video"
    assert new_page.name_of(reader.read(small().encode()), known, "Lip 1.md") == "lip-1"
    twice = run(settled, a=page, b=page)
    assert [bool(found.error) for found in twice.pages] == [False, True]


def test_another_page_does_not_overwrite_the_facts_of_the_first(settled: Path) -> None:
    """A single page of another route, whatever its file is called, is no new image2video."""
    held = facts(settled)
    (settled / "image2video.md").write_text(small())
    outcome = pipeline.run(settled, str(settled / "image2video.md"), lambda _: None, tests=False)
    assert outcome.verdict is Verdict.ATTENTION
    assert facts(settled) == held


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """There is no page to judge."""
    outcome = pipeline.run(ROOT, str(tmp_path), lambda _: None, tests=False)
    assert (outcome.verdict, outcome.written) == (Verdict.REFUSED, [])


def test_what_pages_share_stands_once() -> None:
    """Equal components become one, in whichever words; different ones are refused by name."""
    one: dict[str, Any] = {"paths": {}, "components": {"schemas": {"A": {"type": "string"}}}}
    two = {"paths": {}, "components": {"schemas": {"A": {"type": "string", "description": "x"}}}}
    assert merge.merge({"one": one, "two": two}) == one
    two["components"]["schemas"]["A"]["type"] = "integer"
    with pytest.raises(ContractError, match="one and two both describe components/schemas/A"):
        merge.merge({"one": one, "two": two})


def test_the_published_pages_are_what_the_repository_holds() -> None:
    """Every page of the gateway that is at hand gives the facts of the repository, to the byte."""
    folder = ROOT.parent / "shared" / "upstream"
    if not folder.is_dir():
        pytest.skip("the published pages (shared/upstream) are not here")
    for path in sorted(folder.glob("*.md")):
        held = (ROOT / files.upstream(path.stem)).read_bytes()
        assert reader.read(path.read_bytes()).data == held


# --- alarms stay, until somebody answers ----------------------------------------------------------


def test_what_asks_for_somebody_is_told_until_it_is_answered(
    settled: Path, page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same page again, with nothing done, says the same; an answer ends it."""
    first, again = run(settled, image2video=changed(page)), run(settled, image2video=changed(page))
    assert first.verdict is again.verdict is Verdict.ATTENTION
    assert first.changes == again.changes
    assert again.written == []
    monkeypatch.setattr(files, "ROOT", settled)
    assert spec.main(["--accept", "nothing-of-that-name"]) == 0
    assert run(settled, image2video=changed(page)).verdict is Verdict.ATTENTION
    assert spec.main(["--accept"]) == 0
    assert "answered for" in capsys.readouterr().out
    assert run(settled, image2video=changed(page)).verdict is Verdict.GREEN
    assert spec.main(["--accept"]) == 0
    assert "nothing asks" in capsys.readouterr().out


def test_a_page_that_goes_back_asks_for_nothing(settled: Path, page: str) -> None:
    """There and back again: what was accepted is what is published."""
    held = facts(settled)
    run(settled, image2video=changed(page))
    assert (settled / files.accepted("image2video")).is_file()
    assert run(settled, image2video=page).verdict is Verdict.GREEN
    assert facts(settled) == held


def test_a_statement_that_is_not_found_any_more_is_to_be_read(settled: Path, page: str) -> None:
    """A bound said in words that nobody understands is not taken for a bound that was lifted."""
    reworded = page.replace("the text cannot exceed 2500 characters", "keep to a modest length")
    outcome = run(settled, image2video=reworded)
    kinds = {(change.kind, change.facade) for change in outcome.changes}
    assert ("statement gone", "unclear") in kinds
    assert not [kind for kind, _ in kinds if kind == "bound loosened"]
    assert outcome.verdict is Verdict.ATTENTION
    assert "read the page" in report.full(outcome)


def test_a_default_asks_for_somebody(settled: Path, page: str) -> None:
    """A default gained, changed or lost in a request means something: exit code 3."""
    outcome = run(settled, image2video=changed(page))
    assert outcome.verdict is Verdict.ATTENTION
    assert "default none became" in report.full(outcome)


# --- the tree is written last ---------------------------------------------------------------------


@pytest.fixture
def tested(settled: Path) -> Path:
    """A settled repository with contract tests of its own."""
    (settled / "tests" / "spec").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", settled / "pyproject.toml")
    return settled


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("def test_it():\n    assert 'red' == 'green'\n", "assert 'red' == 'green'"),
        ("def test_it():\n    while True: pass\n", "did not end within"),
    ],
    ids=["red", "hanging"],
)
def test_contract_tests_that_fail_leave_every_file_as_it_was(
    tested: Path, page: str, monkeypatch: pytest.MonkeyPatch, test: str, words: str
) -> None:
    """Red or without end: exit code 3, nothing written, and the new files lie aside."""
    (tested / "tests" / "spec" / "test_contract.py").write_text(test)
    monkeypatch.setattr(rehearsal, "_SECONDS", 20 if "red" in test else 1)
    held = facts(tested)
    (tested / "page.md").write_text(page.replace("What to leave out", "What else"))
    outcome = pipeline.run(tested, str(tested / "page.md"), lambda _: None)
    assert outcome.verdict is Verdict.ATTENTION
    assert words in outcome.tests
    assert facts(tested) == held
    assert outcome.candidate is not None
    assert (outcome.candidate / files.UPSTREAM).is_file()
    kept = pipeline.run(tested, str(tested / "page.md"), lambda _: None, keep=True)
    assert files.UPSTREAM.as_posix() in kept.written


def test_the_steps_of_a_run_share_one_bound() -> None:
    """A step gets its own bound or what is left of the run, whichever is less; outside, its own."""
    assert bound.left(50) == 50
    with bound.within(20):
        assert bound.left(5) == 5
        assert 1 <= bound.left(50) <= 20
        with bound.within(0):
            assert bound.left(50) == 1
    assert bound.left(50) == 50


def test_contract_tests_see_the_new_files(tested: Path, page: str) -> None:
    """They run in a copy that holds what would be written."""
    (tested / "tests" / "spec" / "test_contract.py").write_text(
        "from pathlib import Path\n"
        "def test_it():\n"
        "    root = Path(__file__).resolve().parents[2]\n"
        "    assert 'later' in (root / 'openapi/upstream/image2video.yaml').read_text()\n"
    )
    field = "                callback_url:\n                  type: string\n"
    more = page.replace(field, "                later:\n                  type: string\n" + field)
    (tested / "page.md").write_text(more)
    outcome = pipeline.run(tested, str(tested / "page.md"), lambda _: None)
    assert (outcome.tests, bool(outcome.written)) == ("", True)


def test_a_pattern_that_never_ends_is_read(settled: Path, page: str) -> None:
    """A default that a pattern takes for ever to refuse keeps nobody busy."""
    field = "                callback_url:\n                  type: string\n"
    evil = "                  pattern: ^(a+)+$\n                  default: " + "a" * 40 + "!\n"
    outcome = run(settled, image2video=page.replace(field, field + evil))
    assert outcome.verdict is Verdict.ATTENTION
