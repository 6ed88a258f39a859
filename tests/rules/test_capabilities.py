"""What each model can: every row of the catalogue has a request that passes and one that fails.

The expectations are written out a second time here, from the sources, and not read from the
catalogue.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kling_facade import camera, paths, regions, voice
from kling_facade.builders.motion import MotionBrush
from kling_facade.catalog import Catalog

from .asking import URL, errors, found, request

BRUSH = MotionBrush.over((640, 480)).move(regions.box(9, 9, 99, 99), along=paths.line(by=(300, 0)))
FIVE_TEN: Final = {("std", 5), ("std", 10), ("pro", 5), ("pro", 10)}
LONG: Final = {(mode, seconds) for mode in ("std", "pro", "4k") for seconds in range(3, 16)}
PRO: Final = {("pro", 5), ("pro", 10)}

MODES: Final = {
    "kling-v1": FIVE_TEN,
    "kling-v1-5": FIVE_TEN,
    "kling-v1-6": FIVE_TEN,
    "kling-v2-master": FIVE_TEN,
    "kling-v2-1": FIVE_TEN,
    "kling-v2-1-master": FIVE_TEN,
    "kling-v2-5-turbo": FIVE_TEN,
    "kling-v2-6": FIVE_TEN,
    "kling-v3": LONG,
}
NOWHERE: Final[set[tuple[str, int]]] = set()
FEATURES: Final[dict[str, tuple[dict[str, Any], dict[str, set[tuple[str, int]]]]]] = {
    "model-tail": (
        {"image_tail": URL},
        {
            "kling-v1": {("std", 5), ("pro", 5)},
            "kling-v1-5": PRO,
            "kling-v1-6": PRO,
            "kling-v2-1": PRO,
            "kling-v2-5-turbo": PRO,
            "kling-v2-6": PRO,
            "kling-v3": LONG,
        },
    ),
    "model-brush": (
        {"motion_brush": BRUSH},
        {"kling-v1": {("std", 5), ("pro", 5)}, "kling-v1-5": {("pro", 5)}},
    ),
    "model-camera": (
        {"camera": camera.zoom_in(4)},
        {"kling-v1": {("std", 5)}, "kling-v1-5": {("pro", 5)}},
    ),
    "model-cfg": (
        {"cfg_scale": 0.5},
        {"kling-v1": FIVE_TEN, "kling-v1-5": FIVE_TEN, "kling-v1-6": FIVE_TEN},
    ),
    "model-sound": ({"sound": True}, {"kling-v2-6": PRO, "kling-v3": LONG}),
    "model-voice": ({"prompt": voice.prompt("{a} speaks", a="x")}, {"kling-v2-6": PRO}),
}
ASKED: Final = [
    (rule, model, mode, duration)
    for rule in FEATURES
    for model in MODES
    for mode, duration in sorted(MODES[model])
    if model != "kling-v3" or duration in (3, 5, 15)
]


@pytest.mark.parametrize(("rule", "model", "mode", "duration"), ASKED)
def test_a_feature_passes_where_it_works_and_fails_elsewhere(
    rule: str, model: str, mode: str, duration: int
) -> None:
    """Each model, mode and duration with each feature: as the sources say."""
    options, where = FEATURES[rule]
    works = (mode, duration) in where.get(model, NOWHERE)
    asked = request(model=model, mode=mode, duration=duration, **options)
    assert (rule in errors(asked)) is not works
    if not works:
        assert rule not in errors(asked.replace(allow={rule}))


@pytest.mark.parametrize(
    ("model", "mode", "duration"),
    [*itertools.product(MODES, ("std", "pro", "4k"), (3, 5, 7, 10, 15))],
)
def test_modes_and_durations_are_those_of_the_model(model: str, mode: str, duration: int) -> None:
    """Each model takes its own modes and seconds; only kling-v3 has 4k and other lengths."""
    refused = errors(request(model=model, mode=mode, duration=duration))
    works = (mode, duration) in MODES[model]
    assert bool(refused & {"model-mode", "model-duration"}) is not works
    if not works:
        lax = request(
            model=model, mode=mode, duration=duration, allow={"model-mode", "model-duration"}
        )
        assert errors(lax) == set()


def test_the_catalogue_has_these_models_and_no_others() -> None:
    """A model that is added to the catalogue must be added here, from its source."""
    assert Catalog.bundled().models.keys() == MODES.keys()


@pytest.mark.parametrize(
    "model", [m for m in MODES if m not in ("kling-v2-5-turbo", "kling-v2-6", "kling-v3")]
)
def test_retired_models_are_advised_not_refused(model: str) -> None:
    """Kling retired six models on 2026-09-15; gateways may still serve them."""
    advice = found(request(model=model))["model-retired"]
    assert advice.severity == "advice"
    assert "2026-09-15" in advice.message
    assert "kling-v2-6" in advice.message


@pytest.mark.parametrize("model", ["kling-v2-5-turbo", "kling-v2-6"])
def test_live_models_that_the_page_lists_get_no_advice(model: str) -> None:
    """A plain request with either is without any remark."""
    assert found(request(model=model)) == {}


def test_a_live_model_that_the_page_does_not_list_is_told() -> None:
    """kling-v3 may be refused by the default gateway."""
    assert found(request(model="kling-v3")).keys() == {"model-unlisted"}


def test_an_unknown_model_is_told_and_not_refused() -> None:
    """A gateway's own name is sent; what it can is not checked."""
    asked = request(model="of-a-gateway", camera=camera.zoom_in(4), cfg_scale=0.5, sound=True)
    assert found(asked).keys() == {"model-unknown"}


