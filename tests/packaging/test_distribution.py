"""What is installed is what is needed: nothing missing, nothing of the workshop."""

from __future__ import annotations

import email
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from kling_facade import __version__
from kling_facade.sandbox import Sandbox

ROOT = Path(__file__).parents[2]

SHORTEST = """
import sys
from kling_facade import ImageToVideo, Kling, PollPlan

with Kling(poll=PollPlan(first=0.1, cap=0.2)) as kling:
    request = ImageToVideo(sys.argv[1], prompt="the fox turns its head")
    print(kling.generate(request, to=sys.argv[2]).size)
assert not {"PIL", "numpy", "starlette"} & set(sys.modules)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    # Without isolation: what the build needs is in this environment, pinned.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def names(built: Path) -> list[str]:
    """What lies in the wheel."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        return wheel.namelist()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A gateway for a program in another environment."""
    with Sandbox(speed=2000.0, short_side=120, fps=8) as running:
        yield running


@pytest.mark.parametrize(
    "name",
    [
        "kling_facade/__init__.py",
        "kling_facade/py.typed",
        "kling_facade/catalog/catalog.toml",
        "kling_facade/openapi/kling.yaml",
        "kling_facade/sandbox/app.py",
        "kling_client/__init__.py",
        "kling_client/py.typed",
        "kling_client/api/image_to_video/create_image_to_video.py",
    ],
)
def test_the_wheel_holds_both_packages_and_the_document(name: str, names: list[str]) -> None:
    """Types, data and contract are in it."""
    assert name in names


def test_the_wheel_holds_nothing_else(names: list[str]) -> None:
    """No tests, scripts or caches."""
    tops = {name.split("/")[0] for name in names}
    assert tops == {"kling_facade", "kling_client", f"kling_facade-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name]


def test_the_source_distribution_can_be_built_and_tested_from(built: Path) -> None:
    """It has the pipeline, the tests and the documents."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "pyproject.toml",
        "Makefile",
        "constraints.txt",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "openapi/kling.yaml",
        "openapi/overlays/image2video.yaml",
        "scripts/regenerate.py",
        "tests/conftest.py",
        "generated/kling_client/__init__.py",
    } <= inside


def _needed(wheel: Path) -> set[Distribution]:
    """What the wheel needs without extras, and what that needs, as this environment has it."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        facts = email.message_from_bytes(archive.read(name))
    found: dict[str, Distribution] = {}
    wanted = [Requirement(text) for text in facts.get_all("Requires-Dist", [])]
    while wanted:
        requirement = wanted.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        have = found.get(requirement.name) or distribution(requirement.name)
        assert requirement.specifier.contains(have.version), f"{requirement}: {have.version}"
        if requirement.name not in found:
            found[requirement.name] = have
            wanted += map(Requirement, have.requires or ())
    return set(found.values())


def _environment(place: Path, wheel: Path) -> Path:
    """A new environment with the wheel and what it needs; gives its python.

    pip installs the wheel. Its dependencies are copied from this environment, file by file as their
    records name them: no package index is asked, and a dependency that nobody named is not there.
    """
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    options = ["--quiet", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "install", *options, str(wheel)], check=True, cwd=place)
    (site,) = place.glob("lib/python*/site-packages")
    for needed in _needed(wheel):
        for file in needed.files or ():
            if ".." not in file.parts:  # programs lie outside; the shortest one starts none
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), site / file)
    return python


def test_the_shortest_program_runs_where_nothing_else_is_installed(
    built: Path, tmp_path: Path, sandbox: Sandbox
) -> None:
    """A new environment with the wheel and its three dependencies; no extra, no Pillow."""
    python = _environment(tmp_path / "env", next(built.glob("*.whl")))
    fox = tmp_path / "fox.png"
    fox.write_bytes(_sample())
    done = subprocess.run(
        [python, "-W", "error", "-c", SHORTEST, str(fox), str(tmp_path / "fox.mp4")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "KLING_API_KEY": sandbox.api_key,
            "KLING_BASE_URL": sandbox.base_url,
        },
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == (tmp_path / "fox.mp4").stat().st_size
    bare = subprocess.run([python, "-c", "import numpy"], capture_output=True, text=True)
    assert "ModuleNotFoundError" in bare.stderr
    installed = {path.name.split("-")[0] for path in (tmp_path / "env").rglob("*.dist-info")}
    assert {"kling_facade", "attrs", "httpx", "python_dateutil"} <= installed
    assert not {"pillow", "numpy", "starlette", "hypothesis"} & installed


def _sample() -> bytes:
    from kling_facade.sandbox.sample import sample_png

    return sample_png()


@pytest.fixture(scope="module")
def project() -> dict[str, object]:
    """The project's own facts."""
    parsed: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return parsed


def test_core_dependencies_stay_three(project: dict[str, dict[str, list[str]]]) -> None:
    """attrs, httpx, python-dateutil; the rest are extras."""
    named = {re.split(r"[<>=\[ ]", item)[0] for item in project["project"]["dependencies"]}
    assert named == {"attrs", "httpx", "python-dateutil"}


def test_every_dependency_has_a_reason_beside_it() -> None:
    """A comment on its line, or above its extra."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    block = text.split("dependencies = [")[1].split("]\n")[0]
    assert all("#" in line for line in block.splitlines() if '"' in line)


def test_the_version_is_written_once(project: dict[str, Any]) -> None:
    """pyproject.toml reads it from the package, and the changelog has a chapter for it."""
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "kling_facade/_version.py"
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_pins_name_exact_versions_and_no_place() -> None:
    """No address of a package index is in the repository."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", pin) for pin in pins)


def test_every_dependency_is_pinned(project: dict[str, dict[str, dict[str, list[str]]]]) -> None:
    """Of the core and of every extra."""
    text = (ROOT / "constraints.txt").read_text("utf-8").lower().replace("_", "-")
    wanted = [
        item for extra in project["project"]["optional-dependencies"].values() for item in extra
    ]
    wanted += project["project"]["dependencies"]
    for item in wanted:
        name = re.split(r"[<>=\[ ]", item)[0].lower()
        assert name == "kling-facade" or f"\n{name}==" in text, name
