"""What the tests of the spec pipeline share. The pipeline is no package of the distribution."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from specpipe import files  # noqa: E402  (the folder must be on the path first)
from specpipe.client import build, codegen  # noqa: E402  (the folder must be on the path first)
from specpipe.verdict import facade, pipeline  # noqa: E402  (the folder must be on the path first)

_PUBLISHED = ROOT.parent / "shared" / "upstream" / "image2video.md"


@pytest.fixture(scope="session")
def page() -> str:
    """A page of our own with the damage of the real one, and its facts."""
    return (Path(__file__).parent / "data" / "page.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def published_page() -> bytes:
    """The page as the gateway publishes it. It is not ours to keep in the repository."""
    if not _PUBLISHED.is_file():
        pytest.skip("the published page (shared/upstream page) is not here")
    return _PUBLISHED.read_bytes()


@pytest.fixture(scope="session")
def generator() -> Path:
    """The generator's environment; made on first use."""
    return codegen.environment(ROOT)


@pytest.fixture(scope="session")
def planned(generator: Path) -> build.Plan:
    """What the script makes of the repository's facts, worked out once."""
    return build.plan(ROOT, {})


@pytest.fixture
def quick_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for the generator where only the verdict counts: one file, of the contract."""
    monkeypatch.setattr(codegen, "generate", _quick)


def _quick(_root: Path, document: bytes) -> dict[str, bytes]:
    return {"contract.yaml": document}


def _copied(to: Path, generator: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("openapi", "scripts", "generated"):
        shutil.copytree(ROOT / name, to / name, ignore=ignore)
    (to / facade.CATALOG).parent.mkdir(parents=True)
    shutil.copy(ROOT / facade.CATALOG, to / facade.CATALOG)
    (to / codegen.VENV).symlink_to(generator.parent, target_is_directory=True)
    return to


@pytest.fixture
def repository(tmp_path: Path, generator: Path) -> Path:
    """A copy of what the pipeline reads and writes."""
    return _copied(tmp_path / "repository", generator)


@pytest.fixture(scope="session")
def _settled(tmp_path_factory: pytest.TempPathFactory, generator: Path, page: str) -> Path:
    root = _copied(tmp_path_factory.mktemp("settled") / "repository", generator)
    (root / "page.md").write_text(page, encoding="utf-8")
    # Our page's facts are what the repository holds, whatever the published page says by now.
    (root / files.UPSTREAM).write_bytes(pipeline.read_page(page.encode())[2])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(codegen, "generate", _quick)
        outcome = pipeline.run(root, str(root / "page.md"), lambda _: None, tests=False)
    assert outcome.verdict is pipeline.Verdict.GREEN, outcome
    return root


@pytest.fixture
def settled(_settled: Path, tmp_path: Path, quick_generator: None) -> Path:
    """A repository whose facts are those of our own page; its generator is the quick one."""
    return Path(shutil.copytree(_settled, tmp_path / "settled", symlinks=True))
