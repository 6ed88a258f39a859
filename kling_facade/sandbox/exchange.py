"""What the sandbox was asked: one record per HTTP exchange, for tests to count."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Exchange"]


@frozen
class Exchange:
    """One request and how it was answered.

    Attributes:
        method: HTTP method.
        path: Path without the query.
        query: The query string, without its question mark.
        status: HTTP status, or ``None`` when the connection was dropped without an answer.
        authorized: Whether the request carried an ``Authorization`` header, right or wrong.
            Its value is not kept.
    """

    method: str
    path: str
    query: str
    status: int | None
    authorized: bool
