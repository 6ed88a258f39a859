"""The vendor's own pages: Markdown whose tables say what OpenAPI would.

Each section of such a page is one operation: method and path in a list, then tables of header,
query, path and body fields (name, type, required, default, enum, description), notes on single
fields, and examples. The tables are put into the shape of an OpenAPI document with the lines of
the page, and read on as one: the same facts, the same refusals. Answers are shown by example only,
so that nothing but their existence is stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from attrs import define, field

from ..errors import PageError
from .nodes import Node

__all__ = ["address", "document", "is_tables"]

_METHOD = re.compile(r"[-*]\s*(?:Method|方法|请求方法)\s*[:\uff1a]\s*`?([A-Za-z]+)`?\s*")
_PATH = re.compile(r"[-*]\s*(?:Path|路径|请求路径|接口路径)\s*[:\uff1a]\s*`?([^`\s]+)`?\s*")
_AUTH = re.compile(r"[-*]\s*(?:Auth|鉴权)\s*[:\uff1a]\s*`?(.*?)`?\s*")
_HOST = re.compile(r"https://([a-z0-9.-]+)(?=/)")
_SOURCE = re.compile(r">\s*Source:\s*(https://\S+)\s*")
_NOTE = re.compile(r"[-*]\s*`([^`]+)`\s*[:\uff1a]\s*(.*)")
_FENCE = re.compile(r"\s*(?:[-*]\s*`[^`]+`\s*[:\uff1a]\s*)?(?:`{3,}|~{3,})")
"""A fence, also one that begins in a note: a list item, a field's name, then the backticks."""
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\[\])*(?:\.[A-Za-z_][A-Za-z0-9_-]*(?:\[\])*)*")

_PARTS: Final = {
    "headers": "header", "请求头": "header", "query params": "query", "查询参数": "query",
    "path params": "path", "路径参数": "path", "request body": "body", "请求体": "body",
}  # fmt: skip
_COLUMNS: Final = {
    "field path": "name", "field": "name", "字段路径": "name", "字段": "name", "type": "type",
    "类型": "type", "required": "required", "必填": "required", "default": "default",
    "默认值": "default", "enum": "enum", "枚举值": "enum", "枚举": "enum",
    "description": "description", "描述": "description", "说明": "description",
}  # fmt: skip
_TYPES: Final = {
    "string": "string", "int": "integer", "integer": "integer", "long": "integer",
    "float": "number", "double": "number", "number": "number", "bool": "boolean",
    "boolean": "boolean", "object": "object", "array": "array", "list": "array",
}  # fmt: skip
_YES: Final = frozenset({"yes", "true", "required", "是", "必须", "必填"})
_NO: Final = frozenset({"no", "false", "optional", "否", "可选", "-", ""})


def is_tables(text: str) -> bool:
    """Whether a page is of this form: some list item states a method, another a path."""
    lines = text.splitlines()
    return all(any(form.fullmatch(line) for line in lines) for form in (_METHOD, _PATH))


def address(text: str) -> str:
    """The address that a page gives as its own; empty if it gives none."""
    found = next(filter(None, map(_SOURCE.fullmatch, text.splitlines())), None)
    return found[1] if found else ""


def document(text: str) -> Node:
    """A page in the shape of an OpenAPI document, with the lines of the page.

    Raises:
        PageError: A table is not complete, or says what can't be read.
    """
    lines = text.splitlines()
    sections = list(_sections(lines))
    paths: dict[str, Node] = {}
    for section in sections:
        _add(paths, section)
    hosts = dict.fromkeys(host for section in sections for host in section.hosts)
    root = {
        "openapi": _node("3.0.1", 1),
        "info": _node({"title": "", "version": ""}, 1),
        "servers": _node([{"url": f"https://{host}"} for host in hosts], 1),
        "security": _node([{"bearer": []}], 1),
        "paths": Node(paths, sections[0].line, 1, {key: paths[key] for key in paths}),
        "components": _node(
            {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}}, 1
        ),
    }
    return Node(root, 1, 1, dict(root))


def _node(value: Any, line: int) -> Node:
    if isinstance(value, dict):
        inner = {key: _node(item, line) for key, item in value.items()}
        return Node(inner, line, 1, dict(inner))
    if isinstance(value, list):
        return Node([_node(item, line) for item in value], line, 1)
    return value if isinstance(value, Node) else Node(value, line, 1)


# --- sections -------------------------------------------------------------------------------------


@define
class _Row:
    """A field of a table."""

    name: str
    line: int
    cells: dict[str, str]
    notes: list[str] = field(factory=list)


@define
class _Section:
    """One operation: where it begins, and what was found of it."""

    line: int
    method: str = ""
    path: str = ""
    auth: str = ""
    tables: dict[str, list[_Row]] = field(factory=dict)
    prose: list[str] = field(factory=list)
    hosts: list[str] = field(factory=list)
    answered: bool = False


