"""Runs the suite on every supported Python that is here, each in an environment of its own.

Usage:
    python scripts/pythons.py [pytest's arguments]

The supported versions are the classifiers of pyproject.toml. An interpreter is looked for on the
path and among pyenv's; one that is not here is named and left out. Coverage, lint and types are
``make test``'s.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d+)")


def supported() -> list[str]:
    """The versions that pyproject.toml promises."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [match[1] for line in project["classifiers"] if (match := CLASSIFIER.fullmatch(line))]


def interpreter(version: str) -> str | None:
    """An interpreter of this version that runs; pyenv's stand-ins on the path may not."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    kept = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
    for found in (shutil.which(f"python{version}"), *map(str, kept)):
        if found is not None and _version(found) == version:
            return found
    return None


def _version(python: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=False
    ).stdout.strip()


def environment(version: str, python: str) -> str:
    """The python of an environment with everything that the tests need."""
    folder = ROOT / f".venv-{version}"
    own = str(folder / "bin" / "python")
    if not Path(own).exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    options = ["--disable-pip-version-check", "--quiet", "--constraint", "constraints.txt"]
    subprocess.run([own, "-m", "pip", "install", *options, "-e", ".[dev]"], cwd=ROOT, check=True)
    return own


def main(arguments: list[str]) -> int:
    """Runs all of them, and says at the end how each went."""
    verdicts: dict[str, str] = {}
    for version in supported():
        python = interpreter(version)
        if python is None:
            verdicts[version] = "left out: not on this machine"
            continue
        print(f"--- Python {version}: {python}", flush=True)
        tests = [environment(version, python), "-m", "pytest", "-n", "2", *arguments]
        code = subprocess.run(tests, cwd=ROOT, check=False).returncode
        verdicts[version] = "passed" if code == 0 else f"failed ({code})"
    for version, verdict in verdicts.items():
        print(f"Python {version}: {verdict}")
    return 1 if any(verdict.startswith("failed") for verdict in verdicts.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
