"""Downloads: the right bytes under the right name, or nothing under it."""

from __future__ import annotations

import errno
import hashlib
import os
import struct
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kling_facade import Limits, Video
from kling_facade.errors import (
    BadResponse,
    DownloadError,
    JobFailed,
    KlingError,
    ResultExpired,
    TransientRead,
    TransportSecurityError,
)
from kling_facade.gateway.gateway import CHAINHUB, Gateway, refuse_address
from kling_facade.jobs.destination import ready_destination
from kling_facade.jobs.mp4 import check_mp4
from kling_facade.jobs.part_file import PartFile
from tests.support.both_clients import KEY, Kind, calling
from tests.support.misbehaving_server import Act, Connection, Peer, answer, raw, response, task_json


def names_in(folder: Path) -> list[str]:
    """What lies there."""
    return sorted(path.name for path in folder.iterdir())


KINDS: list[Kind] = ["sync", "async"]
both = pytest.mark.parametrize("kind", KINDS)


def box(kind: bytes, content: bytes) -> bytes:
    """One box of an MP4."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


MP4 = box(b"ftyp", b"isom" * 4) + box(b"moov", b"m" * 2000) + box(b"mdat", bytes(range(256)) * 800)
ETAG = ("ETag", '"v1"')


def finished(url: str) -> Act:
    """The gateway's answer about a job that has its video."""
    return answer(task_json(status="succeed", task_result={"videos": [{"url": url, "id": "v"}]}))


class Store(Peer):
    """Gateway and file server in one: the look-up gives the address, the address gives the acts."""

    def __init__(self, *acts: Act, path: str = "/v.mp4?sign=canary-sign") -> None:
        super().__init__(self._route)
        self.files = list(acts)
        self.address = self.url + path
        self.lookups = 0

    def _route(self, connection: Connection) -> None:
        if "image2video" in connection.request.target:
            self.lookups += 1
            finished(self.address)(connection)
            return
        act = self.files.pop(0) if len(self.files) > 1 else self.files[0]
        act(connection)

    @property
    def fetched(self) -> list[Any]:
        """The requests for the file."""
        return [seen for seen in self.seen if "image2video" not in seen.target]


WHOLE = answer(MP4, headers=[ETAG])


def fetch(kind: Kind, store: Store, path: Path, *, exist: Any = "error", **options: Any) -> Video:
    """Downloads job 801 of the store."""
    with store, calling(kind, store.url, **options) as client:
        job = client.do(client.kling.job("801").wait())
        video: Video = client.do(job.download(path, exist=exist))
        return video


@both
def test_a_video_arrives_whole_and_is_described(kind: Kind, tmp_path: Path) -> None:
    """Path, size and digest are those of the file; nothing else is left beside it."""
    video = fetch(kind, Store(WHOLE), tmp_path / "v.mp4")
    assert video.path.read_bytes() == MP4
    assert (video.size, video.sha256) == (len(MP4), hashlib.sha256(MP4).hexdigest())
    assert video.task_id == "801"
    assert Path(video) == tmp_path / "v.mp4"
    assert names_in(tmp_path) == ["v.mp4"]


@both
def test_a_digest_is_made_when_it_is_asked_for(kind: Kind, tmp_path: Path) -> None:
    """Nobody pays for it before; then it stands. A file that is gone has none."""
    video = fetch(kind, Store(WHOLE), tmp_path / "v.mp4")
    video.path.write_bytes(b"changed since")
    assert video.sha256 == hashlib.sha256(b"changed since").hexdigest()
    video.path.unlink()
    assert video.sha256 == hashlib.sha256(b"changed since").hexdigest()
    with pytest.raises(FileNotFoundError):
        _ = evolve(video).sha256


@both
def test_with_a_journal_the_digest_is_made_at_once(kind: Kind, tmp_path: Path) -> None:
    """The journal has to vouch for the file after a crash."""
    (tmp_path / "films").mkdir()
    video = fetch(kind, Store(WHOLE), tmp_path / "films" / "v.mp4", journal=tmp_path / "j.sqlite")
    video.path.unlink()
    assert video.sha256 == hashlib.sha256(MP4).hexdigest()


