"""What a document means for the facade: what it reaches, what it can't reach yet, what broke."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from .. import files
from ..contract import walk
from ..page.facts import STATED, effective

__all__ = [
    "CATALOG",
    "OVERLAY_FILE",
    "TABLE",
    "Table",
    "add_field",
    "add_operation",
    "disagreements",
    "file_of",
    "gaps",
    "load",
    "of_page",
    "schema_field",
    "schema_of",
    "unresolved",
    "values_of",
]

TABLE: Final = Path("openapi/facade.toml")
CATALOG: Final = Path("kling_facade/catalog/catalog.toml")
OVERLAY_FILE: Final = files.OVERLAY.as_posix()
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

    def part(self, field: walk.Field) -> str | None:
        """The part of the facade that reaches a field, or ``None``."""
        group = "answer" if field.part == "answer" else f"{field.part} {field.operation}"
        name = field.name if field.part != "answer" else schema_field(field.name)
        return self.fields.get(group, {}).get(name)

    def reads(self, name: str) -> bool:
        """Whether the facade reads a field of an answer, by its own name."""
        leaf = name.replace("[]", "").rpartition(".")[2]
        return leaf in {known.rpartition(".")[2] for known in self.fields.get("answer", {})}

    def excused(self, field: walk.Field) -> bool:
        """Whether a field is left out on purpose, or one that holds it."""
        names = [field.name, *_outer(field.name)]
        forms = (f"{lead}{name}" for name in names for lead in ("", *_leads(field.operation)))
        return not self.left_out.keys().isdisjoint(forms)


def _leads(operation: str) -> tuple[str, str]:
    return f"{operation} ", f"{operation} body."


def _outer(name: str) -> list[str]:
    """The fields that hold a field, the nearest first: ``a[].b.c`` is in ``a[].b`` and in ``a``."""
    found = []
    while "." in name:
        name = name.rpartition(".")[0].removesuffix("[]")
        found.append(name)
    return found


def schema_field(name: str) -> str:
    """The last two words of a field of an answer: ``TaskEnvelope.data``."""
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


def of_page(advice: str, page: str) -> str:
    """Advice with the overlay of the page that it is about."""
    return advice.replace(OVERLAY_FILE, files.overlay(page).as_posix())


# --- coverage -------------------------------------------------------------------------------------


def gaps(document: Mapping[str, Any], table: Table) -> list[str]:
    """What of the contract nothing in the facade reaches: the name, and where to add it."""
    found: list[str] = []
    for operation in walk.operations(document):
        if operation in table.left_out:
            continue
        if operation not in table.operations:
            found.append(f"{operation}: {add_operation(operation)}")
            continue
        for field in _unreached(document, operation, table):
            place = f"{operation}: {field.part} field {field.name}"
            found.append(f"{place}: {add_field(field, table)}")
    return list(dict.fromkeys(found))


def _unreached(document: Mapping[str, Any], operation: str, table: Table) -> Iterator[walk.Field]:
    """Fields that nothing reaches, without those inside another such field."""
    outer = "\0"
    for field in dict.fromkeys(walk.fields(document, operation)):
        inside = field.name.startswith((outer + ".", outer + "[]"))
        if not inside and not table.part(field) and not table.excused(field):
            outer = field.name
            yield field


def add_operation(operation: str) -> str:
    """Where to add an operation."""
    return (
        f"no part of the facade calls it. Add a method to kling_facade/client/async_kling.py (a "
        f"name for the operation to {OVERLAY_FILE}), then '{operation}' to [operations] in "
        f"{TABLE}; or to [left_out] there."
    )


def add_field(field: walk.Field, table: Table) -> str:
    """Where to add a field."""
    leaf = field.name.rsplit(".", 1)[-1]
    row = f"then name it in {TABLE}"
    if field.part == "request":
        now = (
            f' Until then: ImageToVideo(..., extra={{"{leaf}": ...}}).'
            if "." not in field.name
            else ""
        )
        return f"nothing in the facade sets it. Add it to {_home(field, table)}, {row}.{now}"
    if field.part == "parameter":
        part = table.operations[field.operation].partition(":")
        return f"nothing in the facade sets it. Add it to {part[2]} in {file_of(part[0])}, {row}."
    return f"nothing in the facade reads it. Add it to kling_facade/gateway/task.py, {row}."


def _home(field: walk.Field, table: Table) -> str:
    """The file that carries a field's nearest known relative."""
    group = table.fields.get(f"request {field.operation}", {})
    parent = field.name
    while "." in parent:
        parent = parent.rpartition(".")[0].removesuffix("[]")
        inner = [
            part for name, part in group.items() if name.startswith((parent + ".", parent + "[]."))
        ]
        if inner:
            return f"{file_of(inner[0])} and to_body() in kling_facade/builders/values.py"
    return "RequestValues and its to_body() in kling_facade/builders/values.py"


