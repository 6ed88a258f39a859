"""Everything that a published page asks for, in one go.

    python scripts/spec.py [PAGE]

PAGE is a file or an http(s) address; without it, the address in ``openapi/sources.toml``. The page
is imported, the overlay applied, the result checked, the client regenerated, the changes judged and
the contract tests run. ``build/spec-report.md`` says what came of it, ``build/spec-report.json``
says it to programs.

Exit codes: 0 nothing to do, or compatible and green; 3 the facade needs attention; 1 the page could
not be read, and nothing was written; 2 the tools failed (no package index, for instance).
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib

from specpipe import files
from specpipe.page import facts
from specpipe.verdict import pipeline, report


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Import a published page and judge what changed.")
    parser.add_argument("page", nargs="?", help="a file or an http(s) address")
    parser.add_argument("--no-tests", action="store_true", help="leave the contract tests out")
    args = parser.parse_args(argv)
    source = args.page or _source()
    if not source:
        parser.error(f"no PAGE given, and {files.SOURCES} names no address")
    outcome = pipeline.run(files.ROOT, source, _say, tests=not args.no_tests)
    _tell(outcome)
    place = files.ROOT / "build"
    place.mkdir(exist_ok=True)
    (place / "spec-report.md").write_text(report.full(outcome), encoding="utf-8")
    told = json.dumps(report.full_data(outcome), indent=2, ensure_ascii=False) + "\n"
    (place / "spec-report.json").write_text(told, encoding="utf-8")
    print(f"report: build/spec-report.md\n{report.verdict(outcome)}")
    return int(outcome.verdict)


def _source() -> str:
    """The address that the repository knows, or nothing."""
    known = tomllib.loads((files.ROOT / files.SOURCES).read_text(encoding="utf-8"))
    return str(known["image2video"]["url"])


def _say(step: str) -> None:
    print(step, flush=True)


def _tell(outcome: pipeline.Outcome) -> None:
    """What the terminal gets: more than the report, for the page's own words may stand here."""
    for repair in outcome.repairs:
        print(f"  {repair}")
    if outcome.error:
        print(f"{outcome.source}: {report.printable(outcome.error)}", file=sys.stderr)
    if outcome.changes:
        print(report.as_text(outcome.changes))
    for text in outcome.texts:
        print(f"new text, line {text.line}, {facts.place(text.pointer)} {text.key}:")
        print(
            "".join(f"    {line}\n" for line in report.printable(text.text)[:2000].splitlines()),
            end="",
        )
    for title, lines in (
        ("the overlay no longer fits", outcome.overlay),
        ("not reached by the facade", outcome.gaps),
        ("the page says, the contract does not", outcome.disagreements),
    ):
        for line in lines:
            print(f"{title}: {report.printable(line)}", file=sys.stderr)
    if outcome.tests:
        print(outcome.tests, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
