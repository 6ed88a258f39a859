"""Rules that answer before money is spent.

`problems` looks at a whole request and lists everything at once. What each rule says, who says so
and how strict it is stands in the catalogue (``catalog.toml``); what it takes to see whether a
request keeps it is code, in ``checks/``.

Three severities:

* **contract**: the bundled document or this machine says no. Always refused.
* **capability**: public sources say that this model, mode, duration or combination can't. Refused,
  unless ``ImageToVideo(..., allow={"rule-name"})`` lets it through.
* **advice**: retired upstream, disputed, changed to fit, too small to be seen. Told, never refused.
"""

from __future__ import annotations

from ..builders.values import RequestValues
from ..catalog import Catalog
from ..errors import Problem
from .checks import ALL
from .judge import Judge

__all__ = ["problems"]


def problems(
    request: RequestValues, catalog: Catalog | None = None, *, on_loopback: bool = False
) -> list[Problem]:
    """Everything about a request that a rule objects to, errors first.

    Args:
        request: The request.
        catalog: The catalogue to go by; the bundled one when left out.
        on_loopback: Whether the gateway runs on this machine, as the sandbox does: it then reaches
            pictures and callbacks here.
    """
    judge = Judge(catalog or Catalog.bundled(), request.allow, on_loopback=on_loopback)
    for check in ALL:
        check(request, judge)
    return sorted(judge.found, key=lambda problem: not problem.is_error)
