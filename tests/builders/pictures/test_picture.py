"""Pictures from every source end as the same bytes, in bare base64."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from kling_facade import ImageToVideo, fit
from kling_facade.builders.pictures.base64_text import Base64Text, UnreadablePicture, expand
from kling_facade.builders.pictures.picture import Picture
from kling_facade.builders.pictures.pillow import need_pillow
from kling_facade.errors import InvalidRequest, MissingExtra

from ...support.pictures import encoded, photo

DATA = photo()


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Any]:
    """One picture, given in every way."""
    path = tmp_path / "fox.jpg"
    path.write_bytes(DATA)
    text = base64.b64encode(DATA).decode()
    return {
        "path": path,
        "text path": str(path),
        "bytes": DATA,
        "bytearray": bytearray(DATA),
        "memoryview": memoryview(DATA),
        "BytesIO": io.BytesIO(DATA),
        "data URL": f"data:image/jpeg;base64,{text}",
        "base64": text,
        "base64 in lines": base64.encodebytes(DATA).decode(),
        "picture": Picture.of(DATA),
    }


SOURCES = [
    "path", "text path", "bytes", "bytearray", "memoryview", "BytesIO", "data URL", "base64",
    "base64 in lines", "picture",
]  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_gives_the_same_bytes(sources: dict[str, Any], name: str) -> None:
    """Whatever a picture comes as, its bytes go out as bare base64, as often as asked."""
    picture = Picture.of(sources[name])
    assert picture.byte_count == len(DATA)
    assert picture.size == (640, 480)
    for _ in range(2):
        sent = picture.wire()
        assert isinstance(sent, Base64Text)
        assert base64.b64decode(expand(sent), validate=True) == DATA


def test_a_file_object_is_read_from_where_it_stands_and_left_there(tmp_path: Path) -> None:
    """The caller's file keeps its position and stays open; two readers don't disturb each other."""
    path = tmp_path / "box"
    path.write_bytes(b"head" + DATA)
    with path.open("rb") as file:
        file.seek(4)
        picture = Picture.of(file)
        one, other = picture.open(), picture.open()
        assert one.read(100) + other.read(50) == DATA[:100] + DATA[:50]
        assert one.seek(-5, io.SEEK_END) == len(DATA) - 5
        assert one.read() == DATA[-5:]
        one.close()
        other.close()
        assert not file.closed
        assert file.tell() == 4
    assert picture.label == "box"


def test_a_pipe_is_read_at_once() -> None:
    """A stream that can't seek is kept, since it may have to be sent twice."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    assert Picture.of(Pipe(DATA)).byte_count == len(DATA)


def test_a_pillow_image_goes_out_as_its_pixels() -> None:
    """Losslessly, as PNG, without the metadata of the file it came from."""
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(io.BytesIO(photo(exif=exif))) as image:
        picture = Picture.of(image)
        with Image.open(picture.open()) as sent:
            assert sent.format == "PNG"
            assert sent.tobytes() == image.tobytes()
            assert sent.getexif().get(0x0112) is None


def test_a_pillow_image_that_png_can_not_hold_says_so() -> None:
    """CMYK has no PNG: the message names fit()."""
    with pytest.raises(InvalidRequest, match="mode CMYK"):
        Picture.of(Image.new("CMYK", (9, 9))).wire()
    assert Picture.of(Image.new("CMYK", (9, 9))).size is None


def test_an_address_goes_out_as_it_is() -> None:
    """Kling fetches it; nothing is read here, and the label has no signature in it."""
    picture = Picture.of(" https://example.com/fox.png?token=secret ".strip())
    assert picture.wire() == "https://example.com/fox.png?token=secret"
    assert picture.label == "https://example.com/fox.png"
    assert "secret" not in repr(picture)
    assert picture.size is None
    with pytest.raises(InvalidRequest, match="is an address"):
        picture.open()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "empty text"),
        ("ftp://example.com/x.png", "begins with ftp://"),
        ("file:///x.png", "begins with file://"),
        ("data:image/png;base64,@@@", "can't be decoded"),
        ("iVBORw0KGgo" + "@" * 300, "can't be decoded"),
        (7, "a int is no picture"),
        (io.StringIO("x"), "open as text"),
        (object(), "is no picture"),
    ],
)
def test_what_is_no_picture_is_refused(source: Any, message: str) -> None:
    """A wrong kind of source is named at once."""
    with pytest.raises(InvalidRequest, match=message):
        Picture.of(source)


