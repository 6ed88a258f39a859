"""One face for both clients, so that each test of a promise is run sync and async."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

from attrs import frozen
from kling_client.models import ImageToVideoRequest

from kling_facade import AsyncKling, Kling, Limits, PollPlan, Runtime
from kling_facade.builders.pictures.base64_text import Base64Text

KEY = "canary-key-5f2c91"

Kind = Literal["sync", "async"]


@frozen
class PlainRequest:
    """A request that is right as it stands, without the builders."""

    external_task_id: str | None = "ours"
    image: str | Base64Text = "https://example.com/fox.png"
    found: tuple[Any, ...] = ()

    def check(self, catalog: Any = None, **options: Any) -> list[Any]:
        """Whatever advice the test wants given."""
        return list(self.found)

    def to_body(self, *, preset_config: bool = True) -> ImageToVideoRequest:
        """The generated model."""
        return ImageToVideoRequest("kling-v2-6", self.image, "std", "5")


class Caller:
    """Calls a client's methods, awaiting what is awaitable."""

    def __init__(self, kling: Any, runner: asyncio.Runner | None) -> None:
        self.kling = kling
        self._runner = runner

    def do(self, result: Any) -> Any:
        """The result, awaited if need be."""
        if self._runner is None:
            return result

        async def settle() -> Any:
            return await result

        return self._runner.run(settle()) if hasattr(result, "__await__") else result

    def submit(self, request: Any) -> Any:
        """A job."""
        return self.do(self.kling.submit(request))

    def generate(self, request: Any, to: Any, **options: Any) -> Any:
        """A video."""
        return self.do(self.kling.generate(request, to, **options))

    def collect(self, items: Any) -> list[Any]:
        """All items of an iterator, sync or async."""
        if self._runner is None:
            return list(items)

        async def gather() -> list[Any]:
            return [item async for item in items]

        return self._runner.run(gather())

    def jobs(self, **options: Any) -> list[Any]:
        """All jobs."""
        listed = self.kling.jobs(**options)
        if self._runner is None:
            return list(listed)

        async def collect() -> list[Any]:
            return [job async for job in listed]

        return self._runner.run(collect())


def fast_runtime() -> Runtime:
    """Real clocks, but a sleep of a second takes a millisecond."""
    import time

    async def nap(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 1.0) / 1000)

    return Runtime(sleep=lambda seconds: time.sleep(min(seconds, 1.0) / 1000), async_sleep=nap)


def skipping_runtime() -> Runtime:
    """Sleeps take no time and count all the same: deadlines of minutes pass at once."""
    import time

    slept = 0.0

    def sleep(seconds: float) -> None:
        nonlocal slept
        slept += seconds

    async def nap(seconds: float) -> None:
        sleep(seconds)
        await asyncio.sleep(0)

    return Runtime(
        monotonic=lambda: time.monotonic() + slept,
        sleep=sleep,
        async_sleep=nap,
        uniform=lambda: 0.5,
    )


@cache
def trust() -> ssl.SSLContext:
    """One TLS context for all tests: making one takes longer than most tests."""
    return ssl.create_default_context()


@contextmanager
def calling(kind: Kind, base_url: str, **options: Any) -> Iterator[Caller]:
    """A client of either kind for a peer on loopback, impatient but for what the test overrides."""
    options = {
        "limits": Limits(connect=2, read=2, call=4, upload=6, grace=0.2, attempts=3),
        "poll": PollPlan(first=0.5, cap=1.0),
        "runtime": fast_runtime(),
        "trust_env": False,
        "verify": trust(),
        **options,
    }
    if kind == "sync":
        with Kling(KEY, base_url=base_url, **options) as kling:
            yield Caller(kling, None)
        return
    with asyncio.Runner() as runner:
        client = AsyncKling(KEY, base_url=base_url, **options)
        try:
            yield Caller(client, runner)
        finally:
            runner.run(client.aclose())
