"""What it means when an exchange fails, and how an error leaves the frames that hold a key."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final, TypeVar

import httpcore
import httpx

from ..errors import (
    BadResponse,
    InvalidRequest,
    KlingError,
    NotSent,
    OutcomeUnknown,
    TransientRead,
    TransportSecurityError,
)
from ..gateway.answer import quote

__all__ = ["bare", "ending", "trouble"]

_ErrorT = TypeVar("_ErrorT", bound=BaseException)

_LONGEST: Final = 80
_DEEPEST: Final = 10

_BEFORE_SENDING: Final = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
)
"""What is raised before the first byte of a request leaves."""


def ending(
    error: BaseException, host: str, *, paid: bool, hide: Callable[[str], str] | None
) -> BaseException:
    """What to raise for whatever ended an exchange, in place of the error itself.

    Args:
        error: Anything at all. One of ours (a picture could not be read), an interruption and a
            cancellation are handed on as they are.
        host: For the message.
        paid: Whether the call was a create.
        hide: Puts stars in the place of the key; ``None`` while the request was still put together.
    """
    if isinstance(error, KlingError) or not isinstance(error, Exception):
        return bare(error)  # Ctrl-C, a cancelled task: the frames hold the request's head
    if hide is None:
        return unwritable(error)
    return trouble(error, host, paid=paid, hide=hide)


def trouble(
    error: Exception, host: str, *, paid: bool, hide: Callable[[str], str] = str
) -> KlingError:
    """What a failed exchange means. Only what surely never left may be sent again.

    Any exception counts, of whatever class: httpcore's, a bare one of the TLS library or of the
    event loop, one that the program's own signal handler raises. Once a create may have left, none
    of them says that nothing was made.

    Args:
        error: What was raised.
        host: For the message; never the whole address, which may be signed.
        paid: Whether the call was a create.
        hide: Puts stars in the place of the key.
    """
    kind = type(error).__name__
    text = quote(hide(str(error) or kind))[:_LONGEST]
    if isinstance(error, httpcore.ConnectError) and _is_tls(error):
        return TransportSecurityError(
            f"TLS with {host} failed: {text}",
            hint="Check the base URL, this machine's clock and its certificates.",
        )
    if isinstance(error, _BEFORE_SENDING):
        return NotSent(
            f"{host} could not be reached ({kind}: {text})",
            hint="Check the network, the proxy and the base URL. Nothing was sent.",
        )
    if paid:
        return OutcomeUnknown(
            f"the answer of {host} was lost ({kind}: {text})",
            hint="The job may have been accepted. Look it up before sending it again.",
        )
    if isinstance(error, httpx.DecodingError) or _is_garbage(error):
        return BadResponse(
            f"{host} answered with something that is not a usable HTTP answer: {text}",
            hint="Check the base URL. If it is right, something on the way is broken.",
        )
    return TransientRead(f"{host} did not answer ({kind}: {text})", hint="Ask again.")


def unwritable(error: Exception) -> KlingError:
    """A request could not be put together, so nothing was sent."""
    return InvalidRequest(
        f"the request can't be written: {quote(str(error) or type(error).__name__)[:_LONGEST]}",
        hint="Look at its values, extra ones too. Nothing was sent.",
    )


def bare(error: _ErrorT) -> _ErrorT:
    """The error without the frames it came through, and without what was being handled there.

    Their locals hold headers with keys, and a traceback may be shown with locals.
    """
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _is_garbage(error: Exception) -> bool:
    """A protocol error that is more than a connection which ended early."""
    words = str(error).lower()
    return isinstance(error, httpcore.RemoteProtocolError) and not (
        "disconnected" in words or "closed connection" in words
    )


def _is_tls(error: BaseException | None) -> bool:
    seen = 0
    while error is not None and seen < _DEEPEST:
        if isinstance(error, ssl.SSLError) or "SSL" in str(error):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False
