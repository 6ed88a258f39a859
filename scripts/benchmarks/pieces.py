"""The measured pieces: ours and what each is held against, run in a process of its own.

Each function is given `Setting` and returns a number in the unit of its case. What the library does
by itself is left to it: clients are made once, a small call warms connections up, then the piece is
measured by the operating system's clocks for this process.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import io
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from attrs import frozen

__all__ = ["PIECES", "Setting"]

_MIB: Final = 1024 * 1024
_KEY: Final = "bench-key"
_PATH: Final = "/kling/v1/videos/image2video"
_ADDRESS: Final = "https://example.com/fox.png"
_EVERY: Final = 5.0
"""Seconds between two polls of the hand-written loop."""


@frozen
class Setting:
    """What a piece works with.

    Attributes:
        url: The gateway's address.
        folder: An empty folder.
        size: How much: megabytes, calls or jobs, as the case says.
        speed: Seconds that pass for a job in each real one.
        plain: Whether to do without pybase64.
    """

    url: str
    folder: Path
    size: int
    speed: float = 1.0
    plain: bool = False


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    """Peak memory of this process in KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform == "darwin" else float(peak)


def _kling(setting: Setting) -> Any:
    from kling_facade import Kling, Runtime

    runtime = Runtime.sped_up(setting.speed)
    return Kling(_KEY, base_url=setting.url, trust_env=False, runtime=runtime)


def _request(number: int = 0, **more: Any) -> Any:
    from kling_facade import ImageToVideo

    picture = more.pop("image", f"https://example.com/fox-{number}.png")
    return ImageToVideo(picture, prompt="the fox turns its head", **more)


def _body(**more: Any) -> dict[str, Any]:
    plain = {"model_name": "kling-v2-6", "image": _ADDRESS, "mode": "std", "duration": "5"}
    return {**plain, "prompt": "the fox turns its head", "external_task_id": "bench", **more}


def _jpeg(setting: Setting) -> Path:
    """A picture of so many MiB: a small one with random comments in front of its pixels."""
    from PIL import Image

    path = setting.folder / "photo.jpg"
    with io.BytesIO() as buffer:
        Image.new("RGB", (1600, 1200), "peru").save(buffer, "JPEG")
        small = buffer.getvalue()
    with path.open("wb") as file:
        file.write(small[:2])
        left = setting.size * _MIB - len(small)
        while left > 4:
            part = min(left, 65_000)
            file.write(b"\xff\xfe" + (part - 2).to_bytes(2, "big") + os.urandom(part - 4))
            left -= part
        file.write(small[2:])
    return path


# --- upload --------------------------------------------------------------------------------------


def _upload_ours(setting: Setting, measure: Callable[[], float], times: int) -> float:
    if setting.plain:
        sys.modules["pybase64"] = None  # type: ignore[assignment] # what makes an import fail
    path = _jpeg(setting)
    allow = {"image-bytes"}
    with _kling(setting) as kling:
        kling.submit(_request())
        gc.collect()
        before = measure()
        for _ in range(times):
            kling.submit(_request(image=path, allow=allow))
        return (measure() - before) / times


def _upload_bare(setting: Setting, measure: Callable[[], float], times: int) -> float:
    import httpx

    path, url = _jpeg(setting), setting.url + _PATH
    httpx.post(url, json=_body())
    gc.collect()
    before = measure()
    for _ in range(times):
        text = base64.b64encode(path.read_bytes()).decode("ascii")
        httpx.post(url, json=_body(image=text)).raise_for_status()
    return (measure() - before) / times


def upload_cpu(setting: Setting) -> float:
    """CPU milliseconds of submitting a picture from a path."""
    return 1000 * _upload_ours(setting, _cpu, 3)


def upload_cpu_bare(setting: Setting) -> float:
    """The same with ``httpx.post(json=...)`` and b64encode."""
    return 1000 * _upload_bare(setting, _cpu, 3)


def upload_memory(setting: Setting) -> float:
    """MiB that the peak grows by."""
    return _upload_ours(setting, _peak, 1) / 1024


def upload_memory_bare(setting: Setting) -> float:
    """The same with ``httpx.post(json=...)`` and b64encode."""
    return _upload_bare(setting, _peak, 1) / 1024


