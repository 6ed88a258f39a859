"""Keeping facts: the general part, for objects, lists, names and scalars of any kind.

An object of the page is read with one handler for each keyword that it may have. Texts become
digests, extensions go, and everything else is refused with its place.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import define, field, frozen

from .nodes import Node
from .repairs import Repair

__all__ = [
    "DROPPED", "HINT_CUT", "HINT_NAME", "HINT_NEWER", "METHODS", "NAME", "STATED", "TEXT",
    "Handler", "Keeper", "Text", "digest", "place",
]  # fmt: skip

TEXT: Final = "x-text"
"""Key under which the digests of an object's texts stand."""

STATED: Final = "x-stated"
"""Key under which the facts that were found in an object's prose stand."""

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9_.-]{0,63}")
_RESERVED: Final = frozenset(
    {
        *("to_dict", "from_dict", "additional_properties", "additional_keys", "self", "cls"),
        *("d", "T", "src_dict", "field_dict", "prop", "prop_name"),
    }
)
"""Names that the generated models use for themselves."""
_SAFE_TEXT = re.compile(
    r"[^\x00-\x1f\x7f\"'`\\<>{}$|\u2028\u2029\u202a-\u202e\u2066-\u2069]{0,200}"
)
_PLACEHOLDER = re.compile(r"(?:\w+ )?\{\{[^{}]*\}\}")
"""A variable of the publisher's test tool: ``{{YOUR_API_KEY}}``. It is no value of the API."""
_HINT_KEYWORD = (
    "If it is a misspelling, mend the page; if the page is right, teach it to "
    "scripts/specpipe/page/facts.py."
)
HINT_NEWER = "OpenAPI 3.1 knows it, 3.0 does not. Export the page as OpenAPI 3.0 and import that."
_HINT_VALUE = "Values become text in code: letters, digits and plain punctuation, without quotes."
HINT_CUT = "Is the page cut off?"
HINT_NAME = "Names become attributes and modules. Import a page with an ordinary name."
_NEWER: Final = frozenset(
    {
        *("const", "prefixItems", "contains", "patternProperties", "propertyNames", "if", "then"),
        *("else", "dependentRequired", "dependentSchemas", "unevaluatedProperties", "webhooks"),
        *("unevaluatedItems", "contentEncoding", "contentMediaType", "contentSchema", "$defs"),
        *("$schema", "$id", "$anchor", "$comment", "jsonSchemaDialect", "pathItems", "minContains"),
    }
)
"""Keywords of OpenAPI 3.1."""
DROPPED: Final = object()
"""What a handler returns for a value that states no fact."""

Handler = Callable[[Node, str], Any]


@frozen
class Text:
    """A text of the page, for the terminal only: it is not ours to store.

    Attributes:
        pointer: Where it stands, as a JSON pointer.
        key: ``description``, ``summary``, ``title``, ``example``, or a part kept as digest only.
        text: The text.
        line: Its line in the page.
    """

    pointer: str
    key: str
    text: str
    line: int


def digest(text: str) -> str:
    """What stands for a text: its SHA-256 after runs of white space became one space."""
    plain = " ".join(text.split())
    return "sha256:" + hashlib.sha256(plain.encode()).hexdigest()


