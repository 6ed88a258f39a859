"""Masks from arrays: numpy's own, and whatever numpy can read safely.

numpy is loaded only here, and only for somebody who has an array and so, as a rule, has numpy.
"""

from __future__ import annotations

from inspect import getattr_static
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from ...errors import InvalidRequest, MissingExtra
from .points import Size

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

_WAYS: Final = ("__array__", "__array_interface__", "__dlpack__")

__all__ = ["ArrayLike", "grey_values", "is_array"]


class Convertible(Protocol):
    """An array that makes a numpy array of itself: torch, JAX, xarray, pandas."""

    def __array__(self) -> Any: ...


class Interfaced(Protocol):
    """An array that describes its memory, numpy's among them."""

    @property
    def __array_interface__(self) -> dict[str, Any]: ...


ArrayLike: TypeAlias = Convertible | Interfaced
"""A two-dimensional array of numpy, torch, JAX and others."""


def is_array(value: object) -> bool:
    """Whether a value is an array. Pillow's images describe their memory too, and are none.

    Attributes are looked for, not asked for: to describe its memory an object may have to read a
    file, and fail.
    """
    found = [way for way in _WAYS if getattr_static(value, way, None) is not None]
    return bool(found) and not hasattr(value, "getexif")


def grey_values(array: ArrayLike) -> tuple[Size, bytes]:
    """An array's width and height, and one byte a pixel: 0 is black, 255 white.

    Args:
        array: Rows first; booleans, or numbers from 0 to 255. Dimensions of length one around rows
            and columns are left out, because models give ``(1, height, width)``.

    Raises:
        InvalidRequest: It has another shape or another kind of value, or can't be read.
        MissingExtra: numpy is not installed.
    """
    values = _plane(_read(array))
    height, width = values.shape
    return (width, height), _bytes(values).tobytes()


def _read(array: Any) -> Array:
    """The array as numpy's. An address in memory that a foreign object names is never followed."""
    try:
        import numpy as np
    except ImportError:
        raise MissingExtra("a mask from an array needs numpy", hint="pip install numpy") from None
    if isinstance(array, np.ndarray):
        return array
    try:
        return _foreign(array, np)
    except InvalidRequest:
        raise
    except Exception as error:  # a foreign class's own code runs here: it may raise anything
        raise InvalidRequest(
            f"a {type(array).__name__} can't be read as a mask: {error}",
            hint="Make a numpy array of it first; of a torch tensor mask.detach().cpu().numpy().",
        ) from error


def _foreign(array: Any, np: Any) -> Array:
    """What another library's array says it holds.

    ``numpy.asarray`` would believe an ``__array_interface__`` whose data is a bare address, and a
    wrong address ends the process. So an object converts itself, or lends memory whose size Python
    knows, and numpy checks shape and strides against that.
    """
    if hasattr(array, "__array__"):
        return np.asarray(array.__array__())  # type: ignore[no-any-return]
    if hasattr(array, "__dlpack__"):
        return np.from_dlpack(array)  # type: ignore[no-any-return]
    interface = array.__array_interface__
    memory = interface.get("data")
    if memory is None or isinstance(memory, tuple):
        memory = array  # a buffer, if it has one
    return np.ndarray(  # type: ignore[no-any-return]
        tuple(interface["shape"]),
        np.dtype(interface["typestr"]),
        memoryview(memory),
        interface.get("offset", 0),
        interface.get("strides"),
    )


def _plane(values: Array) -> Array:
    """Rows and columns, without dimensions of length one around them."""
    shape = values.shape
    while len(shape) > 2 and 1 in (shape[0], shape[-1]):
        shape = shape[1:] if shape[0] == 1 else shape[:-1]
    if len(shape) != 2 or 0 in shape:
        raise InvalidRequest(
            f"a mask is an array of rows and columns, this one has the shape {values.shape}",
            hint="Of several masks take one: masks[0]. Of an array with channels take one: "
            "array[..., 3] is the alpha channel.",
        )
    return values.reshape(shape)


def _bytes(values: Array) -> Array:
    """Numbers as bytes; ``True`` is white."""
    kind = values.dtype.kind
    if kind == "b":
        return values.astype("uint8") * 255
    if kind not in "iuf":
        raise InvalidRequest(
            f"a mask of values of type {values.dtype.str!r}",
            hint="Use booleans, or numbers from 0 to 255.",
        )
    least, largest = float(values.min()), float(values.max())
    if not (least >= 0 and largest <= 255) or (kind == "f" and 0 < largest <= 1):
        middle = 0 if least < 0 else 0.5 if largest <= 1 else "your threshold"
        raise InvalidRequest(
            f"a mask's numbers go from 0 to 255, this one's from {least:g} up to {largest:g}",
            hint=f"Compare it yourself and give booleans: painted(array > {middle}).",
        )
    return values.astype("uint8")
