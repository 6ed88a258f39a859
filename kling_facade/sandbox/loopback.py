"""HTTP calls to addresses of this machine, and to no others.

`http.client` connects where it is told to: it reads no ``HTTP_PROXY``, follows no redirect and, for
a loopback address, looks no name up that could lead elsewhere.
"""

from __future__ import annotations

import http.client
from typing import Final
from urllib.parse import quote, urlsplit

from attrs import frozen

from ..gateway.addresses import is_loopback

__all__ = ["CallError", "LocalAddress"]

_UNRESERVED: Final = "!$%&'()*+,-./:;=?@_~"
"""What stays as it is in path and query; all else is percent-encoded (RFC 3986, section 3.3)."""


class CallError(Exception):
    """A call to this machine got no answer."""


@frozen
class LocalAddress:
    """An HTTP address on this machine.

    Attributes:
        host: ``localhost`` or a loopback address.
        port: From 1 to 65535.
        target: Path and query.
    """

    host: str
    port: int
    target: str

    @classmethod
    def of(cls, url: str) -> LocalAddress | None:
        """Read an address; ``None`` when it is not plain HTTP, or leads elsewhere.

        Raises:
            ValueError: It is not an address at all, such as one with the port 99999.
        """
        parts = urlsplit(url)
        port = parts.port  # this is where a bad port is found
        if parts.scheme != "http" or not is_loopback(parts.hostname):
            return None
        target = quote(parts.path or "/", _UNRESERVED)
        if parts.query:
            target += f"?{quote(parts.query, _UNRESERVED)}"
        if port == 0:
            raise ValueError("Port out of range 0-65535: nobody listens at 0")
        # A name of this machine is never looked up under another name than its own.
        host = "localhost" if "localhost" in (parts.hostname or "") else parts.hostname
        return cls(host or "", port or 80, target)

    def call(
        self,
        method: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        timeout: float,
        most: int = 0,
    ) -> tuple[int, bytes]:
        """Send a request and read the answer.

        Args:
            method: HTTP method.
            body: What to send.
            headers: Request headers.
            timeout: Seconds that each step may take.
            most: How many bytes of the answer are read.

        Returns:
            The status, and the first bytes of the answer.

        Raises:
            CallError: There was no answer, or one that is not HTTP.
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, self.target, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(most)
        except (OSError, http.client.HTTPException) as error:
            raise CallError(str(error)) from error
        finally:
            connection.close()
