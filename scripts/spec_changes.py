"""Say what changed between two documents, and for whom it breaks.

    python scripts/spec_changes.py OLD NEW [--format text|markdown|json] [--facade]

OLD and NEW are OpenAPI 3.0 documents in YAML or JSON, the facts in ``openapi/upstream``, or
published pages in Markdown. Exit code 0: compared; 1: one of them can't be read; with
``--exit-code`` also 3: the facade needs attention.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from specpipe import files
from specpipe.errors import PipelineError
from specpipe.page import markdown
from specpipe.page.facts import STATED, TEXT, collect
from specpipe.verdict import changes, facade, judge, report


def document(path: Path) -> dict[str, object]:
    """The facts of a page, or a document of ours as it is.

    Raises:
        PageError: It can't be read.
    """
    data = path.read_bytes()
    found = markdown.read(data)
    if (
        any(f"{key}:".encode() in data for key in (TEXT, STATED))
        or path.name == files.RESOLVED.name
    ):
        plain: dict[str, object] = found.document.plain()
        return plain
    return collect(found.document, found.around).document


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Compare two OpenAPI documents.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    parser.add_argument("--exit-code", action="store_true", help="3 if the facade needs attention")
    args = parser.parse_args(argv)
    documents = []
    for path in (args.old, args.new):
        try:
            documents.append(document(path))
        except (OSError, PipelineError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 1
    table = facade.load(files.ROOT)
    known = files.read_yaml(files.ROOT / files.RESOLVED)
    found = judge.judge(changes.compare(*documents), table, known)
    print(report.RENDERERS[args.format](found))
    attention = any(change.facade != "covered" for change in found)
    return 3 if args.exit_code and attention else 0


if __name__ == "__main__":
    sys.exit(main())
