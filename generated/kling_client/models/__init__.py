"""Contains all the data models used in inputs/outputs"""

from .camera_config import CameraConfig
from .camera_control import CameraControl
from .camera_type import CameraType
from .contents_video_request import ContentsVideoRequest
from .contents_video_settings import ContentsVideoSettings
from .contents_video_settings_audio import ContentsVideoSettingsAudio
from .contents_video_settings_resolution import ContentsVideoSettingsResolution
from .create_video_from_contents_model import CreateVideoFromContentsModel
from .create_video_from_text_model import CreateVideoFromTextModel
from .custom_voice_request import CustomVoiceRequest
from .duration import Duration
from .dynamic_mask import DynamicMask
from .element_content import ElementContent
from .element_content_type import ElementContentType
from .error_envelope import ErrorEnvelope
from .frame_content import FrameContent
from .frame_content_type import FrameContentType
from .image_to_video_request import ImageToVideoRequest
from .known_model import KnownModel
from .mode import Mode
from .prompt_content import PromptContent
from .prompt_content_type import PromptContentType
from .route_charge import RouteCharge
from .route_options import RouteOptions
from .route_output import RouteOutput
from .route_task import RouteTask
from .route_task_envelope import RouteTaskEnvelope
from .route_task_filter import RouteTaskFilter
from .route_task_filter_key import RouteTaskFilterKey
from .route_task_page import RouteTaskPage
from .route_task_page_envelope import RouteTaskPageEnvelope
from .route_task_query import RouteTaskQuery
from .route_task_status import RouteTaskStatus
from .route_tasks_envelope import RouteTasksEnvelope
from .route_watermark import RouteWatermark
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
from .text_video_request import TextVideoRequest
from .text_video_settings import TextVideoSettings
from .text_video_settings_aspect_ratio import TextVideoSettingsAspectRatio
from .text_video_settings_audio import TextVideoSettingsAudio
from .text_video_settings_resolution import TextVideoSettingsResolution
from .trajectory_point import TrajectoryPoint
from .video_result import VideoResult
from .voice_content import VoiceContent
from .voice_content_type import VoiceContentType
from .voice_reference import VoiceReference

__all__ = (
    "CameraConfig",
    "CameraControl",
    "CameraType",
    "ContentsVideoRequest",
    "ContentsVideoSettings",
    "ContentsVideoSettingsAudio",
    "ContentsVideoSettingsResolution",
    "CreateVideoFromContentsModel",
    "CreateVideoFromTextModel",
    "CustomVoiceRequest",
    "Duration",
    "DynamicMask",
    "ElementContent",
    "ElementContentType",
    "ErrorEnvelope",
    "FrameContent",
    "FrameContentType",
    "ImageToVideoRequest",
    "KnownModel",
    "Mode",
    "PromptContent",
    "PromptContentType",
    "RouteCharge",
    "RouteOptions",
    "RouteOutput",
    "RouteTask",
    "RouteTaskEnvelope",
    "RouteTaskFilter",
    "RouteTaskFilterKey",
    "RouteTaskPage",
    "RouteTaskPageEnvelope",
    "RouteTaskQuery",
    "RouteTasksEnvelope",
    "RouteTaskStatus",
    "RouteWatermark",
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
    "TextVideoRequest",
    "TextVideoSettings",
    "TextVideoSettingsAspectRatio",
    "TextVideoSettingsAudio",
    "TextVideoSettingsResolution",
    "TrajectoryPoint",
    "VideoResult",
    "VoiceContent",
    "VoiceContentType",
    "VoiceReference",
)