def _sections(lines: list[str]) -> Iterator[_Section]:
    """Each operation of a page, told apart by headings of the second level."""
    section, part, note, fence = _Section(1), "", "", 0
    for number, line in enumerate([*lines, "## "], 1):
        if _FENCE.match(line):
            fence = 0 if fence else number
            found = _NOTE.fullmatch(line)
            note = found[1] if found else note
            _keep(section, note, line)
        elif fence:
            section.hosts += _HOST.findall(line) if part == "request example" else []
            _keep(section, note, line)
            if number > len(lines):
                raise PageError(
                    "a fence begins here and never ends", fence, hint="Is the page cut off?"
                )
        elif line.startswith("## "):
            if section.method or section.path:
                yield _checked(section)
            section, part, note = _Section(number), "", ""
        elif line.startswith("#"):
            part = line.strip("# ").lower() if not line.startswith("####") else part
            note = ""
            section.answered |= part.startswith(("response", "响应", "返回"))
        else:
            note = _line(section, part, note, line, number)


def _checked(section: _Section) -> _Section:
    hint = "Is the page cut off? Each operation has method, path, tables and a response example."
    for what, there in (("method", section.method), ("path", section.path)):
        if not there:
            raise PageError(
                f"the operation that begins here has no {what}", section.line, hint=hint
            )
    if not section.answered:
        name = f"{section.method.upper()} {section.path}"
        raise PageError(f"{name} has no response example", section.line, hint=hint)
    if section.auth and "bearer" not in section.auth.lower():
        raise PageError(
            f"the authentication {section.auth!r:.60} is not a bearer token", section.line
        )
    return section


def _line(section: _Section, part: str, note: str, line: str, number: int) -> str:
    """Take one line into a section; returns the field that a note on the next lines belongs to."""
    for form, name in ((_METHOD, "method"), (_PATH, "path"), (_AUTH, "auth")):
        if (found := form.fullmatch(line)) and not part.endswith("notes"):
            setattr(section, name, found[1])
            return ""
    if line.lstrip().startswith("|") and part in _PARTS:
        _table_line(section.tables.setdefault(_PARTS[part], []), line, number)
        return ""
    if (found := _NOTE.fullmatch(line)) and part in _PARTS:
        _keep(section, found[1], found[2])
        return found[1]
    _keep(section, note, line)
    return note if line.startswith((" ", "\t")) or not line.strip() else ""


def _keep(section: _Section, name: str, text: str) -> None:
    """A text beside the tables: to the field that it is about, or to the operation."""
    row = next((row for rows in section.tables.values() for row in rows if row.name == name), None)
    if text.strip():
        (row.notes if row else section.prose).append(text.strip())


# --- tables ---------------------------------------------------------------------------------------


def _table_line(rows: list[_Row], line: str, number: int) -> None:
    """A line of a table: the head, the rule below it, or a field."""
    cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:]]
    if not line.rstrip().endswith("|"):
        raise PageError("the row of the table does not end", number, hint="Is the page cut off?")
    cells = cells[:-1]
    if not rows:
        rows.append(_Row("", number, _head(cells, number)))
    elif all(re.fullmatch(r":?-+:?", cell) for cell in cells):
        return
    else:
        rows.append(_row(rows, list(rows[0].cells), cells, number))


def _head(cells: list[str], number: int) -> dict[str, str]:
    names = [_COLUMNS.get(cell.lower(), cell.lower()) for cell in cells]
    missing = [name for name in ("name", "type", "required") if name not in names]
    if missing:
        what = f"the table has no column {missing[0]!r}: it has {', '.join(cells)}"
        raise PageError(what, number, hint=f"Known are: {', '.join(_COLUMNS)}.")
    return dict.fromkeys(names, "")


def _row(rows: list[_Row], columns: list[str], cells: list[str], number: int) -> _Row:
    if len(cells) != len(columns):
        what = f"the row has {len(cells)} cells, the table {len(columns)} columns"
        raise PageError(what, number, hint="A | inside a cell is written \\|.")
    found = dict(zip(columns, cells, strict=True))
    name = found["name"].strip("`").strip()
    if not _FIELD.fullmatch(name):
        raise PageError(f"{name!r:.80} is not the path of a field", number)
    first = next((row.line for row in rows if row.name == name), None)
    if first is not None:
        raise PageError(f"the field {name!r} stands here twice, first on line {first}", number)
    return _Row(name, number, found)


# --- from rows to schemas -------------------------------------------------------------------------


def _add(paths: dict[str, Node], section: _Section) -> None:
    """Put an operation among the paths."""
    item = paths.setdefault(section.path, Node({}, section.line, 1))
    method = section.method.lower()
    if method in item.value:
        first = item.value[method].line
        what = f"{section.method} {section.path} is described here again, first on line {first}"
        raise PageError(what, section.line)
    made = _operation(section)
    item.value[method] = item.keys[method] = made


def _operation(section: _Section) -> Node:
    parameters = [_parameter(row, where) for where, row in _parameter_rows(section)]
    parts: dict[str, Any] = {
        "description": "\n".join(section.prose),
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "",
                "content": {"application/json": {"schema": {"type": "object", "properties": {}}}},
            }
        },
    }
    rows = section.tables.get("body", [])[1:]
    if rows:
        body = {"content": {"application/json": {"schema": _body(rows)}}, "required": True}
        parts["requestBody"] = body
    return _node(parts, section.line)


