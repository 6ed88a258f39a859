"""Fields, words, voices, extra: each rule with a request that keeps it and one that breaks it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kling_facade import camera, voice

from .asking import URL, errors, found, request

V26 = {"model": "kling-v2-6", "mode": "pro"}
SHOTS = [
    {"index": 1, "prompt": "a", "duration": "2"},
    {"index": 2, "prompt": "b", "duration": 3},
]
MULTI: dict[str, Any] = {"multi_shot": True, "shot_type": "customize", "multi_prompt": SHOTS}


def multi(**changes: Any) -> dict[str, Any]:
    """A plan of shots with something changed."""
    return {**MULTI, **changes}


KEPT_AND_BROKEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("model-empty", {"model": "x"}, {"model": " "}),
    ("mode-unknown", {"mode": "pro"}, {"mode": "standard"}),
    ("mode-unknown", {"mode": "std"}, {"mode": ""}),
    ("duration-unknown", {"duration": 10}, {"duration": 2}),
    ("duration-unknown", {"duration": "5"}, {"duration": 16}),
    ("duration-unknown", {"duration": 5.0}, {"duration": 5.5}),
    ("duration-unknown", {"duration": 5}, {"duration": "five"}),
    ("duration-unknown", {"duration": 5}, {"duration": None}),
    ("prompt-length", {"prompt": "x" * 2500}, {"prompt": "x" * 2501}),
    (
        "prompt-length",
        {**V26, "prompt": voice.prompt("x" * 2487 + "{a}", a="v")},
        {**V26, "prompt": voice.prompt("x" * 2488 + "{a}", a="v")},
    ),
    ("negative-prompt-length", {"negative_prompt": "x" * 2500}, {"negative_prompt": "x" * 2501}),
    ("cfg-range", {"model": "kling-v1", "cfg_scale": 1}, {"model": "kling-v1", "cfg_scale": 1.01}),
    ("cfg-range", {"model": "kling-v1", "cfg_scale": 0}, {"model": "kling-v1", "cfg_scale": -1}),
    ("cfg-range", {"model": "x", "cfg_scale": 0.5}, {"model": "x", "cfg_scale": math.nan}),
    ("cfg-range", {"model": "x", "cfg_scale": 0.5}, {"model": "x", "cfg_scale": "0.5"}),
    ("callback-address", {"callback_url": URL}, {"callback_url": "example.com/done"}),
    ("callback-address", {"callback_url": URL}, {"callback_url": "http://localhost:80/x"}),
    ("callback-address", {"callback_url": URL}, {"callback_url": "https://exa mple.com/"}),
    ("callback-address", {"callback_url": URL}, {"callback_url": "https://[1/"}),
    ("image-address", {"image": URL}, {"image": "http://127.0.0.1/x.png"}),
    ("image-address", {"image_tail": URL, **V26}, {"image_tail": "https:///x.png", **V26}),
    ("callback-address", {"callback_url": URL}, {"callback_url": "http://a.example:99999/"}),
    ("image-address", {"image": URL}, {"image": "http://a.example:x/f.png"}),
    ("external-id", {"external_task_id": "a_B-1.~"}, {"external_task_id": "a/b"}),
    ("external-id", {"external_task_id": "a"}, {"external_task_id": ".."}),
    ("external-id", {"external_task_id": "a"}, {"external_task_id": "ü"}),
    ("external-id", {"external_task_id": "a" * 128}, {"external_task_id": "a" * 129}),
    (
        "voice-count",
        {**V26, "prompt": voice.prompt("{a}{b}", a="1", b="2")},
        {**V26, "prompt": voice.prompt("{a}{b}{c}", a="1", b="2", c="3")},
    ),
    (
        "voice-sound-off",
        {**V26, "prompt": "<<<voice_1>>>", "voices": ["1"], "sound": True},
        {**V26, "prompt": "<<<voice_1>>>", "voices": ["1"]},
    ),
    (
        "voice-sound-off",
        {**V26, "prompt": voice.prompt("{a}", a="1")},
        {**V26, "prompt": voice.prompt("{a}", a="1"), "sound": False},
    ),
    (
        "voice-unlisted",
        {**V26, "prompt": "<<<voice_1>>>", "voices": ["1"], "sound": True},
        {**V26, "prompt": "<<<voice_1>>> <<<voice_2>>>", "voices": ["1"], "sound": True},
    ),
    ("voice-unlisted", {"prompt": "voice_1"}, {**V26, "prompt": "<<<voice_1>>>", "sound": True}),
    (
        "voice-unlisted",
        {**V26, "prompt": "<<<voice_1>>>", "voices": ["1"], "sound": True},
        {**V26, "prompt": "<<<voice_1>>>", "voices": [" "], "sound": True},
    ),
    (
        "voice-unlisted",
        {"prompt": "x"},
        {**V26, "prompt": "<<<voice_0>>><<<voice_1>>>", "voices": ["1"], "sound": True},
    ),
    ("model-misspelt", {"model": "kling-v2-7"}, {"model": "kling-v2.6"}),
    ("model-misspelt", {"model": "kling-v2-6-pro"}, {"model": "Kling_v2_6"}),
    ("model-misspelt", {"model": "kling-o1"}, {"model": "kling-v1-"}),
    ("text-unicode", {"prompt": "fox 🦊"}, {"prompt": "fox \ud83e"}),
    ("text-unicode", {"negative_prompt": "🦊"}, {"negative_prompt": "\udd8a"}),
    ("text-unicode", {"model": "狐"}, {"model": "狐\udcff"}),
    ("text-unicode", {"extra": {"🦊": "🦊"}}, {"extra": {"\ud83e": 1}}),
    ("text-unicode", {"extra": {"a": ["🦊"]}}, {"extra": {"a": [{"b": "\ud83e"}]}}),
    (
        "text-unicode",
        {**V26, "prompt": voice.prompt("{a}", a="🦊")},
        {**V26, "prompt": voice.prompt("{a}", a="\ud83e")},
    ),
    ("extra-known-field", {"extra": {"brand_new": 1}}, {"extra": {"image_tail": URL}}),
    ("extra-known-field", {"extra": {}}, {"extra": {"camera": "zoom"}}),
    ("extra-value", {"extra": {"x": [1, None, "a"]}}, {"extra": {"x": {1, 2}}}),
    ("extra-value", {"extra": {"x": 1.5}}, {"extra": {"x": math.inf}}),
    (
        "watermark",
        {"extra": {"watermark_info": {"enabled": True}}},
        {"extra": {"watermark_info": True}},
    ),
    ("watermark", {"extra": {}}, {"extra": {"watermark_info": {"enabled": "yes"}}}),
    ("multi-shot", {"model": "kling-v3", "extra": MULTI}, {"model": "kling-v2-6", "extra": MULTI}),
    (
        "multi-shot",
        {"model": "kling-v3", "extra": {"multi_shot": True, "shot_type": "intelligence"}},
        {"model": "kling-v3", "extra": {"multi_shot": True}},
    ),
    (
        "multi-shot",
        {"model": "kling-v3", "extra": multi(multi_prompt=SHOTS)},
        {"model": "kling-v3", "extra": multi(multi_prompt=[])},
    ),
    (
        "multi-shot",
        {"model": "kling-v3", "duration": 7, "extra": multi(multi_prompt=[*SHOTS, SHOTS[0]])},
        {"model": "kling-v3", "duration": 6, "extra": multi(multi_prompt=[*SHOTS, SHOTS[0]])},
    ),
    (
        "multi-shot",
        {"model": "kling-v3", "duration": 12, "extra": multi(multi_prompt=[SHOTS[0]] * 6)},
        {"model": "kling-v3", "duration": 14, "extra": multi(multi_prompt=[SHOTS[0]] * 7)},
    ),
    (
        "multi-shot",
        {"model": "kling-v3", "extra": multi()},
        {
            "model": "kling-v3",
            "extra": multi(multi_prompt=[SHOTS[1], {**SHOTS[0], "prompt": "x" * 513}]),
        },
    ),
    (
        "multi-shot",
        {"model": "kling-v3", "extra": multi()},
        {
            "model": "kling-v3",
            "extra": multi(multi_prompt=[{"index": 1, "prompt": "x", "duration": "0"}]),
        },
    ),
    (
        "multi-shot",
        {"model": "kling-v3", "extra": multi()},
        {"model": "kling-v3", "extra": multi(multi_prompt=["x", "y"])},
    ),
    (
        "multi-shot-type",
        {"model": "kling-v3", "extra": MULTI},
        {"model": "kling-v3", "extra": multi(multi_shot="true")},
    ),
    (
        "elements",
        {"model": "kling-v3", "extra": {"element_list": [{"element_id": 1}] * 3}},
        {"model": "kling-v3", "extra": {"element_list": [{"element_id": 1}] * 4}},
    ),
    (
        "elements",
        {"model": "x", "extra": {"element_list": [{"element_id": 1}]}},
        {"model": "kling-v2-6", "extra": {"element_list": [{"element_id": 1}]}},
    ),
    (
        "elements",
        {"model": "x", "extra": {"element_list": []}},
        {"model": "x", "extra": {"element_list": [{"element_id": "1"}]}},
    ),
    (
        "voice-elements",
        {**V26, "prompt": voice.prompt("{a}", a="1")},
        {
            **V26,
            "prompt": voice.prompt("{a}", a="1"),
            "allow": {"elements"},
            "extra": {"element_list": [{"element_id": 1}]},
        },
    ),
]


@pytest.mark.parametrize(("rule", "kept", "broken"), KEPT_AND_BROKEN)
def test_a_rule_refuses_what_breaks_it_and_nothing_else(
    rule: str, kept: dict[str, Any], broken: dict[str, Any]
) -> None:
    """One request keeps the rule and is sent; its neighbour breaks it and is refused for it."""
    assert rule not in errors(request(**kept))
    assert errors(request(**broken)) == {rule}


def test_a_long_mode_is_answered_with_the_short_one() -> None:
    """Other services say standard and professional."""
    assert "Did you mean 'pro'?" in found(request(mode="Professional"))["mode-unknown"].message


def test_a_voice_that_never_speaks_is_advice() -> None:
    """It costs nothing until it speaks; it is told all the same, with its number."""
    asked = request(**V26, prompt="<<<voice_1>>>", voices=["a", "b"], sound=True)
    advice = found(asked)["voice-unspoken"]
    assert (advice.severity, "voice 2 (b)" in advice.message) == ("advice", True)


def test_each_voice_mistake_has_its_own_message() -> None:
    """Unspoken, unlisted, a third one, sound off, no such model: five different rules."""
    asked = request(model="kling-v1", prompt="<<<voice_4>>>", voices=["a", "b", "c"])
    assert found(asked).keys() >= {
        "voice-unspoken",
        "voice-unlisted",
        "voice-count",
        "voice-sound-off",
        "model-voice",
    }


def test_an_empty_prompt_is_advice_unless_shots_say_what_happens() -> None:
    """Older pages leave it optional, newer ones don't."""
    assert found(request(prompt=" "))["prompt-empty"].severity == "advice"
    assert "prompt-empty" not in found(request(prompt="", model="kling-v3", extra=MULTI))


