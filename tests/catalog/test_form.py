"""The form of a catalogue: whatever means nothing is refused with its line, all at once."""

from __future__ import annotations

import random
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kling_facade import Catalog
from kling_facade.catalog.catalog import BUNDLED
from kling_facade.catalog.form import Limits, check_form
from kling_facade.catalog.lines import line_of
from kling_facade.errors import InvalidRequest, MissingExtra

TEXT = BUNDLED.read_text("utf-8")
RULES = Catalog.bundled().rules
MODEL = '[models.kling-v9]\nmodes = { std = [5], source = "ME", date = "2026" }\n'


def refusal(tmp_path: Path, text: str) -> list[str]:
    """What is said about a file, place by place."""
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidRequest) as raised:
        Catalog.load(path)
    first, *places = raised.value.message.splitlines()
    assert first == f"{path} is not a catalogue:"
    return [place.removeprefix("  - ") for place in places]


def test_the_bundled_catalogue_has_the_form() -> None:
    """It is not checked when it is read; here it is."""
    table = tomllib.loads(TEXT)
    check_form(table, RULES, TEXT, "the bundled catalogue")
    assert set(Limits.__annotations__) == table["limits"].keys()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("[limits]\nimage_sid = 200", "line 2, limits.image_sid", "Did you mean image_side?"),
        ("[limits]\n\nimage_side = '200'", "line 3, limits.image_side", "whole number from 1 up"),
        ("limits.image_side = 0", "line 1, limits.image_side", "0 is not a whole number"),
        ("limits.image_side = 1.5", "line 1, limits.image_side", "1.5 is not a whole number"),
        ("limits.voices = true", "line 1, limits.voices", "True is not a whole number"),
        ("limits.image_aspect = nan", "line 1, limits.image_aspect", "nan is not a number"),
        ("limits.path_reach = 7", "line 1, limits.path_reach", "a number from 0 to 1"),
        ("limits.path_points = 77", "line 1, limits.path_points", "is not a list"),
        ("limits.path_points = [77]", "line 1, limits.path_points", "is not a pair"),
        ("limits.path_points = [77, 2]", "line 1, limits.path_points", "wrong way round"),
        ("limits = 'none'", "line 1, limits", "is not a table"),
        ("limit.image_side = 2", "line 1, limit", "Did you mean limits?"),
        ("prices.usd_per_unit = -1", "line 1, prices.usd_per_unit", "-1 is not a number from 0"),
        ("prices.usd_per_units = 1", "line 1, prices.usd_per_units", "mean usd_per_unit?"),
        (
            "[prices.models.kling-v3]\nsilnt = { std = 1 }",
            "line 2, prices.models.kling-v3.silnt",
            "Did you mean silent?",
        ),
        (
            "prices.models.kling-v3.silent = { sdt = 1 }",
            "line 1, prices.models.kling-v3.silent.sdt",
            "there is no mode 'sdt'. Did you mean std?",
        ),
        (
            "prices.models.kling-v26 = { silent = { std = 1 } }",
            "line 1, prices.models.kling-v26",
            "Did you mean kling-v2-6?",
        ),
        (MODEL + "listed = 'yes'", "line 3, models.kling-v9.listed", "true or false"),
        (MODEL + "retired = '2026-09-15'", "line 3, models.kling-v9.retired", "without quotes"),
        (MODEL + "camra = { at = ['std'] }", "line 3, models.kling-v9.camra", "mean camera?"),
        (MODEL + "tail = { at = 'std' }", "line 3, models.kling-v9.tail.at", "is not a list"),
        (MODEL + "tail = { at = ['sdt'] }", "line 3, models.kling-v9.tail.at.0", "mean std?"),
        (MODEL + "tail = { at = ['std 7x'] }", "line 3, models.kling-v9.tail.at.0", "no duration"),
        (MODEL + "tail = { at = ['pro 5'] }", "line 1, models.kling-v9", "doesn't have"),
        (MODEL + "camera = { kinds = ['simpel'] }", "line 3, models.kling-v9.camera", "simple?"),
        ("[models.kling-v9]\nlisted = true", "line 1, models.kling-v9.modes", "is missing"),
        ("[models.kling-v9]\nmodes = { std = [5] }", "line 2, models.kling-v9", "source"),
        ("models.kling-v3.modes.sdt = [5]", "line 1, models.kling-v3.modes.sdt", "mean std?"),
        ("models.kling-v3.modes.std = [99]", "line 1, models.kling-v3.modes.std.0", "duration 99"),
        (
            "rules.imgae-side.severity = 'advice'",
            "line 1, rules.imgae-side",
            "Did you mean image-side?",
        ),
        ("rules.image-side.severity = 'strict'", "line 1, rules.image-side.sever", "contract, cap"),
        ("rules.image-side.level = 3", "line 1, rules.image-side.level", "means nothing"),
        ("sources.ME = 3", "line 1, sources.ME", "3 is not a text"),
        ("version = 2", "line 1, version", "2 is not a text"),
    ],
)
def test_what_means_nothing_is_refused_with_its_line(
    tmp_path: Path, text: str, place: str, words: str
) -> None:
    """A misspelt name, another kind of value, a name that nothing has: one place, one line."""
    (told,) = refusal(tmp_path, text)
    assert told.startswith(place)
    assert words in told


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    """As with requests."""
    text = (
        "limits.voice = 1\nlimits.voices = '1'\n[models]\nkling-v3.tail.at = ['prp']\n"
        "[rules]\npromt-empty = {}\n[prices.models.kling-v3]\nsilent.std = 'free'\n"
    )
    lines = sorted(told.partition(",")[0] for told in refusal(tmp_path, text))
    assert lines == ["line 1", "line 2", "line 4", "line 6", "line 8"]


