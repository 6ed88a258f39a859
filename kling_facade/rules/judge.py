"""Weighs what rules object to: how strict a rule is for this request, and who says so."""

from __future__ import annotations

from typing import Any

from ..catalog import Catalog, Feature, Rule
from ..errors import Problem, Severity

__all__ = ["Judge"]


class Judge:
    """Collects what rules object to. Each check is handed one.

    Attributes:
        catalog: The catalogue in force.
        found: The problems so far.
        on_loopback: Whether the gateway runs on this machine, and so reaches its addresses.
    """

    def __init__(
        self, catalog: Catalog, allow: frozenset[str], *, on_loopback: bool = False
    ) -> None:
        self.catalog = catalog
        self.on_loopback = on_loopback
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
        self.found.append(Problem(field, rule, severity, _printable(text), cited))

    def advise(self, rule: str, field: str, message: str, feature: Feature) -> None:
        """Note as advice what the catalogue lets through although it is disputed."""
        text = f"{message} Disputed: {feature.disputed}."
        self.found.append(Problem(field, rule, "advice", _printable(text), feature.cited))

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


def _printable(text: str) -> str:
    """A message that any terminal or log can take, whatever text of the user's it quotes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
