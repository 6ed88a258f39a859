"""What a request for a video says, as one value that doesn't change.

`RequestValues` has the fields, brings each into its form, and writes the body that goes out. It
knows no rule and no price: `kling_facade.requests` puts those beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeAlias, TypeGuard, cast

from attrs import evolve, field, fields, frozen

from ..errors import InvalidRequest
from .pictures.picture import Picture, PictureSource

if TYPE_CHECKING:
    from kling_client.models import CameraControl, DynamicMask, ImageToVideoRequest

    from .camera import CameraMove
    from .motion import MotionBrush
    from .voice import SpokenPrompt, Voice

__all__ = ["DEFAULT_MODEL", "Duration", "KnownModel", "Mode", "RequestValues", "seconds"]

KnownModel: TypeAlias = Literal[
    "kling-v1",
    "kling-v1-5",
    "kling-v1-6",
    "kling-v2-master",
    "kling-v2-1",
    "kling-v2-1-master",
    "kling-v2-5-turbo",
    "kling-v2-6",
    "kling-v3",
]
"""Models by name. Any other text is accepted too: gateways have their own."""

Mode: TypeAlias = Literal["std", "pro", "4k"]
"""``std`` is 720p, ``pro`` 1080p, ``4k`` for kling-v3 alone (VD1 2026, VD5 2026-04)."""

Duration: TypeAlias = Literal[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
"""Seconds. All models but kling-v3 take 5 or 10. A computed number passes through `seconds` first.
"""

DEFAULT_MODEL: Final = "kling-v2-6"
"""The newest model that the published page lists and that Kling still serves (VD4 2026-09). Silent,
it costs what kling-v2-5-turbo costs, and it alone of the two has sound and voices."""


def seconds(value: int | str) -> Duration:
    """Check a computed duration, for the type checker too: ``duration=seconds(n)``.

    Args:
        value: A whole number from 3 to 15, or its text.

    Raises:
        InvalidRequest: The value is not a whole number from 3 to 15.
    """
    number = _whole(value)
    if isinstance(number, bool) or not isinstance(number, int) or not 3 <= number <= 15:
        raise InvalidRequest(f"a duration is a whole number of seconds from 3 to 15, not {value!r}")
    return cast("Duration", number)


def _duration(value: Duration) -> Duration:
    return cast("Duration", _whole(value))


def _whole(value: Any) -> Any:
    """A number from its text; anything else stays for `ImageToVideo.problems` to name."""
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _first_picture(source: PictureSource) -> Picture:
    return Picture.of(source)


def _picture(source: PictureSource | None) -> Picture | None:
    return None if source is None else Picture.of(source)


def _voices(voices: Iterable[str | Voice]) -> tuple[str, ...]:
    if isinstance(voices, str):
        raise InvalidRequest("voices is a list of ids, not one text", hint=f"voices=[{voices!r}]")
    return tuple(voice if isinstance(voice, str) else _voice_id(voice) for voice in voices)


def _voice_id(voice: object) -> str:
    from .voice import Voice  # late: most requests have no voices

    return voice.id if isinstance(voice, Voice) else str(voice)


def _is_spoken(prompt: object) -> TypeGuard[SpokenPrompt]:
    if isinstance(prompt, str):
        return False
    from .voice import SpokenPrompt  # late, too

    return isinstance(prompt, SpokenPrompt)


def _names(allow: Iterable[str]) -> frozenset[str]:
    return frozenset([allow] if isinstance(allow, str) else allow)


def _copied(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    return dict(extra)


def _plain(text: str | None) -> str:
    if text is not None and not isinstance(text, str):
        raise InvalidRequest(f"negative_prompt is a text, not {type(text).__name__}")
    return text or ""


def _check_allowed(allow: frozenset[str]) -> None:
    """Refuse names that no rule has, and rules that can't be let through."""
    if not allow:
        return
    from ..catalog import Catalog  # late: most requests allow nothing

    rules = Catalog.bundled().rules
    hint = "Rule names stand in brackets in each problem, and in docs/rules.md."
    if unknown := sorted(allow - rules.keys()):
        raise InvalidRequest(f"allow names no rule: {', '.join(unknown)}", hint=hint)
    if strict := sorted(name for name in allow if rules[name].severity == "contract"):
        raise InvalidRequest(
            f"the contract can't be let through: {', '.join(strict)}",
            hint="allow is for capability rules.",
        )


def _text(value: str | SpokenPrompt | None) -> str | SpokenPrompt:
    if value is None or isinstance(value, str):
        return value or ""
    if hasattr(value, "interpolations"):  # a template string (Python 3.14)
        from .voice import prompt

        return prompt(value)
    if not _is_spoken(value):
        raise InvalidRequest(
            f"prompt is a text, not {type(value).__name__}",
            hint="Or what voice.prompt() and voice.script() give.",
        )
    return value


