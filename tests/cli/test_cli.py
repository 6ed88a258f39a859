"""The command `kling`, as a person types it."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest
from PIL import Image

from kling_facade.cli import commands as cli
from kling_facade.cli.progress import ProgressLine
from kling_facade.errors import OutcomeUnknown
from kling_facade.gateway.task import State, Task
from kling_facade.jobs.effects import Progress
from kling_facade.sandbox import Sandbox
from kling_facade.sandbox.__main__ import main as serve
from kling_facade.sandbox.sample import sample_png


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A gateway that films small and fast."""
    with Sandbox(speed=5000.0, short_side=120, fps=8) as running:
        yield running


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, picture: bytes) -> Path:
    """A folder with fox.png, and a key and a gateway in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KLING_API_KEY", sandbox.api_key)
    monkeypatch.setenv("KLING_BASE_URL", sandbox.base_url)
    monkeypatch.setattr(
        "kling_facade.limits.PollPlan.gaps", lambda self, uniform: iter([0.05] * 99)
    )
    (tmp_path / "fox.png").write_bytes(picture)
    return tmp_path


@pytest.fixture(scope="module")
def picture() -> bytes:
    """The sample."""
    return sample_png()


def kling(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = cli.main(arguments)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_generate_makes_a_film_and_prints_where_it_lies(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the path goes to standard output; the rest is for people."""
    code, out, err = kling(capsys, "generate", "fox.png", "--prompt", "x", "--to", "v.mp4")
    assert (code, out.strip()) == (0, str(here / "v.mp4"))
    assert "accepted (external id kf-" in err
    with av.open(out.strip()) as film:
        assert film.streams.video[0].frames > 0


def test_check_says_everything_and_sends_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], sandbox: Sandbox
) -> None:
    """Problems with rule and source, the price, and exit code 1 for a refusal."""
    before = len(sandbox.requests)
    code, out, err = kling(capsys, "check", "fox.png", "--camera", "zoom-in:4", "--prompt", "x")
    assert code == 1
    assert "model-camera" in out
    assert "units" in out
    assert "nothing was sent" in err
    code, out, _ = kling(capsys, "check", "fox.png", "--prompt", "x")
    assert code == 0
    assert "nothing forbids this request" in out
    assert len(sandbox.requests) == before


