"""Regions of a picture. The public door to ``builders/regions.py``."""

from typing import TYPE_CHECKING

from .builders.regions import *  # noqa: F403  (listed there, in __all__)

if not TYPE_CHECKING:  # for type checkers a wrong name stays an error
    from .builders.regions import __getattr__ as __getattr__
