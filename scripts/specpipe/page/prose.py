"""Facts from prose: pages state their rules in sentences, in English and in Chinese.

Each miner reads one kind of statement. What it finds stands beside the schema as data, so that a
changed number is seen as a changed fact and not only as a changed text. A miner that is not sure
finds nothing: the digest of the text still shows that the sentence changed, while an invented
fact would be a false statement about the API.

Everything here works on text whose full-width punctuation was made plain first, so that one
pattern reads the Chinese list and the English one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from .listed import values

__all__ = ["mine"]

# Written as escapes, since they look like their ASCII twins: full-width punctuation, the
# ideographic comma and full stop, curly quotes, the minus sign, dashes, bullets.
_WIDE: Final = str.maketrans(
    "\uff1a\uff0c\uff1b\uff08\uff09\uff3b\uff3d\u3010\u3011\uff5e\uff0e\u3001\u3002\uff01"
    "\u2018\u2019\u201c\u201d\u300c\u300d\u2212\u2013\u2014\u2264\u2265\u25cf\u25cb\u2022\u00b7",
    ':,;()[][]~.,.!\'\'""""---\x02\x03****',
)
"""U+2264 and U+2265 (at most, at least) become two control characters that no page contains."""


_LONGEST: Final = 20_000
"""Characters of one text that are read; the longest description on 170 real pages has 4,000."""


def mine(text: str, kind: str) -> dict[str, Any]:
    """Find the facts in a text.

    Args:
        text: A description, in English or Chinese.
        kind: The schema's type: a count of things bounds an array, a range bounds a number.

    Returns:
        Any of ``enum``, ``maxLength``, ``maxItems``, ``minItems``, ``mentions`` (counts of other
        things), ``minimum`` and ``maximum`` (with ``exclusiveMinimum`` and ``exclusiveMaximum``),
        ``since`` and ``notFor`` (versions).

    Example:
        >>> mine("Enumerated values: 5, 10", "string")
        {'enum': ['5', '10']}
    """
    plain = text[:_LONGEST].translate(_WIDE)
    found: dict[str, Any] = {}
    for miner in _MINERS:
        found.update(miner(plain, kind))
    return found


# --- enumerations ---------------------------------------------------------------------------------


def _enum(text: str, kind: str) -> dict[str, Any]:
    """``Enum values: std, pro``, as the field's type writes them."""
    found = values(text) if kind not in ("array", "object", "boolean") else []
    if kind not in ("integer", "number"):
        return {"enum": found} if found else {}
    number = r"-?\d+" if kind == "integer" else r"-?\d+(?:\.\d+)?"
    numeric = all(re.fullmatch(number, value) for value in found)
    return {"enum": [_decimal(value) for value in found]} if found and numeric else {}


# --- lengths and counts ---------------------------------------------------------------------------

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
_N: Final = r"(?P<n>(?<!\d)(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?!\.?\d)|" + "|".join(_NUMBERS) + r")"
_NOT_OVER: Final = (
    r"(?:(?:can(?:not|'t|\s+not)|must\s+not|may\s+not|should\s+not|shall\s+not|do(?:es)?\s+not|not)\s+(?:to\s+)?"
    r"(?:exceed|be\s+(?:longer|more)\s+than)"
    r"|(?:no|not)\s+(?:longer|more|greater)\s+than|at\s+most|up\s+to|limited\s+to"
    r"|(?:stay|be|keep|kept)\s+(?:with)?in|within|maximum(?:\s+length)?(?:\s+(?:of|is))?\s*:?"
    r"|max(?:imum)?\.?(?:\s+length)?(?:\s+(?:of|is))?\s*:?|<=|\x02"
    r"|不(?:能|得|可|应)?(?:超过|超出|大于|多于)|最多(?:支持|可以?|为|能)?(?:输入|引用|上传|传入|指定|包含|提供|添加|选择)?"
    r"|至多(?:支持|可以?|为|能)?(?:输入|引用|上传|传入|指定|包含|提供|添加|选择)?|上限为?|最长为?|最大(?:长度)?(?:为|是|:)?|限制?在?)"
)
_CHARACTERS: Final = (
    r"(?:english\s+|chinese\s+)?"
    r"(?:char(?:acter)?s?\b|letters?\b|字符(?!串)|个字(?!符串)|字(?![段节号符]))"
)
_LENGTHS: Final = (
    re.compile(_NOT_OVER + r"\s*" + _N + r"\s*(?:个|位)?\s*" + _CHARACTERS, re.IGNORECASE),
    re.compile(
        _N + r"\s*(?:个|位)?\s*" + _CHARACTERS + r"\s*(?:or\s+(?:less|fewer)|max\b|以内|之内)",
        re.IGNORECASE,
    ),
    re.compile(r"(?:长度|字数)\D{0,6}?" + _NOT_OVER + r"\s*:?\s*" + _N, re.IGNORECASE),
    re.compile(r"\b(?:max(?:imum)?\s+length|length\s+limit)\D{0,4}" + _N, re.IGNORECASE),
)

