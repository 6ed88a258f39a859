"""The films, decoded: what was asked for can be seen in them."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from kling_facade.sandbox import Sandbox
from tests.sandbox.conftest import Opener, film, finished, png

AXES = dict.fromkeys(("horizontal", "vertical", "pan", "tilt", "roll", "zoom"), 0)
SIZE = (480, 300)
FPS = 4
FLOAT = NDArray[np.float64]


def scenery() -> Image.Image:
    """Grey-green texture with a red disc in the middle."""
    noise = np.random.default_rng(5).integers(90, 180, (SIZE[1] // 12, SIZE[0] // 12, 3))
    image = Image.fromarray(noise.astype(np.uint8), "RGB").resize(SIZE, Image.Resampling.BICUBIC)
    ImageDraw.Draw(image).circle((240, 150), 30, fill=(230, 20, 20))
    return image


SCENERY = png(scenery())


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Films large enough to measure in."""
    with Sandbox(speed=0, short_side=180, fps=FPS, mark=False) as sandbox:
        yield sandbox


def opened_film(content: bytes) -> av.container.InputContainer:
    """A film, to be decoded."""
    return av.open(io.BytesIO(content), "r")


def levels(frame: av.VideoFrame) -> FLOAT:
    """A frame as RGB, by the numbers of BT.709: not every PyAV goes by the file's tag."""
    y, cb, cr = frame.reformat(format="yuv444p").to_ndarray().astype(float)
    y, cb, cr = (y - 16) * 255 / 219, (cb - 128) * 255 / 224, (cr - 128) * 255 / 224
    rgb = np.dstack([y + 1.5748 * cr, y - 0.1873 * cb - 0.4681 * cr, y + 1.8556 * cb])
    return rgb.clip(0, 255)


def decoded(content: bytes) -> list[FLOAT]:
    """All frames as levels."""
    with opened_film(content) as container:
        return [levels(frame) for frame in container.decode(video=0)]


def disc(frame: FLOAT) -> tuple[float, float, float]:
    """The red disc: its centre and width, as parts of the frame."""
    red = (frame[:, :, 0] > 190) & (frame[:, :, 1] < 80) & (frame[:, :, 2] < 80)
    rows, columns = np.nonzero(red)
    assert len(rows) > 20, "the disc is not in the frame"
    height, width = red.shape
    return columns.mean() / width, rows.mean() / height, np.sqrt(len(rows)) / width


def ends(sandbox: Sandbox, api: httpx.Client, **fields: Any) -> tuple[FLOAT, FLOAT]:
    """First and last frame."""
    frames = decoded(film(sandbox, api, image=SCENERY, **fields))
    return frames[0], frames[-1]


def simple(**axes: int) -> dict[str, Any]:
    """A simple camera move."""
    return {"camera_control": {"type": "simple", "config": AXES | axes}}


@pytest.mark.parametrize(
    ("strength", "growth"), [(-6, 1.5), (-10, 2.0), (6, 1 / 1.5), (10, 1 / 2.0)]
)
def test_zoom(sandbox: Sandbox, api: httpx.Client, strength: int, growth: float) -> None:
    """Negative on the wire zooms in: the content grows; positive zooms out."""
    first, last = ends(sandbox, api, **simple(zoom=strength))
    assert disc(last)[2] / disc(first)[2] == pytest.approx(growth, rel=0.06)


@pytest.mark.parametrize(
    ("axis", "strength", "direction"),
    [
        ("horizontal", 7, (-1, 0)),
        ("horizontal", -7, (1, 0)),
        ("pan", 7, (-1, 0)),
        ("pan", -7, (1, 0)),
        ("vertical", 7, (0, 1)),
        ("vertical", -7, (0, -1)),
        ("tilt", 7, (0, 1)),
        ("tilt", -7, (0, -1)),
    ],
)
def test_travel_and_turn(
    sandbox: Sandbox, api: httpx.Client, axis: str, strength: int, direction: tuple[int, int]
) -> None:
    """The content goes against the camera, by at least a tenth of the frame."""
    first, last = (disc(frame) for frame in ends(sandbox, api, **simple(**{axis: strength})))
    along = (last[0] - first[0]) * direction[0] + (last[1] - first[1]) * direction[1]
    across = (last[0] - first[0]) * direction[1] + (last[1] - first[1]) * direction[0]
    assert along > 0.1
    assert abs(across) < 0.03


@pytest.mark.parametrize("strength", [5, -5])
def test_roll(sandbox: Sandbox, api: httpx.Client, strength: int) -> None:
    """The camera rolls clockwise, the content turns counter-clockwise, by nine degrees for five."""
    first, last = ends(sandbox, api, **simple(roll=strength))
    start = Image.fromarray(first.astype(np.uint8))
    errors = {
        angle: float(
            np.abs(
                np.asarray(start.rotate(angle, Image.Resampling.BILINEAR))[20:-20, 40:-40]
                - last[20:-20, 40:-40]
            ).mean()
        )
        for angle in (-12, -9, -6, 0, 6, 9, 12)
    }
    # Pillow's rotate() turns counter-clockwise for positive angles.
    assert min(errors, key=errors.__getitem__) == (9 if strength > 0 else -9)


