"""Camera moves in film words. The public door to ``builders/camera.py``."""

from .builders.camera import *  # noqa: F403  (listed there, in __all__)