@both
@pytest.mark.parametrize("there", [True, False])
def test_flushing_ahead_changes_no_byte(
    kind: Kind, there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system can begin to write early, and where it can't; across a resume too."""
    monkeypatch.setattr("kling_facade.jobs.part_file._AHEAD", 10_000)
    if not there:
        monkeypatch.delattr(os, "posix_fadvise", raising=False)
    video = fetch(kind, Store(cut(50_000), WHOLE), tmp_path / "v.mp4")
    assert video.path.read_bytes() == MP4
    assert video.sha256 == hashlib.sha256(MP4).hexdigest()


@both
def test_the_key_is_not_sent_to_where_the_video_lies(kind: Kind, tmp_path: Path) -> None:
    """Neither key nor cookie; the signed query arrives as it was given."""
    store = Store(WHOLE)
    fetch(kind, store, tmp_path / "v.mp4")
    seen = store.fetched[0]
    assert seen.target == "/v.mp4?sign=canary-sign"
    assert not {"authorization", "cookie"} & set(seen.headers)
    assert KEY not in str(seen.headers)


def cut(at: int) -> Act:
    """The first bytes of a whole answer, then the connection ends."""
    return raw(response(MP4, headers=[ETAG])[: len(response(b"", headers=[ETAG])) + at])


def part(start: int, *, etag: str = '"v1"', claimed: int | None = None) -> Act:
    """The rest of the file as a 206."""
    first = start if claimed is None else claimed
    content_range = f"bytes {first}-{len(MP4) - 1}/{len(MP4)}"
    return answer(MP4[start:], 206, [("ETag", etag), ("Content-Range", content_range)])


@both
def test_a_broken_transfer_goes_on_where_it_stopped(kind: Kind, tmp_path: Path) -> None:
    """The second request asks for the rest, if the file is still the same."""
    where: list[int] = []

    def rest(connection: Connection) -> None:
        where.append(int(connection.request.headers["range"].removeprefix("bytes=").rstrip("-")))
        part(where[0])(connection)

    store = Store(cut(50_000), rest)
    video = fetch(kind, store, tmp_path / "v.mp4")
    assert video.path.read_bytes() == MP4
    assert video.sha256 == hashlib.sha256(MP4).hexdigest()
    assert store.fetched[1].headers["if-range"] == '"v1"'
    assert 0 < where[0] <= 50_000


RESTARTS: dict[str, list[Act]] = {
    "the server ignores ranges": [cut(50_000), WHOLE],
    "another range": [cut(50_000), part(0, claimed=7), WHOLE],
    "another file": [cut(50_000), answer(MP4, headers=[("ETag", '"v2"')])],
    "another file, in part": [cut(50_000), part(50_000, etag='"v2"'), WHOLE],
    "range refused": [cut(50_000), answer(b"", 416), WHOLE],
    "no tag": [raw(response(MP4)[:50_000]), answer(MP4)],
    "a weak tag": [raw(response(MP4, headers=[("ETag", 'W/"v1"')])[:50_000]), answer(MP4)],
    "server error": [answer(b"", 503), WHOLE],
    "reset": [raw(b"", then="reset"), WHOLE],
}


@both
@pytest.mark.parametrize("how", RESTARTS)
def test_what_cannot_go_on_starts_anew(kind: Kind, how: str, tmp_path: Path) -> None:
    """Bytes of two files are never mixed."""
    video = fetch(kind, Store(*RESTARTS[how]), tmp_path / "v.mp4")
    assert video.path.read_bytes() == MP4
    assert video.sha256 == hashlib.sha256(MP4).hexdigest()


NO_VIDEO: dict[str, tuple[Act, type[KlingError]]] = {
    "a page": (answer("<html>gone</html>"), BadResponse),
    "an error in JSON": (answer({"error": "gone"}), BadResponse),
    "nothing": (answer(b""), BadResponse),
    "no index": (answer(box(b"ftyp", b"isom") + box(b"mdat", b"x")), BadResponse),
    "cut, without a length": (
        raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + MP4[:-100]),
        BadResponse,
    ),
    "packed": (answer(MP4, headers=[("Content-Encoding", "br")]), BadResponse),
    "400": (answer(b"", 400), BadResponse),
    "too large": (answer(MP4 * 20, headers=[ETAG]), BadResponse),
    "endless": (raw(b"HTTP/1.1 200 OK\r\n\r\n" + MP4 * 20, then="hang"), BadResponse),
    "always cut": (cut(10), TransientRead),
    "expired for good": (answer(b"", 403), ResultExpired),
    "a redirect without end": (answer(b"", 302, [("Location", "/v.mp4")]), BadResponse),
    "a redirect inside": (
        answer(b"", 302, [("Location", "http://10.0.0.1/")]),
        TransportSecurityError,
    ),
}


