"""From the page's nodes to facts: what may be kept of somebody else's document.

Kept: paths, methods, parameters, types, names, their order, bounds, enumerations, servers,
security. Not kept: prose (a SHA-256 digest stands for each text, so that a change is noticed),
tags, operation ids, vendor extensions. Everything else is refused with its place: a keyword that
OpenAPI 3.0 doesn't know may be a misspelt one that matters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import define, field, frozen

from . import prose
from .nodes import Node

__all__ = [
    "IGNORED_HEADERS",
    "METHODS",
    "STATED",
    "TEXT",
    "Facts",
    "Text",
    "collect",
    "digest",
    "effective",
    "place",
]

TEXT: Final = "x-text"
"""Key under which the digests of an object's texts stand."""

STATED: Final = "x-stated"
"""Key under which the facts that were found in an object's prose stand."""

IGNORED_HEADERS: Final = frozenset({"content-type", "authorization", "accept"})
"""Header parameters that OpenAPI 3.0 says have no effect."""

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
TYPES: Final = ("string", "number", "integer", "boolean", "array", "object")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_MODEL = re.compile(r"kling-v\d+(?:-[a-z0-9]+)*(?![\w-]|\.\w)", re.IGNORECASE | re.ASCII)
_RESERVED: Final = frozenset(
    {
        *("to_dict", "from_dict", "additional_properties", "additional_keys", "self", "cls"),
        *("d", "T", "src_dict", "field_dict", "prop", "prop_name"),
    }
)
"""Names that the generated models use for themselves."""
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9_~.:-]+|\{[A-Za-z][A-Za-z0-9_]*\}))+/?")
_SAFE_TEXT = re.compile(
    r"[^\x00-\x1f\x7f\"'`\\<>{}$|\u2028\u2029\u202a-\u202e\u2066-\u2069]{0,200}"
)
_MEDIA = re.compile(r"[a-z]+/[A-Za-z0-9.+*-]+")
_VERSION = re.compile(r"[A-Za-z0-9.+ -]{0,40}")

_HINT_KEYWORD = (
    "If it is a misspelling, mend the page; if the page is right, teach it to "
    "scripts/specpipe/facts.py."
)
_HINT_CUT = "Is the page cut off?"
_HINT_NAME = "Names become attributes and modules. Import a page with an ordinary name."


@frozen
class Text:
    """A text of the page, for the terminal only: it is not ours to store.

    Attributes:
        pointer: Where it stands, as a JSON pointer.
        key: ``description``, ``summary``, ``title`` or ``example``.
        text: The text.
        line: Its line in the page.
    """

    pointer: str
    key: str
    text: str
    line: int


@frozen
class Facts:
    """What a page states.

    Attributes:
        document: The facts, as an OpenAPI document of our own making.
        texts: The texts that digests stand for.
        lines: Line of the page on which an object begins, by JSON pointer.
    """

    document: dict[str, Any]
    texts: tuple[Text, ...]
    lines: Mapping[str, int]


