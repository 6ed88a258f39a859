"""What an address is: this machine, a machine within somebody's network, or a public host."""

from __future__ import annotations

import ipaddress

__all__ = ["Address", "is_inner", "is_loopback", "is_public", "literal_address"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_loopback(host: str | None) -> bool:
    """Whether a host name or a literal address means this machine.

    Names of the zone ``localhost`` do (RFC 6761, section 6.3), with or without the root's dot. So
    does ``0.0.0.0``, the address that servers listen on: connecting to it reaches this machine.
    """
    name = (host or "").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    literal = literal_address(name)
    return literal is not None and (literal.is_loopback or literal.is_unspecified)


def is_inner(host: str) -> bool:
    """Whether a host is this machine, or a literal address within somebody's network.

    A name that is looked up is neither: what it resolves to is checked when it is connected to.
    """
    return is_loopback(host) if literal_address(host) is None else not is_public(host)


def is_public(address: str) -> bool:
    """Whether a literal address lies in the public internet.

    Loopback, private, link-local, multicast and reserved addresses do not, nor do IPv6 forms of
    them. A text that is no address is not public either.
    """
    literal = literal_address(address)
    return literal is not None and literal.is_global and not literal.is_multicast


def literal_address(host: str) -> Address | None:
    """The address that a text spells, or ``None`` for a name.

    Brackets and a zone are left out, and an IPv4 address within an IPv6 one is given as such.
    """
    try:
        literal = ipaddress.ip_address(host.strip("[]").split("%")[0])
    except ValueError:
        return None
    return getattr(literal, "ipv4_mapped", None) or literal
