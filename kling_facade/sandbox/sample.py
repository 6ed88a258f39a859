"""The sample picture: a fox in an autumn valley, drawn for this project.

    python -m kling_facade.sandbox.sample fox.png

It has edges and texture everywhere, so that every camera move can be seen and measured; the fox and
the birch stand free, so that a motion brush has something to move and something to hold.
`FOX`, `FOX_OUTLINE` and `BIRCH` say where they are.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["BIRCH", "FOX", "FOX_OUTLINE", "SIZE", "landscape", "main", "sample_png"]

SIZE: Final = (1280, 720)
"""Width and height of the sample picture in pixels."""

FOX: Final = (340, 330, 660, 668)
"""Left, top, right and bottom of the fox in the sample picture."""

BIRCH: Final = (1010, 60, 1170, 640)
"""Left, top, right and bottom of the birch's trunk and most of its crown."""

FOX_OUTLINE: Final = (
    (370, 357), (375, 341), (405, 359), (433, 374), (442, 390), (485, 388), (489, 376),
    (513, 347), (538, 324), (548, 339), (546, 403), (593, 457), (567, 481), (522, 503),
    (536, 517), (559, 578), (563, 578), (575, 545), (594, 510), (604, 495), (633, 480),
    (656, 504), (665, 529), (661, 583), (629, 645), (574, 673), (481, 680), (396, 672),
    (379, 649), (386, 606), (391, 581), (404, 549), (421, 508), (378, 500), (356, 484),
    (353, 478), (368, 456), (384, 414), (375, 382),
)  # fmt: skip
"""The fox's outline, ready for ``regions.polygon``."""


@lru_cache(maxsize=1)
def sample_png() -> bytes:
    """The sample picture as a PNG file."""
    return files(__package__).joinpath("fox.png").read_bytes()


def landscape(size: tuple[int, int] = SIZE) -> Image:
    """The sample picture, decoded.

    Args:
        size: Width and height in pixels.
    """
    from PIL import Image

    with Image.open(io.BytesIO(sample_png())) as image:
        return image.copy() if size == SIZE else image.resize(size, Image.Resampling.LANCZOS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the sample picture.

    Args:
        arguments: The command line without the program's name; left out, the real one.
    """
    parser = argparse.ArgumentParser(
        prog="python -m kling_facade.sandbox.sample", description="Writes the sample picture."
    )
    parser.add_argument("file", nargs="?", default="fox.png", help="default: fox.png")
    Path(parser.parse_args(arguments).file).write_bytes(sample_png())


if __name__ == "__main__":
    main()