@both
@pytest.mark.parametrize("what", NO_VIDEO)
def test_what_is_no_video_leaves_nothing_behind(kind: Kind, what: str, tmp_path: Path) -> None:
    """The error has the job; the folder is as empty as before."""
    act, error_class = NO_VIDEO[what]
    limits = Limits(video_bytes=len(MP4) * 3, stall_seconds=2, resumes=2)
    with pytest.raises(error_class) as caught:
        fetch(kind, Store(act), tmp_path / "v.mp4", limits=limits)
    assert caught.value.task_id == "801"
    assert caught.value.job.task_id == "801"
    assert names_in(tmp_path) == []


@both
def test_an_address_that_expired_is_asked_for_anew_once(kind: Kind, tmp_path: Path) -> None:
    """The gateway gives a fresh one, which serves."""
    store = Store(answer(b"", 410), WHOLE)
    fetch(kind, store, tmp_path / "v.mp4")
    assert store.lookups == 2


@both
def test_a_redirect_is_followed_without_showing_the_key(kind: Kind, tmp_path: Path) -> None:
    """To a relative address on the same host here."""
    store = Store(answer(b"", 302, [("Location", "/other.mp4?sign=2")]), WHOLE)
    fetch(kind, store, tmp_path / "v.mp4")
    assert [seen.target for seen in store.fetched] == [
        "/v.mp4?sign=canary-sign",
        "/other.mp4?sign=2",
    ]


@both
def test_a_stalled_transfer_is_given_up_and_taken_up_again(kind: Kind, tmp_path: Path) -> None:
    """Some bytes, then silence; the rest comes with a second request."""
    stalled = raw(response(MP4, headers=[ETAG])[:50_000], then="hang")
    store = Store(stalled, WHOLE)
    video = fetch(kind, store, tmp_path / "v.mp4", limits=Limits(stall_seconds=0.3))
    assert video.path.read_bytes() == MP4


@both
def test_an_existing_file_is_kept_unless_told_otherwise(kind: Kind, tmp_path: Path) -> None:
    """Refused by default, kept when it is a video and may be, replaced when it must."""
    path = tmp_path / "v.mp4"
    path.write_bytes(b"mine")
    with pytest.raises(DownloadError, match="exists"):
        fetch(kind, Store(WHOLE), path)
    with pytest.raises(BadResponse):
        fetch(kind, Store(WHOLE), path, exist="skip")
    assert path.read_bytes() == b"mine"
    assert fetch(kind, Store(WHOLE), path, exist="overwrite").size == len(MP4)
    store = Store(WHOLE)
    assert fetch(kind, store, path, exist="skip").sha256 == hashlib.sha256(MP4).hexdigest()
    assert store.fetched == []


@both
def test_a_link_is_replaced_and_never_written_through(kind: Kind, tmp_path: Path) -> None:
    """What it points to stays as it was."""
    target, link = tmp_path / "precious", tmp_path / "v.mp4"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    fetch(kind, Store(WHOLE), link, exist="overwrite")
    assert target.read_bytes() == b"precious"
    assert not link.is_symlink()


