"""The cases of the benchmark: names, goals, what is measured and against what."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve, frozen

__all__ = ["CASES", "PEERS", "Case", "smallest"]


@frozen(kw_only=True)
class Case:
    """One figure.

    Attributes:
        name: What ``--only`` takes; a variant has a colon and a word.
        unit: Of both figures.
        ours: The piece of ours.
        baseline: The piece it is held against; ``None`` when ours brings the baseline along.
        baseline_name: What a reader calls it.
        goal: The bound; None of it is a matter of the machine's speed.
        of: Whether the goal bounds the ``"ratio"`` or ``"ours"``.
        at_least: Whether the goal is a lower bound.
        size: How much; see each piece.
        rounds: How often each side is measured, in turns.
        speed: The pace of the jobs' clock.
        gateway: Further options of the gateway.
        plain: Without pybase64.
        figure: Which figure of a piece that gives several.
        miss: What explains a miss, as far as it is known.
    """

    name: str
    unit: str
    ours: str
    baseline: str | None
    baseline_name: str
    goal: float
    of: str = "ratio"
    at_least: bool = False
    size: int = 1
    rounds: int = 5
    speed: float = 1.0
    gateway: tuple[str, ...] = ()
    plain: bool = False
    figure: str = "ours"
    miss: str = "see docs/performance.md; other load on the machine shows most in small figures"


_POST: Final = "httpx.post(json=...) with b64encode"
_LOOP: Final = "asyncio and bare httpx, a poll every 5 s"
_LISTED: Final[dict[str, Any]] = {"speed": 12.0, "rounds": 1, "size": 2000}
_ALONE: Final[dict[str, Any]] = {"speed": 4.0, "rounds": 1, "size": 2000}
"""Slower: the sandbox answers each question in the same process, and has to keep up."""
_FILE: Final[dict[str, Any]] = {
    "size": 100,
    "gateway": ("--duration", "0", "--file", "100000000"),
    "miss": "on loopback the network costs nothing, so the flush to the disk may show",
}

CASES: Final[tuple[Case, ...]] = (
    Case(
        name="upload_cpu",
        unit="ms",
        ours="upload_cpu",
        baseline="upload_cpu_bare",
        baseline_name=_POST,
        goal=0.15,
        size=10,
        miss="without pybase64 (extra [fast]) the goal is that of upload_cpu:plain",
    ),
    Case(
        name="upload_cpu:plain",
        unit="ms",
        ours="upload_cpu",
        baseline="upload_cpu_bare",
        baseline_name=_POST,
        goal=0.35,
        size=10,
        plain=True,
    ),
    Case(
        name="upload_memory",
        unit="MiB",
        ours="upload_memory",
        baseline="upload_memory_bare",
        baseline_name=_POST,
        goal=4.0,
        of="ours",
        size=10,
        rounds=3,
    ),
    Case(
        name="upload_memory:40",
        unit="MiB",
        ours="upload_memory",
        baseline="upload_memory_bare",
        baseline_name=_POST,
        goal=4.0,
        of="ours",
        size=40,
        rounds=3,
    ),
    Case(
        name="import_time",
        unit="ms",
        ours="import_checked",
        baseline="import_httpx",
        baseline_name="import httpx",
        goal=0.75,
    ),
    Case(
        name="import_time:package",
        unit="ms",
        ours="import_package",
        baseline="import_httpx",
        baseline_name="import httpx",
        goal=0.10,
    ),
    Case(
        name="create_cpu",
        unit="us",
        ours="create_cpu",
        baseline="create_cpu_bare",
        baseline_name="httpx.Client().post",
        goal=1.25,
        size=1500,
        rounds=7,
    ),
    Case(
        name="poll_cpu",
        unit="us",
        ours="poll_cpu",
        baseline="poll_cpu_bare",
        baseline_name="httpx.Client().get",
        goal=1.25,
        size=1500,
        rounds=7,
    ),
    Case(
        name="fleet_requests",
        unit="polls/job",
        ours="fleet_polls_list",
        baseline=None,
        baseline_name="a poll every 5 s",
        goal=0.05,
        **_LISTED,
    ),
    Case(
        name="fleet_requests:lateness",
        unit="% of duration",
        ours="fleet_polls_list",
        baseline=None,
        baseline_name="a poll every 5 s",
        goal=8.0,
        of="ours",
        figure="late",
        **_LISTED,
    ),
    Case(
        name="fleet_requests:each",
        unit="polls/job",
        ours="fleet_polls_each",
        baseline=None,
        baseline_name="a poll every 5 s",
        goal=0.35,
        **_ALONE,
    ),
    Case(
        name="fleet_requests:each-lateness",
        unit="% of duration",
        ours="fleet_polls_each",
        baseline=None,
        baseline_name="a poll every 5 s",
        goal=8.0,
        of="ours",
        figure="late",
        **_ALONE,
    ),
    Case(
        name="fleet_cpu",
        unit="ms/job",
        ours="fleet_cpu",
        baseline="fleet_cpu_bare",
        baseline_name=_LOOP,
        goal=0.30,
        size=120,
        speed=20.0,
        rounds=2,
    ),
    Case(
        name="fleet_memory",
        unit="KiB/job",
        ours="fleet_memory",
        baseline="fleet_memory_bare",
        baseline_name="an asyncio task for each job, bare httpx",
        goal=4.0,
        of="ours",
        size=10_000,
        rounds=1,
        gateway=("--duration", "1e9"),
    ),
    Case(
        name="download",
        unit="MB/s",
        ours="download",
        baseline="download_bare",
        baseline_name="httpx.Client().stream to a file",
        goal=0.95,
        at_least=True,
        **_FILE,
    ),
    Case(
        name="download:async",
        unit="MB/s",
        ours="download_async",
        baseline="download_async_bare",
        baseline_name="httpx.AsyncClient().stream to a file",
        goal=0.95,
        at_least=True,
        **_FILE,
    ),
    Case(
        name="mask_draw",
        unit="ms",
        ours="mask_draw",
        baseline="mask_draw_bare",
        baseline_name="Pillow: polygon, line, save",
        goal=1.3,
        size=6,
        rounds=3,
    ),
)

PEERS: Final = ("fal_client", "runwayml", "lumaai", "replicate", "comfy_sdk")
"""Clients of the field whose import is measured too, where they are installed."""

_SMALL: Final = {"upload_cpu": 1, "upload_memory": 1, "create_cpu": 5, "poll_cpu": 5}


def smallest(case: Case) -> Case:
    """The case at a size that shows nothing but that it runs."""
    size = _SMALL.get(case.name.partition(":")[0], 1 if case.name == "mask_draw" else 6)
    speed = 400.0 if case.name.startswith("fleet") and case.speed > 1 else case.speed
    gateway = tuple("1000000" if option == "100000000" else option for option in case.gateway)
    size = 40 if case.name == "fleet_memory" else size
    return evolve(case, size=size, rounds=1, speed=speed, gateway=gateway)
