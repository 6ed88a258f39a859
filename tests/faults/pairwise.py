"""A small choice of cases in which every two values meet at least once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["all_pairs"]


def _pairs(row: Sequence[Any]) -> set[tuple[int, Any, int, Any]]:
    return {(i, row[i], j, row[j]) for i, j in itertools.combinations(range(len(row)), 2)}


def all_pairs(dimensions: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Rows, one value of each dimension in each, that hold every pair; chosen greedily.

    The choice is the same in every run.
    """
    candidates = list(itertools.product(*dimensions))
    missing = set().union(*(_pairs(row) for row in candidates))
    chosen = []
    while missing:
        best = max(candidates, key=lambda row: len(_pairs(row) & missing))
        chosen.append(best)
        missing -= _pairs(best)
    return chosen
