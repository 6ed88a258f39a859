"""Regions: pixel by pixel against GEOS (shapely), numpy and Pillow."""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kling_facade import regions
from kling_facade.builders.regions import Region
from kling_facade.errors import InvalidRequest, MissingExtra

SIZE = (64, 48)
COLUMNS, ROWS = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
whole = st.tuples(st.integers(-10, 75), st.integers(-10, 60))


def between(low: int, high: int) -> st.SearchStrategy[float]:
    """Numbers between pixels. GEOS divides by squared lengths: no corner is 1e-150 from another."""
    return st.floats(low, high).map(lambda value: value if abs(value) > 1e-9 else 0.0)


fine = st.tuples(between(-10, 75), between(-10, 60))


def array(region: Region, size: tuple[int, int] = SIZE) -> Any:
    """A region's mask as booleans, rows first."""
    return np.asarray(region.mask(size)) > 0


def inside(corners: list[tuple[float, float]]) -> Any:
    """What GEOS says is inside or on a polygon."""
    return shapely.intersects_xy(shapely.Polygon(corners), COLUMNS, ROWS)


@settings(max_examples=150)
@given(st.lists(whole, min_size=3, max_size=9, unique=True))
def test_polygons_are_those_of_geos(corners: list[tuple[float, float]]) -> None:
    """Every simple polygon with whole corners has exactly the pixels that GEOS puts in it."""
    outline = shapely.Polygon(corners)
    hull = outline if outline.is_valid else outline.convex_hull
    if not isinstance(hull, shapely.Polygon):
        return
    corners = [(x, y) for x, y in hull.exterior.coords][:-1]
    assert (array(regions.polygon(corners)) == inside(corners)).all()


@settings(max_examples=150)
@given(st.lists(fine, min_size=3, max_size=9, unique=True))
def test_polygons_with_fine_corners_differ_only_on_the_outline(
    corners: list[tuple[float, float]],
) -> None:
    """With corners between pixels the two agree, but for pixels on the line to a millionth."""
    outline = shapely.Polygon(corners)
    if not outline.is_valid:
        return
    different = array(regions.polygon(corners)) != inside(corners)
    near = shapely.distance(outline.exterior, shapely.points(COLUMNS, ROWS)) < 1e-6
    assert not (different & ~near).any()


@settings(max_examples=100)
@given(st.lists(whole, min_size=4, max_size=8))
def test_crossing_outlines_follow_the_fill_rule(corners: list[tuple[float, float]]) -> None:
    """Inside is what a ray crosses an odd number of times, or what the outline winds round."""
    if len(set(corners)) < 3:
        return
    odd, winding = np.zeros(ROWS.shape, int), np.zeros(ROWS.shape, int)
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if y0 == y1:
            continue
        low, high, way = (y0, y1, 1) if y0 < y1 else (y1, y0, -1)
        hit = (low <= ROWS) & (high > ROWS)
        hit &= x0 + (ROWS - y0) * (x1 - x0) / (y1 - y0) > COLUMNS
        odd += hit
        winding += hit * way
    ring = shapely.LinearRing(corners)
    far = shapely.distance(ring, shapely.points(COLUMNS, ROWS)) > 1e-6
    assert (array(regions.polygon(corners)) == (odd % 2 == 1))[far].all()
    assert (array(regions.polygon(corners, fill="nonzero")) == (winding != 0))[far].all()


@settings(max_examples=100)
@given(fine, st.floats(0.1, 40), st.floats(0.1, 40))
def test_ellipses_are_their_equation(centre: tuple[float, float], rx: float, ry: float) -> None:
    """A pixel is in an ellipse when the equation says so; on the line either will do."""
    value = ((COLUMNS - centre[0]) / rx) ** 2 + ((ROWS - centre[1]) / ry) ** 2
    drawn = array(regions.ellipse(centre, rx, ry))
    far = abs(value - 1) > 1e-4
    assert (drawn == (value <= 1))[far].all()


