"""Everything that follows from facts and overlay: the contract, the client, the provenance.

`plan` works it all out in memory, `differences` says what of it the tree lacks, and `write` puts it
there: all of it or nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from .. import files
from ..contract import authored, resolve
from ..contract import overlay as overlays
from . import codegen

__all__ = ["Plan", "contract_of", "differences", "plan", "write"]


@frozen
class Plan:
    """What the tree should hold.

    Attributes:
        wanted: Contents by path from the repository's root, with ``/``.
        unwanted: Files that must not be there.
    """

    wanted: Mapping[str, bytes]
    unwanted: frozenset[str] = frozenset()


def contract_of(root: Path, upstream: Mapping[str, bytes]) -> Any:
    """The contract, if some pages had these facts; the other pages' are those of the repository.

    Args:
        root: The repository, for overlays and facts.
        upstream: Facts by the page's name, as ``openapi/upstream`` holds them.

    Raises:
        OverlayError: An overlay doesn't fit its facts.
        ContractError: The contract is not valid.
    """
    pages = {}
    for name in files.names(root, upstream):
        facts = upstream.get(name) or (root / files.upstream(name)).read_bytes()
        place = files.overlay(name)
        added = overlays.parse((root / place).read_bytes(), place.as_posix())
        pages[name] = (files.parse(facts), added)
    written = {
        place.as_posix(): authored.parse((root / place).read_bytes(), place.as_posix())
        for place in files.authored(root)
    }
    made = {name: authored.document(content, name) for name, content in written.items()}
    return resolve.resolve(pages, made)


def plan(root: Path, upstream: Mapping[str, bytes]) -> Plan:
    """Work out every file that follows from the pages' facts.

    Args:
        root: The repository; its overlays and the generator's settings are read.
        upstream: Facts by the page's name, where they are not those of the repository.

    Raises:
        OverlayError: An overlay doesn't fit its facts.
        PipelineError: The contract is not valid, or the generator refuses it.
    """
    contract = resolve.resolved_bytes(contract_of(root, upstream))
    client = codegen.generate(root, contract)
    wanted = {
        **{files.upstream(name).as_posix(): data for name, data in upstream.items()},
        files.RESOLVED.as_posix(): contract,
        **{f"{files.GENERATED.as_posix()}/{name}": data for name, data in client.items()},
    }
    read = {
        place.as_posix(): (root / place).read_bytes()
        for name in files.names(root, upstream)
        for place in (files.upstream(name), files.overlay(name))
        if (root / place).is_file()
    }
    read |= {place.as_posix(): (root / place).read_bytes() for place in files.authored(root)}
    wanted[files.PROVENANCE.as_posix()] = _provenance(root, {**read, **wanted})
    return Plan(wanted)


def _provenance(root: Path, made: Mapping[str, bytes]) -> bytes:
    """From what, and by what, the generated tree was made."""
    versions = codegen.pins(root)
    facts = {
        "facts": _folder(made, files.UPSTREAM.parent),
        "overlays": _folder(made, files.OVERLAY.parent),
        "authored": _folder(made, files.AUTHORED),
        "contract": {
            "file": files.RESOLVED.as_posix(),
            "sha256": _sha(made[files.RESOLVED.as_posix()]),
        },
        "client": _folder(made, files.GENERATED),
        "generator": {
            "openapi-python-client": versions["openapi-python-client"],
            "ruff": versions["ruff"],
            "pins": _sha((root / files.CODEGEN_PINS).read_bytes()),
            "settings": _sha((root / files.CODEGEN_CONFIG).read_bytes()),
        },
    }
    return (json.dumps(facts, indent=2) + "\n").encode()


def _folder(made: Mapping[str, bytes], folder: Path) -> dict[str, str]:
    """A folder, and the digest of a list of its files' digests."""
    start = folder.as_posix() + "/"
    lines = [f"{_sha(made[name])}  {name}\n" for name in sorted(made) if name.startswith(start)]
    return {"folder": folder.as_posix(), "sha256": _sha("".join(lines).encode())}


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def differences(root: Path, planned: Plan) -> list[str]:
    """What the tree has that differs from a plan, one sentence a file."""
    found = []
    for name, data in planned.wanted.items():
        path = root / name
        if path.is_symlink() or not path.is_file():
            found.append(f"{name} is missing" if not path.exists() else f"{name} is no plain file")
        elif path.read_bytes() != data:
            found.append(
                f"{name} differs from what the script makes: it was edited, or is out of date"
            )
    found += [
        f"{name} does not belong there: the script makes no such file"
        for name in _strays(root, planned)
    ]
    return sorted(found)


def _strays(root: Path, planned: Plan) -> list[str]:
    folders = (root / files.GENERATED.parent).rglob("*")
    paths = [
        p for p in folders if "__pycache__" not in p.parts and (p.is_symlink() or not p.is_dir())
    ]
    return [
        name
        for name in (p.relative_to(root).as_posix() for p in paths)
        if name not in planned.wanted
    ]


def write(root: Path, planned: Plan) -> list[str]:
    """Make the tree what a plan says, touching only what differs.

    Returns:
        The files written or removed.
    """
    changed = [name for name, data in planned.wanted.items() if not _same(root / name, data)]
    staged: list[tuple[Path, Path]] = []
    try:
        for name in changed:
            staged.append((_stage(root / name, planned.wanted[name]), root / name))
    except OSError:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)
        raise
    for temporary, path in staged:
        temporary.replace(path)
    gone = [*_strays(root, planned), *(n for n in planned.unwanted if (root / n).is_file())]
    for name in gone:
        (root / name).unlink()
    return sorted([*changed, *gone])


def _same(path: Path, data: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == data


def _stage(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    Path(name).chmod(0o644)
    return Path(name)
