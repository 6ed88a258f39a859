"""Camera moves in film words. The public door to ``builders/camera.py``."""

from typing import TYPE_CHECKING

from .builders.camera import *  # noqa: F403  (listed there, in __all__)

if not TYPE_CHECKING:  # for type checkers a wrong name stays an error
    from .builders.camera import __getattr__ as __getattr__
