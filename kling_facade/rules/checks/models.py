"""Models: what each can in which mode and for how long, and what excludes each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...builders.values import RequestValues
    from ...catalog import Feature, Model
    from ..judge import Judge

__all__ = ["check_model"]

_WORDS = {
    "tail": ("model-tail", "image_tail", "a last picture"),
    "brush": ("model-brush", "motion_brush", "the motion brush"),
    "camera": ("model-camera", "camera", "a camera move"),
    "cfg": ("model-cfg", "cfg_scale", "cfg_scale"),
    "sound": ("model-sound", "sound", "sound"),
    "voice": ("model-voice", "voices", "voices"),
}


_SERIES = re.compile(r"([a-z]?)\d")
"""The letter before a version: v in kling-v2-6, g in kling-2.6."""


def check_model(request: RequestValues, judge: Judge) -> None:
    """Everything that depends on the model, and the combinations that none takes."""
    model = judge.catalog.models.get(request.model)
    if model is not None:
        _check_availability(model, judge)
        if _check_mode(model, request, judge):
            _check_features(model, request, judge)
    elif request.model:
        _check_name(request.model, judge)
    _check_exclusive(request, judge)
    if request.camera is not None and request.camera.uses_pan_or_tilt:
        judge.object_(
            "pan-tilt",
            "camera",
            f"{request.camera} goes out as {_set_axis(request)}. If the camera goes up or down "
            f"instead of sideways, or the reverse, {_other_reading(request)}.",
        )


def _check_name(name: str, judge: Judge) -> None:
    """A model that the catalogue lacks: a gateway's own, or a typing error."""
    known = ", ".join(judge.catalog.models)
    meant = nearest_model(str(name), judge.catalog.models)
    if meant is None:
        judge.object_(
            "model-unknown",
            "model",
            f"{name!r} is not in the catalogue ({known}): what it can is not checked.",
        )
    else:
        judge.object_(
            "model-misspelt",
            "model",
            f"{name!r} is not in the catalogue. Did you mean {meant!r}? The models: {known}.",
        )


def nearest_model(name: str, known: Iterable[str]) -> str | None:
    """The model that a misspelt name means, or ``None``.

    Names that differ in their numbers are other versions, and a known name with a word added is a
    gateway's own variant: neither is a typing error.

    Args:
        name: A name that is not in the catalogue.
        known: The names that are.
    """
    import difflib  # late: most names are right

    bare = {_bare(one): one for one in known}
    wanted = _bare(name)
    same_version = [one for one in bare if _is_version_of(wanted, one)]
    sure = difflib.get_close_matches(wanted, same_version, n=1, cutoff=0.9)
    if not sure and any(name.lower().startswith(f"{one}-") for one in bare.values()):
        return None
    close = difflib.get_close_matches(wanted, same_version, n=1, cutoff=0.8)
    inside = [one for one in same_version if wanted and wanted in one]
    return next((bare[one] for one in (*sure, *close, *inside)), None)


