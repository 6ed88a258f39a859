"""Keeps signed addresses out of what httpcore logs about our own requests.

httpcore logs response headers at DEBUG, and a redirect's ``Location`` may be a signed address.
Request headers and bodies it does not log. What other clients in this process log is left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from ..gateway.redaction import redact

__all__ = ["quiet", "watch_logs"]

_LOGGERS: Final = ("httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")
_ours: Final[ContextVar[bool]] = ContextVar("kling_request", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Within this block the request under way is one of ours."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


class _Redaction(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if _ours.get():
            message = record.getMessage()
            clean = redact(message)
            if clean != message:
                record.msg, record.args = clean, None
        return True


_FILTER: Final = _Redaction()


def watch_logs() -> None:
    """Puts the filter on the loggers concerned, once."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
