"""What the rules' tests share."""

from __future__ import annotations

from typing import Any

from kling_facade.errors import Problem
from kling_facade.requests.image_to_video import ImageToVideo

URL = "https://example.com/fox.png"


def request(**options: Any) -> ImageToVideo:
    """A request that keeps every rule, but for the options."""
    return ImageToVideo(options.pop("image", URL), **{"prompt": "the fox turns", **options})


def found(asked: ImageToVideo, **options: Any) -> dict[str, Problem]:
    """The problems of a request by rule."""
    return {problem.rule: problem for problem in asked.problems(**options)}


def errors(asked: ImageToVideo, **options: Any) -> set[str]:
    """The rules for which a request is refused."""
    return {problem.rule for problem in asked.problems(**options) if problem.is_error}