def test_new_names_are_taken_where_they_are_listed(tmp_path: Path) -> None:
    """A mode that all rows may use; a duration that is taken away is missed by the rows with it."""
    path = tmp_path / "newer.toml"
    path.write_text(
        "[limits]\nmodes = ['std', 'pro', '4k', '8k']\n"
        "[models.kling-v3]\nmodes = { 8k = [5] }\ntail.at = ['8k 5']\n"
        "[prices.models.kling-v3]\nsilent = { 8k = 9 }\n"
    )
    assert Catalog.load(path).models["kling-v3"].feature("tail").works("8k", 5)
    assert any("duration 3" in told for told in refusal(tmp_path, "limits.durations = [5, 10]"))


def _leaves(table: Any, keys: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The way to each key below another."""
    found = []
    for key, value in table.items():
        found.append((*keys, key))
        if isinstance(value, dict):
            found += _leaves(value, (*keys, key))
    return found


KEYS = [keys for keys in _leaves(tomllib.loads(TEXT)) if keys[0] != "sources"]


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(KEYS), st.randoms())
def test_a_name_that_is_spoiled_anywhere_is_refused(
    keys: tuple[str, ...], dice: random.Random
) -> None:
    """Whichever key of the bundled catalogue gets a letter too many, something is said of it."""
    inner = table = tomllib.loads(TEXT)
    for key in keys[:-1]:
        inner = inner[key]
    if keys[:-1] == ("models",):
        return  # any name is a model's
    place = dice.randrange(1, len(keys[-1]) + 1)
    spoiled = f"{keys[-1][:place]}_{keys[-1][place:]}"
    inner[spoiled] = inner.pop(keys[-1])
    with pytest.raises(InvalidRequest, match=f"{spoiled}|{keys[-1]}.* missing"):
        check_form(table, RULES, "", "a spoiled one")


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(KEYS))
def test_every_line_of_the_bundled_file_is_found(keys: tuple[str, ...]) -> None:
    """The line of a key has its name in it, and is below that of its table."""
    number = line_of(TEXT, keys)
    assert number is not None
    assert keys[-1] in TEXT.splitlines()[number - 1]
    assert number >= (line_of(TEXT, keys[:1]) or 0)


@pytest.mark.parametrize(
    ("text", "keys", "line"),
    [
        ("a = 1\nb = 2", ("b",), 2),
        ("[a]\n\n# c\nb.c = 1", ("a", "b", "c"), 4),
        ("[a]\nb = [\n  1,\n  2,\n]", ("a", "b", 1), 2),
        ('"a b" = """\nx = 1\n"""\nx = 2', ("x",), 4),
        ('a = { "b" = { c = 1 } }', ("a", "b", "c"), 1),
        ("[[a]]\nb = 1", ("a", 0, "b"), 1),
        ("a = 1", ("b", "c"), None),
        ("[a]\nx = 1", ("a", "b", "c"), 1),
    ],
)
def test_a_line_is_found_however_the_key_is_written(
    text: str, keys: tuple[str | int, ...], line: int | None
) -> None:
    """Dotted, quoted, inside a line, with a value of many lines; a missing key is its table's."""
    assert line_of(text, keys) == line


def test_without_cattrs_a_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read unchecked; the message has the command."""
    path = tmp_path / "mine.toml"
    path.write_text("version = '1'")
    monkeypatch.setitem(sys.modules, "cattrs", None)
    with pytest.raises(MissingExtra, match=r"kling-facade\[catalog\]"):
        Catalog.load(path)


def test_the_bundled_catalogue_needs_no_cattrs() -> None:
    """Reading it costs what it did: tomllib and attrs."""
    code = (
        "import sys; from kling_facade import Catalog; Catalog.bundled();"
        "assert 'cattrs' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
