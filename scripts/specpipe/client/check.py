"""Check a generated client by using it: a program of its own, run on a folder before it is kept.

    python -I -B check.py FOLDER CONTRACT.json

FOLDER is the package ``kling_client``. Every file is compiled and imported; each operation of the
contract has a module; a body of each request and of each answer goes through its models and comes
back the same; and no model has a default of its own, so that nothing is sent that nobody named. It
imports nothing of the pipeline: the code it runs was made from a page that somebody else wrote.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
import types
import typing
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
VARIANTS = 5
"""Bodies tried of each schema: one for each of the first alternatives, the last with every null."""

SAMPLES = {
    "date-time": "2020-01-02T03:04:05+00:00",
    "date": "2020-01-02",
    "uuid": "12345678-1234-5678-1234-567812345678",
}


class Contract:
    """The document that a client was made from."""

    def __init__(self, document: Any) -> None:
        self.document = document

    def operations(self) -> dict[tuple[str, str], Any]:
        """Operations by method and path; names inside braces don't count."""
        return {
            (method, _bare(path)): item[method]
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        }

    def followed(self, value: Any) -> Any:
        """An object, through its reference."""
        while isinstance(value, dict) and "$ref" in value:
            target: Any = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            value = target
        return value

    def json_schema(self, holder: Any) -> Any:
        """The schema of a body or an answer in JSON, if it has one."""
        content = (self.followed(holder) or {}).get("content", {})
        return next(
            (media.get("schema") for name, media in content.items() if "json" in name), None
        )

    def sample(self, schema: Any, variant: int, inside: tuple[str, ...] = ()) -> Any:
        """A value that a schema allows, with every field; a loop of references is cut."""
        name = schema.get("$ref", "")
        if name in inside:
            raise _Loop
        inside = (*inside, name) if name else inside
        schema = self.followed(schema)
        if variant == VARIANTS - 1 and schema.get("nullable"):
            return None
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self.sample(schema[key][variant % len(schema[key])], variant, inside)
        if "allOf" in schema:
            parts = [self.sample(part, variant, inside) for part in schema["allOf"]]
            if not all(isinstance(part, dict) for part in parts):
                return parts[0]
            own = self._fields(schema, variant, inside)
            return {key: value for part in [*parts, own] for key, value in part.items()}
        return self._plain(schema, variant, inside)

    def _plain(self, schema: Any, variant: int, inside: tuple[str, ...]) -> Any:
        kind = schema.get("type")
        if schema.get("enum"):
            values = [value for value in schema["enum"] if value is not None] or [None]
            return values[variant % len(values)]
        if kind == "array":
            # Two items, for a loop that spoils a name shows on the second.
            return [self.sample(schema.get("items", {}), variant + n, inside) for n in (0, 1)]
        if kind == "object" or "properties" in schema:
            return self._fields(schema, variant, inside)
        number = schema.get("minimum", 1)
        scalars = {"integer": int(number), "number": float(number) + 0.5, "boolean": True}
        return scalars.get(kind, SAMPLES.get(schema.get("format", ""), "text"))

    def _fields(self, schema: Any, variant: int, inside: tuple[str, ...]) -> dict[str, Any]:
        made = {}
        for name, inner in schema.get("properties", {}).items():
            if self.followed(inner).get("format") == "binary":
                continue
            try:
                made[name] = self.sample(inner, variant, inside)
            except _Loop:
                if name in schema.get("required", []):
                    raise
        return made


class _Loop(Exception):
    """A reference that leads back into itself."""


