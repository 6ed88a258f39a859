"""Letters of any script: each in a font that has it, and a word where none does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image, ImageChops

from kling_facade import ImageToVideo
from kling_facade.preview import fonts
from kling_facade.preview.drawing import Sheet, Type
from kling_facade.preview.preview import preview

BEYOND = "\U000e0fff\U0010fff0"  # characters that no font has
CYRILLIC = "лиса"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A system without fonts."""
    monkeypatch.setattr(fonts, "_system_fonts", lambda: ())
    fonts._holder.cache_clear()
    yield
    fonts._holder.cache_clear()


def written(text: str) -> Image.Image:
    """A line on a sheet."""
    sheet = Sheet(400, 10)
    sheet.text(10, text, Type(30))
    sheet.y += 60
    return sheet.finished()


def test_latin_letters_need_no_other_font() -> None:
    """One run in Pillow's own font, and no look at the system's."""
    ((face, text),) = fonts.runs("the fox, 5 s", 14)
    assert text == "the fox, 5 s"
    assert face.getname()[0] == "Aileron"


@pytest.mark.skipif(bool(fonts.missing(CYRILLIC)), reason="this system has no Cyrillic letters")
def test_other_letters_come_from_the_systems_fonts() -> None:
    """They are letters and no boxes, on one line with the Latin ones."""
    split = fonts.runs(f"fox {CYRILLIC} fox", 14)
    assert "".join(text for _, text in split) == f"fox {CYRILLIC} fox"
    assert len({face.getname()[0] for face, _ in split}) == 2
    different = [written(letter) for letter in "лис"]
    assert all(
        ImageChops.difference(one, other).getbbox()
        for one, other in zip(different, different[1:] + different[:1], strict=True)
    )
    assert Type(14).width(f"fox {CYRILLIC}") == pytest.approx(
        Type(14).width("fox ") + Type(14).width(CYRILLIC), abs=1
    )


@pytest.mark.usefixtures("bare")
def test_characters_that_no_font_has_are_named() -> None:
    """Spaces, joiners and what varies a neighbour are nothing to miss."""
    assert fonts.missing(f"fox {CYRILLIC}\u200d\ufe0f\n") == list(CYRILLIC)
    assert fonts.missing("fox") == []


@pytest.mark.usefixtures("bare")
def test_a_preview_says_which_characters_it_can_not_show() -> None:
    """A line more, below the prompt; a prompt in Latin letters has none."""
    picture = Image.new("RGB", (320, 200))
    told = preview(ImageToVideo(picture, prompt="狐狸"), width=480)
    plain = preview(ImageToVideo(picture, prompt="fox"), width=480)
    assert told.height > plain.height


def test_a_damaged_font_of_the_system_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nobody's preview fails for a file that he did not name."""
    broken = tmp_path_factory.mktemp("fonts") / "broken.ttf"
    broken.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "_system_fonts", lambda: (str(broken),))
    fonts._holder.cache_clear()
    assert fonts.missing(CYRILLIC) == list(CYRILLIC)
    fonts._holder.cache_clear()
