"""Reading callbacks. The public door to ``gateway/callbacks.py``."""

from .gateway.callbacks import *  # noqa: F403  (listed there, in __all__)
