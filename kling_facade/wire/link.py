"""What a gateway is asked and what its answers become, without the sending.

Each call is signed, the gateway's own path stands in place of the document's, and only an answer
that the generated parser can take is handed on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from typing import Any, Final

import httpcore
import httpx
from attrs import define, field, frozen

from ..errors import KlingError
from ..gateway.answer_shapes import read_task, read_tasks
from ..gateway.credentials import Credentials, described, secrets_of
from ..gateway.gateway import Gateway
from ..gateway.redaction import hiding
from ..limits import Limits
from .answers import to_answer
from .body import Body
from .network import PoolSettings
from .routes import Routes
from .trouble import bare

__all__ = ["Link", "Outgoing", "Reply"]

log: logging.Logger = logging.getLogger("kling_facade.wire")

_LARGEST_OFFSET: Final = 86_400.0


@frozen
class Outgoing:
    """A signed request. Its headers hold the key: it stays in frames that no error leaves.

    Attributes:
        request: For the pool.
        seconds: How long the exchange may take.
        hide: Puts stars in the place of the key in the gateway's words.
    """

    request: httpcore.Request = field(repr=False)
    seconds: float
    hide: Callable[[str], str] = field(repr=False)

    @property
    def path(self) -> str:
        """The path that is asked, without its query."""
        return self.request.url.target.partition(b"?")[0].decode("ascii")


@frozen
class Reply:
    """What came back, without the request, whose headers hold a key."""

    path: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    hide: Callable[[str], str] = field(repr=False)


@define
class Link:
    """What the sync and the async client have in common: all but the waiting."""

    gateway: Gateway
    credentials: Credentials = field(repr=False)
    limits: Limits
    user_agent: str
    clock: Callable[[], float] = field(default=time.time, repr=False)
    offset: float = 0.0
    """Seconds that the gateway's clock is ahead of ours, learned from ``Date``."""
    _date: str = field(default="", init=False, repr=False)

    def pool_settings(self, tls: Any) -> PoolSettings:
        """What the connections to the gateway have in common."""
        return PoolSettings(tls, self.limits.connections)

    def proxy(self, proxy: Any, *, trust_env: bool) -> httpx.Proxy | None:
        """The proxy on the way to the gateway."""
        return Routes(proxy, trust_env).proxy_for(httpx.URL(self.gateway.base_url))

    @cached_property
    def _timeouts(self) -> dict[str, float | None]:
        """Bounds of single steps; the deadline of the whole call comes on top."""
        limits = self.limits
        return {
            "connect": limits.connect,
            "read": limits.read,
            "write": limits.read,
            "pool": limits.connect,
        }

    def signature(self) -> Mapping[str, str]:
        """The headers that prove who calls, dated by the gateway's clock."""
        return self.credentials.headers(self.clock() + self.offset)

    def request(self, method: str, path: str, params: Any, json: Any) -> Outgoing:
        """A signed request, ready for the pool.

        It is put together here and not by httpx's client, which would merge cookies, defaults and
        parameters into each one for as long as the rest of a small call takes. No cookies, no
        redirects, no other authentication.
        """
        url = _address(self.gateway.base_url + self.gateway.path(path), _query(params))
        body = None if json is None else Body(json)
        signed = self.signature()
        headers = {
            "Host": url.netloc.decode("ascii"),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": self.user_agent,
            **signed,
        }
        seconds = self.limits.call
        if body is not None:
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(body.length)
            seconds = self.limits.upload if body.streams else seconds
        request = httpcore.Request(
            method,
            httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=list(headers.items()),
            content=body or b"",
            extensions={"timeout": self._timeouts},
        )
        return Outgoing(request, seconds, hiding(secrets_of(self.credentials, signed)))

    def learn(self, date: str) -> None:
        """Takes the gateway's clock from its ``Date``, when it differs by more than a moment.

        Tokens are signed by it. A difference of more than a day is not believed: a gateway that
        claims to live in the future would be given tokens that are good until then.
        """
        if date == self._date:
            return  # within the same second there is nothing new to learn
        self._date = date
        try:
            theirs = parsedate_to_datetime(date).timestamp()
        except (ValueError, TypeError, OverflowError):
            return
        difference = theirs - self.clock()
        self.offset = difference if 2.0 < abs(difference) <= _LARGEST_OFFSET else 0.0

    def translate(self, reply: Reply, *, paid: bool) -> httpx.Response | KlingError:
        """The answer in the contract's shape, or what it means when it is not a good one."""
        log.debug("%s: HTTP %d", reply.path, reply.status)
        self.learn(reply.headers.get("date", ""))
        answer = to_answer(
            reply.status,
            reply.headers,
            reply.body,
            paid=paid,
            now=self.clock() + self.offset,
            keys=described(self.credentials),
            hide=reply.hide,
        )
        listing = not paid and reply.path.endswith("/image2video")
        try:
            return _Translated(200, (read_tasks if listing else read_task)(answer))
        except KlingError as error:
            return bare(error)  # the frames hold what the gateway said, perhaps with our key


class _Translated(httpx.Response):
    """An answer that is parsed already: all that the generated code asks it for, and no more."""

    def __init__(self, status: int, value: dict[str, Any]) -> None:
        self.status_code = status
        self.headers = _NO_HEADERS
        self._content = b""
        self._value = value

    def json(self, **kwargs: Any) -> Any:
        return self._value

    def __repr__(self) -> str:
        return "<an answer in the contract's shape>"  # httpx's own asks for a reason phrase


_NO_HEADERS: Final = httpx.Headers()


@lru_cache(maxsize=256)
def _address(url: str, query: str) -> httpx.URL:
    """An address, parsed once: jobs are asked for again and again."""
    return httpx.URL(f"{url}?{query}" if query else url)


def _query(params: Any) -> str:
    return str(httpx.QueryParams(params)) if params else ""
