"""The whole way through both clients: a picture goes in, a playable video comes out."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from kling_facade import (
    AsyncKling,
    Gateway,
    ImageToVideo,
    Kling,
    KlingAdvice,
    Limits,
    MotionBrush,
    PollPlan,
    Progress,
    camera,
    regions,
    voice,
)
from kling_facade.errors import (
    AuthError,
    BadResponse,
    DownloadError,
    InvalidRequest,
    JobFailed,
    KlingError,
    MissingExtra,
    NotSent,
    TransportSecurityError,
    WaitTimeout,
)
from kling_facade.gateway.gateway import CHAINHUB, KLING_SINGAPORE
from kling_facade.gateway.task import State
from kling_facade.sandbox import Sandbox
from tests.support.both_clients import Kind, calling
from tests.support.misbehaving_server import Peer, answer, raw, task_json

KINDS: list[Kind] = ["sync", "async"]
both = pytest.mark.parametrize("kind", KINDS)
quick = {"poll": PollPlan(first=0.01, cap=0.05), "limits": Limits(grace=0.5)}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A gateway that films small and fast."""
    with Sandbox(speed=2000.0, short_side=120, fps=8, api_key="canary-key-5f2c91") as running:
        yield running


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A PNG of a legal size."""
    from PIL import Image

    path = tmp_path / "fox.png"
    Image.linear_gradient("L").resize((480, 320)).convert("RGB").save(path)
    return path


@both
def test_a_picture_becomes_a_film_of_the_duration_asked_for(
    kind: Kind, sandbox: Sandbox, picture: Path, tmp_path: Path
) -> None:
    """Decoded by a library that is not ours: H.264, five seconds."""
    told: list[Progress] = []
    with calling(kind, sandbox.base_url, **quick) as client:
        request = ImageToVideo(picture, prompt="it moves")
        video = client.generate(request, tmp_path / "v.mp4", on_update=told.append)
    with av.open(str(video.path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert container.duration is not None
        assert container.duration / av.time_base == pytest.approx(5.0, abs=0.15)
    assert told[-1].task.state is State.SUCCEEDED
    assert video.duration == pytest.approx(5.0, abs=0.2)


@both
def test_step_by_step_is_the_same_way(
    kind: Kind, sandbox: Sandbox, picture: Path, tmp_path: Path
) -> None:
    """Submit, find the job again by either id, wait, download."""
    before = sandbox.creates
    with calling(kind, sandbox.base_url, **quick) as client:
        job = client.submit(ImageToVideo(picture, prompt="x", external_task_id=f"mine-{kind}"))
        assert job.external_task_id == f"mine-{kind}"
        again = client.do(client.kling.job(external_task_id=f"mine-{kind}").refresh())
        assert again.task_id == job.task_id
        by_id = client.kling.job(job.task_id)
        assert by_id.task is None
        video = client.do(by_id.download(tmp_path / "v.mp4"))
    assert video.task_id == job.task_id
    assert sandbox.creates == before + 1


@both
def test_jobs_are_listed_page_by_page(kind: Kind, picture: Path) -> None:
    """Five jobs in pages of two."""
    with (
        Sandbox(speed=0, api_key="canary-key-5f2c91") as fresh,
        calling(kind, fresh.base_url, **quick) as client,
    ):
        made = [client.submit(ImageToVideo(picture, prompt="x")).task_id for _ in range(5)]
        listed = [job.task_id for job in client.jobs(page_size=2)]
    assert sorted(listed) == sorted(made)
    assert sum("pageNum" in str(entry) for entry in fresh.requests) <= 4


@both
@pytest.mark.parametrize("size", [0, 501])
def test_a_page_has_a_size_that_the_api_takes(kind: Kind, size: int, sandbox: Sandbox) -> None:
    """Refused here, not there."""
    with calling(kind, sandbox.base_url) as client, pytest.raises(InvalidRequest, match="1 to 500"):
        client.jobs(page_size=size)


@both
def test_a_key_with_a_typing_error_is_told_plainly(
    kind: Kind, picture: Path, tmp_path: Path
) -> None:
    """Nothing was made; the error says what to check and does not show the key."""
    with Sandbox(speed=2000.0) as other, calling(kind, other.base_url, **quick) as client:
        with pytest.raises(AuthError, match="Check KLING_API_KEY") as caught:
            client.generate(ImageToVideo(picture, prompt="x"), tmp_path / "v.mp4")
        assert "canary-key" not in str(caught.value)
        assert other.creates == 0


@both
def test_a_text_file_named_jpg_is_refused_before_anything_is_sent(
    kind: Kind, sandbox: Sandbox, tmp_path: Path
) -> None:
    """All problems come at once, and the server never hears of it."""
    fake = tmp_path / "photo.jpg"
    fake.write_text("this is no picture")
    seen = len(sandbox.requests)
    request = ImageToVideo(fake, prompt="x" * 2501)
    with calling(kind, sandbox.base_url) as client:
        with pytest.raises(InvalidRequest, match="2 problems") as caught:
            client.submit(request)
    assert {problem.field for problem in caught.value.problems} >= {"image", "prompt"}
    assert len(sandbox.requests) == seen


@both
def test_advice_is_a_warning_and_not_an_error(kind: Kind, sandbox: Sandbox, picture: Path) -> None:
    """A retired model may still be served by a gateway."""
    with calling(kind, sandbox.base_url) as client:
        with pytest.warns(KlingAdvice, match="model-retired"):
            client.submit(ImageToVideo(picture, prompt="x", model="kling-v2-1"))


def test_advice_points_at_the_line_that_asked_for_it(sandbox: Sandbox, picture: Path) -> None:
    """As a warning should: in the user's program, not in ours."""
    request = ImageToVideo(picture, prompt="x", model="kling-v2-1")
    with Kling(sandbox.api_key, base_url=sandbox.base_url) as kling:
        with pytest.warns(KlingAdvice) as caught:
            kling.submit(request)
    assert {Path(warning.filename).name for warning in caught} == {Path(__file__).name}


