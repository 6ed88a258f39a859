"""Makes the blocking twins of the files that are written with ``await``.

Usage:
    python scripts/unasync.py            # write them
    python scripts/unasync.py --check    # say which are not what this script makes of their source

The same idea as httpcore's ``unasync.py``: the asynchronous file is the source, a short list of
substitutions makes the blocking one, and a check keeps anybody from editing the result.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOM = ROOT / "kling_facade" / "client"
PAIRS = {
    "async_job.py": "job.py",
    "async_kling.py": "kling.py",
    "async_resume.py": "resume.py",
    "awaited_session.py": "blocking_session.py",
}
SUBSTITUTIONS = (
    # Calls that a blocking client makes directly.
    (r"await in_thread\(([\w.]+)(, .+?)?\)\n", r"\1()\n"),
    # Sentences that are true of one of them only.
    (r"\n# The blocking twin, .+\n", ""),
    (r" It may be a\s+coroutine function\.", ""),
    (r" Runs on\s+asyncio\.", ""),
    (r"threads and event loops", "threads"),
    (r"A client of one gateway, with ``await``", "A blocking client of one gateway"),
    (r"Its methods are awaited", "Its methods block"),
    (r"flows are driven with ``await``", "flows are driven by blocking"),
    # Words of the language.
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\b__a(enter|exit|iter|next)__", r"__\1__"),
    (r"\ba(close|closing|iter|next)\b", r"\1"),
    (r"\basynccontextmanager\b", "contextmanager"),
    # Names.
    (r"\bAsync([A-Z]\w+)", r"\1"),
    (r"\bAwaited", "Blocking"),
    (r"\bLoopConnections", "Connections"),
    (r"\bawaited_", "blocking_"),
    (r"async_", ""),
    (r"_async\b", ""),
)


def blocking(source: str, name: str) -> str:
    """The blocking twin of a file's text."""
    for pattern, replacement in SUBSTITUTIONS:
        source = re.sub(pattern, replacement, source)
    return _in_order(f"# Made from {name} by scripts/unasync.py: edit that one.\n{source}")


def _in_order(text: str) -> str:
    """The text with sorted imports, formatted."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    for command in (["check", "--select", "I,F401", "--fix-only", "-q"], ["format", "-q"]):
        stdin = [ruff, *command, "--stdin-filename", str(ROOM / "made.py"), "-"]
        text = subprocess.run(stdin, input=text, capture_output=True, text=True, check=True).stdout
    return text


def main(arguments: list[str]) -> int:
    """Writes or checks every pair."""
    stale = []
    for name, target in PAIRS.items():
        made, path = blocking((ROOM / name).read_text("utf-8"), name), ROOM / target
        if "--check" not in arguments:
            path.write_text(made, "utf-8")
        elif not path.is_file() or path.read_text("utf-8") != made:
            stale.append(str(path.relative_to(ROOT)))
    for path_name in stale:
        print(f"{path_name} is not what scripts/unasync.py makes of its source", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
