"""Pictures for tests, good and bad, made in memory."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """A Pillow image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def photo(size: tuple[int, int] = (640, 480), form: str = "JPEG", **options: Any) -> bytes:
    """A picture with something in it."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.paste((200, 40, 40), (10, 10, size[0] // 3, size[1] // 3))
    return encoded(image, form, **options)


def turned(orientation: int, size: tuple[int, int] = (640, 480), form: str = "JPEG") -> bytes:
    """A picture with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return photo(size, form, exif=exif)


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and has next to no data: a bomb's fuse."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


# Notes about how a picture is turned, in the forms that files in the field have
# ------------------------------------------------------------------------------------------------


def exif_block(
    orientation: int | None, *, kind: str = "H", order: str = "<", place: bool = False
) -> bytes:
    """An EXIF block without the letters in front.

    Args:
        orientation: What it says; ``None`` for a block that says nothing about it.
        kind: ``"H"`` for the type that EXIF wants, ``"I"`` for the wider one that some write.
        order: ``"<"`` or ``">"``.
        place: Whether it has a latitude.
    """
    codes = {"H": 3, "I": 4}
    entries = []
    if orientation is not None:
        value = struct.pack(order + kind, orientation).ljust(4, b"\0")
        entries.append(struct.pack(order + "HHI", 0x0112, codes[kind], 1) + value)
    after = 8 + 2 + 12 * (len(entries) + place) + 4
    if place:
        entries.append(struct.pack(order + "HHII", 0x8825, 4, 1, after))
    directory = struct.pack(order + "H", len(entries)) + b"".join(entries) + b"\0\0\0\0"
    block = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8) + directory
    if place:
        latitude = struct.pack(order + "HHII", 2, 5, 3, after + 18)
        block += struct.pack(order + "H", 1) + latitude + b"\0\0\0\0"
        block += struct.pack(order + "6I", 52, 1, 31, 1, 0, 1)
    return block


def xmp_packet(orientation: int, *, element: bool = False) -> bytes:
    """An XMP packet that says how a picture is turned, as an attribute or as an element."""
    note = (
        f"<rdf:Description><tiff:Orientation>{orientation}</tiff:Orientation></rdf:Description>"
        if element
        else f'<rdf:Description tiff:Orientation="{orientation}"/>'
    )
    return f"<x:xmpmeta><rdf:RDF>{note}</rdf:RDF></x:xmpmeta>".encode()


def raw_profile(block: bytes) -> bytes:
    """EXIF as ImageMagick writes it into a PNG's text."""
    data = b"Exif\0\0" + block
    lines = [data.hex()[at : at + 72] for at in range(0, 2 * len(data), 72)]
    return f"\nexif\n{len(data):8}\n".encode() + "\n".join(lines).encode() + b"\n"


def jpeg_with(data: bytes, *notes: bytes) -> bytes:
    """A JPEG with further APP1 segments right behind its first mark."""
    segments = [b"\xff\xe1" + struct.pack(">H", len(note) + 2) + note for note in notes]
    return data[:2] + b"".join(segments) + data[2:]


def png_with(data: bytes, *chunks: tuple[bytes, bytes], late: bool = False) -> bytes:
    """A PNG with further chunks behind its header or, ``late``, before its end."""
    at = len(data) - 12 if late else 33
    added = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    ]
    return data[:at] + b"".join(added) + data[at:]


def icc_profile(name: str, primaries: tuple[tuple[float, float, float], ...]) -> bytes:
    """A small colour profile of RGB with a gamma of 2.2.

    Args:
        name: Its description.
        primaries: XYZ of red, green and blue, relative to D50.
    """
    text = name.encode("utf-16-be")
    tags = {
        b"desc": b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(text), 28) + text
    }
    tags[b"wtpt"] = b"XYZ " + struct.pack(">I3i", 0, 63190, 65536, 54061)
    for letter, xyz in zip("rgb", primaries, strict=True):
        fixed = [round(number * 65536) for number in xyz]
        tags[f"{letter}XYZ".encode()] = b"XYZ " + struct.pack(">I3i", 0, *fixed)
        tags[f"{letter}TRC".encode()] = (
            b"curv" + struct.pack(">IIH", 0, 1, round(2.2 * 256)) + b"\0\0"
        )
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        table += struct.pack(">4sII", tag, start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"\0" * 4, 0x04000000, b"mntr", b"RGB ", b"XYZ "
    )
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841))
