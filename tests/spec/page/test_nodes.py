"""What a page has no business to contain is refused, with its place."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from specpipe.errors import PageError
from specpipe.page.nodes import MAX_DEPTH, MAX_NODES, load

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


def bomb(width: int = 10, levels: int = 7) -> str:
    """Aliases that would grow to ten million values."""
    lines = [f"a0: &a0 [{','.join('x' * width)}]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: 1\nb: 2\na: 3", 3, 1, "twice, first on line 1"),
        ("a: !!python/object/apply:os.system [id]", 1, 4, "tag"),
        ("a: !x 1", 1, 4, "tag"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("%YAML 1.1\n---\na: 1", 1, 1, "directives"),
        ("a: *b", 1, 4, "stands for nothing"),
        ("a: &a {b: *a}", 1, 11, "stands for nothing"),
        ("a: &a {b: 1}\nc:\n  <<: *a", 3, 3, "merge keys"),
        ("? [a]\n: 1", 1, 3, "plain word"),
        ("a: [1, 2", 1, 9, "not readable"),
        ("a: 'x", 1, 6, "not readable"),
        ("a: \0", 1, 4, "U+0000"),
        ("a:\n\t- b", 2, 1, "not readable"),
        ('{"a": 1 2}', 1, 9, "JSON"),
        ('{"a": 1, // no\n "b": 2}', 1, 10, "JSON"),
        ("", 1, 1, "empty"),
    ],
)
def test_refused_with_line_and_column(text: str, line: int, column: int, words: str) -> None:
    """Each refusal says what is wrong and where."""
    with pytest.raises(PageError) as caught:
        load(text)
    assert words in caught.value.what
    assert (caught.value.line, caught.value.column) == (line, column)


def test_aliases_that_explode_are_refused_before_they_do() -> None:
    """A bomb of ten million values costs no more than its text."""
    with pytest.raises(PageError, match=f"more than {MAX_NODES} values"):
        load(bomb())


def test_an_honest_alias_is_read() -> None:
    """An alias within bounds is as good as a copy."""
    assert load("a: &a [1, 2]\nb: *a").plain() == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000, '{"a":' * 100_000])
def test_depth_is_a_number_and_no_crash(text: str) -> None:
    """Nesting without end is refused, not a recursion error."""
    with pytest.raises(PageError, match=f"deeper than {MAX_DEPTH}|JSON"):
        load(text)


def test_plain_words_are_text_as_in_json() -> None:
    """YAML 1.1's on, off, yes, no and dates are words; so is a version."""
    text = "[on, off, yes, no, 2026-01-01, 1.0.0, 0x10, 1_000, true, null, 5, 1.5]"
    expected = [
        "on",
        "off",
        "yes",
        "no",
        "2026-01-01",
        "1.0.0",
        "0x10",
        "1_000",
        True,
        None,
        5,
        1.5,
    ]
    assert load(text).plain() == expected


def test_places_count_from_the_page() -> None:
    """A document that begins on line 6 of a page says line 7 for its second line."""
    node = load("a: 1\nb: 2", first_line=6).value["b"]
    assert (node.line, node.column) == (7, 4)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_json_reads_as_json(value: dict[str, object]) -> None:
    """What the standard library writes, this reads: JSON is the same to both."""
    text = json.dumps(value)
    assume('"<<"' not in text)
    assert load(text).plain() == value


@given(st.dictionaries(st.text(alphabet="abc", min_size=1, max_size=3), JSON, max_size=4))
def test_quoted_yaml_reads_as_pyyaml_reads_it(value: dict[str, object]) -> None:
    """With every text quoted there is no doubt, and PyYAML's own loader agrees."""
    text = yaml.safe_dump(value, default_style='"', default_flow_style=False)
    if "!!" in text or "<<" in text:
        return
    assert load(text).plain() == value


@given(st.text(max_size=200))
def test_nothing_but_a_page_error_comes_out(text: str) -> None:
    """Any text is read or refused."""
    place = (1, 1)
    try:
        load(text)
    except PageError as error:
        place = (error.line, error.column)
    assert min(place) >= 1
