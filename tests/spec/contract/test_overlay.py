"""The overlay: OpenAPI Overlay 1.0, strictly, and the same as another implementation."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oas_patch.overlay import apply_overlay  # type: ignore[import-untyped]  # ships no types
from specpipe import files
from specpipe.contract import overlay, resolve
from specpipe.errors import ContractError, OverlayError

from ..conftest import ROOT


def action(target: str, **more: Any) -> dict[str, Any]:
    """One action."""
    return {"target": target, "description": "ours: a test", **more}


def document(*actions: dict[str, Any]) -> dict[str, Any]:
    """An overlay of some actions."""
    return {"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": list(actions)}


def test_ours_equals_another_implementation() -> None:
    """The project's overlay, applied by oas-patch, gives the same document."""
    upstream = files.read_yaml(ROOT / files.UPSTREAM)
    ours = files.read_yaml(ROOT / files.OVERLAY)
    theirs = apply_overlay(copy.deepcopy(upstream), copy.deepcopy(ours))
    assert overlay.apply(ours, upstream) == theirs


KEYS = st.sampled_from(["a", "b", "c"])
TREES = st.recursive(
    st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(KEYS, TREES, min_size=1),
    st.dictionaries(KEYS, TREES),
    st.lists(KEYS, max_size=2),
)
def test_updates_merge_like_another_implementation(
    base: dict[str, Any], update: dict[str, Any], path: list[str]
) -> None:
    """Mappings merge, lists join, the rest is replaced: in any document, as oas-patch has it."""
    change = document(action("$" + "".join(f"['{key}']" for key in path), update=update))
    try:
        mine = overlay.apply(change, base)
    except OverlayError:
        return
    target: Any = base
    for key in path:
        target = target[key]
    if path and isinstance(target, dict):
        assert mine == apply_overlay(copy.deepcopy(base), copy.deepcopy(change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (action("$.gone", update={}), "matches nothing"),
        (action("$.gone", remove=True), "matches nothing"),
        (action("$.paths[?(@.x)]", remove=True), "matches nothing"),
        (action("$.info.title", update="x"), "single value"),
        (action("$.info", update="x"), "single value"),
        (action("$", remove=True), "whole document"),
        (action("$.[", remove=True), "action 1"),
        (action("$.info"), "update or remove"),
        (action("$.info", update={}, remove=True), "update or remove"),
        (action("$.info", update={}, copy="x"), "unknown key 'copy'"),
        ({"target": "$.info", "update": {}}, "no description"),
        ({"description": "x", "update": {}}, "no target"),
    ],
)
def test_an_action_that_does_not_fit_fails(change: dict[str, Any], words: str) -> None:
    """The page moved, or the overlay is wrong: both are said."""
    with pytest.raises(OverlayError, match="action 1") as caught:
        overlay.apply(document(change), {"info": {"title": "t"}, "paths": {}})
    assert words in str(caught.value)


def test_all_failures_are_told_at_once() -> None:
    """A maintainer sees every action that misses, not one a run."""
    with pytest.raises(OverlayError) as caught:
        overlay.apply(document(action("$.x", remove=True), action("$.y", update={})), {})
    assert len(caught.value.failures) == 2


def test_the_document_itself_is_left_alone() -> None:
    """Applying makes a copy; removing list items removes the right ones."""
    base = {"a": [1, 2, 3, 4], "b": {"c": 1}}
    made = overlay.apply(
        document(action("$.a[?@ > 2]", remove=True), action("$.b", update={"d": 2})), base
    )
    assert made == {"a": [1, 2], "b": {"c": 1, "d": 2}}
    assert base == {"a": [1, 2, 3, 4], "b": {"c": 1}}


def test_an_update_of_a_list_appends() -> None:
    """A target that is a list takes the update as one more item."""
    assert overlay.apply(document(action("$.a", update=2)), {"a": [1]}) == {"a": [1, 2]}


@pytest.mark.parametrize("version", ["2.0.0", "", None])
def test_other_overlays_are_refused(version: object) -> None:
    """Only Overlay 1.0 is applied."""
    with pytest.raises(OverlayError, match=r"1\.0\.0"):
        overlay.apply({"overlay": version, "actions": []}, {})


def test_every_action_says_why_and_from_which_source() -> None:
    """Each description begins with a source's short name or with 'ours'."""
    known = (
        "PAGE",
        "VD0",
        "VD1",
        "VD2",
        "VD4",
        "VD5",
        "ours",
        "std",
        "5 and 10",
        "The first eight",
        "White",
    )
    for one in overlay.read_actions(files.read_yaml(ROOT / files.OVERLAY)):
        assert any(name in one.description for name in known), one


def test_enumerations_and_requirements_are_sets() -> None:
    """Where page and overlay both list a value, the contract lists it once."""
    base = {
        "openapi": "3.0.1",
        "info": {"title": "t", "version": "1"},
        "paths": {},
        "components": {"schemas": {"A": {"type": "string", "enum": ["a", "b"]}}},
    }
    change = document(action("$.components.schemas.A", update={"enum": ["b", "c"]}))
    assert resolve.resolve(base, change)["components"]["schemas"]["A"]["enum"] == ["a", "b", "c"]


def test_a_contract_that_is_not_valid_is_refused() -> None:
    """An overlay can't make an invalid document pass."""
    base = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {}}
    with pytest.raises(ContractError, match="not a valid OpenAPI"):
        resolve.resolve(base, document(action("$.info", update={"title": 1})))
