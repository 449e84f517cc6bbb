"""Letters of other scripts: which a text has, and lone ones that are left out."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from ttsf.text.english.trace import Traced

_READ = ("LATIN", "MODIFIER")
_MOST_GREEK = 2
"""Greek letters in a row that are signs, as in mathematics; more are a word."""


@lru_cache(maxsize=4096)
def script_of(c: str) -> str:
    """'LATIN', 'GREEK', 'CJK', ... of a letter; '' for what is none."""
    if c.isascii() or not unicodedata.category(c).startswith("L"):
        return ""
    return unicodedata.name(c, "UNKNOWN").split()[0]


def without_lone_letters(traced: Traced, known: str) -> tuple[Traced, tuple[str, ...]]:
    """A text without the lone letters of scripts that are not read, and those letters.

    known: the script of the language. Greek letters stay: they are named.
    """
    lone = {k for start, end, script in foreign_words(traced.text, known)
            for k in range(start, end) if end - start == 1 and script != "GREEK"}  # fmt: skip
    if not lone:
        return traced, ()
    text = "".join(" " if k in lone else c for k, c in enumerate(traced.text))
    return Traced(text, traced.places), tuple(dict.fromkeys(traced.text[k] for k in sorted(lone)))


def foreign_words(text: str, known: str) -> Iterator[tuple[int, int, str]]:
    """Runs [start, end) of letters of a script that is not read, and the script."""
    start, script = 0, ""
    for k, c in enumerate((*text, " ")):
        here = script_of(c)
        here = "" if here in (*_READ, known) else here
        if here != script:
            if script:
                yield start, k, script
            start, script = k, here


def unreadable(text: str, known: str) -> tuple[str, str] | None:
    """The script of a word that cannot be read, and its first letter."""
    for start, end, script in foreign_words(text, known):
        if end - start > (_MOST_GREEK if script == "GREEK" else 1):
            return script, text[start]
    return None
