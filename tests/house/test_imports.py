"""Rooms, circles, reaches: imports run one way, and importing costs little."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kling_facade"
HTTPX_ROOM = "wire"
WAYS = ("top", "late", "typing")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Arrow = tuple[str, str]


@cache
def imported(path: Path) -> set[str]:
    """Everything a module imports at run time, wherever in it: absolute names."""
    found: set[str] = set()
    package = ["kling_facade", *path.relative_to(PACKAGE).parts[:-1]]
    tree = ast.parse(path.read_text("utf-8"))
    for block in ast.walk(tree):  # what only type checkers see costs nothing
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            block.body = [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def modules() -> list[Path]:
    """The hand-written modules."""
    return sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)


def dotted(path: Path) -> str:
    """A module's name below the package: ``jobs.submit``; a package's own is its folder's."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name: str) -> str:
    """Where a module belongs: its folder, or itself."""
    return name.split(".")[0]


def room(path: Path) -> str:
    """The same, of a file."""
    return room_of(dotted(path))


def _statements(node: ast.AST, way: str = "top") -> Iterator[tuple[ast.ImportFrom, str]]:
    """Each ``from ... import`` of a module, and which way it counts."""
    for child in ast.iter_child_nodes(node):
        inner = way
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            inner = "typing"
        elif isinstance(child, FUNCTIONS) and way == "top":
            inner = "late"
        if isinstance(child, ast.ImportFrom):
            yield child, way
        yield from _statements(child, inner)


@cache
def _imports(source: str) -> list[tuple[ast.ImportFrom, str]]:
    """The same of a source text, which is read once for all tests."""
    return list(_statements(ast.parse(source)))


def arrows(sources: dict[str, tuple[str, bool]], ways: tuple[str, ...] = WAYS) -> set[Arrow]:
    """Who imports whom: by name a module's source, and whether it is a package's own."""
    found: set[Arrow] = set()
    for name, (source, is_package) in sources.items():
        here = name.split(".") if name else []
        package = here if is_package else here[:-1]
        for node, way in _imports(source):
            if not node.level or way not in ways:
                continue
            base = package[: len(package) - node.level + 1]
            stem = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                full = f"{stem}.{alias.name}".lstrip(".")
                found.add((name, full if full in sources else stem))
    return {(a, b) for a, b in found if a != b and b in sources}


def circles(graph: set[Arrow]) -> list[list[str]]:
    """Groups of names that reach each other, each as a path that leads back to its start."""
    after: dict[str, set[str]] = {}
    for a, b in graph:
        after.setdefault(a, set()).add(b)
    paths = []
    for start in sorted(after):
        seen, edge = {start: ""}, [start]
        while edge:
            here = edge.pop(0)
            if start in after.get(here, ()):
                path = [start]
                while here != start:
                    path.insert(0, here)
                    here = seen[here]
                paths.append([start, *path])
                break
            for there in sorted(after.get(here, ())):
                if there not in seen:
                    seen[there] = here
                    edge.append(there)
    return paths


def the_package() -> dict[str, tuple[str, bool]]:
    """Our modules, without the package's own face, which hands out everybody's names."""
    return {
        dotted(path): (path.read_text("utf-8"), path.name == "__init__.py")
        for path in modules()
        if dotted(path)
    }


def rooms(graph: set[Arrow]) -> set[Arrow]:
    """The same arrows, between rooms."""
    return {(room_of(a), room_of(b)) for a, b in graph if room_of(a) != room_of(b)}


