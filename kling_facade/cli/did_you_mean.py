"""A parser of command lines whose errors name the nearest option, command or choice."""

from __future__ import annotations

import argparse
import difflib
import re
from typing import NoReturn

__all__ = ["Parser"]


class Parser(argparse.ArgumentParser):
    """Adds "did you mean" to errors about unknown options, commands and choices."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the error with a suggestion, then exit with code 2."""
        super().error(message + self._suggestion(message))

    def _suggestion(self, message: str) -> str:
        # The forms of argparse's errors: "unrecognized arguments: --promt fox" and "argument
        # --exist: invalid choice: 'overwright' (choose from 'error', 'skip', 'overwrite')".
        if choice := re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message):
            wrong, known = [choice[1]], re.findall(r"[\w-]+", choice[2])
        else:
            wrong = re.findall(r"--[\w-]+", message.partition("unrecognized arguments: ")[2])
            known = re.findall(r"--[a-z][a-z-]+", self.format_help())
        near = [match for word in wrong for match in difflib.get_close_matches(word, known, n=1)]
        return f"\nDid you mean {near[0]}?" if near else ""
