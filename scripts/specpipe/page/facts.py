"""From the page's nodes to facts: what may be kept of somebody else's document.

Kept: paths, methods, parameters, types, names, their order, bounds, enumerations, servers,
security, defaults. Not kept: prose (a SHA-256 digest stands for each text, so that a change is
noticed), tags, operation ids, vendor extensions. Legal parts that nothing here follows, such as
callbacks and discriminators, are kept as digests too. Everything else is refused with its place: a
keyword that OpenAPI 3.0 doesn't know may be a misspelt one that matters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import frozen

from .keeping import (
    DROPPED,
    HINT_NAME,
    METHODS,
    NAME,
    STATED,
    TEXT,
    Handler,
    Text,
    digest,
    place,
)  # fmt: skip
from .nodes import Node
from .repairs import Repair
from .schema_facts import TYPES, SchemaReader

__all__ = [
    "IGNORED_HEADERS", "METHODS", "STATED", "TEXT", "Facts", "Text", "collect", "digest", "place",
]  # fmt: skip

IGNORED_HEADERS: Final = frozenset({"content-type", "authorization", "accept"})
"""Header parameters that OpenAPI 3.0 says have no effect."""

_MODEL = re.compile(
    r"(?<![\w-])kling-v\d{1,2}(?:-(?:\d{1,2}|[a-z]{2,12}))*(?![\w-]|\.\w)", re.IGNORECASE | re.ASCII
)
"""kling-v2-1-master. Not kling-v1825380683199176793, which is the id of a task on a real page."""
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9_~.:,;=@-]|\{[A-Za-z][A-Za-z0-9_]*\})+)+/?")
_MEDIA = re.compile(r"(?:[a-z]+|\*)/[A-Za-z0-9.+*-]+")
_VERSION = re.compile(r"[A-Za-z0-9.+ -]{0,40}")


@frozen
class Facts:
    """What a page states.

    Attributes:
        document: The facts, as an OpenAPI document of our own making.
        texts: The texts that digests stand for.
        lines: Line of the page on which an object begins, by JSON pointer.
        notes: What was left out as no fact, such as a placeholder of the publisher's tool.
    """

    document: dict[str, Any]
    texts: tuple[Text, ...]
    lines: Mapping[str, int]
    notes: tuple[Repair, ...] = ()


def effective(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema's facts, those stated in its prose filled in where the schema itself is silent."""
    stated = schema.get(STATED, {})
    plain = {
        key: value for key, value in stated.items() if key not in ("mentions", "since", "notFor")
    }
    return {**plain, **{key: value for key, value in schema.items() if key not in (STATED, TEXT)}}


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
    return Facts(document, tuple(reader.texts), reader.lines, tuple(reader.notes))