@given(st.integers(-5, 70), st.integers(-5, 70), st.integers(0, 30), st.integers(0, 30))
def test_boxes_include_their_edges(x: int, y: int, width: int, height: int) -> None:
    """A box has the pixels of its four sides, as Pillow's rectangle and the same polygon have."""
    drawn = array(regions.box(x, y, x + width, y + height))
    expected = (x <= COLUMNS) & (x + width >= COLUMNS) & (y <= ROWS) & (y + height >= ROWS)
    assert (drawn == expected).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: (regions.box(0, 0, 1, 1, relative=True), regions.box(0, 0, 63, 47)),
        lambda: (
            regions.polygon([(0, 0), (1, 0), (0, 1)], relative=True),
            regions.polygon([(0, 0), (63, 0), (0, 47)]),
        ),
        lambda: (
            regions.ellipse((0.5, 0.5), 0.25, relative=True),
            regions.ellipse((31.5, 23.5), 15.75, 11.75),
        ),
    ],
)
def test_fractions_go_from_the_first_to_the_last_pixel(make: Any) -> None:
    """relative=True means 0 for the first pixel of a side and 1 for the last."""
    relative, absolute = make()
    assert (array(relative) == array(absolute)).all()


def test_operators_put_regions_together() -> None:
    """Union, difference and intersection are those of the pixels."""
    a, b = regions.box(0, 0, 20, 20, name="a"), regions.ellipse((20, 20), 10)
    assert (array(a | b) == (array(a) | array(b))).all()
    assert (array(a - b) == (array(a) & ~array(b))).all()
    assert (array(a & b) == (array(a) & array(b))).all()
    assert (a | b).name == (b | a).name == (a - b).name == "a"


@pytest.mark.parametrize("fill", ["evenodd", "nonzero"])
def test_an_outline_that_crosses_itself_is_told(fill: Any) -> None:
    """Corners in the wrong order, or a lasso that overlaps itself, give advice; others none."""
    swapped = regions.polygon([(5, 5), (40, 40), (40, 5), (5, 40)], fill=fill)
    star = regions.polygon([(30, 2), (45, 45), (4, 15), (58, 15), (12, 45)], fill=fill)
    for crossing in (swapped, star, star | regions.box(0, 0, 5, 5)):
        assert any("crosses itself" in text for text in crossing.advice(SIZE))
    assert (
        regions.polygon([(5, 5), (40, 5), (20, 20), (40, 40), (5, 40)], fill=fill).advice(SIZE)
        == []
    )


@settings(max_examples=100)
@given(st.lists(whole, min_size=3, max_size=9, unique=True))
def test_a_simple_outline_gets_no_advice(corners: list[tuple[float, float]]) -> None:
    """A polygon that GEOS calls valid is never said to cross itself."""
    if shapely.Polygon(corners).is_valid:
        assert regions.polygon(corners).advice(SIZE) == []


def test_a_lasso_of_many_points_is_a_polygon() -> None:
    """A circle drawn with 20,000 points has the pixels of the circle."""
    angles = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    lasso = np.stack([30 + 15 * np.cos(angles), 24 + 15 * np.sin(angles)], axis=1)
    value = (COLUMNS - 30) ** 2 + (ROWS - 24) ** 2
    assert (array(regions.polygon(lasso)) == (value <= 225))[abs(value - 225) > 0.01].all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: regions.polygon([(0, 0), (5, 5)]), "2 different corners"),
        (lambda: regions.polygon([(0, 0), (5, 5), (0, 0)], name="car"), "the polygon 'car'"),
        (lambda: regions.polygon([]), "no points"),
        (lambda: regions.polygon([(0, 0), (math.nan, 5), (3, 3)]), "not a finite number"),
        (lambda: regions.polygon([(0, 0), (math.inf, 5), (3, 3)]), "not a finite number"),
        (lambda: regions.polygon('[{"x": 1, "y": 2}]'), "json.loads"),  # type: ignore[arg-type]
        (lambda: regions.polygon([{"x": 1, "y": 2}]), "from_wire"),  # type: ignore[list-item]
        (lambda: regions.polygon([1, 2, 3]), "pairs of numbers"),  # type: ignore[list-item]
        (lambda: regions.polygon([(0, 0), ("a", 5), (3, 3)]), "pairs of numbers"),  # type: ignore[list-item]
        (lambda: regions.polygon([(0, 0), (1, 0), (0, 1)], fill="odd"), "fill is"),  # type: ignore[arg-type]
        (lambda: regions.box(10, 0, 5, 5), "wrong way round"),
        (lambda: regions.box(0, 10, 5, 5), "wrong way round"),
        (lambda: regions.ellipse((0, 0), 0), "radius of 0"),
        (lambda: regions.ellipse((0, 0), 5, -1), "radius of -1"),
        (lambda: regions.remote("mask.png"), "not an http"),
        (lambda: regions.painted("x.png", threshold=0), "threshold"),
    ],
)
def test_shapes_that_are_none_are_refused(make: Any, message: str) -> None:
    """What can't be a region of any picture is refused where it is made, by its name."""
    with pytest.raises(InvalidRequest) as raised:
        make()
    assert message in str(raised.value)


