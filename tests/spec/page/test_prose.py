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
    ("text", "values"),
    [
        ("Enumerated values: 10", ["10"]),
        ("枚举值\uff1acustomize\n当multi_shot参数为true时\uff0c当前参数必填", ["customize"]),
        ("枚举值\uff1a16:9, 9:16, 1:1 默认值\uff1a16:9", ["16:9", "9:16", "1:1"]),
        ("枚举值: 16:9/9:16", ["16:9", "9:16"]),
        ("Enum values: std (Standard mode), pro (Expert)", ["std", "pro"]),
        ("枚举值\uff1astd\uff08标准模式\uff09\u3001pro\uff08专家模式\uff09", ["std", "pro"]),
        ("枚举值\uff1astd标准\uff0cpro专家", ["std", "pro"]),
        ("枚举值为\uff1astd\uff0cpro\uff0c其中std为默认值", ["std", "pro"]),
        ("Enum values: 0: off, 1: on", ["0", "1"]),
        ("Enum: on/off", ["on", "off"]),
        ("Enumeration values: 5 (default), 10 seconds", ["5", "10"]),
        ("Enum values: 5, 10, where 5 is cheaper", ["5", "10"]),
        ("Enum values: std, pro, default std", ["std", "pro"]),
        ("Enum values: std, pro. Default: std", ["std", "pro"]),
        ("enum values: std, pro, later versions add more", ["std", "pro"]),
        ('Allowed values: "first frame", "last frame"', ["first frame", "last frame"]),
        ("Enum values:\n- std: cheap\n- pro: sharp", ["std", "pro"]),
        ("可用选项\uff1a\n  - **`V5_5`**\uff1a更好\n  - **`V5`**\uff1a更快", ["V5_5", "V5"]),
        ("Whether to make sound: on, off. Clear.", ["on", "off"]),
        ("是否生成声音枚举值\uff1aon\uff0coff仅限新模型", ["on", "off"]),
    ],
)
def test_lists_as_real_pages_write_them(text: str, values: list[str]) -> None:
    """One value, ratios, explanations in brackets, bullets: only the values are taken."""
    assert mine(text, "string") == {"enum": values}


@pytest.mark.parametrize(
    "text",
    [
        "The number of values matters",
        "enumerate the frames",
        "取值",
        "It is one of the following",
        "one of kling's features",
        "Supported values: V2.6 and later",
        "枚举值\uff1astd专家模式",
        "枚举值\uff1aimage/png",
        "输出图片格式\uff0c支持\uff1ajpeg\u3001png",
    ],
)
def test_no_enumeration_is_invented(text: str) -> None:
    """What goes on as a sentence, or could be read in two ways, is no list."""
    assert "enum" not in mine(text, "string")


def test_numbers_are_listed_as_the_field_writes_them() -> None:
    """A number's field lists numbers; words under a number's field are no list of its values."""
    assert mine("Enum values: 4, 6", "integer") == {"enum": [4, 6]}
    assert mine("Enum values: std, pro", "integer") == {}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("up to 10MB", "array"),
        ("no more than 30 seconds", "array"),
        ("文件大小\uff1a不超过 20 MB", "array"),
        ("总字符数不得超过 5000 个字符", "array"),
        ("音频长度不超过 8 分钟", "string"),
        ("长边不超过2160像素", "string"),
        ("Up to 3 times", "array"),
    ],
)
def test_sizes_and_times_are_no_counts(text: str, kind: str) -> None:
    """A number with a unit of size, time or rate bounds no list and no text."""
    assert mine(text, kind) == {}


def test_the_longest_and_the_shortest_list() -> None:
    """Both ends, where a page states both."""
    assert mine("最多支持6个分镜\uff0c最小支持1个分镜", "array") == {"maxItems": 6, "minItems": 1}


def test_a_translation_states_no_new_fact() -> None:
    """What is counted has one name, in whichever language the page has it."""
    english = mine("At most two voices. Only V2.6 and later. Enum values: on, off", "string")
    chinese = mine("至多引用2个音色\u3002仅V2.6及后续版本\u3002枚举值\uff1aon\uff0coff", "string")
    assert english == chinese
    assert english == {"enum": ["on", "off"], "mentions": {"timbres": 2}, "since": "2.6"}


def test_a_round_bracket_excludes() -> None:
    """(0, 1] does not contain 0."""
    wanted = {"minimum": 0, "maximum": 1, "exclusiveMinimum": True}
    assert mine("取值范围\uff1a(0, 1]", "number") == wanted


@pytest.mark.parametrize(
    "text",
    ["0 or [2, 10]", "范围为 1-4\uff0c多图时范围为 1-12", "应为 0-2 或 0-6", "the point (1, 2)"],
)
def test_two_ranges_are_no_rule(text: str) -> None:
    """A range for each case bounds nothing by itself, and two numbers need not be a range."""
    assert mine(text, "integer") == {}


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
        "must stay within 2500 characters",
        "2500字以内",
        "建议 300 字符以内\u3002最大长度\uff1a2500 字符",
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
        "一次视频生成任务至多引用2个音色\uff1b指定音色时",
        "最多传入 2 段音频\uff0c总时长不超过 15 s",
        "The file cannot exceed 10MB; at most 2 images",
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
        ("强度\uff0c范围值\uff1a0.01-1", 0.01, 1),
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
        ("仅V2.6及后续版本模型支持当前参数", {"since": "2.6"}),
        ("Only v2.6+ has it", {"since": "2.6"}),
        ("V4.5+ 音色更丰富", {}),
        ("v2.0\u3001v2.5\u3001v2.6 模型不支持当前参数", {"notFor": "2.0, 2.5, 2.6"}),
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
