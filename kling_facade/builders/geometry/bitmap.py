"""Black-and-white pictures, one bit a pixel: what a mask is before and after Pillow.

A bitmap is drawn, combined and written as PNG with the standard library alone. It packs eight
pixels into a byte, rows top to bottom, the leftmost pixel in the highest bit, as a 1-bit PNG does.
So a 4K mask is one megabyte, and union and difference are one operation on one large integer.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from functools import cached_property
from typing import Final

from attrs import field, frozen

from ...errors import InvalidRequest
from .points import Size

__all__ = ["Bitmap", "Span"]

Span = tuple[int, int, int]
"""A run of selected pixels: row, first column, last column, both within the run."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"


@frozen
class Bitmap:
    """Selected and unselected pixels.

    Attributes:
        size: Width and height in pixels.
        data: The packed rows; bits beyond the width are zero.
    """

    size: Size
    data: bytes = field(repr=False)

    @classmethod
    def from_spans(cls, size: Size, spans: Iterable[Span]) -> Bitmap:
        """Draw runs of pixels; what lies outside the picture is left out."""
        width, height = size
        rows: dict[int, int] = {}
        for y, first, last in spans:
            first, last = max(first, 0), min(last, width - 1)
            if first <= last and 0 <= y < height:
                run = ((1 << (last - first + 1)) - 1) << (width - 1 - last)
                rows[y] = rows.get(y, 0) | run
        return cls.from_rows(size, rows)

    @classmethod
    def from_rows(cls, size: Size, rows: dict[int, int]) -> Bitmap:
        """Take rows as integers of width bits, the leftmost pixel highest; others are empty."""
        width, height = size
        stride = (width + 7) // 8
        spare = stride * 8 - width
        empty = bytes(stride)
        packed = [
            (rows[y] << spare).to_bytes(stride, "big") if y in rows else empty
            for y in range(height)
        ]
        return cls(size, b"".join(packed))

    @classmethod
    def from_bytes(cls, size: Size, values: bytes, threshold: int, *, above: bool = True) -> Bitmap:
        """Take one byte a pixel, rows top to bottom.

        Args:
            size: Width and height.
            values: ``width * height`` bytes.
            threshold: Pixels of at least this value are selected ...
            above: ... or, when false, those below it.
        """
        width, height = size
        low, high = (b"0", b"1") if above else (b"1", b"0")
        digits = values.translate(low * threshold + high * (256 - threshold))
        rows = {y: int(digits[y * width : (y + 1) * width], 2) for y in range(height)}
        return cls.from_rows(size, rows)

    @property
    def stride(self) -> int:
        """Bytes of a row."""
        return (self.size[0] + 7) // 8

    @cached_property
    def count(self) -> int:
        """How many pixels are selected."""
        return self.number.bit_count()

    @cached_property
    def share_of_edge(self) -> float:
        """How much of the picture's outermost pixels are selected, 0 to 1."""
        width, height = self.size
        inner = ((y, 1, width - 2) for y in range(1, height - 1))
        whole = Bitmap.from_spans(self.size, ((y, 0, width - 1) for y in range(height)))
        edge = whole - Bitmap.from_spans(self.size, inner)
        return (self & edge).count / edge.count

    @cached_property
    def number(self) -> int:
        """All pixels as one integer, the first in the highest bit."""
        return int.from_bytes(self.data, "big")

    def __contains__(self, point: tuple[int, int]) -> bool:
        x, y = point
        if not (0 <= x < self.size[0] and 0 <= y < self.size[1]):
            return False
        return bool(self.data[y * self.stride + x // 8] & (0x80 >> x % 8))

    def __or__(self, other: Bitmap) -> Bitmap:
        return self._of(self.number | self._same(other).number)

    def __and__(self, other: Bitmap) -> Bitmap:
        return self._of(self.number & self._same(other).number)

    def __sub__(self, other: Bitmap) -> Bitmap:
        return self._of(self.number & ~self._same(other).number)

    def _same(self, other: Bitmap) -> Bitmap:
        if self.size != other.size:
            raise InvalidRequest(
                f"a mask of {other.size} can't be combined with one of {self.size}"
            )
        return other

    def _of(self, number: int) -> Bitmap:
        return Bitmap(self.size, number.to_bytes(len(self.data), "big"))

    def row(self, y: int) -> int:
        """A row as an integer of width bits, the leftmost pixel highest."""
        start = y * self.stride
        packed = int.from_bytes(self.data[start : start + self.stride], "big")
        return packed >> (self.stride * 8 - self.size[0])

    def rows(self) -> Iterable[tuple[int, int]]:
        """Number and content of each row that is not empty."""
        empty = bytes(self.stride)
        for y in range(self.size[1]):
            if self.data[y * self.stride : (y + 1) * self.stride] != empty:
                yield y, self.row(y)

    def nearest(self, point: tuple[float, float]) -> tuple[int, int] | None:
        """The selected pixel nearest to a point, or ``None`` when none is selected."""
        x, y = point
        best: tuple[int, int] | None = None
        least = float("inf")
        for row, bits in sorted(self.rows(), key=lambda item: abs(item[0] - y)):
            if (row - y) ** 2 >= least:
                break
            column = _nearest_column(bits, self.size[0], x)
            distance = (column - x) ** 2 + (row - y) ** 2
            if distance < least:
                best, least = (column, row), distance
        return best

    def centre(self) -> tuple[int, int] | None:
        """A selected pixel in the middle: the one nearest to the middle of the bounding box."""
        rows = list(self.rows())
        if not rows:
            return None
        across = 0
        for _, bits in rows:
            across |= bits
        left = self.size[0] - across.bit_length()
        right = self.size[0] - 1 - ((across & -across).bit_length() - 1)
        return self.nearest(((left + right) / 2, (rows[0][0] + rows[-1][0]) / 2))

    def png(self) -> bytes:
        """A 1-bit greyscale PNG, white where selected; a 4K mask has some kilobytes."""
        stride = self.stride
        # No filter: rows repeat, and deflate finds that by itself. Filters that help photographs
        # make these files larger. The highest level takes five times as long for 3 KB.
        rows = (self.data[at : at + stride] for at in range(0, len(self.data), stride))
        packed = zlib.compress(b"\x00" + b"\x00".join(rows), 6)
        width, height = self.size
        header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
        return _PNG + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _nearest_column(bits: int, width: int, x: float) -> int:
    """The set bit of a row that is nearest to a column."""
    at = min(max(round(x), 0), width - 1)
    place = width - 1 - at
    left_part = bits >> place  # this column and those to the left of it
    right_part = bits & ((1 << place) - 1)
    candidates: list[int] = []
    if left_part:
        candidates.append(at - ((left_part & -left_part).bit_length() - 1))
    if right_part:
        candidates.append(width - right_part.bit_length())
    return min(candidates, key=lambda column: abs(column - x))
