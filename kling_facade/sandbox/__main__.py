"""``python -m kling_facade.sandbox``: a gateway on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Sequence

from .options import DESCRIPTION, add_options, settings
from .serve import serve

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None, stop: threading.Event | None = None) -> int:
    """Serve until Ctrl-C, SIGTERM or ``stop``.

    Args:
        arguments: The command line without the program's name; left out, the real one.
        stop: Ends the program when set.

    Returns:
        The exit code: 0, or 1 when the sandbox can't start.
    """
    parser = argparse.ArgumentParser(prog="python -m kling_facade.sandbox", description=DESCRIPTION)
    add_options(parser)
    return serve(settings(parser.parse_args(arguments)), stop)


if __name__ == "__main__":
    raise SystemExit(main())