@both
def test_a_newer_catalogue_is_gone_by(kind: Kind, sandbox: Sandbox, picture: Path) -> None:
    """A table of the user's lets a model through that the bundled one holds back, and prices it."""
    table = picture.with_name("newer.toml")
    table.write_text(
        '[models.kling-v2-6]\ncamera = { at = ["std 5"], source = "mine", date = "2026-11" }\n'
    )
    request = ImageToVideo(picture, prompt="x", camera=camera.zoom_in(4))
    with calling(kind, sandbox.base_url) as client, pytest.raises(InvalidRequest):
        client.submit(request)
    with calling(kind, sandbox.base_url, catalog=table) as client:
        assert client.submit(request).task_id


@both
def test_a_list_is_asked_for_again_where_it_fails_in_passing(kind: Kind) -> None:
    """A page that is lost costs nothing but time."""
    page = answer({"code": 0, "data": [task_json()["data"]]})
    with Peer(answer(b"", 502), page) as peer, calling(kind, peer.url) as client:
        assert [job.task_id for job in client.jobs()] == ["801"]
    assert len(peer.seen) == 2


@both
def test_a_gateway_that_stops_in_the_middle_leaves_a_job_to_go_on_with(
    kind: Kind, picture: Path
) -> None:
    """Waiting says what is wrong, ends at its deadline, and carries the job."""
    told: list[Progress] = []
    stopped = Sandbox(speed=0, api_key="canary-key-5f2c91").start()
    with calling(kind, stopped.base_url, **quick) as client:
        job = client.submit(ImageToVideo(picture, prompt="x"))
        stopped.close()
        with pytest.raises(WaitTimeout) as caught:
            client.do(job.wait(0.5, on_update=told.append))
    assert caught.value.job is job
    assert "could not be reached" in str(told[-1])
    assert job.task_id in str(caught.value)


@both
def test_a_wait_that_is_cut_short_leaves_the_newest_snapshot(kind: Kind) -> None:
    """Whoever looks at the job afterwards sees what the last question brought."""
    running = answer(task_json(status="processing"))
    with Peer(answer(task_json(status="submitted")), running) as peer:
        with calling(kind, peer.url, **quick) as client:
            job = client.do(client.kling.job("801").refresh())
            assert str(job.state) == "submitted"
            with pytest.raises(WaitTimeout):
                client.do(job.wait(0.3))
            assert str(job.state) == "processing"


