"""Lines of text that fit, and marks that show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from kling_facade.errors import InvalidRequest
from kling_facade.preview.drawing import Sheet, Type, arrow, outline, tint

LETTERS = Type(14)


@given(
    st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=300),
    st.integers(60, 600),
)
def test_every_line_fits_its_room(text: str, room: int) -> None:
    """However long the words are."""
    assert all(LETTERS.width(line) <= room for line in LETTERS.lines(text, room, limit=99))


@given(st.lists(st.sampled_from(["fox", "birch", "lake", "x" * 90]), max_size=40))
def test_no_word_is_lost(words: list[str]) -> None:
    """Broken into lines and put together again, the text is the same."""
    lines = LETTERS.lines(" ".join(words), 300, limit=999)
    assert "".join(lines).replace(" ", "") == "".join(words)


def test_too_long_a_text_ends_in_dots() -> None:
    """So that it is seen to go on."""
    lines = LETTERS.lines("word " * 200, 200, limit=3)
    assert len(lines) == 3
    assert lines[-1].endswith(" ...")


def test_line_breaks_count() -> None:
    """A prompt's own lines stay lines."""
    assert LETTERS.lines("one\ntwo", 500) == ["one", "two"]


def test_a_font_of_ones_own(tmp_path: object) -> None:
    """One that can't be read is refused, and named."""
    with pytest.raises(InvalidRequest, match=r"the font no-such-font\.ttf can't be read"):
        Type(14, "no-such-font.ttf").width("x")


def test_a_sheet_is_as_long_as_its_content() -> None:
    """No empty page below."""
    sheet = Sheet(300, 10)
    sheet.text(10, "hello", LETTERS)
    sheet.y += 100
    assert sheet.finished().size == (300, 120)
    assert sheet.room == 280


def marked(image: Image.Image) -> set[tuple[int, int]]:
    """Pixels that are no longer black."""
    rows, columns = np.nonzero(np.asarray(image).sum(axis=2))
    return set(zip(columns.tolist(), rows.tolist(), strict=True))


def test_an_arrow_goes_from_its_start_to_its_end() -> None:
    """Ring at the start, tip at the end, and nothing far from the path."""
    image = Image.new("RGB", (200, 100))
    arrow(image, [(20, 50), (100, 50), (180, 50)], (255, 0, 0))
    points = marked(image)
    assert min(x for x, _ in points) >= 10
    assert 178 <= max(x for x, _ in points) <= 186
    assert all(abs(y - 50) <= 14 for _, y in points)
    assert (140, 50) in points


def test_the_head_is_wider_than_the_start() -> None:
    """One sees which end is which."""
    image = Image.new("RGB", (400, 300))
    arrow(image, [(50, 150), (350, 150)], (255, 0, 0))
    points = marked(image)
    head, start = ({y for x, y in points if low <= x < low + 15} for low in (335, 43))
    assert len(head) > len(start)


@pytest.mark.parametrize(
    "path", [[(5, 5), (6, 5)], [(50, 50), (50, 50)], [(0, 0), (99, 0), (99, 99), (0, 0)]]
)
def test_short_and_closed_paths_are_drawn(path: list[tuple[float, float]]) -> None:
    """No path is too short to draw."""
    image = Image.new("RGB", (100, 100))
    arrow(image, path, (255, 0, 0))
    assert marked(image)


def test_a_tint_colours_the_region_and_its_edge() -> None:
    """The rest stays as it is."""
    image, mask = Image.new("RGB", (100, 100)), Image.new("L", (100, 100))
    ImageDraw.Draw(mask).rectangle((30, 30, 60, 60), fill=255)
    tint(image, mask, (200, 100, 0), 0.5)
    assert image.getpixel((45, 45)) == pytest.approx((100, 50, 0), abs=2)
    assert image.getpixel((29, 45)) == (200, 100, 0)
    assert image.getpixel((20, 45)) == (0, 0, 0)


def test_a_dashed_outline_has_gaps() -> None:
    """Begin and end of a camera move are told apart without colours."""
    lengths = []
    for dashed in (False, True):
        image = Image.new("RGB", (300, 200))
        outline(image, [(20, 20), (280, 20), (280, 180), (20, 180)], (255, 255, 255), dashed=dashed)
        lengths.append(np.asarray(image)[20, 25:275].max(axis=1) > 200)
    assert lengths[0].mean() > 0.99
    assert 0.3 < lengths[1].mean() < 0.8
