"""Make ``openapi/kling.yaml``, ``generated/kling_client`` and ``openapi/provenance.json`` anew.

    python scripts/regenerate.py            write what differs
    python scripts/regenerate.py --check    write nothing; exit 1 and name each file that differs

The result follows from ``openapi/`` alone: the same bytes in every folder, locale and run.
"""

from __future__ import annotations

import argparse
import sys

from specpipe import files
from specpipe.client import build
from specpipe.errors import PipelineError


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Regenerate the contract and the client.")
    parser.add_argument(
        "--check", action="store_true", help="only say whether the tree is up to date"
    )
    args = parser.parse_args(argv)
    try:
        planned = build.plan(files.ROOT, {})
    except (OSError, PipelineError) as error:
        print(f"regenerate: {error}", file=sys.stderr)
        return 1
    return _check(planned) if args.check else _write(planned)


def _check(planned: build.Plan) -> int:
    found = build.differences(files.ROOT, planned)
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("Nothing there is edited by hand. Run `make regenerate` and commit.", file=sys.stderr)
        return 1
    print(f"{files.GENERATED} is what the script makes: {len(planned.wanted)} files")
    return 0


def _write(planned: build.Plan) -> int:
    changed = build.write(files.ROOT, planned)
    for name in changed:
        print(f"{name}: written")
    if not changed:
        print("unchanged: not a byte differs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
