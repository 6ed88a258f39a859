"""The catalogue: sources and dates on every row, and newer tables laid over it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kling_facade import camera
from kling_facade.catalog import Catalog
from kling_facade.errors import InvalidRequest

from ..rules.asking import errors, found, request

DATE = re.compile(r"20\d\d(-\d\d(-\d\d)?)?")


def test_every_row_has_a_source_and_a_date() -> None:
    """Rules, features, modes and prices all say who says so and when."""
    catalog = Catalog.bundled()
    rows = [(r.name, r.source, r.date) for r in catalog.rules.values()]
    for model in catalog.models.values():
        source, _, date = model.modes_cited.rpartition(" (")
        rows.append((model.name, source, date.rstrip(")")))
        rows += [(f"{model.name} {name}", f.source, f.date) for name, f in model.features.items()]
    rows += [(name, p["source"], p["date"]) for name, p in catalog.prices["models"].items()]
    for name, source, date in rows:
        assert DATE.fullmatch(date), name
        for short in re.sub(r" \(.*?\)", "", source).split(", "):
            assert short in catalog.sources, name


def test_every_rule_of_the_checks_is_in_the_catalogue() -> None:
    """No check names a rule that is not there, and no rule is there that no check names."""
    folder = Path(__file__).parents[2] / "kling_facade" / "rules" / "checks"
    code = "\n".join(path.read_text() for path in folder.glob("*.py"))
    named = {name for name in Catalog.bundled().rules if f'"{name}"' in code}
    built = {"prompt-length", "negative-prompt-length"}  # made of the field's name
    assert Catalog.bundled().rules.keys() - built == named


def test_a_file_is_laid_over_the_catalogue(tmp_path: Path) -> None:
    """A user's own table may be as short as one fact; the rest stays."""
    newer = tmp_path / "newer.toml"
    newer.write_text(
        'version = "2027-01-01"\n'
        "[models.kling-v4]\n"
        "listed = true\n"
        'modes = { std = [5], source = "ME", date = "2027-01" }\n'
        'camera = { at = ["std"], source = "ME", date = "2027-01" }\n'
        "[models.kling-v2-6.camera]\n"
        'at = ["pro 5"]\n'
        "[limits]\n"
        "prompt_characters = 10\n"
        "[rules.model-retired]\n"
        'severity = "capability"\n'
    )
    catalog = Catalog.load(newer)
    move = camera.zoom_in(4)
    assert catalog.version == "2027-01-01"
    assert errors(request(model="kling-v4", camera=move, prompt="x"), catalog=catalog) == set()
    assert errors(request(mode="pro", camera=move, prompt="x"), catalog=catalog) == set()
    assert errors(request(camera=move, prompt="x"), catalog=catalog) == {"model-camera"}
    assert errors(request(prompt="x" * 11), catalog=catalog) == {"prompt-length"}
    assert errors(request(model="kling-v1", prompt="x"), catalog=catalog) == {"model-retired"}
    assert "ME (2027-01)" in str(
        found(request(model="kling-v4", mode="pro", camera=move), catalog=catalog)["model-mode"]
    )
    assert Catalog.bundled().limits["prompt_characters"] == 2500


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    """So is one that is not there."""
    with pytest.raises(InvalidRequest, match=r"none\.toml can't be read"):
        Catalog.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"not toml", "is not TOML.*line 1"),
        (b"version = '\xff'", "can't be read"),
    ],
)
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    """With the place, where the reader knows it."""
    path = tmp_path / "broken.toml"
    path.write_bytes(data)
    with pytest.raises(InvalidRequest, match=message):
        Catalog.load(path)


def test_no_model_lacks_a_feature_row() -> None:
    """Each model states tail, brush, camera, cfg, sound and voice, each with its source."""
    for model in Catalog.bundled().models.values():
        assert {"tail", "brush", "camera", "cfg", "sound", "voice"} <= model.features.keys()
