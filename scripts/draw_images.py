"""Draws the pictures of README and docs: what the builders and the preview show, from code alone.

    python scripts/draw_images.py              writes docs/images/
    python scripts/draw_images.py --to FOLDER  writes elsewhere

The pictures are kept in the repository, so that a page shows them without anything being run.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kling_facade import ImageToVideo, MotionBrush, camera, paths, regions
from kling_facade.sandbox.sample import FOX_OUTLINE, sample_png

if TYPE_CHECKING:
    from PIL.Image import Image

IMAGES: Final = Path(__file__).parents[1] / "docs" / "images"


def walking_fox(picture: bytes) -> Image:
    """A motion brush: the fox moves along a curve, the birch is held."""
    fox = regions.polygon(FOX_OUTLINE, name="fox")
    birch = regions.ellipse((1097, 165), 120, 130, name="birch") | regions.box(1068, 250, 1122, 645)
    path = paths.curve([(500, 520), (600, 490), (700, 535), (790, 520)])
    brush = MotionBrush.over(picture).hold(birch, name="birch").move(fox, along=path, name="fox")
    return ImageToVideo(
        picture,
        prompt="the fox walks through the grass",
        model="kling-v1-5",
        mode="pro",
        motion_brush=brush,
    ).preview()


def zoom(picture: bytes) -> Image:
    """A camera move, frame by frame."""
    return ImageToVideo(
        picture,
        prompt="a calm morning",
        model="kling-v1-5",
        mode="pro",
        camera=camera.zoom_in(4),
    ).storyboard(frames=6)


def both(picture: bytes) -> Image:
    """One above the other, as README shows them."""
    from PIL import Image as Images

    above, below = walking_fox(picture), zoom(picture)
    sheet = Images.new("RGB", (above.width, above.height + below.height), above.getpixel((0, 0)))
    sheet.paste(above, (0, 0))
    sheet.paste(below, (0, above.height))
    return sheet


PICTURES: Final[dict[str, Callable[[bytes], Image]]] = {"fox.png": both}


def main(arguments: Sequence[str] | None = None) -> int:
    """Draws them all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--to", type=Path, default=IMAGES, metavar="FOLDER", help="where they go")
    folder: Path = parser.parse_args(arguments).to
    folder.mkdir(parents=True, exist_ok=True)
    picture = sample_png()
    for name, draw in PICTURES.items():
        buffer = io.BytesIO()
        draw(picture).quantize(256).save(buffer, "PNG", optimize=True)
        (folder / name).write_bytes(buffer.getvalue())
        print(f"{folder / name}  {buffer.tell():,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