def effective(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema's facts, those stated in its prose filled in where the schema itself is silent."""
    stated = schema.get(STATED, {})
    plain = {
        key: value for key, value in stated.items() if key not in ("mentions", "since", "notFor")
    }
    return {**plain, **{key: value for key, value in schema.items() if key not in (STATED, TEXT)}}


def digest(text: str) -> str:
    """What stands for a text: its SHA-256 after runs of white space became one space."""
    plain = " ".join(text.split())
    return "sha256:" + hashlib.sha256(plain.encode()).hexdigest()


def collect(root: Node, around: str = "") -> Facts:
    """Take the facts from a document.

    Args:
        root: The document's root node.
        around: What the page says outside of the document.

    Raises:
        PageError: Something in it is not OpenAPI 3.0, or has no business there.
    """
    reader = _Reader(root)
    if around.strip():
        reader.texts.append(Text("", "page", around, 1))
    document = reader.root()
    models = sorted({found.lower() for text in reader.texts for found in _MODEL.findall(text.text)})
    if models:
        document[STATED] = {"models": models}
    return Facts(document, tuple(reader.texts), reader.lines)


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


Handler = Callable[[Node, str], Any]


@define
class _Reader:
    document: Node
    texts: list[Text] = field(factory=list)
    lines: dict[str, int] = field(factory=dict)

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
                kept[key] = handlers[key](value, f"{at}/{_escape(key)}")
            elif key not in dropped and not key.startswith("x-"):
                what = f"{key!r} is no keyword of OpenAPI 3.0 at {place(at)}"
                raise node.key_error(key, what, hint=_HINT_KEYWORD)
        for key in required:
            if key not in node.value:
                what = f"{place(at)} has no {key!r}"
                raise node.error(what, hint=_HINT_CUT)
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
        self, node: Node, at: str, name: Callable[[Node, str], None], handler: Handler
    ) -> dict[str, Any]:
        if not isinstance(node.value, dict):
            raise node.error(f"{place(at)} must be a mapping, not {node.kind}")
        for key in node.value:
            name(node, key)
        return {key: handler(value, f"{at}/{_escape(key)}") for key, value in node.value.items()}

    def _list(self, node: Node, at: str, handler: Handler) -> list[Any]:
        if not isinstance(node.value, list):
            raise node.error(f"{place(at)} must be a list, not {node.kind}")
        return [handler(item, f"{at}/{index}") for index, item in enumerate(node.value)]

    # --- names ---

    def _name(self, node: Node, key: str) -> None:
        if not _NAME.fullmatch(key) or key in _RESERVED or "__" in key:
            raise node.key_error(
                key, f"the name {key[:80]!r} can't be a field's name", hint=_HINT_NAME
            )

    def _path_name(self, node: Node, key: str) -> None:
        parts = key.split("/")
        if not _PATH.fullmatch(key) or ".." in key or "." in parts or len(key) > 200:
            what = f"the path {key[:80]!r} is not one to build addresses from"
            raise node.key_error(key, what, hint="A path is /word/word/{name}, without '..'.")

    def _media_name(self, node: Node, key: str) -> None:
        if not _MEDIA.fullmatch(key):
            raise node.key_error(key, f"{key[:80]!r} is no media type")

    def _status_name(self, node: Node, key: str) -> None:
        if not re.fullmatch(r"[1-5](?:\d\d|XX)|default", key):
            raise node.key_error(key, f"{key[:80]!r} is no HTTP status")

    def _header_name(self, node: Node, key: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", key):
            raise node.key_error(key, f"{key[:80]!r} is no header name")

    # --- scalars ---

    def _flag(self, node: Node, at: str) -> bool:
        if not isinstance(node.value, bool):
            raise node.error(
                f"{place(at)} must be true or false, not {node.kind} {node.plain()!r:.40}"
            )
        return node.value

    def _count(self, node: Node, at: str) -> int:
        if not isinstance(node.value, int) or isinstance(node.value, bool) or node.value < 0:
            raise node.error(f"{place(at)} must be a whole number, not {node.plain()!r:.40}")
        return node.value

    def _number(self, node: Node, at: str) -> float:
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            raise node.error(f"{place(at)} must be a number, not {node.plain()!r:.40}")
        return node.value

    def _word(self, node: Node, at: str) -> str:
        if not isinstance(node.value, str) or not _SAFE_TEXT.fullmatch(node.value):
            raise node.error(
                f"{place(at)} must be a short plain text, not {node.plain()!r:.80}", hint=_HINT_NAME
            )
        return node.value

    def _scalar(self, node: Node, at: str) -> Any:
        return self._word(node, at) if isinstance(node.value, str) else self._no_tree(node, at)

    def _no_tree(self, node: Node, at: str) -> Any:
        if isinstance(node.value, dict | list):
            raise node.error(f"{place(at)} must be a single value, not a {node.kind}")
        return node.value

    # --- the document ---

    def root(self) -> dict[str, Any]:
        """The whole document."""
        self._check_version()
        handlers: dict[str, Handler] = {
            "openapi": self._word,
            "info": self._info,
            "servers": lambda node, at: self._list(node, at, self._server),
            "security": self._security,
            "paths": lambda node, at: self._map(node, at, self._path_name, self._path_item),
            "components": self._components,
        }
        found = self._object(
            self.document, "", handlers,
            dropped=("tags", "externalDocs"), required=("openapi", "info", "paths"),
        )  # fmt: skip
        if not found["paths"]:
            raise self.document.value["paths"].error(
                "the page has no paths: there is nothing to import"
            )
        order = ("openapi", "info", "servers", "security", "paths", "components", TEXT)
        return {key: found[key] for key in order if key in found}

    def _check_version(self) -> None:
        if not isinstance(self.document.value, dict):
            raise self.document.error(f"the document must be a mapping, not {self.document.kind}")
        node = self.document.value.get("openapi")
        if node is None:
            swagger = "swagger" in self.document.value
            what = (
                "this is Swagger 2, not OpenAPI 3.0" if swagger else "the document has no 'openapi'"
            )
            raise self.document.error(what, hint="Export the page as OpenAPI 3.0 and import that.")
        if not re.fullmatch(r"3\.0\.\d", str(node.value)):
            what = f"OpenAPI {node.plain()!r:.20} is not read here, only 3.0.x"
            raise node.error(what, hint="Export the page as OpenAPI 3.0 and import that.")

    def _info(self, node: Node, at: str) -> dict[str, Any]:
        found = self._object(
            node, at, {"version": self._version},
            texts=("title", "description"), dropped=("termsOfService", "contact", "license"),
        )  # fmt: skip
        return {"title": "", "version": "", **found}

    def _version(self, node: Node, at: str) -> str:
        text = str(node.plain())
        if not _VERSION.fullmatch(text):
            raise node.error(f"{place(at)} is no version: {text!r:.60}")
        return text

    def _server(self, node: Node, at: str) -> dict[str, Any]:
        return self._object(node, at, {"url": self._url}, required=("url",))

    def _url(self, node: Node, at: str) -> str:
        text = str(node.plain())
        parts = urlsplit(text)
        plain = re.fullmatch(r"[A-Za-z0-9:/._~-]{1,200}", text) and not parts.username
        if not plain or parts.scheme not in ("https", "http") or not parts.hostname or ".." in text:
            what = f"the server {text!r:.80} is not an http(s) address"
            raise node.error(what, hint="A server is https://host[/path], without variables.")
        return text

    def _security(self, node: Node, at: str) -> list[Any]:
        def requirement(item: Node, where: str) -> dict[str, Any]:
            return self._map(item, where, self._name, lambda n, p: self._list(n, p, self._word))

        return self._list(node, at, requirement)

    def _components(self, node: Node, at: str) -> dict[str, Any]:
        def group(handler: Handler) -> Handler:
            return lambda item, where: self._map(item, where, self._name, handler)

        handlers: dict[str, Handler] = {
            "schemas": group(self._schema),
            "securitySchemes": group(self._scheme),
            "responses": group(self._response),
            "parameters": group(self._parameter),
            "requestBodies": group(self._body),
        }
        return self._object(node, at, handlers, texts=(), dropped=("examples",))

    def _scheme(self, node: Node, at: str) -> dict[str, Any]:
        words = ("type", "scheme", "bearerFormat", "in", "name", "openIdConnectUrl")
        return self._object(
            node, at, dict.fromkeys(words, self._word), dropped=("flows",), required=("type",)
        )

    # --- operations ---

    def _path_item(self, node: Node, at: str) -> dict[str, Any]:
        handlers: dict[str, Handler] = dict.fromkeys(METHODS, self._operation)
        handlers["parameters"] = self._parameters
        return self._object(node, at, handlers, texts=("summary", "description"))

    def _operation(self, node: Node, at: str) -> dict[str, Any]:
        handlers: dict[str, Handler] = {
            "deprecated": self._flag,
            "parameters": self._parameters,
            "requestBody": self._body,
            "responses": lambda n, p: self._map(n, p, self._status_name, self._response),
            "security": self._security,
        }
        return self._object(
            node, at, handlers, texts=("summary", "description"),
            dropped=("tags", "operationId", "externalDocs"), required=("responses",),
        )  # fmt: skip

    def _parameters(self, node: Node, at: str) -> list[Any]:
        return self._list(node, at, self._parameter)

    def _parameter(self, node: Node, at: str) -> dict[str, Any]:
        if isinstance(node.value, dict) and "$ref" in node.value:
            return self._reference(node, at)
        handlers: dict[str, Handler] = {
            "name": self._parameter_name,
            "in": lambda n, p: self._choice(n, p, ("query", "header", "path", "cookie")),
            "required": self._flag,
            "deprecated": self._flag,
            "allowEmptyValue": self._flag,
            "style": self._word,
            "explode": self._flag,
            "schema": self._schema,
        }
        texts = ("description", "example", "examples")
        found = self._object(node, at, handlers, texts=texts, required=("name", "in"))
        return self._stated(node, at, found)

    def _parameter_name(self, node: Node, at: str) -> str:
        text = self._word(node, at)
        if not _NAME.fullmatch(text) or "__" in text:
            raise node.error(f"the name {text[:80]!r} can't be a parameter's name", hint=_HINT_NAME)
        return text

    def _choice(self, node: Node, at: str, allowed: tuple[str, ...]) -> str:
        if node.value not in allowed:
            hint = f"Known are: {', '.join(allowed)}."
            raise node.error(f"{place(at)} can't be {node.plain()!r:.60}", hint=hint)
        return str(node.value)

    def _body(self, node: Node, at: str) -> dict[str, Any]:
        if isinstance(node.value, dict) and "$ref" in node.value:
            return self._reference(node, at)
        handlers: dict[str, Handler] = {"content": self._content, "required": self._flag}
        return self._object(node, at, handlers, required=("content",))

    def _content(self, node: Node, at: str) -> dict[str, Any]:
        def media(item: Node, where: str) -> dict[str, Any]:
            texts = ("example", "examples")
            return self._object(
                item, where, {"schema": self._schema}, texts=texts, dropped=("encoding",)
            )

        return self._map(node, at, self._media_name, media)

    def _response(self, node: Node, at: str) -> dict[str, Any]:
        if isinstance(node.value, dict) and "$ref" in node.value:
            return self._reference(node, at)
        handlers: dict[str, Handler] = {
            "content": self._content,
            "headers": lambda n, p: self._map(n, p, self._header_name, self._header),
        }
        found = self._object(node, at, handlers, dropped=("links",))
        if not found.get("headers"):
            found.pop("headers", None)
        return {"description": "", **found}

    def _header(self, node: Node, at: str) -> dict[str, Any]:
        handlers: dict[str, Handler] = {"schema": self._schema, "required": self._flag}
        return self._object(node, at, handlers, texts=("description", "example"))

    # --- schemas ---

    def _reference(self, node: Node, at: str) -> dict[str, Any]:
        target = node.value["$ref"]
        text = str(target.plain())
        found = re.fullmatch(r"#/components/([A-Za-z]+)/([A-Za-z0-9_.-]+)", text)
        if not found:
            what = f"the reference {text!r:.80} leaves the document"
            raise target.error(what, hint="Only #/components/… is followed; nothing is fetched.")
        place: Any = self.document
        for key in ("components", *found.groups()):
            place = (
                place.value.get(key)
                if isinstance(place, Node) and isinstance(place.value, dict)
                else None
            )
        if place is None:
            raise target.error(f"the reference {text!r:.80} leads nowhere", hint=_HINT_CUT)
        self.lines[at] = node.line
        return {"$ref": text}

    def _schema(self, node: Node, at: str) -> dict[str, Any]:
        if isinstance(node.value, dict) and "$ref" in node.value:
            return self._reference(node, at)
        texts = ("description", "title", "example", "examples")
        found = self._object(
            node, at, self._schema_handlers(), texts=texts, dropped=("externalDocs", "xml")
        )
        self._check_schema(node, at, found)
        if not found.get("required", True):
            del found["required"]
        return self._stated(node, at, found)

    def _schema_handlers(self) -> dict[str, Handler]:
        counts = (
            "maxLength",
            "minLength",
            "maxItems",
            "minItems",
            "maxProperties",
            "minProperties",
        )
        flags = (
            "nullable",
            "uniqueItems",
            "readOnly",
            "writeOnly",
            "deprecated",
            "exclusiveMaximum",
            "exclusiveMinimum",
        )
        numbers = ("maximum", "minimum", "multipleOf")
        several: Handler = lambda n, p: self._list(n, p, self._schema)  # noqa: E731
        return {
            "type": lambda n, p: self._choice(n, p, TYPES),
            "format": self._word,
            "enum": self._enum,
            "default": self._scalar,
            "pattern": self._pattern,
            **dict.fromkeys(counts, self._count),
            **dict.fromkeys(flags, self._flag),
            **dict.fromkeys(numbers, self._number),
            "properties": lambda n, p: self._map(n, p, self._name, self._schema),
            "required": self._required,
            "items": self._schema,
            "additionalProperties": self._additional,
            **dict.fromkeys(("allOf", "anyOf", "oneOf"), several),
            "not": self._schema,
        }

    def _enum(self, node: Node, at: str) -> list[Any]:
        values = self._list(node, at, self._scalar)
        if not values:
            raise node.error(f"{place(at)} lists no value: nothing could ever be sent")
        self._once(node, at, values)
        return values

    def _required(self, node: Node, at: str) -> list[str]:
        names = self._list(node, at, self._word)
        self._once(node, at, names)
        return names

    def _once(self, node: Node, at: str, values: list[Any]) -> None:
        for index, value in enumerate(values):
            if value in values[:index]:
                raise node.value[index].error(f"{place(at)} lists {value!r} twice")

    def _check_schema(self, node: Node, at: str, found: dict[str, Any]) -> None:
        """What each keyword by itself can't tell."""
        if found.get("type") == "array" and "items" not in found:
            raise node.error(f"{place(at)} is an array without 'items'", hint=_HINT_CUT)
        composed = {"allOf", "anyOf", "oneOf", "additionalProperties"} & found.keys()
        if "properties" in found and not composed:
            for item in node.value["required"].value if "required" in found else ():
                if item.value not in found["properties"]:
                    what = f"{place(at)} requires {item.value!r}, but has no such property"
                    raise item.error(what, hint="Is one of the two names misspelt?")

    def _additional(self, node: Node, at: str) -> Any:
        return node.value if isinstance(node.value, bool) else self._schema(node, at)

    def _pattern(self, node: Node, at: str) -> str:
        text = str(node.plain())
        try:
            re.compile(text)
        except re.error as error:
            raise node.error(f"{place(at)} is no regular expression: {error}") from None
        if len(text) > 200:
            raise node.error(f"{place(at)} is longer than 200 characters")
        return text

    def _stated(self, node: Node, at: str, found: dict[str, Any]) -> dict[str, Any]:
        description = node.value.get("description")
        if description is None or not isinstance(description.value, str):
            return found
        kind = found.get("type") or found.get("schema", {}).get("type", "")
        stated = prose.mine(description.value, kind)
        return {**found, STATED: stated} if stated else found
