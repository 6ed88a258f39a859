"""Everything that published pages ask for, in one go.

    python scripts/spec.py [PAGE] [--keep] [--no-tests]
    python scripts/spec.py --accept [NAME]

PAGE is a folder of pages, a file or an http(s) address; without it, the addresses in
``openapi/sources.toml``. Each page is imported and judged by itself; the overlays are applied, the
result is one contract, which is checked; the client is generated and used, the contract tests run
in a copy, and only then is the tree written. ``build/spec-report.md`` says what came of it,
``build/spec-report.json`` says it to programs.

What needs attention is told again on every run, until the facade covers it or somebody answers for
it: ``--accept`` does, for one page or for all. ``--keep`` writes the tree although the contract
tests are red, to work from.

Exit codes: 0 nothing to do, or compatible and green; 3 the facade needs attention; 1 a page could
not be read, and nothing of it was written; 2 the tools failed (no package index, for instance).
"""

from __future__ import annotations

import argparse
import json
import sys

from specpipe import files
from specpipe.page import sources
from specpipe.verdict import pipeline, report


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Import published pages and judge what changed.")
    parser.add_argument("page", nargs="?", help="a folder, a file or an http(s) address")
    parser.add_argument("--no-tests", action="store_true", help="leave the contract tests out")
    parser.add_argument("--keep", action="store_true", help="write even if contract tests are red")
    parser.add_argument("--accept", action="store_true", help="answer for a page's latest facts")
    args = parser.parse_args(argv)
    if args.accept:
        return _accept([args.page] if args.page else [])
    if not args.page and not sources.given(files.ROOT, None):
        parser.error(f"no PAGE given, and {files.SOURCES} names no address")
    outcome = pipeline.run(
        files.ROOT, args.page or "", _say, tests=not args.no_tests, keep=args.keep
    )
    _tell(outcome)
    place = files.ROOT / "build"
    place.mkdir(exist_ok=True)
    (place / "spec-report.md").write_text(report.full(outcome), encoding="utf-8")
    told = json.dumps(report.full_data(outcome), indent=2, ensure_ascii=False) + "\n"
    (place / "spec-report.json").write_text(told, encoding="utf-8")
    print(f"report: build/spec-report.md\n{report.verdict(outcome)}")
    return int(outcome.verdict)


def _accept(names: list[str]) -> int:
    answered = pipeline.accept(files.ROOT, names)
    for name in answered:
        print(f"{name}: its latest facts are answered for; commit that with what you changed")
    if not answered:
        print("nothing asks for an answer")
    return 0


def _say(step: str) -> None:
    print(step, flush=True)


def _tell(outcome: pipeline.Outcome) -> None:
    """What the terminal gets: more than the report, for the pages' own words may stand here."""
    if outcome.error:
        print(f"{outcome.source}: {report.printable(outcome.error)}", file=sys.stderr)
    for page in outcome.pages:
        _tell_page(page)
    for line in outcome.gaps:
        print(f"not reached by the facade: {report.printable(line)}", file=sys.stderr)
    for text in (outcome.client, outcome.tests):
        if text:
            print(report.printable(text), file=sys.stderr)


def _tell_page(page: pipeline.Page) -> None:
    for repair in page.repairs:
        print(f"  {page.name}: {repair}")
    if page.error:
        print(f"{page.source}: {report.printable(page.error)}", file=sys.stderr)
    if page.changes:
        print(f"{page.name}\n{report.as_text(page.changes)}")
    for text in page.texts:
        print(f"{page.name}, new text, {report.text_place(text)}:")
        words = report.printable(text.text)[:2000].splitlines()
        print("".join(f"    {line}\n" for line in words), end="")
    for title, lines in (
        ("odd", page.remarks),
        ("new", page.steps),
        ("it does not fit", page.misfits),
        ("the page says, the contract does not", page.disagreements),
    ):
        for line in lines:
            print(f"{page.name}: {title}: {report.printable(line)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
