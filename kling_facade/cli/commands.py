"""The command ``kling``: the library's main ways from a shell.

    kling demo                                     a film on this machine, no account needed
    kling check fox.png --camera zoom-in:4         what is wrong with a request, and what it costs
    kling generate fox.png --to fox.mp4            submit, wait, download

The key comes from ``KLING_API_KEY`` and never from the command line, where other users of a machine
could read it. Exit codes: 0 done; 1 failed; 2 the command line is wrong; 3 a job may exist and cost
money although it could not be confirmed; 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .._version import __version__
from ..errors import InvalidRequest, KlingError, OutcomeUnknown
from .did_you_mean import Parser
from .progress import ProgressLine
from .request_options import (
    add_request_options,
    camera_move,
    catalog_in_use,
    fitted,
    gateway_is_here,
    read_request,
)

if TYPE_CHECKING:
    from ..client.job import Job
    from ..client.kling import Kling
    from ..requests.image_to_video import ImageToVideo
    from ..sandbox import Sandbox

__all__ = ["main"]

_UNKNOWN_OUTCOME: Final = 3
_INTERRUPTED: Final = 130
_DEMO_PROMPT: Final = "the fox looks up, the leaves tremble in the wind"
_OWN_PROMPT: Final = "a gentle, natural movement"

Run: TypeAlias = Callable[[argparse.Namespace, ProgressLine], "int | None"]


# --- the commands --------------------------------------------------------------------------------


def _client(options: argparse.Namespace) -> Kling:
    from ..client.kling import Kling

    return Kling(base_url=options.base_url, catalog=getattr(options, "catalog", None))


def _generate(options: argparse.Namespace, out: ProgressLine) -> None:
    from ..jobs.destination import ready_destination

    request = read_request(options, out.say)
    # Before the job is paid for: a film that can't be stored would be lost.
    ready_destination(options.to, options.exist)
    with _client(options) as kling, out.advice_as_notes():
        job = kling.submit(request, max_units=options.max_units)
        out.say(f"job {job.task_id} accepted (external id {job.external_task_id})")
        _finish(job, options, out)


def _finish(job: Job, options: argparse.Namespace, out: ProgressLine) -> None:
    job.wait(options.timeout, on_update=out)
    out.say("downloading")
    video = job.download(options.to, exist=options.exist)
    units = job.task.units if job.task else None
    out.say(f"{video.size:,} bytes" + (f", {units} units" if units is not None else ""))
    print(video.path)


def _check(options: argparse.Namespace, out: ProgressLine) -> None:
    request = read_request(options, out.say)
    catalog = catalog_in_use(options)
    problems = request.problems(catalog, on_loopback=gateway_is_here(options))
    for problem in problems:
        print(problem)
    print(request.cost(catalog=catalog))
    if any(problem.severity != "advice" for problem in problems):
        raise InvalidRequest("the request would be refused: nothing was sent")
    print("nothing forbids this request" + (", see the advice above" if problems else ""))


def _preview(options: argparse.Namespace, out: ProgressLine) -> None:
    request = read_request(options, out.say)
    drawn = request.storyboard(options.frames) if options.frames else request.preview()
    drawn.save(options.to)
    print(options.to)


def _status(options: argparse.Namespace, out: ProgressLine) -> None:
    with _client(options) as kling:
        job = _job(kling, options.id).refresh()
        print(job.task)
        for video in job.task.videos if job.task else ():
            print(f"  {video.duration or '?'} s  {video.url}")


def _download(options: argparse.Namespace, out: ProgressLine) -> None:
    with _client(options) as kling:
        _finish(_job(kling, options.id), options, out)


def _job(kling: Kling, text: str) -> Job:
    """A job by either id: those that the library makes begin with ``kf-``."""
    return kling.job(external_task_id=text) if text.startswith("kf-") else kling.job(text)


def _jobs(options: argparse.Namespace, out: ProgressLine) -> None:
    with _client(options) as kling:
        for number, job in enumerate(kling.jobs(page_size=min(options.most, 500)), 1):
            created = job.task.created_at if job.task else None
            when = f"{created:%Y-%m-%d %H:%M:%S}" if created else "-"
            print(f"{job.task_id}  {job.state:<10}  {when}  {job.external_task_id or ''}".rstrip())
            if number == options.most:
                return


def _sandbox(options: argparse.Namespace, out: ProgressLine) -> int:
    from ..sandbox.options import settings
    from ..sandbox.serve import serve

    return serve(settings(options))


def _demo(options: argparse.Namespace, out: ProgressLine) -> None:
    from ..sandbox import Sandbox

    with Sandbox(speed=options.speed, eager=True) as sandbox, out.advice_as_notes():
        out.say(f"sandbox gateway on {sandbox.base_url}, {options.speed:g} times as fast as life")
        request = _demo_request(options, out)
        with _demo_client(sandbox) as kling:
            job = kling.submit(request)
            out.say(f"job {job.task_id} accepted")
            _finish(job, options, out)
    _say_next(options)


def _demo_client(sandbox: Sandbox) -> Kling:
    """A client that asks often and heeds no proxy: everything stays on this machine."""
    from ..client.kling import Kling
    from ..limits import PollPlan

    poll = PollPlan(first=0.5, growth=1.2, cap=2.0)
    return Kling(sandbox.api_key, base_url=sandbox.base_url, poll=poll, trust_env=False)


def _demo_request(options: argparse.Namespace, out: ProgressLine) -> ImageToVideo:
    from ..requests.image_to_video import ImageToVideo

    if options.image:
        source: Any = fitted(options.image, out.say)
        out.say(f"picture: {options.image}")
    else:
        from ..sandbox.sample import sample_png

        source = sample_png()
        out.say("picture: the project's own sample, 1280x720")
    return ImageToVideo(
        source,
        prompt=options.prompt or (_OWN_PROMPT if options.image else _DEMO_PROMPT),
        model="kling-v1-5",  # the model that films a single camera move
        mode="pro",
        duration=5,  # the only duration for which it takes a camera move
        camera=camera_move(options.camera),
    )


def _say_next(options: argparse.Namespace) -> None:
    picture = shlex.quote(options.image or "your-picture.jpg")
    request = f"{picture} --fit --prompt {shlex.quote(options.prompt or _OWN_PROMPT)}"
    kling = _command_here()
    print(
        f"\nThe same against the real gateway (a job there costs money):\n\n"
        f"    export KLING_API_KEY=...      # and KLING_BASE_URL=..., if yours is another gateway\n"
        f"    {kling} check {request}\n"
        f"    {kling} generate {request} --to film.mp4"
    )


def _command_here() -> str:
    """``kling`` as it can be typed here: it may lie in a virtual environment."""
    beside = Path(sys.executable).with_name("kling")
    try:
        return str(beside.relative_to(Path.cwd())) if beside.exists() else "kling"
    except ValueError:
        return str(beside)


# --- the command line ----------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="kling",
        description="Turn a picture into a video with Kling's image-to-video API.",
        epilog="The key is taken from KLING_API_KEY, the gateway from KLING_BASE_URL. "
        "'kling demo' needs neither. 'kling COMMAND --help' says more.",
    )
    parser.add_argument("--version", action="version", version=f"kling-facade {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    _add_demo(commands)
    _add_request_commands(commands)
    _add_job_commands(commands)
    _add_sandbox(commands)
    return parser


def _add_demo(commands: Any) -> None:
    demo = _command(commands, "demo", _demo, "a film on this machine: no account, no network")
    demo.add_argument("--image", metavar="FILE", help="a picture of yours (default: a sample)")
    demo.add_argument("--prompt", default="", metavar="TEXT", help="what happens")
    demo.add_argument("--camera", default="zoom-in:4", metavar="MOVE:STRENGTH", help="camera move")
    demo.add_argument("--speed", type=float, default=60.0, help="times as fast as life")
    _add_result(demo, default="demo.mp4", exist="overwrite")


def _add_request_commands(commands: Any) -> None:
    generate = _command(commands, "generate", _generate, "submit, wait and download: costs money")
    add_request_options(generate)
    _add_result(generate)
    generate.add_argument("--max-units", type=float, metavar="N", help="refuse what costs more")
    _add_gateway(generate)

    check = _command(commands, "check", _check, "say what is wrong with a request; sends nothing")
    add_request_options(check)
    _add_gateway(check)

    preview = _command(commands, "preview", _preview, "draw what a request will do; sends nothing")
    add_request_options(preview)
    preview.add_argument("--to", required=True, type=Path, metavar="PNG", help="the drawing")
    preview.add_argument("--frames", type=int, metavar="N", help="a storyboard of N frames")


def _add_job_commands(commands: Any) -> None:
    status = _command(commands, "status", _status, "where a job stands")
    status.add_argument("id", help="the gateway's id, or ours (kf-...)")
    _add_gateway(status)

    download = _command(commands, "download", _download, "wait for a job and store its video")
    download.add_argument("id", help="the gateway's id, or ours (kf-...)")
    _add_result(download)
    _add_gateway(download)

    jobs = _command(commands, "jobs", _jobs, "list the account's jobs")
    jobs.add_argument("--most", type=int, default=30, metavar="N", help="how many (default: 30)")
    _add_gateway(jobs)


def _add_sandbox(commands: Any) -> None:
    from ..sandbox.options import DESCRIPTION, add_options

    sandbox = _command(commands, "sandbox", _sandbox, "run the sandbox gateway until Ctrl-C")
    sandbox.description = DESCRIPTION
    add_options(sandbox)


def _command(commands: Any, name: str, run: Run, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}."
    )
    parser.set_defaults(run=run, parser=parser)
    return parser


def _add_result(
    parser: argparse.ArgumentParser, default: str | None = None, exist: str = "error"
) -> None:
    result = parser.add_argument_group("the result")
    result.add_argument(
        "--to",
        type=Path,
        default=default,
        required=default is None,
        metavar="FILE",
        help="where the video goes" + (f" (default: {default})" if default else ""),
    )
    result.add_argument(
        "--exist",
        choices=["error", "skip", "overwrite"],
        default=exist,
        help=f"when that file is there already (default: {exist})",
    )
    result.add_argument("--timeout", type=float, metavar="SECONDS", help="longest wait for the job")


def _add_gateway(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base-url", metavar="URL", help="the gateway (default: KLING_BASE_URL, else the page's)"
    )


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    words = list(arguments)
    if words[:2] == ["sandbox", "--"]:
        del words[1]  # 'kling sandbox -- --port 0' is the same as 'kling sandbox --port 0'
    options, unknown = _parser().parse_known_args(words)
    if unknown:
        # The parser of the command knows which of its options is meant; the outer one does not.
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: The command line without the program's name; left out, the real one.

    Returns:
        The exit code; see the module's text.
    """
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    out = ProgressLine(sys.stderr)
    try:
        return options.run(options, out) or 0
    except KlingError as error:
        out.say(f"error: {error}")
        return _UNKNOWN_OUTCOME if isinstance(error, OutcomeUnknown) else 1
    except KeyboardInterrupt as error:
        out.say("interrupted")
        for note in getattr(error, "__notes__", ()):
            out.say(note)
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not try to flush it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
