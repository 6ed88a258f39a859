"""The overlay: OpenAPI Overlay 1.0 and 1.1, strictly, and the same as another implementation."""

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
    return {"overlay": "1.1.0", "info": {"title": "t", "version": "1"}, "actions": list(actions)}


def test_ours_equals_another_implementation() -> None:
    """The project's overlay, applied by oas-patch, gives the same document."""
    upstream = files.read_yaml(ROOT / files.UPSTREAM)
    ours = overlay.parse((ROOT / files.OVERLAY).read_bytes(), "overlay.yaml")
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
        (action("$.info.title", update={}), "matches a single value, its update is a mapping"),
        (action("$.info", update="x"), "its update is a single value"),
        (action("$.info", update={"title": {}}), "would replace title, a single value"),
        (action("$..*", update={}), "different kinds"),
        (action("$.info", copy="$.*"), "matches 2 nodes instead of one"),
        (action("$.info", copy="$.gone"), "matches 0 nodes"),
        (action("$", remove=True), "whole document"),
        (action("$.[", remove=True), "action 1"),
        (action("$.info"), "update or remove"),
        (action("$.info", update={}, remove=True), "update or remove"),
        (action("$.info", update={}, copy="$.x"), "either update or remove"),
        (action("$.info", update={}, copies="x"), "unknown key 'copies'"),
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


def test_lists_are_joined_and_single_values_replaced() -> None:
    """Overlay 1.1: a list joins a list, anything else is one more item, a value takes its place."""
    base = {"a": [1], "b": "x"}
    for update, wanted in (([2, 3], [1, 2, 3]), (2, [1, 2]), ({"c": 1}, [1, {"c": 1}])):
        assert overlay.apply(document(action("$.a", update=update)), base)["a"] == wanted
    assert overlay.apply(document(action("$.b", update=None)), base)["b"] is None
    assert overlay.apply(document(action("$.b", remove=True)), base) == {"a": [1]}


def test_a_copy_merges_one_node_into_another() -> None:
    """Overlay 1.1 copies: the node itself stays where it is, and the copy is independent of it."""
    base = {"from": {"a": {"b": 1}}, "to": {"c": 2}}
    change = document(
        action("$.to", copy="$.from"),
        action("$.to.a", update={"b": 3}),
        action("$.from", remove=True),
    )
    assert overlay.apply(change, base) == {"to": {"a": {"b": 3}, "c": 2}}


def test_a_node_that_is_matched_twice_is_changed_once() -> None:
    """A query may select the same node by two ways."""
    base = {"a": {"b": [1]}, "c": 1}
    twice = document(action("$['a','a'].b", update=[2]), action("$['c','c']", remove=True))
    assert overlay.apply(twice, base) == {"a": {"b": [1, 2]}}


def test_the_first_version_keeps_to_its_own_rules() -> None:
    """Overlay 1.0 appends a list as one entry, changes no single value, and does not copy."""
    first = {**document(action("$.a", update=[2])), "overlay": "1.0.0"}
    assert overlay.apply(first, {"a": [1]}) == {"a": [1, [2]]}
    for change in (action("$.b", update=2), action("$.a[0]", remove=True), action("$", copy="$.a")):
        with pytest.raises(OverlayError, match=r"1\.0 can't change|unknown key 'copy'"):
            overlay.apply({**document(change), "overlay": "1.0.0"}, {"a": [1], "b": 1})


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "action": ({"actions": None, "action": [action("$", update={})]}, "unknown key 'action'"),
    "missing actions": ({"actions": None}, "must have 'actions'"),
    "empty actions": ({"actions": []}, "at least one action"),
    "actions as a mapping": ({"actions": {"target": "$"}}, "must have 'actions'"),
    "an action twice": ({"actions": [action("$", update={})] * 2}, "the same as action 1"),
    "an action as text": ({"actions": ["$"]}, "must be a mapping"),
    "info as text": ({"info": "x"}, "must have 'info'"),
    "no version of its own": ({"info": {"title": "t"}}, "must have a version"),
    "a version as number": ({"info": {"title": "t", "version": 1.0}}, "must have a version"),
    "a description as number": ({"info": {"title": "t", "version": "1", "description": 1}}, "text"),
    "extends as mapping": ({"extends": {}}, "'extends' must be an address"),
    "a target without root": ({"actions": [action("info", update={})]}, "must begin with $"),
    "a target as number": ({"actions": [{**action("$"), "target": 1}]}, "has no target"),
    "remove as text": ({"actions": [action("$.a", remove="maybe")]}, "true or false"),
    "copy as number": ({"actions": [action("$.a", copy=1)]}, "its copy must be a text"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_specification_forbids_is_refused(name: str) -> None:
    """The kinds of the specification's own documents that must fail; one slip each."""
    change, words = BROKEN[name]
    broken = {**document(action("$.a", update={})), **change}
    found = overlay.problems({key: value for key, value in broken.items() if value is not None})
    assert any(words in line for line in found), found
    with pytest.raises(OverlayError):
        overlay.apply(broken, {"a": {}})


@pytest.mark.parametrize(
    "more", [{}, {"x-team": 1}, {"extends": "./kling.yaml"}, {"actions": [{"target": "$"}]}]
)
def test_what_the_specification_allows_is_no_problem(more: dict[str, Any]) -> None:
    """Extensions, ``extends``, an action that does nothing: only the house's own rules object."""
    assert overlay.problems({**document(action("$.a", update={})), **more}) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("overlay: 1.1.0\noverlay: 1.1.0\n", "twice, first on line 1"),
        ("actions: [\n", "line 2"),
        ("a: !!python/name:os.system x\n", "tag"),
    ],
)
def test_an_overlay_is_read_strictly(text: str, words: str) -> None:
    """A key that stands twice, a tag or broken YAML is refused with its line."""
    with pytest.raises(OverlayError, match=words):
        overlay.parse(text.encode(), "overlay.yaml")


def test_an_overlay_is_yaml_of_today() -> None:
    """YAML 1.2: on and off are texts, as on the page."""
    assert overlay.parse(b"enum: [on, off]\n", "overlay.yaml") == {"enum": ["on", "off"]}


@pytest.mark.parametrize("version", ["2.0.0", "1.0", "1.2.0", 1.1, "", None])
def test_other_overlays_are_refused(version: object) -> None:
    """Only Overlay 1.0 and 1.1 are applied."""
    with pytest.raises(OverlayError, match=r"1\.1\.0"):
        overlay.apply({"overlay": version, "info": {}, "actions": []}, {})


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
    for one in overlay.read_actions(
        overlay.parse((ROOT / files.OVERLAY).read_bytes(), "overlay.yaml")
    ):
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
    assert resolve.resolve({"page": (base, change)})["components"]["schemas"]["A"]["enum"] == [
        "a",
        "b",
        "c",
    ]


def test_a_contract_that_is_not_valid_is_refused() -> None:
    """An overlay can't make an invalid document pass."""
    base = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {}}
    with pytest.raises(ContractError, match="not a valid OpenAPI"):
        resolve.resolve({"page": (base, document(action("$.info", update={"title": 1})))})
