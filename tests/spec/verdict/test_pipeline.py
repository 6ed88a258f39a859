"""From a page to a verdict: right, told well, and nothing half done."""

from __future__ import annotations

import json
import re
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import import_page
import pytest
import spec
import yaml
from specpipe import files
from specpipe.errors import PageError
from specpipe.page import fetch
from specpipe.page import markdown as pages
from specpipe.verdict import pipeline, report
from specpipe.verdict.pipeline import Verdict

from ..conftest import ROOT

SOUND = "                sound:\n"
CFG = "                cfg_scale:\n                  type: number\n"
ENDPOINT = """\
  /kling/v1/videos/lip-sync:
    post:
      summary: Film a text
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                prompt:
                  type: string
              required: [prompt]
      responses:
        '200':
          description: ''
          content:
            application/json:
              schema:
                type: object
                properties: {}
      security: []
components:
"""
LOOK_UP = """\
  /kling/v1/videos/image2video/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: Authorization, in: header, schema: {type: string}}
      responses:
        '200':
          description: ''
          content: {application/json: {schema: {type: object, properties: {}}}}
components:
"""
LISTING = """\
    get:
      parameters:
        - {name: pageNum, in: query, schema: {type: integer}}
      responses:
        '200':
          description: ''
          content: {application/json: {schema: {type: object, properties: {}}}}
components:
"""


