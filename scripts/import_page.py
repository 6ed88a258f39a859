"""Read a published page and write its facts to ``openapi/upstream/image2video.yaml``.

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
from specpipe.page import fetch
from specpipe.verdict import pipeline


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Import a published page as facts.")
    parser.add_argument("page", help="a file or an http(s) address")
    parser.add_argument("--to", type=Path, default=files.ROOT / files.UPSTREAM)
    args = parser.parse_args(argv)
    try:
        found, _, data = pipeline.read_page(fetch.get(args.page))
    except PageError as error:
        print(f"{args.page}: {error}", file=sys.stderr)
        return 1
    for repair in found.repairs:
        print(f"{args.page}: {repair}")
    if args.to.exists() and args.to.read_bytes() == data:
        print(f"{args.to}: unchanged")
        return 0
    args.to.parent.mkdir(parents=True, exist_ok=True)
    args.to.write_bytes(data)
    print(f"{args.to}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
