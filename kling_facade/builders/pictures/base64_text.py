"""Base64 text that is not there yet.

Kling takes pictures as base64 inside JSON. A 10 MB photograph is 13 MB of text, and the usual way
holds it three times. Here a picture travels through the generated model as a `Base64Text`: a
``str`` that only stands for the text. The wire layer writes it into the body
chunk by chunk; `expand` puts the real text in for those who need ordinary JSON: tests, validators.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, BinaryIO, Final, cast

from ...errors import InvalidRequest

__all__ = ["CHUNK", "Base64Text", "UnreadablePicture", "digests_of", "expand"]

CHUNK: Final = 3 * 64 * 1024
"""Bytes read at a time. A multiple of three, so that base64 chunks join without padding."""


@cache
def _encoder() -> Callable[[bytes], bytes]:
    """The fastest base64 there is: pybase64 uses vector instructions (extra ``[fast]``)."""
    try:
        module = importlib.import_module("pybase64")
    except ImportError:
        module = importlib.import_module("base64")
    return cast("Callable[[bytes], bytes]", module.b64encode)


class UnreadablePicture(InvalidRequest):
    """A picture could not be read to its end while it was sent.

    A text always follows a picture in a body, so that what has left by then is no whole request and
    nothing can have been accepted.
    """


class Base64Text(str):
    """Stands for the bare base64 text of some bytes: no ``data:`` prefix, no line breaks.

    As a string it reads ``<base64 of fox.png, 1234 bytes>``, so that nothing which prints or logs a
    body can print a picture.

    Args:
        open_: Gives a fresh binary stream from the first byte, each time it is called.
        byte_count: How many bytes the stream has.
        label: What a person calls it, for messages.
    """

    __slots__ = ("_label", "_open", "byte_count")

    _label: str
    _open: Callable[[], BinaryIO]
    byte_count: int

    def __new__(cls, open_: Callable[[], BinaryIO], byte_count: int, label: str) -> Base64Text:
        """See the class."""
        self = super().__new__(cls, f"<base64 of {label}, {byte_count} bytes>")
        self._label = label
        self._open = open_
        self.byte_count = byte_count
        return self

    def __reduce__(self) -> Any:
        raise TypeError("a streamed picture can't be pickled: pickle the request's source instead")

    @property
    def encoded_length(self) -> int:
        """Characters of the text."""
        return (self.byte_count + 2) // 3 * 4

    def chunks(self) -> Iterator[bytes]:
        """The text in ASCII, a chunk at a time.

        Raises:
            UnreadablePicture: The bytes can't be read, or they are not as many as they were.
        """
        encode, left = _encoder(), self.byte_count
        try:
            with self._open() as stream:
                while (block := stream.read(CHUNK)) and left >= len(block):
                    left -= len(block)
                    yield encode(block)
        except Exception as error:  # noqa: BLE001 - nothing is thrown in here: it is the source's
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        else:
            if not left and not block:
                return
            why = f"it has no longer the {self.byte_count} bytes that it had"
        raise UnreadablePicture(
            f"{self._label} could not be read while it was sent: {why}",
            hint="Look at the file, then submit again. Nothing was accepted.",
        )

    def text(self) -> str:
        """The whole text at once."""
        return b"".join(self.chunks()).decode("ascii")


def expand(value: Any) -> Any:
    """A copy of a JSON-like value with every `Base64Text` replaced by its real text."""
    if isinstance(value, Base64Text):
        return value.text()
    if isinstance(value, dict):
        return {key: expand(item) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item) for item in value]
    return value


def digests_of(body: dict[str, Any]) -> tuple[str, str]:
    """SHA-256 that tells one request from another, in hexadecimal, in two forms.

    The external id plays no part, nor does the address to call back: another process of the same
    service takes the request up under its own. The second form still counts that address; it is
    what earlier versions wrote down.

    Pictures are read a chunk at a time.
    """
    import hashlib  # late, and json too: only a journal needs them
    import json

    facts = _with_digests({name: it for name, it in body.items() if name != "external_task_id"})
    earlier = json.dumps(facts, sort_keys=True)
    facts.pop("callback_url", None)
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest(), hashlib.sha256(earlier.encode()).hexdigest()


def _with_digests(value: Any) -> Any:
    """A copy of a JSON-like value with the digest of each picture in its place."""
    if isinstance(value, Base64Text):
        import hashlib

        digest = hashlib.sha256()
        for chunk in value.chunks():
            digest.update(chunk)
        return {"sha256": digest.hexdigest()}
    if isinstance(value, dict):
        return {name: _with_digests(item) for name, item in value.items()}
    return [_with_digests(item) for item in value] if isinstance(value, list) else value
