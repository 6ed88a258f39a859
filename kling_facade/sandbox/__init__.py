"""A gateway on this machine: Kling's routes, rules, codes and job life, and a film at the end.

    from kling_facade.sandbox import Sandbox

    with Sandbox(speed=60) as sandbox:
        print(sandbox.base_url, sandbox.api_key)

It is a real HTTP server on loopback, for tests, demos and trying a request before paying for it.
Nothing it does leaves the machine. On a command line it is ``python -m kling_facade.sandbox``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra

if TYPE_CHECKING:
    from .exchange import Exchange
    from .jobs import Clock, Job
    from .sandbox import Sandbox

__all__ = ["Clock", "Exchange", "Job", "Sandbox", "faults"]

_HOMES = {"Sandbox": "sandbox", "Clock": "jobs", "Job": "jobs", "Exchange": "exchange"}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, or say which packages are missing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        if name == "faults":
            return import_module(".faults", __name__)
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    except ModuleNotFoundError as missing:
        raise MissingExtra(
            f"the sandbox needs the package {missing.name!r}",
            hint="pip install 'kling-facade[sandbox]'",
        ) from missing
