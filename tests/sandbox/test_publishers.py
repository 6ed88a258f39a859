"""The two publishers whose rules a body is held against."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from kling_facade.sandbox import publishers


def test_the_contract_is_the_bundled_document() -> None:
    """The one that the client is generated from."""
    bundled = Path(__file__).parents[2] / "openapi" / "kling.yaml"
    assert publishers.contract() == yaml.safe_load(bundled.read_text("utf-8"))


def test_every_required_field_of_the_page_is_required() -> None:
    """Negative control: a validator that lets everything through would be silent."""
    lacks = ["body: lacks model_name, duration, mode, image"]
    assert list(publishers.gateway().complaints({})) == lacks


def test_a_rule_without_words_of_its_own_is_still_named() -> None:
    """A later contract may use keywords that are not put into words here."""
    error = SimpleNamespace(validator="multipleOf", validator_value=2, instance=3)
    assert publishers._reason(error) == "breaks the rule 'multipleOf' of the contract"


@pytest.mark.parametrize(
    ("path", "name"),
    [([], "body"), (["image"], "image"), (["dynamic_masks", 2, "mask"], "dynamic_masks[2].mask")],
)
def test_fields_are_named_as_one_writes_them(path: list[str | int], name: str) -> None:
    """With dots and indices."""
    assert publishers._name(path) == name
