"""Find sentence ends in cleaned English text by what follows each stop; no other module does."""

# ruff: noqa: RUF001 (quotes)

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ttsf.text.english.lexicons.short_forms import (
    AFTER_NAMES,
    ANYWHERE,
    BEFORE_NAMES,
    BEFORE_NUMBERS,
    MAY_BE_WORDS,
    NEVER_LAST,
    SHORT_FORMS,
)
from ttsf.text.english.lists import JOINTS, LETTERED, STARTERS, words
from ttsf.text.english.tables import UNITS

LONGEST = 600
"""Maximum length, characters; longer text without an end is cut at a comma, or anywhere."""
QUOTES = "\"'”’»)]}"
_STARTERS = frozenset(word.lower() for word in STARTERS)
_STOP = re.compile(rf"(?<![.!?…])[.!?…]++[{re.escape(QUOTES)}]*+(?=\s)")
_LAST_WORD = re.compile(r"(?<![^\s\"'“”‘’«»()\[\]—])[^\s\"'“”‘’«»()\[\]—]*+$")
_WORD_BEFORE = re.compile(r"(?<![^\s\"'“”‘’«»()\[\]])([^\s\"'“”‘’«»()\[\]]{1,30}+) *+[\"'“‘(\[]*+$")
_NEXT_WORD = re.compile(r"\s*+[\"'“‘«(\[$€£¿¡-]*+((?:[^\W_]|['’])*+)")
_MARKER = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3})*+|[A-Za-z]|[ivxIVX]{1,5})[.)]")
_SOFT_END = re.compile(r"[;:,—–]\s|\s(?=(?:and|but|or|which|because|while)\s)")
_CAMEL = re.compile(r"[a-z]{1,2}[A-Z]")
_DOTTED = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")
_NO_VOWEL = re.compile(r"[b-df-hj-np-tv-xz]{2,6}", re.I)
_NUMERAL = re.compile(r"[IVXLC]{2,}|\d.*")
_DAYS = frozenset(("sun", "sat", "wed"))
_MONTHS = frozenset(
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
)
_WEEK = words("mon tue wed thu fri sat sun")
_ZONES = words(
    "Eastern Pacific Central Mountain Greenwich London Tokyo Paris Berlin Beijing Moscow"
)
_UNITS = frozenset(unit.rstrip(".").lower() for unit in UNITS)
_GOES_ON_BEFORE = frozenset(",;=<>+*/×÷")
_HALF_OF_DAY = ("a.m", "p.m")


class Sentence(NamedTuple):
    """A sentence: characters [start, end) of a text, without surrounding space."""

    start: int
    end: int
    ends: bool
    """False if the text had no end here and was cut for its length."""


def sentences(text: str) -> list[Sentence]:
    """Return the sentences of a cleaned text that contain a letter or digit.

    Every line break ends a sentence. Takes time linear in the length of the text.
    """
    found, start = [], 0
    for line in text.split("\n"):
        end = start + len(line)
        for a, b in _sentences_of(text, start, end):
            for first, last in _pieces(text, a, b):
                piece = text[first:last]
                if any(c.isalnum() for c in piece):
                    first += len(piece) - len(piece.lstrip())
                    found.append(Sentence(first, first + len(piece.strip()), last == b))
        start = end + 1
    return found


def first_end(text: str, start: int = 0) -> int | None:
    """Return the end of the first sentence after `start` in a text that may still grow.

    None while later text may change it.
    """
    for stop in _STOP.finditer(text, start):
        following = _NEXT_WORD.match(text[stop.end() : stop.end() + 60])
        if following is None or stop.end() + following.end() >= len(text):
            return None
        if _ends(text, 0, stop, len(text)):
            return stop.end()
    return None


def cuts(words: Sequence[str], longest: int) -> list[int]:
    """Return the word indices at which to cut a sentence into parts of about equal length.

    Cuts at pauses and before conjunctions; no part has more than `longest` letters.
    """
    found, begin, rest = list[int](), 0, sum(len(word) + 1 for word in words)
    while rest > longest:
        aim, length = rest / math.ceil(rest / longest), 0
        best, cut, taken = math.inf, begin + 1, len(words[begin]) + 1
        for k in range(begin, len(words) - 1):
            length += len(words[k]) + 1
            if length > longest:
                break
            cost = abs(length - aim) / longest + _cost(words[k], words[k + 1])
            if cost < best:
                best, cut, taken = cost, k + 1, length
        if cut == len(words):
            break
        found.append(cut)
        begin, rest = cut, rest - taken
    return found