def test_a_disputed_row_says_who_disputes() -> None:
    """Where sources disagree both sides are told: as advice where it works, else in the error."""
    works = found(request(model="kling-v1", camera=camera.zoom_in(4)))["model-camera"]
    assert (works.severity, "VD1, YU" in works.message) == ("advice", True)
    refused = found(request(model="kling-v1-6", camera=camera.zoom_in(4)))["model-camera"]
    assert (refused.severity, "WRAP" in refused.message) == ("capability", True)
    tail = found(request(model="kling-v2-6", mode="pro", image_tail=URL))["model-tail"]
    assert (tail.severity, "WRAP" in tail.message) == ("advice", True)


def test_a_refusal_says_where_it_would_work() -> None:
    """What to change stands in the message."""
    own = found(request(model="kling-v2-6", sound=True))["model-sound"].message
    assert "It does in pro 5 s or pro 10 s." in own
    other = found(request(camera=camera.zoom_in(4)))["model-camera"].message
    assert "These do: kling-v1, kling-v1-5." in other


def test_v1_5_takes_simple_moves_alone() -> None:
    """Compound moves are refused where only simple ones are taken."""
    asked = request(model="kling-v1-5", mode="pro", camera=camera.DOWN_BACK)
    assert errors(asked) == {"model-camera-type"}
    assert errors(asked.replace(camera=camera.zoom_in(4))) == set()
    assert errors(request(model="kling-v1", camera=camera.DOWN_BACK)) == set()


def test_v2_6_has_a_last_picture_or_sound() -> None:
    """With a last picture v2-6 is silent; v3 takes both."""
    both = request(model="kling-v2-6", mode="pro", image_tail=URL, sound=True)
    assert errors(both) == {"tail-sound"}
    assert errors(both.replace(sound=False)) == set()
    assert errors(request(model="kling-v3", image_tail=URL, sound=True)) == set()


CONTROLS: Final[dict[str, Any]] = {
    "image_tail": URL,
    "motion_brush": BRUSH,
    "camera": camera.zoom_in(4),
}


@pytest.mark.parametrize("count", range(4))
def test_tail_brush_and_camera_exclude_each_other(count: int) -> None:
    """Any one is fine, any two or three are not, and nothing else is."""
    for names in itertools.combinations(CONTROLS, count):
        asked = request(model="of-a-gateway", **{name: CONTROLS[name] for name in names})
        assert errors(asked) == ({"exclusive-controls"} if count > 1 else set())


def test_pan_and_tilt_are_advised_on() -> None:
    """The dispute is told for the four disputed words, and for no other."""
    for move in (camera.pan_left(2), camera.tilt_up(2)):
        advice = found(request(model="of-a-gateway", camera=move))["pan-tilt"]
        assert "VD3" in advice.message
        assert "swap_pan_tilt" in advice.message
    assert "pan-tilt" not in found(request(model="of-a-gateway", camera=camera.zoom_in(2)))
    swapped = request(model="of-a-gateway", camera=camera.pan_left(2, swap_pan_tilt=True))
    assert "leave swap_pan_tilt out" in found(swapped)["pan-tilt"].message


@given(st.sets(st.sampled_from(sorted(FEATURES))))
def test_allow_lets_through_what_it_names_and_nothing_else(names: set[str]) -> None:
    """Each named rule becomes advice; the others still refuse."""
    asked = request(
        model="kling-v2-master", cfg_scale=0.5, sound=True, camera=camera.zoom_in(4), allow=names
    )
    wanted = {"model-cfg", "model-sound", "model-camera"}
    assert errors(asked) == wanted - names
    for name in wanted & names:
        assert found(asked)[name].severity == "advice"