def test_everything_is_listed_at_once() -> None:
    """A request with many faults names them all, errors before advice."""
    asked = request(
        image="http://localhost/x", model="kling-v1", mode="fast", duration=99, cfg_scale=3,
        camera=camera.pan_left(1), image_tail=URL, prompt="x" * 9999, extra={"sound": "on"},
    )  # fmt: skip
    assert errors(asked) == {
        "image-address", "mode-unknown", "duration-unknown", "cfg-range", "exclusive-controls",
        "prompt-length", "extra-known-field",
    }  # fmt: skip
    assert {"model-retired", "pan-tilt"} <= found(asked).keys()


def test_a_contract_rule_says_nothing_of_allow() -> None:
    """Only what can be let through says how."""
    assert "allow=" not in found(request(mode="x"))["mode-unknown"].message
    assert "allow={'model-sound'}" in found(request(sound=True))["model-sound"].message


def test_every_problem_names_an_argument() -> None:
    """field is an argument of ImageToVideo."""
    import attrs

    from kling_facade.requests.image_to_video import ImageToVideo

    names = {field.name for field in attrs.fields(ImageToVideo)}
    for _, _, broken in KEPT_AND_BROKEN:
        assert {p.field for p in request(**broken).problems()} <= names


HERE = ["http://localhost:8642/x.png", "http://127.0.0.1:1/x.png", "http://[::1]:80/x.png"]


