"""YAML and JSON as nodes that know where they stand, read strictly.

PyYAML's parser gives the events; everything that a page has no business to contain is refused here
with line and column: tags, merge keys, duplicate keys, several documents, aliases that explode,
nesting without end. Plain scalars follow the YAML 1.2 core schema, so that ``on``, ``yes`` and
dates stay text as in JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml
from attrs import define, field

from ..errors import PageError

__all__ = ["MAX_DEPTH", "MAX_NODES", "Node", "load"]

MAX_DEPTH: Final = 60
"""Levels of nesting. The deepest page seen has 16."""

MAX_NODES: Final = 50_000
"""Values in a document, each alias counted in full. The largest page seen has 300."""

Scalar = str | int | float | bool | None

_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@define(eq=False)
class Node:
    """A value and the place where it begins.

    Attributes:
        value: A scalar, a list of nodes, or a dict of nodes by key.
        line: Line in the page, from 1.
        column: Column, from 1.
        keys: For a mapping, the node of each key.
        size: Values in it, itself included.
        written: A plain scalar as it stands in the page: ``010``, ``1.0``, ``on``; else empty.
    """

    value: Any
    line: int
    column: int
    keys: dict[str, Node] = field(factory=dict)
    size: int = 1
    written: str = ""

    @property
    def ambiguous(self) -> bool:
        """Whether readers of YAML disagree on it: 010 is 8 to those of 1.1, 10 to those of 1.2."""
        return _LEADING_ZERO.fullmatch(self.written) is not None

    @property
    def kind(self) -> str:
        """What a person calls it: ``mapping``, ``list``, ``text``, ``number``, ..."""
        kinds = {dict: "mapping", list: "list", str: "text", bool: "true or false"}
        if self.value is None:
            return "nothing"
        return kinds.get(type(self.value), "number")

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def error(self, what: str, *, hint: str = "") -> PageError:
        """A refusal that points here."""
        return PageError(what, self.line, self.column, hint=hint)

    def key_error(self, key: str, what: str, *, hint: str = "") -> PageError:
        """A refusal that points at a key of this mapping."""
        return self.keys.get(key, self).error(what, hint=hint)


def load(text: str, first_line: int = 1) -> Node:
    """Read one YAML or JSON document.

    Args:
        text: The document.
        first_line: Line of the page on which the document begins.

    Returns:
        Its root node.

    Raises:
        PageError: It can't be read, or holds something that a page has no business to hold.
    """
    if text.lstrip().startswith("{"):
        _check_json(text, first_line)
    try:
        return _Builder(first_line).build(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        line, column = (mark.line, mark.column) if mark else (0, 0)
        raise PageError(
            f"not readable as YAML: {what}",
            first_line + line,
            column + 1,
            hint="No repair rule covers this. Mend it by hand; of a page, import that copy.",
        ) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        raise PageError(
            f"the character U+{_code(error):04X} is not allowed in YAML",
            first_line + before.count("\n"),
            error.position - (before.rfind("\n") + 1) + 1,
            hint="Remove it from the page and import that copy.",
        ) from None


def _code(error: yaml.reader.ReaderError) -> int:
    character = error.character
    return character if isinstance(character, int) else ord(character)


def _check_json(text: str, first_line: int) -> None:
    """JSON is checked by a JSON parser too: YAML is laxer than it."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise PageError(
            f"not readable as JSON: {error.msg}",
            first_line + error.lineno - 1,
            error.colno,
            hint="A document that begins with { must be JSON. Mend the page and import that copy.",
        ) from None
    except RecursionError:
        raise PageError(f"nested deeper than {MAX_DEPTH} levels", first_line) from None


@define
class _Open:
    node: Node
    anchor: str | None
    key: Node | None = None


@define
class _Builder:
    """Builds nodes from events with a stack of its own, so that depth is a number and no crash."""

    first_line: int
    stack: list[_Open] = field(factory=list)
    anchors: dict[str, Node] = field(factory=dict)
    root: Node | None = None
    documents: int = 0
    total: int = 0

    def build(self, events: Iterator[Any]) -> Node:
        for event in events:
            self._take(event)
        if self.root is None:
            raise PageError("the document is empty", self.first_line)
        return self.root

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._document(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.ScalarEvent):
            self._check_tag(event)
            plain = event.style is None and event.implicit[0] and not self._expects_key()
            node = self._node(event, _scalar(event) if plain else _joined(event.value))
            node.written = event.value if plain else ""
            self._add(node, event.anchor)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._check_tag(event)
            empty: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._open(self._node(event, empty), event.anchor)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self.stack.pop()
            self._add(done.node, done.anchor)

    def _node(self, event: Any, value: Any) -> Node:
        mark = event.start_mark
        return Node(value, self.first_line + mark.line, mark.column + 1)

    def _document(self, event: Any) -> None:
        self.documents += 1
        here = self._node(event, None)
        if self.documents > 1:
            raise here.error("a second document begins here; only one is read")
        if event.version or event.tags:
            raise here.error("YAML directives (%YAML, %TAG) are not allowed here")

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None:
            raise self._node(event, None).error(
                f"the YAML tag {event.tag!r} is not allowed here: it can name a type to build"
            )

    def _expects_key(self) -> bool:
        if not self.stack:
            return False
        top = self.stack[-1]
        return isinstance(top.node.value, dict) and top.key is None

    def _open(self, node: Node, anchor: str | None) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise node.error(f"nested deeper than {MAX_DEPTH} levels")
        if self._expects_key():
            raise node.error("a mapping key must be a plain word, not a list or mapping")
        self.stack.append(_Open(node, anchor))

    def _alias(self, event: Any) -> None:
        target = self.anchors.get(event.anchor)
        if target is None:
            raise self._node(event, None).error(
                f"the alias *{event.anchor} stands for nothing that is complete here"
            )
        here = self._node(event, target.value)
        here.keys, here.size, here.written = target.keys, target.size, target.written
        self._add(here, None)

    def _add(self, node: Node, anchor: str | None) -> None:
        if not self.stack:
            self.root = node
        elif isinstance(self.stack[-1].node.value, list):
            self.stack[-1].node.value.append(node)
        elif self.stack[-1].key is None:
            self.stack[-1].key = self._key(node)
            return
        else:
            self._set(self.stack[-1], node)
        self._count(node)
        if anchor:
            self.anchors[anchor] = node

    def _count(self, node: Node) -> None:
        if self.stack:
            self.stack[-1].node.size += node.size
            if self.stack[-1].node.size > MAX_NODES:
                raise node.error(f"more than {MAX_NODES} values here, counting each alias in full")

    def _key(self, node: Node) -> Node:
        if isinstance(node.value, dict | list):
            raise node.error("a mapping key must be a plain word, not a list or mapping")
        if node.value == "<<":
            raise node.error("merge keys (<<) are not allowed here")
        return node

    def _set(self, open_: _Open, node: Node) -> None:
        key = open_.key
        assert key is not None
        name: str = key.value
        if name in open_.node.value:
            first = open_.node.keys[name]
            raise key.error(f"the key {name!r} stands here twice, first on line {first.line}")
        open_.node.value[name] = node
        open_.node.keys[name] = key
        open_.key = None


def _scalar(event: Any) -> Scalar:
    text: str = event.value
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else _joined(text)


def _joined(text: str) -> str:
    r"""JSON writes characters beyond U+FFFF as two ``\u`` escapes; PyYAML leaves them apart."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
