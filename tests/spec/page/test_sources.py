"""Which page is which, and where pages come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from specpipe.errors import PageError
from specpipe.page import fetch, markdown, reader, sources

PAGE = """\
# {route}

```yaml
openapi: 3.0.1
info: {{title: '', version: '1'}}
paths:
  {route}:
    post:
      responses: {{'200': {{description: ''}}}}
      x-run-in-apifox: https://app.apifox.com/web/project/1/apis/api-{api}-run
```
"""
KNOWN = """\
[film]
url = "https://docs.example/film.md"
project = 1
api = "10"
operations = ["POST /film"]

[sing]
url = ""
project = 1
api = "20"
operations = ["POST /sing"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository that follows two pages."""
    (tmp_path / "openapi").mkdir()
    (tmp_path / "openapi" / "sources.toml").write_text(KNOWN, encoding="utf-8")
    return tmp_path


def reading(route: str, api: str) -> reader.Reading:
    """A page of one route, with an id."""
    return reader.read(PAGE.format(route=route, api=api).encode())


@pytest.mark.parametrize(
    ("route", "api", "name"),
    [
        ("/film", "10", "film"),
        ("/film", "99", "film"),
        ("/film/v2", "10", "film"),
        ("/sing", "20", "sing"),
        ("/dance", "30", None),
    ],
)
def test_a_page_says_which_it_is(root: Path, route: str, api: str, name: str | None) -> None:
    """By its route, or by its id where the route moved; a page with neither is new."""
    assert sources.recognise(reading(route, api), sources.load(root)) == name


def test_a_page_never_passes_for_another(root: Path) -> None:
    """The id of one page and the route of another: nothing is overwritten."""
    with pytest.raises(PageError, match=r"id is that of film.*POST /sing, which is sing's"):
        sources.recognise(reading("/sing", "10"), sources.load(root))


def test_a_document_of_several_pages_is_none_of_them(root: Path) -> None:
    """An export of the whole project is not taken for one of its pages."""
    text = PAGE.format(route="/film", api="10").replace(
        "  /film:", "  /sing: {post: {responses: {'200': {description: ''}}}}\n  /film:"
    )
    with pytest.raises(PageError, match="film and sing"):
        sources.recognise(reader.read(text.encode()), sources.load(root))


def test_another_publishers_copy_is_remarked(root: Path) -> None:
    """The same route under another id is followed, and said."""
    film = sources.load(root)["film"]
    assert "another publisher's copy" in sources.remark(reading("/film", "99"), film)
    assert sources.remark(reading("/film", "10"), film) == ""


def test_known_routes_come_from_the_facts(root: Path) -> None:
    """What a page described last counts, without being written down twice."""
    place = root / sources.Source("sing").facts
    place.parent.mkdir()
    place.write_bytes(reading("/songs", "20").data)
    assert sources.load(root)["sing"].operations == {"POST /sing", "POST /songs"}


def test_a_folder_is_its_pages(root: Path, tmp_path: Path) -> None:
    """Every page in it, in the order of their names; other files are none."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for name in ("b.md", "a.yaml", "note.txt"):
        (folder / name).write_text("x", encoding="utf-8")
    assert [Path(page.where).name for page in sources.given(root, str(folder))] == [
        "a.yaml",
        "b.md",
    ]


def test_an_empty_folder_and_a_missing_file_are_told(root: Path, tmp_path: Path) -> None:
    """Each is a page that could not be had, with a reason."""
    (tmp_path / "empty").mkdir()
    for place, words in (("empty", "no page"), ("gone.md", "can't be opened")):
        (page,) = sources.given(root, str(tmp_path / place))
        assert words in str(page.error)


def test_without_an_argument_the_known_addresses_count(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page's address in sources.toml; one that fails leaves the others alone."""
    monkeypatch.setattr(fetch, "get", lambda place: place.encode())
    assert [page.where for page in sources.given(root, None)] == ["https://docs.example/film.md"]
    two = sources.given(root, "https://a.example/x https://b.example/y")
    assert [page.data for page in two] == [b"https://a.example/x", b"https://b.example/y"]


def test_a_file_of_several_pages_is_several_pages() -> None:
    """Each with its own lines and their numbers; the same route twice is left whole."""
    one, two = (PAGE.format(route=route, api="1") for route in ("/film", "/sing"))
    first, second = markdown.split((one + two).encode())
    assert reader.read(first).operations == ("POST /film",)
    assert reader.read(second).operations == ("POST /sing",)
    assert reader.read(second).page.document.line == 4 + len(one.splitlines())
    assert markdown.split((one + one).encode()) == [(one + one).encode()]
