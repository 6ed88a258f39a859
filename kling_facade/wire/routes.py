"""Which way a request takes: straight to its host, or by a proxy.

``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` are read here and not by httpx 0.28,
which sends requests for this machine to a proxy, and refuses to start when ``NO_PROXY`` has an IPv6
network or ``[::1]`` in it (encode/httpx 3221 and 3574): container tools write both.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.request import getproxies

import httpx
from attrs import field, frozen

from ..errors import InvalidRequest
from ..gateway.addresses import is_loopback, literal_address

__all__ = ["Routes", "bypasses"]

_KEYS: Final = {"http": "HTTP_PROXY", "https": "HTTPS_PROXY", "all": "ALL_PROXY"}


@frozen
class Routes:
    """How a client reaches hosts.

    Attributes:
        proxy: The address of a proxy that the caller named; it is used for every host.
        trust_env: Whether the environment is asked where the caller named none.
        environment: Gives the proxies of the environment by scheme, and ``no`` for ``NO_PROXY``.
    """

    proxy: str | httpx.URL | httpx.Proxy | None = field(default=None, repr=False)
    trust_env: bool = True
    environment: Callable[[], Mapping[str, str]] = field(default=getproxies, repr=False)

    def proxy_for(self, url: httpx.URL) -> httpx.Proxy | None:
        """The proxy to go by, or ``None`` for the straight way.

        This machine is never reached by a proxy of the environment: the proxy would get the key and
        the pictures in clear text, and look for the gateway on a machine of its own.

        Raises:
            InvalidRequest: The proxy's address can't be used. It is not shown: it may hold a
                password.
        """
        if self.proxy is not None:
            return _usable(self.proxy, "proxy=")
        if not self.trust_env or is_loopback(url.host):
            return None
        known = self.environment()
        scheme = next((name for name in (url.scheme, "all") if known.get(name)), None)
        if scheme is None or bypasses(known.get("no", ""), url):
            return None
        address = known[scheme]
        return _usable(address if "://" in address else f"http://{address}", _KEYS[scheme])


def _usable(address: str | httpx.URL | httpx.Proxy, name: str) -> httpx.Proxy:
    try:
        return address if isinstance(address, httpx.Proxy) else httpx.Proxy(str(address).strip())
    except (ValueError, httpx.InvalidURL):
        scheme = str(address).partition("://")[0].strip().lower()
    is_socks = scheme.startswith("socks")
    raise InvalidRequest(
        f"the address of the proxy in {name} can't be used"
        + (f": {scheme}:// is not supported" if is_socks else ""),
        hint="Write it like http://host:port or socks5://host:port"
        + (
            "."
            if name == "proxy="
            else f"; or unset {name}, name the host in NO_PROXY, or pass trust_env=False."
        ),
    )


def bypasses(no_proxy: str, url: httpx.URL) -> bool:
    """Whether ``NO_PROXY`` names the host of an address.

    Entries are separated by commas or spaces: ``*`` for all, a name (its subdomains are meant too,
    with or without a dot or ``*.`` in front), an IPv4 or IPv6 address with or without brackets, a
    network such as ``10.0.0.0/8`` or ``fd07:b51a:cc66:f0::/64``, each perhaps with a port. An entry
    of any other form is ignored.
    """
    entries = re.split(r"[,\s]+", no_proxy.strip().lower())
    return any(_names(entry, url) for entry in entries if entry)


def _names(entry: str, url: httpx.URL) -> bool:
    scheme, _, rest = entry.rpartition("://")
    if entry == "*":
        return True
    if scheme not in ("", "all", url.scheme):
        return False
    literal = literal_address(url.host)
    if "/" in rest:
        try:
            network = ipaddress.ip_network(rest.replace("[", "").replace("]", ""), strict=False)
        except ValueError:
            return False
        return literal is not None and literal in network
    host, port = _host_and_port(rest)
    if port not in ("", str(url.port or {"http": 80, "https": 443}.get(url.scheme))):
        return False
    if literal is not None or literal_address(host) is not None:
        return literal == literal_address(host)
    name = host.removeprefix("*").strip(".")
    own = url.host.lower().rstrip(".")
    return bool(name) and (own == name or own.endswith(f".{name}"))


def _host_and_port(text: str) -> tuple[str, str]:
    if match := re.fullmatch(r"\[([^\]]*)\](?::(\d+))?", text):
        return match.group(1), match.group(2) or ""
    host, colon, port = text.partition(":")
    return (host, port) if colon and port.isdigit() else (text, "")
