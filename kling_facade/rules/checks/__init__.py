"""What it takes to see whether a request keeps each rule. `rules.problems` runs them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .brush import check_brush
from .extras import check_extras
from .fields import check_fields
from .models import check_model
from .pictures import check_pictures
from .words import check_text, check_words

if TYPE_CHECKING:
    from ...builders.values import RequestValues
    from ..judge import Judge

__all__ = ["ALL"]

ALL: Final[tuple[Callable[[RequestValues, Judge], None], ...]] = (
    check_text,
    check_fields,
    check_pictures,
    check_model,
    check_words,
    check_brush,
    check_extras,
)
"""Every check, in the order in which problems are listed."""