def _bare(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def compiled(folder: Path) -> Iterator[str]:
    """Files that are no Python. Parsing alone takes what the compiler refuses."""
    for path in sorted(folder.rglob("*.py")):
        try:
            compile(path.read_bytes(), path.name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            yield f"{path.relative_to(folder).as_posix()} is not Python: {error}"


def imported(folder: Path) -> list[types.ModuleType]:
    """Every module of the package."""
    sys.path.insert(0, str(folder.parent))
    names = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return [importlib.import_module(name) for name in names]


def counted(
    modules: list[types.ModuleType], contract: Contract
) -> Iterator[tuple[types.ModuleType, Any] | str]:
    """Each module of an operation with that operation; or what is missing or too many."""
    wanted = contract.operations()
    found: Counter[tuple[str, str]] = Counter()
    for module in modules:
        if not hasattr(module, "_get_kwargs"):
            continue
        source = inspect.getsource(module._get_kwargs)
        method = re.search(r'"method": "(\w+)"', source)
        url = re.search(r'"url": "([^"]*)"', source)
        key = (method[1] if method else "", _bare(url[1]) if url else "")
        found[key] += 1
        if key in wanted:
            yield module, wanted[key]
    for key in wanted:
        if found[key] != 1:
            name = f"{key[0].upper()} {key[1]}"
            yield f"{name}: {found[key]} modules were made for it, not one. Give it an operationId"


def defaults(modules: list[types.ModuleType]) -> Iterator[str]:
    """Values that a model or a call would send although nobody named them."""
    unset = importlib.import_module("kling_client.types").UNSET
    for module in modules:
        for name, value in vars(module).items():
            if inspect.isclass(value) and attrs.has(value) and hasattr(value, "to_dict"):
                for field in attrs.fields(value):
                    if field.init and field.default not in (attrs.NOTHING, unset):
                        yield f"{name}.{field.name} would be sent as {field.default!r}, unasked"
        if hasattr(module, "_get_kwargs"):
            for one in inspect.signature(module._get_kwargs).parameters.values():
                if one.default is not unset and one.default is not one.empty:
                    yield f"{module.__name__}: {one.name} would be sent as {one.default!r}, unasked"


def round_trips(module: types.ModuleType, operation: Any, contract: Contract) -> Iterator[str]:
    """Bodies of an operation that don't come back as they went in."""
    schema = contract.json_schema(operation.get("requestBody", {}))
    model = _body_model(module)
    for variant in range(VARIANTS):
        if schema is not None and model is not None:
            yield from _same(
                module, "body", contract, schema, variant, lambda body: model.from_dict(body)
            )
        for status, answer in operation.get("responses", {}).items():
            inner = contract.json_schema(answer)
            if inner is not None:
                code = 418 if status == "default" else int(status.replace("X", "0"))
                yield from _same(
                    module, status, contract, inner, variant,
                    lambda body, code=code: _parsed(module, code, body),
                )  # fmt: skip


def _parsed(module: types.ModuleType, code: int, body: Any) -> Any:
    client = importlib.import_module("kling_client").Client(base_url="http://localhost")
    return module._parse_response(client=client, response=httpx.Response(code, json=body))


def _body_model(module: types.ModuleType) -> Any:
    """The model of a request's body, if it is one."""
    hint = typing.get_type_hints(module._get_kwargs).get("body")
    choices = typing.get_args(hint) or (hint,)
    models = [choice for choice in choices if hasattr(choice, "from_dict")]
    return models[0] if len(models) == 1 else None


def _same(
    module: types.ModuleType, part: str, contract: Contract, schema: Any, variant: int, read: Any
) -> Iterator[str]:
    where = f"{module.__name__.rpartition('.')[2]}, {part}"
    try:
        body = contract.sample(schema, variant)
    except _Loop:
        return
    try:
        back = _plain(read(json.loads(json.dumps(body))))
    except Exception as error:  # noqa: BLE001  (foreign code may raise anything)
        yield f"{where}: {type(error).__name__}: {error}"
        return
    if back != body:
        told, heard = _difference(body, back)
        yield f"{where}: {json.dumps(told)[:200]} came back as {json.dumps(heard)[:200]}"


def _difference(one: Any, two: Any) -> tuple[Any, Any]:
    """Two values, without the fields in which they agree."""
    if not (isinstance(one, dict) and isinstance(two, dict)):
        return one, two
    keys = [key for key in {**one, **two} if one.get(key) != two.get(key)]
    return {k: one[k] for k in keys if k in one}, {k: two[k] for k in keys if k in two}


def _plain(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict()
    return [_plain(item) for item in value] if isinstance(value, list) else value


def faults(folder: Path, contract: Contract) -> Iterator[str]:
    """Everything that is wrong with a client."""
    broken = list(compiled(folder))
    yield from broken
    if broken:
        return
    try:
        modules = imported(folder)
    except Exception as error:  # noqa: BLE001  (foreign code may raise anything)
        yield f"can't be imported: {type(error).__name__}: {error}"
        return
    yield from defaults(modules)
    for found in counted(modules, contract):
        if isinstance(found, str):
            yield found
        else:
            yield from round_trips(*found, contract)


def main() -> int:
    """Run the program."""
    contract = Contract(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
    found = list(dict.fromkeys(faults(Path(sys.argv[1]), contract)))
    for line in found[:20]:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
