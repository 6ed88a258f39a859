"""Simulate when to ask for a job's state, in virtual time, and draw what it costs.

    python scripts/poll_plan.py                    the table of plans
    python scripts/poll_plan.py --svg FILE         and the picture of the trade-off

Durations are drawn from the distribution in `benchmarks.durations`; each plan waits for the same
jobs with the library's own ``wait`` flow, in a world where time passes only when the flow sleeps.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from benchmarks.durations import MEAN, draw

from kling_facade.gateway.job_id import Ids
from kling_facade.gateway.task import State, Task
from kling_facade.jobs.effects import Call, Now, Policy, Send, Sleep
from kling_facade.jobs.perform import drive
from kling_facade.jobs.wait import wait
from kling_facade.limits import Limits, PollPlan

_JOBS: Final = 2000
_LATENCY: Final = 0.2
"""Seconds that one question takes."""


@frozen
class Result:
    """What a plan costs and brings.

    Attributes:
        name: What to call it.
        polls: Questions for each job.
        late: Mean seconds from the end of a job to the answer that says so.
        share: Mean of lateness by duration, in percent.
        worst: The 95th percentile of lateness in seconds.
    """

    name: str
    polls: float
    late: float
    share: float
    worst: float


def fixed(seconds: float) -> PollPlan:
    """The same gap for ever."""
    return PollPlan(first=seconds, growth=1.0, cap=seconds, jitter=0.0)


def waited(lasts: float, policy: Policy) -> tuple[int, float]:
    """Questions asked for one job, and when its end was known."""
    now, polls = 0.0, 0
    running = Task("1", State.PROCESSING, "processing")

    def perform(effect: Any) -> Any:
        nonlocal now, polls
        if isinstance(effect, Now):
            return now
        if isinstance(effect, Sleep):
            now += effect.seconds
        if isinstance(effect, Send):
            polls += 1
            over = now >= lasts
            now += _LATENCY
            return _Answer(over)
        return None

    call = Call("get_image_to_video", {"id": "1"})
    drive(wait(call, running, Ids(None, "1"), policy, 1e6), perform)
    return polls, now


class _Answer:
    """An envelope of the generated client, as far as the flow looks at it."""

    def __init__(self, over: bool) -> None:
        from kling_client.models import TaskData

        data: dict[str, Any] = {"task_id": "1", "task_status": "succeed" if over else "processing"}
        if over:
            data["task_result"] = {"videos": [{"url": "https://example.com/v.mp4"}]}
        self.data = TaskData.from_dict(data)


def simulate(name: str, plan: PollPlan, jobs: int = _JOBS, scale: float = 1.0) -> Result:
    """A plan over many jobs.

    Args:
        name: What to call it.
        plan: The plan.
        jobs: How many.
        scale: Shortens or stretches all jobs.
    """
    source = random.Random(1)  # noqa: S311 - the same jobs for every plan
    policy = Policy(limits=Limits(), plan=plan, uniform=random.Random(2).random)  # noqa: S311
    polls, late, share = [], [], []
    for _ in range(jobs):
        lasts = scale * draw(source)
        asked, known = waited(lasts, policy)
        polls.append(asked)
        late.append(known - lasts)
        share.append(100 * (known - lasts) / lasts)
    worst = statistics.quantiles(late, n=20)[-1]
    mean = statistics.fmean
    return Result(name, mean(polls), mean(late), mean(share), worst)


def plans() -> dict[str, PollPlan]:
    """The plans that are compared."""
    others = {f"every {gap} s": fixed(gap) for gap in (5, 10, 16)}
    return {
        **others,
        "5 s x 1.15 to 15 s": PollPlan(first=5, growth=1.15, cap=15, jitter=0.2),
        "5 s x 1.3 to 30 s": PollPlan(first=5, growth=1.3, cap=30, jitter=0.2),
        "ours": PollPlan(),
    }


def table(results: list[Result]) -> str:
    """As Markdown."""
    lines = ["| plan | questions per job | mean lateness | share of duration | 95 % within |"]
    lines.append("|---|--:|--:|--:|--:|")
    lines += [
        f"| {r.name} | {r.polls:.1f} | {r.late:.1f} s | {r.share:.1f} % | {r.worst:.1f} s |"
        for r in results
    ]
    return "\n".join(lines)


def picture(results: list[Result], frontier: list[Result]) -> str:
    """Questions across, lateness upwards: a plan is the better the nearer it lies to the corner."""
    width, height, left, bottom = 640, 400, 60, 50

    def place(result: Result) -> tuple[float, float]:
        x = left + (width - left - 20) * min(result.polls / 36, 1)
        return x, height - bottom - (height - bottom - 20) * min(result.late / 16, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<path d="M{left} 20V{height - bottom}H{width - 20}" fill="none" stroke="#555"/>',
        f'<text x="{width / 2}" y="{height - 12}">questions per job</text>',
        f'<text x="16" y="{height / 2}" transform="rotate(-90 16 {height / 2})">'
        "mean lateness in seconds</text>",
    ]
    for tick in range(0, 36, 5):
        x = left + (width - left - 20) * tick / 36
        parts.append(f'<text x="{x:.0f}" y="{height - bottom + 16}">{tick}</text>')
    for tick in range(0, 17, 4):
        y = height - bottom - (height - bottom - 20) * tick / 16
        parts.append(f'<text x="{left - 26}" y="{y + 4:.0f}">{tick}</text>')
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, frontier))
    parts.append(f'<polyline points="{line}" fill="none" stroke="#bbb" stroke-dasharray="4 3"/>')
    for result in results:
        x, y = place(result)
        colour = "#c2410c" if result.name == "ours" else "#1d4ed8"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{x + 8:.1f}" y="{y - 6:.1f}">{result.name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the trade-off")
    parser.add_argument("--jobs", type=int, default=_JOBS, help="how many jobs each plan waits for")
    args = parser.parse_args(argv)
    results = [simulate(name, plan, args.jobs) for name, plan in plans().items()]
    print(f"jobs with a mean of {MEAN:g} s:\n{table(results)}")
    for scale in (0.25, 3.0):
        found = [simulate(name, plan, args.jobs // 4, scale) for name, plan in plans().items()]
        print(f"\njobs with a mean of {scale * MEAN:g} s:\n{table(found)}")
    if args.svg:
        gaps = (4.5, 5, 6, 7, 8, 10, 12, 14, 16, 20, 25, 30)
        frontier = [simulate("", fixed(gap), args.jobs // 4) for gap in gaps]
        args.svg.write_text(picture(results, frontier), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
