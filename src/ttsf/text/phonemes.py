"""Sec. 3.3: words to the model's symbols, and which symbols belong to which word."""

import re
from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from ttsf.symbols import BLANK, PUNCTUATION, SYMBOL_ID
from ttsf.text.phonemizer import NONE_GIVEN, phonemize

_CLAUSE = re.compile(r"[;:,.!?—…]+|[^;:,.!?—…]+")
_DASH = re.compile(r"(?<!\s)\s++-++\s++|--+")
_TOKEN = re.compile(r"\S+")
_PAUSES = str.maketrans({"(": ",", ")": ",", "[": ",", "]": ",", '"': " ", "«": " ", "»": " "})


class Sounds(NamedTuple):
    """The symbols of a text, including pauses, and the range of each word in them."""

    symbols: str
    spans: list[tuple[int, int]]
    """Range [start, end) of `symbols` for each word."""


class _Piece(NamedTuple):
    """A written word, or a part of one with punctuation inside."""

    text: str
    start: int
    """Its first character in its clause."""
    end: int
    word: int
    """Which word it belongs to."""


def sounds(words: Sequence[str], given: Mapping[int, str], language: str) -> Sounds:
    """Convert words, each with a letter or digit, to symbols.

    given: IPA of some words, by their index. Raises TtsfError for an unknown language.
    """
    text = " ".join(_core_hidden(word) if k in given else word for k, word in enumerate(words))
    begins = list(accumulate((len(word) + 1 for word in words[:-1]), initial=0))
    marked = _DASH.sub(lambda dash: "—".center(len(dash[0])), text).translate(_PAUSES)
    symbols, sentence = "", 0
    found: dict[int, tuple[int, int]] = {}
    for clause in _CLAUSE.finditer(marked):
        if clause[0][0] in PUNCTUATION.strip():
            symbols += clause[0][0] if symbols and symbols[-1] not in PUNCTUATION else ""
            sentence = clause.end() if clause[0][0] in ".!?" else sentence
            continue
        pieces = [
            _Piece(m[0], m.start(), m.end(), bisect(begins, clause.start() + m.start()) - 1)
            for m in _TOKEN.finditer(clause[0])
            if any(c.isalnum() for c in m[0])
        ]
        known = {p.start + _first_letter(p.text): given[p.word] for p in pieces if p.word in given}
        sound = _spoken(clause[0], language, marked[sentence : clause.start()], known)
        own = [given.get(piece.word) for piece in pieces]
        symbols += " " if symbols and sound else ""
        for piece, (a, b) in zip(pieces, _shares(pieces, sound, own, language), strict=True):
            begin, _ = found.get(piece.word, (len(symbols) + a, 0))
            found[piece.word] = begin, len(symbols) + b
        symbols += sound
    return Sounds(symbols, [found[k] for k in range(len(words))])


def _core_hidden(word: str) -> str:
    """Hide the signs of a word with a given pronunciation, except pauses around it."""
    first = _first_letter(word)
    last = max(k for k, c in enumerate(word) if c.isalnum()) + 1
    before, after = (
        "".join(c if c in PUNCTUATION or ord(c) in _PAUSES else " " for c in part)
        for part in (word[:first], word[last:])
    )
    return before + "x" * (last - first) + after


def _first_letter(word: str) -> int:
    return next(k for k, c in enumerate(word) if c.isalnum())


def _spoken(
    text: str, language: str, before: str = "", given: Mapping[int, str] = NONE_GIVEN
) -> str:
    spoken = phonemize(text, language, before, given)
    return "".join(c for c in spoken if c in SYMBOL_ID and c != BLANK)


def _shares(
    pieces: Sequence[_Piece], sound: str, given: Sequence[str | None], language: str
) -> list[tuple[int, int]]:
    """Start and end of each piece in the sound of them all.

    espeak separates words by spaces, but joins some ("of the" is "ʌvðə") and divides others
    ("II" is "roman two"). If the counts differ, each piece is also converted on its own, and
    the edges between them are transferred by the cheapest edit.
    """
    found = [word.span() for word in _TOKEN.finditer(sound)]
    if len(found) == len(pieces):
        return found
    alone = [own or _spoken(piece.text, language) for piece, own in zip(pieces, given, strict=True)]
    place = _edit_places(" ".join(alone), sound)
    starts = accumulate((len(one) + 1 for one in alone[:-1]), initial=0)
    return [(place[a], place[a + len(one)]) for a, one in zip(starts, alone, strict=True)]


def _edit_places(old: str, new: str) -> list[int]:
    """Where each place between the symbols of `old`, ends included, is in `new` (Levenshtein).

    A space is never exchanged for a symbol.
    """
    costs = [list(range(len(new) + 1))]
    for i, a in enumerate(old):
        row = [i + 1]
        for j, b in enumerate(new):
            exchanged = costs[i][j] + (a != b) + (a != b and " " in (a, b))
            row.append(min(exchanged, costs[i][j + 1] + 1, row[j] + 1))
        costs.append(row)
    i, j = len(old), len(new)
    places = [j]
    while i:
        cost = costs[i][j]
        if cost == costs[i - 1][j] + 1:
            i -= 1
        elif j and cost == costs[i][j - 1] + 1:
            j -= 1
            continue
        else:
            i, j = i - 1, j - 1
        places.append(j)
    return places[::-1]
