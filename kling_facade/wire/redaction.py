"""Keeps signed addresses out of the logs of httpx and httpcore.

httpcore logs response headers at DEBUG, and a redirect's ``Location`` may be a signed address.
Request headers and bodies it does not log; addresses of downloads are kept out in `fetch`.
"""

from __future__ import annotations

import logging
import re
from typing import Final

__all__ = ["redact", "watch_logs"]

_QUERY: Final = re.compile(r"((?:https?:/)?/[^\s'\"?#]*)[?#][^\s'\"]*", re.IGNORECASE)
_LOCATION: Final = re.compile(r"(location['\"], b?['\"][^?#'\"]*)[?#][^'\"]*", re.IGNORECASE)
_LOGGERS: Final = ("httpx", "httpcore.http11", "httpcore.http2", "httpcore.proxy")


def redact(text: str) -> str:
    """The text with query and fragment cut off every address, and off a relative ``Location``."""
    return _LOCATION.sub(r"\1?…", _QUERY.sub(r"\1?…", text))


class _Redaction(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
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
