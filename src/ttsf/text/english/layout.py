"""Remove what surrounds the words: tags, Markdown, emoticons, line breaks, look-alike signs."""

# ruff: noqa: RUF001

import re
import unicodedata

from ttsf.text.english.lists import FUNCTION_WORDS
from ttsf.text.english.marks.blocks import HEADING, ITEM, marked_lines, without_blocks
from ttsf.text.english.marks.formulas import without_latex
from ttsf.text.english.marks.inline import without_escapes, without_marks
from ttsf.text.english.marks.tags import without_tags
from ttsf.text.english.tables import CURRENCIES, RELATIONS, SIGNS
from ttsf.text.english.tokens import find_left
from ttsf.text.english.trace import Traced

_SHORT_LINE = 60
"""Longer lines count as wrapped: the sentence continues in the next one."""
_HEADING_LENGTH = 40
"""A line as short as this that ends without a stop is a heading or an item."""
_SHORT_ITEM = 3
"""List items of up to this many words are separated by commas."""
_PLAIN_SIGNS = str.maketrans(
    dict.fromkeys("‘’‛ʼ´′＇ʹꞌʻ", "'")
    | dict.fromkeys("“”„‟″〝〞＂", '"')
    | dict.fromkeys("‹›", "'")
    | dict.fromkeys("–−‐‑‒﹣－", "-")
    | {"。": ".", "、": ",", "―": "—", "™": "", "®": "", "℠": "", "⋅": "·", "∙": "·", "∗": "*"}
)
_FAR_LETTERS = str.maketrans("ơƠưƯêÊ", "oOuUèÈ")
"""Letters that espeak-ng spells out or misreads, with the nearest letter that it knows."""
_POWER_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_EOL = re.compile(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff]")
_SPACES = re.compile(r"[^\S\n]++")
_REMAINS = re.compile(r"(?<!\*)(?:(?<!\w)\*{2,}+|\*{2,}+(?!\w))|`{2,}+|(?<!\w)`|`(?!\w)")
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
_BREAK = re.compile(r"[ \t]*+\n\s*+")
_ENDED = re.compile(r"[.!?…:;,—][\"')\]»]*$")
_CLOSING = "\"')\u00bb]”’*_ "
_LINE_WORD = re.compile(r"[\w'.&-]++")
_SIGNS_KEPT = {*"".join(SIGNS), *"".join(CURRENCIES), *"".join(RELATIONS), *"^°~$√<>=|`⁄"}
_MICRO = re.compile(r"[µμ](?=[mgslLFAVWH](?:\b|z\b))")
"""The sign for micro before a unit, which becomes "mc" as in medicine."""
_NUMERO = re.compile(r"\b[Nn][º°](?=\s?\d)")
_MICRO_ALONE = re.compile("µ")
_MARKS = re.compile(f"[{ITEM}{HEADING}]")
_END = re.compile(r" ?\n[ \n]*+")


def plain(text: str, read_code: bool = False) -> tuple[Traced, tuple[str, ...]]:
    """Remove markup and simplify signs; also return the signs that will not be spoken.

    A line break remains only after a heading, list item, table row or short line; any other white
    space becomes a single space. read_code: keep blocks of code, instead of announcing them.
    """
    traced = Traced.of(text).sub(_EOL, "\n").sub(_CONTROL, " ").sub(_SPACES, " ")
    silent = dict.fromkeys(match[0] for match in _found(_EMOTICON, traced.text))
    traced = without_tags(without_blocks(traced, read_code))
    traced = without_latex(without_escapes(traced)).sub(_EMOTICON, _without_emoticon)
    traced = marked_lines(without_marks(traced)).sub(_REMAINS, "").sub(_TICK, "'")
    traced = traced.sub(_BREAK, _line_end).sub(_MARKS, "")
    traced = traced.sub(_NUMERO, "№").sub(_MICRO, "mc").sub(_MICRO_ALONE, "micro ")
    traced = traced.sub(_SUPERSCRIPTS, _superscript).sub(_MIXED_FRACTION, " ")
    silent |= dict.fromkeys(c for c in traced.text if _dropped(c) and not c.isspace())
    traced = traced.sub(_CLUSTER, _plain_cluster).sub(_SPACES, " ").sub(_END, "\n")
    return traced.strip(), tuple(silent)


def _found(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return [m for m in pattern.finditer(text) if not _without_emoticon(m).strip()]


def _without_emoticon(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 4) : match.start()]
    return match[0] if match[0] == "<3" and _SMALLER_THAN_THREE.search(before) else ""


def _superscript(match: re.Match[str]) -> str:
    """Keep powers after a number, a sign or a short unit; drop a note's number after a word."""
    word = find_left(match, r"([a-z]{4}|(?:^|\s)[A-Z]?[a-z]{3})$")
    note = word and not ("⁻" in match[0] or word[1].strip() in _RAISED)
    return "" if note else "^" + match[0].translate(_POWER_DIGITS)


_RAISED = frozenset(("mol", "mmol", "sin", "cos", "tan", "cot", "sec", "csc", "log", "exp", "rad"))
"""Names that can have powers, although they are as long as a word."""


def _dropped(c: str) -> bool:
    """Find pictures and signs without a name that could be said."""
    if c in _SIGNS_KEPT or c in "™®℠№°´":
        return False
    return unicodedata.category(c) in ("So", "Sk", "Sc", "Sm", "Co", "Cs", "Cn") or c == "\ufffd"


def _plain_cluster(match: re.Match[str]) -> str:
    """One character with its accents in its plain form; '' or a space if it is not spoken."""
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
            said.append(" " if _dropped(c) or (category in ("Cc", "Zl", "Zp") and c != "\n") else c)
    return "".join(said)


def _line_end(match: re.Match[str]) -> str:
    """Return what replaces the end of a line: a space, a comma or a sentence end."""
    text, place = match.string, match.start()
    begin = max(text.rfind("\n", 0, place) + 1, place - 500)
    line, after = text[begin:place], text[match.end() : match.end() + 1]
    paragraph = match[0].count("\n") > 1
    if _ENDED.search(line[-20:]):
        stopped = line.rstrip(_CLOSING)[-1:] in ".!?…"
        return "\n" if stopped and (paragraph or after in (ITEM, HEADING)) else " "
    if not line.strip() or not after:
        return " "
    item = line.lstrip()[:1] == ITEM
    if after == ITEM and item and not paragraph and len(line.split()) <= _SHORT_ITEM:
        following = text[match.end() : match.end() + 200].partition("\n")[0]
        return ", " if len(following.split()) <= _SHORT_ITEM else "\n"
    if item or line.lstrip()[:1] == HEADING or after in (ITEM, HEADING) or paragraph:
        return "\n"
    found = [word for word in _LINE_WORD.findall(line[-40:]) if any(c.isalnum() for c in word)]
    goes_on = not found or found[-1].lower() in FUNCTION_WORDS
    begins = after.isupper() or after.isdecimal() or after in "\"'“‘("
    if not begins or goes_on or len(line) >= _SHORT_LINE:
        return " "
    return "\n" if len(line) <= _HEADING_LENGTH or _has_room(match, line) else " "


def _has_room(match: re.Match[str], line: str) -> bool:
    """Whether a line has room for the next word, so that it was not merely wrapped."""
    text, start, end = match.string, match.start() - len(line), match.end()
    before = text[max(0, start - 200) : max(0, start - 1)].rpartition("\n")[2]
    after = text[end : end + 200].partition("\n")[0]
    width = max(map(len, (before, line, after)))
    return len(line) + 1 + len(after.partition(" ")[0]) < 0.8 * width