def _cost(word: str, following: str) -> float:
    """Cost of a cut between two words, as a fraction of the longest length."""
    end = word.rstrip(QUOTES)[-1:]
    if end in ";:—-–.!?…":
        return 0.0
    return 0.15 if end == "," else 0.35 if following.lower() in JOINTS else 1.0


def _sentences_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for stop in _STOP.finditer(text, start, end):
        if stop.end() < end and _ends(text, begin, stop, end):
            yield begin, stop.end()
            begin = stop.end()
    yield begin, end


def _ends(text: str, begin: int, stop: re.Match[str], end: int) -> bool:
    """Whether a sentence from `begin` on ends at this stop, if more text follows on its line."""
    following = _NEXT_WORD.match(text[stop.end() : min(end, stop.end() + 60)])
    word = following[1] if following else ""
    after = text[stop.end() + 1 : stop.end() + 2]
    if (word[:1].islower() and not _CAMEL.match(word)) or after in _GOES_ON_BEFORE:
        return False
    marks = stop[0].rstrip(QUOTES)
    if marks != ".":
        suspended = marks.endswith(("..", "…")) and word.split("'")[0].split("’")[0] == "I"
        return not suspended
    if stop[0] != "." and stop[0][1] not in ")]":
        return True
    written = _LAST_WORD.search(text[max(begin, stop.start() - 40) : stop.start()])
    before = written[0] if written else ""
    head = text[begin : stop.start() + 1].lstrip()
    if len(head) < 12 and _MARKER.fullmatch(head):
        return False
    rest = text[max(begin, stop.start() - 80) : stop.start() - len(before)]
    earlier = _WORD_BEFORE.search(rest)
    shortened = (
        text[stop.end() + 1 + len(word) : stop.end() + 2 + len(word)] == "." and word in AFTER_NAMES
    )
    if (after in tuple("([") or shortened) and _is_short(before):
        return False
    return not _goes_on(before, word, earlier[1] if earlier else "")


def _is_short(word: str) -> bool:
    """Whether a word may be an abbreviation, known or not."""
    known = word.lower() in SHORT_FORMS or word in AFTER_NAMES or word in BEFORE_NAMES
    return known or _NO_VOWEL.fullmatch(word) is not None or _DOTTED.fullmatch(word) is not None


def _goes_on(before: str, word: str, earlier: str) -> bool:
    """Whether a full stop after the word `before` belongs to it alone.

    word: the next one; earlier: the one that stands before.
    """
    short = before.lower()
    starts = word.lower().split("'")[0].split("’")[0] in _STARTERS
    if short in NEVER_LAST:
        return not (starts and word != "No" and _names_a_place(before, earlier))
    if before in BEFORE_NAMES and before not in AFTER_NAMES:
        return True
    if short in _DAYS and (word[:1].isdecimal() or word[:3].lower() in _MONTHS):
        return True
    if len(before) == 1 and before.isupper():
        if earlier.lower() in LETTERED or (before == "I" and earlier and not earlier[0].isupper()):
            return False
        return not starts
    if short in _UNITS and earlier[-1:].isdecimal():
        return len(word) == 1 and word in "NSEW"
    if _DOTTED.fullmatch(before):
        if short in _HALF_OF_DAY:
            named = word[:3].lower() in _MONTHS | _WEEK or word in _ZONES
            return not starts and (word.isupper() or named)
        return not starts
    if short in BEFORE_NUMBERS and (_NUMERAL.fullmatch(word) or short not in ANYWHERE):
        return bool(_NUMERAL.fullmatch(word))
    if short in MAY_BE_WORDS and before not in BEFORE_NAMES and before not in AFTER_NAMES:
        return word[:1].isdecimal()
    if short in SHORT_FORMS or before in AFTER_NAMES or before in BEFORE_NAMES:
        return not starts
    return bool(_NO_VOWEL.fullmatch(before)) and not starts and not before.isupper()


def _names_a_place(before: str, earlier: str) -> bool:
    """Whether `before` ends a street's name ('Baker St.'), after which a sentence may begin."""
    return before in AFTER_NAMES and earlier[:1].isupper() and earlier.lower() not in _STARTERS


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentence, cut into pieces of at most LONGEST characters if it is longer."""
    while end - start > LONGEST:
        half = start + LONGEST // 2
        window = text[half : start + LONGEST]
        soft = [m.end() for m in _SOFT_END.finditer(window)]
        space = window.rfind(" ") + 1
        cut = half + (soft[-1] if soft else space if space else len(window))
        yield start, cut
        start = cut
    yield start, end
