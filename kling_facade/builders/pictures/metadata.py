"""What EXIF, XMP and colour profiles say about a picture, read from their bytes.

This is the only reading of orientation in the library: header, decoder, `fit`, masks and preview go
by it. Files contradict themselves: an editor turns the pixels and forgets one of two notes about
the turn. Viewers then differ. Here the first EXIF block counts, as in browsers, libvips and Pillow;
where it says nothing, XMP does. Every other statement is kept, so that a person can be told.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from attrs import define, field

__all__ = [
    "GPS",
    "LATITUDE",
    "MOST_BYTES",
    "ORIENTATION",
    "UNREADABLE",
    "Metadata",
    "inflated",
    "other_profile",
]

MOST_BYTES: Final = 4 * 1024 * 1024
"""The largest block of metadata that is read, packed or not. EXIF in a JPEG has at most 64 KB, the
largest profiles for printing have 2 MB."""

ORIENTATION: Final = 0x0112
GPS: Final = 0x8825
LATITUDE: Final = 0x0002
_BYTE_ORDERS: Final = {b"II*\0": "<", b"MM\0*": ">"}
_WHOLE: Final = {3: "H", 4: "I", 8: "h", 9: "i"}
"""Types of whole numbers in EXIF. Orientation has to be of type 3, and writers use the others."""

_XMP_ORIENTATION: Final = re.compile(rb"""tiff:Orientation(?:\s*=\s*["']|>)\s*([1-8])\s*["'<]""")
_XMP_PLACE: Final = re.compile(rb"exif:GPSLatitude\b")
_HEXADECIMAL: Final = re.compile(rb"\s*\w+\s+\d+\s+([0-9a-fA-F\s]*)")


@define
class Metadata:
    """Gathers what the parts of a file say.

    Attributes:
        turns: Who says which EXIF orientation, in the order of the file.
        located: Whether it says where the picture was taken.
        profile: The colour profile's bytes; empty when there is none.
    """

    turns: list[tuple[str, int]] = field(factory=list)
    located: bool = False
    profile: bytes = b""
    _exif: int | None = None  # what the first EXIF block says: 0 is nothing
    _xmp: int | None = None

    @property
    def orientation(self) -> int:
        """The orientation to go by, 1 (upright) to 8."""
        return self._exif or self._xmp or 1

    def add_exif(self, block: bytes, label: str = "EXIF") -> None:
        """Take in an EXIF block.

        Args:
            block: With or without the letters ``Exif`` in front.
            label: What messages call it.
        """
        tiff = block.removeprefix(b"Exif\0\0")
        if tiff[:4] not in _BYTE_ORDERS:
            return  # no EXIF after all, or the rest of a block that did not fit into one segment
        told, located = _exif(tiff)
        self.located = self.located or located
        if self._exif is None:
            # Windows' photo viewer has written two orientations into one block: the last counts.
            self._exif = told[-1] if told else 0
        else:
            label = f"another {label} block"
        self.turns += [(label, value) for value in told]

    def add_xmp(self, packet: bytes) -> None:
        """Take in an XMP packet."""
        self.located = self.located or _XMP_PLACE.search(packet) is not None
        if match := _XMP_ORIENTATION.search(packet):
            value = int(match[1])
            self.turns.append(("XMP", value))
            self._xmp = self._xmp or value

    def add_raw_profile(self, text: bytes) -> None:
        """Take in EXIF as ImageMagick writes it into PNG: a name, a length and hexadecimal text."""
        match = _HEXADECIMAL.match(text)
        digits = b"".join(match[1].split()) if match else b""
        if digits and len(digits) % 2 == 0:
            self.add_exif(bytes.fromhex(digits.decode("ascii")), "raw profile")


def inflated(data: bytes) -> bytes:
    """Unpacked text or profile of a PNG, cut at `MOST_BYTES`; nothing when it is damaged."""
    try:
        return zlib.decompressobj().decompress(data, MOST_BYTES)
    except zlib.error:
        return b""


def _exif(tiff: bytes) -> tuple[list[int], bool]:
    """The orientations in the main directory of an EXIF block, and whether it has a place."""
    order = _BYTE_ORDERS[tiff[:4]]
    told: list[int] = []
    located = False
    try:
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        for tag, kind, count, place in _entries(tiff, order, first):
            if tag == ORIENTATION and kind in _WHOLE and count == 1:
                (value,) = struct.unpack_from(order + _WHOLE[kind], tiff, place)
                told += [value] if 1 <= value <= 8 else []
            elif tag == GPS:
                (directory,) = struct.unpack_from(order + "I", tiff, place)
                # Cameras without a fix write a directory that has a version and no latitude.
                located = any(entry[0] == LATITUDE for entry in _entries(tiff, order, directory))
    except struct.error:
        pass  # cut short: what was read before counts
    return told, located


def _entries(tiff: bytes, order: str, directory: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, type and count of each entry of a directory, and where its value stands."""
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, length = struct.unpack_from(order + "HHI", tiff, entry)
        yield tag, kind, length, entry + 8


# Colour profiles
# ------------------------------------------------------------------------------------------------

UNREADABLE: Final = "unreadable"
_SRGB: Final = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
"""The primaries of sRGB as profiles have them, relative to D50 (IEC 61966-2-1, ICC.1:2022)."""

_NEAR: Final = 0.01
_OTHER_NAMES: Final = frozenset({"c2", "urgb"})
"""Names of sRGB profiles made so small that "sRGB" did not fit in."""


def other_profile(profile: bytes) -> str:
    """The name of a colour profile that is not sRGB.

    A profile is taken for sRGB when it is called so and its primaries, where it has some, are
    sRGB's: there are profiles of displays that are called sRGB and are not.

    Args:
        profile: An ICC profile; empty when there is none.

    Returns:
        Its name, ``"unreadable"``, or an empty text for sRGB and for no profile.
    """
    if not profile:
        return ""
    try:
        tags = _tags(profile)
        name = _text(tags.get(b"desc", b"")).strip()
        primaries = [_xyz(tags[tag]) for tag in (b"rXYZ", b"gXYZ", b"bXYZ") if tag in tags]
    except (struct.error, UnicodeDecodeError):
        return UNREADABLE
    if not tags:
        return UNREADABLE
    called_so = "srgb" in name.lower() or name.lower() in _OTHER_NAMES
    if called_so and (len(primaries) < 3 or _are_near(primaries)):
        return ""
    return f"{name} with other primaries" if called_so else name or "without a name"


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """The content of each tag."""
    if profile[36:40] != b"acsp":
        return {}
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > 100:  # the format has 60 tags
        return {}
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * n) for n in range(count)]
    return {tag: profile[start : start + length] for tag, start, length in entries}


def _text(tag: bytes) -> str:
    """A description: ASCII in version 2, a table of languages in version 4."""
    if tag.startswith(b"desc"):
        (length,) = struct.unpack_from(">I", tag, 8)
        return tag[12 : 12 + length].split(b"\0")[0].decode("latin-1")
    if tag.startswith(b"mluc"):
        length, start = struct.unpack_from(">II", tag, 20)
        return tag[start : start + length].decode("utf-16-be").rstrip("\0")
    return ""


def _xyz(tag: bytes) -> tuple[float, ...]:
    return tuple(number / 65536 for number in struct.unpack_from(">3i", tag, 8))


def _are_near(primaries: list[tuple[float, ...]]) -> bool:
    """Whether they are sRGB's."""
    return all(
        abs(one - other) < _NEAR
        for primary, srgb in zip(primaries, _SRGB, strict=True)
        for one, other in zip(primary, srgb, strict=True)
    )
