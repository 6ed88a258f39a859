from typing import Literal

RouteTaskFilterKey = Literal["product_type", "status"]

ROUTE_TASK_FILTER_KEY_VALUES: set[RouteTaskFilterKey] = {
    "product_type",
    "status",
}


def check_route_task_filter_key(value: str) -> RouteTaskFilterKey:
    if value in ROUTE_TASK_FILTER_KEY_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ROUTE_TASK_FILTER_KEY_VALUES!r}")