def _parameter_rows(section: _Section) -> Iterator[tuple[str, _Row]]:
    """Fields of headers and queries; of paths, those that the path names, described or not."""
    for where in ("header", "query"):
        yield from ((where, row) for row in section.tables.get(where, [])[1:])
    described = {row.name: row for row in section.tables.get("path", [])[1:]}
    for name in re.findall(r"\{([^}]*)\}", section.path):
        yield "path", described.get(name) or _Row(name, section.line, {"type": "string"})


def _parameter(row: _Row, where: str) -> Node:
    schema = _schema(row)
    required = where == "path" or _is_required(row)
    text = schema.value.pop("description", None)
    parts = {"name": row.name, "in": where, "required": required, "schema": schema}
    return _node({**parts, **({"description": text} if text else {})}, row.line)


def _body(rows: list[_Row]) -> Node:
    """The schema of a body from its fields' paths: ``settings.audio``, ``contents[].type``."""
    root = _node({"type": "object", "properties": {}}, rows[0].line)
    for row in rows:
        *outer, name = row.name.split(".")
        holder = root
        for piece in outer:
            holder = _inside(holder, piece, row)
        _set(holder, name.removesuffix("[]"), _schema(row), row)
    return root


def _inside(holder: Node, piece: str, row: _Row) -> Node:
    """The object in which a field stands; made if its own row is missing or says nothing of it."""
    name = piece.replace("[]", "")
    found: Node | None = holder.value["properties"].value.get(name)
    if found is None:
        kind = {"type": "array" if piece.endswith("[]") else "object"}
        found = _node(kind, row.line)
        _set(holder, name, found, None)
    for wanted in ["array"] * piece.count("[]") + ["object"]:
        kind_of = found.value["type"].value
        if kind_of != wanted:
            what = f"{row.name!r} stands inside {name!r}, which is of type {kind_of}, not {wanted}"
            raise PageError(what, row.line)
        if wanted == "array":
            empty = "items" not in found.value or "type" not in found.value["items"].value
            if empty:
                found.value["items"] = _node({"type": "object"}, row.line)
            found = found.value["items"]
    found.value.setdefault("properties", _node({}, row.line))
    return found


def _set(holder: Node, name: str, schema: Node, row: _Row | None) -> None:
    """Put a field into an object, and into its list of required ones."""
    properties = holder.value["properties"]
    properties.value[name] = properties.keys[name] = schema
    if row is not None and _is_required(row):
        required = holder.value.setdefault("required", _node([], row.line))
        required.value.append(_node(name, row.line))


def _is_required(row: _Row) -> bool:
    said = row.cells.get("required", "").strip("`* ").lower()
    if said not in _YES | _NO:
        hint = "Known are Yes and No."
        raise PageError(
            f"{row.name!r} has {said!r:.40} where Yes or No belongs", row.line, hint=hint
        )
    return said in _YES


def _schema(row: _Row) -> Node:
    kind, inner = _kind(row)
    parts: dict[str, Any] = {"type": kind}
    if kind == "array":
        parts["items"] = {"type": inner} if inner else {}
    listed = _ticked(row.cells.get("enum", ""))
    if listed:
        parts["enum"] = [_value(text, kind, row) for text in listed]
    default = _ticked(row.cells.get("default", ""))
    if default:
        parts["default"] = _value(default[0], kind, row)
    texts = [row.cells.get("description", ""), *row.notes]
    text = "\n".join(text for text in texts if text and text != "-")
    return _node({**parts, **({"description": text} if text else {})}, row.line)


def _kind(row: _Row) -> tuple[str, str]:
    """A field's type in OpenAPI's words, and that of a list's items: ``array<string>``."""
    said = row.cells.get("type", "").strip("`* ").lower()
    found = re.fullmatch(r"(?:array|list)\s*[<\[(]\s*(\w+)\s*[>\])]|(\w+)\[\]", said)
    inner = _TYPES.get((found[1] or found[2]) if found else "", "")
    kind = "array" if found and inner else _TYPES.get(said, "")
    if not kind:
        hint = f"Known are: {', '.join(_TYPES)}, and array<…>."
        raise PageError(f"{row.name!r} has the unknown type {said!r:.40}", row.line, hint=hint)
    return kind, inner


def _ticked(cell: str) -> list[str]:
    """The values in a cell: between backticks, or the cell itself; ``-`` is none."""
    quoted = re.findall(r"`([^`]*)`", cell)
    return quoted or ([] if cell.strip() in ("", "-") else [cell.strip()])


def _value(text: str, kind: str, row: _Row) -> Any:
    """A value as its field's type has it."""
    if kind in ("integer", "number") and re.fullmatch(r"-?\d+(?:\.\d+)?", text):
        return float(text) if "." in text else int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind in ("string", "array", "object"):
        return text
    raise PageError(f"{row.name!r} lists {text!r:.60}, but its type is {kind}", row.line)