def test_numbers_of_other_kinds_are_numbers() -> None:
    """Whole numbers, numpy's and fractions draw what floats draw."""
    from fractions import Fraction

    plain = regions.polygon([(0.0, 0.0), (20.0, 0.0), (0.0, 20.0)])
    for kind in (int, np.float32, np.int64, Fraction):
        corners: Any = [(kind(0), kind(0)), (kind(20), kind(0)), (kind(0), kind(20))]
        assert regions.polygon(corners).bitmap(SIZE) == plain.bitmap(SIZE)


# Painted masks
# --------------------------------------------------------------------------------------

PAINTED = (COLUMNS + ROWS) % 7 == 0


@pytest.mark.parametrize("kind", ["bool", "uint8", "int32", "float", "columns", "list"])
def test_a_painted_array_is_taken_pixel_by_pixel(kind: str) -> None:
    """Booleans and numbers from 0 to 255, contiguous or not, give their pixels."""
    given: Any = {
        "bool": PAINTED,
        "uint8": (PAINTED * 255).astype(np.uint8),
        "int32": (PAINTED * 200).astype(np.int32),
        "float": PAINTED * 255.0,
        "columns": np.asfortranarray(PAINTED),
        "list": np.repeat(PAINTED, 2, axis=1)[:, ::2],
    }[kind]
    assert (array(regions.painted(given)) == PAINTED).all()


class Interfaced:
    """An array of another library that describes its memory and nothing else."""

    def __init__(self, data: Any, **more: Any) -> None:
        described = {"shape": PAINTED.shape, "typestr": "|b1", "version": 3, "data": data}
        self.__array_interface__ = {**described, **more}


class Tensor:
    """A tensor as torch has it: it makes numpy's array of itself, or says why it can't."""

    def __init__(self, values: Any, fault: str = "") -> None:
        self._values, self._fault = values, fault

    def __array__(self) -> Any:
        if self._fault:
            raise TypeError(self._fault)
        return self._values


class Capsule:
    """An array that is handed over by DLPack alone."""

    def __init__(self, values: Any) -> None:
        self.__dlpack__ = values.__dlpack__
        self.__dlpack_device__ = values.__dlpack_device__


@pytest.mark.parametrize(
    "given",
    [
        Interfaced(PAINTED.tobytes()),
        Interfaced(bytearray(PAINTED.tobytes())),
        Interfaced(np.asfortranarray(PAINTED).tobytes(order="A"), strides=(1, SIZE[1])),
        Tensor(PAINTED),
        Tensor(PAINTED[None]),
        Capsule(PAINTED * np.uint8(255)),
        PAINTED[None, None],
        PAINTED[..., None],
    ],
    ids=["bytes", "bytearray", "strides", "tensor", "one mask", "DLPack", "batch", "one channel"],
)
def test_arrays_of_other_libraries_are_read(given: Any) -> None:
    """torch, JAX and old array packages hand their pixels over, each in its own way."""
    assert (array(regions.painted(given)) == PAINTED).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": (16, False)},  # an address that is nobody's
        {"data": (0, False)},
        {"data": None},
        {"data": b"too short"},
        {"shape": (10**6, 10**6)},
        {"shape": (-1, 5)},
        {"shape": "4x4"},
        {"strides": (10**9, 1)},
        {"strides": (-64, 1)},
        {"offset": 10**9},
        {"typestr": "|V8"},
        {"typestr": "nonsense"},
        {"typestr": None},
    ],
    ids=str,
)
def test_a_wrong_array_interface_is_refused(wrong: dict[str, Any]) -> None:
    """Whatever it claims, no memory is read that is not the object's own."""
    given: Any = Interfaced(**{"data": PAINTED.tobytes(), **wrong})
    with pytest.raises(InvalidRequest, match="mask"):
        regions.painted(given)


