"""A picture in, a video out: Kling's image-to-video API from Python.

    from kling_facade import Kling, ImageToVideo, camera

    with Kling() as kling:
        request = ImageToVideo("fox.png", prompt="the fox turns its head", camera=camera.zoom_in(4))
        kling.generate(request, to="fox.mp4", on_update=print)

Names are loaded on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; importing typing costs more than all else

__version__: Final = "0.1.0"

if TYPE_CHECKING:
    from typing import Any, Final

    from . import callbacks, camera, errors, image, motion, paths, regions, voice
    from .batch import AsyncBatch, Batch
    from .catalog import Catalog
    from .client import AsyncKling, Kling, KlingAdvice
    from .cost import Cost
    from .credentials import AccessKeys, ApiKey, Credentials
    from .download import Video
    from .drivers import Runtime
    from .errors import (
        AccountError,
        AlreadyExists,
        AuthError,
        BadResponse,
        CallbackRefused,
        DownloadError,
        InvalidRequest,
        JobFailed,
        JobNotFound,
        JobTaken,
        JournalError,
        KlingError,
        MissingExtra,
        NotSent,
        OutcomeUnknown,
        PolicyRejected,
        Rejected,
        ResultExpired,
        Throttled,
        TransientRead,
        TransportError,
        TransportSecurityError,
        WaitTimeout,
    )
    from .fitting import Fitted, fit
    from .fleet import Outcome, Status
    from .flow import Progress
    from .gateway import CHAINHUB, KLING_BEIJING, KLING_SINGAPORE, Gateway
    from .image import Picture
    from .job import AsyncJob, Job
    from .journal import Journal
    from .limits import Limits, PollPlan
    from .motion import MotionBrush
    from .request import ImageToVideo
    from .resume import Resumed
    from .rules import Problem
    from .task import State, Task, VideoFile
    from .voice import SpokenPrompt

__all__ = [
    "CHAINHUB",
    "KLING_BEIJING",
    "KLING_SINGAPORE",
    "AccessKeys",
    "AccountError",
    "AlreadyExists",
    "ApiKey",
    "AsyncBatch",
    "AsyncJob",
    "AsyncKling",
    "AuthError",
    "BadResponse",
    "Batch",
    "CallbackRefused",
    "Catalog",
    "Cost",
    "Credentials",
    "DownloadError",
    "Fitted",
    "Gateway",
    "ImageToVideo",
    "InvalidRequest",
    "Job",
    "JobFailed",
    "JobNotFound",
    "JobTaken",
    "Journal",
    "JournalError",
    "Kling",
    "KlingAdvice",
    "KlingError",
    "Limits",
    "MissingExtra",
    "MotionBrush",
    "NotSent",
    "Outcome",
    "OutcomeUnknown",
    "Picture",
    "PolicyRejected",
    "PollPlan",
    "Problem",
    "Progress",
    "Rejected",
    "ResultExpired",
    "Resumed",
    "Runtime",
    "SpokenPrompt",
    "State",
    "Status",
    "Task",
    "Throttled",
    "TransientRead",
    "TransportError",
    "TransportSecurityError",
    "Video",
    "VideoFile",
    "WaitTimeout",
    "__version__",
    "callbacks",
    "camera",
    "errors",
    "fit",
    "image",
    "motion",
    "paths",
    "regions",
    "voice",
]

_SUBMODULES: Final = frozenset(
    {"callbacks", "camera", "errors", "image", "motion", "paths", "regions", "voice"}
)

_HOMES: Final = {
    "catalog": "Catalog",
    "batch": "AsyncBatch Batch",
    "client": "AsyncKling Kling KlingAdvice",
    "cost": "Cost",
    "credentials": "AccessKeys ApiKey Credentials",
    "download": "Video",
    "drivers": "Runtime",
    "errors": "AccountError AlreadyExists AuthError BadResponse CallbackRefused DownloadError "
    "InvalidRequest JobFailed JobNotFound JobTaken JournalError KlingError MissingExtra NotSent "
    "OutcomeUnknown PolicyRejected Rejected ResultExpired Throttled TransientRead TransportError "
    "TransportSecurityError WaitTimeout",
    "fitting": "Fitted fit",
    "fleet": "Outcome Status",
    "flow": "Progress",
    "gateway": "CHAINHUB KLING_BEIJING KLING_SINGAPORE Gateway",
    "image": "Picture",
    "job": "AsyncJob Job",
    "journal": "Journal",
    "limits": "Limits PollPlan",
    "motion": "MotionBrush",
    "request": "ImageToVideo",
    "resume": "Resumed",
    "rules": "Problem",
    "task": "State Task VideoFile",
    "voice": "SpokenPrompt",
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    import importlib

    if name in _SUBMODULES:
        return importlib.import_module(f".{name}", __name__)
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
