"""Finding the document in a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from specpipe.errors import PageError
from specpipe.page import markdown as pages

DOCUMENT = "openapi: 3.0.1\ninfo: {title: '', version: '1'}\npaths: {}\n"
EXPECTED = {"openapi": "3.0.1", "info": {"title": "", "version": "1"}, "paths": {}}


@pytest.mark.parametrize(
    "text",
    [
        DOCUMENT,
        f"---\n{DOCUMENT}",
        "info: {title: '', version: '1'}\nopenapi: 3.0.1\npaths: {}\n",
        f"# a comment\n\n{DOCUMENT}",
        f"# Title\n\n```yaml\n{DOCUMENT}```\n",
        f"# Title\n\n~~~~ yml\n{DOCUMENT}~~~~\n",
        f"# Title\n\n  ```\n{DOCUMENT}  ```\nafter\n",
        f"---\ntitle: x\n---\n```yaml\n{DOCUMENT}```",
        f"```bash\ncurl\n```\n```json\n{{}}\n```\n```yaml\n{DOCUMENT}```",
        '```json\n{"openapi": "3.0.1", "info": {"title": "", "version": "1"}, "paths": {}}\n```',
        '{"openapi": "3.0.1", "info": {"title": "", "version": "1"}, "paths": {}}',
        DOCUMENT.replace("\n", "\r"),
    ],
)
def test_the_document_is_found(text: str) -> None:
    """Markdown with one fenced document, or the bare document, in YAML or JSON."""
    assert pages.read(text.encode()).document.plain() == EXPECTED


def test_what_surrounds_the_document_is_kept_apart() -> None:
    """The Markdown around the document is text of the page too."""
    found = pages.read(f"# Title\n```yaml\n{DOCUMENT}```\nNew: kling-v9\n".encode())
    assert found.around == "# Title\nNew: kling-v9"


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 1, "empty"),
        (b"\n \n", 1, "empty"),
        (b"<html><body>Log in</body></html>", 1, "no OpenAPI document"),
        (b"# Title\n\nNothing here", 1, "no OpenAPI document"),
        (f"Intro\n\n{DOCUMENT}```\n".encode(), 3, "no fence"),
        (f"# T\n\n{DOCUMENT}```\n".encode(), 3, "no fence"),
        (f"```yaml\n{DOCUMENT}```\n```yaml\n{DOCUMENT}```".encode(), 7, "second OpenAPI document"),
        (DOCUMENT.encode("utf-16"), 1, "UTF-16"),
        (b"openapi: 3.0.1\n\xe6 x", 2, "not UTF-8: byte 0xE6"),
        (b"x" * (pages.MAX_BYTES + 1), 1, "limit"),
    ],
)
def test_refused_pages_say_why(data: bytes, line: int, words: str) -> None:
    """A page without one readable document is refused with its line."""
    with pytest.raises(PageError, match=words) as caught:
        pages.read(data)
    assert caught.value.line == line


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No bytes make the reader fail in another way."""
    told = "line "
    try:
        pages.read(data)
    except PageError as error:
        told = str(error)
    assert told.startswith("line ")


@given(st.data())
def test_a_page_cut_anywhere_is_read_or_refused(page: str, data: st.DataObject) -> None:
    """A page that ends early, or lost a piece, never crashes the reader."""
    start = data.draw(st.integers(0, len(page)))
    length = data.draw(st.integers(0, 40))
    put = data.draw(
        st.sampled_from(["", "\t", ":", "'", '"', "{", "[", "- ", "\n", "&a ", "*a", "!!x "])
    )
    try:
        pages.read((page[:start] + put + page[start + length :]).encode())
    except PageError:
        return
