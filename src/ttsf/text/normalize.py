"""Sec. 3.3, before the phonemes: written English to words (numbers, money, dates, titles)."""

import re
from typing import NamedTuple

from ttsf.text.accents.languages import Language, spelled
from ttsf.text.english.abbreviations import ABBREVIATIONS
from ttsf.text.english.addresses import ADDRESSES
from ttsf.text.english.amounts import AMOUNTS
from ttsf.text.english.calendar import CALENDAR
from ttsf.text.english.layout import plain
from ttsf.text.english.letters import LETTERS
from ttsf.text.english.numbers import DECADES, NUMBERS
from ttsf.text.english.signs import SIGN_RULES, WORDS
from ttsf.text.english.tokens import Scanner
from ttsf.text.english.trace import Traced

_SCANNER = Scanner(
    (*ADDRESSES, *WORDS, *CALENDAR, *DECADES, *AMOUNTS, *ABBREVIATIONS, *LETTERS, *NUMBERS,
     *SIGN_RULES)
)  # fmt: skip
_TIDY = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"(?<=[^\W_])-(?=\s)|(?<=\s)-(?=[^\W_])"), " "),
    (re.compile(r" (?=[,.;:!?])"), ""),
    (re.compile(r"([,;])(?: ?[,;])+"), ","),
    (re.compile(r"(?<=[.!?]) ?,(?=\s)"), ""),
    (re.compile(r" {2,}"), " "),
)
_OPENED = re.compile(r"(?:^|\s)[\"(\['$]$")
"""A quote or bracket that the next word belongs to."""


class Reading(NamedTuple):
    """What is said for a text, and where it stands in it."""

    text: str
    """Words and punctuation; a full stop in it ends a sentence."""
    places: tuple[tuple[int, int], ...]
    """For each piece of `text` between white space, characters [start, end) of the text given."""


def clean(text: str) -> str:
    """A text without markup, on one line, in NFKC, with plain quotes and dashes."""
    return plain(text)[0].text


def spell_out(text: str) -> str:
    """Cleaned English text with every number, sign and abbreviation written as words."""
    return _spelled(Traced.of(text)).text


def read(text: str, language: Language | None = None) -> Reading:
    """`spell_out(clean(text))`, and the places of its pieces; language: another than English."""
    cleaned, _ = plain(text)
    spoken = spelled(cleaned, language) if language else _spelled(cleaned)
    places = tuple(spoken.place(*piece.span()) for piece in re.finditer(r"\S+", spoken.text))
    return Reading(spoken.text, places)


def silent(text: str) -> tuple[str, ...]:
    """Signs of a text that are left out, such as pictures."""
    return plain(text)[1]


def _spelled(cleaned: Traced) -> Traced:
    parts = list[tuple[str, tuple[int, int]]]()
    spoken = False
    for token in _SCANNER.tokens(cleaned.text):
        place = cleaned.place(token.start, token.end)
        if token.kind == "plain":
            if spoken and token.words[0].isalnum():
                parts.append((" ", (place[0], place[0])))
            parts.append((token.words, place))
        else:
            opened = not parts or _OPENED.search(cleaned.text, max(0, token.start - 2), token.start)
            parts.append((token.words if opened else f" {token.words}", place))
        spoken = token.kind != "plain"
    text = Traced.join(parts)
    for pattern, put in _TIDY:
        text = text.sub(pattern, put)
    return text.strip()