def test_an_array_that_refuses_says_why() -> None:
    """A tensor on a graphics card says so itself; the hint has the cure."""
    with pytest.raises(InvalidRequest, match=r"can't convert cuda:0[\s\S]*\.cpu\(\)"):
        regions.painted(Tensor(None, "can't convert cuda:0 device type tensor to numpy"))


class Truncated:
    """An image of a library that has to read a file to describe its memory, and can't."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        raise OSError("image file is truncated")


@pytest.mark.parametrize("given", [{"segmentation": PAINTED, "area": 3}, PAINTED.tolist()])
def test_masks_in_other_wrappings_are_refused_with_what_to_write(given: Any) -> None:
    """An annotation of SAM, and plain lists."""
    with pytest.raises(InvalidRequest, match=r"can't be read as a mask[\s\S]*\['segmentation'\]"):
        regions.painted(given)


def test_a_contour_of_opencv_is_a_lasso() -> None:
    """Its shape is (n, 1, 2)."""
    corners = [(5, 5), (40, 8), (20, 30)]
    assert regions.polygon(np.array(corners)[:, None]) == regions.polygon(corners)


def test_an_array_that_can_not_be_described_says_why() -> None:
    """Whatever a foreign class raises, it comes out as ours."""
    with pytest.raises(InvalidRequest, match="image file is truncated"):
        regions.painted(Truncated())


def test_without_numpy_an_array_is_answered_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only somebody who has an array needs numpy."""
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(MissingExtra, match="pip install numpy"):
        regions.painted(Interfaced(PAINTED.tobytes()))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((4, 4, 3), np.uint8), "shape"),
        (np.zeros((0, 4), np.uint8), "shape"),
        (np.ones((4, 4)), "up to 1"),
        (np.full((4, 4), 1000), "up to 1000"),
        (np.full((4, 4), "x"), "type '<U1'"),
        (np.full((4, 4), np.nan), "from nan"),
        (np.linspace(-9, 9, 16).reshape(4, 4), "array > 0"),
        (np.ones((3, 4, 4), bool), "take one: masks"),
    ],
)
def test_an_array_that_is_no_mask_is_refused(given: Any, message: str) -> None:
    """Wrong shapes and scales are named, not guessed at."""
    with pytest.raises(InvalidRequest, match=message):
        regions.painted(given)


def test_a_painted_picture_is_taken_by_its_light_pixels(tmp_path: Path) -> None:
    """A mask file, bytes and a Pillow image select what is at least half white."""
    image = Image.fromarray((PAINTED * 255).astype(np.uint8))
    image.save(tmp_path / "mask.png")
    for source in (tmp_path / "mask.png", str(tmp_path / "mask.png"), image, image.convert("RGB")):
        assert (array(regions.painted(source)) == PAINTED).all()
    grey = Image.new("L", SIZE, 100)
    assert not array(regions.painted(grey)).any()
    assert array(regions.painted(grey, threshold=100)).all()


def test_transparent_parts_of_a_painted_picture_are_not_painted() -> None:
    """White paint on a transparent layer is a mask; the white below transparency is not."""
    layer = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    layer.paste((255, 255, 255, 255), (10, 10, 20, 20))
    assert array(regions.painted(layer)).sum() == 100


def test_a_cut_out_is_its_alpha(tmp_path: Path) -> None:
    """What is not transparent in a PNG is the region, also in one with a palette."""
    logo = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    logo.paste((10, 10, 10, 255), (5, 5, 25, 15))
    logo.save(tmp_path / "logo.png")
    palette = Image.new("P", SIZE, 0)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.paste(1, (5, 5, 25, 15))
    palette.save(tmp_path / "palette.png", transparency=0)
    for name in ("logo.png", "palette.png"):
        drawn = array(regions.opaque(tmp_path / name, name="logo"))
        assert drawn.sum() == 200
        assert drawn[5:15, 5:25].all()


def test_a_picture_without_transparency_is_no_cut_out() -> None:
    """An opaque picture would select everything: it is refused."""
    with pytest.raises(InvalidRequest, match="no transparency"):
        regions.opaque(Image.new("RGB", SIZE))


def test_a_painted_mask_belongs_to_a_picture_of_its_size() -> None:
    """A mask of another size is refused with both sizes."""
    with pytest.raises(InvalidRequest, match=r"64x48.*10x10"):
        regions.painted(PAINTED).bitmap((10, 10))