@pytest.mark.parametrize(
    "preset", ["down_back", "forward_up", "right_turn_forward", "left_turn_forward"]
)
def test_compound_moves(sandbox: Sandbox, api: httpx.Client, preset: str) -> None:
    """Forward makes things larger, back smaller; they go against the camera."""
    fields = {"camera_control": {"type": preset}}
    frames = [disc(frame) for frame in decoded(film(sandbox, api, image=SCENERY, **fields))]
    growth = frames[-1][2] / frames[0][2]
    assert growth > 1.2 if "forward" in preset else growth < 0.85
    x, y = frames[-1][0] - frames[0][0], frames[-1][1] - frames[0][1]
    moved = {"down_back": -y, "forward_up": y, "right_turn_forward": -x, "left_turn_forward": x}
    assert moved[preset] > 0.05


def mask(box: tuple[int, int, int, int]) -> str:
    """A box as a mask."""
    image = Image.new("L", SIZE)
    ImageDraw.Draw(image).rectangle(box, fill=255)
    return png(image)


def stroke(*points: tuple[int, int]) -> dict[str, Any]:
    """The disc, along points from the bottom left, as the wire has them."""
    return {
        "mask": mask((205, 115, 275, 185)),
        "trajectories": [{"x": x, "y": y} for x, y in points],
    }


@pytest.mark.parametrize(
    ("to", "direction"),
    [((390, 149), (1, 0)), ((90, 149), (-1, 0)), ((240, 249), (0, -1)), ((240, 49), (0, 1))],
)
def test_a_region_follows_its_path(
    sandbox: Sandbox, api: httpx.Client, to: tuple[int, int], direction: tuple[int, int]
) -> None:
    """A larger y on the wire is further up: the origin is at the bottom left."""
    frames = decoded(film(sandbox, api, image=SCENERY, dynamic_masks=[stroke((240, 149), to)]))
    places = [disc(frame) for frame in frames]
    x = (places[-1][0] - places[0][0]) * SIZE[0]
    y = (places[-1][1] - places[0][1]) * SIZE[1]
    assert (x, y) == pytest.approx((direction[0] * 150, direction[1] * 100), abs=8)
    middle = places[len(places) // 2]
    assert (middle[0] - places[0][0]) * SIZE[0] == pytest.approx(x / 2, abs=12)


def test_a_bent_path_is_followed_round_its_corner(sandbox: Sandbox, api: httpx.Client) -> None:
    """Right, then up: halfway it has gone right and not up."""
    path = stroke((240, 149), (340, 149), (340, 249))
    frames = decoded(film(sandbox, api, image=SCENERY, dynamic_masks=[path]))
    middle, last = disc(frames[len(frames) // 2]), disc(frames[-1])
    assert (middle[0], middle[1]) == pytest.approx((340 / 480, 0.5), abs=0.03)
    assert (last[0], last[1]) == pytest.approx((340 / 480, 50 / 300), abs=0.03)


def test_a_held_region_is_still_while_the_rest_drifts(sandbox: Sandbox, api: httpx.Client) -> None:
    """To within what the encoder changes."""
    held = mask((330, 0, 479, 299))
    frames = decoded(
        film(
            sandbox,
            api,
            image=SCENERY,
            static_mask=held,
            dynamic_masks=[stroke((240, 149), (140, 149))],
        )
    )
    inside, outside = np.s_[5:-5, 203:-5], np.s_[5:-5, 3:80]
    assert np.abs(frames[-1][inside] - frames[0][inside]).mean() < 2.5
    assert np.abs(frames[-1][outside] - frames[0][outside]).mean() > 5


def test_the_film_ends_with_the_tail(sandbox: Sandbox, api: httpx.Client) -> None:
    """And begins with the image."""
    tail = png(Image.new("RGB", SIZE, (20, 40, 200)))
    first, last = ends(sandbox, api, image_tail=tail)
    assert last.mean(axis=(0, 1)) == pytest.approx((20, 40, 200), abs=6)
    assert np.abs(first.mean(axis=(0, 1)) - last.mean(axis=(0, 1))).max() > 50


@pytest.mark.parametrize("seconds", [3, 5, 10, 15])
def test_the_duration_is_as_requested(sandbox: Sandbox, api: httpx.Client, seconds: int) -> None:
    """By the timestamps of the frames, to the last one's end."""
    model = "kling-v3"
    content = film(sandbox, api, image=SCENERY, duration=str(seconds), model_name=model)
    with opened_film(content) as container:
        stream = container.streams.video[0]
        times = [Fraction(f.pts or 0) * (f.time_base or 1) for f in container.decode(video=0)]
        assert times[-1] - times[0] + Fraction(1, FPS) == seconds
        assert (stream.duration or 0) * (stream.time_base or 1) == seconds
        assert container.duration == seconds * 1_000_000
        assert times == sorted(set(times))


def test_the_file_plays_everywhere(sandbox: Sandbox, api: httpx.Client) -> None:
    """H.264 in 4:2:0, index before the data, colours named."""
    content = film(sandbox, api, image=SCENERY)
    assert content[4:8] == b"ftyp"
    assert content.index(b"moov") < content.index(b"mdat")
    with opened_film(content) as container:
        (video,) = container.streams
        assert isinstance(video, av.VideoStream)
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.codec_context.color_primaries, video.codec_context.colorspace) == (1, 1)


def tones(content: bytes) -> set[int]:
    """The frequencies that stand out in the sound track, in hertz."""
    with opened_film(content) as container:
        assert container.duration == 5_000_000
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
        rate = container.streams.audio[0].rate
    spectrum = np.abs(np.fft.rfft(sound))
    frequencies = np.fft.rfftfreq(len(sound), 1 / rate)
    return {round(f / 10) * 10 for f in frequencies[spectrum > 0.2 * spectrum.max()]}


VOICES = [{"voice_id": "1"}, {"voice_id": "2"}]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {220}),
        ({"voice_list": VOICES[:1], "prompt": "<<<voice_1>>> hi"}, {220}),
        ({"voice_list": VOICES, "prompt": "<<<voice_1>>> hi <<<voice_2>>>"}, {220, 330}),
    ],
)
def test_sound(
    sandbox: Sandbox, api: httpx.Client, fields: dict[str, Any], expected: set[int]
) -> None:
    """One tone, and a second for a second voice."""
    assert tones(film(sandbox, api, image=SCENERY, sound="on", mode="pro", **fields)) == expected


