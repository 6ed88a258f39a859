"""How long jobs take, as far as anybody says, made into a distribution to tune and measure with.

The one public figure is a mean of 164 s for image to video (COMFY 2025). The shape is an assumption
of ours: log-normal, since queues and renderings multiply, with a median of 145 s, which puts one
job in twenty beyond five minutes and one in a hundred beyond seven.
"""

from __future__ import annotations

import math
import random
from typing import Final

__all__ = ["MEAN", "MEDIAN", "SIGMA", "draw"]

MEAN: Final = 164.0
"""Seconds (COMFY 2025)."""
MEDIAN: Final = 145.0
"""Seconds; an assumption of ours."""
SIGMA: Final = math.sqrt(2 * math.log(MEAN / MEDIAN))
"""The spread that goes with the two."""


def draw(source: random.Random) -> float:
    """Seconds of one job."""
    return MEDIAN * math.exp(SIGMA * source.gauss(0.0, 1.0))
