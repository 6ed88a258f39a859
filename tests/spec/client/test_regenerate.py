"""What is generated follows from ``openapi/`` alone, to the byte."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from specpipe import files
from specpipe.client import build, codegen
from specpipe.contract import resolve
from specpipe.errors import ContractError, PageError
from specpipe.page import facts
from specpipe.page.nodes import load
from specpipe.verdict import pipeline

from ..conftest import ROOT


def regenerate(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command, from another folder."""
    command = [sys.executable, str(root / "scripts" / "regenerate.py"), *arguments]
    return subprocess.run(
        command,
        cwd="/",
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def tree(root: Path) -> dict[str, bytes]:
    """The bytes of the contract and the client."""
    paths = [p for name in ("openapi", "generated") for p in (root / name).rglob("*")]
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in paths if p.is_file()}


def test_the_tree_is_what_the_script_makes(planned: build.Plan) -> None:
    """Contract, client and provenance in the repository are the script's work."""
    assert build.differences(ROOT, planned) == []


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "4294967295", "TZ": "Asia/Tokyo"},
        {
            "LC_ALL": "C",
            "PYTHONHASHSEED": "1",
            "PYTHONUTF8": "0",
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
            "RUFF_CONFIG": "/nowhere.toml",
        },
    ],
    ids=["turkish", "c-locale-offline"],
)
def test_the_same_bytes_everywhere(repository: Path, environment: dict[str, str]) -> None:
    """Another folder, locale, hash seed, formatter settings, no network: not a byte differs."""
    before = tree(repository)
    (repository / "ruff.toml").write_text("line-length = 40\n", encoding="utf-8")
    for name in (files.RESOLVED, files.PROVENANCE, files.GENERATED / "client.py"):
        (repository / name).unlink()
    assert regenerate(repository, **environment).returncode == 0
    assert tree(repository) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("generated/kling_client/client.py", "differs"),
        ("generated/kling_client/models/extra.py", "does not belong there"),
        ("generated/other/thing.txt", "does not belong there"),
        ("openapi/kling.yaml", "differs"),
        ("openapi/provenance.json", "differs"),
    ],
)
def test_a_hand_edit_or_stray_file_is_named(
    repository: Path, planned: build.Plan, name: str, words: str
) -> None:
    """The check names each file that the script would not have made so, and writing mends it."""
    path = repository / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"# by hand\n")
    (told,) = build.differences(repository, planned)
    assert told.startswith(f"{name} {words}")
    assert build.write(repository, planned) == [name]
    assert build.differences(repository, planned) == []


def test_a_missing_file_is_named(repository: Path, planned: build.Plan) -> None:
    """A deleted file is missed by name."""
    (repository / "generated/kling_client/py.typed").unlink()
    assert build.differences(repository, planned) == ["generated/kling_client/py.typed is missing"]


def test_a_link_is_no_file_of_ours(repository: Path, planned: build.Plan) -> None:
    """A symbolic link in the tree is named, even if what it leads to has the right bytes."""
    path = repository / "generated/kling_client/py.typed"
    path.unlink()
    path.symlink_to(ROOT / "generated/kling_client/py.typed")
    assert "py.typed is no plain file" in build.differences(repository, planned)[0]


def test_the_check_fails_by_name(repository: Path) -> None:
    """The command itself ends in 1, names the file, and says what to do."""
    (repository / "generated/kling_client/stray.py").write_text("")
    done = regenerate(repository, "--check")
    assert done.returncode == 1
    assert "stray.py does not belong there" in done.stderr
    assert "make regenerate" in done.stderr


def test_nothing_is_written_when_nothing_differs(repository: Path, planned: build.Plan) -> None:
    """An up-to-date tree keeps its times too."""
    times = {p: p.stat().st_mtime_ns for p in (repository / "generated").rglob("*")}
    assert build.write(repository, planned) == []
    assert times == {p: p.stat().st_mtime_ns for p in (repository / "generated").rglob("*")}


@pytest.mark.usefixtures("quick_generator")
def test_an_edit_of_the_overlay_shows_in_the_provenance(repository: Path) -> None:
    """The provenance ties the generated tree to the overlay it was made from."""
    one = build.plan(repository, {})
    with (repository / files.OVERLAY).open("a", encoding="utf-8") as overlay:
        overlay.write("# a comment\n")
    two = build.plan(repository, {})
    changed = [name for name in one.wanted if one.wanted[name] != two.wanted[name]]
    assert changed == ["openapi/provenance.json"]