_ADVICE: Final = re.compile(
    r"(?:建议|推荐|recommend(?:ed|s)?|ideally|preferably)\W*(?:\w+\W+)?$", re.IGNORECASE
)


def _length(text: str, kind: str) -> dict[str, Any]:
    """``cannot exceed 2500 characters``, ``2500字以内``: the longest text."""
    if kind not in ("string", ""):
        return {}
    limits = [found for pattern in _LENGTHS for found in pattern.finditer(text)]
    limits = [found for found in limits if _is_length(text, found)]
    first = min(limits, key=lambda found: found.start(), default=None)
    return {"maxLength": _number(first["n"])} if first else {}


def _is_length(text: str, found: re.Match[str]) -> bool:
    """Whether a limit is one of characters, and a limit at all: some pages recommend a length."""
    behind = re.match(r"\s*" + _CHARACTERS, text[found.end() : found.end() + 24], re.IGNORECASE)
    counted = re.search(_CHARACTERS, found[0], re.IGNORECASE)
    measured = _MEASURES.match(text, found.end()) and not (behind or counted)
    return not measured and not _ADVICE.search(text[max(0, found.start() - 14) : found.start()])


def _number(text: str) -> int:
    word = text.replace(",", "").lower()
    return _NUMBERS[word] if word in _NUMBERS else int(word)


_NOUNS: Final[dict[str, str]] = {
    "timbre": "timbres", "timbres": "timbres", "voice": "timbres", "voices": "timbres",
    "音色": "timbres", "声音": "timbres",
    "image": "images", "images": "images", "picture": "images", "pictures": "images",
    "图片": "images", "图像": "images", "图": "images",
    "shot": "shots", "shots": "shots", "storyboard": "shots", "storyboards": "shots",
    "分镜": "shots",
    "video": "videos", "videos": "videos", "视频": "videos",
    "element": "elements", "elements": "elements", "主体": "elements",
    "group": "groups", "groups": "groups", "组": "groups",
}  # fmt: skip
"""Things that pages count, by one name in both languages: a translated page states no new fact."""

_MEASURES: Final = re.compile(
    r"\s*(?:个|位)?\s*(?:[kmg]i?b(?:ytes?)?|bytes?|px|pixels?|seconds?|secs?|s|ms|minutes?|mins?|hours?|hrs?|days?|weeks?|"
    r"months?|years?|fps|hz|khz|mbps|kbps|percent|k|p|times|x|words?|tokens?|char(?:acter)?s?|letters?|"
    r"%|秒|分钟|小时|天|日|周|月|年|像素|兆|万|字节|字(?!符串)|非?中文|英文|倍|帧|次|元|"
    r":\d|\.\d|-\d)(?![A-Za-z])|[A-Za-z%]",
    re.IGNORECASE,
)
"""What makes a number a size, a time or a rate. A letter right behind it does, too: 10MB."""

_COUNT: Final = re.compile(_NOT_OVER + r"\s*" + _N, re.IGNORECASE)
_AT_LEAST: Final = re.compile(
    r"(?:\bat\s+least|\bno\s+(?:less|fewer)\s+than|至少|最少|最小)(?:支持|为|需要?)?\s*" + _N, re.I
)
_OF: Final = re.compile(
    r"\s*(?:个|组|条|种|张|项|段|路)?\s*(?P<of>" + "|".join(sorted(_NOUNS, key=len, reverse=True)) +
    r"|[a-z]{3,})?", re.IGNORECASE,
)  # fmt: skip


def _counts(text: str, kind: str) -> dict[str, Any]:
    """``a maximum of two timbres``: the longest list, or what a text may mention how often."""
    if kind == "array":
        most, least = next(_things(text, _COUNT), None), next(_things(text, _AT_LEAST), None)
        return {
            **({"maxItems": most[1]} if most else {}),
            **({"minItems": least[1]} if least and most and least[1] < most[1] else {}),
        }
    mentions: dict[str, int] = {}
    if kind == "string":
        for what, count in _things(text, _COUNT):
            if what in _NOUNS.values():
                mentions.setdefault(what, count)
    return {"mentions": mentions} if mentions else {}