def tree(root: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and times of everything the pipeline could touch."""
    found = {}
    for name in ("openapi", "generated", "scripts", "kling_facade"):
        for path in sorted((root / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found[path.relative_to(root).as_posix()] = (
                    path.read_bytes(),
                    path.stat().st_mtime_ns,
                )
    return found


def swap(old: str, new: str) -> Callable[[str], str]:
    """An edit that replaces a text of the page."""

    def edit(page: str) -> str:
        assert old in page
        return page.replace(old, new)

    return edit


def before(mark: str, text: str) -> Callable[[str], str]:
    """An edit that puts a text before another."""
    return swap(mark, text + mark)


def cut(start: str, end: str) -> Callable[[str], str]:
    """An edit that removes what stands between two texts."""
    return lambda page: page[: page.index(start)] + page[page.index(end, page.index(start)) :]


def run(root: Path, page: str | bytes) -> pipeline.Outcome:
    """One run without contract tests."""
    source = root / "page.md"
    source.write_bytes(page.encode() if isinstance(page, str) else page)
    return pipeline.run(root, str(source), lambda _: None, tests=False)


def test_an_unchanged_page_changes_no_byte(settled: Path, page: str) -> None:
    """Nothing is written, not even a time, and it is said."""
    held = tree(settled)
    outcome = run(settled, page)
    assert (outcome.verdict, outcome.changes, outcome.written) == (Verdict.GREEN, [], [])
    assert report.verdict(outcome) == "Unchanged: not a byte differs (exit code 0)"
    assert tree(settled) == held


COMPATIBLE: dict[str, Callable[[str], str]] = {
    "prose only": swap("What to leave out", "What must not be seen"),
    "prose outside of the document": swap("# Film a picture", "# Film a picture (2)"),
    "axis becomes a number": swap(
        "zoom:\n                          type: integer",
        "zoom:\n                          type: number",
    ),
    "no longer required": swap(
        "                - mode\n                - image\n", "                - image\n"
    ),
    "a known model": swap(
        "kling-v2-5-turbo,kling-v2-6", "kling-v2-5-turbo,kling-v2-6\uff0ckling-v3"
    ),
    "an enumeration moves into the schema": before(
        "                  description: |-\n                    How it is made",
        "                  enum: [std, pro]\n",
    ),
    "on and off as YAML words": swap(
        SOUND + "                  type: string\n",
        SOUND + "                  type: string\n                  enum:\n                    - "
        "on\n                    - off\n",
    ),
    "the look-up is documented": swap("components:\n", LOOK_UP),
    "the list is documented": swap("components:\n", LISTING),
    "security is mended": swap("      security: []", "      security:\n        - bearer: []"),
    "a bound that we keep": swap("What to leave out", "What to leave out, at most 2500 characters"),
    "terminal escapes in a text": swap("What to leave out", '"\\e[2J\\e]0;x\\a"'),
}

ATTENTION: dict[str, tuple[Callable[[str], str], str]] = {
    "field added": (
        before(SOUND, "                ratio:\n                  type: string\n"),
        "ratio",
    ),
    "nested field added": (
        before(
            "                        tilt:\n",
            "                        dolly:\n                          type: integer\n",
        ),
        "dolly",
    ),
    "required field added": (
        lambda p: before(SOUND, "                seed:\n                  type: integer\n")(
            p
        ).replace(
            "                - duration\n",
            "                - duration\n                - seed\n",
            1,
        ),
        "seed",
    ),
    "removed": (
        cut("                static_mask:\n", "                dynamic_masks:\n"),
        "static_mask",
    ),
    "renamed": (
        swap("                image_tail:", "                tail_image:"),
        "tail_image (a guess",
    ),
    "retyped": (swap(CFG, CFG.replace("number", "string")), "number became string"),
    "required now": (
        swap(
            "                - duration\n                - mode\n",
            "                - duration\n                - prompt\n                - mode\n",
        ),
        "required now",
    ),
    "new endpoint": (swap("components:\n", ENDPOINT), "POST /kling/v1/videos/lip-sync"),
    "new model listed": (
        swap("kling-v2-5-turbo,kling-v2-6", "kling-v2-5-turbo,kling-v2-6\u3001kling-v9"),
        "kling-v9",
    ),
    "new model in a sentence": (
        swap("# Film a picture", "# Film a picture, with kling-v9-turbo too"),
        "kling-v9-turbo",
    ),
    "model gone": (swap("kling-v2-1-master, ", ""), "kling-v2-1-master"),
    "mode gained": (swap("Enum values: std, pro", "Enum values: std, pro, ultra"), "ultra"),
    "bound tightened": (swap("cannot exceed 2500", "cannot exceed 500"), "2500 became 500"),
    "bound in Chinese": (
        swap("the text cannot exceed 2500 characters", "不能超过3000个字符"),
        "2500 became 3000",
    ),
    "server moved": (
        swap("https://api.chainhub.tech", "https://api2.chainhub.tech"),
        "api2.chainhub.tech",
    ),
    "authentication changed": (
        swap(
            "      type: http\n      scheme: bearer",
            "      type: apiKey\n      in: header\n      name: x-api-key",
        ),
        "x-api-key",
    ),
    "path moved": (
        swap("/kling/v1/videos/image2video:", "/kling/v2/videos/image2video:"),
        "a guess",
    ),
    "answer described": (
        swap(
            "                properties: {}\n",
            "                properties: {code: {type: integer}, progress: {type: string}}\n",
        ),
        "progress",
    ),
}

REFUSED: dict[str, tuple[Callable[[str], Any], str]] = {
    "cut off": (lambda p: p[: p.index("                duration:\n")], "has no 'responses'"),
    "cut off in a line": (
        lambda p: p[: p.index("images, ") if "images, " in p else p.index("type: object")],
        "line",
    ),
    "login page": (lambda _: "<html>Log in</html>", "no OpenAPI document"),
    "empty": (lambda _: "", "empty"),
    "no opening fence": (swap("```yaml\n", ""), "no fence"),
    "two documents": (lambda p: p + p, "second OpenAPI document"),
    "two YAML documents": (swap("components:\n", "---\ncomponents:\n"), "second document"),
    "duplicate key": (swap(CFG, CFG + "                  type: string\n"), "twice, first on line"),
    "tag": (swap(CFG, CFG.replace("number", "!!python/name:os.system x")), "tag"),
    "bomb": (
        swap(
            "  schemas: {}",
            "  schemas:\n"
            + "".join(
                f"    a{n}: &a{n} [{','.join([f'*a{n - 1}' if n else 'x'] * 10)}]\n"
                for n in range(7)
            ),
        ),
        "more than",
    ),
    "traversal": (swap("/kling/v1/videos/image2video:", "/kling/../../etc:"), "path"),
    "name as code": (
        swap("                image_tail:", "                \"x: str = __import__('os')\":"),
        "name",
    ),
    "enumeration as code": (
        swap(CFG, CFG + "                  enum: ['1\"; import os']\n"),
        "short plain text",
    ),
    "deep": (
        swap(
            CFG,
            CFG.replace(
                "number", "number\n                  not: " + "{not: " * 500 + "{}" + "}" * 500
            ),
        ),
        "deeper than",
    ),
    "large": (lambda p: p + "x" * pages.MAX_BYTES, "limit"),
    "foreign reference": (
        swap(CFG, CFG.replace("type: number", "$ref: https://evil.example/x")),
        "leaves the document",
    ),
    "misspelt type": (swap(CFG, CFG.replace("number", "nubmer")), "can't be 'nubmer'"),
    "misspelt keyword": (swap(CFG, CFG.replace("type", "tpye")), "no keyword"),
    "another OpenAPI": (swap("openapi: 3.0.1", "openapi: 3.1.0"), "only 3.0.x"),
    "another encoding": (lambda p: p.encode("gb18030"), "not UTF-8"),
    "bad indentation": (
        swap("                  type: number\n", "               type: number\n"),
        "not readable as YAML",
    ),
    "undeclared path parameter": (swap("videos/image2video:", "videos/{kind}:"), "Path parameter"),
    "address as code": (
        swap("https://api.chainhub.tech", "javascript:alert(1)"),
        "http(s) address",
    ),
    "requires what it lacks": (
        swap("                - duration\n", "                - durration\n"),
        "'durration'",
    ),
}


@pytest.mark.parametrize("name", COMPATIBLE)
def test_compatible_pages_are_green(settled: Path, page: str, name: str) -> None:
    """Nothing to do for anybody: exit code 0, and the tree follows the page."""
    outcome = run(settled, COMPATIBLE[name](page))
    (only,) = outcome.pages
    assert (outcome.verdict, outcome.errors, only.misfits) == (Verdict.GREEN, [], [])
    assert run(settled, COMPATIBLE[name](page)).written == []


@pytest.mark.parametrize("name", ATTENTION)
def test_pages_that_need_somebody_say_what_and_where(settled: Path, page: str, name: str) -> None:
    """Exit code 3, and the report names the field and the file to change."""
    edit, words = ATTENTION[name]
    held = tree(settled)
    outcome = run(settled, edit(page))
    assert outcome.verdict is Verdict.ATTENTION
    text = report.full(outcome)
    assert words in text
    assert re.search(r"kling_facade/\w+/\w+\.(py|toml)|openapi/[\w/]+\.(yaml|toml)", text)
    if outcome.pages[0].misfits:
        assert tree(settled) == held
        assert (settled / "build" / "spec" / "image2video.yaml").is_file()


@pytest.mark.parametrize("name", REFUSED)
def test_refused_pages_leave_the_tree_untouched(settled: Path, page: str, name: str) -> None:
    """Exit code 1, with line, column and reason; not a byte is written."""
    edit, words = REFUSED[name]
    held = tree(settled)
    outcome = run(settled, edit(page))
    assert outcome.verdict is Verdict.REFUSED
    (error,) = outcome.errors
    assert re.match(r"line \d+, column \d+: ", error)
    assert words in error
    assert tree(settled) == held


def test_what_needs_somebody_stays_red_until_it_is_done(settled: Path, page: str) -> None:
    """The same page again does not turn green by itself."""
    changed = ATTENTION["field added"][0](page)
    assert run(settled, changed).verdict is Verdict.ATTENTION
    again = run(settled, changed)
    assert ([c.what for c in again.changes], again.verdict) == (
        ["property added (string)"],
        Verdict.ATTENTION,
    )
    assert "ratio" in again.gaps[0]
    assert again.written == []


def test_new_texts_are_shown_and_not_stored(settled: Path, page: str) -> None:
    """The report says where a text changed; its words are for the terminal only."""
    outcome = run(settled, page.replace("What to leave out", "Whatsoever is undesirable"))
    assert [text.text for text in outcome.pages[0].texts] == ["Whatsoever is undesirable"]
    told = report.full(outcome) + json.dumps(report.full_data(outcome))
    assert "undesirable" not in told
    assert "body.negative_prompt description" in told
    assert not [name for name, (data, _) in tree(settled).items() if b"undesirable" in data]


def test_json_and_bare_pages_read_like_the_page_itself(page: str) -> None:
    """The form that a document comes in makes no facts."""
    document = pages.read(page.encode()).document.plain()
    _, whole, _ = pipeline.read_page(page.encode())
    for text in (
        json.dumps(document),
        "```json\n" + json.dumps(document, indent=1, ensure_ascii=False) + "\n```\n",
        yaml.safe_dump(document, sort_keys=False, allow_unicode=True),
    ):
        _, taken, _ = pipeline.read_page(text.encode())
        without = {key: value for key, value in whole.document.items() if key != "x-text"}
        assert taken.document == without


def test_the_command_itself(repository: Path, page: str) -> None:
    """From another process, with the real generator: its exit code is the verdict."""
    source = repository / "page.md"
    source.write_text(ATTENTION["field added"][0](page), encoding="utf-8")
    command = [sys.executable, str(repository / "scripts" / "spec.py"), str(source), "--no-tests"]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    model = repository / "generated" / "kling_client" / "models" / "image_to_video_request.py"
    assert "    ratio: str | Unset = UNSET" in model.read_text(encoding="utf-8")


@pytest.fixture
def command(settled: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    """The command in this process, over a settled repository, given a page's text."""
    monkeypatch.setattr(files, "ROOT", settled)

    def run_on(text: str) -> int:
        (settled / "page.md").write_text(text, encoding="utf-8")
        return spec.main([str(settled / "page.md"), "--no-tests"])

    return run_on


def test_the_command_ends_in_0_3_or_1_with_a_report(
    settled: Path, page: str, command: Callable[[str], int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its exit code is the verdict, and build/ holds the report for people and for programs."""
    for text, code in ((page, 0), (ATTENTION["removed"][0](page), 3), ("nothing", 1)):
        assert command(text) == code
        assert f"(exit code {code})" in capsys.readouterr().out
        assert f"(exit code {code})" in (settled / "build" / "spec-report.md").read_text()
        assert json.loads((settled / "build" / "spec-report.json").read_text())["exit"] == code


def test_a_terminal_is_not_commanded_by_a_page(
    page: str, command: Callable[[str], int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Escape sequences of a page's text don't reach the terminal."""
    assert command(COMPATIBLE["terminal escapes in a text"](page)) == 0
    told = capsys.readouterr()
    assert "new text, line" in told.out
    assert "\x1b" not in told.out + told.err


@pytest.mark.usefixtures("settled")
def test_without_a_page_the_known_address_counts(
    settled: Path, page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No PAGE: the address in sources.toml is taken; if there is none, that is said."""
    monkeypatch.setattr(files, "ROOT", settled)
    (settled / files.SOURCES).write_text(f'[image2video]\nurl = "{settled / "page.md"}"\n')
    assert spec.main(["--no-tests"]) == 0
    (settled / files.SOURCES).write_text('[image2video]\nurl = ""\n')
    with pytest.raises(SystemExit):
        spec.main(["--no-tests"])
    assert "no PAGE given" in capsys.readouterr().err


def test_tools_that_fail_are_not_blamed_on_the_page(repository: Path, page: str) -> None:
    """Without the generator's environment and an index, exit code 2 and nothing is written."""
    (repository / files.CODEGEN_PINS).write_text("openapi-python-client==0.0.0.1\nruff==0\n")
    held = tree(repository)
    outcome = run(repository, page)
    assert outcome.verdict is Verdict.BROKEN_TOOLS
    assert tree(repository) == held


def test_the_importer_alone_writes_the_same_facts(
    settled: Path, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """import_page.py and spec.py agree on the facts; each repair is printed with its line."""
    source, target = settled / "page.md", settled / "new" / "facts.yaml"
    source.write_text(page, encoding="utf-8")
    assert import_page.main([str(source), "--to", str(target)]) == 0
    assert len(re.findall(r": line \d+: colon-in-text:", capsys.readouterr().out)) == 2
    assert target.read_bytes() == (settled / files.UPSTREAM).read_bytes()
    assert import_page.main([str(source), "--to", str(target)]) == 0
    assert "unchanged" in capsys.readouterr().out
    source.write_text("nothing", encoding="utf-8")
    assert import_page.main([str(source), "--to", str(target)]) == 1


def test_the_published_page_is_what_the_repository_holds(published_page: bytes) -> None:
    """The facts in the repository are those of the published page."""
    _, _, data = pipeline.read_page(published_page)
    assert data == (ROOT / files.UPSTREAM).read_bytes()


# --- fetching -------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, tuple[int, bytes]]]]:
    """A server on loopback that answers what a test tells it to."""
    answers: dict[str, tuple[int, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, data = answers[self.path]
            self.send_response(status)
            if status == 302:
                self.send_header("Location", data.decode())
                data = b""
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}", answers
        running.shutdown()
        thread.join()


def test_a_page_is_fetched_from_its_address(
    server: tuple[str, dict[str, tuple[int, bytes]]],
) -> None:
    """An http(s) address is as good as a file; a redirect is followed."""
    address, answers = server
    answers["/page"] = (200, b"the page")
    answers["/old"] = (302, b"/page")
    assert fetch.get(f"{address}/old") == b"the page"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((404, b"gone"), "HTTP 404"),
        ((200, b"x" * (pages.MAX_BYTES + 1)), "more than"),
        ((302, b"/page"), "TooManyRedirects"),
        ((302, b"file:///etc/passwd"), "UnsupportedProtocol"),
    ],
)
def test_what_is_no_page_is_refused(
    server: tuple[str, dict[str, tuple[int, bytes]]], answer: tuple[int, bytes], words: str
) -> None:
    """An error, an endless page or a redirect into a circle or a file is refused."""
    address, answers = server
    answers["/page"] = answer
    with pytest.raises(PageError, match=words):
        fetch.get(f"{address}/page")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("ftp://x/y", "ftp is not"),
        ("/nowhere/page.md", "can't be opened"),
        ("http://127.0.0.1:9/", "reached"),
    ],
)
def test_a_page_that_is_not_there_is_refused(source: str, words: str) -> None:
    """Each way of not being there has its words."""
    with pytest.raises(PageError, match=words):
        fetch.get(source)
