"""Paths that a region follows. The public door to ``builders/paths.py``."""

from .builders.paths import *  # noqa: F403  (listed there, in __all__)
