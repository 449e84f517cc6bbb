"""Scores, pages and lines: two numbers around a sign, but no fraction, ratio or time."""

# ruff: noqa: RUF001

import re

from ttsf.text.english.lists import words
from ttsf.text.english.numbers import cardinal, digits, pairs, year
from ttsf.text.english.tokens import find_left, find_right, rule, word_before

_PARTS = words(
    "page pages pg p chapter ch part step task slide episode ep day level lesson question q round"
    " week file item section volume vol photo image picture stage phase test frame lap set game"
    " chunk layer epoch batch shard segment track disc disk card try attempt session module unit"
    " exercise issue book poem verse video clip screen sheet sample group match heat leg hole"
)
"""Nouns before a number and a total: "page 3/12"."""
_RATED = words(
    "hp mp health battery score scored scores scoring mark marks grade graded rating rated rate"
    " rates got get gets give gives gave giving quiz test exam progress charge accuracy points"
    " armor stamina mana shield review stars attendance result results it's its"
)
_FRACTION_FOLLOWS = (
    r"(?:\s+(?:of|and\s\d+/|cup|tsp|tbsp|teaspoon|tablespoon|inch|in\.|mile|ounce|oz|pound|lb|liter"
    r"|pint|quart|second|the\b|as\b|majority)|\s?[-+*×÷=^]|[-\"'])"
)
_BOOKS = words(
    "Genesis Exodus Leviticus Numbers Deuteronomy Joshua Judges Ruth Samuel Kings Chronicles Ezra"
    " Nehemiah Esther Job Psalm Psalms Proverbs Ecclesiastes Isaiah Jeremiah Lamentations Ezekiel"
    " Daniel Hosea Joel Amos Obadiah Jonah Micah Nahum Habakkuk Zephaniah Haggai Zechariah Malachi"
    " Matthew Mark Luke John Acts Romans Corinthians Galatians Ephesians Philippians Colossians"
    " Thessalonians Timothy Titus Philemon Hebrews James Peter Jude Revelation Surah Quran"
    " Gen Ex Lev Num Deut Josh Judg Sam Ps Pss Prov Eccl Isa Jer Lam Ezek Dan Hos Mic Zech Mal Matt"
    " Mk Lk Jn Rom Cor Gal Eph Phil Col Thess Tim Heb Jas Pet Rev"
)
_AT_BAT = r"(?:^|[A-Za-z,:(]\s?)$"
_CASES = r"\b(?:No\.|Nos\.|Case|Docket|Number|number|Cause|case|no\.)\s$"


def _out_of(match: re.Match[str]) -> str | None:
    """Read '10/10', '9/10', 'HP 50/100', 'page 3/12', '245/6'."""
    top, bottom = match[1], match[2]
    before = word_before(match).lower().rstrip(".")
    if len(top) > 6 or len(bottom) > 6 or find_left(match, r"[\d)]\s$"):
        return None
    a, b = int(top), int(bottom)
    if before in _PARTS and 0 < a <= b:
        return f"{cardinal(top)} of {cardinal(bottom)}"
    if find_right(match, _FRACTION_FOLLOWS):
        return None
    if a >= 20 and b <= 10 and (a, b) not in ((24, 7), (22, 7)) and find_left(match, _AT_BAT):
        return f"{cardinal(top)} for {cardinal(bottom)}" if b else f"{cardinal(top)} for none"
    rated = before in _RATED or find_right(match, r"\s+(?:stars?|points?|marks?|health|rating)\b")
    if a <= b and (b == 10 or b == 100 or (rated and b in (5, 20, 25, 30, 40, 50, 60, 80))):
        return f"{cardinal(top)} out of {cardinal(bottom)}"
    return None


def _line(match: re.Match[str]) -> str | None:
    """Read 'line 10:5', 'John 3:16'."""
    if word_before(match).rstrip(".") in _BOOKS:
        last = f" to {cardinal(match[3])}" if match[3] else ""
        return f"{cardinal(match[1])} {cardinal(match[2])}{last}"
    placed = find_left(
        match, r"(?i)(?:\b(?:lines?|rows?|col(?:umn)?s?|position|pos|ln)[\s:]*|\.\w{1,4}:)$"
    )
    return f"{cardinal(match[1])} {cardinal(match[2])}" if placed and not match[3] else None


def _docket(match: re.Match[str]) -> str | None:
    return f"{cardinal(match[1])} {pairs(match[2])}" if find_left(match, _CASES) else None


SCORES = (
    rule("score", "d", r"(\d{1,6}+)/(\d{1,6}+)(?![\w/.]\w|\w|/)", _out_of),
    rule("score", "d", r"(\d{1,6}+):(\d{1,6}+)(?:-(\d{1,3}))?(?![\d:])", _line),
    rule("score", "d", r"50[:/]50\b", "fifty fifty"),
    rule("score", "d", r"(\d{1,3})\*(?=[),;.]|\s?$)", lambda m: f"{cardinal(m[1])} not out"
         if find_left(m, r"[A-Z][a-z]+\s$") else None),
    rule("code", "d", r"(\d{2})-(\d{3,4})\b(?!-)", _docket),
    rule("code", "d", r"((?:19|20)\d\d)/(\d{3,4})\b(?!/)",
         lambda m: f"{year(int(m[1]))} {digits(m[2])}"),
)  # fmt: skip
