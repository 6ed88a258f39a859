"""The motion brush: regions that show something, paths that can be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import InvalidRequest

if TYPE_CHECKING:
    from ...builders.motion import MotionBrush, Move
    from ...builders.regions import Region
    from ...builders.values import RequestValues
    from ..judge import Judge

__all__ = ["check_brush"]

_FIELD = "motion_brush"


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
    for number, region in enumerate(brush.holds, 1):
        _check_region(region, _called(region, f"held region {number}"), brush.size, judge)
    for number, move in enumerate(brush.moves, 1):
        label = _called(move.region, f"moving region {number}")
        _check_region(move.region, label, brush.size, judge)
        _check_path(move, label, brush.size, judge)
    judge.object_(
        "brush-colour",
        _FIELD,
        "masks go out with white for selected; look at the first video closely.",
    )


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


def _check_region(region: Region, label: str, size: tuple[int, int], judge: Judge) -> None:
    from ...builders.regions import Remote  # late: most requests have no brush

    if isinstance(region, Remote):
        return
    try:
        bitmap = region.bitmap(size)
    except InvalidRequest as error:
        judge.object_("region-unreadable", _FIELD, f"{label}: {error.message}.")
        return
    if not bitmap.count:
        judge.object_(
            "region-empty",
            _FIELD,
            f"{label} has no pixels in the picture ({size[0]}x{size[1]}): it lies outside, or "
            "nothing is left of it.",
        )
    for remark in region.advice(size):
        judge.object_("region-crossing", _FIELD, f"{label}: {remark}")


def _check_path(move: Move, label: str, size: tuple[int, int], judge: Judge) -> None:
    least, most = judge.limit("path_points")
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
