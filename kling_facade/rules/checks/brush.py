"""The motion brush: regions that show something, paths that can be followed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Final

from ...errors import InvalidRequest
from .fields import address_fault

if TYPE_CHECKING:
    from ...builders.geometry.bitmap import Bitmap
    from ...builders.motion import MotionBrush, Move
    from ...builders.remarks import RemarkKind
    from ...builders.shapes import Region
    from ...builders.values import RequestValues
    from ..judge import Judge

__all__ = ["check_brush"]

_FIELD: Final = "motion_brush"

_RULE_OF: Final[dict[RemarkKind, str]] = {
    "crossing": "region-crossing",
    "fractions": "fractions",
    "grey": "mask-grey",
    "erased": "mask-erased",
}
"""The rule under which each remark of a region is told."""


def check_brush(request: RequestValues, judge: Judge) -> None:
    """Everything about the motion brush except whether the model has one."""
    brush = request.motion_brush
    if brush is None:
        return
    if not brush.holds and not brush.moves:
        judge.object_(
            "brush-empty", _FIELD, "nothing holds and nothing moves. Use .hold() or .move()."
        )
        return
    most = judge.limit("moving_regions")
    if len(brush.moves) > most:
        extra = _called(brush.moves[most].region, f"moving region {most + 1}")
        judge.object_(
            "brush-regions",
            _FIELD,
            f"{len(brush.moves)} regions move, at most {most}: {extra} is too many.",
        )
    _check_size(request, brush, judge)
    drawn = {label: pixels for label, pixels in _drawn(brush, judge) if pixels is not None}
    _check_overlap(drawn, judge)
    for label, move in zip(_labels(brush)[len(brush.holds) :], brush.moves, strict=True):
        _check_path(move, label, brush.size, judge)
    judge.object_(
        "brush-colour",
        _FIELD,
        "masks go out with white for selected; look at the first video closely.",
    )


def _labels(brush: MotionBrush) -> list[str]:
    """What messages call each region: those that hold still, then those that move."""
    holds = [_called(region, f"held region {n}") for n, region in enumerate(brush.holds, 1)]
    moves = [_called(move.region, f"moving region {n}") for n, move in enumerate(brush.moves, 1)]
    return holds + moves


def _called(region: Region, place: str) -> str:
    return f"{place} {region.name!r}" if region.name else place


def _check_size(request: RequestValues, brush: MotionBrush, judge: Judge) -> None:
    size = request.image.size
    if size is not None and size != brush.size:
        judge.object_(
            "brush-size",
            _FIELD,
            f"it is drawn over {brush.size[0]}x{brush.size[1]} pixels, the picture has "
            f"{size[0]}x{size[1]}. "
            "Start it with MotionBrush.over(the same picture).",
        )


def _drawn(brush: MotionBrush, judge: Judge) -> Iterator[tuple[str, Bitmap | None]]:
    """Each region's pixels by its label, after they were checked; nothing for one at an address."""
    verbs = ["holds"] * len(brush.holds) + ["moves"] * len(brush.moves)
    regions = [*brush.holds, *(move.region for move in brush.moves)]
    for label, verb, region in zip(_labels(brush), verbs, regions, strict=True):
        yield label, _check_region(region, label, verb, brush.size, judge)


def _check_region(
    region: Region, label: str, verb: str, size: tuple[int, int], judge: Judge
) -> Bitmap | None:
    from ...builders.shapes import Remote  # late: most requests have no brush

    if isinstance(region, Remote):
        if fault := address_fault(region.url, on_loopback=judge.on_loopback):
            judge.object_("mask-address", _FIELD, f"{label}: {fault}.")
        return None
    try:
        bitmap, remarks = region.drawing(size)
    except InvalidRequest as error:
        judge.object_("region-unreadable", _FIELD, f"{label}: {error.message}.")
        return None
    if bitmap.count:
        _check_share(bitmap, label, verb, judge)
        for remark in remarks:
            judge.object_(_RULE_OF[remark.kind], _FIELD, f"{label}: {remark.text}")
    else:
        judge.object_(
            "region-empty",
            _FIELD,
            f"{label} has no pixels in the picture ({size[0]}x{size[1]}). {region.why_empty(size)}",
        )
    return bitmap


def _check_share(bitmap: Bitmap, label: str, verb: str, judge: Judge) -> None:
    """How much of the picture a region covers: hardly anything, nearly all, all but the middle."""
    from ...builders.remarks import percent

    whole = bitmap.size[0] * bitmap.size[1]
    share = bitmap.count / whole
    shown = f"{label} {verb} {percent(bitmap.count, whole)} of the picture"
    if share < judge.limit("region_share")[0]:
        judge.object_(
            "region-small",
            _FIELD,
            f"{label} has only {bitmap.count} pixels, {percent(bitmap.count, whole)} of the "
            "picture. Is it stray paint?",
        )
    elif verb == "moves" and _is_inverted(bitmap, share, judge.limit("region_edge")):
        judge.object_(
            "mask-inverted",
            _FIELD,
            f"{shown}, and {percent(bitmap.share_of_edge, 1)} of its edge. Is the mask inverted? "
            "~region selects the rest.",
        )
    elif share > judge.limit("region_share")[1]:
        judge.object_("region-whole", _FIELD, f"{shown}. Is it the right mask?")


def _is_inverted(bitmap: Bitmap, share: float, edge: float) -> bool:
    """Whether a region is most of the picture and nearly all of its edge, but not everything."""
    return 0.5 < share < 1 and bitmap.share_of_edge > edge


def _check_overlap(drawn: dict[str, Bitmap], judge: Judge) -> None:
    """Pixels that two regions claim, unless both hold still: those are united."""
    for (one, first), (other, second) in combinations(drawn.items(), 2):
        shared = (first & second).count
        if shared and not other.startswith("held"):
            judge.object_(
                "region-overlap",
                _FIELD,
                f"{one} and {other} share {shared} pixels, and no source says which of them wins. "
                "Take them out of one: region - other.",
            )


def _check_path(move: Move, label: str, size: tuple[int, int], judge: Judge) -> None:
    least, most = judge.limit("path_points")
    for remark in move.remarks:
        judge.object_(_RULE_OF[remark.kind], _FIELD, f"{label}: {remark.text}")
    for note in move.notes:
        judge.object_("path-changed", _FIELD, f"{label}: {note}")
    if len(move.path) < least:
        judge.object_(
            "path-points",
            _FIELD,
            f"{label} has a path of {len(move.path)} points: it goes nowhere.",
        )
        return
    if len(move.path) > most:
        judge.object_(
            "path-points",
            _FIELD,
            f"{label} has a path of {len(move.path)} points, at most {most}. paths.stroke() "
            "simplifies it.",
        )
    width, height = size
    if outside := [p for p in move.path if not (0 <= p[0] < width and 0 <= p[1] < height)]:
        judge.object_(
            "path-outside", _FIELD, f"{label}: its path is outside the picture at {outside[0]}."
        )
    if move.deviation > judge.limit("path_deviation") * max(size):
        judge.object_(
            "path-simplified",
            _FIELD,
            f"{label}: its path of {move.drawn} points became {len(move.path)} and strays up to "
            f"{move.deviation:.1f} pixels from the drawing.",
        )
    reach = judge.limit("path_reach") * width
    if move.reach < reach:
        judge.object_(
            "path-short",
            _FIELD,
            f"{label} moves {move.reach:.0f} pixels; under {reach:.0f} nothing was seen to move.",
        )
