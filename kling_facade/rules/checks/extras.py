"""Fields in ``extra``: those with a name here are refused, those of Kling's own API checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ...builders.values import RequestValues
    from ..judge import Judge

__all__ = ["WIRE_FIELDS", "check_extras"]

WIRE_FIELDS: Final[Mapping[str, str]] = {
    "model_name": "model",
    "image": "image",
    "image_tail": "image_tail",
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "cfg_scale": "cfg_scale",
    "mode": "mode",
    "static_mask": "motion_brush",
    "dynamic_masks": "motion_brush",
    "camera_control": "camera",
    "duration": "duration",
    "callback_url": "callback_url",
    "external_task_id": "external_task_id",
    "voice_list": "voices",
    "sound": "sound",
}
"""The published page's fields, and the argument of `ImageToVideo` that sets each."""

_MISSPELT: Final = frozenset({"model", "camera", "motion_brush", "voices", "allow", "extra"})


def check_extras(request: RequestValues, judge: Judge) -> None:
    """Names first, then what is known of Kling's own further fields."""
    extra = request.extra
    if not extra:
        return
    import json  # late: most requests have nothing extra

    for name in extra:
        if name in WIRE_FIELDS or name in _MISSPELT:
            argument = WIRE_FIELDS.get(name, name)
            judge.object_(
                "extra-known-field", "extra", f"{name!r} is set with {argument}=..., not here."
            )
    try:
        json.dumps(dict(extra), allow_nan=False)
    except (TypeError, ValueError) as error:
        judge.object_("extra-value", "extra", f"it can't be written as JSON: {error}.")
        return
    _check_shots(request, judge)
    _check_elements(request, judge)
    mark = extra.get("watermark_info")
    if mark is not None and not (
        isinstance(mark, Mapping) and isinstance(mark.get("enabled"), bool)
    ):
        judge.object_("watermark", "extra", f"watermark_info is {mark!r}.")


def _check_shots(request: RequestValues, judge: Judge) -> None:
    extra = request.extra
    multi = extra.get("multi_shot")
    if multi is not None and not isinstance(multi, bool):
        judge.object_("multi-shot-type", "extra", f"multi_shot is {multi!r}.")
    if not multi:
        return
    _check_model(request, "multi_shot", "multi-shot", judge)
    kind = extra.get("shot_type")
    if kind not in ("customize", "intelligence"):
        judge.object_(
            "multi-shot", "extra", f"shot_type is 'customize' or 'intelligence', not {kind!r}."
        )
    if kind == "customize" or extra.get("multi_prompt"):
        _check_plan(extra.get("multi_prompt"), request, judge)


def _check_plan(shots: Any, request: RequestValues, judge: Judge) -> None:
    most, longest = judge.limit("shots"), judge.limit("shot_characters")
    if not isinstance(shots, list) or not 1 <= len(shots) <= most:
        judge.object_("multi-shot", "extra", f"multi_prompt is a list of 1 to {most} shots.")
        return
    seconds = []
    for number, shot in enumerate(shots, 1):
        given = shot if isinstance(shot, Mapping) else {}
        if not isinstance(given.get("index"), int) or not isinstance(given.get("prompt"), str):
            judge.object_(
                "multi-shot", "extra", f"shot {number} needs an index (a number) and a prompt."
            )
        elif len(given["prompt"]) > longest:
            judge.object_(
                "multi-shot",
                "extra",
                f"shot {number} has {len(given['prompt'])} characters, at most {longest}.",
            )
        duration = str(given.get("duration", ""))
        seconds.append(int(duration) if duration.isdecimal() else 0)
    if min(seconds) < 1:
        judge.object_(
            "multi-shot",
            "extra",
            f"shot {seconds.index(min(seconds)) + 1} needs at least 1 second.",
        )
    elif sum(seconds) != request.duration:
        judge.object_(
            "multi-shot",
            "extra",
            f"the shots last {sum(seconds)} s together, the video {request.duration} s.",
        )


def _check_elements(request: RequestValues, judge: Judge) -> None:
    elements = request.extra.get("element_list")
    if not elements:
        return
    _check_model(request, "elements", "elements", judge)
    most = judge.limit("elements")
    if not isinstance(elements, list) or len(elements) > most:
        judge.object_("elements", "extra", f"element_list is a list of at most {most}.")
    elif not all(isinstance(e, Mapping) and type(e.get("element_id")) is int for e in elements):
        judge.object_("elements", "extra", 'each element is {"element_id": a whole number}.')
    if request.voice_ids:
        judge.object_(
            "voice-elements", "extra", "voices and elements exclude each other. Keep one."
        )


def _check_model(request: RequestValues, feature: str, rule: str, judge: Judge) -> None:
    model = judge.catalog.models.get(request.model)
    if model is not None and not model.feature(feature).works(request.mode, request.duration):
        names = [m.name for m in judge.catalog.models.values() if m.feature(feature).at]
        judge.object_(
            rule, "extra", f"{model.name} doesn't take {feature}; {', '.join(names)} does."
        )
