"""Letters of other scripts: which a text has, and those that are left out."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from ttsf.text.english.trace import Traced

_READ = ("LATIN", "MODIFIER")
_MOST_GREEK = 2
"""Greek letters in a row that are signs, as in mathematics; more are a word."""
_SHOWN = 20
"""Letters of a word that are shown in a warning."""
_HIDDEN = "\ue000"
"""Stands for a letter that is left out; the text of a user holds none by then."""
_LEFT_OUT = re.compile(
    f' ?(?:[(\\[]\\s*+(?:{_HIDDEN}++[\\s,;:!?-]*+)++[)\\]]|"{_HIDDEN}++"|{_HIDDEN}++)(?=(.)?)'
)


@lru_cache(maxsize=4096)
def script_of(c: str) -> str:
    """'LATIN', 'GREEK', 'CJK', ... of a letter; '' for what is none."""
    if c.isascii() or not unicodedata.category(c).startswith("L"):
        return ""
    return unicodedata.name(c, "UNKNOWN").split()[0]


def without_foreign(traced: Traced, known: str) -> tuple[Traced, tuple[str, ...]]:
    """A text without the letters and words of scripts that are not read, and those words.

    known: the script of the language. One or two Greek letters stay: they are named.
    """
    signs, words = list(traced.text), list[str]()
    for start, end in foreign_words(traced.text, known):
        words.append(traced.text[start:end])
        signs[start:end] = _HIDDEN * (end - start)
    if not words:
        return traced, ()
    hidden = Traced("".join(signs), traced.places)
    return hidden.sub(_LEFT_OUT, _gap), tuple(dict.fromkeys(words))


def _gap(match: re.Match[str]) -> str:
    """No space between a word and the sign after what is left out."""
    before = match.string[match.start() - 1 : match.start()]
    return "" if before.isalnum() and (match[1] or " ") in ",.;:!?" else " "


def foreign_words(text: str, known: str) -> Iterator[tuple[int, int]]:
    """Runs [start, end) of letters of scripts that are not read, with their vowel signs."""
    start: int | None = None
    for k, c in enumerate((*text, " ")):
        script = script_of(c)
        foreign = script not in ("", *_READ, known)
        if start is None:
            start = k if foreign else None
        elif not foreign and not unicodedata.category(c).startswith("M"):
            if k - start > _MOST_GREEK or any(script_of(c) != "GREEK" for c in text[start:k]):
                yield start, k
            start = None


def shown(word: str) -> str:
    """A word as it is quoted in a warning."""
    return word if len(word) <= _SHOWN else f"{word[: _SHOWN - 1]}…"