def test_silence(sandbox: Sandbox, api: httpx.Client) -> None:
    """No sound track when none is asked for."""
    for sound in ("off", None):
        with opened_film(film(sandbox, api, image=SCENERY, sound=sound)) as container:
            assert not container.streams.audio


@pytest.mark.parametrize(("mode", "size"), [("std", (1152, 720)), ("pro", (1728, 1080))])
def test_the_size_follows_mode_and_picture(
    opened: Opener, mode: str, size: tuple[int, int]
) -> None:
    """720 or 1080 on the shorter side, in the picture's shape."""
    sandbox, api = opened(short_side=None, fps=1, mark=True)
    content = film(sandbox, api, image=SCENERY, mode=mode)
    with opened_film(content) as container:
        video = container.streams.video[0]
        assert (video.codec_context.width, video.codec_context.height) == size


def test_a_photograph_is_turned_upright(sandbox: Sandbox, api: httpx.Client) -> None:
    """The camera's orientation note (EXIF) is followed."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the scene is at the right edge of the stored picture
    photo = png(scenery().rotate(90, expand=True), "JPEG", exif=exif, quality=95)
    first = decoded(film(sandbox, api, image=photo))[0]
    assert first.shape[1] > first.shape[0]
    upright = np.asarray(scenery().resize((first.shape[1], first.shape[0]))).astype(float)
    assert np.abs(first - upright).mean() < 12


def test_a_mask_counts_by_brightness_and_opacity(sandbox: Sandbox, api: httpx.Client) -> None:
    """A cut-out with an alpha channel selects what is white and opaque."""
    cutout = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    ImageDraw.Draw(cutout).rectangle((205, 115, 275, 185), fill=(255, 255, 255, 255))
    moved = {"mask": png(cutout), "trajectories": [{"x": 240, "y": 149}, {"x": 340, "y": 149}]}
    first, last = ends(sandbox, api, dynamic_masks=[moved])
    assert disc(last)[0] - disc(first)[0] == pytest.approx(100 / 480, abs=0.03)


def test_the_corner_says_sandbox(opened: Opener) -> None:
    """Nobody takes the film for Kling's; the rest of the frame is untouched."""
    frames = []
    for mark in (True, False):
        sandbox, api = opened(mark=mark, short_side=240, fps=1)
        frames.append(decoded(film(sandbox, api, image=SCENERY))[0])
    changed = np.abs(frames[0] - frames[1]).max(axis=2) > 40
    assert changed[-20:, -60:].any()
    assert not changed[:-20].any()


def test_like_requests_share_one_film(sandbox: Sandbox, api: httpx.Client) -> None:
    """A thousand jobs of a test cost one rendering."""
    urls = [
        finished(sandbox, api, image=SCENERY, prompt=p)["task_result"]["videos"][0]["url"]
        for p in "ab"
    ]
    one, other = (api.head(url) for url in urls)
    assert one.headers["etag"] == other.headers["etag"]
    assert urls[0] != urls[1]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_cut_short_makes_the_job_fail(
    sandbox: Sandbox, api: httpx.Client, kind: str
) -> None:
    """A right header is not enough."""
    whole = base64.b64decode(png(scenery(), kind))
    cut = base64.b64encode(whole[: len(whole) // 2]).decode()
    data = finished(sandbox, api, image=cut)
    assert data["task_status"] == "failed"
    assert "can't be read" in data["task_status_msg"]
