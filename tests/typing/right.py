"""Programs that a type checker must take."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from PIL import Image

from kling_facade import AsyncJob, AsyncKling, Job, Kling, Video, camera, paths, regions, voice
from kling_facade.builders.camera import CameraMove
from kling_facade.builders.motion import MotionBrush
from kling_facade.builders.pictures.fit import Fitted, fit
from kling_facade.builders.regions import Region
from kling_facade.builders.values import seconds
from kling_facade.builders.voice import SpokenPrompt
from kling_facade.errors import Problem
from kling_facade.requests.image_to_video import ImageToVideo
from kling_facade.rules.cost import Cost


def moves(computed: int) -> None:
    """Literals in range, and computed strengths through strength()."""
    assert_type(camera.zoom_in(4), CameraMove)
    camera.pan_left(10, swap_pan_tilt=True)
    camera.tilt_up(camera.strength(computed))
    assert_type(camera.parse("zoom-in:4"), CameraMove)


def pictures(image: Image.Image) -> None:
    """Every source of a picture."""
    for source in ("fox.png", Path("fox.png"), b"...", image, fit("fox.png")):
        ImageToVideo(source)
    with Path("fox.png").open("rb") as file:
        ImageToVideo(file, image_tail=file)
    assert_type(fit("fox.heic"), Fitted)


def brushes() -> None:
    """Regions, paths and plain points."""
    region = regions.box(0, 0, 9, 9) | regions.ellipse((5, 5), 3) - regions.painted("mask.png")
    assert_type(region, Region)
    brush = (
        MotionBrush.over((640, 480))
        .hold(region)
        .move(region, along=paths.line(by=(300, 0)))
        .move(region, along=[(1, 2), (3.5, 4)], start="as drawn")
        .move(region, along=paths.svg("M 0 0 L 9 9"), start=(5, 5))
    )
    assert_type(brush, MotionBrush)


def requests(computed: int, model: str) -> None:
    """Known models, a gateway's own, a computed duration."""
    assert_type(voice.prompt("{anna} speaks", anna="id"), SpokenPrompt)
    request = ImageToVideo("fox.png", prompt=voice.script("a: b", a="id"), model="kling-v2-6")
    ImageToVideo("fox.png", model=model, mode="4k", duration=seconds(computed))
    ImageToVideo("fox.png", camera=camera.DOWN_BACK, voices=["id"], allow={"model-camera"})
    assert_type(request.problems(), list[Problem])
    assert_type(request.cost(), Cost)


async def clients(kling: Kling, awaited: AsyncKling) -> None:
    """A request, or a picture with the fields of one beside it."""
    request = ImageToVideo("fox.png")
    assert_type(kling.submit(request, max_units=3), Job)
    assert_type(kling.submit("fox.png", prompt="x", camera=camera.zoom_in(4)), Job)
    assert_type(kling.generate(Path("fox.png"), "v.mp4", mode="pro", exist="skip"), Video)
    assert_type(await awaited.submit(b"...", duration=10, max_units=3), AsyncJob)
    assert_type(await awaited.generate(fit("fox.png"), to="v.mp4", sound=True), Video)
