"""Fetching a video: a client without credentials, cookies or trust in addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final

import httpcore
import httpx

from ..errors import BadResponse, KlingError, TransportSecurityError
from ..gateway.addresses import is_loopback
from ..gateway.answer import Head
from ..gateway.gateway import Gateway, refuse_address
from ..limits import Limits
from .api_client import trouble
from .network import guard_public, install, pool_limits
from .redaction import watch_logs

__all__ = ["AsyncFetcher", "Fetcher"]

_REDIRECTS: Final = 5
_READ_BYTES: Final = 256 * 1024
"""Bytes taken from a socket at a time: httpcore's 64 KiB cost a sixth of the speed on loopback."""


class _Terms:
    """What both fetchers go by."""

    def __init__(self, gateway: Gateway, limits: Limits, user_agent: str) -> None:
        watch_logs()
        self.gateway = gateway
        self.limits = limits
        self.user_agent = user_agent

    def options(self) -> dict[str, Any]:
        limits = self.limits
        return {
            "timeout": httpx.Timeout(limits.stall_seconds, connect=limits.connect, pool=None),
            "limits": pool_limits(limits),
            "follow_redirects": False,
        }

    def guard(self, host: str, address: str) -> None:
        """Lets through public addresses, and the gateway's own machine wherever it stands."""
        if host == self.gateway.host or (self.gateway.on_loopback and is_loopback(address)):
            return
        guard_public(address)

    def request(
        self, client: httpx.Client | httpx.AsyncClient, url: str, headers: Mapping[str, str]
    ) -> httpx.Request:
        """The request; its query goes out beside the URL, where no log of httpx sees it."""
        refuse_address(url, self.gateway)
        whole = httpx.URL(url)
        return client.build_request(
            "GET",
            whole.copy_with(query=None, fragment=None),
            headers={
                "User-Agent": self.user_agent,
                "Accept": "video/mp4, */*;q=0.5",
                "Accept-Encoding": "identity",
                **headers,
            },
            extensions={"target": whole.raw_path},
        )

    def head(self, response: httpx.Response) -> Head:
        """The head, if the bytes come as they are."""
        coding = response.headers.get("content-encoding", "identity").lower()
        if coding != "identity":
            raise BadResponse(f"the video comes packed as {coding[:20]!r}, which was not asked for")
        return Head(response.status_code, {k.lower(): v for k, v in response.headers.items()})

    def next_hop(self, url: str, response: httpx.Response) -> str | None:
        """Where a redirect leads; ``None`` when it is no redirect."""
        if response.status_code not in (301, 302, 303, 307, 308):
            return None
        return str(httpx.URL(url).join(response.headers.get("location", "")))

    def trouble(self, error: Exception, url: str) -> KlingError:
        """What a failed fetch means."""
        host = _host(url)
        if isinstance(error, (httpx.UnsupportedProtocol, httpcore.UnsupportedProtocol)):
            return TransportSecurityError(
                f"{host}: {error}", hint="A video comes from a public host."
            )
        return trouble(error, host, paid=False)


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host
    except httpx.InvalidURL:
        return "an unreadable address"


_NETWORK_ERRORS: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)


class Fetcher:
    """Opens, reads and closes one answer at a time."""

    def __init__(self, gateway: Gateway, limits: Limits, user_agent: str, **options: Any) -> None:
        self._terms = _Terms(gateway, limits, user_agent)
        self._client = httpx.Client(**self._terms.options(), **options)
        install(self._client, self._terms.guard, _READ_BYTES)

    def session(self) -> Transfer:
        """A transfer of its own, so that several can run side by side."""
        return Transfer(self._client, self._terms)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()


class Transfer:
    """One open answer."""

    def __init__(self, client: httpx.Client, terms: _Terms) -> None:
        self._client = client
        self._terms = terms
        self._response: httpx.Response | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._url = ""

    def open(self, url: str, headers: Mapping[str, str]) -> Head:
        """Follows redirects, each checked, up to an answer."""
        for _ in range(_REDIRECTS):
            self._url = url
            response = self._send(url, headers)
            hop = self._terms.next_hop(url, response)
            if hop is None:
                self._response = response
                self._chunks = response.iter_raw()
                return self._terms.head(response)
            response.close()
            url = hop
        raise BadResponse("the video's address redirects without end")

    def _send(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        try:
            request = self._terms.request(self._client, url, headers)
            return self._client.send(request, stream=True, auth=None)
        except _NETWORK_ERRORS as error:
            lost = self._terms.trouble(error, url)
        raise lost

    def read(self) -> bytes:
        """The next bytes; empty at the end."""
        try:
            return next(self._chunks, b"")
        except _NETWORK_ERRORS as error:
            lost = self._terms.trouble(error, self._url)
        raise lost

    def close(self) -> None:
        """Lets the answer go."""
        if self._response is not None:
            self._response.close()
            self._response = None


class AsyncFetcher:
    """The same with ``await``."""

    def __init__(self, gateway: Gateway, limits: Limits, user_agent: str, **options: Any) -> None:
        self._terms = _Terms(gateway, limits, user_agent)
        self._client = httpx.AsyncClient(**self._terms.options(), **options)
        install(self._client, self._terms.guard, _READ_BYTES)

    def session(self) -> AsyncTransfer:
        """A transfer of its own, so that several can run side by side."""
        return AsyncTransfer(self._client, self._terms)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()


class AsyncTransfer:
    """One open answer."""

    def __init__(self, client: httpx.AsyncClient, terms: _Terms) -> None:
        self._client = client
        self._terms = terms
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._url = ""

    async def open(self, url: str, headers: Mapping[str, str]) -> Head:
        """Follows redirects, each checked, up to an answer."""
        for _ in range(_REDIRECTS):
            self._url = url
            response = await self._send(url, headers)
            hop = self._terms.next_hop(url, response)
            if hop is None:
                self._response = response
                self._chunks = response.aiter_raw()
                return self._terms.head(response)
            await response.aclose()
            url = hop
        raise BadResponse("the video's address redirects without end")

    async def _send(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        try:
            request = self._terms.request(self._client, url, headers)
            return await self._client.send(request, stream=True, auth=None)
        except _NETWORK_ERRORS as error:
            lost = self._terms.trouble(error, url)
        raise lost

    async def read(self) -> bytes:
        """The next bytes; empty at the end."""
        try:
            return await anext(self._chunks, b"") if self._chunks is not None else b""
        except _NETWORK_ERRORS as error:
            lost = self._terms.trouble(error, self._url)
        raise lost

    async def aclose(self) -> None:
        """Lets the answer go."""
        if self._response is not None:
            await self._response.aclose()
            self._response = None