@both
def test_a_download_waits_for_the_address_after_a_wait_that_was_cut_short(
    kind: Kind, tmp_path: Path
) -> None:
    """A job that has succeeded and whose video has no address yet is not over."""
    bare = answer(task_json(status="succeed"))
    with Peer(bare, bare, bare) as peer, calling(kind, peer.url, **quick) as client:
        job = client.do(client.kling.job("801").refresh())
        with pytest.raises(BadResponse, match="gives no address"):
            client.do(job.download(tmp_path / "v.mp4"))
        assert len(peer.seen) > 3


@both
def test_a_job_that_fails_says_why(kind: Kind, sandbox: Sandbox, tmp_path: Path) -> None:
    """A picture too small, let through on purpose, fails late as it does at the vendor's."""
    from PIL import Image

    small = tmp_path / "small.png"
    Image.new("RGB", (200, 200)).save(small)
    request = ImageToVideo(small, prompt="x", allow={"image-side"})
    with calling(kind, sandbox.base_url, **quick) as client:
        with pytest.warns(KlingAdvice, match="Let through"):
            job = client.submit(request)
        with pytest.raises(JobFailed) as caught:
            client.do(job.wait(20))
        assert caught.value.job is job
        assert caught.value.task_id == job.task_id
        with pytest.raises(JobFailed):
            client.do(job.download(tmp_path / "v.mp4"))


@both
def test_generate_checks_the_destination_before_it_spends(
    kind: Kind, sandbox: Sandbox, picture: Path, tmp_path: Path
) -> None:
    """No job is made for a film that could not be stored."""
    before = sandbox.creates
    with calling(kind, sandbox.base_url) as client, pytest.raises(DownloadError):
        client.generate(ImageToVideo(picture, prompt="x"), tmp_path / "no" / "v.mp4")
    assert sandbox.creates == before


@both
def test_generate_refuses_what_is_too_dear(
    kind: Kind, sandbox: Sandbox, picture: Path, tmp_path: Path
) -> None:
    """By the list price where the gateway's scale is known, and always where it is not."""
    before = sandbox.creates
    request = ImageToVideo(picture, prompt="x")
    priced = Gateway(sandbox.base_url, unit_price_factor=1.0)
    with calling(kind, None, gateway=priced, **quick) as client:  # type: ignore[arg-type]
        with pytest.raises(InvalidRequest, match=r"1\.5 units"):
            client.generate(request, tmp_path / "v.mp4", max_units=1.0)
        client.generate(request, tmp_path / "v.mp4", max_units=1.5)
    with calling(kind, sandbox.base_url, **quick) as client:
        with pytest.raises(InvalidRequest, match="max_units"):
            client.generate(request, tmp_path / "w.mp4", max_units=100)
    assert sandbox.creates == before + 1


def test_all_fifteen_fields_of_the_page_reach_the_gateway(sandbox: Sandbox, picture: Path) -> None:
    """In as few requests as their exclusions allow, as the bodies arrived."""
    requests = [
        ImageToVideo(
            picture,
            prompt=voice.prompt("{anna} says hello", anna="829"),
            negative_prompt="rain",
            mode="pro",
            duration=10,
            callback_url="https://example.com/hook",
            external_task_id="fields-1",
        ),
        ImageToVideo(
            picture,
            prompt="x",
            model="kling-v1-5",
            mode="pro",
            cfg_scale=0.7,
            camera=camera.zoom_in(4),
            allow={"model-camera"},
        ),
        ImageToVideo(
            picture,
            prompt="x",
            model="kling-v1-5",
            mode="pro",
            motion_brush=MotionBrush.over(picture)
            .hold(regions.box(0, 0, 100, 100))
            .move(regions.box(200, 100, 300, 200), along=[(250, 150), (400, 150)]),
        ),
        ImageToVideo(picture, prompt="x", model="kling-v2-5-turbo", mode="pro", image_tail=picture),
    ]
    bodies: list[dict[str, Any]] = []
    with warnings.catch_warnings(), Kling("canary-key-5f2c91", base_url=sandbox.base_url) as kling:
        warnings.simplefilter("ignore", KlingAdvice)
        for request in requests:
            kling.submit(request)
            bodies.append(request.to_body().to_dict())
    sent = set().union(*bodies)
    assert sent | {"external_task_id"} == {
        "model_name",
        "image",
        "image_tail",
        "prompt",
        "negative_prompt",
        "cfg_scale",
        "mode",
        "static_mask",
        "dynamic_masks",
        "camera_control",
        "duration",
        "callback_url",
        "external_task_id",
        "voice_list",
        "sound",
    }
    assert bodies[0]["duration"] == "10"
    assert bodies[0]["sound"] == "on"
    assert not any(value in ("", [], None) for body in bodies for value in body.values())


