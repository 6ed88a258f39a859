"""The motion brush: each bad shape ends in an error or advice that names its region."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kling_facade import Catalog, paths, regions
from kling_facade.builders.motion import MotionBrush, Move

from ..support.pictures import photo, turned
from .asking import errors, found, request

SIZE = (640, 480)
CAR = regions.box(200, 200, 300, 260, name="car")
ACROSS = paths.line(by=(200, 0))

ROUND = np.hypot(*np.ogrid[-240:240, -320:320]) < 100


def layer(paint: tuple[int, int, int, int], below: tuple[int, int, int, int] = (0, 0, 0, 0)) -> Any:
    """A layer of one colour with a round spot of another in its middle."""
    image = Image.new("RGBA", SIZE, below)
    image.paste(paint, (0, 0), Image.fromarray(ROUND))
    return image


def asked(brush: MotionBrush, **options: Any) -> Any:
    """A request of a model that has a motion brush."""
    return request(model="kling-v1-5", mode="pro", motion_brush=brush, **options)


def brush(region: Any = CAR, along: Any = ACROSS, **options: Any) -> MotionBrush:
    """A brush with one moving region."""
    return MotionBrush.over(SIZE).move(region, along=along, **options)


def test_a_good_brush_is_sent_with_a_word_about_colours() -> None:
    """White is selected by the best evidence there is; that it is evidence is told."""
    problems = found(asked(brush().hold(regions.box(0, 0, 20, 20))))
    assert problems.keys() == {"model-retired", "brush-colour"}


@pytest.mark.parametrize(
    ("region", "words"),
    [
        (regions.box(900, 10, 950, 20, name="car"), "right of the picture, with x from 900 to 950"),
        (regions.ellipse((-90, 990), 20, name="car"), "left of and below the picture"),
        (CAR - regions.box(0, 0, 639, 479), "what is taken out covers all of it"),
        (CAR & regions.box(0, 0, 10, 10), "no pixel in common"),
        (CAR & regions.box(900, 0, 910, 10), "right of the picture"),
        (regions.box(900, 0, 910, 9, name="car") | regions.box(950, 0, 960, 9), "right of"),
        (regions.box(0.2, 0.2, 0.8, 0.8, name="car"), "write relative=True"),
        (regions.box(20, 20, 80, 80, relative=True, name="car"), "Leave relative=True out"),
        (regions.box(20.2, 20.2, 20.8, 20.8, name="car"), "thinner than a pixel"),
        (regions.painted(np.zeros((480, 640), bool), name="car"), "black all over"),
        (regions.painted(ROUND.astype(np.uint8), name="car"), "threshold=1"),
        (regions.painted(Image.fromarray(ROUND.astype(np.uint8)), name="car"), "threshold=1"),
        (regions.painted(ROUND.astype(np.int64) * 3, name="car"), "labels == 3"),
        (regions.painted(layer((200, 0, 0, 255)), name="car"), "regions.opaque"),
        (regions.painted(layer((0, 0, 0, 0)), name="car"), "transparent all over"),
        (regions.painted(layer((255, 255, 255, 99)), name="car"), "opaque(image, threshold=99)"),
        (regions.opaque(layer((0, 0, 0, 0)), name="car"), "transparent all over"),
    ],
)
def test_a_region_without_pixels_is_refused_by_its_name(region: Any, words: str) -> None:
    """Where it lies instead, or what makes it empty, and what to write."""
    for made in (brush(region, paths.line((5, 5), (300, 5))), MotionBrush.over(SIZE).hold(region)):
        problem = found(asked(made))["region-empty"]
        assert problem.is_error
        assert "'car'" in problem.message
        assert words in problem.message


def scenery() -> Any:
    """A picture with all shades of grey, as a photograph has them."""
    return Image.fromarray(np.add.outer(np.arange(480), np.arange(640)).astype(np.uint8))


def cut_out() -> Any:
    """A photograph from which an editor's user erased a round part."""
    image = scenery().convert("RGBA")
    image.putalpha(Image.fromarray(~ROUND))
    return image


SPOT = np.zeros((480, 640), bool)
SPOT[100:103, 100:103] = True


@pytest.mark.parametrize(
    ("rule", "good", "odd", "words"),
    [
        ("mask-grey", ROUND, scenery(), "% of its pixels are in between"),
        ("mask-grey", layer((255,) * 4), np.asarray(scenery()), "not black and white: 8"),
        ("mask-erased", layer((255,) * 4), cut_out(), "~regions.opaque(image)"),
        ("mask-inverted", ROUND, ~ROUND, "moves 90 % of the picture, and 100 % of its edge"),
        ("mask-inverted", ROUND, layer((0, 0, 0, 0), (255,) * 4), "Is the mask inverted?"),
        ("mask-inverted", SPOT, ~SPOT, "moves 99.9 % of the picture"),
        ("region-whole", ROUND, np.ones((480, 640), bool), "moves 100 % of the picture"),
        ("region-small", ROUND, SPOT, "only 9 pixels, 0.003 % of the picture"),
    ],
)
def test_a_mask_that_is_no_mask_is_told_with_figures(
    rule: str, good: Any, odd: Any, words: str
) -> None:
    """The photograph itself, an erased layer, an inverted mask, one of everything, of nothing."""
    assert rule not in found(asked(brush(regions.painted(good))))
    problem = found(asked(brush(regions.painted(odd, name="fox"))))[rule]
    assert problem.severity == "advice"
    assert "moving region 1 'fox'" in problem.message
    assert words in problem.message


