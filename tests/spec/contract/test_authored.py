"""What no page states is written in a file of its own, with sources; it never passes for a page."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from specpipe import files
from specpipe.contract import authored
from specpipe.errors import ContractError

from ..conftest import ROOT

CONTENT: dict[str, Any] = {
    "authored": "1.0.0",
    "title": "A route",
    "sources": {"A": {"what": "a page", "where": "somewhere"}},
    "facts": [
        {
            "at": "/paths/~1tasks/get",
            "source": "A",
            "date": "2026-09-20",
            "certainty": "vendor",
            "says": {"responses": {}},
        }
    ],
}


def parsed(content: Any) -> Any:
    """The content, written and read."""
    return authored.parse(files.dump(content), "a.yaml")


@pytest.mark.parametrize("key", ["source", "date", "certainty"])
@pytest.mark.parametrize("value", [None, "", "perhaps"])
def test_a_fact_without_source_date_and_certainty_is_refused(key: str, value: str | None) -> None:
    """Missing, empty and unknown ones are refused with the number of the fact and the key."""
    content = copy.deepcopy(CONTENT)
    content["facts"][0][key] = value
    with pytest.raises(ContractError, match=rf"fact 1 .*{key}"):
        parsed(content)


def test_a_whole_fact_is_marked() -> None:
    """The mark names file, source, date and certainty."""
    made = authored.document(parsed(CONTENT), "a.yaml")
    mark = made["paths"]["/tasks"]["get"][authored.MARK]
    assert mark == {"file": "a.yaml", "source": "A", "date": "2026-09-20", "certainty": "vendor"}


def test_no_overlay_can_set_the_mark() -> None:
    """What a page or an overlay says never passes for authored."""
    with pytest.raises(ContractError, match="only openapi/authored"):
        authored.with_authored({"paths": {"/a": {"get": {authored.MARK: {}}}}}, {})


def test_what_a_page_states_is_not_authored() -> None:
    """Once a page publishes an operation, the authored one has to go; the message says so."""
    made = authored.document(parsed(CONTENT), "a.yaml")
    with pytest.raises(ContractError, match=r"a\.yaml states GET /tasks"):
        authored.with_authored({"paths": {"/tasks": {"get": {}}}}, {"a.yaml": made})


def test_the_contract_marks_the_newer_route_and_nothing_else() -> None:
    """Operations outside the gateway's paths carry the mark; none of the gateway's does."""
    paths = files.read_yaml(ROOT / files.RESOLVED)["paths"]
    marked = {path for path, item in paths.items() for o in item.values() if authored.MARK in o}
    assert marked == {path for path in paths if not path.startswith("/kling/")}
    assert len(marked) == 3
