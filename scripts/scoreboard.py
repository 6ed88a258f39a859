"""What clients do when the answer to a create is lost: how often they post, what the caller gets.

A server on loopback accepts each POST and then loses the answer: it closes the connection, or lets
a proxy's 502 take the answer's place. Current releases of other clients are installed from the
package index into an environment of their own and called as their documentation says. Run it as
``make scoreboard``; the table goes to the terminal and, with ``--write``, to docs/scoreboard.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from attrs import define, field, frozen

ROOT: Final = Path(__file__).parents[1]
ENVIRONMENT: Final = ROOT / ".venv-scoreboard"
PAGE: Final = ROOT / "docs" / "scoreboard.md"
PATIENCE: Final = 240.0
"""Seconds after which a client is stopped."""

FAULTS: Final = {
    "closed": "the connection is closed without an answer",
    "502": "a proxy answers 502 in the gateway's place",
}


@frozen
class Contestant:
    """A client, and how it is asked for one video.

    Attributes:
        package: Its name in the package index; empty for this library.
        program: Makes one create against ``URL``; ends with ``told(...)``.
        note: How it was pointed at loopback.
    """

    package: str
    program: str
    note: str


PROLOGUE: Final = """
import json, sys
URL = sys.argv[1]
def told(what): print("TOLD " + json.dumps(str(what)))
try:
{program}
except Exception as error:
    told(type(error).__name__)
"""

CONTESTANTS: Final = (
    Contestant(
        "",
        """
from kling_facade import ImageToVideo, Kling
with Kling("key", base_url=URL) as kling:
    job = kling.submit(ImageToVideo("https://example.com/fox.png", external_task_id="ours"))
    told(f"the job {job.task_id}")
""",
        "base_url",
    ),
    Contestant(
        "runwayml",
        """
from runwayml import RunwayML
client = RunwayML(api_key="key", base_url=URL)
made = client.image_to_video.create(model="gen4_turbo", prompt_image="https://example.com/fox.png",
    ratio="1280:720", prompt_text="the fox turns its head")
told(f"the job {made.id}")
""",
        "base_url",
    ),
    Contestant(
        "lumaai",
        """
from lumaai import LumaAI
client = LumaAI(auth_token="key", base_url=URL)
made = client.generations.create(model="ray-2", prompt="the fox turns its head")
told(f"the job {made.id}")
""",
        "base_url",
    ),
    Contestant(
        "fal-client",
        """
import fal_client.client
fal_client.client.QUEUE_URL_FORMAT = URL + "/"
from fal_client import SyncClient
made = SyncClient(key="key").submit("fal-ai/kling-video/v2.1/standard/image-to-video",
    {"prompt": "the fox turns its head", "image_url": "https://example.com/fox.png"})
told(f"the job {made.request_id}")
""",
        "its constant QUEUE_URL_FORMAT: its hosts are always https",
    ),
    Contestant(
        "replicate",
        """
from replicate import Client
client = Client(api_token="key", base_url=URL)
made = client.predictions.create(version="a" * 64, input={"prompt": "the fox turns its head"})
told(f"the job {made.id}")
""",
        "base_url",
    ),
    Contestant(
        "comfy-sdk",
        """
import os
os.environ["COMFY_BASE_URL"] = URL
from comfy_sdk import Comfy
client = Comfy(api_key="key")
graph = {"1": {"class_type": "KlingImage2VideoNode", "inputs": {"prompt": "the fox"}}}
made = client.submit(client.workflows.from_json(graph))
told(f"the job {made.id}")
""",
        "COMFY_BASE_URL",
    ),
)


@define
class Count:
    """What the server saw."""

    posts: int = 0
    keys: list[str | None] = field(factory=list)
    ids: set[str | None] = field(factory=set)


def _body(handler: BaseHTTPRequestHandler) -> Any:
    length = int(handler.headers.get("Content-Length", "0"))
    try:
        return json.loads(handler.rfile.read(length))
    except ValueError:
        return {}


def server(fault: str, count: Count) -> ThreadingHTTPServer:
    """Makes a job of each POST and loses each answer; a look-up is answered as it should be."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = _body(self)
            count.posts += 1
            count.keys.append(self.headers.get("Idempotency-Key"))
            count.ids.add(body.get("external_task_id") if isinstance(body, dict) else None)
            if fault == "closed":
                self.close_connection = True
                self.connection.shutdown(2)
                return
            self._answer(502, b"<html>502 Bad Gateway</html>", "text/html")

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            if not count.posts or name not in count.ids:
                self._answer(404, b'{"code": 1203, "message": "no such task"}')
                return
            told = {"task_id": "801", "task_status": "processing"}
            told["task_info"] = {"external_task_id": name}  # type: ignore[assignment] # JSON
            data = {"code": 0, "message": "", "request_id": "r", "data": told}
            self._answer(200, json.dumps(data).encode())

        def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Not asked for."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@frozen