def test_all_but_the_subject_may_hold_still() -> None:
    """For what holds, an inverted mask is how one frees the subject; all of the picture is told."""
    around = MotionBrush.over(SIZE).hold(regions.painted(~ROUND))
    assert "mask-inverted" not in found(asked(around))
    full = MotionBrush.over(SIZE).hold(regions.box(0, 0, 1, 1, relative=True))
    assert "holds 100 %" in found(asked(full))["region-whole"].message


def test_pixels_that_are_held_and_moved_are_counted() -> None:
    """Also those that move two ways; what is held twice is just held."""
    held = regions.box(250, 0, 639, 479, name="street")
    told = found(asked(brush().hold(held).hold(regions.box(260, 0, 300, 20))))["region-overlap"]
    assert "'street' and moving region 1 'car' share 3111 pixels" in told.message
    assert (np.asarray(CAR.mask(SIZE)) & np.asarray(held.mask(SIZE)) > 0).sum() == 3111
    twice = brush().move(regions.box(290, 250, 400, 300), along=ACROSS)
    assert "share 121 pixels" in found(asked(twice))["region-overlap"].message
    assert "region-overlap" not in found(asked(brush().hold(held - CAR)))


def test_fractions_without_relative_are_told_although_they_cover_a_pixel() -> None:
    """box(0, 0, 1, 1) is four pixels in the corner; with relative=True it is the picture."""
    told = found(asked(brush(regions.box(0, 0, 1, 1))))
    assert "write relative=True" in told["fractions"].message
    assert "only 4 pixels" in told["region-small"].message
    whole = found(asked(brush(regions.box(0, 0, 1, 1, relative=True))))
    assert "fractions" not in whole


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (paths.line((0.2, 0.5), (0.8, 0.5)), "write relative=True"),
        (paths.line(by=(0.5, -0.2)), "write relative=True"),
        (paths.svg("M 0 0 Q .2 .3 .4 .9"), "write relative=True"),
        (paths.line((20, 50), (80, 50), relative=True), "fractions go up to 80"),
    ],
)
def test_a_path_in_the_wrong_unit_is_told(path: Any, words: str) -> None:
    """Fractions taken for pixels move nothing, pixels taken for fractions leave the picture."""
    assert words in found(asked(brush(along=path)))["fractions"].message


def test_fractions_said_to_be_fractions_are_fine() -> None:
    """And so are pixels."""
    for path in (paths.line((0.4, 0.5), (0.8, 0.5), relative=True), ACROSS):
        assert "fractions" not in found(asked(brush(along=path)))


def test_a_path_keeps_as_many_points_as_the_catalogue_in_use_allows(tmp_path: Path) -> None:
    """The rule and the brush go by the same limit, so what one makes the other takes."""
    file = tmp_path / "mine.toml"
    file.write_text("limits.path_points = [2, 5]")
    catalog = Catalog.load(file)
    wave = paths.stroke([(250 + x, 230 + 20 * math.sin(x / 9)) for x in range(200)])
    made = MotionBrush.over(SIZE, catalog=catalog).move(CAR, along=wave)
    assert len(made.moves[0].path) == 5
    assert "path-points" not in found(asked(made), catalog=catalog)
    assert "at most 5" in found(asked(brush(along=wave)), catalog=catalog)["path-points"].message


def test_a_region_that_crosses_itself_is_advised_on_by_its_name() -> None:
    """Where the crossing shows in the pixels."""
    knot = regions.polygon([(200, 200), (300, 300), (300, 200), (200, 300)], name="kite")
    assert "'kite'" in found(asked(brush(knot)))["region-crossing"].message


def test_a_region_without_a_name_is_named_by_its_place() -> None:
    """The second moving region, the first held one."""
    nameless = regions.box(900, 10, 950, 20)
    made = brush().move(nameless, along=paths.line((5, 5), (300, 5))).hold(nameless)
    messages = [p.message for p in asked(made).problems() if p.rule == "region-empty"]
    assert [m.split(" has")[0] for m in messages] == ["held region 1", "moving region 2"]


def test_a_seventh_region_is_refused_by_its_name() -> None:
    """Kling moves six."""
    made = MotionBrush.over(SIZE)
    for number in range(1, 8):
        made = made.move(CAR.named(f"r{number}"), along=ACROSS)
        assert ("brush-regions" in errors(asked(made))) == (number == 7)
    assert "'r7'" in found(asked(made))["brush-regions"].message


