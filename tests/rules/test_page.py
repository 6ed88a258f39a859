"""docs/rules.md says what the catalogue says."""

from __future__ import annotations

from pathlib import Path

import pytest

from kling_facade.catalog import Catalog, Model, Rule

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
CATALOG = Catalog.bundled()
FEATURES = ("tail", "brush", "camera", "cfg", "sound", "voice")


@pytest.mark.parametrize("rule", CATALOG.rules.values(), ids=lambda rule: rule.name)
def test_each_rule_has_its_row(rule: Rule) -> None:
    """Under its severity, with source, date and dispute."""
    disputed = f" Disputed: {rule.disputed}." if rule.disputed else ""
    section = PAGE.split(f"### {rule.severity.title()}\n")[1].split("\n##")[0]
    assert f"| `{rule.name}` | {rule.says}.{disputed} | {rule.cited} |" in section


@pytest.mark.parametrize("model", CATALOG.models.values(), ids=lambda model: model.name)
def test_each_model_has_its_row(model: Model) -> None:
    """Standing, modes, seconds and features; a star where sources disagree."""
    standing = f"retired {model.retired}" if model.retired else "live"
    standing += "" if model.listed else ", not on the page"
    (seconds,) = set(model.modes.values())
    span = "5, 10" if seconds == (5, 10) else f"{seconds[0]} to {seconds[-1]}"
    cells = []
    for feature in map(model.feature, FEATURES):
        kinds = f" ({', '.join(feature.kinds)})" if feature.kinds else ""
        silent = "" if feature.with_sound else " (silent)"
        star = " *" if feature.disputed else ""
        cells.append((", ".join(feature.at) or "-") + kinds + silent + star)
    row = [model.name, standing, f"{', '.join(model.modes)}: {span}", *cells]
    assert f"| {' | '.join(row)} |" in PAGE


@pytest.mark.parametrize("short", CATALOG.sources)
def test_each_source_is_spelled_out(short: str) -> None:
    """Short names are no riddles."""
    assert f"| {short} | {CATALOG.sources[short]} |" in PAGE
