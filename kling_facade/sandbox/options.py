"""The options of the sandbox on a command line: one list for the two commands that start it."""

from __future__ import annotations

import argparse
from typing import Any, Final

__all__ = ["DESCRIPTION", "add_options", "settings"]

DESCRIPTION: Final = (
    "Kling's image-to-video routes on this machine: real HTTP, real MP4 files, no network, no "
    "costs. Camera moves and motion brushes can be seen in the films."
)

_OPTIONS: Final[dict[str, dict[str, Any]]] = {  # by the name of the argument of Sandbox
    "port": {"type": int, "default": 8642, "help": "port on 127.0.0.1; 0 takes a free one"},
    "speed": {"type": float, "default": 60.0, "help": "times faster than real time"},
    "api_key": {"default": "sandbox-key", "help": "the key that is accepted"},
    "access_key": {"help": "issuer of signed tokens (JWT) to accept as well"},
    "secret_key": {"help": "what those tokens are signed with"},
    "slots": {"type": int, "help": "jobs that one model may run at once; left out, any number"},
    "fps": {"type": int, "default": 24, "help": "frames per second of the films"},
    "short_side": {"type": int, "help": "shorter side of the films (left out: std 720, pro 1080)"},
    "seed": {"type": int, "default": 0, "help": "the same seed gives the same durations of jobs"},
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the sandbox's options to a parser."""
    for name, option in _OPTIONS.items():
        default = f" (default: {option['default']})" if "default" in option else ""
        text = {"help": option["help"] + default}
        parser.add_argument(f"--{name.replace('_', '-')}", **option | text)


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `Sandbox` that a parsed command line asks for."""
    return {name: getattr(options, name) for name in _OPTIONS}