def upload_cpu_runwayml(setting: Setting) -> float:
    """CPU milliseconds of another client that takes pictures as base64: Runway's."""
    from runwayml import RunwayML, RunwayMLError  # type: ignore[import-not-found,unused-ignore]

    path = _jpeg(setting)
    client = RunwayML(api_key=_KEY, base_url=setting.url, max_retries=0)

    def send(picture: str) -> None:
        with contextlib.suppress(RunwayMLError):  # the gateway does not speak its language
            client.image_to_video.create(
                model="gen4_turbo", prompt_image=picture, prompt_text="x", ratio="1280:720"
            )

    send(_ADDRESS)
    before = _cpu()
    for _ in range(3):
        text = base64.b64encode(path.read_bytes()).decode("ascii")
        send(f"data:image/jpeg;base64,{text}")
    return 1000 * (_cpu() - before) / 3


# --- import --------------------------------------------------------------------------------------


def _import_cost(code: str) -> float:
    """CPU milliseconds of a fresh interpreter that runs this, less those of one that does not."""

    def spent(program: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", program], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    pairs = [spent(code) - spent("pass") for _ in range(3)]
    return 1000 * sorted(pairs)[1]


_CHECKED: Final = (
    "from kling_facade import ImageToVideo\n"
    f"assert ImageToVideo({_ADDRESS!r}, prompt='the fox turns its head').problems() == []"
)


def import_checked(setting: Setting) -> float:
    """Importing the package, and building and checking one request."""
    return _import_cost(_CHECKED)


def import_package(setting: Setting) -> float:
    """Importing the package."""
    return _import_cost("import kling_facade")


def import_client(setting: Setting) -> float:
    """Importing the client, and with it all that a call needs."""
    return _import_cost(
        "import kling_facade.client.kling, kling_facade.wire.api_client, kling_client.models"
    )


def import_httpx(setting: Setting) -> float:
    """Importing httpx."""
    return _import_cost("import httpx")


# --- small calls ---------------------------------------------------------------------------------


def _each(call: Callable[[], object], times: int) -> float:
    for _ in range(5):
        call()
    before = _cpu()
    for _ in range(times):
        call()
    return 1e6 * (_cpu() - before) / times


def create_cpu(setting: Setting) -> float:
    """CPU microseconds of submitting a small request, checks included."""
    request = _request()
    with _kling(setting) as kling:
        return _each(lambda: kling.submit(request), setting.size)


def create_cpu_bare(setting: Setting) -> float:
    """The same JSON with a kept ``httpx.Client``."""
    import httpx

    headers, url = {"Authorization": f"Bearer {_KEY}"}, setting.url + _PATH
    with httpx.Client(headers=headers) as client:

        def create() -> object:
            answer = client.post(url, json=_body()).raise_for_status().json()
            return answer["data"]["task_id"]

        return _each(create, setting.size)


def poll_cpu(setting: Setting) -> float:
    """CPU microseconds of asking once for a job's state."""
    with _kling(setting) as kling:
        job = kling.submit(_request())
        return _each(job.refresh, setting.size)


def poll_cpu_bare(setting: Setting) -> float:
    """The same with a kept ``httpx.Client``."""
    import httpx

    headers, url = {"Authorization": f"Bearer {_KEY}"}, setting.url + _PATH
    with httpx.Client(headers=headers) as client:
        task_id = client.post(url, json=_body()).json()["data"]["task_id"]

        def poll() -> object:
            answer = client.get(f"{url}/{task_id}").raise_for_status().json()
            return answer["data"]["task_status"]

        return _each(poll, setting.size)


# --- fleets --------------------------------------------------------------------------------------


def fleet_cpu(setting: Setting) -> float:
    """CPU milliseconds for each of many jobs, from request to file."""
    from kling_facade import AsyncKling, Runtime

    async def run() -> None:
        runtime = Runtime.sped_up(setting.speed)
        requests = [_request(number) for number in range(setting.size)]
        async with AsyncKling(_KEY, base_url=setting.url, runtime=runtime) as kling:
            await kling.submit(_request())
            before = _cpu()
            async for outcome in kling.generate_many(requests, to=setting.folder):
                assert outcome.ok, outcome
            spent.append(_cpu() - before)

    spent: list[float] = []
    asyncio.run(run())
    return 1000 * spent[0] / setting.size


def fleet_cpu_bare(setting: Setting) -> float:
    """The same by a hand-written loop of bare httpx that polls each job every 5 s."""
    import httpx

    url = setting.url + _PATH

    async def one(client: Any, gate: asyncio.Semaphore, number: int) -> None:
        async with gate:
            answer = await client.post(url, json=_body(external_task_id=f"bench-{number}"))
        task_id = answer.json()["data"]["task_id"]
        while True:
            await asyncio.sleep(_EVERY / setting.speed)
            data = (await client.get(f"{url}/{task_id}")).json()["data"]
            if data["task_status"] == "succeed":
                break
        target = setting.folder / f"{number}.mp4"
        video = data["task_result"]["videos"][0]["url"]
        async with client.stream("GET", video) as answer:
            with target.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)

    async def run() -> None:
        limits = httpx.Limits(max_connections=32)
        async with httpx.AsyncClient(headers={"Authorization": _KEY}, limits=limits) as client:
            await client.post(url, json=_body())
            gate = asyncio.Semaphore(8)
            before = _cpu()
            await asyncio.gather(*(one(client, gate, n) for n in range(setting.size)))
            spent.append(_cpu() - before)

    spent: list[float] = []
    asyncio.run(run())
    return 1000 * spent[0] / setting.size


