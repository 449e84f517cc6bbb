"""Find and remove letters of scripts that cannot be read."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from ttsf.text.english.trace import Traced

_READ = ("LATIN", "MODIFIER")
_MOST_GREEK = 2
"""Most Greek letters in a row that count as signs, as in mathematics; more are a word."""
_SHOWN = 20
"""Letters of a word that are shown in a warning."""
_HIDDEN = "\ue000"
"""Stands for a letter that is left out; at that stage a user's text contains no such character."""
_LEFT_OUT = re.compile(
    f' ?(?:[(\\[]\\s*+(?:{_HIDDEN}++[\\s,;:!?-]*+)++[)\\]]|"{_HIDDEN}++"|{_HIDDEN}++)(?=(.)?)'
)


@lru_cache(maxsize=4096)
def script_of(c: str) -> str:
    """Return the script of a letter, such as 'LATIN', 'GREEK' or 'CJK'; '' for other characters."""
    if c.isascii() or not unicodedata.category(c).startswith("L"):
        return ""
    return unicodedata.name(c, "UNKNOWN").split()[0]


def without_foreign(traced: Traced, known: str) -> tuple[Traced, tuple[str, ...]]:
    """Remove words in scripts that cannot be read; also return these words.

    known: script of the language. One or two Greek letters in a row stay: they are read by name.
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
    """Return the gap that replaces what is left out: no space before a sign that follows."""
    before = match.string[match.start() - 1 : match.start()]
    return "" if before.isalnum() and (match[1] or " ") in ",.;:!?" else " "


def foreign_words(text: str, known: str) -> Iterator[tuple[int, int]]:
    """Yield [start, end) of each run of letters, with vowel signs, whose script cannot be read."""
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
    """Shorten a word for quoting in a warning."""
    return word if len(word) <= _SHOWN else f"{word[: _SHOWN - 1]}…"