def test_a_painted_picture_is_turned_as_displayed() -> None:
    """A mask with an EXIF turn is taken as one sees it."""
    image = Image.new("L", (48, 64))
    image.paste(255, (0, 0, 48, 1))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image.save(buffer, "PNG", exif=exif)
    drawn = array(regions.painted(buffer.getvalue()))
    assert drawn.shape == (48, 64)
    assert drawn[:, -1].all()
    assert drawn.sum() == 48


def test_a_remote_mask_can_not_be_drawn() -> None:
    """Nobody here knows what is at an address."""
    with pytest.raises(InvalidRequest, match="not fetched"):
        regions.remote("https://example.com/m.png").bitmap(SIZE)


def test_a_missing_or_unreadable_mask_is_refused(tmp_path: Path) -> None:
    """A typing error in a path, and a folder, are named."""
    with pytest.raises(InvalidRequest, match="no such file"):
        regions.painted(tmp_path / "none.png")
    with pytest.raises(InvalidRequest, match="can't be read"):
        regions.painted(tmp_path)


def test_a_region_prints_short_and_takes_a_name() -> None:
    """A lasso of thousands of points is not printed; a name replaces the old one."""
    lasso = regions.polygon([(k % 97, k % 89) for k in range(5000)], name="old").named("car")
    assert lasso.name == "car"
    assert len(repr(lasso)) < 150
    assert "(9.0, 0.0)" in repr(regions.polygon([(0, 0), (9.0, 0.0), (0, 9)]))


def test_the_bare_region_can_not_be_drawn() -> None:
    """Region is what the shapes have in common; a shape of one's own brings its pixels."""
    with pytest.raises(NotImplementedError):
        Region().bitmap(SIZE)


@pytest.mark.parametrize("operator", ["|", "-", "&"])
def test_any_number_of_regions_can_be_joined_one_by_one(operator: str) -> None:
    """Thousands of detections, joined in a loop, are deeper than Python's stack."""
    joined = regions.box(0, 0, 63, 47)
    for _ in range(3000):
        joined = regions.Combined(operator, joined, regions.box(5, 5, 9, 9))
    expected = {"|": 64 * 48, "-": 64 * 48 - 25, "&": 25}[operator]
    assert joined.bitmap(SIZE).count == expected


def test_many_joined_regions_that_are_all_outside_say_where_one_lies() -> None:
    """Whichever side the next one is joined to."""
    left: regions.Region = regions.box(900, 900, 950, 950)
    right = left
    for _ in range(3000):
        left = left | regions.box(900, 900, 950, 950)
        right = regions.box(900, 900, 950, 950) | right
    for joined in (left, right):
        assert not joined.bitmap(SIZE).count
        assert joined.why_empty(SIZE) == regions.box(900, 900, 950, 950).why_empty(SIZE)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "HSV", "I", "F"])
def test_a_pillow_image_of_any_mode_is_a_mask(mode: str) -> None:
    """Also of the modes that a PNG can't hold."""
    mask = Image.new("L", SIZE)
    mask.paste(255, (5, 5, 10, 10))
    source = mask.convert("RGB").convert(mode) if mode in ("CMYK", "YCbCr", "HSV") else mask
    assert (array(regions.painted(source.convert(mode))) == (np.asarray(mask) > 0)).all()


def test_a_pillow_image_of_zeros_and_ones_says_what_to_write() -> None:
    """A map of probabilities is compared, as an array of them is."""
    mask = Image.new("F", SIZE, 0.0)
    mask.paste(1.0, (5, 5, 10, 10))
    with pytest.raises(InvalidRequest, match="from 0 up to 1"):
        regions.painted(mask)


@pytest.mark.filterwarnings("error")
def test_a_palette_with_transparency_is_read_without_a_warning() -> None:
    """Programs that turn warnings into errors would stop at Pillow's."""
    mask = Image.new("P", SIZE)
    mask.putpalette([0, 0, 0, 255, 255, 255])
    mask.paste(1, (5, 5, 10, 10))
    buffer = io.BytesIO()
    mask.save(buffer, "PNG", transparency=bytes([0, 255]))
    assert regions.painted(buffer.getvalue()).bitmap(SIZE).count == 25
