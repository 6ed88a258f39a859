"""Regions of a picture. The public door to ``builders/regions.py``."""

from .builders.regions import *  # noqa: F403  (listed there, in __all__)
