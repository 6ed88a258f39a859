"""Keys, and the header they become. No key is ever shown, logged or pickled."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final, NoReturn, Protocol, runtime_checkable

from ..errors import AuthError, KlingError, MissingExtra

__all__ = [
    "AccessKeys",
    "ApiKey",
    "Credentials",
    "Hidden",
    "described",
    "find_credentials",
    "is_vendor_key",
    "secrets_of",
]

_VENDOR_PREFIX: Final = "api-key-kling-"
"""How the API keys of Kling's own console begin (VD4, 2026-09)."""

_TOKEN_LIFE: Final = 1800
"""Seconds a signed token lives (VD1)."""
_TOKEN_LEAD: Final = 5
"""Seconds a token is dated back, for clocks that differ a little (VD1)."""


@runtime_checkable
class Credentials(Protocol):
    """What proves who calls."""

    def headers(self, now: float) -> Mapping[str, str]:
        """The headers of one call, made at ``now`` (epoch seconds on the gateway's clock)."""
        ...


class _Secret:
    """Holds a value that ``repr``, ``vars``, ``pickle`` and ``copy`` can't bring out."""

    __slots__ = ("reveal",)

    def __init__(self, value: str) -> None:
        self.reveal: Callable[[], str] = lambda: value

    def __repr__(self) -> str:
        return "'***'"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key can't be pickled or copied: make the client where it is used")


class Hidden:
    """Holds settings that may have a password in them, such as a proxy's address."""

    __slots__ = ("value",)

    def __init__(self, settings: dict[str, Any]) -> None:
        self.value: Callable[[], dict[str, Any]] = lambda: settings

    def __repr__(self) -> str:
        return "<settings, not shown>"


def _fault(value: object) -> str | None:
    """What is wrong with a key, without saying the key."""
    if not isinstance(value, str):
        return f"it is {type(value).__name__}, not text"
    if not value.strip():
        return "it is empty"
    if value.strip()[0] in "'\"" or value.strip()[-1] in "'\"":
        return "it has quotes around it, often from an env file: give it without them"
    if value.strip().lower().startswith("bearer "):
        return "it begins with 'Bearer', which is added for you: give the key alone"
    if value != value.strip():
        return "it has white space around it, often a line end from a file"
    if not value.isascii() or not value.isprintable() or " " in value:
        return "it has a character that no key has: a space, a line end or a non-ASCII letter"
    return None


def _accept(value: str, name: str) -> tuple[_Secret | None, AuthError | None]:
    """A secret or an error, not raised here: it would hold the value in its frames."""
    fault = _fault(value)
    if fault is None:
        return _Secret(value), None
    return None, AuthError(
        f"the {name} can't be used: {fault}",
        hint="Copy it again from the gateway's console. The key itself is not shown here.",
    )


class ApiKey:
    """A static key, sent as ``Authorization: Bearer …``.

    Args:
        value: The key. Checked at once, never shown.
        header: Name of the header, for gateways that use another one.
        scheme: Word before the key; ``""`` for none.

    Raises:
        AuthError: It is empty or has characters that no key has.
    """

    __slots__ = ("_header", "_scheme", "_secret")

    called = "KLING_API_KEY, or the API key given to the client,"
    """What hints call it."""

    def __init__(
        self, value: str, *, header: str = "Authorization", scheme: str = "Bearer"
    ) -> None:
        secret, error = _accept(value, "API key")
        del value
        if secret is None:
            raise error or AssertionError
        self._secret = secret
        self._header = header
        self._scheme = scheme

    def __repr__(self) -> str:
        return "ApiKey('***')"

    @property
    def is_vendors(self) -> bool:
        """Whether it is a key of Kling's own console, told by how it begins."""
        return self._secret.reveal().startswith(_VENDOR_PREFIX)

    def secrets(self) -> tuple[str, ...]:
        """What must stand in no message."""
        return (self._secret.reveal(),)

    def headers(self, now: float) -> Mapping[str, str]:
        """The one header; the clock plays no part."""
        key = self._secret.reveal()
        return {self._header: f"{self._scheme} {key}".strip()}


