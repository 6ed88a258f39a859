"""What changed in how a caller proves who it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from ..page.facts import METHODS, TEXT
from .change import Change, Place

__all__ = ["Security"]

_KIND = "security changed"
Ways = tuple[frozenset[tuple[str, str]], ...]
"""Alternatives: each holds what is wanted together, as pairs of a scheme and one of its scopes."""


@frozen
class Security:
    """The security of two documents."""

    old: Mapping[str, Any]
    new: Mapping[str, Any]

    def of_document(self) -> Iterator[Change]:
        """What holds for every operation that says nothing of its own."""
        yield from self._changed(self.old, self.new, Place("", "security", "sends"))

    def of_operation(
        self, old: Mapping[str, Any], new: Mapping[str, Any], name: str
    ) -> Iterator[Change]:
        """What an operation says of its own."""
        if "security" in old or "security" in new:
            yield from self._changed(old, new, Place(name, "security", "sends"))

    def _changed(
        self, old: Mapping[str, Any], new: Mapping[str, Any], place: Place
    ) -> Iterator[Change]:
        if old.get("security") == new.get("security") and ("security" in old) == (
            "security" in new
        ):
            return
        before, after = _ways(old, self.old), _ways(new, self.new)
        what = f"security {_words(old)} became {_words(new)}"
        names = tuple(tuple(sorted({scheme for scheme, _ in way})) for way in after)
        lost = [way for way in before if not any(other <= way for other in after)]
        spelled = set(before) == set(after)
        yield place.change(what, _KIND, breaks=bool(lost), patch=spelled, values=names)

    def schemes(self) -> Iterator[Change]:
        """The schemes themselves. One that went breaks nobody: `of_operation` says who used it."""
        old, new = (_schemes(doc) for doc in (self.old, self.new))
        used = {name for name in old if _uses(self.old, name)}
        place = Place("", "securitySchemes", "sends")
        for name in [*old, *(name for name in new if name not in old)]:
            before, after = _facts(old.get(name)), _facts(new.get(name))
            if before != after:
                what = f"scheme {name}: {before or 'none'} became {after or 'none'}"
                breaks = name in used and name in new and _proof(before) != _proof(after)
                names = ((_known_as(name, new),),) if name in new else ()
                yield place.inside(name).change(what, _KIND, breaks=breaks, values=names)


def _schemes(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document.get("components", {}).get("securitySchemes", {})
    return found


def _ways(holder: Mapping[str, Any], document: Mapping[str, Any]) -> Ways:
    """What is accepted, the document's own list standing in where nothing is said."""
    said = holder.get("security", document.get("security")) or [{}]
    schemes = _schemes(document)
    return tuple(
        frozenset(
            (_known_as(name, schemes), scope)
            for name, scopes in item.items()
            for scope in ("", *scopes)
        )
        for item in said
    )


def _known_as(name: str, schemes: Mapping[str, Any]) -> str:
    """What a scheme is, whatever its name: ``bearer`` for a plain bearer token."""
    proof = _proof(schemes.get(name) or {})
    if proof == {"type": "http", "scheme": "bearer"}:
        return "bearer"
    return str(sorted(proof.items())) if proof else name


def _proof(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller has to do; the format of a token is only a remark."""
    return {
        key: str(value).lower() if key == "scheme" else value
        for key, value in _facts(facts).items()
        if key != "bearerFormat"
    }


def _uses(document: Mapping[str, Any], name: str) -> bool:
    holders = [document]
    for item in document.get("paths", {}).values():
        holders += [item[method] for method in METHODS if method in item]
    return any(name in way for holder in holders for way in holder.get("security") or [])


def _words(holder: Mapping[str, Any]) -> str:
    if "security" not in holder:
        return "(as the document says)"
    names = [" and ".join(item) or "none" for item in holder["security"]]
    return " or ".join(names) or "none"


def _facts(value: Any) -> dict[str, Any]:
    return {key: item for key, item in (value or {}).items() if key not in (TEXT, "description")}
