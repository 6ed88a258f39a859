"""Result files: their addresses, ranges, and their end."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from kling_facade.sandbox import Sandbox
from kling_facade.sandbox.loopback import LocalAddress
from tests.sandbox.conftest import PATH, Opener, create, film, finished, picture, png


@pytest.fixture(scope="module")
def url(sandbox: Sandbox, api: httpx.Client) -> str:
    """The address of a finished film."""
    return str(finished(sandbox, api)["task_result"]["videos"][0]["url"])


def test_the_address_is_all_one_needs(url: str) -> None:
    """As on a content network: no key is asked for."""
    answer = httpx.get(url, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_the_address_can_not_be_guessed(api: httpx.Client, url: str) -> None:
    """Without its random part, and with another's name, there is nothing."""
    head, token, name = url.rsplit("/", 2)
    assert len(token) >= 32
    for wrong in (f"{head}/{name}", f"{head}/{token[:-1]}/{name}", f"{head}/{token}/1.mp4"):
        assert api.get(wrong).status_code == 404


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=50-999999999", slice(50, None)),
    ],
)
def test_ranges(api: httpx.Client, url: str, asked: str, part: slice) -> None:
    """206 with exactly the bytes asked for."""
    whole = api.get(url).content
    answer = api.get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, whole[part])
    assert answer.headers["content-range"].endswith(f"/{len(whole)}")


def test_a_range_beyond_the_end(api: httpx.Client, url: str) -> None:
    """416 with the length."""
    answer = api.get(url, headers={"Range": "bytes=999999999-"})
    assert answer.status_code == 416


def test_a_range_of_another_version_gives_the_whole(api: httpx.Client, url: str) -> None:
    """If-Range with the right tag gives the part, with another tag the whole."""
    tag = api.head(url).headers["etag"]
    for sent, status in ((tag, 206), ('"other"', 200)):
        answer = api.get(url, headers={"Range": "bytes=5-", "If-Range": sent})
        assert answer.status_code == status


def test_a_film_is_the_same_each_time(api: httpx.Client, url: str) -> None:
    """Same bytes, same tag."""
    one, other = api.get(url), api.get(url)
    assert (one.content, one.headers["etag"]) == (other.content, other.headers["etag"])


def test_results_are_deleted_after_thirty_days(opened: Opener) -> None:
    """By the sandbox's clock (VD1)."""
    sandbox, api = opened()
    url = finished(sandbox, api)["task_result"]["videos"][0]["url"]
    sandbox.advance(29 * 86400)
    assert api.head(url).status_code == 200
    sandbox.advance(86400)
    assert api.head(url).status_code == 404


def test_there_is_no_film_before_the_end(opened: Opener) -> None:
    """Even who knows the address has to wait."""
    sandbox, api = opened()
    api.post(PATH, json=create())
    (job,) = sandbox.jobs
    path = f"/files/{job.token}/{job.task_id}.mp4"
    assert api.get(path).status_code == 404
    sandbox.advance(10_000)
    assert api.get(path).status_code == 200


def test_eager_films_are_made_before_they_are_fetched(opened: Opener) -> None:
    """With the create, in the background."""
    sandbox, api = opened(eager=True)
    api.post(PATH, json=create())
    (job,) = sandbox.jobs
    assert sandbox._films.film(job.order.film).result(30).stat().st_size > 1000


def test_filming_does_not_hold_up_other_calls(opened: Opener) -> None:
    """A look-up is answered while a large film is being made."""
    sandbox, api = opened(eager=True, short_side=720, fps=24)
    api.post(PATH, json=create())
    (job,) = sandbox.jobs
    assert api.get(PATH, timeout=2).status_code == 200
    assert not sandbox._films.film(job.order.film).done()


@pytest.mark.parametrize(
    "image", ["{base}/sample.png", "https://example.com/fox.jpg", "http://192.0.2.1/a.png"]
)
def test_pictures_by_address(sandbox: Sandbox, api: httpx.Client, image: str) -> None:
    """The sandbox's own are fetched; for all others there is a stand-in, and no network."""
    assert sandbox.sample_url == f"{sandbox.base_url}/sample.png"
    assert film(sandbox, api, image=image.format(base=sandbox.base_url))[4:8] == b"ftyp"


def test_masks_over_a_picture_that_was_not_fetched(sandbox: Sandbox, api: httpx.Client) -> None:
    """Its shape is not known, so no mask has the wrong one."""
    mask = png(picture((300, 640)).convert("L"))
    data = finished(sandbox, api, image="https://example.com/fox.jpg", static_mask=mask)
    assert data["task_status"] == "succeed"


