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
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from .._version import __version__
from ..errors import InvalidRequest, KlingError, OutcomeUnknown
from ..jobs.effects import Progress

if TYPE_CHECKING:
    from ..builders.pictures.picture import Picture
    from ..client.job import Job
    from ..client.kling import Kling
    from ..requests.image_to_video import ImageToVideo

__all__ = ["main"]

_UNKNOWN_OUTCOME: Final = 3
_INTERRUPTED: Final = 130
_DEMO_PROMPT: Final = "the fox looks up, the leaves tremble in the wind"
_OWN_PROMPT: Final = "a gentle, natural movement"


# --- saying how it goes --------------------------------------------------------------------------


class ProgressLine:
    """One line that tells how a wait stands: rewritten on a terminal, else printed on news."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._last = ""

    def __call__(self, progress: Progress) -> None:
        """Shows the newest state; ``on_update`` of `Job.wait`."""
        news = f"{progress.task.state}{progress.trouble or ''}"
        if self._live:
            self._stream.write(f"\r\033[K{progress}")
            self._stream.flush()
        elif news != self._last:
            print(progress, file=self._stream, flush=True)
        self._last = news

    def say(self, text: str) -> None:
        """A line of its own."""
        self.end()
        print(text, file=self._stream, flush=True)

    def end(self) -> None:
        """Leaves the rewritten line."""
        if self._live and self._last:
            self._stream.write("\n")
            self._last = ""


# --- the request from the command line -----------------------------------------------------------


def _add_request(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", help="the picture: a JPEG or PNG file, or an http(s) address")
    film = parser.add_argument_group("the film")
    film.add_argument("--prompt", default="", metavar="TEXT", help="what happens")
    film.add_argument("--negative-prompt", default="", metavar="TEXT", help="what must not be seen")
    film.add_argument("--model", metavar="NAME", help="which model films (default: kling-v2-6)")
    film.add_argument("--mode", default="std", choices=["std", "pro", "4k"], help="default: std")
    film.add_argument(
        "--duration", type=int, default=5, metavar="SECONDS", help="5 or 10; kling-v3: 3 to 15"
    )
    film.add_argument("--cfg-scale", type=float, metavar="0..1", help="closeness to the prompt")
    film.add_argument("--image-tail", metavar="IMAGE", help="the picture the film ends on")
    film.add_argument(
        "--camera",
        metavar="MOVE:STRENGTH",
        help="a camera move such as zoom-in:4, truck-left:8, forward-up; 'help' lists them",
    )
    film.add_argument(
        "--hold", action="append", default=[], metavar="MASK", help="hold still what is white there"
    )
    film.add_argument(
        "--move",
        action="append",
        default=[],
        metavar="MASK=PATH",
        help="move what is white there along an SVG path: --move car.png='M 100 500 L 900 480'",
    )
    film.add_argument("--sound", action="store_true", default=None, help="with sound")
    film.add_argument(
        "--voice", action="append", default=[], metavar="ID", help="voice for <<<voice_1>>>, ..."
    )
    rules = parser.add_argument_group("rules")
    rules.add_argument(
        "--fit", action="store_true", help="turn, scale and convert the picture as needed; says how"
    )
    rules.add_argument(
        "--allow", action="append", default=[], metavar="RULE", help="let a capability rule through"
    )
    rules.add_argument(
        "--catalog", metavar="TOML", help="what models can and cost, laid over the bundled table"
    )
    rules.add_argument("--external-task-id", metavar="ID", help="your own id of the job")
    rules.add_argument("--callback-url", metavar="URL", help="told of each change of the job")


def _request(options: argparse.Namespace, out: ProgressLine) -> ImageToVideo:
    from ..builders.values import DEFAULT_MODEL
    from ..requests.image_to_video import ImageToVideo

    picture = _picture(options.image, fit=options.fit, out=out)
    tail = options.image_tail and _picture(options.image_tail, fit=options.fit, out=out)
    return ImageToVideo(
        picture,
        prompt=options.prompt,
        negative_prompt=options.negative_prompt,
        model=options.model or DEFAULT_MODEL,
        mode=options.mode,
        duration=options.duration,
        cfg_scale=options.cfg_scale,
        image_tail=tail or None,
        camera=_camera(options.camera),
        motion_brush=_brush(picture, options.hold, options.move),
        voices=options.voice,
        sound=options.sound,
        allow=options.allow,
        external_task_id=options.external_task_id,
        callback_url=options.callback_url,
    )


def _picture(source: str, *, fit: bool, out: ProgressLine) -> Picture:
    from ..builders.pictures.picture import Picture

    picture = Picture.of(source)
    if not fit or picture.url is not None:
        return picture
    from ..builders.pictures.fit import fit as make_fit

    fitted = make_fit(picture)
    for step in fitted.steps:
        out.say(f"fit: {step}")
    return fitted.picture


def _camera(text: str | None) -> Any:
    if text is None:
        return None
    from ..builders import camera

    return camera.parse(text)


def _brush(picture: Picture, holds: Sequence[str], moves: Sequence[str]) -> Any:
    if not holds and not moves:
        return None
    from ..builders import paths, regions
    from ..builders.motion import MotionBrush

    brush = MotionBrush.over(picture)
    for mask in holds:
        brush = brush.hold(regions.painted(mask, name=Path(mask).stem))
    for item in moves:
        mask, separator, drawing = item.partition("=")
        if not separator:
            raise InvalidRequest(
                f"--move {item!r} names no path", hint="--move car.png='M 100 500 L 900 480'"
            )
        region = regions.painted(mask, name=Path(mask).stem)
        brush = brush.move(region, along=paths.svg(drawing))
    return brush


# --- the commands --------------------------------------------------------------------------------


def _client(options: argparse.Namespace) -> Kling:
    from ..client.kling import Kling

    return Kling(base_url=options.base_url, catalog=getattr(options, "catalog", None))


def _generate(options: argparse.Namespace, out: ProgressLine) -> None:
    from ..jobs.destination import ready_destination

    request = _request(options, out)
    ready_destination(options.to, options.exist)
    with _client(options) as kling, _advice_as_lines(out):
        kling._check_price(request, options.max_units)
        job = kling.submit(request)
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
    from ..rules.catalog import Catalog

    request = _request(options, out)
    catalog = Catalog.load(options.catalog) if options.catalog else None
    problems = request.problems(catalog)
    for problem in problems:
        print(problem)
    print(request.cost(catalog=catalog))
    if any(problem.severity != "advice" for problem in problems):
        raise InvalidRequest("the request would be refused: nothing was sent")
    print("nothing forbids this request" + (", see the advice above" if problems else ""))


def _preview(options: argparse.Namespace, out: ProgressLine) -> None:
    request = _request(options, out)
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
    """By either id: ours begin with ``kf-`` unless the user chose them."""
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
    from ..sandbox.__main__ import main as serve

    return serve(options.arguments)


def _demo(options: argparse.Namespace, out: ProgressLine) -> None:
    from ..client.kling import Kling
    from ..limits import PollPlan
    from ..sandbox import Sandbox

    with Sandbox(speed=options.speed, eager=True) as sandbox, _advice_as_lines(out):
        out.say(f"sandbox gateway on {sandbox.base_url}, {options.speed:g} times as fast as life")
        request = _demo_request(options, sandbox, out)
        poll = PollPlan(first=0.5, growth=1.2, cap=2.0)
        with Kling(sandbox.api_key, base_url=sandbox.base_url, poll=poll) as kling:
            job = kling.submit(request)
            out.say(f"job {job.task_id} accepted")
            _finish(job, options, out)
    _say_next(options)


def _demo_request(options: argparse.Namespace, sandbox: Any, out: ProgressLine) -> ImageToVideo:
    from ..requests.image_to_video import ImageToVideo

    if options.image:
        source: Any = _picture(options.image, fit=True, out=out)
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
        duration=options.duration,
        camera=_camera(options.camera),
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


@contextmanager
def _advice_as_lines(out: ProgressLine) -> Iterator[None]:
    """Shows advice as plain lines, without the place in our code that Python adds."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *rest: out.say(f"note: {message}")
        yield


