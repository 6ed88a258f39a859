"""The journal: one row a job, on the disk before anything is sent."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from kling_facade import Kling, Resumed
from kling_facade.builders.pictures.base64_text import Base64Text, digests_of
from kling_facade.errors import (
    InvalidRequest,
    JobFailed,
    JobNotFound,
    JobTaken,
    JournalError,
    KlingError,
    OutcomeUnknown,
    WaitTimeout,
)
from kling_facade.jobs.journal import Entry, Journal
from kling_facade.jobs.submit import look_back
from tests.support.both_clients import KEY, Kind, PlainRequest, calling, skipping_runtime
from tests.support.misbehaving_server import answer, raw
from tests.support.scripted_gateway import MP4, SIGN, Spoiled, Stage

KINDS: list[Kind] = ["sync", "async"]
both = pytest.mark.parametrize("kind", KINDS)

HOST = "gateway.example"


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    """A fresh one, whose clock is set by hand."""
    now = [1000.0]
    with Journal(tmp_path / "jobs.sqlite", clock=lambda: now[0]) as made:
        made.now = now  # type: ignore[attr-defined]
        yield made


def states(journal: Journal) -> dict[str, str]:
    """State by external id."""
    return {entry.external_task_id: entry.state for entry in journal.entries()}


# --- the file ------------------------------------------------------------------------------------


def test_the_file_is_for_its_owner_only(journal: Journal) -> None:
    """Its siblings of SQLite too."""
    journal.book(HOST).record("intent", {"external_task_id": "a"})
    for path in journal.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_it_is_written_through_to_the_disk(journal: Journal) -> None:
    """WAL, and flushed at each commit."""
    journal.entries()
    with journal.file.transaction() as sql:
        assert sql.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert sql.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_row_goes_from_intent_to_saved(journal: Journal) -> None:
    """Each event adds what it knows."""
    book = journal.book(HOST)
    book.record(
        "intent", {"external_task_id": "a", "digest": "d", "destination": "/x/v.mp4", "odd": 1}
    )
    assert states(journal) == {"a": "intent"}
    book.record("accepted", {"external_task_id": "a", "task_id": "801"})
    book.record("finished", {"external_task_id": None, "task_id": "801", "outcome": "succeed"})
    journal.now[0] = 1010.0  # type: ignore[attr-defined]
    book.record("stored", {"external_task_id": "a", "size": 9, "sha256": "s"})
    book.record("saved", {"external_task_id": "a"})
    (entry,) = journal.entries()
    assert (entry.state, entry.task_id, entry.outcome) == ("saved", "801", "succeed")
    assert (entry.digest, entry.size, entry.sha256) == ("d", 9, "s")
    assert entry.destination == Path("/x/v.mp4")
    assert (entry.age, entry.updated_at.timestamp()) == (10.0, 1010.0)
    assert not entry.open


def test_a_state_never_goes_back(journal: Journal) -> None:
    """A late event changes nothing of it."""
    book = journal.book(HOST)
    book.record("intent", {"external_task_id": "a"})
    for event in ("saved", "finished", "accepted", "refused"):
        book.record(event, {"external_task_id": "a", "task_id": "801"})
        assert states(journal) == {"a": "saved"}


def test_events_of_jobs_that_it_does_not_know_are_dropped(journal: Journal) -> None:
    """A job from elsewhere is waited for without a row."""
    journal.book(HOST).record("finished", {"external_task_id": None, "task_id": "801"})
    assert journal.entries() == []


def test_gateways_do_not_mix(journal: Journal) -> None:
    """The same id at another gateway is another job."""
    journal.book("one").record("intent", {"external_task_id": "a"})
    journal.book("two").record("intent", {"external_task_id": "a"})
    journal.book("two").record("saved", {"external_task_id": "a"})
    assert sorted((entry.gateway, entry.state) for entry in journal.entries()) == [
        ("one", "intent"),
        ("two", "saved"),
    ]


@pytest.mark.parametrize(
    ("entry", "open_"),
    [
        (Entry("a", HOST, "intent"), True),
        (Entry("a", HOST, "accepted"), True),
        (Entry("a", HOST, "refused"), False),
        (Entry("a", HOST, "saved"), False),
        (Entry("a", HOST, "finished", outcome="failed", destination=Path("v")), False),
        (Entry("a", HOST, "finished", outcome="succeed"), False),
        (Entry("a", HOST, "finished", outcome="succeed", destination=Path("v")), True),
    ],
)
def test_what_is_left_to_do(entry: Entry, open_: bool) -> None:
    """A finished job with a destination still wants its file."""
    assert entry.open is open_


def test_a_row_can_be_forgotten(journal: Journal) -> None:
    """Such as an intent that never became a job."""
    journal.book(HOST).record("intent", {"external_task_id": "a"})
    journal.forget("a")
    assert journal.entries() == []


def test_a_closed_journal_opens_again(journal: Journal) -> None:
    """Closing is no end."""
    journal.book(HOST).record("intent", {"external_task_id": "a"})
    journal.close()
    assert states(journal) == {"a": "intent"}
    assert str(journal.path) in repr(journal)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_journal_is_named(tmp_path: Path, content: bytes) -> None:
    """And left as it is."""
    path = tmp_path / "j.sqlite"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"j\.sqlite"):
        Journal(path).entries()
    assert path.read_bytes() == content


def test_a_newer_journal_is_refused_and_not_touched(journal: Journal) -> None:
    """Its writer knows things that we don't."""
    journal.entries()
    journal.close()
    sql = sqlite3.connect(journal.path)
    sql.execute("PRAGMA journal_mode = DELETE")
    sql.execute("PRAGMA user_version = 3")
    sql.close()
    before = journal.path.read_bytes()
    with pytest.raises(JournalError, match="version 3"):
        journal.entries()
    assert journal.path.read_bytes() == before


