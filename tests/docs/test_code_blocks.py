"""Every code block of README and docs is run, checked or held against what it shows.

Blocks of a page run from top to bottom in one namespace, in a folder that has ``fox.png`` and
``photo.jpg``, against a sandbox gateway whose time passes only when the program sleeps.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import subprocess
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from kling_facade import KlingAdvice, Runtime
from kling_facade.cli import commands as cli
from kling_facade.sandbox import Sandbox
from kling_facade.sandbox.sample import landscape

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "tests" / "README.md"])
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_CODE = {"text", "mermaid", "diff"}


@frozen
class Block:
    """One fenced block."""

    page: Path
    line: int
    language: str
    code: str

    @property
    def where(self) -> str:
        """Page and line, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    text = page.read_text("utf-8")
    return [
        Block(page, text[: found.start()].count("\n") + 2, found[1], found[2])
        for found in FENCE.finditer(text)
    ]


def of(language: str) -> list[Any]:
    """Pages with blocks of a language, as parameters."""
    return [
        pytest.param(page, id=str(page.relative_to(ROOT)))
        for page in PAGES
        if page.exists() and any(block.language == language for block in blocks(page))
    ]


@pytest.fixture(scope="module")
def pictures() -> tuple[bytes, bytes]:
    """fox.png and photo.jpg."""
    import io

    image, png, jpeg = landscape((1280, 720)), io.BytesIO(), io.BytesIO()
    image.save(png, "PNG")
    image.convert("RGB").save(jpeg, "JPEG")
    return png.getvalue(), jpeg.getvalue()


@pytest.fixture
def place(
    tmp_path: Path, pictures: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """The folder and the gateway."""
    (tmp_path / "fox.png").write_bytes(pictures[0])
    (tmp_path / "photo.jpg").write_bytes(pictures[1])
    monkeypatch.chdir(tmp_path)
    with Sandbox(speed=0, short_side=120, fps=8) as sandbox:

        async def pause(seconds: float) -> None:
            sandbox.advance(seconds)
            await asyncio.sleep(0)

        world = Runtime(sleep=sandbox.advance, async_sleep=pause)
        monkeypatch.setattr("kling_facade.client.session.Runtime", lambda: world)
        monkeypatch.setenv("KLING_API_KEY", sandbox.api_key)
        monkeypatch.setenv("KLING_BASE_URL", sandbox.base_url)
        yield sandbox


@pytest.mark.parametrize("page", of("python"))
def test_python_runs(page: Path, place: Sandbox) -> None:
    """Top to bottom, one namespace; `await` at the top level as in a notebook."""
    import ast
    import inspect

    space: dict[str, Any] = {"__name__": "__page__"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KlingAdvice)
        for block in blocks(page):
            if block.language != "python":
                continue
            source = "\n" * (block.line - 1) + block.code
            code = compile(source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            result = eval(code, space)
            if inspect.iscoroutine(result):
                asyncio.run(result)


@pytest.mark.parametrize("page", of("sh"))
def test_shell_commands_exist_and_mean_what_they_say(page: Path, place: Sandbox) -> None:
    """`kling` commands run; `make` targets and extras exist; anything else is unknown here."""
    for block in blocks(page):
        if block.language == "sh":
            for command in block.code.replace("\\\n", " ").splitlines():
                run_line(command.strip(), block)


def run_line(command: str, block: Block) -> None:
    """One line of a shell block."""
    words = shlex.split(command, comments=True)
    while words and re.match(r"\w+=", words[0]):
        words.pop(0)
    if not words or words[0] in ("cd", "export"):
        return
    if words[0] == "make":
        dry = ["make", "-C", str(ROOT), "--dry-run", "PYTHON=true", *words[1:]]
        done = subprocess.run(dry, capture_output=True, text=True)
        assert done.returncode == 0, f"{block.where}: {command}: {done.stderr}"
    elif words[0].removeprefix(".venv/bin/") == "kling":
        run_kling(words[1:], f"{block.where}: {command}")
    elif words[:2] == ["pip", "install"]:
        check_extras(words[2:], block)
    elif words[:2] == ["git", "clone"]:
        return
    elif words[0] in ("python", ".venv/bin/python"):
        run_python(words[1:], f"{block.where}: {command}")
    else:
        raise AssertionError(f"{block.where}: what is {words[0]!r}?")


def run_kling(arguments: list[str], where: str) -> None:
    """A command of ours, in this process. The demo and the sandbox have tests of their own."""
    if arguments[:1] in (["demo"], ["sandbox"]):
        cli._parser().parse_args(arguments)
        return
    assert cli.main(arguments) == 0, where


def run_python(arguments: list[str], where: str) -> None:
    """A script or module must exist and know its options: it is asked for help."""
    import sys

    target = arguments[:2] if arguments[0] == "-m" else [str(ROOT / arguments[0])]
    done = subprocess.run(
        [sys.executable, *target, "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 0, f"{where}: {done.stderr}"
    for option in (word.partition("=")[0] for word in arguments if word.startswith("--")):
        assert option in done.stdout, f"{where}: no option {option}"


def check_extras(words: list[str], block: Block) -> None:
    """The extras named are the project's."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    for word in words:
        for extra in re.findall(r"[\w-]+", (re.search(r"\[(.*)\]", word) or ["", ""])[1]):
            assert extra in extras, f"{block.where}: no extra {extra!r}"


@pytest.mark.parametrize("page", of("json") + of("toml") + of("yaml"))
def test_data_is_well_formed(page: Path) -> None:
    """JSON, TOML and YAML are read by their own parsers."""
    import yaml

    readers: dict[str, Any] = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}
    for block in blocks(page):
        if block.language in readers:
            readers[block.language](block.code)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.exists()], ids=lambda page: page.name
)
def test_no_block_escapes_and_no_link_is_dead(page: Path) -> None:
    """Every block says its language, a known one; every relative link leads somewhere."""
    known = {"python", "sh", "json", "toml", "yaml"} | NOT_CODE
    for block in blocks(page):
        assert block.language in known, (
            f"{block.where}: a block of {block.language or 'no language'}"
        )
    text = FENCE.sub("", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name}: {target} leads nowhere"


def test_a_block_that_fails_is_noticed(tmp_path: Path) -> None:
    """Negative control."""
    page = ROOT / "README.md"
    with pytest.raises(AssertionError, match="what is 'frobnicate'"):
        run_line("frobnicate --now", Block(page, 1, "sh", ""))
    with pytest.raises(AssertionError, match="no extra 'nothing'"):
        run_line("pip install 'kling-facade[nothing]'", Block(page, 1, "sh", ""))
    with pytest.raises(AssertionError):
        run_line("make no-such-target", Block(page, 1, "sh", ""))