# --- making a client -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", " ", "a b", "key\n", "schlüssel", "a\x00b"])
def test_a_key_that_can_be_none_is_refused_when_the_client_is_made(key: str) -> None:
    """The reason is told, the key is not: neither in the text nor in any frame of ours."""
    with pytest.raises(AuthError) as caught:
        Kling(key)
    assert key not in (caught.value.hint or "") or not key.strip()
    frame = caught.tb.tb_next
    while frame is not None:
        assert key not in [value for value in frame.tb_frame.f_locals.values() if value]
        frame = frame.tb_next


def test_a_missing_key_says_where_it_is_looked_for() -> None:
    """The environment variable is named."""
    with pytest.raises(AuthError, match="KLING_API_KEY"):
        Kling()


def test_key_and_address_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments come first."""
    monkeypatch.setenv("KLING_API_KEY", "k1")
    monkeypatch.setenv("KLING_BASE_URL", "https://gateway.example/")
    assert Kling().gateway.base_url == "https://gateway.example"
    assert Kling(base_url="https://other.example").gateway.host == "other.example"
    monkeypatch.delenv("KLING_BASE_URL")
    assert Kling().gateway is CHAINHUB


def test_a_known_address_brings_its_traits() -> None:
    """The vendor's own hosts have another path prefix."""
    assert Kling("k", base_url="https://API-Singapore.klingai.com/ ").gateway is KLING_SINGAPORE
    assert KLING_SINGAPORE.url.endswith(".com/v1/videos/image2video")
    with pytest.raises(InvalidRequest, match="not both"):
        Kling("k", base_url="https://a.example", gateway=CHAINHUB)


def test_the_default_gateway_is_the_documents_server() -> None:
    """The address in code and the one in the bundled document are one."""
    import yaml

    document = yaml.safe_load(Path("openapi/kling.yaml").read_text("utf-8"))
    assert document["servers"][0]["url"] == CHAINHUB.base_url


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://gateway.example", TransportSecurityError),
        ("ftp://gateway.example", InvalidRequest),
        ("gateway.example", InvalidRequest),
        ("https://user:pw@gateway.example", InvalidRequest),
        ("https://gateway.example/?key=1", InvalidRequest),
    ],
)
def test_an_address_that_would_leak_or_is_none_is_refused(
    url: str, error: type[KlingError]
) -> None:
    """Unencrypted only on loopback, or when it is said outright."""
    with pytest.raises(error):
        Gateway(url)
    assert Gateway("http://10.0.0.5", allow_http=True).host == "10.0.0.5"
    assert Gateway("http://localhost:1").on_loopback


@pytest.mark.parametrize("given", [(), ("1", "2"), ("..",), ("a/b",), ("",)])
def test_a_job_is_named_by_one_id_that_is_one(given: tuple[str, ...]) -> None:
    """Neither, both, or something that could steer a path: refused."""
    kling = Kling("k")
    with pytest.raises(InvalidRequest):
        kling.job(*given[:1], external_task_id=given[1] if len(given) == 2 else None)