@pytest.mark.parametrize("address", HERE)
def test_a_gateway_on_this_machine_reaches_this_machine(address: str) -> None:
    """The sandbox takes its own sample and calls back here; Kling's servers could do neither."""
    asked = request(image=address, image_tail=address, callback_url=address, **V26)
    assert errors(asked) == {"image-address", "callback-address"}
    assert errors(asked, on_loopback=True) == set()
    assert errors(request(callback_url="http:///x"), on_loopback=True) == {"callback-address"}


any_text = st.text(st.characters(categories=["Ll", "So", "Cs"]), max_size=4)


@settings(max_examples=60)
@given(any_text, any_text, st.recursive(any_text, lambda inner: st.lists(inner, max_size=2)))
def test_text_is_refused_if_and_only_if_it_is_no_utf_8(prompt: str, name: str, value: Any) -> None:
    """Whatever text there is, names and values of extra too: sent as UTF-8, or refused here."""
    whole = json.dumps([prompt, name, value], ensure_ascii=False)
    rules = found(request(prompt=f"x{prompt}", extra={f"x{name}": value}))
    try:
        whole.encode()
    except UnicodeEncodeError:
        assert "text-unicode" in rules
    else:
        assert "text-unicode" not in rules


def test_a_problem_can_be_printed_whatever_it_quotes() -> None:
    """Text that is no UTF-8 is quoted with escapes, so that a log can take the message."""
    asked = request(
        prompt="\ud800", model="\ud801", voices=["\ud802"], external_task_id="\ud803",
        extra={"\ud804": "\ud805"}, callback_url="https://x/\ud806",
    )  # fmt: skip
    told = "".join(str(problem) for problem in asked.problems()).encode()
    assert all(rb"\ud80%d" % number in told for number in range(7))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("kling-v2.6", "kling-v2-6"),
        ("kling_v2_6 ", "kling-v2-6"),
        ("KLING-V2-6", "kling-v2-6"),
        ("klingv26", "kling-v2-6"),
        ("kling-2.6", "kling-v2-6"),
        ("v2.6", "kling-v2-6"),
        ("klign-v2-6", "kling-v2-6"),
        ("kling-v3.0", "kling-v3"),
        ("kling-v2.5", "kling-v2-5-turbo"),
        ("kling-v2-5-tubro", "kling-v2-5-turbo"),
        ("kling-v2-1-mastr", "kling-v2-1-master"),
        ("kling-v4", None),  # another version
        ("kling-v3-5", None),
        ("kling-o1", None),  # another series
        ("kling-v3-omni", None),  # a variant
        ("fal-ai/kling-video/v2.6/pro/image-to-video", None),
        ("sora-2", None),
        ("kling", None),
    ],
)
def test_a_misspelt_model_is_answered_with_the_right_one(written: str, meant: str | None) -> None:
    """A typing error would switch all rules of the model off; a gateway's own name may do so."""
    rules = found(request(model=written))
    if meant is None:
        assert rules["model-unknown"].severity == "advice"
    else:
        assert rules["model-misspelt"].is_error
        assert f"Did you mean {meant!r}?" in rules["model-misspelt"].message
        assert not errors(request(model=written, allow={"model-misspelt"}))
