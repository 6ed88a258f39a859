"""Where things stand in the repository, and how documents are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = [
    "ACCEPTED",
    "AUTHORED",
    "CODEGEN_CONFIG",
    "CODEGEN_PINS",
    "GENERATED",
    "MAIN",
    "OVERLAY",
    "PROVENANCE",
    "RESOLVED",
    "ROOT",
    "SOURCES",
    "UPSTREAM",
    "accepted",
    "authored",
    "dump",
    "names",
    "overlay",
    "parse",
    "read_yaml",
    "upstream",
]

ROOT: Final = Path(__file__).resolve().parents[2]
MAIN: Final = "image2video"
"""The page that comes first: it names the contract, and its overlay holds what others refer to."""
UPSTREAM: Final = Path("openapi/upstream/image2video.yaml")
OVERLAY: Final = Path("openapi/overlays/image2video.yaml")
ACCEPTED: Final = Path("openapi/accepted")
"""Facts that somebody has answered for, of pages whose latest facts still ask for an answer."""
AUTHORED: Final = Path("openapi/authored")
"""What no page states, written by hand: a source of another kind."""
SOURCES: Final = Path("openapi/sources.toml")
RESOLVED: Final = Path("openapi/kling.yaml")
PROVENANCE: Final = Path("openapi/provenance.json")
CODEGEN_CONFIG: Final = Path("openapi/codegen.yaml")
CODEGEN_PINS: Final = Path("openapi/codegen-requirements.txt")
GENERATED: Final = Path("generated/kling_client")


_NUMBER: Final = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
)
"""A number to readers of YAML 1.2; PyYAML, a reader of 1.1, would write 1e3 without quotes."""


def upstream(name: str) -> Path:
    """The facts of a page, by the page's name."""
    return UPSTREAM.with_name(f"{name}.yaml")


def overlay(name: str) -> Path:
    """What we add to a page. The first page's overlay also defines what the others share."""
    return OVERLAY.with_name(f"{name}.yaml")


def accepted(name: str) -> Path:
    """Where a page's last accepted facts stand while its latest ask for an answer."""
    return ACCEPTED / f"{name}.yaml"


def authored(root: Path) -> list[Path]:
    """The files of authored facts, from the repository's root."""
    return sorted(path.relative_to(root) for path in (root / AUTHORED).glob("*.yaml"))


def names(root: Path, more: Iterable[str] = ()) -> list[str]:
    """Every page that the repository follows, and some more; the main one first."""
    found = {*(path.stem for path in (root / UPSTREAM.parent).glob("*.yaml")), *more}
    return sorted(found, key=lambda name: (name != MAIN, name))


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key, no aliases: what people expect to read."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "'" if _NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def dump(document: Any, header: str = "") -> bytes:
    """A document as YAML: the same bytes everywhere.

    Args:
        document: Mappings, lists and scalars; order is kept.
        header: Lines that go in front as comments.
    """
    comment = "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())
    body = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, line_break="\n"
    )
    return (comment + body).encode()


def read_yaml(path: Path) -> Any:
    """A YAML file of this repository."""
    return parse(path.read_bytes())


def parse(data: bytes) -> Any:
    """YAML of our own; with the C parser where PyYAML has it, which reads the same."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(data, Loader=loader)  # noqa: S506  (both are safe loaders)
