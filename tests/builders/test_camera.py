"""Camera moves: the right axis and sign, text and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kling_facade import camera
from kling_facade.builders.camera import CameraMove
from kling_facade.errors import InvalidRequest

SIMPLE = [
    (camera.truck_left, "horizontal", -1),
    (camera.truck_right, "horizontal", 1),
    (camera.pedestal_down, "vertical", -1),
    (camera.pedestal_up, "vertical", 1),
    (camera.pan_left, "pan", -1),
    (camera.pan_right, "pan", 1),
    (camera.tilt_down, "tilt", -1),
    (camera.tilt_up, "tilt", 1),
    (camera.roll_counterclockwise, "roll", -1),
    (camera.roll_clockwise, "roll", 1),
    (camera.zoom_in, "zoom", -1),  # a longer lens is a smaller number: all sources agree
    (camera.zoom_out, "zoom", 1),
]
COMPOUND = [
    (camera.DOWN_BACK, "down_back"),
    (camera.FORWARD_UP, "forward_up"),
    (camera.RIGHT_TURN_FORWARD, "right_turn_forward"),
    (camera.LEFT_TURN_FORWARD, "left_turn_forward"),
]

moves = st.one_of(
    st.sampled_from([move for move, _ in COMPOUND]),
    st.builds(
        CameraMove,
        st.sampled_from(list(camera.AXES)),
        st.integers(1, 10),
        swap_pan_tilt=st.booleans(),
    ),
)


@pytest.mark.parametrize(("make", "axis", "sign"), SIMPLE)
def test_a_simple_move_sets_its_axis_and_no_other(make: Any, axis: str, sign: int) -> None:
    """Each of the twelve words turns one axis, to the side that Kling documents."""
    move = make(4)
    assert move.type == "simple"
    assert move.axes == {**dict.fromkeys(camera.WIRE_AXES, 0), axis: 4 * sign}


@pytest.mark.parametrize(("move", "wire"), COMPOUND)
def test_a_compound_move_has_a_type_and_no_strength(move: CameraMove, wire: str) -> None:
    """The four compound moves go out under Kling's names, all axes at rest."""
    assert (move.type, set(move.axes.values()), move.strength) == (wire, {0}, None)


@pytest.mark.parametrize(
    ("make", "axis", "sign"),
    [
        (camera.pan_left, "tilt", -1),
        (camera.pan_right, "tilt", 1),
        (camera.tilt_down, "pan", -1),
        (camera.tilt_up, "pan", 1),
    ],
)
def test_the_other_reading_swaps_pan_and_tilt(make: Any, axis: str, sign: int) -> None:
    """One switch puts the four disputed words on the axes of the older English page."""
    assert {a: v for a, v in make(3, swap_pan_tilt=True).axes.items() if v} == {axis: 3 * sign}


@given(moves)
def test_text_gives_the_move_back(move: CameraMove) -> None:
    """parse(str(move)) is the move, for every move there is."""
    assert camera.parse(str(move)) == move


@given(moves)
def test_repr_is_the_code_that_makes_it(move: CameraMove) -> None:
    """What repr shows can be typed."""
    assert eval(repr(move), {"camera": camera}) == move


@given(moves)
def test_the_wire_gives_the_move_back(move: CameraMove) -> None:
    """from_wire reads what goes out, when it reads pan and tilt the same way."""
    wire = {"type": move.type, "config": {axis: float(v) for axis, v in move.axes.items()}}
    assert camera.from_wire(wire, swap_pan_tilt=move.swap_pan_tilt) == move


@pytest.mark.parametrize("text", ["zoom-in:4", " Zoom_In : 4 ", "ZOOM IN:4", "zoom-in :4"])
def test_text_is_read_kindly(text: str) -> None:
    """Case, spaces and underscores don't matter."""
    assert camera.parse(text) == camera.zoom_in(4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zoom-in", "needs a strength"),
        ("zoom-in:0", "from 1 to 10"),
        ("zoom-in:11", "from 1 to 10"),
        ("zoom-in:-4", "is not a camera move"),
        ("zoom-in:4.5", "is not a camera move"),
        ("down-back:3", "takes no strength"),
        ("zom-in:4", "is not a camera move"),
        ("", "is not a camera move"),
        ("zoom-in:4 truck-left:2", "is not a camera move"),
    ],
)
def test_text_that_is_no_move_is_refused(text: str, message: str) -> None:
    """A wrong text says what is wrong with it."""
    with pytest.raises(InvalidRequest, match=message):
        camera.parse(text)


def test_a_misspelt_move_names_the_nearest() -> None:
    """A typing error is answered with the word that was meant."""
    with pytest.raises(InvalidRequest) as refusal:
        camera.parse("zom-in:4")
    assert "Did you mean zoom-in?" in str(refusal.value)


@pytest.mark.parametrize("strength", [0, 11, -3, 4.0, "4", True, None])
def test_a_strength_is_one_to_ten(strength: Any) -> None:
    """Anything but a whole number from 1 to 10 is refused where the move is made."""
    with pytest.raises(InvalidRequest):
        camera.zoom_in(strength)


def test_an_unknown_name_is_refused() -> None:
    """Moves made by hand are checked too."""
    name: Any = "dolly"
    with pytest.raises(InvalidRequest, match="dolly"):
        CameraMove(name, 3)


@pytest.mark.parametrize(
    "control",
    [
        {},
        {"type": "simple"},
        {"type": "simple", "config": {"zoom": 0}},
        {"type": "simple", "config": {"zoom": 3, "pan": 1}},
        {"type": "simple", "config": {"zoom": 3.5}},
        {"type": "simple", "config": {"dolly": 3}},
        {"type": "simple", "config": {"zoom": 11}},
        {"type": "spin"},
    ],
)
def test_a_wire_object_that_no_move_makes_is_refused(control: dict[str, Any]) -> None:
    """from_wire never guesses."""
    with pytest.raises(InvalidRequest):
        camera.from_wire(control)
