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

from typing import TYPE_CHECKING, Any

from attrs import frozen

from .catalog import Catalog, Feature, Rule, Severity

if TYPE_CHECKING:
    from ..requests.image_to_video import ImageToVideo

__all__ = ["Judge", "Problem", "problems"]


@frozen
class Problem:
    """Something about a request that a rule objects to.

    Attributes:
        field: The argument of `ImageToVideo` concerned.
        rule: The rule's name; what ``allow`` takes.
        severity: ``"contract"``, ``"capability"`` or ``"advice"``.
        message: What is wrong, and what would be right.
        source: Who says so, and when.
    """

    field: str
    rule: str
    severity: Severity
    message: str
    source: str

    @property
    def is_error(self) -> bool:
        """Whether the request is refused because of it."""
        return self.severity != "advice"

    def __str__(self) -> str:
        return f"{self.field}: {self.message} [{self.severity} {self.rule}: {self.source}]"


class Judge:
    """Collects what rules object to. Each check is handed one.

    Attributes:
        catalog: The catalogue in force.
        found: The problems so far.
    """

    def __init__(self, catalog: Catalog, allow: frozenset[str]) -> None:
        self.catalog = catalog
        self.found: list[Problem] = []
        self._allow = allow

    def object_(self, rule: str, field: str, message: str, feature: Feature | None = None) -> None:
        """Note an objection.

        Args:
            rule: The rule's name in the catalogue.
            field: The argument concerned.
            message: What is wrong, and what would be right.
            feature: The row of the catalogue that decided, when it was one: its source is cited.
        """
        row = self.catalog.rules[rule]
        severity, said = self._weighed(row)
        disputed = feature.disputed if feature is not None else row.disputed
        cited = feature.cited if feature is not None and feature.source else row.cited
        text = message + (f" Disputed: {disputed}." if disputed else "") + said
        self.found.append(Problem(field, rule, severity, text, cited))

    def advise(self, rule: str, field: str, message: str, feature: Feature) -> None:
        """Note as advice what the catalogue lets through although it is disputed."""
        text = f"{message} Disputed: {feature.disputed}."
        self.found.append(Problem(field, rule, "advice", text, feature.cited))

    def limit(self, name: str) -> Any:
        """A number of the catalogue."""
        return self.catalog.limits[name]

    def _weighed(self, row: Rule) -> tuple[Severity, str]:
        """How a rule stands for this request, and what to say about that."""
        if row.severity != "capability":
            return row.severity, ""
        if row.name in self._allow:
            return "advice", " Let through by allow."
        return "capability", f" To send it all the same: allow={{{row.name!r}}}."


def problems(request: ImageToVideo, catalog: Catalog | None = None) -> list[Problem]:
    """Everything about a request that a rule objects to, errors first.

    Args:
        request: The request.
        catalog: The catalogue to go by; the bundled one when left out.
    """
    from .checks import ALL

    judge = Judge(catalog or Catalog.bundled(), request.allow)
    for check in ALL:
        check(request, judge)
    return sorted(judge.found, key=lambda problem: not problem.is_error)