def test_a_database_of_something_else_is_not_touched(tmp_path: Path) -> None:
    """Somebody's browser history, say."""
    path = tmp_path / "history.sqlite"
    sql = sqlite3.connect(path)
    sql.execute("CREATE TABLE visits (url)")
    sql.commit()
    sql.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="something else"):
        Journal(path).entries()
    assert path.read_bytes() == before


@both
@pytest.mark.parametrize("place", ["no/such/jobs.sqlite", ".", "damaged.sqlite"])
def test_nothing_is_sent_without_the_journal(kind: Kind, place: str, tmp_path: Path) -> None:
    """`submit` and `generate` refuse before the POST."""
    (tmp_path / "damaged.sqlite").write_bytes(b"x" * 500)
    with Stage() as stage, calling(kind, stage.url, journal=tmp_path / place) as client:
        with pytest.raises(JournalError, match=str(tmp_path)):
            client.submit(PlainRequest())
        with pytest.raises(JournalError):
            client.generate(PlainRequest(external_task_id=None), tmp_path / "v.mp4")
        with pytest.raises(JournalError):
            client.collect(client.kling.resume())
    assert stage.seen == []


@both
def test_a_journal_that_fails_later_loses_no_job(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk is full right after the create: the video comes all the same, and it is said."""
    from kling_facade.jobs.journal import Book

    plain = Book.record

    def full(self: Book, event: str, facts: Any) -> None:
        if event != "intent":
            raise JournalError("the journal can't be used: database or disk is full")
        plain(self, event, facts)

    monkeypatch.setattr(Book, "record", full)
    with Stage() as stage, calling(kind, stage.url, journal=tmp_path / "j.sqlite") as client:
        assert client.generate(PlainRequest(), tmp_path / "v.mp4").size == len(MP4)
        assert states(client.kling._session.journal) == {"ours": "intent"}
    assert "disk is full" in caplog.text


def test_no_prompt_key_or_address_is_in_it(tmp_path: Path) -> None:
    """Ids, times, digests and the destination; nothing of what was asked for."""
    path = tmp_path / "j.sqlite"
    with Stage() as stage, calling("sync", stage.url, journal=path) as client:
        client.generate(PlainRequest(image="https://x.example/canary-image.png"), tmp_path / "v")
        stored = b"".join(
            file.read_bytes() for file in tmp_path.iterdir() if file.name.startswith("j.sqlite")
        )
    assert b"ours" in stored
    for canary in (KEY, SIGN, "canary-image", "Bearer"):
        assert canary.encode() not in stored


def test_a_digest_tells_requests_apart() -> None:
    """By content, pictures included; the external id and the order of keys play no part."""

    def picture(content: bytes) -> Base64Text:
        from io import BytesIO

        return Base64Text(lambda: BytesIO(content), len(content), "p.png")

    one = {"image": picture(b"one"), "masks": [{"mask": picture(b"m")}], "external_task_id": "a"}
    same = {"external_task_id": "b", "masks": [{"mask": picture(b"m")}], "image": picture(b"one")}
    other = {**one, "image": picture(b"two")}
    assert digests_of(one) == digests_of(same) != digests_of(other)


# --- claims --------------------------------------------------------------------------------------


def test_a_row_is_claimed_until_it_is_released(journal: Journal) -> None:
    """Another operation is told so, in this process too."""
    mine, other = journal.book(HOST), journal.book(HOST)
    mine.record("intent", {"external_task_id": "a"})
    with pytest.raises(JobTaken, match="another process"):
        other.recall("a")
    with pytest.raises(JobTaken):
        other.record("intent", {"external_task_id": "a"})
    assert mine.recall("a") is not None
    mine.release()
    assert other.recall("a") is not None
    with pytest.raises(JobTaken):
        mine.recall("a")


def test_two_processes_share_the_rows_of_one_journal(tmp_path: Path) -> None:
    """Two programs resume thirty jobs at once: each row is done by one of them, none is lost."""
    path, folder = tmp_path / "j.sqlite", tmp_path / "out"
    folder.mkdir()
    with Stage(polls=0) as stage:
        with Journal(path) as journal:
            for number in range(30):
                book = journal.book(stage.url.removeprefix("http://"))
                with calling("sync", stage.url) as client:
                    job = client.submit(PlainRequest(external_task_id=f"job-{number}"))
                place = str(folder / f"{number}.mp4")
                facts = {"external_task_id": f"job-{number}", "destination": place}
                book.record("intent", facts)
                book.record("accepted", {**facts, "task_id": job.task_id})
                book.release()
        program = (
            "import sys; from tests.support.both_clients import calling\n"
            "with calling('sync', sys.argv[1], journal=sys.argv[2]) as client:\n"
            "    for o in client.kling.resume():\n"
            "        print(o.external_task_id, type(o.error).__name__)\n"
        )
        root = Path(__file__).parents[2]
        environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'generated'}"}
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", program, stage.url, str(path)],
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for _ in range(2)
        ]
        said = [run.communicate(timeout=60)[0] for run in runs]
        assert [run.returncode for run in runs] == [0, 0]
    lines = [line.split() for text in said for line in text.splitlines()]
    assert {how for _, how in lines} <= {"NoneType", "JobTaken"}
    done = sorted(name for name, how in lines if how == "NoneType")
    assert done == sorted(f"job-{number}" for number in range(30))
    assert stage.log.count("D") == 30
    with Journal(path) as journal:
        assert set(states(journal).values()) == {"saved"}
    assert {file.read_bytes() for file in folder.iterdir()} == {MP4}


def test_threads_share_a_journal(journal: Journal) -> None:
    """Eight threads, two hundred rows."""

    def write(start: int) -> None:
        book = journal.book(HOST)
        for number in range(start, start + 25):
            book.record("intent", {"external_task_id": f"job-{number}"})

    threads = [threading.Thread(target=write, args=(25 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.entries()) == 200


# --- submit and generate with a journal ----------------------------------------------------------


@both
def test_a_request_run_again_is_looked_up_and_not_posted(kind: Kind, tmp_path: Path) -> None:
    """Under an id of one's own, in another run."""
    with Stage() as stage:
        for _ in range(3):
            with calling(kind, stage.url, journal=tmp_path / "j") as client:
                assert client.submit(PlainRequest()).task_id == "801"
    assert stage.posts == 1


@both
def test_a_file_that_is_there_is_not_made_again(kind: Kind, tmp_path: Path) -> None:
    """The same `generate` once more gives the same file, without asking anybody."""
    with Stage() as stage:
        videos = []
        for _ in range(2):
            with calling(kind, stage.url, journal=tmp_path / "j") as client:
                videos.append(client.generate(PlainRequest(), tmp_path / "v.mp4"))
        requests = len(stage.seen)
        assert (videos[0].sha256, videos[0].task_id) == (videos[1].sha256, videos[1].task_id)
        (tmp_path / "v.mp4").unlink()
        with calling(kind, stage.url, journal=tmp_path / "j") as client:
            client.generate(PlainRequest(), tmp_path / "v.mp4")
    assert stage.posts == 1
    assert len(stage.seen) == requests + 2  # looked up, downloaded
    assert (tmp_path / "v.mp4").read_bytes() == MP4


@both
def test_a_new_destination_is_the_one_that_is_resumed(kind: Kind, tmp_path: Path) -> None:
    """The program was changed between its two runs, and killed in the second one too."""
    runtime = skipping_runtime()
    with (
        Stage(polls=1000) as stage,
        calling(kind, stage.url, journal=tmp_path / "j", runtime=runtime) as client,
    ):
        for name in ("old.mp4", "new.mp4"):
            with pytest.raises(WaitTimeout):
                client.generate(PlainRequest(), tmp_path / name, timeout=30)
        stage.polls = 0
        (outcome,) = client.collect(client.kling.resume())
    assert outcome.video.path == tmp_path / "new.mp4"
    assert stage.posts == 1


@both
def test_another_request_under_a_known_id_is_refused(kind: Kind, tmp_path: Path) -> None:
    """It would get the video of the first."""
    with Stage() as stage, calling(kind, stage.url, journal=tmp_path / "j") as client:
        client.generate(PlainRequest(), tmp_path / "v.mp4")
        other = PlainRequest(image="https://example.com/owl.png")
        with pytest.raises(InvalidRequest, match="another request") as caught:
            client.submit(other)
        assert caught.value.external_task_id == "ours"
    assert stage.posts == 1


@both
def test_a_refused_request_may_be_tried_again(kind: Kind, tmp_path: Path) -> None:
    """Nothing was made, so the same id is free."""
    no = Spoiled(answer({"code": 1102, "message": "no balance"}, 429), accepts=False)
    with Stage(faults={"S": [no]}) as stage:
        with calling(kind, stage.url, journal=tmp_path / "j") as client:
            with pytest.raises(KlingError):
                client.submit(PlainRequest())
            assert states(client.kling._session.journal) == {"ours": "refused"}
            client.submit(PlainRequest())
            assert states(client.kling._session.journal) == {"ours": "accepted"}
    assert stage.creates == {"ours": 1}


@both
def test_an_accepted_job_that_is_gone_is_not_posted_again(kind: Kind, tmp_path: Path) -> None:
    """Perhaps the base URL or the key is of another account."""
    with (
        Stage() as stage,
        calling(kind, stage.url, journal=tmp_path / "j", runtime=skipping_runtime()) as client,
    ):
        client.submit(PlainRequest())
        stage.jobs.clear()
        with pytest.raises(JobNotFound, match="accepted before"):
            client.submit(PlainRequest())
    assert stage.posts == 1


@both
def test_a_lost_create_stays_an_intent(kind: Kind, tmp_path: Path) -> None:
    """`OutcomeUnknown`: the row is there to be resumed, and `resume` finds the job later."""
    lost = Spoiled(raw(b"", then="reset"))
    with Stage(faults={"S": [lost]}, lag=1000) as stage:
        with calling(kind, stage.url, journal=tmp_path / "j", runtime=skipping_runtime()) as client:
            with pytest.raises(OutcomeUnknown):
                client.generate(PlainRequest(), tmp_path / "v.mp4")
            assert states(client.kling._session.journal) == {"ours": "intent"}
            stage.lag = 0
            (outcome,) = client.collect(client.kling.resume())
    assert outcome.video.path.read_bytes() == MP4
    assert stage.creates == {"ours": 1}


# --- resume --------------------------------------------------------------------------------------


@both
def test_one_failing_row_does_not_stop_the_others(kind: Kind, tmp_path: Path) -> None:
    """Each row has its own end: a video, a failed job, one not found, a destination taken."""
    with (
        Stage(polls=0) as stage,
        calling(kind, stage.url, journal=tmp_path / "j", runtime=skipping_runtime()) as client,
    ):
        book = client.kling._session.book()
        for name in ("good", "blocked", "missing", "later"):
            if name != "missing":
                client.do(client.kling._submit(PlainRequest(external_task_id=name), book))
            place = {"destination": str(tmp_path / f"{name}.mp4")}
            book.record("intent" if name == "missing" else "x", {"external_task_id": name, **place})
        book.release()
        (tmp_path / "blocked.mp4").write_bytes(b"precious")
        outcomes = {o.external_task_id: o for o in client.collect(client.kling.resume())}
    assert {name: type(o.error).__name__ for name, o in outcomes.items()} == {
        "good": "NoneType",
        "blocked": "DownloadError",
        "missing": "JobNotFound",
        "later": "NoneType",
    }
    assert outcomes["blocked"].job.task_id == outcomes["blocked"].error.task_id
    assert (tmp_path / "blocked.mp4").read_bytes() == b"precious"
    assert (tmp_path / "later.mp4").read_bytes() == MP4
    assert "missing: it was about to be submitted" in str(outcomes["missing"])
    assert "good.mp4" in str(outcomes["good"])


@both
def test_a_job_that_failed_is_reported_once(kind: Kind, tmp_path: Path) -> None:
    """Its row is done then."""
    with (
        Stage(reason="Image pixel is invalid") as stage,
        calling(kind, stage.url, journal=tmp_path / "j") as client,
    ):
        client.submit(PlainRequest())
        (outcome,) = client.collect(client.kling.resume())
        assert isinstance(outcome.error, JobFailed)
        assert client.collect(client.kling.resume()) == []


@both
def test_a_submitted_job_without_a_destination_is_waited_for(kind: Kind, tmp_path: Path) -> None:
    """The job is handed over; where it goes is the caller's to say."""
    with Stage() as stage, calling(kind, stage.url, journal=tmp_path / "j") as client:
        client.submit(PlainRequest())
        (outcome,) = client.collect(client.kling.resume(timeout=500))
        assert outcome.video is None
        assert client.do(outcome.job.download(tmp_path / "v.mp4")).size == len(MP4)


@both
def test_resume_posts_only_the_request_of_the_row(kind: Kind, tmp_path: Path) -> None:
    """A request that is not the one in the journal is refused."""
    with (
        Stage() as stage,
        calling(kind, stage.url, journal=tmp_path / "j", runtime=skipping_runtime()) as client,
    ):
        book = client.kling._session.book()
        book.record("intent", {"external_task_id": "ours", "digest": "of another"})
        book.release()
        (outcome,) = client.collect(client.kling.resume(requests=[PlainRequest()]))
        assert isinstance(outcome.error, InvalidRequest)
    assert stage.posts == 0


@both
def test_a_row_that_somebody_else_finished_meanwhile_is_not_told(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading of the journal and the row's turn another process was done with it."""
    with Stage(polls=0) as stage, calling(kind, stage.url, journal=tmp_path / "j") as client:
        client.submit(PlainRequest())
        stale = client.kling._session.journal.entries()
        assert len(client.collect(client.kling.resume())) == 1
        asked = len(stage.seen)
        monkeypatch.setattr(client.kling._session.journal, "read", lambda: stale)
        assert client.collect(client.kling.resume()) == []
        assert len(stage.seen) == asked


@both
def test_one_bad_row_does_not_stop_the_others(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong with a row is the error of that row, with its ids; the rest goes on."""
    with Stage(polls=0) as stage, calling(kind, stage.url, journal=tmp_path / "j") as client:
        for name in ("bad", "good"):
            client.submit(PlainRequest(name))
        honest = look_back

        def broken(entry: Any, *rest: Any) -> Any:
            if entry.external_task_id == "bad":
                raise ZeroDivisionError("a mistake of ours")
            return honest(entry, *rest)

        monkeypatch.setattr("kling_facade.client.resumed_rows.look_back", broken)
        rows = {row.external_task_id: row for row in client.collect(client.kling.resume())}
    assert rows["good"].error is None
    error = rows["bad"].error
    assert type(error) is KlingError
    assert "ZeroDivisionError: a mistake of ours" in error.message
    assert error.external_task_id == "bad"
    assert isinstance(error.__cause__, ZeroDivisionError)


@both
def test_rows_of_other_gateways_are_left_alone(kind: Kind, tmp_path: Path) -> None:
    """Their ids mean nothing here."""
    with Stage() as stage, calling(kind, stage.url) as client, Journal(tmp_path / "j") as journal:
        journal.book("elsewhere").record("intent", {"external_task_id": "a"})
        assert client.collect(client.kling.resume(journal)) == []
    assert stage.seen == []


@both
def test_resume_needs_a_journal(kind: Kind) -> None:
    """And says how to give one."""
    with calling(kind, "http://127.0.0.1:1") as client, pytest.raises(InvalidRequest) as caught:
        client.kling.resume()
    assert "journal=" in str(caught.value)


@both
def test_a_resume_that_is_left_early_lets_go_of_its_rows(kind: Kind, tmp_path: Path) -> None:
    """The rest can be taken up by somebody else at once."""
    with Stage(polls=0) as stage, calling(kind, stage.url, journal=tmp_path / "j") as client:
        for name in ("one", "two", "three"):
            client.submit(PlainRequest(external_task_id=name))
        items = client.kling.resume()

        async def first() -> Any:
            found = await anext(items)
            await items.aclose()
            return found

        if kind == "sync":
            outcome = next(items)
            items.close()
        else:
            outcome = client.do(first())
        assert isinstance(outcome, Resumed)
        rest = client.collect(client.kling.resume())
        assert all(o.error is None for o in rest)  # none is taken
        assert not any(entry.open for entry in client.kling._session.journal.entries())


def test_the_journal_of_a_path_is_closed_with_the_client(tmp_path: Path) -> None:
    """One that was handed over is not."""
    with Journal(tmp_path / "a") as mine, Stage() as stage:
        for journal in (mine, tmp_path / "b"):
            kling = Kling(KEY, base_url=stage.url, journal=journal)
            assert kling._session.journal is not None
            kling._session.journal.entries()
            kling.close()
            assert kling._session.journal.file.is_open is (journal is mine)