class AccessKeys:
    """The vendor's access key and secret key: a token is signed for each call.

    The token is a JWT (HS256) with ``iss``, ``exp`` 30 minutes ahead and ``nbf`` 5 seconds back
    (VD1, 2026). It works on the vendor's legacy API only, which is the one this library speaks.

    Raises:
        AuthError: A key is empty or has characters that no key has.
        MissingExtra: PyJWT is not installed.
    """

    __slots__ = ("_access_key", "_secret_key")

    called = "KLING_ACCESS_KEY and KLING_SECRET_KEY, or the two keys given to AccessKeys,"
    """What hints call them."""

    is_vendors = True
    """Only Kling's own API knows what to do with them."""

    def __init__(self, access_key: str, secret_key: str) -> None:
        access, error = _accept(access_key, "access key")
        secret, other = _accept(secret_key, "secret key")
        del access_key, secret_key
        if access is None or secret is None:
            raise error or other or AssertionError
        _jwt()
        self._access_key = access
        self._secret_key = secret

    def __repr__(self) -> str:
        return "AccessKeys('***', '***')"

    def secrets(self) -> tuple[str, ...]:
        """What must stand in no message."""
        return (self._access_key.reveal(), self._secret_key.reveal())

    def headers(self, now: float) -> Mapping[str, str]:
        """A fresh token in ``Authorization``."""
        claims = {
            "iss": self._access_key.reveal(),
            "exp": int(now) + _TOKEN_LIFE,
            "nbf": int(now) - _TOKEN_LEAD,
        }
        token = _jwt().encode(claims, self._secret_key.reveal(), algorithm="HS256")
        return {"Authorization": f"Bearer {token}"}


def described(credentials: object) -> str:
    """What hints call some credentials: where a caller would look for them."""
    return str(getattr(credentials, "called", "the credentials given to the client"))


def is_vendor_key(credentials: object) -> bool:
    """Whether they are Kling's own: a key pair, or an API key of Kling's console.

    They belong to Kling's hosts. At another gateway they are of no use, and it could use them.
    """
    return bool(getattr(credentials, "is_vendors", False))


def secrets_of(credentials: object, signed: Mapping[str, str]) -> list[str]:
    """All words that must stand in no message: the keys, and what became of them in headers."""
    given = getattr(credentials, "secrets", tuple)
    words = [word for value in signed.values() for word in (value, value.split(" ")[-1])]
    return [*given(), *words]


def find_credentials(api_key: str | None) -> Credentials | KlingError:
    """The key given, or those of the environment, or the error to raise.

    ``KLING_API_KEY`` is asked first, then ``KLING_ACCESS_KEY`` with ``KLING_SECRET_KEY``. An empty
    variable counts as one that is not there.

    The error is given back and not raised, so that no frame of its traceback holds the key.
    """
    key = api_key if api_key is not None else _variable("KLING_API_KEY")
    access, secret = _variable("KLING_ACCESS_KEY"), _variable("KLING_SECRET_KEY")
    try:
        if key is not None:
            return ApiKey(key)
        if access is not None and secret is not None:
            return AccessKeys(access, secret)
    except KlingError as error:
        return error.with_traceback(None)
    if access is not None or secret is not None:
        there, missing = ("ACCESS", "SECRET") if access is not None else ("SECRET", "ACCESS")
        return AuthError(
            f"KLING_{there}_KEY is set and KLING_{missing}_KEY is not",
            hint="A key pair has both. Or set KLING_API_KEY alone.",
        )
    return AuthError(
        "there is no API key",
        hint="Set KLING_API_KEY in the environment, or pass it: Kling(api_key). A key pair of "
        "Kling's own goes into KLING_ACCESS_KEY and KLING_SECRET_KEY.",
    )


def _variable(name: str) -> str | None:
    value = os.environ.get(name)
    return value if value is not None and value.strip() else None


def _jwt() -> ModuleType:
    try:
        return importlib.import_module("jwt")
    except ImportError:
        raise MissingExtra(
            "signing with an access key needs PyJWT",
            hint="pip install 'kling-facade[jwt]', or use an API key.",
        ) from None