class _Reader(SchemaReader):
    """Reads the document around the schemas: paths, operations, parameters, answers."""

    # --- names ---

    def _path_name(self, node: Node, key: str) -> None:
        parts = key.split("/")
        if not _PATH.fullmatch(key) or ".." in key or "." in parts or len(key) > 200:
            what = f"the path {key[:80]!r} is not one to build addresses from"
            raise node.key_error(key, what, hint="A path is /word/word/{name}, without '..'.")

    def _media_name(self, node: Node, key: str) -> None:
        if not _MEDIA.fullmatch(_media(key)):
            raise node.key_error(key, f"{key[:80]!r} is no media type")
        twins = [other for other in node.value if _media(other) == _media(key)]
        if twins[0] != key:
            what = f"{key[:80]!r} stands here twice, first on line {node.keys[twins[0]].line}"
            raise node.key_error(key, what)

    def _status_name(self, node: Node, key: str) -> None:
        if not re.fullmatch(r"[1-5](?:\d\d|XX)|default", key):
            raise node.key_error(key, f"{key[:80]!r} is no HTTP status")

    def _header_name(self, node: Node, key: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", key):
            raise node.key_error(key, f"{key[:80]!r} is no header name")

    # --- the document ---

    def root(self) -> dict[str, Any]:
        """The whole document."""
        self._check_version()
        handlers: dict[str, Handler] = {
            "openapi": self._word,
            "info": self._info,
            "servers": lambda node, at: self._list(node, at, self._server),
            "security": self._security,
            "paths": lambda node, at: self._map(
                node, at, self._path_name, self._path_item, extensible=True
            ),
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

    def _server(self, node: Node, at: str) -> Any:
        found = self._object(node, at, {"url": self._url}, required=("url",))
        return found if "url" in found else DROPPED

    def _url(self, node: Node, at: str) -> Any:
        text = str(node.plain())
        if not text or re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)+/?|/", text):
            # Legal, and relative to wherever the page was published: no address of a gateway.
            return self._note("relative-server", node, f"the server {text!r} states no address")
        parts = urlsplit(text)
        plain = re.fullmatch(r"[A-Za-z0-9:/._~-]{1,200}", text) and not parts.username
        if not plain or parts.scheme not in ("https", "http") or not parts.hostname or ".." in text:
            what = f"the server {text!r:.80} is not an http(s) address"
            raise node.error(what, hint="A server is https://host[/path], without variables.")
        return text

    def _security(self, node: Node, at: str) -> list[Any]:
        def requirement(item: Node, where: str) -> dict[str, Any]:
            scopes: Handler = lambda n, p: self._list(n, p, self._word)  # noqa: E731
            return self._map(item, where, self._name, scopes, extensible=True)

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
            "headers": group(self._header),
        }
        texts = ("links", "callbacks")
        return self._object(node, at, handlers, texts=texts, dropped=("examples",))

    def _scheme(self, node: Node, at: str) -> dict[str, Any]:
        if (
            isinstance(node.value, dict)
            and "type" in node.value
            and node.value["type"].value == "bearer"
        ):
            # Apidog writes the scheme where the type belongs; it can mean one thing only.
            node.value["type"].value = "http"
            node.value["scheme"] = node.value.get("scheme", Node("bearer", node.line, node.column))
            self._note(
                "bearer-as-type", node.value["type"], f"{place(at)}: 'type: bearer' read as http"
            )
        words = ("type", "scheme", "bearerFormat", "in", "name", "openIdConnectUrl")
        return self._object(
            node, at, dict.fromkeys(words, self._word),
            texts=("description", "flows"), required=("type",),
        )  # fmt: skip

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
            "responses": lambda n, p: self._map(
                n, p, self._status_name, self._response, extensible=True
            ),
            "security": self._security,
        }
        return self._object(
            node, at, handlers, texts=("summary", "description", "callbacks"),
            dropped=("tags", "operationId", "externalDocs", "servers"), required=("responses",),
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
            "allowReserved": self._flag,
            "schema": self._type_alone if _is_ignored(node) else self._schema,
            "content": self._content,
        }
        texts = ("description", "example", "examples")
        found = self._object(node, at, handlers, texts=texts, required=("name", "in"))
        return self._stated(node, at, found)

    def _type_alone(self, node: Node, at: str) -> dict[str, Any]:
        """The schema of a header that OpenAPI ignores: nothing in it can matter."""
        kind = node.value.get("type") if isinstance(node.value, dict) else None
        return {"type": kind.value} if kind is not None and kind.value in TYPES else {}

    def _parameter_name(self, node: Node, at: str) -> str:
        text = self._word(node, at)
        if not NAME.fullmatch(text) or "__" in text:
            raise node.error(f"the name {text[:80]!r} can't be a parameter's name", hint=HINT_NAME)
        return text

    def _body(self, node: Node, at: str) -> dict[str, Any]:
        if isinstance(node.value, dict) and "$ref" in node.value:
            return self._reference(node, at)
        handlers: dict[str, Handler] = {"content": self._content, "required": self._flag}
        return self._object(node, at, handlers, required=("content",))

    def _content(self, node: Node, at: str) -> dict[str, Any]:
        def media(item: Node, where: str) -> dict[str, Any]:
            texts = ("example", "examples", "encoding")
            return self._object(item, where, {"schema": self._schema}, texts=texts)

        found = self._map(node, at, self._media_name, media)
        return {_media(key): value for key, value in found.items()}

    def _response(self, node: Node, at: str) -> dict[str, Any]:
        if isinstance(node.value, dict) and "$ref" in node.value:
            return self._reference(node, at)
        handlers: dict[str, Handler] = {
            "content": self._content,
            "headers": lambda n, p: self._map(n, p, self._header_name, self._header),
        }
        found = self._object(node, at, handlers, texts=("description", "links"))
        if not found.get("headers"):
            found.pop("headers", None)
        return {"description": "", **found}

    def _header(self, node: Node, at: str) -> dict[str, Any]:
        if isinstance(node.value, dict) and "$ref" in node.value:
            return self._reference(node, at)
        flags = ("required", "deprecated", "explode", "allowEmptyValue")
        handlers: dict[str, Handler] = {
            "schema": self._schema,
            "content": self._content,
            "style": self._word,
            **dict.fromkeys(flags, self._flag),
        }
        return self._object(node, at, handlers, texts=("description", "example", "examples"))


def _media(key: str) -> str:
    """A media type without its parameters: ``application/json; charset=utf-8`` is JSON too."""
    return key.partition(";")[0].strip().lower()


def _is_ignored(node: Node) -> bool:
    """Whether a parameter is a header that OpenAPI 3.0 says has no effect."""
    if not isinstance(node.value, dict):
        return False
    name, where = (node.value.get(key) for key in ("name", "in"))
    named = str(name.value).lower() if name is not None else ""
    return where is not None and where.value == "header" and named in IGNORED_HEADERS