def test_a_missing_file_is_no_error_until_it_is_sent(tmp_path: Path) -> None:
    """A request can be built before its picture exists; sending it then says what is missing."""
    picture = Picture.of(tmp_path / "later.png")
    assert picture.size is None
    with pytest.raises(InvalidRequest, match=r"later\.png can't be read"):
        picture.wire()
    (tmp_path / "later.png").write_bytes(encoded(Image.new("L", (5, 4))))
    assert picture.size == (5, 4)


def test_a_request_without_pillow_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Pillow is not installed, what needs it names the command."""
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(MissingExtra) as refusal:
        need_pillow("drawing")
    assert "pip install 'kling-facade[image]'" in str(refusal.value)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_base64_of_any_picture_is_recognised(form: str) -> None:
    """Also of formats that Kling does not take: the rules name them, and fit() converts them."""
    data = photo(form=form)
    picture = Picture.of(base64.b64encode(data).decode())
    assert (picture.label, picture.source) == ("base64 text", data)


@pytest.mark.parametrize(
    "text", ["a" * 400_000, "A" * 400_000, "x/" * 200_000, "data:image/png," + "%00" * 100_000]
)
def test_no_message_repeats_a_long_text(text: str) -> None:
    """What is neither a path nor a picture is shown by its beginning."""
    with pytest.raises(InvalidRequest) as refusal:
        Picture.of(text)
    assert len(str(refusal.value)) < 400


def test_a_long_path_is_a_path() -> None:
    """The control: under 4,096 characters, whatever they are; its label is its end."""
    picture = Picture.of("a/" * 150 + "fox.png")
    assert picture.path is not None
    assert picture.label.endswith("a/fox.png")
    assert len(picture.label) < 200


def test_a_nul_in_a_path_is_refused() -> None:
    """At once, as text and as a path."""
    for source in ("fox\0.png", Path("fox\0.png")):
        with pytest.raises(InvalidRequest, match="NUL"):
            Picture.of(source)


def test_a_path_of_bytes_is_a_path(tmp_path: Path) -> None:
    """os.PathLike may give bytes."""

    class Entry:
        def __fspath__(self) -> bytes:
            return bytes(tmp_path / "fox.jpg")

    (tmp_path / "fox.jpg").write_bytes(DATA)
    assert Picture.of(cast("Any", Entry())).size == (640, 480)


def test_a_closed_file_is_refused() -> None:
    """When it is given, and when it was closed before it was read."""
    file = io.BytesIO(DATA)
    picture = Picture.of(file)
    file.close()
    with pytest.raises(InvalidRequest, match="can't be read"):
        Picture.of(file)
    assert picture.size is None
    with pytest.raises(InvalidRequest, match="closed"):
        fit(picture)
    rules = [problem.rule for problem in ImageToVideo(picture, prompt="x").problems()]
    assert rules == ["image-missing"]
    with pytest.raises(UnreadablePicture, match="closed"):
        expand(picture.wire())


class Odd(io.BytesIO):
    """A file object whose methods can be replaced."""

    def __init__(self, **methods: Any) -> None:
        super().__init__(DATA)
        for name, method in methods.items():
            setattr(self, name, method)


@pytest.mark.parametrize(
    "methods",
    [
        {"tell": lambda: 10**9},
        {"tell": lambda: -1},
        {"tell": lambda: None},
        {"tell": lambda: "0"},
        {"seekable": lambda: False, "read": lambda *_: "text"},
        {"seekable": lambda: False, "read": lambda *_: None},
    ],
)
def test_a_file_object_that_talks_nonsense_is_refused(methods: dict[str, Any]) -> None:
    """A place behind its end, a place that is no number, text where bytes should be."""
    with pytest.raises(InvalidRequest):
        Picture.of(Odd(**methods))


def test_a_wrapper_whose_seek_gives_nothing_back_is_read() -> None:
    """Some storage libraries forget that seek() says where it went."""
    file = Odd()
    true_seek = file.seek
    file.seek = lambda *args: true_seek(*args) and None  # type: ignore[method-assign, assignment]
    assert Picture.of(file).byte_count == len(DATA)
