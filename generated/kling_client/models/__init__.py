"""Contains all the data models used in inputs/outputs"""

from .camera_config import CameraConfig
from .camera_control import CameraControl
from .camera_type import CameraType
from .custom_voice_request import CustomVoiceRequest
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
from .text_to_video_request import TextToVideoRequest
from .text_to_video_request_aspect_ratio import TextToVideoRequestAspectRatio
from .text_to_video_request_duration import TextToVideoRequestDuration
from .text_to_video_request_known_model import TextToVideoRequestKnownModel
from .text_to_video_request_mode import TextToVideoRequestMode
from .text_to_video_request_sound import TextToVideoRequestSound
from .trajectory_point import TrajectoryPoint
from .video_result import VideoResult
from .voice_reference import VoiceReference

__all__ = (
    "CameraConfig",
    "CameraControl",
    "CameraType",
    "CustomVoiceRequest",
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
    "TextToVideoRequest",
    "TextToVideoRequestAspectRatio",
    "TextToVideoRequestDuration",
    "TextToVideoRequestKnownModel",
    "TextToVideoRequestMode",
    "TextToVideoRequestSound",
    "TrajectoryPoint",
    "VideoResult",
    "VoiceReference",
)
