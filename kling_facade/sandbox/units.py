"""What a job costs, in Kling's units, for the sandbox's ``final_unit_deduction``.

It is worked out here and not with the library's own table, so that one can be held against the
other. Per second from VD4 (price page, 2026-09-20); per run for the retired models from COMFY
(price badges, mid-2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["units"]

_PER_SECOND: Final = {  # (model, mode): silent, with sound, with voice
    ("kling-v2-5-turbo", "std"): (0.3, 0.3, 0.3),
    ("kling-v2-5-turbo", "pro"): (0.5, 0.5, 0.5),
    ("kling-v2-6", "std"): (0.3, 0.3, 0.3),
    ("kling-v2-6", "pro"): (0.5, 1.0, 1.2),
    ("kling-v3", "std"): (0.6, 0.9, 0.9),
    ("kling-v3", "pro"): (0.8, 1.2, 1.2),
    ("kling-v3", "4k"): (3.0, 3.0, 3.0),
}

_PER_FIVE_SECONDS: Final = {  # model: std, pro
    "kling-v1": (1.0, 3.5),
    "kling-v1-5": (2.0, 3.5),
    "kling-v1-6": (2.0, 3.5),
    "kling-v2-1": (2.0, 3.5),
    "kling-v2-master": (10.0, 10.0),
    "kling-v2-1-master": (10.0, 10.0),
}


def units(body: Mapping[str, Any]) -> str:
    """The charge for a body as a text, ``"0"`` for a model without a known price."""
    model, mode, seconds = body.get("model_name"), body.get("mode"), float(body["duration"])
    if model in _PER_FIVE_SECONDS:
        charge = _PER_FIVE_SECONDS[model][mode == "pro"] * seconds / 5
    else:
        prices = _PER_SECOND.get((str(model), str(mode)), (0.0, 0.0, 0.0))
        sound = body.get("sound") == "on"
        charge = prices[sound + (sound and "<<<voice_" in body.get("prompt", ""))] * seconds
    return f"{charge:.10g}"