@both
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_or_failing_disk_is_a_typed_error(
    kind: Kind, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job is unharmed and named; nothing is left."""

    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DownloadError, match=os.strerror(number)) as caught:
        fetch(kind, Store(WHOLE), tmp_path / "v.mp4")
    assert caught.value.task_id == "801"
    assert names_in(tmp_path) == []


@both
def test_too_little_room_is_seen_before_the_first_byte(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The announced length is held against the free space."""
    monkeypatch.setattr("kling_facade.jobs.part_file._free_bytes", lambda folder: 10)
    with pytest.raises(DownloadError, match="Free some space"):
        fetch(kind, Store(WHOLE), tmp_path / "v.mp4")


@both
def test_a_failed_job_has_nothing_to_download(kind: Kind, tmp_path: Path) -> None:
    """The reason is the gateway's."""
    failed = answer(task_json(status="failed", task_status_msg="Image pixel is invalid"))
    with (
        Peer(failed) as peer,
        calling(kind, peer.url) as client,
        pytest.raises(JobFailed, match="Image pixel is invalid"),
    ):
        client.do(client.kling.job("801").download(tmp_path / "v.mp4"))


def test_a_destination_is_checked_before_money_is_spent(tmp_path: Path) -> None:
    """A missing folder, a folder as name, an existing file, a folder one can't write to."""
    (tmp_path / "there.mp4").touch()
    for path, words in [
        (tmp_path / "no" / "v.mp4", "does not exist"),
        (tmp_path, "is a folder"),
        (tmp_path / "there.mp4", "exists"),
    ]:
        with pytest.raises(DownloadError, match=words):
            ready_destination(path)
    assert ready_destination(tmp_path / "v.mp4") == tmp_path / "v.mp4"


def test_a_folder_that_is_not_writable_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked of the system, since root may write anywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(DownloadError, match="not writable"):
        ready_destination(tmp_path / "v.mp4")


LOCAL = Gateway("http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("url", "gateway", "allowed"),
    [
        ("https://cdn.example.com/v.mp4", CHAINHUB, True),
        ("https://cdn.example.com/v.mp4", LOCAL, True),
        ("http://127.0.0.1:77/v.mp4", LOCAL, True),
        ("http://localhost:77/v.mp4", LOCAL, True),
        ("http://cdn.example.com/v.mp4", CHAINHUB, False),
        ("http://cdn.example.com/v.mp4", LOCAL, False),
        ("https://127.0.0.1/v.mp4", CHAINHUB, False),
        ("https://localhost/v.mp4", CHAINHUB, False),
        ("file:///etc/passwd", LOCAL, False),
        ("data:video/mp4,xx", CHAINHUB, False),
        ("https://[broken", CHAINHUB, False),
        ("", CHAINHUB, False),
    ],
)
def test_an_address_is_fetched_only_from_where_a_video_may_lie(
    url: str, gateway: Gateway, allowed: bool
) -> None:
    """https anywhere public, or the machine of the gateway itself."""
    if allowed:
        refuse_address(url, gateway)
    else:
        with pytest.raises(TransportSecurityError):
            refuse_address(url, gateway)


@both
@pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1", "[fd00::1]", "[::ffff:10.0.0.1]"])
def test_a_private_address_is_refused_before_connecting(
    kind: Kind, host: str, tmp_path: Path
) -> None:
    """A gateway that is not on this machine can't send us into somebody's network."""
    store = Store(WHOLE)
    store.address = f"https://{host}/latest/meta-data"
    with pytest.raises(TransportSecurityError):
        fetch(kind, store, tmp_path / "v.mp4")


@given(cut_at=st.integers(0, len(MP4) - 1))
def test_no_cut_file_passes_for_a_video(cut_at: int) -> None:
    """Every proper prefix is refused, the whole is not."""
    import io

    check_mp4(io.BytesIO(MP4), len(MP4))
    if cut_at != len(MP4) - len(box(b"mdat", bytes(range(256)) * 800)):
        with pytest.raises(BadResponse):
            check_mp4(io.BytesIO(MP4[:cut_at]), cut_at)


def test_large_and_open_ended_boxes_are_understood() -> None:
    """Sizes of 64 bits, and a last box that reaches to the end."""
    import io

    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 5) + b"x" * 5
    last = struct.pack(">I4s", 0, b"mdat") + b"x" * 9
    for tail in (large, last):
        data = box(b"ftyp", b"isom") + box(b"moov", b"m") + tail
        check_mp4(io.BytesIO(data), len(data))


def test_a_rename_is_tried_again_where_another_process_holds_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice refused, then granted; for ever refused is an error."""
    tries = []
    real = Path.replace

    def stubborn(self: Path, target: Path) -> Path:
        tries.append(target)
        if len(tries) < 3:
            raise PermissionError(13, "held")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", stubborn)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    part_file = PartFile(tmp_path / "v.mp4", 1000)
    part_file.open()
    part_file.write(b"....ftyp")
    part_file.seal()
    assert part_file.size == 8
    part_file.publish(replace=True)
    assert len(tries) == 3


def test_a_naive_download_leaves_a_torso_under_the_final_name(tmp_path: Path) -> None:
    """Negative control: the checks above do see what a careless writer leaves behind."""
    import httpx

    path = tmp_path / "v.mp4"

    def careless(address: str) -> None:
        with path.open("wb") as file, httpx.stream("GET", address) as got:
            for chunk in got.iter_bytes():
                file.write(chunk)

    with Store(cut(50_000)) as store, pytest.raises(httpx.HTTPError):
        careless(store.address)
    assert names_in(tmp_path) == ["v.mp4"]
    with path.open("rb") as file, pytest.raises(BadResponse):
        check_mp4(file, path.stat().st_size)
