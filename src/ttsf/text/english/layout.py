"""What surrounds the words: tags, entities, Markdown, line ends, emoticons, look-alike signs."""

# ruff: noqa: RUF001

import html
import re
import unicodedata

from ttsf.text.english.lists import FUNCTION_WORDS
from ttsf.text.english.tables import CURRENCIES, RELATIONS, SIGNS
from ttsf.text.english.trace import Traced

_ITEM, _HEADING = "\x01", "\x02"
_SHORT_LINE = 60
"""Longer lines are taken as wrapped; the next one goes on with the sentence."""
_SHORT_ITEM = 3
"""Items of a list of so many words are set apart by commas."""
_PLAIN_SIGNS = str.maketrans(
    dict.fromkeys("‘’‛ʼ´′＇ʹꞌʻ", "'")
    | dict.fromkeys("“”„‟″〝〞＂", '"')
    | dict.fromkeys("‹›", "'")
    | dict.fromkeys("–−‐‑‒﹣－", "-")
    | {"―": "—", "™": "", "®": "", "℠": "", "⋅": "·", "∙": "·", "∗": "*"}
)
_FAR_LETTERS = str.maketrans("ơƠưƯêÊ", "oOuUèÈ")
"""Letters of other alphabets that espeak-ng spells or says as others, to the nearest it knows."""
_POWER_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_EOL = re.compile(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff]")
_ATTRIBUTE = r"""(?:\s+[\w:-]{1,40}\s*=\s*(?:"[^"<>]{0,300}"|'[^'<>]{0,300}'|[^\s"'<>]{1,300}))"""
_SPACES = re.compile(r"[^\S\n]+")
_COMMENT = re.compile(
    r"(?i:<(script|style)\b[^<>]{0,200}>.{0,4000}?</\1>)"
    r"|<!--.{0,2000}?-->|<\?[a-z].{0,200}?\?>|<![A-Z][^<>]{0,200}>",
    re.S,
)
_BLOCK = re.compile(
    rf"</?(?:br|p|div|li|ul|ol|h[1-6]|tr|table|hr|blockquote|s|section)(?:{_ATTRIBUTE}{{0,20}})"
    r"\s?/?>",
    re.I,
)
_TAG = re.compile(rf"</?[A-Za-z][\w:-]{{0,30}}{_ATTRIBUTE}{{0,20}}\s?/?>")
_LINK_IN_BRACKETS = re.compile(r"<((?:https?|mailto):[^<>\s]{1,500})>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")
_DASHES = "(?::-++:?|-{2,}+:?)"
"""Of a table's rule. Possessive: a run of dashes is never divided in two."""
_LINES = (
    (re.compile(r"^[ \t]*(?:```|~~~).*$", re.M), ""),
    (re.compile(r"^[ \t]*([-*_=])(?:[ \t]*\1){2,}[ \t]*$", re.M), ""),
    (re.compile(rf"^[ \t]*[|+]?[ \t]*{_DASHES}(?:[ \t]*[|+ ][ \t]*{_DASHES}){{0,49}}"
                r"[ \t]*[|+]?[ \t]*$", re.M), ""),
    (re.compile(r"^[ \t]*\|[ \t]*", re.M), _HEADING),
    (re.compile(r"[ \t]*\|[ \t]*$", re.M), ""),
    (re.compile(r"(?<=[^\n|])[ \t]*\|[ \t]*(?=[^\n|])"), ", "),
    (re.compile(r"^[ \t]*#{1,6}[ \t]+(?!\d)", re.M), _HEADING),
    (re.compile(r"[ \t]+#{1,6}[ \t]*$", re.M), ""),
    (re.compile(r"^(?:[ \t]*>(?!\s*[\d=]))+[ \t]*", re.M), ""),
    (re.compile(r"^[ \t]*[-*+•‣◦▪·–—][ \t]+(?:\[[ xX]\][ \t]+)?(?=[^\W_]|[\"'(\[$*_`])", re.M),
     _ITEM),
)  # fmt: skip
_NUMBERED_ITEM = re.compile(r"^[ \t]*(\d{1,3})[.)](?=[ \t]+\S)", re.M)
_INLINE = (
    (re.compile(r"!?\[([^\[\]\n]{1,300})\]\([^()\s]{0,500}(?:\s+\"[^\"\n]{0,100}\")?\)"), 1),
    (re.compile(r"\[([^\[\]\n]{1,300})\]\[[^\[\]\n]{0,60}\]"), 1),
    (re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]{1,500}?)(?<=\S)\1(?![\w*])"), 2),
    (re.compile(r"(?<![\w_])(_{1,3})(?=[^\s_])([^_\n]{1,500}?)(?<=\S)\1(?![\w_])"), 2),
    (re.compile(r"(~~|==|\|\|)(?=\S)([^~=|\n]{1,300}?)(?<=\S)\1"), 2),
    (re.compile(r"(`{1,3})([^`\n]{1,300})\1"), 2),
)
_FOOTNOTE = re.compile(r"(?<=[\w.,;:!?)\"'])\[(?:\^\w{1,20}|\d{1,3}|citation needed)\]")
_REMAINS = re.compile(r"(?<![\w*])\*{2,}|\*{2,}(?![\w*])|`{2,}|(?<!\w)`|`(?!\w)")
_TICK = re.compile("`")
_EMOTICON = re.compile(
    r"¯\\?_\(ツ\)_/¯|\(╯°□°\)╯︵? ?┻━┻"
    r"|(?<![\w/:;<=])(?:[:;=8]['`]?-?[)(DPpoO\]\[|*](?![\w])|[:;]-?[/\\](?!/)(?=\s|$|[.,!?])"
    r"|<[/\\]?3+(?![\d.=\w])|>:-?[)(]|\^[_.]?\^|[-=]_[-=]|T[_.]T|[oO]_[oO]|;_;|[xX]D(?=\s|$|[.,!?])"
    r"|\\[oO]/|:'-?[)(])"
)
_SMALLER_THAN_THREE = re.compile(r"(?:^|\s)(?!I\s)[a-z0-9)]\s$")
_SUPERSCRIPTS = re.compile(r"(?<=[\w)])[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+")
_MIXED_FRACTION = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_CLUSTER = re.compile(r"[^\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff][\u0300-\u036f\u1ab0-\u1aff]*")
_BREAK = re.compile(r"[ \t]*\n\s*")
_ENDED = re.compile(r"[.!?…:;,—][\"')\]»]*$")
_SIGNS_KEPT = {*"".join(SIGNS), *"".join(CURRENCIES), *"".join(RELATIONS), *"^°~$√<>=|`⁄"}
_MICRO = re.compile(r"[µμ](?=[mgslLFAVWH](?:\b|z\b))")
"""Written "mc" as in medicine, which is no Greek letter."""
_SPACE = re.compile(r"\s+")


