"""What a document means for the facade: what it reaches, what it can't reach yet, what broke."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import evolve, frozen

from . import contract
from .changes import Change, effective
from .facts import STATED

__all__ = ["TABLE", "Table", "disagreements", "gaps", "judge", "load"]

TABLE: Final = Path("openapi/facade.toml")
CATALOG: Final = Path("kling_facade/catalog.toml")
_CREATE: Final = "POST /kling/v1/videos/image2video"
_ABSENT: Final = object()


@frozen
class Table:
    """The table of what reaches what, and what else the facade's data says.

    Attributes:
        operations: Part by operation.
        fields: Part by kind of field, then by name.
        always: Fields that every request carries, by operation.
        left_out: Reasons, by what is left out on purpose.
        models: The models of the facade's catalogue; ``None`` if there is none to read.
    """

    operations: Mapping[str, str]
    fields: Mapping[str, Mapping[str, str]]
    always: Mapping[str, list[str]]
    left_out: Mapping[str, str]
    models: frozenset[str] | None

    def part(self, field: contract.Field) -> str | None:
        """The part of the facade that reaches a field, or ``None``."""
        group = "answer" if field.part == "answer" else f"{field.part} {field.operation}"
        name = field.name if field.part != "answer" else _schema_field(field.name)
        return self.fields.get(group, {}).get(name)

    def excused(self, field: contract.Field) -> bool:
        """Whether a field is left out on purpose."""
        return bool({field.name, f"{field.operation} {field.name}", f"{field.operation} body.{field.name}"} & self.left_out.keys())


def _schema_field(name: str) -> str:
    """``TaskEnvelope.data`` of whatever stands in front of it."""
    parts = [part for part in name.replace("[]", "").split(".") if part]
    return ".".join(parts[-2:])


def load(root: Path) -> Table:
    """The table of this repository."""
    data = tomllib.loads((root / TABLE).read_text(encoding="utf-8"))
    known = ("operations", "always", "left_out")
    return Table(
        data["operations"],
        {name: group for name, group in data.items() if name not in known},
        data["always"],
        data["left_out"],
        _models(root),
    )


def _models(root: Path) -> frozenset[str] | None:
    path = root / CATALOG
    if not path.is_file():
        return None
    found = tomllib.loads(path.read_text(encoding="utf-8")).get("models", {})
    return frozenset(found if isinstance(found, dict) else (row["name"] for row in found))


# --- coverage -------------------------------------------------------------------------------------


def gaps(document: Mapping[str, Any], table: Table) -> list[str]:
    """What of the contract nothing in the facade reaches: the name, and where to add it."""
    found = []
    for operation in contract.operations(document):
        if operation in table.left_out:
            continue
        if operation not in table.operations:
            found.append(f"{operation}: {_add_operation(operation)}")
            continue
        for field in dict.fromkeys(contract.fields(document, operation)):
            if not table.part(field) and not table.excused(field):
                found.append(f"{operation}: {field.part} field {field.name}: {_add_field(field, table)}")
    return list(dict.fromkeys(found))


def _add_operation(operation: str) -> str:
    return (
        f"no part of the facade calls it. Add a method to kling_facade/client.py (a name for the operation "
        f"to openapi/overlay.yaml), then '{operation}' to [operations] in {TABLE}; or to [left_out] there."
    )


def _add_field(field: contract.Field, table: Table) -> str:
    leaf = field.name.rsplit(".", 1)[-1]
    row = f"then name it in {TABLE}"
    if field.part == "request":
        now = f' Until then: ImageToVideo(..., extra={{"{leaf}": ...}}).' if "." not in field.name else ""
        return f"nothing in the facade sets it. Add it to {_home(field, table)}, {row}.{now}"
    if field.part == "parameter":
        part = table.operations[field.operation].partition(":")
        return f"nothing in the facade sets it. Add it to {part[2]} in {_file(part[0])}, {row}."
    return f"nothing in the facade reads it. Add it to kling_facade/task.py, {row}."


def _home(field: contract.Field, table: Table) -> str:
    """The file that carries a field's nearest known relative."""
    group = table.fields.get(f"request {field.operation}", {})
    parent = field.name
    while "." in parent:
        parent = parent.rpartition(".")[0].removesuffix("[]")
        inner = [part for name, part in group.items() if name.startswith(parent + ".") or name.startswith(parent + "[].")]
        if inner:
            module, _, name = inner[0].partition(":")
            return f"{_file(module)} ({name.partition('.')[0]}) and to_body() in kling_facade/request.py"
    return "ImageToVideo and its to_body() in kling_facade/request.py"


