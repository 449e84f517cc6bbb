"""Code and commands: options, operators, identifiers, numbers of other bases, long identifiers."""

import re

from ttsf.text.english.lists import words
from ttsf.text.english.numbers import cardinal, digits, pairs
from ttsf.text.english.tokens import find_left, find_right, rule, word_before

_NUMBERED_BY_DIGITS = words(
    "order ticket invoice case ref reference part serial tracking account confirmation claim policy"
    " booking reservation model sku item po customer member membership license permit isbn issn"
    " ein ssn vin rma id card"
)
_SUFFIXES = words("ing ed ly er est ish s es able ment ness tion al ful less ive ous th st nd rd")
_OPERATORS = {
    "&&": "and", "||": "or", "===": "equals", "!==": "is not equal to", "=>": "arrow",
    "->": "to", "+=": "plus equals", "-=": "minus equals", "*=": "times equals", "::": "",
    ":=": "is set to", "|>": "pipe", ">>": "into", "//": "",
}  # fmt: skip
_MODULES = words(
    "np pd os sys re plt tf torch math console document window self this app req res json obj"
    " user logging random time datetime request response session router express process module"
)


def spelled(text: str) -> str:
    """'ls4' -> 'L S four'; a longer word with a vowel stays."""
    said = []
    for part in re.findall(r"[A-Za-z]+|\d+", text):
        if part.isdecimal():
            said.append(cardinal(part) if len(part) < 4 else digits(part))
        elif len(part) < 4 or not re.search("[aeiouy]", part):
            said.append(" ".join(part.upper()))
        else:
            said.append(part)
    return " ".join(said)


def _option(match: re.Match[str]) -> str | None:
    """Read options of commands: '--verbose', '-m', '-j4'; not '-ing', nor a dash between words."""
    dashes, name = match[1], match[2]
    if not find_left(match, r"(?:^|[\s(\[\"'`|])$"):
        return None
    if dashes == "-" and (len(name) > 4 or name.lower() in _SUFFIXES):
        return None
    parts = [spelled(part) if dashes == "-" else _word(part) for part in name.split("-")]
    return f"{'dash ' * len(dashes)}{' '.join(parts)}"


def _word(part: str) -> str:
    return (
        part if len(part) > 3 or (part.islower() and re.search("[aeiou]", part)) else spelled(part)
    )


def _other_base(match: re.Match[str]) -> str:
    """'0xFF' -> 'zero X F F'."""
    return " ".join(["zero", match[1].upper(), _one_by_one(match[2])])


def _one_by_one(text: str) -> str:
    return " ".join(digits(c) if c.isdecimal() else c.upper() for c in text if c.isalnum())


def _camel(match: re.Match[str]) -> str:
    """'getUserName' -> 'get user name'."""
    return " ".join(re.findall(r"[a-z]+|[A-Z][a-z]+|[A-Z]+(?![a-z])|\d+", match[0])).lower()


def _dotted_name(match: re.Match[str]) -> str | None:
    first = match[0].partition(".")[0]
    called = find_right(match, r"\(") or "_" in match[0]
    if first not in _MODULES and not called:
        return None
    return " dot ".join(part.replace("_", " ") for part in match[0].split("."))


def _by_digits(match: re.Match[str]) -> str | None:
    """Groups of digits: three or more, or two after a noun that they number."""
    groups = match[0].split("-")
    if len(groups) == 2 and word_before(match).lower() not in _NUMBERED_BY_DIGITS:
        return None
    return digits(match[0])


CODE = (
    rule("code", "w", r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b",
         lambda m: _one_by_one(m[0])),
    rule("code", "d", r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b",
         lambda m: _one_by_one(m[0])),
    rule("code", "d", r"0([xXbo])([0-9A-Fa-f]{1,32})\b", _other_base),
    rule("code", "s", r"(--?)([A-Za-z][A-Za-z0-9]{0,30}(?:-[A-Za-z0-9]{1,20}){0,5})(?![\w'])",
         _option),
    rule("code", "s", r"&&|\|\||===|!==|=>|->|\+=|-=|\*=|:=|\|>|::(?=\w)", lambda m:
         _OPERATORS[m[0]]),
    rule("code", "s", r"\|(?=\s?\w)", lambda m: "pipe" if find_left(
         m, r"\b(?:ls|cat|ps|echo|find|sort|head|tail|curl|history|df|du|git|docker|kubectl|jq)\b"
            r"[^|]*$") else None),
    rule("code", "s", r"\*\.(?=\w)", lambda m: None if find_left(m, r"\w$") else "star dot"),
    rule("code", "w", r"[a-z]{2,20}(?:[A-Z][a-z]{1,20}){1,6}[A-Z]{0,4}(?![\w.]\w|\w)",
         lambda m:         None if m[0] in ("macOS", "watchOS", "tvOS") else _camel(m)),
    rule("code", "w", r"[a-z_]\w{0,30}(?:\.[a-z_]\w{0,30}){1,4}(?![\w.@]\w|[\w@])", _dotted_name),
    rule("code", "w", r"cd(?=\s[~./\w])", lambda m: "C D" if find_left(m, r"(?:^|&&|[$;>])\s*$")
         else None),
)  # fmt: skip
CODE_NUMBERS = (
    rule("code", "d", r"\d{1,8}(?:-\d{1,8}){2,5}(?![-\w])", lambda m: digits(m[0])),
    rule("code", "d", r"\d{2,8}-\d{2,8}(?![-\w/])", _by_digits),
    rule("code", "d", r"[345]\d\d\b(?![.,]\d|%)", lambda m: pairs(m[0]) if find_left(
         m, r"(?i)\b(?:error|http|status|code)\s(?:code\s)?$") else None),
)  # fmt: skip
