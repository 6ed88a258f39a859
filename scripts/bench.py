"""Measure what the library costs, each figure against its baseline in the same run.

    python scripts/bench.py                        all figures, as a table
    python scripts/bench.py --only upload_cpu      one figure, or several: --only a --only b
    python scripts/bench.py --json > bench.json    rows for machines
    python scripts/bench.py --peers                and imports of other clients that are installed
    python scripts/bench.py --list                 names and goals, nothing is measured

Each side of each case runs in a fresh process against a gateway in another one, in turns, several
rounds; the ratio is the median of the rounds' ratios, so that a busy moment of the machine does not
count. CPU and peak memory are the operating system's. Progress goes to standard error. The exit
code is 0 when every goal is met, 2 when one is missed: a missed goal is reported, with why.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, PEERS, Case, smallest

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parent


def _environment() -> dict[str, str]:
    """This process's, with our packages first on the path, and no key or proxy in it."""
    path = os.pathsep.join(map(str, (_ROOT, _ROOT / "generated", _HERE)))
    kept = {k: v for k, v in os.environ.items() if not k.upper().endswith("_PROXY")}
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""}


@contextmanager
def _gateway(case: Case) -> Iterator[str]:
    """A gateway in a process of its own; gives its address."""
    command = [sys.executable, "-m", "benchmarks.gateway", "--speed", str(case.speed)]
    process = subprocess.Popen(
        [*command, *case.gateway],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def _measure(case: Case, piece: str) -> Any:
    """One side of a case, once, in a fresh process."""
    with _gateway(case) as url, tempfile.TemporaryDirectory() as folder:
        setting = {
            "url": url,
            "folder": folder,
            "size": case.size,
            "speed": case.speed,
            "plain": case.plain,
        }
        command = [sys.executable, "-m", "benchmarks.pieces", piece, json.dumps(setting)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, env=_environment()
        )
        return json.loads(done.stdout.splitlines()[-1])


class Bench:
    """Measures cases; a piece that serves several cases is run once for all of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Any] = {}

    def row(self, case: Case) -> dict[str, Any]:
        """The figures of a case, and whether its goal is met."""
        try:
            rounds = [self._round(case, number) for number in range(case.rounds)]
        except subprocess.CalledProcessError as error:
            return _failed(case, f"it could not be measured: exit code {error.returncode}")
        ours = statistics.median(ours for ours, _ in rounds)
        baseline = statistics.median(base for _, base in rounds)
        ratio = statistics.median(ours / base for ours, base in rounds)
        bounded = ratio if case.of == "ratio" else ours
        met = bounded >= case.goal if case.at_least else bounded <= case.goal
        sign = ">=" if case.at_least else "<="
        row = {
            "name": case.name,
            "unit": case.unit,
            "ours": round(ours, 4),
            "baseline": round(baseline, 4),
            "baseline_name": case.baseline_name,
            "ratio": round(ratio, 4),
            "goal": f"{case.of} {sign} {case.goal:g}",
            "met": met,
        }
        return row if met else {**row, "why": case.miss}

    def _round(self, case: Case, number: int) -> tuple[float, float]:
        _say(f"{case.name}: round {number + 1} of {case.rounds}")
        if case.baseline is None:
            key = (case.ours, case.size, case.speed, number)
            if key not in self._known:
                self._known[key] = _measure(case, case.ours)
            figures = self._known[key]
            if case.figure == "ours":
                return figures["ours"], figures["baseline"]
            return figures[case.figure], 100 * 2.5 / 164
        sides = [case.ours, case.baseline]
        if number % 2:
            sides.reverse()
        found = {side: _measure(case, side) for side in sides}
        return found[case.ours], found[case.baseline]


def _failed(case: Case, why: str) -> dict[str, Any]:
    """A row without figures."""
    nothing = {"ours": 0.0, "baseline": 0.0, "baseline_name": case.baseline_name, "ratio": 0.0}
    goal = {"goal": f"{case.of} {case.goal:g}", "met": False, "why": why}
    return {"name": case.name, "unit": case.unit, **nothing, **goal}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _peers() -> Iterator[dict[str, Any]]:
    """Other clients of the field, where they are installed: their imports, and an upload."""
    for name in PEERS:
        found = subprocess.run(
            [sys.executable, "-c", f"import {name}"], stderr=subprocess.DEVNULL, check=False
        )
        if found.returncode:
            _say(f"{name}: not installed")
            continue
        yield _stated(f"peer_import:{name}", "ms", f"import {name}", "import_client", name)
        if name == "runwayml":
            against = "RunwayML().image_to_video.create"
            yield _stated(
                "peer_upload:runwayml", "ms", against, "upload_cpu", "upload_cpu_runwayml"
            )


def _stated(name: str, unit: str, against: str, ours: str, theirs: str) -> dict[str, Any]:
    """A row without a goal."""
    case = Case(
        name=name,
        unit=unit,
        ours=ours,
        baseline=f"import_{theirs}" if ours == "import_client" else theirs,
        baseline_name=against,
        goal=float("inf"),
        size=10,
        rounds=3,
    )
    return {**Bench().row(case), "goal": "stated"}


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| name | unit | ours | baseline | ratio | goal | met | against |",
        "|---|---|--:|--:|--:|---|---|---|",
    ]
    for row in rows:
        met = "yes" if row["met"] else f"**no**: {row['why']}"
        lines.append(
            f"| {row['name']} | {row['unit']} | {row['ours']:.4g} | {row['baseline']:.4g} | "
            f"{row['ratio']:.3g} | {row['goal']} | {met} | {row['baseline_name']} |"
        )
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print rows as JSON")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="measure this one; with its variants"
    )
    parser.add_argument("--peers", action="store_true", help="other clients' imports as well")
    parser.add_argument("--list", action="store_true", help="print names and goals only")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each case")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes: shows that it runs")
    return parser


def _chosen(only: list[str] | None) -> list[Case]:
    names = {name for case in CASES for name in (case.name, case.name.partition(":")[0])}
    if unknown := sorted(set(only or ()) - names):
        raise SystemExit(f"bench: no case is called {', '.join(unknown)}; see --list")
    return [
        case
        for case in CASES
        if not only or case.name in only or case.name.partition(":")[0] in only
    ]


def main(argv: list[str] | None = None) -> int:
    """Run the command."""
    args = _parser().parse_args(argv)
    cases = _chosen(args.only)
    if args.list:
        for case in cases:
            sign = ">=" if case.at_least else "<="
            print(f"{case.name}: {case.of} {sign} {case.goal:g}, against {case.baseline_name}")
        return 0
    bench, rows = Bench(), []
    for case in cases:
        sized = smallest(case) if args.smoke else case
        if args.rounds:
            from attrs import evolve

            sized = evolve(sized, rounds=args.rounds)
        rows.append(bench.row(sized))
    if args.peers:
        rows += _peers()
    print(json.dumps(rows, indent=1) if args.json else _table(rows))
    _say(f"{platform.python_implementation()} {platform.python_version()}, {platform.platform()}")
    return 0 if all(row["met"] for row in rows) else 2


if __name__ == "__main__":
    sys.exit(main())
