"""Where a video goes: every legal name works, every other is refused before money is spent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kling_facade.errors import DownloadError, KlingError
from kling_facade.jobs.destination import kept, ready_destination
from kling_facade.jobs.part_file import PartFile, sweep
from tests.support.both_clients import Kind, PlainRequest, calling
from tests.support.scripted_gateway import MP4, Stage

MEMORY = Path("/dev/shm")
KINDS: list[Kind] = ["sync", "async"]
both = pytest.mark.parametrize("kind", KINDS)


def shown(name: str) -> str:
    """A name in a test's name."""
    return f"{ascii(name)[1:13]} {len(name)}".replace("\\", "~")


LEGAL = [
    "a" * 255,
    "狐" * 83 + ".mp4",
    "狐" * 75 + ".mp4",
    "🦊" * 60 + ".mp4",
    "é" * 120 + ".mp4",
    "a" * 100 + "狐" * 40,
    os.fsdecode(b"\xff\xfe\x80.mp4"),
    os.fsdecode(b"\xe7\x8b" * 100),
    ".hidden",
    "new\nline\t.mp4",
    " ",
    "-",
    "CON",
    "a%00b.mp4",
    "x.part",
]
ILLEGAL = [
    "a" * 256,
    "狐" * 86,
    "🦊" * 64,
    "no\0where.mp4",
    "/".join(["f" * 200] * 30),
    "\ud800.mp4",
    "\udfff.mp4",
    "",
    "..",
    "s3://bucket/fox.mp4",
    "gs:/bucket/fox.mp4",
]


def published(destination: Path, content: bytes) -> None:
    """As a download does it."""
    part = PartFile(destination, 10**9, "801")
    part.open()
    part._out.write(content)
    part.seal()
    part.publish(replace=False)


@pytest.mark.parametrize("name", LEGAL, ids=shown)
def test_every_legal_name_works(name: str, tmp_path: Path) -> None:
    """Up to the system's 255 bytes, in any script; what is not UTF-8 too."""
    destination = ready_destination(tmp_path / name)
    assert list(tmp_path.iterdir()) == [], "trying the name out leaves nothing"
    published(destination, b"video")
    assert (tmp_path / name).read_bytes() == b"video"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ILLEGAL, ids=shown)
@pytest.mark.parametrize("exist", ["error", "skip", "overwrite"])
def test_every_other_name_is_refused(
    name: str, exist: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an error of ours that can be printed."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DownloadError) as caught:
        ready_destination(name, exist)
    str(caught.value).encode()


@pytest.mark.parametrize("to", [None, 7, ["a"], object()], ids=["none", "number", "list", "object"])
def test_what_is_no_path_is_refused(to: Any) -> None:
    """Not with a TypeError from below."""
    with pytest.raises(DownloadError, match="not a path"):
        ready_destination(to)


@both
@pytest.mark.parametrize("name", ["狐" * 80 + ".mp4", os.fsdecode(b"\xff.mp4")], ids=shown)
def test_a_name_that_is_paid_for_can_be_stored(kind: Kind, name: str, tmp_path: Path) -> None:
    """The whole way, with a journal that keeps where it goes."""
    folder = tmp_path / "out"
    folder.mkdir()
    with Stage(polls=0) as stage, calling(kind, stage.url, journal=tmp_path / "j") as client:
        for _ in range(2):
            client.generate(PlainRequest(), folder / name)
        assert client.kling._session.journal.entries()[0].destination == folder / name
    assert (folder / name).read_bytes() == MP4
    assert stage.posts == 1


@both
@pytest.mark.parametrize("name", ["狐" * 90, "a\0b", "\ud800"], ids=shown)
def test_a_name_that_cant_be_stored_costs_nothing(kind: Kind, name: str, tmp_path: Path) -> None:
    """One video or many: nothing is sent."""
    with Stage() as stage, calling(kind, stage.url, journal=tmp_path / "j") as client:
        with pytest.raises(DownloadError):
            client.generate(PlainRequest(), tmp_path / name)
        batch = client.kling.generate_many([PlainRequest()], tmp_path, names=[name])
        (outcome,) = client.collect(batch)
        assert isinstance(outcome.error, KlingError)
    assert stage.seen == []


@given(name=st.text(st.characters(exclude_characters="/"), min_size=1, max_size=90))
def test_a_name_is_refused_or_works(name: str) -> None:
    """Whatever it is made of, there is nothing in between."""
    import tempfile

    with tempfile.TemporaryDirectory(
        dir="/dev/shm" if Path("/dev/shm").is_dir() else None
    ) as folder:
        try:
            destination = ready_destination(Path(folder) / name)
        except DownloadError:
            return
        published(destination, b"v")
        assert [path.name for path in Path(folder).iterdir()] == [name]


def test_part_files_of_other_names_and_jobs_are_left_alone(tmp_path: Path) -> None:
    """Long names that begin alike do not share their part files."""
    one, two = (tmp_path / ("a" * 200 + end) for end in ("1.mp4", "2.mp4"))
    parts = [PartFile(one, 9, "801"), PartFile(two, 9, "801"), PartFile(one, 9, "802")]
    for part in parts:
        part.open()
    sweep(one, "801")
    assert len(list(tmp_path.iterdir())) == 2
    for part in parts:
        part.discard()


def test_a_file_that_is_kept_must_be_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root reads all, so the refusal is made up."""
    (tmp_path / "v.mp4").write_bytes(MP4)

    def refused(self: Path, *args: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(DownloadError, match="can't be read: Permission denied"):
        kept(tmp_path / "v.mp4", "skip")
