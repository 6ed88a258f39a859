"""Facts in sentences, English and Chinese."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from specpipe.page.prose import mine


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Enum values: std, pro", ["std", "pro"]),
        ("Enumerated values: 5, 10", ["5", "10"]),
        ("Enumeration values: on, off", ["on", "off"]),
        ("Possible values are `a`, `b` or `c`.", ["a", "b", "c"]),
        ("One of: low | high", ["low", "high"]),
        ("枚举值:kling-v1, kling-v1-5", ["kling-v1", "kling-v1-5"]),
        ("枚举值\uff1astd\uff0cpro\uff0c4k", ["std", "pro", "4k"]),
        ("枚举值\uff1astd\u3001pro\uff1bultra", ["std", "pro", "ultra"]),
        ("可选值为 on 或 off", ["on", "off"]),
        ("取值\uff1a「a」/「b」", ["a", "b"]),
        ("Mode\nEnum values: std, pro\nstd: cheap\npro: sharp", ["std", "pro"]),
    ],
)
def test_enumerations(text: str, values: list[str]) -> None:
    """Listed values are found, in order, whatever punctuation joins them."""
    assert mine(text, "string") == {"enum": values}


@pytest.mark.parametrize(
    "text", ["The number of values matters", "enumerate the frames", "取值", "Enum values: one"]
)
def test_no_enumeration_is_invented(text: str) -> None:
    """Fewer than two values are no list."""
    assert "enum" not in mine(text, "string")


@pytest.mark.parametrize(
    "text",
    [
        "The text cannot exceed 2500 characters.",
        "can't be longer than 2,500 characters",
        "Max length: 2500 characters",
        "up to 2500 chars",
        "不能超过2500个字符",
        "长度不超过\uff1a2500",
        "最多2500字",
        "字数上限为 2500",
    ],
)
def test_lengths(text: str) -> None:
    """A maximum length bounds a text."""
    assert mine(text, "string") == {"maxLength": 2500}


@pytest.mark.parametrize(
    "text",
    [
        "a maximum of two timbres",
        "at most 2 voices",
        "no more than two",
        "最多支持2个音色",
        "至多两个",
    ],
)
def test_counts_bound_lists(text: str) -> None:
    """A count of things bounds a list."""
    assert mine(text, "array") == {"maxItems": 2}


def test_counts_in_a_text_are_of_something_else() -> None:
    """A prompt that may name two voices is not two characters long."""
    assert mine("at most two timbres; cannot exceed 2500 characters", "string") == {
        "maxLength": 2500,
        "mentions": {"timbres": 2},
    }


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("Value range: [0, 1]", 0, 1),
        ("between -10 and 10", -10, 10),
        ("取值范围\uff1a0\uff5e1", 0, 1),
        ("取值范围\uff1a\uff3b-10\uff0c10\uff3d", -10, 10),
        ("range 0.5 to 2.5", 0.5, 2.5),
    ],
)
def test_ranges(text: str, low: float, high: float) -> None:
    """A range bounds a number."""
    assert mine(text, "number") == {"minimum": low, "maximum": high}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Only versions V2.6 and later support it", {"since": "2.6"}),
        ("仅 V2.6 及以上版本支持", {"since": "2.6"}),
        ("The Kling-v2.x model does not support it", {"notFor": "2.x"}),
        ("kling-v2.x 版本不支持", {"notFor": "2.x"}),
    ],
)
def test_versions(text: str, found: dict[str, str]) -> None:
    """From which version on, and for which not."""
    assert mine(text, "string") == found


@given(st.text(max_size=300), st.sampled_from(["string", "array", "number", "object", ""]))
def test_any_text_is_read_quickly(text: str, kind: str) -> None:
    """No text makes a pattern fail."""
    assert isinstance(mine(text, kind), dict)


@pytest.mark.parametrize(
    "piece", ["9", "enum values: ", "cannot exceed ", "长度", "between -", "a,", "v2.", "不"]
)
def test_no_pattern_explodes(piece: str) -> None:
    """A text made to provoke backtracking is read in no time."""
    assert isinstance(mine(piece * 20_000, "string"), dict)