def _file(module: str) -> str:
    return module.replace(".", "/") + ".py"


def unresolved(table: Table) -> list[str]:
    """Names in the table that the code does not have."""
    found = []
    rows = {**table.operations, **{n: p for group in table.fields.values() for n, p in group.items()}}
    for name, part in rows.items():
        if not _exists(part):
            found.append(f"{name} = {part!r} in {TABLE}: there is no such part")
    return found


def _exists(part: str) -> bool:
    module, _, name = part.partition(":")
    if importlib.util.find_spec(module) is None:
        return False
    value: Any = importlib.import_module(module)
    for piece in name.split("."):
        value = getattr(value, piece, _declared(value).get(piece, _ABSENT))
        if value is _ABSENT:
            return False
    return True


def _declared(value: Any) -> Mapping[str, Any]:
    """What instances of a class have: its annotations and what its constructor takes."""
    if not inspect.isclass(value):
        return {}
    return {**inspect.signature(value.__init__).parameters, **inspect.get_annotations(value)}


# --- stated facts against the contract ------------------------------------------------------------


def disagreements(published: Mapping[str, Any], document: Mapping[str, Any], table: Table) -> list[str]:
    """Facts of the page that the contract does not repeat: bounds, enumerations, versions.

    The overlay adds to the page and may know more values; it may never know fewer, nor other bounds.
    """
    found: list[str] = []
    ours = contract.operations(document)
    for name, operation in contract.operations(published).items():
        if name in ours and name in table.operations:
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            own = ours[name].get("requestBody", {}).get("content", {}).get("application/json", {})
            found += _differing(body.get("schema", {}), own.get("schema", {}), f"{name} body", table)
    return found


def _differing(said: Any, has: Any, at: str, table: Table) -> Iterator[str]:
    facts = effective(said)
    for key in ("maxLength", "maxItems", "minLength", "minItems", "maximum", "minimum"):
        if key in facts and has.get(key) != facts[key]:
            yield f"{at}: the page says {key} {facts[key]}, the contract {has.get(key, 'nothing')}: {_OVERLAY}"
    known = _values(has)
    fresh = [value for value in facts.get("enum", []) if known is not None and value not in known]
    if fresh:
        yield f"{at}: the page lists {', '.join(map(str, fresh))}, the contract does not: {_OVERLAY}"
    for key, own in (("since", "x-since"), ("notFor", "x-not-for"), ("mentions", "x-mentions")):
        stated = said.get(STATED, {}).get(key)
        if stated is not None and has.get(own) != stated:
            yield f"{at}: the page says {key} {stated}, the contract {has.get(own, 'nothing')}: {_OVERLAY}"
    for name, inner in said.get("properties", {}).items():
        if name in has.get("properties", {}):
            yield from _differing(inner, has["properties"][name], f"{at}.{name}", table)
    if "items" in said and "items" in has:
        yield from _differing(said["items"], has["items"], at + "[]", table)


_OVERLAY: Final = "change the action on it in openapi/overlay.yaml, and what the facade makes of it"


def _values(schema: Mapping[str, Any]) -> list[Any] | None:
    """Every value that an enumeration lists, also inside ``anyOf``; ``None`` if none is listed."""
    lists = [schema.get("enum"), *(inner.get("enum") for inner in schema.get("anyOf", []))]
    found = [values for values in lists if values is not None]
    return [value for values in found for value in values] if found else None


# --- judging changes ------------------------------------------------------------------------------


def judge(changes: list[Change], table: Table, document: Mapping[str, Any] | None = None) -> list[Change]:
    """Say of each change what it means for the facade, and what to do.

    Args:
        changes: What changed in the published page or in the contract.
        table: What reaches what.
        document: The contract as it stands, for values that it already lists.
    """
    return [_Judge(table, document or {}).on(change) for change in changes]


