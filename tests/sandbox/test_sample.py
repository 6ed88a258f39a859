"""The sample picture."""

from __future__ import annotations

import io
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from kling_facade.sandbox import sample


def test_the_decoded_picture_can_be_drawn_on() -> None:
    """Each caller gets a picture of its own: what one draws, another does not see."""
    drawn_on = sample.landscape()
    drawn_on.paste((0, 0, 0), (0, 0, *drawn_on.size))
    assert sample.landscape().getextrema() != drawn_on.getextrema()
    assert drawn_on.size == sample.SIZE == (1280, 720)


def test_it_suits_kling() -> None:
    """A PNG under 10 MB, and not smaller than 300 pixels."""
    content = sample.sample_png()
    assert len(content) < 2_000_000
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("PNG", (1280, 720))


def test_every_part_has_something_to_follow() -> None:
    """Motion can be measured anywhere: each of its fields has contrast."""
    grey = np.asarray(sample.landscape().convert("L")).astype(float)
    fields = grey.reshape(6, 120, 8, 160).std(axis=(1, 3))
    assert fields.min() > 2


def test_the_fox_is_orange_and_where_it_says() -> None:
    """Most orange lies inside its outline, and most of the outline is fox."""
    image = np.asarray(sample.landscape()).astype(int)
    orange = (image[:, :, 0] > 170) & (image[:, :, 1] < 130) & (image[:, :, 2] < 60)
    mask = Image.new("L", sample.SIZE)
    ImageDraw.Draw(mask).polygon(list(sample.FOX_OUTLINE), fill=255)
    inside = np.asarray(mask) > 0
    left = np.s_[:, :900]  # the birch has orange leaves
    assert orange[left][inside[left]].sum() > 0.97 * orange[left].sum()
    box = np.asarray(sample.FOX_OUTLINE)
    assert (box.min(axis=0) >= np.array(sample.FOX[:2]) - 20).all()
    assert (box.max(axis=0) <= np.array(sample.FOX[2:]) + 20).all()


def test_any_size() -> None:
    """For small tests."""
    assert sample.landscape((160, 90)).size == (160, 90)


def test_it_can_be_written_from_a_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``python -m kling_facade.sandbox.sample fox.png``."""
    monkeypatch.setattr("sys.argv", ["sample"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "kling_facade.sandbox.sample")
    runpy.run_module("kling_facade.sandbox.sample", run_name="__main__")
    with Image.open(tmp_path / "fox.png") as image:
        assert image.size == (1280, 720)