@pytest.mark.parametrize("path", ["/nothing", "/kling/v1/videos/image2video"])
def test_an_address_on_this_machine_that_gives_nothing(
    sandbox: Sandbox, api: httpx.Client, path: str
) -> None:
    """It is refused at once, with the status."""
    answer = api.post(PATH, json=create(image=f"{sandbox.base_url}{path}?x=1"))
    assert answer.json()["code"] == 1201
    assert "HTTP 40" in answer.json()["message"]


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost.example.com", False),
        ("169.254.169.254", False),
        ("10.0.0.1", False),
        ("0.0.0.0", True),
        ("0x7f.1", False),
        ("", False),
    ],
)
def test_which_addresses_are_this_machine(host: str | None, here: bool) -> None:
    """Told by the name alone: nothing is looked up."""
    shown = f"[{host}]" if host and ":" in host else host or ""
    assert (LocalAddress.of(f"http://{shown}/x") is not None) is here


def test_an_address_where_nobody_listens(api: httpx.Client) -> None:
    """It is refused at once, with the reason."""
    answer = api.post(PATH, json=create(image="http://127.0.0.1:9/fox.png"))
    assert "image: the address can't be read" in answer.json()["message"]


def test_a_mask_by_address_has_a_stand_in(sandbox: Sandbox, api: httpx.Client) -> None:
    """So that a request with remote masks still makes a film."""
    points = [{"x": 100, "y": 100}, {"x": 200, "y": 100}]
    stroke = {"mask": "https://example.com/mask.png", "trajectories": points}
    assert film(sandbox, api, dynamic_masks=[stroke])[4:8] == b"ftyp"


@pytest.mark.parametrize("prefix", ["", "/kling"])
@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:99999/x.png",
        "http://127.0.0.1:0/x.png",
        "http://127.0.0.1:" + "1" * 5000,
        "http://127.0.0.1:x/",
        "http://[::1/x.png",
        "https://[1/x.png",
    ],
)
def test_an_address_that_is_none_is_refused_with_the_reason(
    api: httpx.Client, prefix: str, address: str
) -> None:
    """In each field that may hold a picture; the sandbox itself never fails."""
    for name in ("image", "image_tail", "static_mask"):
        path = prefix + PATH.removeprefix("/kling")
        answer = api.post(path, json=create(**{name: address}))
        assert (answer.status_code, answer.json()["code"]) == (400, 1201)
        assert f"{name}: this is not an address" in answer.json()["message"]


LONG = "9" * 5000


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{PATH}?pageNum={LONG}", None),
        ("GET", f"{PATH}?pageSize={LONG}", None),
        ("GET", f"{PATH}/{LONG}", None),
        ("POST", PATH, f'{{"cfg_scale": {LONG}}}'),
        ("POST", PATH, f'{{"duration": {LONG}}}'),
        ("POST", PATH, create(prompt=f"<<<voice_{LONG[:2400]}>>>", sound="on")),
        ("POST", PATH, create(external_task_id="\ud800")),
        ("POST", PATH, create(duration=LONG)),
        ("POST", PATH.removeprefix("/kling"), create(multi_shot=LONG, duration=10**300)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_five_thousand_digits_are_an_answer_and_not_a_failure(
    api: httpx.Client, method: str, path: str, body: Any
) -> None:
    """Python reads no number of more than 4300 digits; nor does the sandbox try."""
    content = json.dumps(body) if isinstance(body, dict) else body
    answer = api.request(method, path, content=content)
    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["code"] in (1200, 1201, 1203)


def test_a_range_of_five_thousand_digits(sandbox: Sandbox, api: httpx.Client) -> None:
    """It is refused as a range, or answered whole."""
    url = finished(sandbox, api)["task_result"]["videos"][0]["url"]
    answer = api.get(url, headers={"Range": f"bytes={LONG}-"}, timeout=60)
    assert answer.status_code in (200, 400, 416)


def test_a_path_far_outside_is_filmed(sandbox: Sandbox, api: httpx.Client) -> None:
    """No source says how far a path may lead; the film is made all the same."""
    points = [{"x": 100, "y": 100}, {"x": 10**300, "y": 10**18}]
    mask = png(picture().convert("L"))
    stroke = {"mask": mask, "trajectories": points}
    assert film(sandbox, api, dynamic_masks=[stroke])[4:8] == b"ftyp"
