"""What is generated is used before it is kept; nothing in it is sent that nobody named."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from specpipe import files
from specpipe.client import codegen
from specpipe.errors import ContractError, PipelineError

from ..conftest import ROOT

CONTRACT = files.read_yaml(ROOT / files.RESOLVED)


def fields(document: Any) -> Any:
    """The fields of a create."""
    return document["components"]["schemas"]["ImageToVideoRequest"]["properties"]


def first(name: str) -> Callable[[Any], None]:
    """An edit that adds a text in front of all other fields."""

    def edit(document: Any) -> None:
        known = fields(document)
        others = dict(known)
        known.clear()
        known.update({name: {"type": "string"}, **others})

    return edit


def test_a_wrong_client_is_refused(generator: Path) -> None:
    """A name that spoils the code, and three paths that come to one module, are both told."""
    document = copy.deepcopy(CONTRACT)
    first("dynamic_masks_item")(document)
    for path in ("/v1/a-b", "/v1/a_b", "/v1/a.b"):
        document["paths"][path] = {"get": {"responses": {"204": {"description": ""}}}}
    with pytest.raises(ContractError, match="the generated client is wrong") as caught:
        codegen.generate(ROOT, files.dump(document))
    assert "came back as" in str(caught.value)
    assert "Give it an operationId" in str(caught.value)


def test_a_default_of_the_page_is_not_sent(generator: Path) -> None:
    """Whatever a page says is sent when nothing is said, only what the user says is sent."""
    document = copy.deepcopy(CONTRACT)
    known = fields(document)
    known["callback_url"]["default"] = "https://evil.example/hook"
    known["sound"]["default"] = "on"
    known["cfg_scale"]["default"] = 0.5
    known["voice_list"]["items"]["default"] = {}
    made = codegen.generate(ROOT, files.dump(document))
    folder = ROOT / files.GENERATED
    assert made == {name: (folder / name).read_bytes() for name in made}


@pytest.mark.usefixtures("generator")
def test_a_generator_that_crashes_is_not_blamed_on_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A traceback of the generator is a failure of the tools."""

    def crash(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        words = "Traceback (most recent call last):\nKeyError: 'x'"
        return subprocess.CompletedProcess([], 1, "", words)

    monkeypatch.setattr(subprocess, "run", crash)
    with pytest.raises(PipelineError, match="crashed") as caught:
        codegen.generate(ROOT, files.dump(CONTRACT))
    assert not isinstance(caught.value, ContractError)


# --- the program that uses a client ---------------------------------------------------------------

MODEL = """\
from attrs import define
from ..types import UNSET


@define
class Body:
    a: str = {default}

    @classmethod
    def from_dict(cls, src):
        {read}

    def to_dict(self):
        return {{}} if self.a is UNSET else {{"a": self.a}}
"""
MODULE = """\
import httpx
from ..models.body import Body


def _get_kwargs(*, body: Body):
    return {"method": "post", "url": "/a/{id}"}
"""
DOCUMENT = {
    "paths": {
        "/a/{name}": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"a": {"type": "string", "nullable": True}},
                            }
                        }
                    }
                },
                "responses": {"204": {"description": ""}},
            }
        }
    }
}


def checked(place: Path, **changes: str) -> tuple[int, str]:
    """What the program says of a small client made by hand, with some files changed."""
    written = {
        "__init__.py": "class Client:\n    def __init__(self, **_): pass\n",
        "types.py": "UNSET = object()\n",
        "models/__init__.py": "",
        "models/body.py": MODEL.format(default="UNSET", read="return cls(**src)"),
        "api/__init__.py": "",
        "api/post_a.py": MODULE,
        **{name.replace("__", "/") + ".py": text for name, text in changes.items()},
    }
    for name, text in written.items():
        path = place / "kling_client" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (place / "contract.json").write_text(json.dumps(DOCUMENT))
    program = Path(codegen.__file__).with_name("check.py")
    done = subprocess.run(
        [sys.executable, "-I", "-B", program, place / "kling_client", place / "contract.json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_right_client_passes(tmp_path: Path) -> None:
    """The control: the small client as it is has no fault."""
    assert checked(tmp_path) == (0, "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"models__body": MODEL.format(default="'on'", read="return cls(**src)")}, "unasked"),
        ({"models__body": MODEL.format(default="UNSET", read="return cls('x')")}, "came back"),
        ({"models__body": MODEL.format(default="UNSET", read="1 / 0")}, "ZeroDivisionError"),
        (
            {"models__body": MODEL.format(default="UNSET", read="return cls(str(src['a']))")},
            'null} came back',
        ),
        ({"api__post_a": ""}, "POST /a/{}: 0 modules"),
        ({"api__post_b": MODULE}, "POST /a/{}: 2 modules"),
        ({"api__post_a": MODULE.replace("body: Body", "body: Body, dry: str = 'on'")}, "unasked"),
        ({"more": "return 1"}, "more.py is not Python"),
        (
            {"more": "".join(f"{' ' * n}for x in ():\n" for n in range(40)) + " " * 40 + "x"},
            "too many statically nested blocks",
        ),
        ({"more": "import nowhere_at_all"}, "can't be imported"),
    ],
)  # fmt: skip
def test_each_fault_of_a_client_is_told(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    """Defaults, spoiled bodies, missing and doubled modules, code that can't run."""
    code, told = checked(tmp_path, **changes)
    assert code == 1
    assert words in told
