"""Whom we talk to: address, path prefix, and what is particular about a gateway."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen

from ..errors import InvalidRequest, TransportSecurityError
from .addresses import is_inner, is_loopback

__all__ = ["CHAINHUB", "KLING_BEIJING", "KLING_SINGAPORE", "Gateway", "refuse_address"]

CONTRACT_PREFIX: Final = "/kling"
"""The prefix of the paths in the bundled document; a gateway's own takes its place."""


def _without_slash(url: str) -> str:
    return url.rstrip("/")


def _checked_url(gateway: Gateway, attribute: Attribute[str], value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise InvalidRequest(
            f"base_url {value!r} is not an address",
            hint="Give it like https://api.example.com, without the path of an operation.",
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidRequest(
            f"base_url of host {parts.hostname!r} carries a user, a query or a fragment",
            hint="Give scheme, host and perhaps a path; the key is given as api_key.",
        )
    if parts.scheme == "http" and not (is_loopback(parts.hostname) or gateway.allow_http):
        raise TransportSecurityError(
            f"base_url {value!r} would send the key and the pictures unencrypted",
            hint="Use https://. For a trusted network: Gateway(url, allow_http=True).",
        )


@frozen
class Gateway:
    """A server that speaks Kling's image-to-video API.

    Attributes:
        base_url: Scheme and host, perhaps with a path. ``https``, or ``http`` on loopback.
        prefix: What stands before ``/v1/videos/image2video`` there.
        preset_config: Whether a compound camera move carries a ``config`` of zeros. The published
            page requires ``config``; the vendor says that it must be absent (PAGE against VD1).
        unit_price_factor: What the gateway charges in relation to the vendor's list price, if you
            know it: gateways bill on their own scale.
        allow_http: Lets ``http`` through to a host that is not loopback.

    Raises:
        InvalidRequest: The address is none.
        TransportSecurityError: ``http`` to another machine without ``allow_http``.

    Example:
        >>> Gateway("https://api.example.com", prefix="/klingai").url
        'https://api.example.com/klingai/v1/videos/image2video'
    """

    base_url: str = field(converter=_without_slash, validator=_checked_url)
    prefix: str = field(default=CONTRACT_PREFIX, kw_only=True)
    preset_config: bool = field(default=True, kw_only=True)
    unit_price_factor: float | None = field(default=None, kw_only=True)
    allow_http: bool = field(default=False, kw_only=True)

    @property
    def url(self) -> str:
        """Where jobs are created."""
        return f"{self.base_url}{self.prefix}/v1/videos/image2video"

    @property
    def host(self) -> str:
        """The host's name or address."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def netloc(self) -> str:
        """Host and port: what the journal and tokens know a gateway by."""
        return urlsplit(self.base_url).netloc

    @property
    def on_loopback(self) -> bool:
        """Whether it runs on this machine; then results may come from this machine too."""
        return is_loopback(self.host)

    def path(self, contract_path: str) -> str:
        """A path of the bundled document as this gateway has it."""
        return self.prefix + contract_path.removeprefix(CONTRACT_PREFIX)


def refuse_address(url: str, gateway: Gateway) -> None:
    """Refuses an address that a video must not come from.

    Allowed are ``https`` anywhere, and the gateway's own host as the gateway is reached. That an
    ``https`` name does not lead into a private network is checked when it is resolved.

    Raises:
        TransportSecurityError: It is another one.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    own = host == gateway.host or (gateway.on_loopback and is_loopback(host))
    scheme_ok = parts.scheme == "https" or (own and gateway.base_url.startswith(f"{parts.scheme}:"))
    if not (host and scheme_ok) or (is_inner(host) and not own):
        raise TransportSecurityError(
            f"a video is not fetched from {parts.scheme or 'no scheme'}://{host or 'no host'}",
            hint="A video comes over https from a public host, or from the gateway itself.",
        )


CHAINHUB: Final = Gateway("https://api.chainhub.tech")
"""The gateway that published the page (PAGE, ``servers``)."""

KLING_SINGAPORE: Final = Gateway(
    "https://api-singapore.klingai.com", prefix="", preset_config=False, unit_price_factor=1.0
)
"""The vendor's own API outside China (VD1). Takes an API key, or an access key pair as a JWT."""

KLING_BEIJING: Final = Gateway(
    "https://api-beijing.klingai.com", prefix="", preset_config=False, unit_price_factor=1.0
)
"""The vendor's own API in China (VD1). Keys are regional: one from elsewhere gives 401, 1002."""
