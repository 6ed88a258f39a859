"""Who may call: a static key, or a JWT signed with a secret key.

Kling takes ``Authorization: Bearer <key>``, where the key is a static API key, a gateway's own key,
or a JWT (HS256; ``iss`` is the access key, ``exp`` and ``nbf`` bound its life; VD1 early 2026).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

from attrs import field, frozen

from ..errors import MissingExtra
from .answers import RefusedError

__all__ = ["Keys"]

_SCHEME = "bearer"
_SECRET = 32


def _need_jwt() -> None:
    try:
        import jwt  # noqa: F401  # only whether it is there
    except ImportError:
        raise MissingExtra(
            "signed tokens need PyJWT", hint="pip install 'kling-facade[sandbox,jwt]'"
        ) from None


@frozen
class Keys:
    """What the sandbox accepts.

    Attributes:
        api_key: The static key.
        access_key: Issuer of signed tokens; ``None`` accepts no signed token.
        secret_key: What tokens are signed with.
        wall: The time of day that tokens are held against, in seconds since 1970.
    """

    api_key: str = field(repr=False)
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    wall: Callable[[], float] = field(default=time.time, repr=False)

    def __attrs_post_init__(self) -> None:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key belong together: give both or none")
        if self.secret_key is not None:
            _need_jwt()
        if self.secret_key is not None and len(self.secret_key.encode()) < _SECRET:
            raise ValueError(f"secret_key needs {_SECRET} bytes for HS256 (RFC 7518, section 3.2)")

    def check(self, header: str | None) -> None:
        """Accept the value of an ``Authorization`` header.

        Raises:
            RefusedError: With code 1001 (no header), 1000 (not a bearer), 1002 (unknown key), 1003
                (not valid yet) or 1004 (expired).
        """
        if not header or not header.strip():
            raise RefusedError(
                1001, "Authorization is empty: send 'Authorization: Bearer <api key>'"
            )
        scheme, _, token = header.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != _SCHEME or not token:
            raise RefusedError(1000, "Authorization must read 'Bearer <api key>'")
        if hmac.compare_digest(token.encode(), self.api_key.encode()):
            return
        if self.access_key is None or token.count(".") != 2:
            raise RefusedError(1002, "Authorization is invalid: api key not found")
        self._check_signed(token)

    def _check_signed(self, token: str) -> None:
        import jwt

        try:
            claims = jwt.decode(
                token,
                self.secret_key or "",
                algorithms=["HS256"],
                issuer=self.access_key,
                # The library would use the machine's clock; ours can be set.
                options={"verify_exp": False, "verify_nbf": False, "require": ["iss", "exp"]},
            )
        except jwt.InvalidTokenError as error:
            raise RefusedError(1002, f"Authorization is invalid: {error}") from None
        starts, ends = claims.get("nbf", 0), claims["exp"]
        if not all(isinstance(moment, int | float) for moment in (starts, ends)):
            raise RefusedError(1002, "Authorization is invalid: exp and nbf must be numbers")
        now = self.wall()
        if starts > now:
            raise RefusedError(1003, "Authorization is not valid yet: nbf lies ahead of our clock")
        if ends <= now:
            raise RefusedError(1004, "Authorization has expired: sign a new token")
