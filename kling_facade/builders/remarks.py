"""What a person may want to know about a region: texts with figures, made from its pixels.

These functions only look and tell. How strict each remark is taken is for `kling_facade.rules`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from attrs import frozen

from .geometry.points import Size

__all__ = [
    "Bounds",
    "Remark",
    "RemarkKind",
    "about_mask",
    "about_path",
    "about_shape",
    "percent",
    "why_no_pixels",
    "why_nothing_is_painted",
]

RemarkKind: TypeAlias = Literal["crossing", "fractions", "grey", "erased"]

Bounds: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom of a shape, in pixels."""

_NEARLY: Final = 16
"""Values this close to 0 or 255 count as black or white: JPEG blurs masks by about so much."""

_MIXED: Final = 0.05
"""Above this share of grey pixels a mask is told to be grey. Soft edges stay below it."""


@frozen
class Remark:
    """Something odd about a region.

    Attributes:
        kind: What sort of thing it is.
        text: A sentence or two: what was seen, and what to write if it was not meant.
    """

    kind: RemarkKind
    text: str


def percent(part: float, whole: float) -> str:
    """A share in words: ``"38 %"``, ``"0.003 %"``; never 0 or 100 unless it is exact."""
    share = 100 * part / whole
    if 0 < share < 1:
        return f"{share:.1g} %"
    return f"{min(share, 99.9):.1f} %" if 99 < share < 100 else f"{share:.0f} %"


def about_mask(grey: bytes, alpha: bytes | None, source: str) -> tuple[Remark, ...]:
    """Remarks about a mask that was painted.

    Args:
        grey: Its pixels, 0 to 255.
        alpha: How opaque each pixel is, when the mask has transparent parts.
        source: What to write for the mask in an example: ``"mask"``, or a file's name in quotes.
    """
    if alpha is not None:
        clear = _count_below(alpha, 128)
        shown = bytes(value for value, cover in zip(grey, alpha, strict=True) if cover >= 128)
        if clear and _mixed(shown) > _MIXED * max(len(shown), 1):
            return (
                Remark(
                    "erased",
                    f"{percent(clear, len(grey))} of it is transparent and the rest shows a "
                    "picture, as if the selection had been erased from it. For the erased part "
                    f"write ~regions.opaque({source}), for the rest regions.opaque({source}).",
                ),
            )
    mixed = _mixed(grey)
    if mixed <= _MIXED * len(grey):
        return ()
    return (
        Remark(
            "grey",
            f"It is not black and white: {percent(mixed, len(grey))} of its pixels are in between. "
            "Is it the picture itself? A mask is white where it selects and black elsewhere.",
        ),
    )


def why_nothing_is_painted(grey: bytes, alpha: bytes | None, threshold: int, source: str) -> str:
    """Why a painted mask selects nothing, and what to write. See `about_mask` for the arguments."""
    lightest = max(grey)
    if alpha is not None and _count_below(alpha, 128):
        painted = len(alpha) - _count_below(alpha, 128)
        if not any(alpha):
            return "It is transparent all over: nothing is painted on it."
        if not painted:
            cover = max(alpha)
            return (
                f"Its paint is see-through, at most {cover} of 255: write "
                f"regions.opaque({source}, threshold={cover}) to select it."
            )
        return (
            f"It is a transparent layer with dark paint on {percent(painted, len(alpha))} of it, "
            "and painted() looks for light paint: write "
            f"regions.opaque({source}) to select the paint."
        )
    if lightest == 0:
        return "It is black all over: what is to be selected is painted white."
    if lightest == 1:
        return (
            f"Its values are 0 and 1, and those from {threshold} on are selected: write "
            f"regions.painted({source}, threshold=1), or give booleans: mask > 0."
        )
    return (
        f"Its lightest pixel is {lightest} of 255, and those from {threshold} on are selected: "
        f"write regions.painted({source}, threshold={lightest}), or paint with white. Of a map of "
        "labels take one as booleans: labels == 3."
    )


def about_shape(bounds: Bounds, relative: bool) -> tuple[Remark, ...]:
    """A remark about a shape whose coordinates look like fractions and were not called so."""
    if relative or not all(0 <= side <= 1 for side in bounds):
        return ()
    return (
        Remark(
            "fractions",
            "All its coordinates are between 0 and 1, and count as pixels: it lies in the "
            "picture's first corner. For fractions of the picture write relative=True.",
        ),
    )


def about_path(xs: Sequence[float], ys: Sequence[float], relative: bool) -> tuple[Remark, ...]:
    """A remark about a path whose points look like fractions, or like pixels, and are not."""
    farthest = max(map(abs, (min(xs), max(xs), min(ys), max(ys))))
    if not relative and 0 < farthest <= 1:
        return (
            Remark(
                "fractions",
                "All coordinates of the path are between -1 and 1, and count as pixels. For "
                "fractions of the picture write relative=True.",
            ),
        )
    if relative and farthest > 2:
        return (
            Remark(
                "fractions",
                f"The path's fractions go up to {farthest:g}, and 1 is the picture's last pixel. "
                "Leave relative=True out if they are pixels.",
            ),
        )
    return ()


def why_no_pixels(bounds: Bounds, size: Size, relative: bool) -> str:
    """Why a shape has no pixels in a picture, and where it lies instead.

    Args:
        bounds: Where it lies, in pixels.
        size: Width and height of the picture.
        relative: Whether its coordinates were fractions.
    """
    left, top, right, bottom = bounds
    width, height = size
    sides = [
        word
        for word, is_there in (
            ("left of", right < 0),
            ("right of", left > width - 1),
            ("above", bottom < 0),
            ("below", top > height - 1),
        )
        if is_there
    ]
    if remarks := about_shape(bounds, relative):
        return f"It is smaller than a pixel. {remarks[0].text}"
    spans = f"x from {left:g} to {right:g} and y from {top:g} to {bottom:g}"
    if not sides:
        return (
            f"It has {spans}, and no pixel's coordinates lie in that: it is thinner than a pixel."
        )
    cure = (
        "Its coordinates are fractions: those from 0 to 1 are in the picture. Leave relative=True "
        "out if they are pixels."
        if relative
        else "Are they the coordinates of a larger version of the picture?"
    )
    return (
        f"It lies {' and '.join(sides)} the picture, with {spans}; the picture's pixels are x from "
        f"0 to {width - 1} and y from 0 to {height - 1}. {cure}"
    )


def _count_below(values: bytes, bound: int) -> int:
    """How many values are below a bound: bytes.translate counts a megapixel in a millisecond."""
    return len(values) - len(values.translate(None, bytes(range(bound))))


def _mixed(values: bytes) -> int:
    """How many values are neither nearly 0 nor nearly 255."""
    extremes = bytes([*range(_NEARLY + 1), *range(255 - _NEARLY, 256)])
    return len(values.translate(None, extremes))