def _bare(name: str) -> str:
    """Letters and digits alone, in small letters: mixed up dots and hyphens make no difference."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _is_version_of(name: str, known: str) -> bool:
    """Whether two bare names have the same numbers, of the same series: o1 is another than v1."""
    digits = ["".join(filter(str.isdigit, one)).rstrip("0") for one in (name, known)]
    series = _SERIES.search(name)
    return digits[0] == digits[1] and (series is None or series[1] in ("", "g", "v"))


def _other_reading(request: RequestValues) -> str:
    assert request.camera is not None
    used = request.camera.swap_pan_tilt
    return "leave swap_pan_tilt out" if used else "use swap_pan_tilt=True"


def _set_axis(request: RequestValues) -> str:
    assert request.camera is not None
    return ", ".join(f"{axis}={value}" for axis, value in request.camera.axes.items() if value)


def _check_availability(model: Model, judge: Judge) -> None:
    if model.retired is not None:
        live = [name for name, other in judge.catalog.models.items() if other.retired is None]
        judge.object_(
            "model-retired",
            "model",
            f"Kling itself stopped serving {model.name} on {model.retired}; a gateway may still "
            "do. "
            f"Live: {', '.join(live)}.",
        )
    if not model.listed:
        judge.object_(
            "model-unlisted",
            "model",
            f"the default gateway's page doesn't list {model.name}; it may refuse it.",
        )


def _check_mode(model: Model, request: RequestValues, judge: Judge) -> bool:
    """Whether the model has this mode and duration, without which no feature means anything."""
    if request.mode not in model.modes:
        if request.mode in judge.limit("modes"):
            judge.object_(
                "model-mode",
                "mode",
                f"{model.name} has {_listed(model.modes)}, not {request.mode}.",
                _cited(model),
            )
        return False
    durations = model.modes[request.mode]
    if request.duration not in durations:
        if request.duration in judge.limit("durations"):
            spoken = _listed(map(str, durations))
            judge.object_(
                "model-duration",
                "duration",
                f"{model.name} in mode {request.mode} films {spoken} seconds, not "
                f"{request.duration}.",
                _cited(model),
            )
        return False
    return True


def _cited(model: Model) -> Feature:
    """The row of the modes, to cite it."""
    from ...catalog import Feature

    source, _, date = model.modes_cited.rpartition(" (")
    return Feature(source=source, date=date.rstrip(")"))


def _check_features(model: Model, request: RequestValues, judge: Judge) -> None:
    used = {
        "tail": request.image_tail is not None,
        "brush": request.motion_brush is not None,
        "camera": request.camera is not None,
        "cfg": request.cfg_scale is not None,
        "sound": bool(request.sound_on),
        "voice": bool(request.voice_ids),
    }
    for name in (name for name, is_used in used.items() if is_used):
        rule, field, words = _WORDS[name]
        feature = model.feature(name)
        here = f"{model.name} in mode {request.mode} for {request.duration} s"
        if not feature.works(request.mode, request.duration):
            judge.object_(
                rule, field, f"{here} doesn't take {words}. {_where(name, request, judge)}", feature
            )
        elif feature.disputed:
            judge.advise(rule, field, f"{here} takes {words}.", feature)
    _check_details(model, request, judge)


def _where(name: str, request: RequestValues, judge: Judge) -> str:
    """Where it would work: with this model, else with which."""
    own = judge.catalog.models[request.model].feature(name)
    if own.at:
        return f"It does in {_listed(_spelled(own))}."
    others = [m.name for m in judge.catalog.models.values() if m.feature(name).at]
    return f"These do: {', '.join(others)}." if others else "No model does."


def _spelled(feature: Feature) -> list[str]:
    return [f"{at} s" if " " in at else at for at in feature.at]


def _check_details(model: Model, request: RequestValues, judge: Judge) -> None:
    camera, tail = model.feature("camera"), model.feature("tail")
    move = request.camera
    if move is not None and camera.kinds and move.type not in camera.kinds:
        judge.object_(
            "model-camera-type",
            "camera",
            f"{model.name} takes {_listed(camera.kinds)} moves, not {move}.",
            camera,
        )
    if request.negative_prompt and not model.feature("cfg").at:
        judge.object_(
            "model-negative",
            "negative_prompt",
            f"users of {model.name} see no effect of it. Say in the prompt what shall be seen.",
        )
    if request.image_tail is not None and request.sound_on and not tail.with_sound:
        judge.object_(
            "tail-sound", "sound", f"{model.name} takes a last picture only without sound.", tail
        )


def _check_exclusive(request: RequestValues, judge: Judge) -> None:
    given = [
        name
        for name in ("image_tail", "motion_brush", "camera")
        if getattr(request, name) is not None
    ]
    if len(given) > 1:
        judge.object_(
            "exclusive-controls",
            given[1],
            f"{_listed(given, 'and')} exclude each other. Keep one.",
        )


def _listed(words: Iterable[str], last: str = "or") -> str:
    """Words joined as in a sentence."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"