class Score:
    """One line of the table."""

    client: str
    fault: str
    posts: int
    same_key: bool
    caller: str
    seconds: float


def play(contestant: Contestant, fault: str, python: Path, version: str) -> Score:
    """One create whose answers are all lost."""
    count = Count()
    peer = server(fault, count)
    threading.Thread(target=peer.serve_forever, daemon=True).start()
    lines = "\n".join(f"    {line}" for line in contestant.program.strip().splitlines())
    began = time.monotonic()
    try:
        run = subprocess.run(
            [python, "-c", PROLOGUE.format(program=lines), f"http://127.0.0.1:{peer.server_port}"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env=_clean_environment(),
        )
        said = [line for line in run.stdout.splitlines() if line.startswith("TOLD ")]
        caller = json.loads(said[-1][5:]) if said else f"no answer: {run.stderr[-120:]!r}"
    except subprocess.TimeoutExpired:
        caller = f"still trying after {PATIENCE:.0f} s"
    finally:
        peer.shutdown()
        peer.server_close()
    keys = set(count.keys)
    same = count.posts > 1 and len(keys) == 1 and None not in keys
    name = f"{contestant.package or 'kling-facade'} {version}"
    return Score(name, fault, count.posts, same, caller, time.monotonic() - began)


def _clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return {**kept, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'generated'}"}


def environment() -> Path:
    """The other clients, current releases, in an environment of their own."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
    for contestant in CONTESTANTS[1:]:
        command = [str(python), "-m", "pip", "install", "--quiet", "--upgrade", contestant.package]
        if subprocess.run(command, check=False).returncode:
            print(f"{contestant.package} can't be installed here", file=sys.stderr)
    return python


def version_of(package: str, python: Path) -> str | None:
    """Which release is installed; ``None`` when there is none."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    command = [str(python), "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout.strip() or None


def scores(python: Path) -> list[Score]:
    """Every client against every fault."""
    from kling_facade import __version__

    tasks: list[tuple[Contestant, str, Path, str]] = []
    missing: list[Score] = []
    for contestant in CONTESTANTS:
        ours = not contestant.package
        version = __version__ if ours else version_of(contestant.package, python)
        for fault in FAULTS:
            if version is None:
                missing.append(Score(contestant.package, fault, 0, False, "not installable", 0))
            else:
                tasks.append((contestant, fault, Path(sys.executable) if ours else python, version))
    with ThreadPoolExecutor(4) as pool:
        return [*pool.map(lambda task: play(*task), tasks), *missing]


def table(found: Sequence[Score]) -> str:
    """The scores in Markdown."""
    lines = [
        "| client | answer | POSTs, jobs made | same idempotency key | the caller got | after |",
        "|---|---|---|---|---|---|",
    ]
    for score in found:
        key = "" if score.posts <= 1 else "yes" if score.same_key else "no"
        lines.append(
            f"| {score.client} | {score.fault} | {score.posts} | {key} | {score.caller} "
            f"| {score.seconds:.0f} s |"
        )
    return "\n".join(lines) + "\n"


def page(found: Sequence[Score]) -> str:
    """docs/scoreboard.md."""
    faults = "\n".join(f"- *{name}*: {text}" for name, text in FAULTS.items())
    pointed = "\n".join(f"- {c.package or 'kling-facade'}: {c.note}" for c in CONTESTANTS)
    return f"""\
# Scoreboard: the answer to a create is lost

Written by `make scoreboard` on {datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}.

A server on loopback makes a job of each POST, and every answer to a POST is lost:

{faults}

{table(found)}
The server knows no idempotency keys, as Kling's gateways don't. *Same idempotency key* says whether
a server that honours such keys could tell the POSTs for one. After its one POST kling-facade looks
the job up by the external id that it gave it, and goes on with what it finds.

The other clients speak other APIs, and not all of those have a look-up by a caller's name. One
POST and an error is a fair answer there: the caller pays once, and has to find out for what.

Each client was called with its defaults, and pointed at loopback by:

{pointed}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Installs, plays, prints."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="write docs/scoreboard.md too")
    options = parser.parse_args(arguments)
    found = scores(environment())
    print(table(found))
    if options.write:
        PAGE.write_text(page(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