@frozen
class _Judge:
    table: Table
    document: Mapping[str, Any]

    def on(self, change: Change) -> Change:
        verdict, todo = self._verdict(change)
        return evolve(change, facade=verdict, todo=todo)

    def _verdict(self, change: Change) -> tuple[Any, str]:
        if change.level == "patch":
            return "covered", ""
        if not change.operation:
            return self._document(change)
        if change.operation not in self.table.operations:
            return "missing", _add_operation(change.operation)
        if change.kind == "operation removed":
            return "broken", f"{self.table.operations[change.operation]} calls it: take it out, and out of {TABLE}."
        part, _, name = change.path.partition(".")
        if part == "body" and name:
            return self._request(change, name)
        if part in ("query", "path", "header", "cookie"):
            return self._parameter(change)
        return self._answer(change)

    def _document(self, change: Change) -> tuple[Any, str]:
        if change.breaks and change.kind == "server changed":
            return "broken", "CHAINHUB in kling_facade/gateway.py still has the old address: set the new one."
        if change.breaks:
            return "broken", "kling_facade/credentials.py authenticates the old way: see what is wanted now."
        return "covered", ""

    def _request(self, change: Change, name: str) -> tuple[Any, str]:
        field = contract.Field(change.operation, "request", name)
        part = self.table.part(field)
        if part is None:
            return ("covered", "") if self.table.excused(field) else ("missing", _add_field(field, self.table))
        if change.kind == "enum value gained":
            return self._gained(change, name, part)
        if change.kind == "required now":
            if name in self.table.always.get(change.operation, []):
                return "covered", ""
            return "broken", f"the facade may leave it out: make {part} send it always."
        if change.kind in ("bound loosened", "default changed") and not change.breaks:
            return self._loosened(change, part)
        if change.breaks:
            return "broken", f"{part} sends it as it was: see {_file(part.partition(':')[0])} and openapi/overlay.yaml."
        return "covered", ""

    def _gained(self, change: Change, name: str, part: str) -> tuple[Any, str]:
        listed = _values(self._schema(change.operation, name)) or []
        fresh = [value for value in change.values if listed and value not in listed]
        if name == "model_name" and self.table.models is not None:
            fresh += [v for v in change.values if v not in self.table.models and v not in fresh]
        if not fresh:
            return "covered", ""
        values = ", ".join(map(str, fresh))
        rows = f"a row in {CATALOG} and " if name == "model_name" else ""
        return "missing", f"{part} does not know {values}: add {rows}the value to its action in openapi/overlay.yaml."

    def _loosened(self, change: Change, part: str) -> tuple[Any, str]:
        if change.kind == "default changed":
            return "covered", ""
        return "missing", (
            f"{part} keeps the narrower bound: change the action in openapi/overlay.yaml, and the rule in "
            f"kling_facade/rules.py or {CATALOG} where there is one."
        )

    def _schema(self, operation: str, name: str) -> Mapping[str, Any]:
        found = contract.operations(self.document).get(operation, {})
        content = found.get("requestBody", {}).get("content", {})
        schema: Any = content.get("application/json", {}).get("schema", {})
        for piece in name.split("."):
            schema = schema.get("properties", {}).get(piece.removesuffix("[]"), {})
            schema = schema.get("items", {}) if piece.endswith("[]") else schema
        return schema if isinstance(schema, Mapping) else {}

    def _parameter(self, change: Change) -> tuple[Any, str]:
        field = contract.Field(change.operation, "parameter", change.path)
        if self.table.part(field) is None and not self.table.excused(field):
            return "missing", _add_field(field, self.table)
        return ("broken", f"{self.table.part(field)} sends it as it was.") if change.breaks else ("covered", "")

    def _answer(self, change: Change) -> tuple[Any, str]:
        """The facade reads answers as the overlay shapes them, and tolerates more and less than that."""
        if change.kind == "property added" and change.operation == _CREATE:
            return "missing", (
                "The page describes its answer now. See that the envelope in openapi/overlay.yaml fits it; "
                "if it does, take its fields into the overlay."
            )
        if "sends" in change.breaks or change.kind == "media type changed":
            return "broken", "see kling_facade/client.py and kling_facade/dialect.py."
        if change.breaks:
            return "broken", "see that kling_facade/dialect.py still reads such an answer."
        return "covered", ""
