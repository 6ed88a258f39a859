"""Ways to spoil an answer, and the shapes of the table: `Row`, `Case`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any, Final

from attrs import field, frozen

from kling_facade import errors as e
from kling_facade.limits import Limits
from tests.support.misbehaving_server import Act, Connection, answer, drip, raw, response, task_json
from tests.support.scripted_gateway import MP4, Phase, Spoiled

IMPATIENT: Final = Limits(
    connect=1,
    read=0.35,
    call=0.6,
    upload=0.6,
    submit=900,
    grace=30,
    wait=900,
    attempts=3,
    answer_bytes=50_000,
    video_bytes=3 * len(MP4),
    stall_seconds=0.3,
    resumes=2,
)
"""Short on the wire, patient in the time that only a sleep makes pass."""


@frozen(kw_only=True)
class Case:
    """One thing going wrong during one `generate`.

    Attributes:
        name: Which of the row's faults.
        phase: Where it happens.
        faults: What is done, in order; afterwards the gateway is honest again.
        always: Whether the last of them goes on for ever.
        ends: ``None`` when the video must arrive, else the class of the error.
        posts: Largest number of POSTs, turned away ones included.
        requests: Largest number of requests in all.
        first: Faults of earlier phases that this one needs.
        says: A text that the error must have.
        limits: Limits of the client.
        flat: Whether memory is measured.
    """

    name: str
    phase: Phase
    faults: Sequence[Spoiled]
    always: bool = False
    ends: type[e.KlingError] | None = None
    posts: int = 1
    requests: int = 20
    first: dict[Phase, Sequence[Spoiled]] = field(factory=dict)
    says: str = ""
    limits: Limits = IMPATIENT
    flat: bool = False


@frozen
class Row:
    """One named fault.

    Attributes:
        id: Its name.
        fault: What goes wrong.
        phases: Where.
        expected: What the client makes of it.
        cases: Played over sockets.
        shown_by: Tests elsewhere that show it, as ``path::function``.
    """

    id: str
    fault: str
    phases: str
    expected: str
    cases: tuple[Case, ...] = ()
    shown_by: tuple[str, ...] = ()


def lost(act: Act) -> Spoiled:
    """The job is made, the answer is not what it should be."""
    return Spoiled(act, accepts=True)


def refused(*args: Any, **options: Any) -> Spoiled:
    """Nothing is made, and a well-formed answer says so."""
    return Spoiled(answer(*args, **options), accepts=False)


def code(number: int, status: int, *headers: tuple[str, str], message: str = "words") -> Spoiled:
    """Kling's error envelope."""
    envelope = {"code": number, "message": message, "request_id": "req-7"}
    return refused(envelope, status, headers)


OURS = task_json(task_info={"external_task_id": "ours"})

SUBMITTED = json.dumps(OURS)

CLOSE = raw(b"")

RESET = raw(b"", then="reset")

HANG = raw(b"", then="hang")

HALF = raw(response(OURS, length=9999), then="hang")

DRIP = drip(response(OURS), gap=0.04)

HEADER_DRIP = drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 300, gap=0.04)

CUT = answer(SUBMITTED[:40])

BAD_CHUNK = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")

NO_LAST_CHUNK = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")

NO_HTTP = raw(b"SSH-2.0-OpenSSH_9.6 " + b"x" * 300 + b"\r\n\r\n")

HUGE_HEADER = raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n")

MANY_HEADERS = raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 30_000 + b"\r\n")

PAGE = "<!doctype html><html>Sign in to the hotel's network</html>"

DEEP = answer("[" * 40_000)

NAN = answer('{"code": 0, "data": {"task_id": "801", "x": NaN}}')

HUGE_NUMBER = answer('{"code": 0, "x": ' + "1" * 20_000 + "}")

TWICE = answer('{"code": 1, "code": 0, "data": {"task_id": "801"}}')

TOO_LARGE = answer(b" " * 100_000 + b"{}")

BOMB = answer(gzip.compress(b"0" * 20_000_000), headers=[("Content-Encoding", "gzip")])

LATIN = answer('{"code": 0, "message": "é"}'.encode("latin-1"))

UTF16 = answer(SUBMITTED.encode("utf-16"))


def flood(connection: Connection) -> None:
    """Hints without end, and never an answer."""
    for _ in range(100_000):
        if connection.stopping.is_set() or connection.gone:
            return
        connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 20)


