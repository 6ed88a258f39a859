"""Contains all the data models used in inputs/outputs"""

from .camera_config import CameraConfig
from .camera_control import CameraControl
from .camera_type import CameraType
from .duration import Duration
from .dynamic_mask import DynamicMask
from .error_envelope import ErrorEnvelope
from .image_to_video_request import ImageToVideoRequest
from .known_model import KnownModel
from .mode import Mode
from .sound import Sound
from .task_data import TaskData
from .task_envelope import TaskEnvelope
from .task_info import TaskInfo
from .task_list_envelope import TaskListEnvelope
from .task_result import TaskResult
from .task_status import TaskStatus
from .trajectory_point import TrajectoryPoint
from .video_result import VideoResult
from .voice_reference import VoiceReference

__all__ = (
    "CameraConfig",
    "CameraControl",
    "CameraType",
    "Duration",
    "DynamicMask",
    "ErrorEnvelope",
    "ImageToVideoRequest",
    "KnownModel",
    "Mode",
    "Sound",
    "TaskData",
    "TaskEnvelope",
    "TaskInfo",
    "TaskListEnvelope",
    "TaskResult",
    "TaskStatus",
    "TrajectoryPoint",
    "VideoResult",
    "VoiceReference",
)
