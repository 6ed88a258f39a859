"""Pillow, which is optional: one check whether it is there."""

from __future__ import annotations

from ...errors import MissingExtra

__all__ = ["need_pillow"]


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