def table_of_rooms() -> dict[str, set[str]]:
    """What docs/architecture.md says each room may import."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)/?` \|.*\|([^|]*)\|$", page, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", may)) for name, may in rows}


CHOICES = (("top",), ("top", "late"), ("top", "typing"), WAYS)


@pytest.mark.parametrize("ways", CHOICES, ids="+".join)
def test_no_files_import_each_other_in_a_circle(ways: tuple[str, ...]) -> None:
    """Whichever imports one counts: when modules load, in functions, for type checkers, all."""
    drawn = [" -> ".join(path) for path in circles(arrows(the_package(), ways))]
    assert not drawn, "\n".join(drawn)


@pytest.mark.parametrize("ways", CHOICES, ids="+".join)
def test_no_rooms_import_each_other_in_a_circle(ways: tuple[str, ...]) -> None:
    """Between rooms too."""
    drawn = [" -> ".join(path) for path in circles(rooms(arrows(the_package(), ways)))]
    assert not drawn, "\n".join(drawn)


def test_a_circle_is_seen_whichever_way_it_closes() -> None:
    """The control: two files that import each other, one of them late or for typing only."""
    late = "def f():\n    from .a import x\n"
    typing = "if TYPE_CHECKING:\n    from .a import x\n"
    a = ("from .b import y\n", False)
    assert circles(arrows({"a": a, "b": (late, False)}, ("top",))) == []
    assert circles(arrows({"a": a, "b": (late, False)}))[0] == ["a", "b", "a"]
    assert circles(arrows({"a": a, "b": (typing, False)}, ("top", "typing")))[0] == ["a", "b", "a"]


def test_rooms_import_only_what_the_architecture_page_allows() -> None:
    """docs/architecture.md has a row for each room; an import that it does not allow is named."""
    allowed = table_of_rooms()
    graph = arrows(the_package())
    assert set(allowed) == {room_of(name) for name in the_package()}
    wrong = [
        f"{a} imports {b}: {room_of(a)} may import {sorted(allowed[room_of(a)])}"
        for a, b in sorted(graph)
        if room_of(a) != room_of(b) and room_of(b) not in allowed[room_of(a)]
    ]
    assert not wrong, "\n".join(wrong)


def test_the_table_of_rooms_has_an_order() -> None:
    """Each room may import only rooms that stand above it in the table: there is no way back."""
    above: set[str] = set()
    for name, may in table_of_rooms().items():
        assert may <= above, name
        above.add(name)


def reaches(source: str) -> list[str]:
    """Where a module takes another object's or module's private name."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and re.match(r"_[^_]", node.attr):
            owner = node.value
            if not (isinstance(owner, ast.Name) and owner.id in {"self", "cls"}):
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
        if isinstance(node, ast.ImportFrom) and node.level:
            found += [
                f"line {node.lineno}: {alias.name}"
                for alias in node.names
                if re.match(r"_[^_]", alias.name)
            ]
    return found


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_nobody_reaches_for_a_private_name_of_somebody_else(path: Path) -> None:
    """What another module or object needs has a public name."""
    assert reaches(path.read_text("utf-8")) == []


def test_a_reach_is_seen() -> None:
    """The control."""
    assert len(reaches("from .a import _b\nc._d()\nself._e\nf.__class__\n")) == 2


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_httpx_is_known_in_one_room(path: Path) -> None:
    """`wire/`, and the sandbox where it calls back."""
    knows = any(name.split(".")[0] in ("httpx", "httpcore") for name in imported(path))
    assert not knows or room(path) in (HTTPX_ROOM, "sandbox")


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_nobody_imports_the_ends(path: Path) -> None:
    """`cli` and `sandbox` are for people and tests; the command may start a sandbox."""
    ends = {name.split(".")[1] for name in imported(path) if name.startswith("kling_facade.")}
    if room(path) != "sandbox":
        assert not ends & {"cli"} or room(path) == "cli"
        assert "sandbox" not in ends or room(path) == "cli"


def test_a_flow_knows_no_clock_and_no_network() -> None:
    """Time comes in as an effect."""
    assert not imported(PACKAGE / "jobs" / "submit.py") & {
        "time",
        "asyncio",
        "socket",
        "threading",
        "datetime",
    }


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after running some code."""
    program = f"{code}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


HEAVY = {"httpx", "PIL", "numpy", "kling_client", "starlette", "av", "asyncio"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    """Not even attrs."""
    assert not loaded_by("import kling_facade") & {*HEAVY, "attrs"}


def test_building_and_checking_a_request_loads_nothing_heavy() -> None:
    """A picture at an address needs no Pillow, and no request needs httpx."""
    code = (
        "from kling_facade import ImageToVideo, camera\n"
        "ImageToVideo('https://example.com/f.png', prompt='x', camera=camera.zoom_in(4)).problems()"
    )
    assert not loaded_by(code) & HEAVY


def test_every_public_name_can_be_had() -> None:
    """The lazy table has no hole, and an unknown name is an AttributeError."""
    import kling_facade

    for name in kling_facade.__all__:
        assert getattr(kling_facade, name) is not None
    assert set(kling_facade.__all__) <= set(dir(kling_facade))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(kling_facade, "nothing")  # noqa: B009 - a checker would see the plain form
