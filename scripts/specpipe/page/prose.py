"""Facts from prose: pages state their rules in sentences, in English and in Chinese.

Every pattern reads one kind of statement. What is found lands beside the schema as data, so that a
changed number is seen as a changed fact and not only as a changed text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

__all__ = ["mine"]

# Written as escapes, since they look like their ASCII twins: full-width punctuation, the
# ideographic
# comma and full stop, curly quotes, the minus sign, the en dash.
_WIDE: Final = str.maketrans(
    "\uff1a\uff0c\uff1b\uff08\uff09\uff3b\uff3d\uff5e\uff0e\u3001\u3002\u2018\u2019\u201c\u201d\u2212\u2013",
    ":,;()[]~.,.''\"\"--",
)

_ENUM = re.compile(
    r"""(?:\benum(?:erat(?:ed|ion))?(?:\s*values?)?\b     # Enumerated values
        |\b(?:possible|allowed|available|optional|supported|valid)\s+values?\b(?:\s+(?:are|is))?
        |\bone\s+of\b
        |枚举值?|可选值?|取值|可选项)
        \s*(?:为|是|包括|有)?\s*:?\s*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_VALUE = re.compile(r"""[`"'「」]?([A-Za-z0-9][A-Za-z0-9._/+-]*)[`"'「」]?""")
_NEXT = re.compile(r"\s*(?:,|/|\||;|\bor\b|\band\b|或|和|及)\s*(?:(?:or|and)\s+)?", re.IGNORECASE)

_NUMBERS: Final[dict[str, int]] = {
    word: number
    for number, words in enumerate(
        (
            *("one 一", "two 两 二", "three 三", "four 四", "five 五"),
            *("six 六", "seven 七", "eight 八", "nine 九", "ten 十"),
        ),
        1,
    )
    for word in words.split()
}
_N = r"(?P<n>\d[\d,]*|" + "|".join(_NUMBERS) + r")"
_NOT_OVER = (
    r"(?:(?:can(?:not|'t| not)|must not|may not|should not|not)\s+(?:to\s+)?"
    r"(?:exceed|be\s+(?:longer|more)\s+than)"
    r"|no\s+(?:longer|more)\s+than|at\s+most|up\s+to|max(?:imum)?(?:\s+length)?(?:\s+(?:of|is))?\s*:?"
    r"|不(?:能|得|可)?(?:超过|超出|大于|多于)|最多(?:支持|可以?|为)?(?:输入|引用)?|至多|上限为?|最长|最大(?:长度)?(?:为|是|:)?)"
)
_LENGTH = re.compile(
    _NOT_OVER
    + r"\s*"
    + _N
    + r"\s*(?:个|位)?\s*(?:english\s+)?(?:char(?:acter)?s?|字符|字|letters)",
    re.IGNORECASE,
)
_LENGTH_CN = re.compile(r"(?:长度|字数)\D{0,6}?" + _NOT_OVER + r"\s*:?\s*" + _N, re.IGNORECASE)
_COUNT = re.compile(
    _NOT_OVER
    + r"\s*"
    + _N
    + r"\s*(?:个|组|条|种|张|项)?\s*(?P<of>[A-Za-z]+|[\u4e00-\u9fff]{1,6})?",
    re.IGNORECASE,
)
_SINCE = re.compile(
    r"\bv(?:ersion)?\s*(?P<v>\d+(?:\.\d+)?)\s*(?:版本)?\s*(?:and|or)?\s*(?:later|above|newer|onwards|\+|及?以[上后])",
    re.IGNORECASE,
)
_UNSUPPORTED = re.compile(
    r"(?:kling[-\s]?)?v(?P<v>\d+(?:\.(?:\d+|x))?)(?:\s*(?:models?|版本|模型|系列))*\s*"
    r"(?:(?:does|do|is|are)\s*(?:not|n't)\s*support|不支持|暂不支持)",
    re.IGNORECASE,
)
_SIGNED = r"[-+]?\d+(?:\.\d+)?"
_RANGE = re.compile(
    rf"(?:[\[(]\s*(?P<a>{_SIGNED})\s*,\s*(?P<b>{_SIGNED})\s*[\])]"
    rf"|\bbetween\s+(?P<c>{_SIGNED})\s+and\s+(?P<d>{_SIGNED})"
    rf"|(?:\brange|范围)\D{{0,12}}?(?P<e>{_SIGNED})\s*(?:~|-|to|至|到)\s*(?P<f>{_SIGNED}))",
    re.IGNORECASE,
)


def mine(text: str, kind: str) -> dict[str, Any]:
    """Find the facts in a text.

    Args:
        text: A description, in English or Chinese.
        kind: The schema's type: a count of things bounds an array, a range bounds a number.

    Returns:
        Any of ``enum``, ``maxLength``, ``maxItems``, ``mentions`` (counts of other things),
        ``minimum`` and ``maximum``, ``since`` and ``notFor`` (versions).
    """
    plain = text.translate(_WIDE)
    found: dict[str, Any] = {}
    for miner in _MINERS:
        found.update(miner(plain, kind))
    return found


def _enum(text: str, kind: str) -> dict[str, Any]:
    if kind in ("array", "object", "boolean"):
        return {}
    for head in _ENUM.finditer(text):
        values = _values(text, head.end())
        if len(values) > 1:
            return {"enum": values}
    return {}


def _values(text: str, start: int) -> list[str]:
    """The values from here on, as far as separators join them."""
    values: list[str] = []
    while found := _VALUE.match(text, start):
        value = found[1].rstrip(".")
        if value not in values:
            values.append(value)
        gap = _NEXT.match(text, found.end())
        if gap is None or gap.end() == found.end():
            break
        start = gap.end()
    return values


def _number(text: str) -> int:
    word = text.replace(",", "").lower()
    return _NUMBERS[word] if word in _NUMBERS else int(word)


def _length(text: str, kind: str) -> dict[str, Any]:
    found = _LENGTH.search(text) or _LENGTH_CN.search(text)
    return {"maxLength": _number(found["n"])} if found and kind in ("string", "") else {}


def _counts(text: str, kind: str) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for found in _COUNT.finditer(text):
        what = (found["of"] or "").lower()
        if _LENGTH.match(text, found.start()) or what in (
            "char",
            "chars",
            "character",
            "characters",
        ):
            continue
        counts.setdefault(what, _number(found["n"]))
    if not counts:
        return {}
    if kind == "array":
        return {"maxItems": next(iter(counts.values()))}
    mentions = {what: count for what, count in counts.items() if what}
    return {"mentions": mentions} if mentions and kind == "string" else {}


def _range(text: str, kind: str) -> dict[str, Any]:
    found = _RANGE.search(text) if kind in ("number", "integer") else None
    if not found:
        return {}
    low, high = [value for value in found.groups() if value is not None]
    return {"minimum": _decimal(low), "maximum": _decimal(high)}


def _decimal(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _versions(text: str, _kind: str) -> dict[str, Any]:
    since, unsupported = _SINCE.search(text), _UNSUPPORTED.search(text)
    return {
        **({"since": since["v"]} if since else {}),
        **({"notFor": unsupported["v"]} if unsupported else {}),
    }


_MINERS: Final[tuple[Callable[[str, str], dict[str, Any]], ...]] = (
    _enum,
    _length,
    _counts,
    _range,
    _versions,
)
