"""The sandbox: one server, one account, one clock, one temporary folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from .app import MAX_BODY, Backend, application
from .auth import Keys
from .callbacks import Callback, CallbackSender
from .exchange import Exchange
from .faults import Fault
from .film import FilmMaker
from .http_server import HttpServer
from .jobs import TYPICAL, Clock, Job, Jobs
from .pictures import Folder, Pictures

__all__ = ["Sandbox"]


class Sandbox:
    """A gateway on this machine, for as long as the ``with`` block runs.

    Args:
        speed: How many seconds pass in the sandbox for each real one. 0 stands still: time then
            passes with `advance` alone.
        api_key: The key to call it with.
        access_key: Issuer of signed tokens (JWT), if those are to be accepted too.
        secret_key: What those tokens are signed with.
        port: Port on 127.0.0.1; 0 takes a free one.
        fps: Frames per second of the films.
        short_side: Shorter side of the films in pixels. Left out, it is 720 for ``std`` and 1080
            for ``pro``; tests run faster with 120.
        typical: Average seconds of a job, in the sandbox's time.
        slots: How many jobs of one model the account may run at once, as a resource pack allows: a
            create beyond that is refused with 1303, until a job ends (VD4 2026-09-20). Left out,
            there is no bound.
        seed: The same seed gives the same durations in the same order.
        eager: Begin filming with the create. Left out, filming begins with the first fetch.
        mark: Whether a small "sandbox" stands in the corner of the films.
        faults: What is to go wrong: see `kling_facade.sandbox.faults`.
        webhook_secret: Signs callbacks, as Kling does for accounts that have such a secret.
        max_body: Bytes that a body may have.
        clock: Takes the place of the clock that ``speed`` makes.
        wall: The time of day that tokens are held against, in seconds since 1970.

    Attributes:
        api_key: The key to call it with.
        clock: The sandbox's time.
        faults: What is to go wrong; more can be appended while it runs.

    Raises:
        ValueError: When a number is out of range, or a secret key is too short.
        OSError: On start, when the port is taken.

    Example:
        >>> with Sandbox(speed=0) as sandbox:
        ...     sandbox.base_url.startswith("http://127.0.0.1:")
        True
    """

    def __init__(
        self,
        speed: float = 60.0,
        *,
        api_key: str = "sandbox-key",
        access_key: str | None = None,
        secret_key: str | None = None,
        port: int = 0,
        fps: int = 24,
        short_side: int | None = None,
        typical: float = TYPICAL,
        slots: int | None = None,
        seed: int = 0,
        eager: bool = False,
        mark: bool = True,
        faults: Sequence[Fault] = (),
        webhook_secret: str | None = None,
        max_body: int = MAX_BODY,
        clock: Clock | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        _check_numbers(port, fps, short_side, slots)
        self.api_key = api_key
        self.faults: list[Fault] = list(faults)
        self.clock: Clock = clock or Clock(speed)
        self._port = port
        self._jobs = Jobs(self.clock, seed, typical, slots)
        self._callbacks = CallbackSender(self.clock, lambda: self.base_url, wall, webhook_secret)
        self._folder = Folder()
        self._films = FilmMaker(self._folder, fps=fps, short_side=short_side, mark=mark)
        self._backend = Backend(
            keys=Keys(api_key, access_key, secret_key, wall),
            clock=self.clock,
            jobs=self._jobs,
            pictures=Pictures(self._folder),
            films=self._films,
            callbacks=self._callbacks,
            faults=self.faults,
            eager=eager,
            max_body=max_body,
        )
        self._server: HttpServer | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self if self._running else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = self.base_url if self._running else "not running"
        return f"<Sandbox {state}, {self.creates} jobs>"

    def start(self) -> Self:
        """Serve from now on; a ``with`` block does it by itself. A sandbox can be started once.

        Raises:
            RuntimeError: When it was started or closed before.
            OSError: When the port is taken.
        """
        if self._server is not None or self._closed:
            raise RuntimeError("this sandbox was started before: make a new one")
        self._server = HttpServer(application(self._backend), self._backend.log, self._port)
        self._backend.base_url = self._server.base_url
        self._server.start()
        return self

    def close(self) -> None:
        """Stop serving, and delete the films and pictures. Closing again does nothing."""
        if self._running and self._server is not None:
            self._server.stop()
        self._closed = True
        self._callbacks.close()
        self._films.close()
        self._folder.close()

    @property
    def _running(self) -> bool:
        return self._server is not None and not self._closed

    @property
    def base_url(self) -> str:
        """Address without a path, such as ``http://127.0.0.1:50123``; empty before the start."""
        return self._backend.base_url

    @property
    def sample_url(self) -> str:
        """Address of the sample picture, for requests that name a picture by address."""
        return f"{self.base_url}/sample.png"

    @property
    def creates(self) -> int:
        """How many jobs were accepted: what would have been paid for."""
        return len(self._jobs)

    @property
    def jobs(self) -> list[Job]:
        """The accepted jobs, the first one first."""
        return list(self._jobs)

    @property
    def requests(self) -> list[Exchange]:
        """Every HTTP exchange so far, in the order of the answers."""
        return list(self._backend.log)

    @property
    def callbacks(self) -> list[Callback]:
        """Every callback so far, sent or left out."""
        return list(self._callbacks.sent)

    def advance(self, seconds: float) -> None:
        """Let time pass in the sandbox at once.

        Raises:
            ValueError: When ``seconds`` is negative.
        """
        self.clock.advance(seconds)
        self._callbacks.wake()


def _check_numbers(port: int, fps: int, short_side: int | None, slots: int | None) -> None:
    if fps < 1 or (short_side is not None and short_side < 2):
        raise ValueError(f"fps must be 1 or more, short_side 2 or more: {fps}, {short_side}")
    if not 0 <= port <= 65535:
        raise ValueError(f"port must be from 0 to 65535, not {port}")
    if slots is not None and (type(slots) is not int or slots < 1):
        raise ValueError(f"slots must be a whole number, 1 or more, not {slots!r}")
