"""JSON bodies with pictures in them, written without holding the pictures."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from ..builders.pictures.base64_text import Base64Text

__all__ = ["Body"]

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Body:
    """A JSON text in pieces: plain bytes, and pictures that are read when their turn comes.

    It can be sent again: each pass opens its pictures anew. Iterating it raises `UnreadablePicture`
    where a picture fails.
    """

    def __init__(self, value: Any) -> None:
        self._pieces = list(_pieces(value))

    @property
    def length(self) -> int:
        """Bytes in all; known before the first one is made."""
        return sum(
            piece.encoded_length if isinstance(piece, Base64Text) else len(piece)
            for piece in self._pieces
        )

    @property
    def streams(self) -> bool:
        """Whether it has pictures in it, so that sending it may take long."""
        return any(isinstance(piece, Base64Text) for piece in self._pieces)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Base64Text):
                yield from piece.chunks()
            else:
                yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


def _pieces(value: Any) -> Iterator[bytes | Base64Text]:
    """Dumps the value with a mark where each picture goes, then cuts the text at the marks."""
    pictures: list[Base64Text] = []
    mark = secrets.token_hex(16)

    def marked(item: Any) -> Any:
        if isinstance(item, Base64Text):
            pictures.append(item)
            return mark
        if isinstance(item, dict):
            return {key: marked(inner) for key, inner in item.items()}
        return [marked(inner) for inner in item] if isinstance(item, list) else item

    first, *rest = _ENCODER.encode(marked(value)).split(mark)
    yield first.encode()
    for picture, part in zip(pictures, rest, strict=True):
        yield picture
        yield part.encode()
