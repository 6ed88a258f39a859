"""Known damage of exported pages, and the named rule that repairs each kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from specpipe.errors import PageError
from specpipe.page import markdown as pages
from specpipe.page.nodes import Node
from specpipe.page.repairs import Line, repair

HEAD = "openapi: 3.0.1\ninfo:\n  title: ''\n  version: '1'\npaths:\n  /a:\n    get:\n"


def read(text: str) -> pages.Page:
    """Read a page."""
    return pages.read(text.encode())


def described(value: str) -> str:
    """A document with a description."""
    return f"{HEAD}      description: {value}\n      responses: {{}}\n"


def text_of(node: Node) -> object:
    """The description of such a document."""
    return node.plain()["paths"]["/a"]["get"]["description"]


@pytest.mark.parametrize(
    ("value", "rule", "meaning"),
    [
        ("Picture: base64", "colon-in-text", "Picture: base64"),
        ("ends with a colon:", "colon-in-text", "ends with a colon:"),
        ("model #2 only", "hash-in-text", "model #2 only"),
        ("'the model's limit'", "apostrophe-in-quotes", "the model's limit"),
        ('"say "hello" twice"', "quote-in-quotes", 'say "hello" twice'),
        ("`mode` decides", "indicator-at-start", "`mode` decides"),
        ("@home", "indicator-at-start", "@home"),
        ("**bold** text", "indicator-at-start", "**bold** text"),
        ("[optional] picture", "indicator-at-start", "[optional] picture"),
        ("{{KEY}}", "indicator-at-start", "{{KEY}}"),
        ("- dash first", "indicator-at-start", "- dash first"),
        ("'std' or 'pro': a mode", "indicator-at-start", "'std' or 'pro': a mode"),
        ("don't: it's", "colon-in-text", "don't: it's"),
    ],
)
def test_text_that_needs_quotes_gets_them(value: str, rule: str, meaning: str) -> None:
    """A text that YAML would misread is quoted, nothing of it is lost, and the line is named."""
    found = read(described(value))
    assert [(done.rule, done.line) for done in found.repairs] == [(rule, 8)]
    assert text_of(found.document) == meaning


@pytest.mark.parametrize(
    "value", ["plain text", "'quoted: text'", '"quoted # text"', "''", "a:b", "x#y"]
)
def test_sound_text_is_left_alone(value: str) -> None:
    """A text that YAML reads as meant is not touched."""
    assert read(described(value)).repairs == ()


def test_a_text_over_several_lines_is_quoted_as_a_whole() -> None:
    """The lines that continue a plain text are inside its quotes too."""
    found = read(described("First: it's\n        and: second"))
    assert text_of(found.document) == "First: it's and: second"


def test_block_texts_are_content_and_no_structure() -> None:
    """Nothing inside a block text is repaired, whatever it looks like."""
    found = read(described("|-\n        type\uff1a none\n        a: b # c\n        \ttab"))
    assert text_of(found.document) == "type\uff1a none\na: b # c\n\ttab"
    assert [done.rule for done in found.repairs] == []


def test_a_full_width_colon_after_a_key_becomes_a_colon() -> None:
    """A key with a full-width colon is a key."""
    found = read(HEAD.replace("version: '1'", "version\uff1a'1'") + "      responses: {}\n")
    assert [(done.rule, done.line) for done in found.repairs] == [("full-width-colon", 4)]
    assert found.document.plain()["info"]["version"] == "1"


def test_windows_line_ends_are_dropped_once_and_said_once() -> None:
    """CR LF pages read like LF pages."""
    text = described("x")
    found = read(text.replace("\n", "\r\n"))
    assert found.document.plain() == read(text).document.plain()
    assert [done.rule for done in found.repairs] == ["windows-line-ends"]


def test_a_byte_order_mark_is_dropped() -> None:
    """A byte-order mark in front is no character of the page."""
    found = read("\ufeff" + described("x"))
    assert [done.rule for done in found.repairs] == ["byte-order-mark"]


def test_odd_spaces_in_structure_become_plain_ones() -> None:
    """A no-break space after a key's colon separates like a space."""
    found = read(described("x").replace("version: '1'", "version:\u00a0'1'"))
    assert [(done.rule, done.line) for done in found.repairs] == [("odd-space", 4)]


def test_invisible_characters_are_dropped() -> None:
    """A zero-width space hides in no key."""
    found = read(described("x").replace("version:", "ver\u200bsion:"))
    assert [done.rule for done in found.repairs] == ["invisible-character"]
    assert found.document.plain()["info"]["version"] == "1"


@pytest.mark.parametrize("tabs", ["\t\t\t", "    \t", "\t    "])
def test_tabs_in_the_indentation_become_the_level_they_stand_for(tabs: str) -> None:
    """A tab counts as one level of the page, if that is a level that is open."""
    found = read(described("x").replace("      description", f"{tabs}description"))
    assert [done.rule for done in found.repairs] == ["stray-tab"]
    assert text_of(found.document) == "x"


def test_a_tab_after_a_colon_or_at_the_end_is_a_space() -> None:
    """A tab that only separates is repaired."""
    found = read(described("x").replace("version: '1'", "version:\t'1'\t"))
    assert found.document.plain()["info"]["version"] == "1"


def test_a_tab_that_fits_no_level_is_refused() -> None:
    """Where a tab could mean anything, nothing is guessed."""
    with pytest.raises(PageError) as caught:
        read(described("x").replace("      description", "      \t\tdescription"))
    assert (caught.value.line, caught.value.column) == (8, 7)


def test_a_fence_that_is_never_closed_is_read_to_the_end() -> None:
    """The closing fence may be missing; the document may not."""
    found = read(f"# Title\n```yaml\n{described('x')}")
    assert [(done.rule, done.line) for done in found.repairs] == [("truncated-fence", 2)]


def test_json_is_not_quoted() -> None:
    """Rules about YAML text leave JSON alone."""
    document = '{"openapi": "3.0.1", "info": {"title": "a: b # c", "version": "1"}, "paths": {}}'
    assert read(document).repairs == ()


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=60))
def test_any_text_is_read_as_one_text_or_refused(value: str) -> None:
    """Whatever stands behind 'description:', it never becomes structure."""
    try:
        found = read(described(value))
    except PageError:
        return
    operation = found.document.plain()["paths"]["/a"]["get"]
    assert operation.keys() == {"description", "responses"}


@given(st.lists(st.text(alphabet="ab:'\"# -[]{}|>\t\uff1a", max_size=12), max_size=8))
def test_repairing_twice_changes_nothing_more(texts: list[str]) -> None:
    """A repaired document is sound in the rules' own eyes."""
    lines = [f"description: {text}" for text in texts]
    try:
        once, _ = repair([Line(text, number) for number, text in enumerate(lines, 1)])
        twice, more = repair([Line(text, n) for n, text in enumerate(once.split("\n"), 1)])
    except PageError:
        return
    assert (twice.rstrip("\n"), more) == (once.rstrip("\n"), [])
