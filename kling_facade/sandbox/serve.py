"""Runs a sandbox until it is told to stop, and says what to type next."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any, Final

from .jobs import TYPICAL
from .sandbox import Sandbox

__all__ = ["serve"]

_NEXT: Final = """\
The sandbox gateway listens at {base_url}
A job takes about {wait:.0f} s here ({typical:.0f} s at {speed:g} times the speed). Ctrl-C stops it.

What to type next, in another terminal:

    export KLING_BASE_URL={base_url} KLING_API_KEY={api_key}
    python -m kling_facade.sandbox.sample fox.png     # or take a picture of your own
    kling generate fox.png --prompt "the fox looks up" --to fox.mp4

or without the library:

    curl {base_url}/kling/v1/videos/image2video \\
        -H 'Authorization: Bearer {api_key}' -H 'Content-Type: application/json' \\
        -d '{{"model_name": "kling-v2-6", "mode": "std", "duration": "5",
             "image": "{base_url}/sample.png"}}'
"""


def serve(settings: Mapping[str, Any], stop: threading.Event | None = None) -> int:
    """Serve until Ctrl-C, SIGTERM or ``stop``.

    Args:
        settings: Arguments of `Sandbox`, with the port and the speed among them.
        stop: Ends the program when set.

    Returns:
        The exit code: 0, or 1 when the sandbox can't start.
    """
    stop = stop or threading.Event()
    try:
        sandbox = Sandbox(**settings, eager=True).start()
    except (OSError, OverflowError, ValueError) as error:
        print(f"the sandbox can't start: {error}", file=sys.stderr)
        return 1
    with sandbox:
        _announce(sandbox, settings["speed"])
        _wait(stop)
    print(f"\nstopped; {sandbox.creates} jobs were made")
    return 0


def _announce(sandbox: Sandbox, speed: float) -> None:
    text = _NEXT.format(
        base_url=sandbox.base_url,
        api_key=sandbox.api_key,
        speed=speed,
        typical=TYPICAL,
        wait=TYPICAL / speed if speed else float("inf"),
    )
    print(text, flush=True)


def _wait(stop: threading.Event) -> None:
    # Python lets only the main thread take signals; another thread is stopped by its event.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with contextlib.suppress(KeyboardInterrupt):
        stop.wait()
