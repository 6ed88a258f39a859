"""Imports run one way, and importing costs little."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "kling_facade"
HTTPX_ROOM = "wire"


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


def room(path: Path) -> str:
    """Where a module belongs: its folder, or itself."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_httpx_is_known_in_one_room(path: Path) -> None:
    """`wire/`, and the sandbox where it calls back."""
    knows = any(name.split(".")[0] in ("httpx", "httpcore") for name in imported(path))
    assert not knows or room(path) in (HTTPX_ROOM, "sandbox")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nobody_imports_the_ends(path: Path) -> None:
    """`cli` and `sandbox` are for people and tests; the command may start a sandbox."""
    ends = {name.split(".")[1] for name in imported(path) if name.startswith("kling_facade.")}
    if room(path) != "sandbox":
        assert not ends & {"cli"} or room(path) == "cli"
        assert "sandbox" not in ends or room(path) == "cli"


BUILDERS = {"camera", "motion", "regions", "paths", "voice", "image", "request", "rules", "catalog"}
NETWORK = {"client", "job", "flow", "drivers", "download", "wire", "dialect", "gateway"}


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_a_builder_knows_no_network(name: str) -> None:
    """Nothing that talks, waits or downloads."""
    used = {
        item.split(".")[1] for item in imported(PACKAGE / f"{name}.py") if "kling_facade." in item
    }
    assert not used & NETWORK


def test_a_flow_knows_no_clock_and_no_network() -> None:
    """Time comes in as an effect."""
    assert not imported(PACKAGE / "flow.py") & {
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