def test_a_client_shows_and_gives_away_nothing() -> None:
    """Neither by repr nor by pickle."""
    import pickle

    kling = Kling("canary-key-5f2c91", base_url="https://gateway.example")
    assert repr(kling) == "Kling(base_url='https://gateway.example')"
    assert "canary" not in str(vars(kling))
    with pytest.raises(TypeError):
        pickle.dumps(kling)


def test_the_vendors_own_key_pair_signs_a_token(
    picture: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The sandbox checks the token; the pair may come from the environment."""
    with Sandbox(speed=2000.0, access_key="ak", secret_key="s" * 32) as gateway:
        monkeypatch.setenv("KLING_ACCESS_KEY", "ak")
        monkeypatch.setenv("KLING_SECRET_KEY", "s" * 32)
        with Kling(base_url=gateway.base_url) as kling:
            assert kling.submit(ImageToVideo(picture, prompt="x")).task_id
        monkeypatch.setenv("KLING_SECRET_KEY", "t" * 32)
        with Kling(base_url=gateway.base_url) as kling, pytest.raises(AuthError):
            kling.submit(ImageToVideo(picture, prompt="x"))


def test_signing_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named."""
    import sys

    from kling_facade import AccessKeys

    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(MissingExtra, match=r"kling-facade\[jwt\]"):
        AccessKeys("ak", "sk")


def test_threads_can_share_a_client(sandbox: Sandbox, picture: Path) -> None:
    """Eight submits at once are eight jobs."""
    before = sandbox.creates
    errors: list[KlingError] = []

    def work() -> None:
        try:
            kling.submit(ImageToVideo(picture, prompt="x"))
        except KlingError as error:
            errors.append(error)

    with Kling("canary-key-5f2c91", base_url=sandbox.base_url) as kling:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not errors
    assert sandbox.creates == before + 8


def test_an_interrupted_wait_leaves_the_id_in_its_note(sandbox: Sandbox, picture: Path) -> None:
    """Ctrl-C is not swallowed, and says how to go on."""

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    with Kling("canary-key-5f2c91", base_url=sandbox.base_url, poll=quick["poll"]) as kling:  # type: ignore[arg-type]
        job = kling.submit(ImageToVideo(picture, prompt="x"))
        with pytest.raises(KeyboardInterrupt) as caught:
            job.wait(on_update=interrupt)
    assert any(str(job.task_id) in note for note in caught.value.__notes__)


def test_an_async_update_may_be_awaited(sandbox: Sandbox, picture: Path) -> None:
    """A coroutine as `on_update` is awaited, not lost."""
    import asyncio

    told: list[Progress] = []

    async def update(progress: Progress) -> None:
        await asyncio.sleep(0)
        told.append(progress)

    async def run() -> None:
        client = AsyncKling("canary-key-5f2c91", base_url=sandbox.base_url, poll=quick["poll"])  # type: ignore[arg-type]
        async with client as kling:
            job = await kling.submit(ImageToVideo(picture, prompt="x"))
            await job.wait(on_update=update)

    asyncio.run(run())
    assert told


def test_a_cancelled_submit_says_which_job_may_exist(picture: Path) -> None:
    """The external id travels in the note of the cancellation."""
    import asyncio

    async def run(url: str) -> None:
        async with AsyncKling("k", base_url=url) as kling:
            async with asyncio.timeout(0.3):
                await kling.submit(ImageToVideo(picture, prompt="x"))

    with Peer(raw(b"", then="hang")) as peer, pytest.raises(TimeoutError) as caught:
        asyncio.run(run(peer.url))
    assert isinstance(caught.value.__cause__, asyncio.CancelledError)
    assert "kling.job(external_task_id='kf-" in caught.value.__cause__.__notes__[0]


def test_a_proxy_that_is_down_is_not_sent(picture: Path) -> None:
    """And its password is not shown."""
    proxy = "http://user:canary-password@127.0.0.1:9"
    with (
        Kling("k", base_url="https://gateway.example", proxy=proxy, limits=Limits(attempts=1)) as k,
        pytest.raises(NotSent) as caught,
    ):
        k.submit(ImageToVideo(picture, prompt="x"))
    assert "canary-password" not in str(caught.value)
