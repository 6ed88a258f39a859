"""Paths that a region follows. The public door to ``builders/paths.py``."""

from typing import TYPE_CHECKING

from .builders.paths import *  # noqa: F403  (listed there, in __all__)

if not TYPE_CHECKING:  # for type checkers a wrong name stays an error
    from .builders.paths import __getattr__ as __getattr__
