"""Voices and spoken prompts. The public door to ``builders/voice.py``."""

from .builders.voice import *  # noqa: F403  (listed there, in __all__)