def _things(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """Each count of things that a text states: what is counted, and how many."""
    for found in pattern.finditer(text):
        rest = text[found.end() : found.end() + 24]
        if _MEASURES.match(rest):
            continue
        of = _OF.match(rest)
        name = (of["of"] or "").lower() if of else ""
        yield _NOUNS.get(name, name), _number(found["n"])


# --- ranges and versions --------------------------------------------------------------------------

_SIGNED: Final = r"[-+]?\d+(?:\.\d+)?"
_RANGE: Final = re.compile(
    rf"(?P<left>[\[(])\s*(?P<a>{_SIGNED})\s*[,~]\s*(?P<b>{_SIGNED})\s*(?P<right>[\])])"
    rf"|\bbetween\s+(?P<c>{_SIGNED})\s+and\s+(?P<d>{_SIGNED})"
    rf"|(?:\brange[sd]?\b|范围值?|取值)\D{{0,12}}?(?P<e>{_SIGNED})\s*(?:~|-|to|至|到)\s*(?P<f>{_SIGNED})(?![\d:])",
    re.IGNORECASE,
)
_INTERVAL_WORDS: Final = re.compile(
    r"rang|between|interval|values?\b|范围|区间|取值", re.IGNORECASE
)


def _range(text: str, kind: str) -> dict[str, Any]:
    """``Value range: [0, 1]``, ``范围 1-50``: a number's bounds; a round bracket excludes."""
    if kind not in ("number", "integer"):
        return {}
    ranges = {bounds for found in _RANGE.finditer(text) if (bounds := _interval(text, found))}
    if len(ranges) != 1:  # none, or one for each model or mode: no single rule
        return {}
    low, high, left, right = ranges.pop()
    return {
        "minimum": low, "maximum": high,
        **({"exclusiveMinimum": True} if left == "(" else {}),
        **({"exclusiveMaximum": True} if right == ")" else {}),
    }  # fmt: skip


def _interval(text: str, found: re.Match[str]) -> tuple[float, float, str, str] | None:
    """The interval that a match states, or ``None`` if it states something else."""
    before = text[max(0, found.start() - 200) : found.start()]
    # Two numbers in round brackets are an interval only where the sentence speaks of one, and
    # `0 or [2, 10]` is not one interval.
    if found["left"] == "(" and not _INTERVAL_WORDS.search(before):
        return None
    after = text[found.end() : found.end() + 8]
    if re.search(r"(?:\bor|或)[\s`]*$", before, re.I) or re.match(
        r"[\s`]*(?:or\b|或)", after, re.I
    ):
        return None
    low, high = (_decimal(found[x] or found[y] or found[z]) for x, y, z in ("ace", "bdf"))
    return (low, high, found["left"] or "[", found["right"] or "]") if low < high else None


def _decimal(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


_LATER: Final = (
    r"(?:\s*(?:models?|versions?|版本|模型))*\s*(?:(?:and|or)\s+(?:later|above|newer|higher|up)|onwards?|later"
    r"|及?(?:其)?(?:以[上后]|之后|后续|更高|更新)(?:的)?(?:版本|模型)?|起)"
)
_SINCE: Final = (
    re.compile(r"\bv(?:ersion)?\s*(?P<v>\d+(?:\.\d+)?)" + _LATER, re.IGNORECASE),
    re.compile(r"(?<![A-Za-z])v(?P<v>\d+(?:\.\d+)?)" + _LATER, re.IGNORECASE),
    re.compile(
        r"(?:\bonly|\brequires?|\bsupported\s+(?:in|by|from)|仅|只有|需)[^\n.]{0,24}?v(?P<v>\d+(?:\.\d+)?)\+",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:since|starting\s+(?:from|with)|from)\s+v(?:ersion)?\s*(?P<v>\d+(?:\.\d+)?)\b(?!\s*to\b)",
        re.IGNORECASE,
    ),
)
_VERSION: Final = r"(?:kling[-\s]?)?v\d+(?:\.(?:\d+|x))?"
_UNSUPPORTED: Final = re.compile(
    rf"(?P<vs>{_VERSION}(?:\s*[,/]\s*{_VERSION})*)(?:\s*(?:models?|versions?|版本|模型|系列))*\s*"
    r"(?:(?:does|do|is|are)\s*(?:not|n't)\s*support(?:ed)?|暂?不支持)",
    re.IGNORECASE,
)


def _versions(text: str, _kind: str) -> dict[str, Any]:
    """``Only V2.6 and later``, ``仅V2.6及后续版本``; ``kling-v2.x模型不支持当前参数``."""
    since = next(filter(None, (pattern.search(text) for pattern in _SINCE)), None)
    unsupported = _UNSUPPORTED.search(text)
    return {
        **({"since": since["v"]} if since else {}),
        **({"notFor": ", ".join(_numbers(unsupported["vs"]))} if unsupported else {}),
    }


def _numbers(versions: str) -> list[str]:
    return [
        found.lower() for found in re.findall(r"v(\d+(?:\.(?:\d+|x))?)", versions, re.IGNORECASE)
    ]


_MINERS: Final[tuple[Callable[[str, str], dict[str, Any]], ...]] = (
    _enum,
    _length,
    _counts,
    _range,
    _versions,
)
