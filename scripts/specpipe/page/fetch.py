"""Getting a page: from a file, or from the address where it is published."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ..errors import PageError
from .markdown import MAX_BYTES

__all__ = ["get"]

_SECONDS: Final = 60.0
"""For the whole page. Each single step has a third of it."""


def get(source: str) -> bytes:
    """A page's bytes.

    Args:
        source: A path, or an http(s) address.

    Raises:
        PageError: It can't be had, or is too large.
    """
    if source.startswith(("http://", "https://")):
        return _download(source)
    path = Path(source)
    if "://" in source:
        raise PageError(
            f"{source.split('://')[0]} is not an address to fetch a page from", hint="Use http(s)."
        )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PageError(f"the page has {path.stat().st_size} bytes; {MAX_BYTES} is the limit")
        return path.read_bytes()
    except OSError as error:
        raise PageError(
            f"the page can't be opened: {error.strerror}", hint=f"PAGE is {source}"
        ) from None


def _download(address: str) -> bytes:
    import httpx

    deadline = time.monotonic() + _SECONDS
    data = bytearray()
    host = urlsplit(address).hostname
    try:
        with (
            httpx.Client(timeout=_SECONDS / 3, follow_redirects=True, max_redirects=3) as client,
            client.stream(
                "GET", address, headers={"Accept": "text/markdown, text/plain, */*"}
            ) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise PageError(
                    f"{host} answered HTTP {response.status_code} instead of the page",
                    hint="Open the address in a browser. If the page moved, change "
                    "openapi/sources.toml.",
                )
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > MAX_BYTES:
                    raise PageError(f"the page has more than {MAX_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise PageError(f"the page did not arrive within {_SECONDS:.0f} s")
    except httpx.HTTPError as error:
        raise PageError(
            f"{host} could not be reached: {type(error).__name__}",
            hint="Try again later, or give a file.",
        ) from None
    return bytes(data)
