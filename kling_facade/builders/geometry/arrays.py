"""Masks from arrays, by numpy's array interface and without numpy."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from ...errors import InvalidRequest
from .bitmap import Bitmap

if TYPE_CHECKING:
    from ..regions import ArrayLike

__all__ = ["bitmap_of"]


def bitmap_of(array: ArrayLike, threshold: int) -> Bitmap:
    """A two-dimensional array of booleans, or of numbers from 0 to 255, as a bitmap.

    Args:
        array: Rows first.
        threshold: Numbers at least this large are selected; of booleans ``True``.

    Raises:
        InvalidRequest: It has another shape or another kind of value.
    """
    interface = array.__array_interface__
    shape = interface["shape"]
    if len(shape) != 2 or 0 in shape:
        raise InvalidRequest(
            f"a mask is an array of rows and columns, this one has the shape {shape}",
            hint="For an array with channels take one: array[..., 3] is the alpha channel.",
        )
    kind = interface["typestr"]
    height, width = shape
    if kind == "|b1":
        values, threshold = _memory(array, interface), 1
    elif kind == "|u1":
        values = _memory(array, interface)
    else:
        values = _bytes(array, kind, threshold)
    return Bitmap.from_bytes((width, height), values, threshold)


def _memory(array: ArrayLike, interface: dict[str, Any]) -> bytes:
    """The array's bytes, rows first."""
    if isinstance(array, memoryview | bytes) or _has_buffer(array):
        return memoryview(array).tobytes()  # type: ignore[arg-type]  # just tried: it has a buffer
    if interface.get("strides") is None and isinstance(interface.get("data"), bytes):
        return bytes(interface["data"])
    if interface.get("strides") is None and isinstance(interface.get("data"), tuple):
        count = interface["shape"][0] * interface["shape"][1]
        return ctypes.string_at(interface["data"][0], count)
    return b"".join(bytes(row) for row in _rows(array))


def _has_buffer(array: object) -> bool:
    try:
        memoryview(array).release()  # type: ignore[arg-type]  # that is the question
    except TypeError:
        return False
    return True


def _rows(array: Any) -> list[list[Any]]:
    """The array as lists."""
    if not hasattr(array, "tolist"):
        raise InvalidRequest(
            f"a {type(array).__name__} can't be read as a mask",
            hint="Turn it into an array of unsigned bytes first.",
        )
    rows: list[list[Any]] = array.tolist()
    return rows


def _bytes(array: ArrayLike, kind: str, threshold: int) -> bytes:
    """Wider numbers as bytes: 255 where at least the threshold."""
    if kind[1] not in "iuf":
        raise InvalidRequest(
            f"a mask of values of type {kind!r}", hint="Use booleans, or numbers from 0 to 255."
        )
    rows = _rows(array)
    largest = max(max(row) for row in rows)
    if largest > 255 or (kind[1] == "f" and largest <= 1):
        raise InvalidRequest(
            f"a mask's numbers go from 0 to 255, this one's up to {largest:g}",
            hint="Compare it yourself and give booleans: painted(array > 0.5).",
        )
    return bytes(255 * (value >= threshold) for row in rows for value in row)