class _Enough(Exception):
    """All jobs are waiting."""


def fleet_memory(setting: Setting) -> float:
    """KiB for each job that waits."""
    seen: list[tuple[int, float]] = []

    def look(status: Any) -> None:
        if not seen and status.waiting >= setting.size // 20:
            gc.collect()
            seen.append((status.waiting, _peak()))
        if status.waiting >= setting.size:
            seen.append((status.waiting, _peak()))
            raise _Enough

    requests = (_request(number) for number in range(setting.size + 50))
    with _kling(setting) as kling, contextlib.suppress(_Enough):
        for _ in kling.generate_many(requests, on_update=look):
            pass
    (few, before), (many, after) = seen
    return (after - before) / (many - few)


def fleet_memory_bare(setting: Setting) -> float:
    """The same for one asyncio task for each job, with bare httpx."""
    import httpx

    url = setting.url + _PATH

    async def one(client: Any, gate: asyncio.Semaphore, number: int) -> None:
        async with gate:
            answer = await client.post(url, json=_body(external_task_id=f"bench-{number}"))
        task = answer.json()["data"]
        while task["task_status"] != "succeed":
            waiting.append(number)
            await asyncio.sleep(3600)

    async def run() -> None:
        gate = asyncio.Semaphore(8)
        async with httpx.AsyncClient(headers={"Authorization": _KEY}) as client:
            tasks: list[asyncio.Task[None]] = []
            for many in (setting.size // 20, setting.size):
                tasks += [
                    asyncio.create_task(one(client, gate, n)) for n in range(len(tasks), many)
                ]
                while len(waiting) < many:
                    await asyncio.sleep(0.05)
                seen.append((many, _peak()))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    waiting: list[int] = []
    seen: list[tuple[int, float]] = []
    asyncio.run(run())
    (few, before), (many, after) = seen
    return (after - before) / (many - few)


def _fleet_polls(setting: Setting, *, listing: bool) -> dict[str, float]:
    """Questions for each job of a fleet in the sandbox, and how late the ends were noticed."""
    from kling_facade import Kling, Runtime
    from kling_facade.sandbox import Sandbox, faults

    no_list = [faults.refuse(1202, times=10**9, on="list")]
    with Sandbox(setting.speed, faults=() if listing else no_list, short_side=120) as sandbox:
        real = Runtime.sped_up(setting.speed)
        runtime = Runtime(
            monotonic=sandbox.clock.now,
            sleep=real.sleep,
            async_sleep=real.async_sleep,
            pace=setting.speed,
        )
        requests = (_request(number) for number in range(setting.size))
        noticed: dict[str, float] = {}
        with Kling(sandbox.api_key, base_url=sandbox.base_url, runtime=runtime) as kling:
            for outcome in kling.generate_many(requests):
                assert outcome.ok, outcome
                assert outcome.job is not None
                noticed[str(outcome.job.task_id)] = sandbox.clock.now()
        polls = sum(exchange.method == "GET" for exchange in sandbox.requests)
        late = [
            (noticed[job.task_id] - job.ends) / (job.ends - job.created) for job in sandbox.jobs
        ]
        fixed = [-(-(job.ends - job.created) // _EVERY) for job in sandbox.jobs]
    return {
        "ours": polls / setting.size,
        "baseline": sum(fixed) / setting.size,
        "late": 100 * sum(late) / len(late),
    }


def fleet_polls_list(setting: Setting) -> dict[str, float]:
    """Where the gateway serves lists."""
    return _fleet_polls(setting, listing=True)


def fleet_polls_each(setting: Setting) -> dict[str, float]:
    """Where it does not."""
    return _fleet_polls(setting, listing=False)


# --- download, masks -----------------------------------------------------------------------------


def download(setting: Setting) -> float:
    """MB a second from address to file; the file is checked and flushed to the disk."""
    with _kling(setting) as kling:
        job = kling.submit(_request()).refresh()
        return _pace(setting, job.download)


def download_bare(setting: Setting) -> float:
    """The same with ``httpx.stream`` and ``write``, and no more."""
    import httpx

    with _kling(setting) as kling, httpx.Client() as client:
        job = kling.submit(_request()).refresh()
        url = job.task.videos[0].url

        def fetch(path: Path) -> None:
            with client.stream("GET", url) as answer, path.open("wb") as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)

        return _pace(setting, fetch)


def download_async(setting: Setting) -> float:
    """MB a second with `AsyncKling`."""
    from kling_facade import AsyncKling

    with asyncio.Runner() as runner:
        kling = AsyncKling(_KEY, base_url=setting.url, trust_env=False)
        job = runner.run(kling.submit(_request()))
        runner.run(job.refresh())
        speed = _pace(setting, lambda path: runner.run(job.download(path)))
        runner.run(kling.aclose())
        return speed


def download_async_bare(setting: Setting) -> float:
    """The same with ``httpx.AsyncClient.stream`` and ``write``, and no more."""
    import httpx

    with _kling(setting) as kling:
        url = kling.submit(_request()).refresh().task.videos[0].url

    async def fetch(client: Any, path: Path) -> None:
        async with client.stream("GET", url) as answer:
            with path.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)

    with asyncio.Runner() as runner:
        client = httpx.AsyncClient()
        speed = _pace(setting, lambda path: runner.run(fetch(client, path)))
        runner.run(client.aclose())
        return speed


def _pace(setting: Setting, fetch: Callable[[Path], object]) -> float:
    """MB a second: the middle one of three, after one that opens the connection."""
    paces = []
    for number in range(4):
        path = setting.folder / f"film-{number}.mp4"
        before = time.perf_counter()
        fetch(path)
        paces.append(path.stat().st_size / 1e6 / (time.perf_counter() - before))
        path.unlink()
    return sorted(paces[1:])[1]


def _scene() -> Iterator[tuple[list[tuple[float, float]], list[tuple[float, float]]]]:
    """Six polygons of 60 corners, and a stroke of 100,000 points for each."""
    from math import cos, pi, sin

    for k in range(6):
        corners = [
            (
                1020 + 300 * k + 700 * cos(t * pi / 30) * (1 + 0.2 * sin(9 * t)),
                1080 + 600 * sin(t * pi / 30),
            )
            for t in range(60)
        ]
        stroke = [(768 + 2304 * i / 99_999, 1080 + 648 * sin(i / 9000 + k)) for i in range(100_000)]
        yield corners, stroke


def mask_draw(setting: Setting) -> float:
    """CPU milliseconds for six 4K masks with their paths, as they go out."""
    from kling_facade import MotionBrush, regions

    scene = list(_scene())[: setting.size]
    before = _cpu()
    brush = MotionBrush.over((3840, 2160))
    for corners, stroke in scene:
        brush = brush.move(regions.polygon(corners), along=stroke, start="as drawn")
    assert len(brush.dynamic_masks) == len(scene)
    return 1000 * (_cpu() - before)


def mask_draw_bare(setting: Setting) -> float:
    """Pillow alone: fills each polygon, draws each stroke as a line, saves the PNG."""
    from PIL import Image, ImageDraw

    scene = list(_scene())[: setting.size]
    before = _cpu()
    for corners, stroke in scene:
        mask = Image.new("L", (3840, 2160))
        drawing = ImageDraw.Draw(mask)
        drawing.polygon(corners, fill=255)
        drawing.line(stroke, fill=255, width=3)
        mask.save(io.BytesIO(), "PNG")
    return 1000 * (_cpu() - before)


PIECES: Final[dict[str, Callable[[Setting], Any]]] = {
    piece.__name__: piece
    for piece in (
        upload_cpu,
        upload_cpu_bare,
        upload_memory,
        upload_memory_bare,
        upload_cpu_runwayml,
        import_checked,
        import_package,
        import_httpx,
        import_client,
        create_cpu,
        create_cpu_bare,
        poll_cpu,
        poll_cpu_bare,
        fleet_cpu,
        fleet_cpu_bare,
        fleet_memory,
        fleet_memory_bare,
        fleet_polls_list,
        fleet_polls_each,
        download,
        download_bare,
        download_async,
        download_async_bare,
        mask_draw,
        mask_draw_bare,
    )
}


def main(argv: list[str]) -> None:
    """Runs one piece and prints its figure: ``pieces NAME SETTING``."""
    warnings.simplefilter("ignore")
    given = json.loads(argv[1])
    setting = Setting(**{**given, "folder": Path(given["folder"])})
    peer = argv[0].removeprefix("import_")
    if argv[0] in PIECES:
        print(json.dumps(PIECES[argv[0]](setting)))
    else:
        print(json.dumps(_import_cost(f"import {peer}")))


if __name__ == "__main__":
    main(sys.argv[1:])
