"""Camera moves in film words.

    camera.zoom_in(4)          the view narrows
    camera.truck_left(6)       the camera travels left
    camera.DOWN_BACK           one of Kling's four compound moves
    camera.parse("pan-left:3") the same from text

A simple move turns one of Kling's six axes by a strength of 1 (hardly) to 10 (as far as it goes).
Words are meant as on a film set: they say what the *camera* does, so in ``truck_left`` the scene
slides to the right.

Which axis is which is written once, in `AXES` and `PAN_TILT_SWAPPED`. For ``pan`` and ``tilt``
Kling's own pages disagree:

=========================  ==========================  =============================
wire axis                  `AXES` (the default)        `PAN_TILT_SWAPPED`
=========================  ==========================  =============================
``pan``  (- / +)           turns left / right          turns down / up
``tilt`` (- / +)           turns down / up             turns left / right
said by                    VD0 2025-05 and VD2         VD3 2025-11 (vendor, English),
                           2026-06 (vendor, Chinese),  COMFY 2025-10 (tooltips)
                           VD1 2026 (vendor, English)
=========================  ==========================  =============================

If your pan goes up instead of left, say ``swap_pan_tilt=True``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, get_args

from attrs import field, frozen

from ..errors import InvalidRequest
from .near_names import helpful_getattr, nearest

__all__ = [
    "AXES",
    "DOWN_BACK",
    "FORWARD_UP",
    "LEFT_TURN_FORWARD",
    "PAN_TILT_SWAPPED",
    "RIGHT_TURN_FORWARD",
    "WIRE_AXES",
    "CameraMove",
    "CompoundMove",
    "SimpleMove",
    "Strength",
    "from_wire",
    "pan_left",
    "pan_right",
    "parse",
    "pedestal_down",
    "pedestal_up",
    "roll_clockwise",
    "roll_counterclockwise",
    "strength",
    "tilt_down",
    "tilt_up",
    "truck_left",
    "truck_right",
    "zoom_in",
    "zoom_out",
]

Strength = Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
"""How strong a simple move is. A literal out of range is a type error; a computed number passes
through `strength` first."""

SimpleMove = Literal[
    "truck-left",
    "truck-right",
    "pedestal-down",
    "pedestal-up",
    "pan-left",
    "pan-right",
    "tilt-down",
    "tilt-up",
    "roll-counterclockwise",
    "roll-clockwise",
    "zoom-in",
    "zoom-out",
]
CompoundMove = Literal["down-back", "forward-up", "right-turn-forward", "left-turn-forward"]

WIRE_AXES: Final = ("horizontal", "vertical", "pan", "tilt", "roll", "zoom")
"""The six axes of Kling's ``camera_control.config``, in the contract's order."""

AXES: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "truck-left": ("horizontal", -1),
        "truck-right": ("horizontal", +1),
        "pedestal-down": ("vertical", -1),
        "pedestal-up": ("vertical", +1),
        "pan-left": ("pan", -1),
        "pan-right": ("pan", +1),
        "tilt-down": ("tilt", -1),
        "tilt-up": ("tilt", +1),
        "roll-counterclockwise": ("roll", -1),
        "roll-clockwise": ("roll", +1),
        # Kling's zoom grows with the angle of view: negative is the longer lens (all sources
        # agree).
        "zoom-in": ("zoom", -1),
        "zoom-out": ("zoom", +1),
    }
)
"""Film word to wire axis and sign (VD0 2025-05, VD1 2026, VD2 2026-06)."""

PAN_TILT_SWAPPED: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "pan-left": ("tilt", -1),
        "pan-right": ("tilt", +1),
        "tilt-down": ("pan", -1),
        "tilt-up": ("pan", +1),
    }
)
"""The four words that the other reading puts on the other axis (VD3 2025-11, COMFY 2025-10)."""

_COMPOUND: Final[tuple[str, ...]] = get_args(CompoundMove)

_FUNCTIONS: Final = [n for n in __all__ if n.lower().replace("_", "-") in {*AXES, *_COMPOUND}]

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "zoom": "zoom_in",
        "push_in": "zoom_in",
        "dolly_in": "zoom_in",
        "dolly_forward": "zoom_in",
        "dolly": "zoom_in",
        "pull_out": "zoom_out",
        "pull_back": "zoom_out",
        "dolly_out": "zoom_out",
        "dolly_back": "zoom_out",
        "pan": "pan_left",
        "pan_up": "tilt_up",
        "pan_down": "tilt_down",
        "tilt": "tilt_up",
        "tilt_left": "pan_left",
        "tilt_right": "pan_right",
        "truck": "truck_left",
        "track_left": "truck_left",
        "track_right": "truck_right",
        "slide_left": "truck_left",
        "slide_right": "truck_right",
        "move_left": "truck_left",
        "move_right": "truck_right",
        "horizontal": "truck_right",
        "pedestal": "pedestal_up",
        "crane_up": "pedestal_up",
        "crane_down": "pedestal_down",
        "boom_up": "pedestal_up",
        "boom_down": "pedestal_down",
        "jib_up": "pedestal_up",
        "jib_down": "pedestal_down",
        "move_up": "pedestal_up",
        "move_down": "pedestal_down",
        "vertical": "pedestal_up",
        "roll": "roll_clockwise",
        "roll_left": "roll_counterclockwise",
        "roll_right": "roll_clockwise",
        "rotate": "roll_clockwise",
        "roll_anticlockwise": "roll_counterclockwise",
    }
)
"""Words of other tools and sets, each with the move that comes nearest to it."""

if not TYPE_CHECKING:  # for type checkers a wrong name stays an error
    __getattr__ = helpful_getattr("kling_facade.camera", [*_FUNCTIONS, "parse"], _WORDS)

_TEXT = re.compile(r"(?P<name>[a-z]+(?:-[a-z]+)*)(?::(?P<strength>\d+))?(?P<swapped>/swapped)?")


@frozen(repr=False)
class CameraMove:
    """One camera move. Made by this module's functions and constants, not by hand.

    Attributes:
        name: The film word with hyphens, such as ``"zoom-in"`` or ``"down-back"``.
        strength: 1 to 10 for a simple move, ``None`` for a compound one.
        swap_pan_tilt: Whether pan and tilt are read the other way round (see the module's table).
            Always false for moves that this does not touch.
    """

    name: SimpleMove | CompoundMove = field()
    strength: Strength | None = None
    swap_pan_tilt: bool = field(default=False, kw_only=True)

    @name.validator
    def _known(self, _: object, value: str) -> None:
        if value not in AXES and value not in _COMPOUND:
            raise InvalidRequest(f"there is no camera move {value!r}", hint=_hint())

    def __attrs_post_init__(self) -> None:
        if self.is_simple:
            if self.strength is None:
                raise InvalidRequest(f"{self.name} needs a strength", hint=_hint(self.name))
            strength(self.strength)
        elif self.strength is not None:
            raise InvalidRequest(
                f"{self.name} takes no strength",
                hint="Kling's compound moves have one fixed strength.",
            )
        if self.swap_pan_tilt and self.name not in PAN_TILT_SWAPPED:
            object.__setattr__(self, "swap_pan_tilt", False)

    @property
    def is_simple(self) -> bool:
        """Whether the move turns one axis (and not one of Kling's four compound moves)."""
        return self.name in AXES

    @property
    def uses_pan_or_tilt(self) -> bool:
        """Whether sources disagree on the axis of this move (see the module's table)."""
        return self.name in PAN_TILT_SWAPPED

    @property
    def type(self) -> str:
        """The wire's ``camera_control.type``: ``"simple"`` or the compound move's name."""
        return "simple" if self.is_simple else self.name.replace("-", "_")

    @property
    def axes(self) -> dict[str, int]:
        """The six wire axes. One is set for a simple move, none for a compound one."""
        axes = dict.fromkeys(WIRE_AXES, 0)
        if self.strength is not None:
            table = {**AXES, **PAN_TILT_SWAPPED} if self.swap_pan_tilt else AXES
            axis, sign = table[self.name]
            axes[axis] = sign * self.strength
        return axes

    def __str__(self) -> str:
        text = self.name if self.strength is None else f"{self.name}:{self.strength}"
        return text + ("/swapped" if self.swap_pan_tilt else "")

    def __repr__(self) -> str:
        if self.strength is None:
            return f"camera.{self.name.replace('-', '_').upper()}"
        swap = ", swap_pan_tilt=True" if self.swap_pan_tilt else ""
        return f"camera.{self.name.replace('-', '_')}({self.strength}{swap})"


DOWN_BACK: Final = CameraMove("down-back")
"""The camera sinks while it draws back."""
FORWARD_UP: Final = CameraMove("forward-up")
"""The camera pushes in while it rises."""
RIGHT_TURN_FORWARD: Final = CameraMove("right-turn-forward")
"""The camera turns right, then goes forward."""
LEFT_TURN_FORWARD: Final = CameraMove("left-turn-forward")
"""The camera turns left, then goes forward."""


def strength(value: int) -> Strength:
    """Check a computed strength, for the type checker too: ``zoom_in(strength(n))``.

    Args:
        value: A whole number from 1 to 10.

    Raises:
        InvalidRequest: The value is not a whole number from 1 to 10.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10:
        raise InvalidRequest(
            f"a camera move's strength is a whole number from 1 to 10, not {value!r}",
            hint="For the opposite direction use the opposite word: zoom_out for zoom_in, and so "
            "on.",
        )
    return value  # type: ignore[return-value]  # just checked: it is one of the ten literals


def truck_left(strength: Strength) -> CameraMove:
    """The camera travels left; the scene slides right."""
    return CameraMove("truck-left", strength)


def truck_right(strength: Strength) -> CameraMove:
    """The camera travels right; the scene slides left."""
    return CameraMove("truck-right", strength)


def pedestal_down(strength: Strength) -> CameraMove:
    """The camera sinks; the scene slides up."""
    return CameraMove("pedestal-down", strength)


def pedestal_up(strength: Strength) -> CameraMove:
    """The camera rises; the scene slides down."""
    return CameraMove("pedestal-up", strength)


def pan_left(strength: Strength, *, swap_pan_tilt: bool = False) -> CameraMove:
    """The camera turns its head left. See the module's table for ``swap_pan_tilt``."""
    return CameraMove("pan-left", strength, swap_pan_tilt=swap_pan_tilt)


def pan_right(strength: Strength, *, swap_pan_tilt: bool = False) -> CameraMove:
    """The camera turns its head right. See the module's table for ``swap_pan_tilt``."""
    return CameraMove("pan-right", strength, swap_pan_tilt=swap_pan_tilt)


def tilt_down(strength: Strength, *, swap_pan_tilt: bool = False) -> CameraMove:
    """The camera looks down. See the module's table for ``swap_pan_tilt``."""
    return CameraMove("tilt-down", strength, swap_pan_tilt=swap_pan_tilt)


def tilt_up(strength: Strength, *, swap_pan_tilt: bool = False) -> CameraMove:
    """The camera looks up. See the module's table for ``swap_pan_tilt``."""
    return CameraMove("tilt-up", strength, swap_pan_tilt=swap_pan_tilt)


def roll_clockwise(strength: Strength) -> CameraMove:
    """The camera rolls clockwise."""
    return CameraMove("roll-clockwise", strength)


def roll_counterclockwise(strength: Strength) -> CameraMove:
    """The camera rolls counter-clockwise."""
    return CameraMove("roll-counterclockwise", strength)


def zoom_in(strength: Strength) -> CameraMove:
    """The lens grows longer: the view narrows, the subject fills the frame.

    On the wire this is a *negative* ``zoom``.
    """
    return CameraMove("zoom-in", strength)


def zoom_out(strength: Strength) -> CameraMove:
    """The lens grows shorter: the view widens. On the wire this is a *positive* ``zoom``."""
    return CameraMove("zoom-out", strength)


def parse(text: str, *, swap_pan_tilt: bool = False) -> CameraMove:
    """Read a move from text, as command lines and configuration files have it.

    ``parse(str(move)) == move`` for every move. Case, spaces and underscores don't matter.

    Args:
        text: ``"zoom-in:4"``, ``"down-back"``, ``"pan-left:3/swapped"``.
        swap_pan_tilt: The same as ``/swapped`` in the text.

    Raises:
        InvalidRequest: The text names no move, or a strength is missing, extra or out of range.
    """
    wanted = re.sub(r"\s*([:/])\s*", r"\1", text.strip().lower())
    wanted = re.sub(r"[\s_]+", "-", wanted)
    match = _TEXT.fullmatch(wanted)
    if match is None or match["name"] not in {*AXES, *_COMPOUND}:
        raise InvalidRequest(f"{text!r} is not a camera move", hint=_hint(wanted.split(":")[0]))
    given = match["strength"]
    return CameraMove(
        match["name"],  # type: ignore[arg-type]  # just looked up in the tables of these literals
        None if given is None else strength(int(given)),
        swap_pan_tilt=swap_pan_tilt or match["swapped"] is not None,
    )


def from_wire(control: Mapping[str, object], *, swap_pan_tilt: bool = False) -> CameraMove:
    """Read a ``camera_control`` object back into the move that makes it.

    Args:
        control: ``{"type": ..., "config": {...}}`` as sent to Kling.
        swap_pan_tilt: Read pan and tilt the other way round.

    Raises:
        InvalidRequest: No move of this module makes such an object.
    """
    kind = str(control.get("type", ""))
    if kind.replace("_", "-") in _COMPOUND:
        return parse(kind)
    config = control.get("config")
    turned = {k: v for k, v in config.items() if v} if isinstance(config, Mapping) else {}
    if kind != "simple" or len(turned) != 1:
        raise InvalidRequest(
            f"no single camera move makes {dict(control)!r}",
            hint='A simple move is {"type": "simple", "config": {...}} with exactly one axis other '
            "than 0.",
        )
    ((axis, value),) = turned.items()
    return _move_on(axis, value, swap_pan_tilt=swap_pan_tilt)


def _move_on(axis: str, value: object, *, swap_pan_tilt: bool) -> CameraMove:
    """The move that sets one wire axis to a value."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    table = {**AXES, **PAN_TILT_SWAPPED} if swap_pan_tilt else AXES
    for name, (its_axis, sign) in table.items():
        if its_axis == axis and isinstance(value, int) and value * sign > 0:
            return parse(f"{name}:{abs(value)}", swap_pan_tilt=swap_pan_tilt)
    raise InvalidRequest(
        f"no camera move sets {axis!r} to {value!r}",
        hint=f"Axes are {', '.join(WIRE_AXES)}; values are whole numbers from -10 to 10.",
    )


def _hint(near: str = "") -> str:
    """What would be right, the nearest word first."""
    if near in AXES:
        return f"Write {near}:4, or any strength from 1 to 10."
    words = [name.replace("-", "_") for name in (*AXES, *_COMPOUND)]
    meant = nearest(near.replace("-", "_"), words, _WORDS)
    question = f"Did you mean {meant.replace('_', '-')}? " if meant else ""
    return f"{question}Moves: {', '.join(f'{n}:1..10' for n in AXES)}, {', '.join(_COMPOUND)}."