def hints_first(connection: Connection) -> None:
    """Some hints, then the answer."""
    connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50 + b"HTTP/1.1 100 Continue\r\n\r\n")
    connection.send(response(OURS))


def two_answers(connection: Connection) -> None:
    """An answer about our job, and behind it one that nobody asked for."""
    stranger = task_json("999", "succeed", task_result={"videos": [{"url": "https://evil/"}]})
    connection.send(response(OURS) + response(stranger))


def polled(status: str = "processing", **facts: Any) -> Spoiled:
    """An answer to a question, about our job."""
    return Spoiled(answer(task_json("801", status, **facts)))


def with_data(data: Any) -> Spoiled:
    """A good envelope around something odd."""
    return Spoiled(answer({"code": 0, "message": "", "request_id": "r", "data": data}))


def saying(task_id: Any) -> Spoiled:
    """A good envelope with an odd id."""
    return with_data({"task_id": task_id, "task_status": "processing"})


def each(phases: str, faults: dict[str, Act], **options: Any) -> tuple[Case, ...]:
    """The same faults in several phases: a lost create is looked up, a failed read is repeated."""
    return tuple(
        Case(name=name, phase=phase, faults=[lost(act)], **options)  # type: ignore[arg-type] # a letter of Phase
        for phase in phases
        for name, act in faults.items()
    )


def forever(name: str, act: Act | Spoiled, ends: type[e.KlingError], **options: Any) -> Case:
    """A question that is never answered well."""
    spoiled = act if isinstance(act, Spoiled) else Spoiled(act)
    return Case(name=name, phase="P", faults=[spoiled], always=True, ends=ends, **options)


def at_once(name: str, spoiled: Spoiled, ends: type[e.KlingError], **options: Any) -> Case:
    """A create that is turned away for good, at the first POST."""
    return Case(
        name=name, phase="S", faults=[spoiled], always=True, ends=ends, requests=1, **options
    )


def download(name: str, *acts: Act, ends: type[e.KlingError] | None = None, **more: Any) -> Case:
    """A transfer that is spoiled."""
    return Case(name=name, phase="D", faults=[Spoiled(act) for act in acts], ends=ends, **more)


def never(name: str, act: Act, ends: type[e.KlingError], **more: Any) -> Case:
    """A transfer that is spoiled each time."""
    faults = [Spoiled(act)]
    return Case(name=name, phase="D", faults=faults, always=True, ends=ends, **more)


def addressed(name: str, url: str, ends: type[e.KlingError], **more: Any) -> Case:
    """A finished job whose video is said to lie somewhere else."""
    told = polled(
        "succeed",
        task_info={"external_task_id": "ours"},
        task_result={"videos": [{"id": "v", "url": url}]},
    )
    return Case(name=name, phase="P", faults=[told], always=True, ends=ends, **more)


ETAG = ("ETag", '"v1"')

VIDEO = response(MP4, headers=[ETAG])

HEAD = len(VIDEO) - len(MP4)


def cut_at(share: float) -> Act:
    """A part of the video, then the end of the connection."""
    return raw(VIDEO[: HEAD + int(len(MP4) * share)])


def rest(connection: Connection) -> None:
    """What a range asks for."""
    asked = connection.request.headers.get("range", "bytes=0-")
    start = int(asked.removeprefix("bytes=").rstrip("-"))
    where = ("Content-Range", f"bytes {start}-{len(MP4) - 1}/{len(MP4)}")
    connection.send(response(MP4[start:], 206, [ETAG, where]))


def wrong_range(connection: Connection) -> None:
    """Another range than was asked for."""
    connection.send(response(MP4, 206, [ETAG, ("Content-Range", f"bytes 7-{len(MP4)}/{len(MP4)}")]))


def other_file(connection: Connection) -> None:
    """A range of a file that has changed."""
    connection.send(
        response(
            MP4[10:],
            206,
            [("ETag", '"v2"'), ("Content-Range", f"bytes 10-{len(MP4) - 1}/{len(MP4)}")],
        )
    )


def disposition(name: str) -> Act:
    """A whole video that would like another name."""
    return answer(MP4, headers=[ETAG, ("Content-Disposition", f"attachment; filename={name}")])


def endless(connection: Connection) -> None:
    """A video that does not end."""
    connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + MP4)
    while not connection.stopping.is_set() and not connection.gone:
        connection.send(bytes(65536))
