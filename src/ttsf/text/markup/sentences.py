"""Where sentences end in English text as people write it."""

# ruff: noqa: RUF001 (quotes)

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


LONGEST = 600
"""Characters. What has no end for so long is cut at a comma, or wherever it must be."""
SHORT_LINE = 40  # characters; one that ends without a stop is a heading or an item
NEVER_LAST = _set(
    "mr mrs ms mx dr prof rev hon gov gen col capt cpt lt sgt sen rep pres st mt ft fr "
    "messrs mme mlle supt cmdr adm maj hr vs v e.g i.e eg ie cf viz approx ca al incl excl "
    "resp aka"
)
"""Shortened words after which a sentence goes on."""
BEFORE_A_NUMBER = _set(
    "no nos p pp vol vols ch chap fig figs sec art nr par pt eq ed jan feb mar apr jun jul "
    "aug sep sept oct nov dec ext tel est"
)
"""Shortened words that end a sentence unless a number follows."""
RARELY_LAST = _set(
    "jr sr inc ltd co corp bros dept assn univ ave blvd rd etc ph.d m.d b.a m.a b.sc m.sc "
    "d.c u.s u.k u.n e.u u.s.a a.m p.m b.c a.d esq min max"
)
"""Shortened words that end a sentence only where the next word often begins one."""
STARTERS = _set(
    "the a an this that these those he she it we they you i his her its our their my your "
    "but and or so then there here if when while where what who why how in on at as after "
    "before since for from with by to no not yes now today yesterday tomorrow later however "
    "although because is are was were do does did have has had can could will would should "
    "may might let please one some many most all each both another such even still once "
    "until unless according"
)
QUOTES = "\"'”’»)]}"
JOINTS = _set("and but or nor so yet which who that because although while when")
_STOP = re.compile(rf"(?<![.!?…])[.!?…]+[{re.escape(QUOTES)}*_]*(?=\s|$)")
_LAST_WORD = re.compile(r"[^\s\"'“”‘’«»()\[\]]*$")
_NEXT_WORD = re.compile(r"\s*[\"'“‘«(\[*_]*((?:[^\W_]|['’])*)")
_ITEM = re.compile(r"\s*(?:[-*•‣◦–—]|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)])\s")
_MARKER = re.compile(r"\s*\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]$")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
_SOFT_END = re.compile(r"[;:,—–]\s|\s(?=(?:and|but|or|which|because|while)\s)")


class Sentence(NamedTuple):
    """Characters [start, end) of a text, without the space around them."""

    start: int
    end: int
    ends: bool
    """False where a text without an end was cut."""


def sentences(text: str) -> list[Sentence]:
    """All that have a letter or digit; takes time in proportion to the length."""
    found = []
    for start, end in _paragraphs(text):
        for a, b in _sentences_of(text, start, end):
            for first, last in _pieces(text, a, b):
                piece = text[first:last]
                if any(c.isalnum() for c in piece):
                    first += len(piece) - len(piece.lstrip())
                    found.append(Sentence(first, first + len(piece.strip()), last == b))
    return found


def cuts(words: Sequence[str], longest: int) -> list[int]:
    """Before which words a sentence is cut so that no part has more than `longest` letters.

    At its own pauses or before a conjunction, in parts of about one length.
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
    """How much a cut between two words hurts, in parts of the longest length."""
    end = word.rstrip(QUOTES)[-1:]
    if end in ";:—-–.!?…":
        return 0.0
    return 0.15 if end == "," else 0.35 if following.lower() in JOINTS else 1.0


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """What blank lines, headings and list items set apart."""
    start = 0
    for blank in [*_BLANK_LINE.finditer(text), None]:
        end = len(text) if blank is None else blank.start()
        lines = [start]
        lines += [m.end() for m in re.finditer(r"\n", text[start:end])]
        edges = [start, *(start + at for at in lines[1:]), end]
        rows = [text[a:b].strip() for a, b in pairwise(edges)]
        width = max(map(len, rows), default=0)
        begin = start
        for k in range(1, len(rows)):
            if _apart(rows[k - 1], rows[k], width):
                yield begin, edges[k]
                begin = edges[k]
        yield begin, end
        start = end if blank is None else blank.end()


def _apart(line: str, following: str, width: int) -> bool:
    """Whether a line that `following` comes after ends what it says.

    A line that was only wrapped leaves no room for the next word and goes on in small letters.
    """
    if not line or not following or line[-1] == ":" or _ITEM.match(following + " "):
        return True
    if line.rstrip(QUOTES)[-1:] in ("", ".", "!", "?", "…"):
        return False
    first = following.split(maxsplit=1)[0]
    if not first.lstrip("\"'“‘«([")[:1].isupper() or line[-1] in ",;-–—(":
        return False
    return len(line) <= SHORT_LINE or len(line) + 1 + len(first) < 0.8 * width


def _sentences_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for stop in _STOP.finditer(text, start, end):
        if stop.end() < end and _ends(text, begin, stop):
            yield begin, stop.end()
            begin = stop.end()
    yield begin, end


def _ends(text: str, begin: int, stop: re.Match[str]) -> bool:
    """Whether a sentence from `begin` on ends at this stop, more of the paragraph following."""
    following = _NEXT_WORD.match(text[stop.end() : stop.end() + 60])
    word = following[1] if following else ""
    if word[:1].islower() and not re.match(r"[a-z]{1,2}[A-Z]", word):
        return False
    marks = stop[0].rstrip(QUOTES + "*_")
    if marks != ".":
        suspended = marks.endswith(("..", "…")) and word.split("'")[0].split("’")[0] == "I"
        return not suspended
    if stop[0] != "." and stop[0][1] not in ")":
        return True
    written = _LAST_WORD.search(text[max(begin, stop.start() - 40) : stop.start()])
    before = written[0] if written else ""
    if _MARKER.fullmatch(text[begin : stop.start() + 1].lstrip()[:8]):
        return stop.start() - begin > 12
    return not _goes_on(before, word)


def _goes_on(before: str, word: str) -> bool:
    """Whether a full stop after `before` belongs to it alone, `word` being the next."""
    short = before.lower()
    starts = word.lower().split("'")[0].split("’")[0] in STARTERS
    if short in NEVER_LAST:
        return True
    if short in BEFORE_A_NUMBER:
        return word[:1].isdigit()
    initial = len(before) == 1 and before.isupper()
    dotted = re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", before) is not None
    if short in ("a.m", "p.m"):
        return not starts and word.lower() not in ("", *STARTERS) and word.isupper()
    if initial or dotted or short in RARELY_LAST:
        return not starts
    return False


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentence, or pieces of it of LONGEST characters at most."""
    while end - start > LONGEST:
        half = start + LONGEST // 2
        window = text[half : start + LONGEST]
        soft = [m.end() for m in _SOFT_END.finditer(window)]
        space = window.rfind(" ") + 1
        cut = half + (soft[-1] if soft else space if space else len(window))
        yield start, cut
        start = cut
    yield start, end
