"""Whom we talk to: address, path prefix, and what is particular about a gateway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from attrs import Attribute, evolve, field, frozen

from ..errors import InvalidRequest, TransportSecurityError
from .addresses import is_inner, is_loopback
from .credentials import is_vendor_key

__all__ = [
    "CHAINHUB",
    "KLING_BEIJING",
    "KLING_SINGAPORE",
    "Gateway",
    "choose_gateway",
    "refuse_address",
]

CONTRACT_PREFIX: Final = "/kling"
"""The prefix of the paths in the bundled document; a gateway's own takes its place."""


_OPERATION: Final = "/v1/videos/image2video"
_QUOTES: Final = "'\""
_VENDOR_ZONES: Final = ("klingai.com", "kling.ai")


def _normal(url: str) -> str:
    """An address as it is compared and shown: scheme and host in small letters, no end slash.

    White space around it, often a line end from a file, and a port that the scheme means anyway are
    left out. What is no address comes back as it is, for the validator to refuse.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return text
    name = f"[{host}]" if ":" in host else host
    usual = port is None or port == {"http": 80, "https": 443}.get(parts.scheme)
    user, at, _ = parts.netloc.rpartition("@")
    netloc = f"{user}{at}{name}" + ("" if usual else f":{port}")
    path = parts.path.rstrip("/")
    return urlunsplit((parts.scheme, netloc, path, parts.query, parts.fragment))


def _checked_url(gateway: Gateway, attribute: Attribute[str], value: str) -> None:
    try:
        parts = urlsplit(value)
        wrong = parts.scheme not in ("https", "http") or not parts.hostname or parts.port == 0
    except ValueError:  # brackets that are no address, a port that is no number
        wrong = True
    if wrong or any(mark.isspace() or mark in _QUOTES for mark in value):
        raise InvalidRequest(
            f"base_url {value[:80]!r} is not an address",
            hint="Give it like https://api.example.com, without quotes or spaces, and without the "
            "path of an operation.",
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
        base_url: Scheme and host, perhaps with a path. ``https``, or ``http`` on loopback. Where it
            ends with ``prefix`` or with the path of the operation, that part is left out.
        prefix: What stands before ``/v1/videos/image2video`` there.
        preset_config: Whether a compound camera move carries a ``config`` of zeros. The published
            page requires ``config``; the vendor says that it must be absent (PAGE against VD1).
        unit_price_factor: What the gateway charges in relation to the vendor's list price, if you
            know it: gateways bill on their own scale.
        allow_http: Lets ``http`` through to a host that is not loopback.

    Raises:
        InvalidRequest: It is not an address.
        TransportSecurityError: ``http`` to another machine without ``allow_http``.

    Example:
        >>> Gateway("https://api.example.com", prefix="/klingai").url
        'https://api.example.com/klingai/v1/videos/image2video'
    """

    base_url: str = field(converter=_normal, validator=_checked_url)
    prefix: str = field(default=CONTRACT_PREFIX, kw_only=True)
    preset_config: bool = field(default=True, kw_only=True)
    unit_price_factor: float | None = field(default=None, kw_only=True)
    allow_http: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        url = self.base_url.removesuffix(_OPERATION)
        if urlsplit(url).path in ("/v1", f"{self.prefix}/v1"):
            url = url.removesuffix("/v1")
        if self.prefix:
            url = url.removesuffix(self.prefix)
        object.__setattr__(self, "base_url", url.rstrip("/"))

    @property
    def url(self) -> str:
        """Where jobs are created."""
        return f"{self.base_url}{self.prefix}{_OPERATION}"

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

    @property
    def is_vendors(self) -> bool:
        """Whether it is Kling's own API, on whichever of its hosts."""
        return any(f".{self.host}".endswith(f".{zone}") for zone in _VENDOR_ZONES)

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
        _ = parts.port  # raises for one that is no number up to 65535
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


def choose_gateway(
    base_url: str | None,
    gateway: Gateway | None,
    credentials: object,
    environment: Mapping[str, str],
) -> Gateway:
    """Whom a client talks to: the gateway given, the one of an address, or the default.

    An address of Kling's own hosts, in code or in ``KLING_BASE_URL``, brings their traits along.
    Where nothing is named, keys of Kling's own mean Kling's own API in Singapore; any other key
    means `CHAINHUB`, a third party, which published the page. So keys of Kling's go to nobody else
    unless the gateway was named.

    Raises:
        InvalidRequest: Both are given, or the text is not an address.
        TransportSecurityError: ``http`` to another machine.
    """
    if gateway is not None:
        if base_url is not None:
            raise InvalidRequest("give base_url or gateway, not both")
        return gateway
    address = base_url if base_url is not None else environment.get("KLING_BASE_URL", "").strip()
    if not address:
        return KLING_SINGAPORE if is_vendor_key(credentials) else CHAINHUB
    named = Gateway(address)
    if not named.is_vendors:
        return named
    known = {known.base_url: known for known in (KLING_SINGAPORE, KLING_BEIJING)}
    return known.get(Gateway(address, prefix="").base_url) or evolve(
        KLING_SINGAPORE, base_url=address
    )
