"""Voices and spoken prompts. The public door to ``builders/voice.py``."""

from typing import TYPE_CHECKING

from .builders.voice import *  # noqa: F403  (listed there, in __all__)

if not TYPE_CHECKING:  # for type checkers a wrong name stays an error
    from .builders.voice import __getattr__ as __getattr__
