"""The table of what reaches what."""

from __future__ import annotations

import pytest
from specpipe.contract import walk
from specpipe.verdict import facade

OPERATION = "POST /film"


@pytest.mark.parametrize(
    ("row", "field", "excused"),
    [
        ("shots", "shots[].prompt", True),
        ("shots", "shots", True),
        (f"{OPERATION} shots[].camera", "shots[].camera.zoom", True),
        (f"{OPERATION} body.shots", "shots[].prompt", True),
        ("shots[].prompt", "shots", False),
        ("shot", "shots[].prompt", False),
    ],
)
def test_what_is_left_out_takes_its_inside_along(row: str, field: str, excused: bool) -> None:
    """A field left out on purpose asks for none of its children; a child excuses no parent."""
    table = facade.Table({}, {}, {}, {row: "not offered"}, None)
    assert table.excused(walk.Field(OPERATION, "request", field)) is excused
