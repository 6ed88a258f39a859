"""Tells callers of changes: a POST to ``callback_url`` on each, to this machine only.

The body is flat, without Kling's envelope (VD4 2026-09-20). With a secret it is signed as Standard
Webhooks are, as Kling does since 2026-08-07.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import hmac
import itertools
import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from .loopback import CallError, LocalAddress

if TYPE_CHECKING:
    from .jobs import Clock, Job

__all__ = ["Callback", "CallbackSender", "sign"]

_TIMEOUT = 5.0


@frozen
class Callback:
    """One callback that was sent or left out.

    Attributes:
        url: Where it was to go.
        task_id: The job it told of.
        task_status: The state it told.
        outcome: HTTP status of the answer, or why there was none.
    """

    url: str
    task_id: str
    task_status: str
    outcome: int | str


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a signed callback (Standard Webhooks; VD4 2026-09-20).

    Args:
        secret: ``whsec_`` and base64.
        message_id: Tells callbacks apart.
        timestamp: Seconds since 1970.
        body: The bytes that are sent.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message_id}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode("ascii")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{digest}",
    }


def _check_secret(secret: str) -> None:
    try:
        base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise ValueError(f"webhook_secret must be whsec_ and base64: {error}") from None


class CallbackSender:
    """Sends callbacks when they are due, from a thread of its own that starts with the first.

    Args:
        clock: The sandbox's time.
        base_url: Gives what the results' addresses begin with.
        wall: Gives the time of day for signatures.
        secret: Signs the callbacks, if given.

    Raises:
        ValueError: When the secret is not base64.
    """

    def __init__(
        self,
        clock: Clock,
        base_url: Callable[[], str],
        wall: Callable[[], float],
        secret: str | None = None,
    ) -> None:
        self.sent: list[Callback] = []
        self._clock = clock
        self._base_url = base_url
        self._wall = wall
        if secret is not None:
            _check_secret(secret)  # now, and not by the first callback in a thread of its own
        self._secret = secret
        self._due: list[tuple[float, int, Job, LocalAddress]] = []
        self._order = itertools.count()
        self._change = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def follow(self, job: Job) -> None:
        """Tell of this job's changes, if its ``callback_url`` is an address on this machine."""
        url = job.order.callback_url
        if url is None:
            return
        try:
            address = LocalAddress.of(url)
            refusal = "not sent: only this machine is called"
        except ValueError as error:
            address, refusal = None, f"not sent: this is not an address: {error}"
        if address is None:
            self.sent.append(Callback(url, job.task_id, "submitted", refusal))
            return
        with self._change:
            for moment in (job.created, job.starts, job.ends):
                heapq.heappush(self._due, (moment, next(self._order), job, address))
            self._change.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox-callbacks")
                self._thread.start()

    def wake(self) -> None:
        """Look at the clock again: it was advanced."""
        with self._change:
            self._change.notify()

    def close(self) -> None:
        """Stop. What is not yet due is not sent."""
        with self._change:
            self._closed = True
            self._change.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (item := self._next()) is not None:
            self._send(*item)

    def _next(self) -> tuple[float, Job, LocalAddress] | None:
        """Wait for the next callback that is due; ``None`` when it is time to stop."""
        with self._change:
            while not self._closed:
                if self._due and self._due[0][0] <= self._clock.now():
                    moment, _, job, address = heapq.heappop(self._due)
                    return moment, job, address
                self._change.wait(self._patience())
            return None

    def _patience(self) -> float | None:
        """Real seconds until something is due; ``None`` when only a change can bring it."""
        if not self._due or self._clock.speed == 0:
            return None
        wait = (self._due[0][0] - self._clock.now()) / self._clock.speed
        return min(max(0.001, wait), threading.TIMEOUT_MAX)

    def _send(self, moment: float, job: Job, address: LocalAddress) -> None:
        data = job.describe(moment, self._base_url())
        body = json.dumps(data).encode()
        headers = {"Content-Type": "application/json"}
        if self._secret is not None:
            message_id = f"{job.task_id}-{data['task_status']}"
            headers |= sign(self._secret, message_id, int(self._wall()), body)
        outcome: int | str
        try:
            outcome, _ = address.call("POST", body, headers, timeout=_TIMEOUT)
        except CallError as error:
            outcome = f"not delivered: {error}"
        url = job.order.callback_url or ""
        self.sent.append(Callback(url, job.task_id, data["task_status"], outcome))