def test_a_job_can_be_looked_up_listed_and_downloaded(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the gateway's id and by ours."""
    _, _, err = kling(capsys, "generate", "fox.png", "--prompt", "x", "--to", "v.mp4")
    line = next(line for line in err.splitlines() if "accepted" in line)
    task_id, external = line.split()[1], line.rstrip(")").split()[-1]
    assert task_id in kling(capsys, "status", external)[1]
    assert "http" in kling(capsys, "status", task_id)[1]
    assert task_id in kling(capsys, "jobs", "--most", "1000")[1]
    assert len(kling(capsys, "jobs", "--most", "1")[1].splitlines()) == 1
    code, out, _ = kling(capsys, "download", task_id, "--to", "w.mp4")
    assert code == 0
    assert Path(out.strip()).read_bytes()[4:8] == b"ftyp"


def test_brush_and_fit_are_reached_from_the_command_line(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A painted mask moves along an SVG path; a turned photograph is made upright, and says so."""
    from PIL import ImageDraw

    mask = Image.new("L", (1280, 720))
    ImageDraw.Draw(mask).ellipse((400, 300, 600, 600), fill=255)
    mask.save("fox-mask.png")
    film = ("--model", "kling-v1-5", "--mode", "pro", "--prompt", "x", "--hold", "fox-mask.png")
    move = ("--move", "fox-mask.png=M 500 450 L 900 450")
    code, _, err = kling(capsys, "generate", "fox.png", "--to", "b.mp4", *film, *move)
    assert code == 0, err
    turned = Image.new("RGB", (640, 400), "red")
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save("photo.jpg", exif=exif)
    code, _, err = kling(capsys, "check", "photo.jpg", "--fit", "--prompt", "x")
    assert code == 0
    assert "fit: " in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate", "none.png", "--to", "v.mp4"], "none.png"),
        (["generate", "fox.png", "--to", "no/v.mp4"], "mkdir"),
        (["generate", "fox.png", "--to", "v.mp4", "--camera", "fly:3"], "zoom-in"),
        (["generate", "fox.png", "--to", "v.mp4", "--move", "mask.png"], "SVG|M 100 500"),
        (
            ["generate", "fox.png", "--to", "v.mp4", "--prompt", "x", "--max-units", "9"],
            "max_units",
        ),
        (["status", "a/b"], "can't be the id"),
        (["status", "123"], "123"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(
    arguments: list[str], words: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, no traceback."""
    code, _, err = kling(capsys, *arguments)
    assert code == 1
    assert err.startswith("error: ")
    assert re.search(words, err)
    assert "Traceback" not in err


def test_a_missing_key_names_the_variable(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first thing a new user meets."""
    monkeypatch.delenv("KLING_API_KEY")
    code, _, err = kling(capsys, "jobs")
    assert code == 1
    assert "KLING_API_KEY" in err


def test_an_unknown_outcome_has_an_exit_code_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script must be able to tell "perhaps paid" from "failed"."""

    def lost(options: object, out: object) -> None:
        raise OutcomeUnknown("lost")

    monkeypatch.setattr(cli, "_jobs", lost)
    assert kling(capsys, "jobs")[0] == 3


def test_an_interruption_says_how_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notes of the exception are shown."""

    def interrupted(options: object, out: object) -> None:
        error = KeyboardInterrupt()
        error.add_note("Go on with it: kling.job('801').wait()")
        raise error

    monkeypatch.setattr(cli, "_jobs", interrupted)
    code, _, err = kling(capsys, "jobs")
    assert code == 130
    assert "kling.job('801').wait()" in err


def test_the_demo_films_a_picture_of_the_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with where the film lies and what to type next, names no key, and heeds no proxy."""
    monkeypatch.chdir(tmp_path)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    Image.linear_gradient("L").resize((400, 300)).convert("RGB").save("photo.jpg")
    arguments = ("demo", "--image", "photo.jpg", "--to", "film.mp4", "--speed", "2000")
    code, out, err = kling(capsys, *arguments)
    assert code == 0, err
    with av.open("film.mp4") as film:
        assert film.streams.video[0].codec_context.name == "h264"
    assert out.splitlines()[0] == str(tmp_path / "film.mp4")
    assert "export KLING_API_KEY=..." in out
    assert "generate photo.jpg" in out


def test_the_demo_says_what_to_do_about_a_picture_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commonest mistake of all."""
    monkeypatch.chdir(tmp_path)
    code, _, err = kling(capsys, "demo", "--image", "nothing.jpg")
    assert code == 1
    assert "nothing.jpg can't be read" in err
    assert "Check the path" in err


def test_the_demo_refuses_a_text_file_named_jpg(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By content, not by name."""
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_text("this is no picture")
    code, _, err = kling(capsys, "demo", "--image", "photo.jpg")
    assert code == 1
    assert "photo.jpg" in err


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_on_a_terminal_and_news_elsewhere() -> None:
    """A log file does not fill with the same state."""
    task = Task("801", State.PROCESSING, "processing")
    steps = [Progress(task, 1.0, 1), Progress(task, 2.0, 2), Progress(task, 3.0, 3, "no answer")]
    terminal, plain = Terminal(), io.StringIO()
    for stream in (terminal, plain):
        line = ProgressLine(stream)
        for step in steps:
            line(step)
        line.say("downloading")
    assert terminal.getvalue().count("\r") == 3
    assert terminal.getvalue().endswith("(still trying: no answer)\ndownloading\n")
    assert len(plain.getvalue().splitlines()) == 3


@pytest.mark.parametrize("command", ["", "demo", "generate", "check", "preview", "status", "jobs"])
def test_help_teaches(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command explains itself and exits well."""
    with pytest.raises(SystemExit) as caught:
        cli.main([*command.split(), "--help"])
    assert caught.value.code == 0
    assert "usage: kling" in capsys.readouterr().out


def test_the_module_runs_as_a_program() -> None:
    """`python -m kling_facade.cli.commands --version`."""
    import subprocess

    shown = subprocess.run(
        [sys.executable, "-m", "kling_facade.cli.commands", "--version"],
        capture_output=True,
        check=True,
    )
    assert shown.stdout.startswith(b"kling-facade ")


# --- did you mean ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["genrate", "fox.png"], "generate"),
        (["generate", "fox.png", "--to", "v.mp4", "--promt", "x"], "--prompt"),
        (["generate", "fox.png", "--to", "v.mp4", "--negativ_prompt=x"], "--negative-prompt"),
        (["check", "fox.png", "--camra", "zoom-in:4"], "--camera"),
        (["generate", "fox.png", "--to", "v.mp4", "--exist", "overwright"], "overwrite"),
        (["sandbox", "--prot", "1"], "--port"),
        (["sandbox", "--", "--sped", "1"], "--speed"),
    ],
)
def test_a_misspelt_word_of_the_command_line_is_named(
    arguments: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the nearest one that there is; exit code 2."""
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert f"Did you mean {meant}?" in capsys.readouterr().err


def test_a_word_that_is_near_to_nothing_is_only_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The control: no guess is better than a wild one."""
    with pytest.raises(SystemExit):
        cli.main(["jobs", "--xyzzy"])
    told = capsys.readouterr().err
    assert "usage: kling jobs" in told
    assert "unrecognized arguments: --xyzzy" in told
    assert "Did you mean" not in told


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        (["--camera", "zoomin:4"], "zoom-in"),
        (["--camera", "pan-lefft:3"], "pan-left"),
        (["--camera", "forwardup"], "forward-up"),
        (["--mode", "professional"], "pro"),
        (["--model", "kling-v2.6"], "kling-v2-6"),
        (["--model", "kling_v3"], "kling-v3"),
    ],
)
def test_a_misspelt_move_model_or_mode_is_named(
    options: list[str], meant: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is sent; exit code 1."""
    code, out, err = kling(capsys, "check", "fox.png", "--prompt", "x", *options)
    assert code == 1
    assert re.search(f"[Dd]id you mean '?{meant}\\b", out + err), out + err


# --- the catalogue in use -------------------------------------------------------------------------


def test_the_limits_are_those_of_the_catalogue_in_use(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mode and a duration that only the user's catalogue knows pass; the bundled one refuses."""
    Path("mine.toml").write_text(
        f"[limits]\nmodes = ['std', 'pro', '4k', '8k']\ndurations = {[*range(3, 16), 20]}\n"
        "[models.kling-v9]\nlisted = true\n"
        "modes = { 8k = [20], source = 'mine', date = '2026-11' }\n"
    )
    film = ("check", "fox.png", "--prompt", "x", "--model", "kling-v9", "--mode", "8k")
    long = ("--duration", "20")
    code, out, _ = kling(capsys, *film, *long, "--catalog", "mine.toml")
    assert "mode-unknown" not in out
    assert "duration-unknown" not in out
    assert code == 0
    code, out, _ = kling(capsys, *film, *long)
    assert code == 1
    assert "mode-unknown" in out
    assert "duration-unknown" in out


def test_fit_goes_by_the_catalogue_in_use(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A picture that only the user's catalogue finds too small is scaled up to its bound."""
    Path("mine.toml").write_text("[limits]\nimage_side = 800\n")
    film = ("check", "fox.png", "--prompt", "x")
    code, out, _ = kling(capsys, *film, "--catalog", "mine.toml")
    assert code == 1
    assert "image-side" in out
    code, out, err = kling(capsys, *film, "--fit", "--catalog", "mine.toml")
    assert code == 0, out
    assert "Scaled up from 1280x720" in err
    assert kling(capsys, *film)[0] == 0  # the control: the bundled catalogue has nothing against it


# --- the sandbox and the demo ---------------------------------------------------------------------


def shown(capsys: pytest.CaptureFixture[str], run: Callable[[], object]) -> str:
    """What a command prints before it exits."""
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 0
    return capsys.readouterr().out


def test_the_sandbox_has_one_help(capsys: pytest.CaptureFixture[str]) -> None:
    """``kling sandbox``, with and without ``--``, and ``python -m kling_facade.sandbox``."""
    plain = shown(capsys, lambda: cli.main(["sandbox", "--help"]))
    assert "--port" in plain
    assert "--slots" in plain
    assert shown(capsys, lambda: cli.main(["sandbox", "--", "--help"])) == plain
    module = shown(capsys, lambda: serve(["--help"]))
    # The lines of the usage are broken where the command's name ends: the words are the same.
    assert (
        module.replace("python -m kling_facade.sandbox", "kling sandbox").split() == plain.split()
    )


@pytest.mark.parametrize("form", [["sandbox"], ["sandbox", "--"]], ids=" ".join)
def test_the_sandbox_takes_its_options_in_both_forms(
    form: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each option reaches the sandbox."""
    asked: list[dict[str, object]] = []

    def record(settings: dict[str, object]) -> int:
        asked.append(settings)
        return 0

    monkeypatch.setattr("kling_facade.sandbox.serve.serve", record)
    assert cli.main([*form, "--port", "0", "--speed", "5", "--slots", "3", "--seed=7"]) == 0
    assert (asked[0]["port"], asked[0]["speed"]) == (0, 5.0)
    assert (asked[0]["slots"], asked[0]["seed"]) == (3, 7)


def test_check_knows_a_gateway_on_this_machine(
    here: Path, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sample's address passes where the sandbox is the gateway, by either way to say so."""
    arguments = ("check", sandbox.sample_url, "--prompt", "x")
    assert kling(capsys, *arguments)[0] == 0
    code, out, _ = kling(capsys, *arguments, "--base-url", "https://gateway.example")
    assert code == 1
    assert "address of this machine" in out
