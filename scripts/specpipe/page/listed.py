"""Lists of values in prose: ``Enum values: std, pro``, in English and in Chinese.

Pages write such a list in a dozen ways: with commas, slashes or bullets, an explanation
behind each value, one value alone, ratios such as 16:9. The rules here take what is a
value beyond doubt and stop where the sentence goes on.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

__all__ = ["values"]

_HEAD: Final = re.compile(
    r"""(?P<strong>\benum(?:s|erated|erations?)?(?:\s+values?)?\b   # Enumerated values
                  |枚举值?)
       |(?P<weak>\b(?:possible|allowed|available|optional|supported|valid|accept(?:ed|able))
                 \s+(?:values?|options?)\b
                |\bone\s+of\b
                |可选值|可选项|可用选项|取值(?!范围))""",
    re.VERBOSE | re.IGNORECASE,
)
_LEAD: Final = re.compile(
    r"\s*(?:(?:are|is|includes?|包括|包含|如下|只能)\b|为|是|有)?\s*(?:following)?\s*[:=]?[ \t]*",
    re.IGNORECASE,
)
_SWITCH_HEAD: Final = re.compile(r"(?:\bwhether\b|是否)[^\n:.;]{0,160}:[ \t]*", re.IGNORECASE)
_SWITCHES: Final = frozenset(
    {"on", "off", "true", "false", "yes", "no", "auto", "enable", "disable"}
)

_VALUE: Final = re.compile(
    r"""(?P<quoted>`[^`\n]{1,64}`|"[^"\n]{1,64}"|'[^'\n]{1,64}')
       |(?P<ratio>\d+(?:\.\d+)?:\d+(?:\.\d+)?(?![\w:]))
       |(?P<plain>-?[A-Za-z0-9](?:[A-Za-z0-9_+-]|[./](?=[A-Za-z0-9]))*)""",
    re.VERBOSE | re.ASCII,
)
_COMMA: Final = re.compile(r"[ \t]*[,;|][ \t]*(?:\b(?:or|and)\b|或|和|及)?[ \t]*", re.IGNORECASE)
_WORD_AND: Final = re.compile(r"[ \t]*(?:\b(?:or|and)\b|或者?|和|及)[ \t]*", re.IGNORECASE)
_SLASH: Final = re.compile(r"[ \t]*/[ \t]*")
_COMMAS: Final[tuple[re.Pattern[str], ...]] = (_COMMA, _WORD_AND)
_SLASHES: Final[tuple[re.Pattern[str], ...]] = (_SLASH, _COMMA, _WORD_AND)
_GLOSS: Final = re.compile(
    r"""[ \t]*(?:\([^()\n]{0,120}\)|\[[^\[\]\n]{0,120}\])   # std (Standard mode)
       |[ \t]+-[ \t]+[^,;|\n.]{1,120}                       # std - Standard mode
       |[ \t]*:[ \t]*(?=[^\s\d:])[^,;|\n.]{1,120}           # std: Standard mode
       |[\u4e00-\u9fff]{1,8}(?=[ \t]*[,;|])                # std标准,""",
    re.VERBOSE,
)
_UNIT: Final = re.compile(
    r"[ \t]*(?:seconds?|secs?|s|ms|minutes?|px|pixels?|fps|秒钟?|分钟|像素|帧)(?![A-Za-z])",
    re.IGNORECASE,
)
_END: Final = re.compile(r"[ \t]*(?:$|\n|[.!?;)](?=\s|$|[^\x00-\x7f])|[^\x00-\x7f])")
_AFTERTHOUGHT: Final = re.compile(r"[ \t]*(?:where|which|by|default|the|only)\b", re.IGNORECASE)
_SURE_END: Final = re.compile(r"[ \t]*(?:$|\n|[.!?;)](?=\s|$|[^\x00-\x7f]))")
_BULLET: Final = re.compile(r"[ \t]*(?:[*-]|\d+[.)])?[ \t]+")
_NO_VALUE: Final = frozenset(
    {
        *("where", "when", "which", "who", "whose", "that", "this", "these"),
        *("those", "the", "a", "an", "if", "only", "and", "or"),
        *("with", "without", "while", "default", "defaults", "later", "above", "below"),
        *("newer", "older", "onwards", "up", "etc", "e.g", "i.e", "such"),
        *("as", "other", "others", "more", "see", "note", "for", "in"),
        *("of", "to", "is", "are", "be", "can", "must", "may"),
        *("should", "following", "values", "value", "any", "all", "not", "from"),
        *("using", "used", "use", "depends", "depending", "based"),
    }
)
"""Words that go on with the sentence. A page that lists one of them as a value has it in quotes."""


def values(text: str) -> list[str]:
    """The values that a text lists; empty if it lists none beyond doubt.

    Args:
        text: A description with plain punctuation, as `prose.mine` makes it.
    """
    for head in _HEAD.finditer(text):
        found = _listed(text, head)
        if len(found) >= (1 if head["strong"] else 2):
            return found
    for head in _SWITCH_HEAD.finditer(text):
        found = _inline(text, head.end())
        if len(found) > 1 and _SWITCHES.issuperset(found):
            return found
    return []


def _listed(text: str, head: re.Match[str]) -> list[str]:
    """The values that follow a head: on its line, or as bullets below it."""
    lead = _LEAD.match(text, head.end())
    start = lead.end() if lead else head.end()
    return _inline(text, start) or _bullets(text, start)


def _inline(text: str, start: int) -> list[str]:
    """The values from here on, as far as separators join them."""
    taken: list[str] = []
    separators = _COMMAS
    while (item := _item(text, start)) is not None:
        following = _next(text, item.end, separators)
        if following is None and not taken and (slash := _SLASH.match(text, item.end)):
            separators, following = _SLASHES, slash.end()
        if following is None and not item.sure and not _ends(text, item.end, taken):
            break
        if item.value not in taken:
            taken.append(item.value)
        if following is None:
            break
        start = following
    return _split(taken)


def _ends(text: str, end: int, taken: list[str]) -> bool:
    """Whether the list ends here, so that the value before this place belongs to it.

    Where a word goes on, the value was none: ``Enum values used by the model``. Two exceptions need
    values before it: ``5, 10 where 5 is cheaper``, and Chinese text right behind the last value.
    """
    if not taken:
        return _SURE_END.match(text, end) is not None
    return (_END.match(text, end) or _AFTERTHOUGHT.match(text, end)) is not None


def _split(taken: list[str]) -> list[str]:
    """``on/off`` is two values; ``image/png`` is one, and no list of values that a slash joins."""
    if len(taken) != 1 or "/" not in taken[0]:
        return taken
    parts = taken[0].split("/")
    return parts if all(len(part) <= 4 or part in _SWITCHES for part in parts) else []


@frozen
class _Item:
    """A value: where its text ends, and whether quotes or an explanation mark it as one."""

    value: str
    end: int
    sure: bool


def _item(text: str, start: int) -> _Item | None:
    """The value at this place, with its unit and its explanation."""
    found = _VALUE.match(text, start)
    if found is None:
        return None
    quoted = found["quoted"]
    value = quoted[1:-1].strip() if quoted else found[0]
    if not value or (not quoted and value.lower() in _NO_VALUE):
        return None
    end = found.end()
    if not quoted and (unit := _UNIT.match(text, end)):
        end = unit.end()
    gloss = _GLOSS.match(text, end)
    return _Item(value, gloss.end() if gloss else end, bool(quoted or gloss))


def _next(text: str, end: int, separators: tuple[re.Pattern[str], ...]) -> int | None:
    """Where the next value begins, or ``None`` if no separator stands here."""
    gaps = (separator.match(text, end) for separator in separators)
    return next((gap.end() for gap in gaps if gap and gap.end() > end), None)


def _bullets(text: str, start: int) -> list[str]:
    """Values that stand one on a line below the head, each with a bullet or in quotes."""
    first, *lines = text[start : start + 4000].split("\n")
    taken: list[str] = []
    if first.strip(" \t:."):
        return taken
    for line in (line.replace("**", "") for line in lines):
        bullet = _BULLET.match(line)
        item = _item(line, bullet.end() if bullet else 0)
        marked = bullet is not None and bullet[0].strip() != ""
        if item is None or not (marked or item.sure):
            break
        if item.value not in taken:
            taken.append(item.value)
    return taken
