"""What each change means for the facade, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import evolve, frozen

from .. import files
from ..contract import walk
from .changes import UNSEEN, Change, Facade
from .facade import (
    CATALOG,
    OVERLAY_FILE,
    TABLE,
    Table,
    add_field,
    add_operation,
    file_of,
    of_page,
    schema_of,
    values_of,
)

__all__ = ["judge"]

_GATEWAY: Final = "kling_facade/gateway/gateway.py"
_UPPER: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
_READ_HEADERS: Final = ("retry-after", "date", "location")
_HEADER_ADVICE: Final = "kling_facade/wire/answers.py reads this header: see what it means now."
_Judgement = tuple[Facade, str]
_FINE: Final[_Judgement] = ("covered", "")


def judge(
    changes: list[Change], table: Table, document: Mapping[str, Any], page: str = files.MAIN
) -> list[Change]:
    """Say of each change what it means for the facade, and what to do.

    Args:
        changes: What changed in the published page or in the contract.
        table: What reaches what.
        document: The contract as it stands: what the facade keeps to today.
        page: The page that changed.
    """
    judged = [_Judge(table, document).on(change) for change in changes]
    return [evolve(change, todo=of_page(change.todo, page)) for change in judged]


@frozen
class _Judge:
    table: Table
    document: Mapping[str, Any]

    def on(self, change: Change) -> Change:
        verdict, todo = self._judgement(change)
        return evolve(change, facade=verdict, todo=todo)

    def _judgement(self, change: Change) -> _Judgement:
        if change.level == "patch":
            return _FINE
        if unclear := self._unclear(change):
            return "unclear", unclear
        if change.kind == "security changed":
            return self._security(change)
        if not change.operation:
            return self._document(change)
        if change.operation not in self.table.operations:
            return self._unknown_operation(change)
        if change.kind == "operation removed":
            return "broken", (
                f"{self.table.operations[change.operation]} calls it. If it moved, change "
                f"the actions "
                f"on it in {OVERLAY_FILE}; if it is gone, take it out there, in the facade "
                f"and in {TABLE}."
            )
        part, _, name = change.path.partition(".")
        if part == "body" and name:
            return self._request(change, name)
        if part in ("query", "path", "header", "cookie"):
            return self._parameter(change)
        return self._answer(change)

    def _unclear(self, change: Change) -> str:
        """What a person has to do about a change that no program can judge, if it is one."""
        known = not change.operation or change.operation in self.table.operations
        if change.kind == UNSEEN:
            return "no comparison knows this fact: read the page, and teach it to scripts/specpipe."
        if change.kind == "statement gone" and known:
            return (
                f"read the page: if the rule was lifted, loosen the field's action in "
                f"{OVERLAY_FILE} and the rule in {CATALOG}; if it stands there in other words, "
                f"teach them to scripts/specpipe/page/prose.py."
            )
        asked = not change.path[:1].isdigit()  # a default in an answer asks nobody for anything
        if change.kind == "default changed" and asked and known:
            return (
                "a request that leaves the field out may mean something else now. The facade never "
                "sends a default by itself: read the page, and decide whether its rules or its "
                "prices follow."
            )
        return ""

    # --- outside of fields ---

    def _security(self, change: Change) -> _Judgement:
        """The facade always sends a bearer token: one way in which that is enough will do."""
        enough = any(set(way) <= {"bearer"} for way in change.values)
        if enough or not change.breaks:
            return _FINE
        what = "authenticates with a bearer token: see what the gateway wants now."
        return "broken", f"kling_facade/gateway/credentials.py {what}"

    def _document(self, change: Change) -> _Judgement:
        if change.kind == "model named":
            known = self.table.models is None or set(change.values) <= self.table.models
            return _FINE if known else ("missing", f"add a row for it to {CATALOG}.")
        if change.breaks:
            return "broken", (
                f"CHAINHUB in {_GATEWAY} still has the old address: set the new one, if it "
                f"is https "
                "and the gateway's own."
            )
        return _FINE

    def _unknown_operation(self, change: Change) -> _Judgement:
        if change.kind == "operation removed" or change.operation in self.table.left_out:
            return _FINE
        return "missing", add_operation(change.operation)

    # --- fields ---

    def _request(self, change: Change, name: str) -> _Judgement:
        field = walk.Field(change.operation, "request", name)
        part = self.table.part(field)
        if part is None:
            unsent = change.kind in ("property removed", "property renamed")
            fine = unsent or self.table.excused(field)
            return _FINE if fine else ("missing", add_field(field, self.table))
        if change.kind == "enum value gained":
            return self._gained(change, name, part)
        if change.kind == "bound loosened":
            return self._loosened(change, name, part)
        if not change.breaks or self._kept(change, name):
            return _FINE
        return "broken", self._broken(change, name, part)

    def _gained(self, change: Change, name: str, part: str) -> _Judgement:
        listed = values_of(schema_of(self.document, change.operation, name))
        fresh = [value for value in change.values if listed is not None and value not in listed]
        if name == "model_name" and self.table.models is not None:
            fresh += [v for v in change.values if v not in self.table.models and v not in fresh]
        if not fresh:
            return _FINE
        values = ", ".join(map(str, fresh))
        rows = (
            f"a row to {CATALOG}, its name to KnownModel in kling_facade/builders/values.py, and "
            if name == "model_name"
            else ""
        )
        return "missing", (
            f"{part} does not know {values}: add {rows}the value to the field's action in "
            f"{OVERLAY_FILE}."
        )

    def _loosened(self, change: Change, name: str, part: str) -> _Judgement:
        key = change.what.partition(" ")[0]
        if key not in schema_of(self.document, change.operation, name):
            return _FINE
        return "missing", (
            f"{part} keeps the narrower bound: change the field's action in {OVERLAY_FILE}, "
            f"and the rule "
            f"in {CATALOG} where there is one."
        )

    def _kept(self, change: Change, name: str) -> bool:
        """Whether the facade keeps to the new rule already."""
        schema = schema_of(self.document, change.operation, name)
        if change.kind == "required now":
            return self._always_sent(change.operation, name)
        if change.kind == "bound tightened":
            return _within(change.what, schema)
        if change.kind == "enum value lost" and change.what.startswith("only "):
            listed = values_of(schema)
            return listed is not None and set(listed) <= set(change.values)
        return False

    def _always_sent(self, operation: str, name: str) -> bool:
        if name in self.table.always.get(operation, []):
            return True
        outer, _, leaf = name.rpartition(".")
        holder = schema_of(self.document, operation, outer) if outer else {}
        return leaf in holder.get("required", [])

    def _broken(self, change: Change, name: str, part: str) -> str:
        file = file_of(part)
        renamed = change.values[0] if change.values else ""
        advice = {
            "property removed": (
                f"{part} still sends it. Take it out of {file}, of {TABLE}, and its action "
                f"out of {OVERLAY_FILE}."
            ),
            "property renamed": (
                f"{part} still sends {name}. If the guess is right, let to_body() in "
                f"kling_facade/builders/values.py send {renamed}, and rename it in "
                f"{TABLE} and {OVERLAY_FILE}."
            ),
            "property retyped": f"{part} still sends the old type: change {file} and its "
            f"action in {OVERLAY_FILE}.",
            "required now": f"{part} may leave it out: let every request carry it, and list "
            f"it under [always] in {TABLE}.",
            "bound tightened": f"{part} lets more through: change its action in "
            f"{OVERLAY_FILE} and its rule in {CATALOG}.",
            "enum value lost": f"{part} still offers it: mark it in {CATALOG}, or take it "
            f"out of its action in {OVERLAY_FILE}.",
            "version limit changed": f"{part} follows the old limit: change {CATALOG} and "
            f"its action in {OVERLAY_FILE}.",
        }
        return advice.get(change.kind, f"{part} sends it as it was: see {file} and {OVERLAY_FILE}.")

    def _parameter(self, change: Change) -> _Judgement:
        field = walk.Field(change.operation, "parameter", change.path)
        part = self.table.part(field)
        if part is None:
            unsent = change.kind == "property removed" or self.table.excused(field)
            return _FINE if unsent else ("missing", add_field(field, self.table))
        return (
            ("broken", f"{part} sends it as it was: see {file_of(part)}.")
            if change.breaks
            else _FINE
        )

    def _answer(self, change: Change) -> _Judgement:
        """The facade reads answers as the overlay shapes them, and takes more or less."""
        if change.path == "body" and change.kind in ("required now", "no longer required"):
            return _FINE  # every create carries a body
        name = change.path.partition(".header ")[2].partition(".")[0]
        if name:
            read = name.lower() in _READ_HEADERS
            return ("broken", _HEADER_ADVICE) if read and change.breaks else _FINE
        if "sends" in change.breaks:
            return (
                "broken",
                "see kling_facade/client/async_kling.py, and the operation's actions in the "
                "overlay.",
            )
        if change.kind == "property added":
            leaf = change.path.rpartition(".")[2]
            return _FINE if self.table.reads(leaf) else (
                "missing",
                f"the facade does not read {leaf} (`Task.raw` holds it): add it to the "
                f"envelopes in "
                f"{OVERLAY_FILE}, to kling_facade/gateway/task.py and to {TABLE}.",
            )  # fmt: skip
        if change.breaks:
            return "broken", "see that kling_facade/gateway/refusals.py still reads such an answer."
        return _FINE


def _within(what: str, schema: Mapping[str, Any]) -> bool:
    """Whether a schema keeps to a bound that a change names: ``maxLength none became 500: ...``."""
    key, _, rest = what.partition(" ")
    limit = rest.partition(" became ")[2].partition(":")[0]
    own = schema.get(key)
    if own is None or not limit.replace(".", "", 1).removeprefix("-").isdigit():
        return False
    return bool(own <= float(limit) if key in _UPPER else own >= float(limit))