def file_of(part: str) -> str:
    """The file of a part or module."""
    return part.partition(":")[0].replace(".", "/") + ".py"


def unresolved(table: Table) -> list[str]:
    """Names in the table that the code does not have."""
    found = []
    rows = {
        **table.operations,
        **{n: p for group in table.fields.values() for n, p in group.items()},
    }
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


def disagreements(
    published: Mapping[str, Any], document: Mapping[str, Any], table: Table
) -> list[str]:
    """Facts of the page that the contract does not repeat: bounds, enumerations, versions.

    The overlay adds to the page and may know more values; it may never know fewer, nor other
    bounds.
    """
    found = _unknown_models(published, table)
    ours = walk.operations(document)
    for name in walk.operations(published):
        if name in ours and name in table.operations:
            said, has = walk.body_schema(published, name), walk.body_schema(document, name)
            found += _differing(said, has, f"{name} body")
            found += _unknown_answers(published, name, table)
    return found


def _unknown_models(published: Mapping[str, Any], table: Table) -> list[str]:
    """Models that the page names and the catalogue does not."""
    named = published.get(STATED, {}).get("models", [])
    fresh = [name for name in named if table.models is not None and name not in table.models]
    return [
        f"the page names the model {name}, {CATALOG} does not: add a row there" for name in fresh
    ]


def _unknown_answers(published: Mapping[str, Any], operation: str, table: Table) -> list[str]:
    """Fields of answers that the page describes and the facade does not read."""
    fields = walk.fields(published, operation)
    names = dict.fromkeys(field.name for field in fields if field.part == "answer")
    return [
        f"{operation}: the page describes the answer's field {name}, which the facade does "
        f"not read: "
        f"add it to the envelopes in {OVERLAY_FILE}, to kling_facade/gateway/task.py and to {TABLE}"
        for name in names
        if not table.reads(name)
    ]


def schema_of(document: Mapping[str, Any], operation: str, name: str) -> Mapping[str, Any]:
    """The schema of a request's field, such as ``dynamic_masks[].mask``; empty if there is none."""
    schema: Any = walk.body_schema(document, operation)
    for piece in name.split("."):
        schema = schema.get("properties", {}).get(piece.removesuffix("[]"), {})
        schema = walk.followed(document, schema)
        schema = schema.get("items", {}) if piece.endswith("[]") else schema
    return schema if isinstance(schema, Mapping) else {}


def _differing(said: Any, has: Any, at: str) -> Iterator[str]:
    facts = effective(said)
    for key in ("maxLength", "maxItems", "minLength", "minItems", "maximum", "minimum"):
        if key in facts and has.get(key) != facts[key]:
            yield (
                f"{at}: the page says {key} {facts[key]}, the contract "
                f"{has.get(key, 'nothing')}: {_OVERLAY}"
            )
    known = values_of(has)
    fresh = [value for value in facts.get("enum", []) if known is not None and value not in known]
    if fresh:
        yield (
            f"{at}: the page lists {', '.join(map(str, fresh))}, the contract does not: {_OVERLAY}"
        )
    for key, own in (("since", "x-since"), ("notFor", "x-not-for"), ("mentions", "x-mentions")):
        stated = said.get(STATED, {}).get(key)
        if stated is not None and has.get(own) != stated:
            yield (
                f"{at}: the page says {key} {stated}, the contract "
                f"{has.get(own, 'nothing')}: {_OVERLAY}"
            )
    for name, inner in said.get("properties", {}).items():
        if name in has.get("properties", {}):
            yield from _differing(inner, has["properties"][name], f"{at}.{name}")
    if "items" in said and "items" in has:
        yield from _differing(said["items"], has["items"], at + "[]")


_OVERLAY: Final = f"change the action on it in {OVERLAY_FILE}, and what the facade makes of it"


def values_of(schema: Mapping[str, Any]) -> list[Any] | None:
    """Every value that an enumeration lists, also inside ``anyOf``; ``None`` if none is listed."""
    lists = [schema.get("enum"), *(inner.get("enum") for inner in schema.get("anyOf", []))]
    found = [values for values in lists if values is not None]
    return [value for values in found for value in values] if found else None
