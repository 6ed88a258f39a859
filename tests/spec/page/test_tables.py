"""Pages of tables, as the vendor publishes them: the same facts, the same refusals."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from specpipe.errors import PageError
from specpipe.page import reader

PAGE = (Path(__file__).parents[1] / "data" / "tables.md").read_text(encoding="utf-8")


def facts_of(text: str = PAGE) -> dict[str, Any]:
    """The facts of a page."""
    return reader.read(text.encode()).facts.document


def body(document: dict[str, Any]) -> Any:
    """The schema of the create's body, without the digests of texts."""
    post = document["paths"]["/film/model-9"]["post"]
    return bare(post["requestBody"]["content"]["application/json"]["schema"])


def bare(value: Any) -> Any:
    """A document without digests."""
    if isinstance(value, list):
        return [bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: bare(item) for key, item in value.items() if key != "x-text"}


def test_fields_stand_where_their_paths_say() -> None:
    """Types, order, requirements, lists and defaults, from paths such as ``contents[].type``."""
    assert body(facts_of()) == {
        "type": "object",
        "properties": {
            "contents": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"type": {"type": "string", "enum": ["words", "picture"]}},
                    "required": ["type"],
                },
            },
            "settings": {
                "type": "object",
                "properties": {
                    "sound": {"type": "string", "enum": ["native", "off"], "default": "off"},
                    "length": {"type": "integer", "enum": [5, 10], "default": 5},
                    "strength": {
                        "type": "number",
                        "default": 0.5,
                        "x-stated": {"minimum": 0, "maximum": 1},
                    },
                },
            },
            "tags": {"type": "array", "items": {"type": "string"}, "x-stated": {"maxItems": 9}},
        },
        "required": ["contents"],
    }


def test_operations_parameters_hosts_and_keys() -> None:
    """Every section is an operation; a parameter of the path is there, described or not."""
    found = facts_of()
    assert reader.read(PAGE.encode()).operations == ("POST /film/model-9", "GET /tasks/{id}")
    parameters = found["paths"]["/tasks/{id}"]["get"]["parameters"]
    names = [(one["in"], one["name"], one["required"]) for one in parameters]
    assert names == [("query", "page", False), ("path", "id", True)]
    assert found["servers"] == [{"url": "https://gateway.example"}]
    assert bare(found["security"]) == [{"bearer": []}]


def test_the_page_says_which_it_is() -> None:
    """By the address that it gives as its own."""
    (own,) = reader.read(PAGE.encode()).identities
    assert own == reader.Identity(0, "https://docs.example/api/film")


def test_no_text_of_the_publisher_is_kept() -> None:
    """Descriptions, notes and examples become digests."""
    data = reader.read(PAGE.encode()).data
    assert not re.search(rb"sounds|weak|In seconds|characters|50MB|curl", data)


def test_a_changed_note_changes_a_digest_and_its_fact() -> None:
    """What stands beside the table counts like what stands in it."""
    changed = facts_of(PAGE.replace("At most 9 tags.", "At most 3 tags."))
    tags = changed["paths"]["/film/model-9"]["post"]["requestBody"]["content"]["application/json"]
    assert tags["schema"]["properties"]["tags"]["x-stated"] == {"maxItems": 3}
    assert facts_of(PAGE.replace("50MB", "10MB")) != facts_of()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("| `settings.length` | int |", "| `settings.length` | inch |", "unknown type 'inch'"),
        ("| No | `5` | `5`, `10` |", "| No | `5` | `five` |", "lists 'five'"),
        ("| No | `5` | `5`, `10` |", "| Perhaps | `5` | - |", "where Yes or No belongs"),
        ("| No | `0.5` | - |", "| No | `0.5` |", "5 cells, the table 6 columns"),
        ("| `tags` | array<string> |", "| `settings` | object |", "twice, first on line"),
        ("| `tags` |", "| `two words` |", "not the path of a field"),
        ("| `settings` | object |", "| `settings` | string |", "inside 'settings'"),
        ("| Field Path | Type |", "| Field Path | Kind |", "no column 'type'"),
        ("- Path: `/tasks/{id}`\n", "", "has no path"),
        ("Bearer <API_KEY>`\n- Content", "Digest`\n- Content", "not a bearer token"),
        ("- Path: `/tasks/{id}`", "- Path: `/../{id}`", "not one to build addresses from"),
        ("| Words to find it by |", "| Words to find it", "does not end"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(old: str, new: str, words: str) -> None:
    """Nothing is guessed: line and reason are named."""
    assert old in PAGE
    with pytest.raises(PageError, match=r"line \d+") as caught:
        facts_of(PAGE.replace(old, new, 1))
    assert words in str(caught.value)


def test_an_operation_that_is_described_twice_is_refused() -> None:
    """Two sections of the same method and path: which one counts is not guessed."""
    with pytest.raises(PageError, match="described here again"):
        facts_of(PAGE + PAGE[PAGE.index("## Create Task") :])


def test_a_page_that_is_cut_off_is_refused() -> None:
    """Wherever it ends early, what is missing is said."""
    for piece in ("### Response Example", "`tags` | array", '"id": "string"'):
        with pytest.raises(PageError):
            facts_of(PAGE[: PAGE.index(piece)])


@given(st.data())
def test_a_mangled_page_is_read_or_refused(data: st.DataObject) -> None:
    """A page that lost or gained a piece never crashes the reader."""
    start = data.draw(st.integers(0, len(PAGE)))
    pieces = ["", "|", "`", "\n", "## ", "[]", ".", "```", "\\|", "- `x`: "]
    put = data.draw(st.sampled_from(pieces))
    length = data.draw(st.integers(0, 40))
    told = "line "
    try:
        facts_of(PAGE[:start] + put + PAGE[start + length :])
    except PageError as error:
        told = str(error)
    assert told.startswith("line ")