def place(pointer: str) -> str:
    """A JSON pointer in words: ``POST /path body.mode.enum.0``."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    if len(parts) < 3 or parts[0] != "paths" or parts[2] not in METHODS:
        return "/".join(parts) or "the document"
    text = ".".join(parts[3:]).replace("application/json", "*")
    for long, short in _SHORT:
        text = text.replace(long, short)
    return f"{parts[2].upper()} {parts[1]} {text}".strip()


_SHORT: Final = (
    ("requestBody.content.*.schema", "body"),
    ("responses.", ""),
    (".content.*.schema", ""),
    (".properties.", "."),
    (".items", "[]"),
)


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


@define
class Keeper:
    """Reads objects of a document into facts; knows no keyword of OpenAPI itself."""

    document: Node
    texts: list[Text] = field(factory=list)
    lines: dict[str, int] = field(factory=dict)
    notes: list[Repair] = field(factory=list)

    # --- the general part: one object, a handler for each key it may have ---

    def _object(
        self,
        node: Node,
        at: str,
        handlers: Mapping[str, Handler],
        *,
        texts: tuple[str, ...] = ("description",),
        dropped: tuple[str, ...] = (),
        required: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        if not isinstance(node.value, dict):
            raise node.error(f"{place(at)} must be a mapping, not {node.kind}")
        self.lines[at] = node.line
        kept: dict[str, Any] = {}
        for key, value in node.value.items():
            if key in texts:
                self._text(value, at, key)
            elif key in handlers:
                taken = handlers[key](value, f"{at}/{_escape(key)}")
                if taken is not DROPPED:
                    kept[key] = taken
            elif key not in dropped and not key.startswith("x-"):
                what = f"{key!r} is no keyword of OpenAPI 3.0 at {place(at)}"
                hint = HINT_NEWER if key in _NEWER else _HINT_KEYWORD
                raise node.key_error(key, what, hint=hint)
        for key in required:
            if key not in node.value:
                what = f"{place(at)} has no {key!r}"
                raise node.error(what, hint=HINT_CUT)
        return self._with_texts(kept, at)

    def _text(self, node: Node, at: str, key: str) -> None:
        value = node.plain()
        if key == "description" and not isinstance(value, str | None):
            value = str(value)
        text = value if isinstance(value, str) else "" if value is None else repr(value)
        if text.strip():
            self.texts.append(Text(at, key, text, node.line))

    def _with_texts(self, kept: dict[str, Any], at: str) -> dict[str, Any]:
        digests = {text.key: digest(text.text) for text in self.texts if text.pointer == at}
        return {**kept, TEXT: digests} if digests else kept

    def _map(
        self,
        node: Node,
        at: str,
        name: Callable[[Node, str], None],
        handler: Handler,
        *,
        extensible: bool = False,
    ) -> dict[str, Any]:
        """A mapping whose keys are names; where OpenAPI allows extensions, ``x-…`` is none."""
        if not isinstance(node.value, dict):
            raise node.error(f"{place(at)} must be a mapping, not {node.kind}")
        keys = [key for key in node.value if not (extensible and key.startswith("x-"))]
        for key in keys:
            name(node, key)
        return {key: handler(node.value[key], f"{at}/{_escape(key)}") for key in keys}

    def _list(self, node: Node, at: str, handler: Handler) -> list[Any]:
        if not isinstance(node.value, list):
            raise node.error(f"{place(at)} must be a list, not {node.kind}")
        taken = [handler(item, f"{at}/{index}") for index, item in enumerate(node.value)]
        return [item for item in taken if item is not DROPPED]

    def _note(self, rule: str, node: Node, what: str) -> Any:
        self.notes.append(Repair(rule, node.line, what))
        return DROPPED

    # --- names ---

    def _name(self, node: Node, key: str) -> None:
        if not NAME.fullmatch(key) or key in _RESERVED or "__" in key:
            raise node.key_error(
                key, f"the name {key[:80]!r} can't be a field's name", hint=HINT_NAME
            )

    # --- scalars ---

    def _flag(self, node: Node, at: str) -> bool:
        if not isinstance(node.value, bool):
            what = f"{place(at)} must be true or false, not {node.kind} {node.plain()!r:.40}"
            exclusive = at.rpartition("/")[2] in ("exclusiveMinimum", "exclusiveMaximum")
            raise node.error(what, hint=HINT_NEWER if exclusive else "")
        return node.value

    def _count(self, node: Node, at: str) -> int:
        if not isinstance(node.value, int) or isinstance(node.value, bool) or node.value < 0:
            raise node.error(f"{place(at)} must be a whole number, not {node.plain()!r:.40}")
        return node.value

    def _number(self, node: Node, at: str) -> float:
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            raise node.error(f"{place(at)} must be a number, not {node.plain()!r:.40}")
        self._unambiguous(node, at)
        return node.value

    def _word(self, node: Node, at: str) -> str:
        if not isinstance(node.value, str) or not _SAFE_TEXT.fullmatch(node.value):
            what = f"{place(at)} must be a short plain text, not {node.plain()!r:.80}"
            raise node.error(what, hint=_HINT_VALUE)
        return node.value

    def _choice(self, node: Node, at: str, allowed: tuple[str, ...]) -> str:
        if node.value not in allowed:
            hint = f"Known are: {', '.join(allowed)}."
            raise node.error(f"{place(at)} can't be {node.plain()!r:.60}", hint=hint)
        return str(node.value)

    def _scalar(self, node: Node, at: str) -> Any:
        return self._word(node, at) if isinstance(node.value, str) else self._no_tree(node, at)

    def _unambiguous(self, node: Node, at: str) -> Any:
        if node.ambiguous:
            what = f"{place(at)}: {node.written} is a text to some readers, a number to others"
            raise node.error(what, hint="Quote it if it is a text; else write it without the 0.")
        return node.value

    def _no_tree(self, node: Node, at: str) -> Any:
        if isinstance(node.value, dict | list):
            raise node.error(f"{place(at)} must be a single value, not a {node.kind}")
        return self._unambiguous(node, at)

    def _default(self, node: Node, at: str) -> Any:
        """A default as a fact: prose is kept as a digest, a placeholder not at all."""
        value = node.plain()
        if value is None:
            return self._note("empty-default", node, f"{place(at)} is null, which is no default")
        if isinstance(value, str) and _PLACEHOLDER.fullmatch(value):
            what = f"{place(at)} is a variable of the publisher's tool, not a value"
            return self._note("placeholder", node, what)
        if not _is_safe(value):
            text = value if isinstance(value, str) else repr(value)
            self.texts.append(Text(at.rpartition("/")[0], "default", text, node.line))
            return DROPPED
        return self._unambiguous(node, at) if not isinstance(value, dict | list) else value


def _is_safe(value: Any) -> bool:
    """Whether every text in a value is short and plain."""
    if isinstance(value, dict):
        return all(_is_safe(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return all(_is_safe(item) for item in value)
    return not isinstance(value, str) or _SAFE_TEXT.fullmatch(value) is not None
