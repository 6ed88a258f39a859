"""Wrong names are answered with the right ones, in every module of builders."""

from __future__ import annotations

from types import ModuleType

import pytest

from kling_facade import camera, paths, regions, voice
from kling_facade.builders.near_names import nearest
from kling_facade.errors import InvalidRequest


@pytest.mark.parametrize(
    ("module", "written", "meant"),
    [
        (regions, "rect", "box"),
        (regions, "circle", "ellipse"),
        (regions, "mask", "painted"),
        (regions, "polgon", "polygon"),
        (regions, "Painted_", "painted"),
        (camera, "dolly_in", "zoom_in"),
        (camera, "crane_up", "pedestal_up"),
        (camera, "zoomin", "zoom_in"),
        (camera, "pan_rigth", "pan_right"),
        (camera, "DOWNBACK", "DOWN_BACK"),
        (paths, "spline", "curve"),
        (paths, "beziere", "bezier"),
        (voice, "dialogue", "script"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(
    module: ModuleType, written: str, meant: str
) -> None:
    """A typing error, or another tool's word for the same thing."""
    with pytest.raises(AttributeError, match=rf"no {written!r}. Did you mean {meant}\?"):
        getattr(module, written)


@pytest.mark.parametrize("module", [regions, camera, paths, voice])
def test_a_name_that_is_like_nothing_is_answered_with_all_of_them(module: ModuleType) -> None:
    """And what Python's machinery asks for gets a plain answer."""
    with pytest.raises(AttributeError, match=rf"^{module.__name__} has no 'xyzzy'. It has \w+, "):
        module.xyzzy  # noqa: B018 - the look-up is the test
    with pytest.raises(AttributeError, match="no attribute '__wrapped__'"):
        module.__wrapped__  # noqa: B018


def test_a_word_of_another_tool_is_answered_in_text_too() -> None:
    """Command lines and configuration files get the same help."""
    with pytest.raises(InvalidRequest, match="Did you mean zoom-in"):
        camera.parse("dolly in:3")


def test_words_lead_to_names_that_are_there() -> None:
    """Each word stands for something that the module has."""
    for written in ("dolly_back", "roll_left", "track_right"):
        assert hasattr(camera, nearest(written, [], camera_words()) or "")


def camera_words() -> dict[str, str]:
    """Other people's words for moves."""
    from kling_facade.builders import camera as room

    words: dict[str, str] = dict(vars(room)["_WORDS"])
    assert all(hasattr(room, name) for name in words.values())
    return words
