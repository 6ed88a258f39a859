"""The options that describe a request, and the request they make."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..errors import InvalidRequest

if TYPE_CHECKING:
    import argparse

    from ..builders.camera import CameraMove
    from ..builders.motion import MotionBrush
    from ..builders.pictures.picture import Picture
    from ..catalog import Catalog
    from ..requests.image_to_video import ImageToVideo

__all__ = [
    "add_request_options",
    "camera_move",
    "catalog_in_use",
    "fitted",
    "gateway_is_here",
    "read_request",
]

Say: TypeAlias = "Callable[[str], None]"


# No option names a limit: the catalogue in use decides when the request is checked. A choice or a
# range here would refuse what a newer catalogue allows.
_FILM: Final[dict[str, dict[str, Any]]] = {
    "--prompt": {"default": "", "metavar": "TEXT", "help": "what happens"},
    "--negative-prompt": {"default": "", "metavar": "TEXT", "help": "what must not be seen"},
    "--model": {"metavar": "NAME", "help": "which model films (default: kling-v2-6)"},
    "--mode": {"default": "std", "metavar": "MODE", "help": "std, pro, ... (default: std)"},
    "--duration": {
        "type": int,
        "default": 5,
        "metavar": "SECONDS",
        "help": "length of the film; 'kling check' says what the model takes (default: 5)",
    },
    "--cfg-scale": {"type": float, "metavar": "0..1", "help": "closeness to the prompt"},
    "--image-tail": {"metavar": "IMAGE", "help": "the picture the film ends on"},
    "--camera": {
        "metavar": "MOVE:STRENGTH",
        "help": "a camera move such as zoom-in:4, truck-left:8, forward-up; 'help' lists them",
    },
    "--hold": {
        "action": "append",
        "default": [],
        "metavar": "MASK",
        "help": "hold still what is white there",
    },
    "--move": {
        "action": "append",
        "default": [],
        "metavar": "MASK=PATH",
        "help": "move what is white there along an SVG path: --move car.png='M 100 500 L 900 480'",
    },
    "--sound": {"action": "store_true", "default": None, "help": "with sound"},
    "--voice": {
        "action": "append",
        "default": [],
        "metavar": "ID",
        "help": "voice for <<<voice_1>>>, ...",
    },
}
_RULES: Final[dict[str, dict[str, Any]]] = {
    "--fit": {
        "action": "store_true",
        "help": "turn, scale and convert the picture as needed; says how",
    },
    "--allow": {
        "action": "append",
        "default": [],
        "metavar": "RULE",
        "help": "let a capability rule through",
    },
    "--catalog": {
        "metavar": "TOML",
        "help": "what models can and cost, laid over the bundled table",
    },
    "--external-task-id": {"metavar": "ID", "help": "your own id of the job"},
    "--callback-url": {"metavar": "URL", "help": "is told of each change of the job's state"},
}


def add_request_options(parser: argparse.ArgumentParser) -> None:
    """Add the picture and everything that can be said about the film."""
    parser.add_argument("image", help="the picture: a JPEG or PNG file, or an http(s) address")
    for title, options in (("the film", _FILM), ("rules", _RULES)):
        group = parser.add_argument_group(title)
        for name, option in options.items():
            group.add_argument(name, **option)


def catalog_in_use(options: argparse.Namespace) -> Catalog | None:
    """The catalogue that ``--catalog`` names, or ``None`` for the bundled one.

    Raises:
        InvalidRequest: The file can't be read or is not a catalogue.
    """
    if not options.catalog:
        return None
    from ..catalog import Catalog

    return Catalog.load(options.catalog)


def gateway_is_here(options: argparse.Namespace) -> bool:
    """Whether ``--base-url`` or ``KLING_BASE_URL`` is this machine, as for the sandbox.

    Raises:
        InvalidRequest: It is not an address.
    """
    url = options.base_url or os.environ.get("KLING_BASE_URL", "").strip()
    if not url:
        return False
    from ..gateway.gateway import Gateway

    return Gateway(url).on_loopback


def read_request(options: argparse.Namespace, say: Say) -> ImageToVideo:
    """Make the request that the options describe.

    Args:
        options: The parsed command line.
        say: Is told what ``--fit`` did to a picture.

    Raises:
        InvalidRequest: An option can't be read.
    """
    from ..requests.image_to_video import ImageToVideo

    model: dict[str, Any] = {"model": options.model} if options.model else {}
    catalog = catalog_in_use(options)
    picture = _picture(options.image, options.fit, say, catalog)
    tail = _picture(options.image_tail, options.fit, say, catalog) if options.image_tail else None
    return ImageToVideo(
        picture,
        **model,
        prompt=options.prompt,
        negative_prompt=options.negative_prompt,
        mode=options.mode,
        duration=options.duration,
        cfg_scale=options.cfg_scale,
        image_tail=tail,
        camera=camera_move(options.camera),
        motion_brush=_brush(picture, options.hold, options.move, catalog),
        voices=options.voice,
        sound=options.sound,
        allow=options.allow,
        external_task_id=options.external_task_id,
        callback_url=options.callback_url,
    )


def _picture(source: str, fit: bool, say: Say, catalog: Catalog | None) -> Picture:
    from ..builders.pictures.picture import Picture

    picture = Picture.of(source)
    return fitted(picture, say, catalog) if fit and picture.url is None else picture


def fitted(picture: str | Picture, say: Say, catalog: Catalog | None = None) -> Picture:
    """A picture that Kling takes; ``say`` is told of each change that this needed.

    Raises:
        InvalidRequest: The picture can't be read or is too large.
    """
    from ..builders.pictures.fit import fit

    result = fit(picture, catalog=catalog)
    for step in result.steps:
        say(f"fit: {step}")
    return result.picture


def camera_move(text: str | None) -> CameraMove | None:
    """The camera move that a text such as ``zoom-in:4`` names; ``None`` for no text.

    Raises:
        InvalidRequest: There is no such move; the hint names the nearest one and lists all.
    """
    if text is None:
        return None
    from ..builders import camera

    return camera.parse(text)


def _brush(
    picture: Picture, holds: Sequence[str], moves: Sequence[str], catalog: Catalog | None
) -> MotionBrush | None:
    if not holds and not moves:
        return None
    from ..builders import paths, regions
    from ..builders.motion import MotionBrush

    brush = MotionBrush.over(picture, catalog=catalog)
    for mask in holds:
        brush = brush.hold(regions.painted(mask, name=Path(mask).stem))
    for item in moves:
        mask, separator, drawing = item.partition("=")
        if not separator:
            raise InvalidRequest(
                f"--move {item!r} has no path", hint="--move car.png='M 100 500 L 900 480'"
            )
        region = regions.painted(mask, name=Path(mask).stem)
        brush = brush.move(region, along=paths.svg(drawing))
    return brush
