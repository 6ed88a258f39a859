"""A picture in, a video out: Kling's image-to-video API from Python.

    from kling_facade import Kling, ImageToVideo, camera

    with Kling() as kling:
        request = ImageToVideo("fox.png", prompt="the fox turns its head", camera=camera.zoom_in(4))
        kling.generate(request, to="fox.mp4", on_update=print)

Names are loaded on first use, so that importing the package costs next to nothing. They are listed
once, in ``__init__.pyi``.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; importing typing costs more than all else

if TYPE_CHECKING:
    from typing import Any

_homes: dict[str, tuple[str, str]] = {}


def _read_homes() -> dict[str, tuple[str, str]]:
    """Public names, each with its module and its name there, from the lines of the stub."""
    if not _homes:
        import pkgutil

        stub = (pkgutil.get_data(__name__, "__init__.pyi") or b"").decode()
        for line in stub.splitlines():
            if line.startswith("from "):
                _, module, _, name, _, public = line.split()
                _homes[public] = module, name
    return _homes


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name not in ("__all__", "__version__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")  # asked by machinery
    if name == "__all__":
        return sorted(_read_homes())
    if name not in _read_homes():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module, home_name = _homes[name]
    if module == ".":
        return importlib.import_module(f".{home_name}", __name__)
    value = getattr(importlib.import_module(module, __name__), home_name, None)
    if value is None:  # a module of a room, such as builders.motion
        value = importlib.import_module(f"{module}.{home_name}", __name__)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_read_homes()})
