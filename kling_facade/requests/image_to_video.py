"""`ImageToVideo`: one request for one video made of a picture.

Building it costs nothing and sends nothing. `ImageToVideo.problems` says what is wrong with it,
`ImageToVideo.preview` shows what it will do, `ImageToVideo.cost` what it costs by the list, and
`ImageToVideo.to_body` gives the generated model that goes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from ..builders.values import RequestValues
from ..catalog import Catalog
from ..errors import InvalidRequest, KlingError
from ..rules.problems import problems

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

    from ..errors import Problem
    from ..rules.cost import Cost

__all__ = ["ImageToVideo"]


@frozen(repr=False)
class ImageToVideo(RequestValues):
    """A picture, and what the video made of it shall show.

    Attributes:
        image: The picture the video starts from: path, http(s) address, bytes, binary file object,
            Pillow image, or what `fit` gives.
        prompt: What happens; or what `voice.prompt` gives, which brings its voices and sound along.
        model: Which of Kling's models films.
        mode: Quality and price.
        duration: Seconds.
        negative_prompt: What must not be seen.
        cfg_scale: How closely the video follows the prompt, 0 to 1. Models before 2.0 alone take
            it.
        image_tail: The picture the video ends on.
        camera: One of `kling_facade.builders.camera`'s moves.
        motion_brush: A `MotionBrush`.
        voices: Ids of voices for a prompt with ``<<<voice_1>>>`` in it. `voice.prompt` is easier.
        sound: Whether the video has sound. ``None`` leaves it out, unless voices speak.
        callback_url: An address that is told of each change of the job's state.
        external_task_id: Your own id of the job, unique in the account. Left out, the client makes
            one.
        allow: Names of capability rules to let through.
        extra: Fields that have no name here yet, as they go out.

    Raises:
        InvalidRequest: Something is not even of the right kind. What Kling would object to is
            listed by `problems` instead.

    Example:
        >>> request = ImageToVideo("https://example.com/fox.png", prompt="the fox turns its head")
        >>> request.problems()
        []
    """

    def problems(
        self, catalog: Catalog | None = None, *, on_loopback: bool = False
    ) -> list[Problem]:
        """Everything that a rule objects to, errors first. Reads picture headers, nothing else.

        Args:
            catalog: The catalogue to go by; the bundled one when left out.
            on_loopback: Whether the gateway runs on this machine, as the sandbox does: it then
                reaches pictures and callbacks here. `Kling.submit` sees that by itself.
        """
        return problems(self, catalog, on_loopback=on_loopback)

    def check(self, catalog: Catalog | None = None, *, on_loopback: bool = False) -> list[Problem]:
        """Refuse the request if a rule does.

        Args:
            catalog: The catalogue to go by; the bundled one when left out.
            on_loopback: Whether the gateway runs on this machine.

        Returns:
            The advice.

        Raises:
            InvalidRequest: With every problem in ``problems``, advice included.
        """
        found = self.problems(catalog, on_loopback=on_loopback)
        wrong = [problem for problem in found if problem.is_error]
        if wrong:
            listed = "\n".join(f"  - {problem}" for problem in wrong)
            raise InvalidRequest(
                f"the request has {len(wrong)} problem{'s' if len(wrong) > 1 else ''}:\n{listed}",
                hint="Nothing was sent.",
                problems=found,
            )
        return found

    def cost(self, *, factor: float = 1.0, catalog: Catalog | None = None) -> Cost:
        """What the video costs by the list, or why that is not known.

        Args:
            factor: What the gateway charges in relation to the list.
            catalog: The catalogue with the prices; the bundled one when left out.
        """
        from ..rules.cost import cost  # late: most requests are never priced

        return cost(self, factor=factor, catalog=catalog)

    def preview(self, *, width: int = 1280, font: str | Path | None = None) -> Image:
        """One picture that shows what the request will do. See `kling_facade.preview.preview`.

        Args:
            width: Pixels, at least 480.
            font: A font file for texts that are not in Latin letters.
        """
        from ..preview.preview import preview

        return preview(self, width=width, font=font)

    def storyboard(
        self, frames: int = 6, *, width: int = 1280, font: str | Path | None = None
    ) -> Image:
        """The move frame by frame. See `kling_facade.preview.preview`.

        Args:
            frames: How many frames, 2 to 24.
            width: Pixels, at least 480.
            font: A font file for texts that are not in Latin letters.
        """
        from ..preview.preview import storyboard

        return storyboard(self, frames=frames, width=width, font=font)

    def _repr_png_(self) -> bytes | None:
        """The preview, for a notebook; nothing where it can't be drawn."""
        from io import BytesIO

        try:
            buffer = BytesIO()
            self.preview().save(buffer, "PNG")
        except KlingError:
            return None
        return buffer.getvalue()