def test_a_seventy_eighth_point_is_refused_by_its_region() -> None:
    """Points are never dropped silently; the message says how to have them simplified."""
    line = [(200 + k, 200) for k in range(78)]
    assert errors(asked(brush(along=paths.points(line[:77])))) == set()
    refused = asked(brush(along=paths.points(line)))
    assert errors(refused) == {"path-points"}
    assert "'car'" in found(refused)["path-points"].message
    assert "stroke()" in found(refused)["path-points"].message
    assert errors(asked(brush(along=paths.stroke(line)))) == set()


@pytest.mark.parametrize(
    "along",
    [
        paths.points([(210, 210)]),
        paths.line((210, 210), (210.2, 210.2)),
        paths.line((-9, -9), (-5, -5)),
    ],
)
def test_a_path_that_goes_nowhere_is_refused(along: Any) -> None:
    """One point, or none inside the picture, is no path."""
    assert errors(asked(brush(along=along, start="as drawn"))) == {"path-points"}


def test_points_from_elsewhere_must_lie_in_the_picture() -> None:
    """A wire request read back may have any points; those outside are refused."""
    made = MotionBrush(SIZE, (), (Move(CAR, ((210, 210), (640, 210))),))
    assert errors(asked(made)) == {"path-outside"}
    assert "(640, 210)" in found(asked(made))["path-outside"].message


def test_a_short_path_is_advised_on() -> None:
    """Under 7 % of the width nothing was seen to move; above it nothing is said."""
    assert "45" in found(asked(brush(along=paths.line(by=(44, 0)))))["path-short"].message
    assert "path-short" not in found(asked(brush(along=paths.line(by=(45, 0)))))


def test_a_path_that_was_changed_is_told() -> None:
    """Shifted onto the region, or cut at the edge: each is said with the region's name."""
    shifted = found(asked(brush(along=paths.line((10, 10), (300, 10)))))["path-changed"].message
    assert shifted.startswith("moving region 1 'car': The path was drawn from (10, 10)")
    cut = found(asked(brush(along=paths.line(by=(2000, 0)))))["path-changed"].message
    assert "leaves the picture" in cut


def test_a_drawing_too_rich_for_its_points_is_told() -> None:
    """A scribble that 77 points can't follow says how far off they are."""
    scribble = [(200 + k % 97, 200 + (k * 31) % 59) for k in range(3000)]
    problem = found(asked(brush(along=paths.stroke(scribble))))["path-simplified"]
    assert "3000 points became 77" in problem.message
    assert not problem.is_error


def test_masks_are_of_the_pictures_size() -> None:
    """A brush over another picture is refused; one over the same, turned by EXIF, is not."""
    assert errors(asked(brush(), image=photo((640, 480)))) == set()
    assert errors(asked(brush(), image=photo((640, 481)))) == {"brush-size"}
    picture = turned(6, (640, 480))
    assert errors(asked(brush(), image=picture)) == {"brush-size"}
    upright = MotionBrush.over(picture).move(CAR, along=ACROSS)
    assert errors(asked(upright, image=picture)) == set()
    assert upright.size == (480, 640)


def test_a_mask_of_another_size_is_refused() -> None:
    """A painted mask must fit the picture."""
    small = regions.painted(np.ones((10, 10), bool), name="hat")
    made = MotionBrush.over(SIZE).hold(small)
    assert errors(asked(made)) == {"region-unreadable"}
    assert "hat" in found(asked(made))["region-unreadable"].message


def test_an_empty_brush_is_refused() -> None:
    """A brush that neither holds nor moves anything is a mistake."""
    assert errors(asked(MotionBrush.over(SIZE))) == {"brush-empty"}


def test_remote_masks_are_taken_on_trust() -> None:
    """What lies at an address is not looked at."""
    url = "https://example.com/m.png"
    made = MotionBrush.from_wire(
        url, [{"mask": url, "trajectories": [{"x": 1, "y": 1}, {"x": 99, "y": 1}]}], size=SIZE
    )
    assert errors(asked(made)) == set()


@pytest.mark.parametrize("part", ["holds", "moves"])
def test_the_address_of_a_mask_is_one_that_kling_can_reach(part: str) -> None:
    """As with pictures; half a surrogate pair in it would not even leave this machine."""

    def rules(url: str, **options: Any) -> set[str]:
        region = regions.remote(url)
        made = (
            MotionBrush(SIZE).hold(region) if part == "holds" else brush(region, [(5, 5), (9, 90)])
        )
        return found(asked(made), **options).keys() & {"mask-address"}

    assert not rules("https://example.com/mask.png")
    for url in ("http://localhost/m.png", "https://example.com/a b.png", "https://x.com/\ud83e"):
        assert rules(url)
    assert not rules("http://localhost/m.png", on_loopback=True)
