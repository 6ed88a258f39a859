"""Read a published page and write its facts to ``openapi/upstream/NAME.yaml``.

    python scripts/import_page.py PAGE [--to FILE]

PAGE is a file or an http(s) address: Markdown with one fenced OpenAPI 3.0 document, or the bare
document. Each repair is printed with its line. Exit code 1: the page can't be read, and nothing was
written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from specpipe import files
from specpipe.errors import PageError
from specpipe.page import fetch, reader, sources
from specpipe.verdict import new_page


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Import a published page as facts.")
    parser.add_argument("page", help="a file or an http(s) address")
    parser.add_argument("--to", type=Path)
    args = parser.parse_args(argv)
    try:
        reading = reader.read(fetch.get(args.page))
    except PageError as error:
        print(f"{args.page}: {error}", file=sys.stderr)
        return 1
    for repair in reading.repairs:
        print(f"{args.page}: {repair}")
    name = new_page.name_of(reading, sources.load(files.ROOT), args.page)
    to = args.to or files.ROOT / files.upstream(name)
    if to.exists() and to.read_bytes() == reading.data:
        print(f"{to}: unchanged")
        return 0
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(reading.data)
    print(f"{to}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