# --- the command line ----------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kling",
        description="Turn a picture into a video with Kling's image-to-video API.",
        epilog="The key is taken from KLING_API_KEY, the gateway from KLING_BASE_URL. "
        "'kling demo' needs neither. 'kling COMMAND --help' says more.",
    )
    parser.add_argument("--version", action="version", version=f"kling-facade {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = _command(commands, "demo", _demo, "a film on this machine: no account, no network")
    demo.add_argument("--image", metavar="FILE", help="a picture of yours (default: a sample)")
    demo.add_argument("--prompt", default="", metavar="TEXT", help="what happens")
    demo.add_argument("--camera", default="zoom-in:4", metavar="MOVE:STRENGTH", help="camera move")
    demo.add_argument("--duration", type=int, default=5, choices=[5], help=argparse.SUPPRESS)
    demo.add_argument("--speed", type=float, default=60.0, help="times as fast as life")
    _add_result(demo, default="demo.mp4", exist="overwrite")

    generate = _command(commands, "generate", _generate, "submit, wait and download: costs money")
    _add_request(generate)
    _add_result(generate)
    generate.add_argument("--max-units", type=float, metavar="N", help="refuse what costs more")
    _add_gateway(generate)

    check = _command(commands, "check", _check, "say what is wrong with a request; sends nothing")
    _add_request(check)

    preview = _command(commands, "preview", _preview, "draw what a request will do; sends nothing")
    _add_request(preview)
    preview.add_argument("--to", required=True, type=Path, metavar="PNG", help="the drawing")
    preview.add_argument("--frames", type=int, metavar="N", help="a storyboard of N frames")

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

    sandbox = _command(commands, "sandbox", _sandbox, "run the sandbox gateway until Ctrl-C")
    sandbox.add_argument("arguments", nargs=argparse.REMAINDER, help="see: kling sandbox -- --help")
    return parser


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}."
    )
    parser.set_defaults(run=run)
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: The command line without the program's name; left out, the real one.

    Returns:
        The exit code; see the module's text.
    """
    options = _parser().parse_args(arguments)
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
