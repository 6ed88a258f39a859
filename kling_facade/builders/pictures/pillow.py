"""Pillow, which is optional: whether it is there, and what its images don't say plainly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import MissingExtra

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["alpha_of", "need_pillow"]


def need_pillow(purpose: str) -> None:
    """Make sure that Pillow can be imported.

    Args:
        purpose: What needs it, for the message.

    Raises:
        MissingExtra: It is not installed. The message has the command that installs it.
    """
    try:
        import PIL.Image  # noqa: F401  # only whether it is there
    except ImportError:
        raise MissingExtra(
            f"{purpose} needs Pillow", hint="pip install 'kling-facade[image]'"
        ) from None


def alpha_of(image: Image) -> Image | None:
    """How opaque each pixel is, as an image of mode ``L``; ``None`` without transparency.

    A palette, and some greys and colours of PNGs, are transparent by a note beside the pixels.
    """
    if "A" in image.getbands() or "transparency" in image.info:
        return image.convert("RGBA").getchannel("A")
    return None
