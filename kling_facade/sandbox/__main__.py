"""``python -m kling_facade.sandbox``: a gateway on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Sequence

from .jobs import TYPICAL
from .server import Sandbox

__all__ = ["main"]

_NEXT = """\
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kling_facade.sandbox",
        description="Kling's image-to-video routes on this machine: real HTTP, real MP4 files, "
        "no network, no costs. Camera moves and motion brushes can be seen in the films.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8642, help="port on 127.0.0.1; 0: a free one")
    parser.add_argument("--speed", type=float, default=60.0, help="times faster than real time")
    parser.add_argument("--api-key", default="sandbox-key", help="the key that is accepted")
    parser.add_argument("--access-key", help="issuer of signed tokens (JWT) to accept as well")
    parser.add_argument("--secret-key", help="what those tokens are signed with")
    parser.add_argument("--fps", type=int, default=24, help="frames per second of the films")
    parser.add_argument(
        "--short-side", type=int, help="shorter side of the films in pixels (std 720, pro 1080)"
    )
    parser.add_argument("--seed", type=int, default=0, help="same seed, same job durations")
    return parser


def main(arguments: Sequence[str] | None = None, stop: threading.Event | None = None) -> int:
    """Serve until Ctrl-C, SIGTERM or ``stop``.

    Args:
        arguments: The command line without the program's name; left out, the real one.
        stop: Ends the program when set.

    Returns:
        The exit code: 0, or 1 when the port is taken.
    """
    options = _parser().parse_args(arguments)
    stop = stop or threading.Event()
    try:
        sandbox = Sandbox(**vars(options), eager=True)
        sandbox.start()
    except (OSError, ValueError) as error:
        print(f"the sandbox can't start: {error}", file=sys.stderr)
        return 1
    try:
        _announce(sandbox, options.speed)
        _wait(stop)
    finally:
        sandbox.close()
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
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with contextlib.suppress(KeyboardInterrupt):
        stop.wait()


if __name__ == "__main__":
    raise SystemExit(main())
