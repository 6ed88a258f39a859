"""What the sandbox answers: Kling's envelope, and its errors as exceptions.

The envelope is ``{code, message, request_id, data}``. Codes and their HTTP statuses are those of
Kling's error table (VD1 early 2026 and VD4 2026-09-20, which agree).
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from starlette.responses import JSONResponse

__all__ = ["STATUS", "RefusedError", "refuse", "succeed"]

STATUS: Final = {
    1000: 401,
    1001: 401,
    1002: 401,
    1003: 401,
    1004: 401,
    1100: 429,
    1101: 429,
    1102: 429,
    1103: 403,
    1200: 400,
    1201: 400,
    1202: 404,
    1203: 404,
    1300: 400,
    1301: 400,
    1302: 429,
    1303: 429,
    1304: 429,
    5000: 500,
    5001: 503,
    5002: 504,
}
"""HTTP status of each of Kling's codes."""


class RefusedError(Exception):
    """The request is refused with one of Kling's codes.

    Args:
        code: Kling's business code.
        message: What is wrong, where, and what would be right.
        status: HTTP status, where it is not the one of the table.
        headers: Further response headers, such as ``Retry-After``.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        status: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status: int = status or STATUS[code]
        self.headers: dict[str, str] = headers or {}


def _request_id() -> str:
    return str(uuid.uuid4())


def succeed(data: Any) -> JSONResponse:
    """HTTP 200 with code 0."""
    return JSONResponse(
        {"code": 0, "message": "SUCCEED", "request_id": _request_id(), "data": data}
    )


def refuse(refusal: RefusedError) -> JSONResponse:
    """The answer to a refused request. It has no ``data``."""
    body = {"code": refusal.code, "message": refusal.message, "request_id": _request_id()}
    return JSONResponse(body, status_code=refusal.status, headers=refusal.headers)
