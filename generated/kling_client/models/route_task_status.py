from typing import Literal

RouteTaskStatus = Literal["failed", "processing", "submitted", "succeeded"]

ROUTE_TASK_STATUS_VALUES: set[RouteTaskStatus] = {
    "failed",
    "processing",
    "submitted",
    "succeeded",
}


def check_route_task_status(value: str) -> RouteTaskStatus:
    if value in ROUTE_TASK_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ROUTE_TASK_STATUS_VALUES!r}")