@frozen(kw_only=True, repr=False)
class RequestValues:
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
            listed by `kling_facade.rules.problems.problems` instead.
    """

    image: Picture = field(converter=_first_picture, kw_only=False)
    prompt: str | SpokenPrompt = field(default="", converter=_text)
    model: KnownModel | str = DEFAULT_MODEL
    mode: Mode = "std"
    duration: Duration = field(default=5, converter=_duration)
    negative_prompt: str = field(default="", converter=_plain)
    cfg_scale: float | None = None
    image_tail: Picture | None = field(default=None, converter=_picture)
    camera: CameraMove | None = None
    motion_brush: MotionBrush | None = None
    voices: tuple[str, ...] = field(default=(), converter=_voices)
    sound: bool | None = None
    callback_url: str | None = None
    external_task_id: str | None = None
    allow: frozenset[str] = field(default=frozenset(), converter=_names)
    extra: Mapping[str, Any] = field(factory=dict, converter=_copied, hash=False)

    def __repr__(self) -> str:
        changed = [f"{name}={value!r}" for name, value in self._given() if name != "image"]
        return f"{type(self).__name__}({', '.join([repr(self.image.label), *changed])})"

    def _given(self) -> Iterator[tuple[str, Any]]:
        """The attributes that are not as they are when left out."""
        for attribute in fields(type(self)):
            factory = getattr(attribute.default, "factory", None)
            left_out = factory() if factory else attribute.default
            value = getattr(self, attribute.name)
            if value != left_out:
                yield attribute.name, value

    def __attrs_post_init__(self) -> None:
        if _is_spoken(self.prompt) and self.voices:
            raise InvalidRequest(
                "the prompt has its voices in it already", hint="Leave voices=... out."
            )
        if self.camera is not None and not _is_move(self.camera):
            raise InvalidRequest(
                f"camera={self.camera!r} is not a camera move",
                hint="Use camera.zoom_in(4), or camera.parse('zoom-in:4').",
            )
        if self.motion_brush is not None and not hasattr(self.motion_brush, "dynamic_masks"):
            raise InvalidRequest(
                f"motion_brush={self.motion_brush!r} is not a motion brush",
                hint="Start one with MotionBrush.over(picture).",
            )
        if not (self.sound is None or isinstance(self.sound, bool)):
            # "off" would be true.
            raise InvalidRequest(f"sound is True or False, not {self.sound!r}")
        _check_allowed(self.allow)

    # What goes out -------------------------------------------------------------------------------

    @property
    def prompt_text(self) -> str:
        """The prompt as it goes out, voice tokens included."""
        return self.prompt.text if _is_spoken(self.prompt) else cast("str", self.prompt)

    @property
    def voice_ids(self) -> tuple[str, ...]:
        """The voices that go out, those of a spoken prompt included."""
        return self.prompt.voices if _is_spoken(self.prompt) else self.voices

    @property
    def sound_on(self) -> bool | None:
        """Whether sound is switched on: as given, else on where a spoken prompt has voices."""
        if self.sound is None and _is_spoken(self.prompt) and self.prompt.voices:
            return True
        return self.sound

    def to_body(self, *, preset_config: bool = True) -> ImageToVideoRequest:
        """The generated model. Empty values are left out; pictures are not read yet.

        Args:
            preset_config: Whether a compound camera move carries a ``config`` of zeros: the
                published page requires it (PAGE), Kling's own API wants none (VD1). A gateway
                knows.

        Raises:
            InvalidRequest: A picture's file can't be read, or a mask can't be drawn.
        """
        from kling_client.models import ImageToVideoRequest, VoiceReference

        body = ImageToVideoRequest(
            model_name=self.model,
            image=self.image.wire(),
            mode=self.mode,
            duration=cast("Any", str(self.duration)),
        )
        sound = self.sound_on
        optional: dict[str, Any] = {
            "image_tail": self.image_tail.wire() if self.image_tail else None,
            "prompt": self.prompt_text,
            "negative_prompt": self.negative_prompt,
            "cfg_scale": self.cfg_scale,
            "static_mask": self.motion_brush.static_mask if self.motion_brush else None,
            "dynamic_masks": _masks(self.motion_brush) if self.motion_brush else None,
            "camera_control": _control(self.camera, preset_config) if self.camera else None,
            "callback_url": self.callback_url,
            "external_task_id": self.external_task_id,
            "voice_list": [VoiceReference(voice_id=voice) for voice in self.voice_ids],
            "sound": None if sound is None else "on" if sound else "off",
        }
        for name, value in optional.items():
            if value is not None and value not in ("", []):
                setattr(body, name, value)
        body.additional_properties.update(self.extra)
        return body

    def replace(self, **changes: Any) -> Self:
        """The same request with some attributes changed."""
        return evolve(self, **changes)


def _is_move(value: object) -> bool:
    from .camera import CameraMove  # late: most requests have no camera move

    return isinstance(value, CameraMove)


def _control(move: CameraMove, preset_config: bool) -> CameraControl:
    """A camera move in the generated model."""
    from kling_client.models import CameraConfig, CameraControl

    control = CameraControl(type_=cast("Any", move.type))
    if move.is_simple or preset_config:
        control.config = CameraConfig(**move.axes)
    return control


def _masks(brush: MotionBrush) -> list[DynamicMask]:
    """The moving regions in the generated model."""
    from kling_client.models import DynamicMask, TrajectoryPoint

    return [
        DynamicMask(mask=mask, trajectories=[TrajectoryPoint(x=x, y=y) for x, y in points])
        for mask, points in brush.dynamic_masks
    ]
