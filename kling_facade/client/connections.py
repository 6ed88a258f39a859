"""Connection pools and the poller of one client, made on first use."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from ..errors import InvalidRequest, KlingError
from ..jobs.poller import Poller

__all__ = ["Connections"]


class Connections:
    """What a client opens. A child process starts with none of it: sockets can't be shared.

    Args:
        open_api: Makes the client that speaks to the gateway.
        open_videos: Makes the client that fetches videos.
        new_poller: Makes what answers the questions of all jobs that wait here.
    """

    def __init__(
        self,
        open_api: Callable[[], Any],
        open_videos: Callable[[], Any],
        new_poller: Callable[[], Poller],
    ) -> None:
        self._openers = {"api": open_api, "videos": open_videos}
        self._new_poller = new_poller
        self._open: dict[str, Any] = {}
        self._poller: Poller | None = None
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def api(self) -> Any:
        """The client that speaks to the gateway."""
        return self._once("api")

    def videos(self) -> Any:
        """The client that fetches videos."""
        return self._once("videos")

    def poller(self) -> Poller:
        """What answers the questions of all jobs that wait on this client."""
        self._after_fork()
        with self._lock:
            self._poller = self._poller or self._new_poller()
            return self._poller

    def take_all(self) -> list[Any]:
        """Everything that is open, for closing it: nothing is left here."""
        with self._lock:
            taken, self._open = list(self._open.values()), {}
        return taken

    def _once(self, name: str) -> Any:
        self._after_fork()
        with self._lock:
            if name not in self._open:
                self._open[name] = _made(self._openers[name])
            return self._open[name]

    def _after_fork(self) -> None:
        # The lock may have been held by a thread that the child does not have: a new one, too.
        if self._pid != os.getpid():
            self._open, self._poller = {}, None
            self._pid, self._lock = os.getpid(), threading.Lock()


def _made(make: Callable[[], Any]) -> Any:
    """A connection pool.

    Raises:
        InvalidRequest: The proxy or the TLS settings, perhaps from the environment, are wrong. They
            are not shown: a proxy's address may hold a password.
    """
    from ..wire.api_client import SETTINGS_ERRORS

    try:
        return make()
    except KlingError as error:
        raise error.with_traceback(None) from None  # the frames hold the proxy's password
    except SETTINGS_ERRORS as error:
        kind = type(error).__name__
    raise InvalidRequest(
        f"no connection can be set up with these proxy and TLS settings ({kind})",
        hint="Check proxy and verify, and HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE in the "
        "environment.",
    )