def plain(text: str) -> tuple[Traced, tuple[str, ...]]:
    """A text without markup, on one line, of plain signs; and what of it will not be spoken.

    Line ends become stops or commas where a heading, an item, a row or a short line ends.
    """
    traced = Traced.of(text).sub(_EOL, "\n").sub(_CONTROL, " ").sub(_SPACES, " ")
    silent = dict.fromkeys(match[0] for match in _found(_EMOTICON, traced.text))
    traced = traced.sub(_COMMENT, "").keep(_LINK_IN_BRACKETS).sub(_BLOCK, "\n").sub(_TAG, "")
    traced = traced.sub(_ENTITY, lambda m: html.unescape(m[0]))
    traced = traced.sub(_EMOTICON, _without_emoticon)
    for pattern, group in _INLINE:
        traced = traced.keep(pattern, group)
    traced = traced.sub(_FOOTNOTE, "")
    for pattern, put in _LINES:
        traced = traced.sub(pattern, put)
    traced = (
        traced.sub(_NUMBERED_ITEM, lambda m: f"{_HEADING}{m[1]}.").sub(_REMAINS, "").sub(_TICK, "'")
    )
    traced = traced.sub(_BREAK, _line_end).sub(re.compile(f"[{_ITEM}{_HEADING}]"), "")
    traced = traced.sub(_MICRO, "mc").sub(re.compile("µ"), "micro ")
    traced = traced.sub(_SUPERSCRIPTS, _superscript).sub(_MIXED_FRACTION, " ")
    silent |= dict.fromkeys(c for c in traced.text if _dropped(c) and not c.isspace())
    return traced.sub(_CLUSTER, _plain_cluster).sub(_SPACE, " ").strip(), tuple(silent)


def _found(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return [m for m in pattern.finditer(text) if not _without_emoticon(m).strip()]


def _without_emoticon(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 4) : match.start()]
    return match[0] if match[0] == "<3" and _SMALLER_THAN_THREE.search(before) else ""


def _superscript(match: re.Match[str]) -> str:
    """Powers after a number, a sign or a short unit; a note's number after a word goes."""
    before = match.string[max(0, match.start() - 5) : match.start()]
    note = re.search(r"[a-z]{4,}$", before) or re.search(r"(?:^|\s)[A-Z]?[a-z]{3}$", before)
    return "" if note else "^" + match[0].translate(_POWER_DIGITS)


def _dropped(c: str) -> bool:
    """Pictures and signs without a name that could be said."""
    if c in _SIGNS_KEPT or c in "™®℠№°´":
        return False
    return unicodedata.category(c) in ("So", "Sk", "Sc", "Sm", "Co", "Cs", "Cn") or c == "\ufffd"


def _plain_cluster(match: re.Match[str]) -> str:
    """One character with its accents in its plain form; '' or a space for what is not said."""
    cluster = match[0]
    if cluster.isascii():
        return cluster
    if cluster in ("™", "®", "℠"):
        return ""
    if cluster == "№":
        return "№"
    text = unicodedata.normalize("NFKC", cluster.translate(_PLAIN_SIGNS)).translate(_PLAIN_SIGNS)
    said = []
    for c in text:
        category = unicodedata.category(c)
        if category.startswith("L") and "\u01cd" <= c <= "\u1eff":
            c = unicodedata.normalize("NFD", c)[0]
        c = c.translate(_FAR_LETTERS)
        if category not in ("Mn", "Me", "Cf"):
            said.append(" " if _dropped(c) or category in ("Cc", "Zl", "Zp") else c)
    return "".join(said)


def _line_end(match: re.Match[str]) -> str:
    """' ', ', ' or '. ' for the end of a line."""
    text, place = match.string, match.start()
    begin = max(text.rfind("\n", 0, place) + 1, place - 500)
    line, after = text[begin:place], text[match.end() : match.end() + 1]
    if _ENDED.search(line) or not line.strip() or not after:
        return " "
    item = line.lstrip()[:1] == _ITEM
    if after == _ITEM and item and len(line.split()) <= _SHORT_ITEM:
        return ", "
    if item or line.lstrip()[:1] == _HEADING or after in (_ITEM, _HEADING) or "\n" in match[0][
        match[0].index("\n") + 1 :
    ]:  # fmt: skip
        return ". "
    last = re.search(r"[\w'.&-]+\W*$", line)
    goes_on = not last or last[0].strip().lower() in FUNCTION_WORDS
    begins = after.isupper() or after.isdecimal() or after in "\"'“‘("
    return ". " if begins and len(line) < _SHORT_LINE and not goes_on else " "