def test_the_provenance_names_versions_and_digests() -> None:
    """What was made, from what, by what."""
    facts_of = json.loads((ROOT / files.PROVENANCE).read_text(encoding="utf-8"))
    pins = codegen.pins(ROOT)
    assert facts_of["generator"]["openapi-python-client"] == pins["openapi-python-client"]
    assert facts_of["generator"]["ruff"] == pins["ruff"]
    assert {
        len(facts_of[name]["sha256"]) for name in ("facts", "overlays", "contract", "client")
    } == {64}


def test_every_pin_is_exact() -> None:
    """The generator's environment leaves nothing to chance, and names no host."""
    lines = (ROOT / files.CODEGEN_PINS).read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line and not line.startswith("#")]
    assert all(row.count("==") == 1 and "://" not in row and " " not in row for row in rows)


def test_a_failed_write_leaves_the_tree_alone(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When one file can't be staged, none is replaced, and nothing is left behind."""
    before = tree(repository)
    planned = build.Plan({"openapi/kling.yaml": b"new", "generated/kling_client/client.py": b"new"})
    stage = build._stage
    staged: list[Path] = []

    def failing(path: Path, data: bytes) -> Path:
        if staged:
            raise OSError("disk full")
        staged.append(stage(path, data))
        return staged[0]

    monkeypatch.setattr(build, "_stage", failing)
    with pytest.raises(OSError, match="disk full"):
        build.write(repository, planned)
    assert tree(repository) == before


# --- hostile documents ----------------------------------------------------------------------------

HOSTILE = 'x"""\n\nimport os; os.system("touch /tmp/pwned")\nr"""\\'


def hostile_contract() -> dict[str, Any]:
    """A contract whose every free text tries to become code. The importer refuses most of it."""
    contract: dict[str, Any] = files.read_yaml(ROOT / files.RESOLVED)
    contract["info"]["title"] = contract["info"]["description"] = HOSTILE
    operation = contract["paths"]["/kling/v1/videos/image2video"]["post"]
    operation["summary"] = operation["description"] = HOSTILE
    schema = contract["components"]["schemas"]["ImageToVideoRequest"]
    schema["description"] = HOSTILE
    schema["properties"]["prompt"] = {"type": "string", "description": HOSTILE, "default": HOSTILE}
    schema["properties"]["mode"]["enum"] = ["std", HOSTILE]
    schema["properties"]['a": str\nimport os #'] = {"type": "string", "example": HOSTILE}
    return contract


def test_untrusted_text_does_not_become_code(generator: Path) -> None:
    """Even past our importer, hostile text stays text: no module has names it never had."""
    folder = ROOT / files.GENERATED
    honest = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.py")}
    try:
        made = codegen.generate(ROOT, resolve.resolved_bytes(hostile_contract()))
    except ContractError:
        return
    for name, data in made.items():
        names = {node.id for node in ast.walk(ast.parse(data)) if isinstance(node, ast.Name)}
        known = {
            node.id
            for node in ast.walk(ast.parse(honest.get(name, b"")))
            if isinstance(node, ast.Name)
        }
        assert "os" not in names
        if name in honest and "image_to_video_request" not in name:
            assert names <= known


def test_the_importer_refuses_what_would_be_code_before_the_generator_sees_it() -> None:
    """Names, enumerations and defaults of that kind don't get past the importer."""
    text = yaml.safe_dump(hostile_contract(), allow_unicode=True)
    with pytest.raises(PageError):
        facts.collect(load(text))


def test_a_generated_client_with_new_fields_and_operations_works(
    page: str, tmp_path: Path, generator: Path
) -> None:
    """Odd but legal names come out as attributes, and models read back what they write."""
    odd = [
        "class",
        "imageTail",
        "x.y",
        "a-b",
        "list",
        "str",
        "from",
        "None_",
        "UNSET",
        "Any",
        "json",
    ]
    rows = "".join(f"                {name}:\n                  type: string\n" for name in odd)
    changed = page.replace("                sound:\n", rows + "                sound:\n")
    _, _, data = pipeline.read_page(changed.encode())
    planned = build.plan(ROOT, {files.MAIN: data})
    for name, content in planned.wanted.items():
        path = tmp_path / name.replace("kling_client", "odd_client")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    place = tmp_path / "generated" / "odd_client" / "__init__.py"
    spec = importlib.util.spec_from_file_location("odd_client", place)
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["odd_client"] = package
    spec.loader.exec_module(package)
    models = importlib.import_module("odd_client.models")
    body = {
        "model_name": "m",
        "image": "i",
        "mode": "std",
        "duration": "5",
        **{name: name for name in odd},
    }
    assert models.ImageToVideoRequest.from_dict(body).to_dict() == body
