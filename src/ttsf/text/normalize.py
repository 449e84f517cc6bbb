"""Sec. 3.3, before the phonemes: written English to words (numbers, money, dates, titles)."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ttsf.text.accents.languages import Language, spelled
from ttsf.text.english.abbreviations import ABBREVIATIONS
from ttsf.text.english.addresses import ADDRESSES
from ttsf.text.english.amounts import AMOUNTS
from ttsf.text.english.calendar import CALENDAR
from ttsf.text.english.fields.chat import CHAT_RULES
from ttsf.text.english.fields.code import CODE, CODE_NUMBERS
from ttsf.text.english.fields.markets import MARKETS
from ttsf.text.english.fields.money import MONEY
from ttsf.text.english.fields.science import FORMULAS, SCIENCE
from ttsf.text.english.fields.scores import SCORES
from ttsf.text.english.layout import plain
from ttsf.text.english.letters import LETTERS
from ttsf.text.english.marks.scripts import shown, without_foreign
from ttsf.text.english.numbers import DECADES, NUMBERS
from ttsf.text.english.signs import SIGN_RULES, WORDS
from ttsf.text.english.tokens import Scanner, Token
from ttsf.text.english.trace import Traced
from ttsf.text.markup.sentences import QUOTES, sentences

_SCANNER = Scanner(
    (*FORMULAS, *CODE, *ADDRESSES, *CHAT_RULES, *WORDS, *MARKETS, *SCORES, *CALENDAR, *DECADES,
     *SCIENCE, *MONEY, *AMOUNTS, *ABBREVIATIONS, *LETTERS, *CODE_NUMBERS, *NUMBERS, *SIGN_RULES)
)  # fmt: skip
_TIDY = (
    (re.compile(r"\s++"), " "),
    (re.compile(r"(?<=[^\W_])-(?=\s)|(?<=\s)-(?=[^\W_])"), " "),
    (re.compile(r" (?=[,.;:!?])"), ""),
    (re.compile(r"([,;])(?: ?[,;])++"), ","),
    (re.compile(r"(?<=[.!?]) ?,(?=\s)"), ""),
    (re.compile(r" {2,}+"), " "),
)
_LIST_NUMBER = re.compile(r"(?:^|:\s)\d{1,3}(?:\.\d{1,3}){0,3}$")
_PIECE = re.compile(r"\S++")
_STOPS = ".!?…"


class Reading(NamedTuple):
    """The spoken words of a sentence, and the part of the text that each comes from."""

    text: str
    """Spoken words and punctuation."""
    places: tuple[tuple[int, int], ...]
    """For each white-space separated piece of `text`, its range [start, end) in the given text."""
    written: tuple[str, ...]
    """For each piece, the given text in its range, without markup."""
    ends: bool = True
    """False if the sentence was cut because it was too long."""
    stops: bool = False
    """Whether the sentence ends with a stop."""


class Cleaned:
    """A text with markup removed and signs simplified, and its sentences."""

    def __init__(
        self, text: str, language: Language | None = None, read_code: bool = False
    ) -> None:
        """language: None for English; read_code: read blocks of code instead of announcing them."""
        self._given, self._language = text, language
        cleaned, silent = plain(text, read_code)
        script = language.script if language else "LATIN"
        self._plain, self.foreign = without_foreign(cleaned, script)
        self.silent = (*silent, *map(shown, self.foreign))

    @property
    def text(self) -> str:
        """The cleaned text: one line for each paragraph, heading, list item and table row."""
        return self._plain.text

    def sentences(self) -> Iterator[Reading]:
        """Yield the sentences in spoken form, each computed on demand."""
        return _sentences(self._given, self._plain, self._language)


def clean(text: str) -> str:
    """Remove markup, apply NFKC, and replace typographic quotes and dashes by plain ones."""
    return plain(text)[0].text


def spell_out(text: str) -> str:
    """Write every number, sign and abbreviation of a cleaned English text as words."""
    return " ".join(reading.text for reading in _sentences(text, Traced.of(text), None))


def joined(readings: Iterable[Reading]) -> Reading:
    """Concatenate sentences into one."""
    found = list(readings)
    return Reading(
        " ".join(reading.text for reading in found),
        tuple(place for reading in found for place in reading.places),
        tuple(written for reading in found for written in reading.written),
    )


def _sentences(given: str, plain: Traced, language: Language | None) -> Iterator[Reading]:
    """Yield the readings of the sentences of `given`, whose plain form is `plain`."""
    text, places = plain
    for start, end, ends in sentences(text):
        part = Traced(text[start:end], places[start:end])
        stops = part.text.rstrip(QUOTES)[-1:] in _STOPS
        spoken = spelled(part, language) if language else _spelled(part)
        last = end >= len(text.rstrip())
        if ends and (stops or not last) and spoken.text.rstrip(QUOTES)[-1:] not in _STOPS:
            spoken = _stopped(spoken)
        own = tuple(spoken.place(*piece.span()) for piece in _PIECE.finditer(spoken.text))
        written = {place: _written(given, plain, *place) for place in dict.fromkeys(own)}
        shown = tuple(written[place] for place in own)
        yield Reading(spoken.text, own, shown, ends, stops or not last)


def _written(given: str, plain: Traced, start: int, end: int) -> str:
    """Characters [start, end) of the text given, without markup and in its own signs."""
    shown, before = list[str](), (-1, -1)
    for k in range(bisect_left(plain.places, (start, start)), len(plain.places)):
        here = plain.places[k]
        if here[0] >= end:
            break
        raw = given[slice(*here)]
        if "\n" in raw and plain.text[k] in ",\n ":
            shown.append(" ")
        elif len(raw) > 2 or "\n" in raw or raw.strip() == "|":
            shown.append(plain.text[k])
        elif here != before:
            shown.append(raw)
        before = here
    return " ".join("".join(shown).split())


def _stopped(spoken: Traced) -> Traced:
    """End with a full stop, unless what it ends with can stand in its place."""
    bare = spoken.text.rstrip(",;:-— ")
    here = spoken.place(len(bare) - 1, len(bare)) if bare else (0, 0)
    places = [*spoken.places[: len(bare)], here]
    return Traced(f"{bare}.", places)


def _spelled(sentence: Traced) -> Traced:
    parts = list[tuple[str, tuple[int, int]]]()
    spoken = False
    for token in _SCANNER.tokens(sentence.text):
        place = sentence.place(token.start, token.end)
        if token.kind == "plain":
            words = _within(token, sentence.text) if token.words == "." else token.words
            if words == "-" and spoken and sentence.text[token.end : token.end + 1].isalpha():
                words = " "
            if spoken and words[:1].isalnum():
                parts.append((" ", (place[0], place[0])))
            parts.append((words, place))
        else:
            opened = not parts or _opened(sentence.text, token.start)
            parts.append((token.words if opened else f" {token.words}", place))
        spoken = token.kind != "plain"
    text = Traced.join(parts)
    for pattern, put in _TIDY:
        text = text.sub(pattern, put)
    return text.strip()


def _opened(text: str, start: int) -> bool:
    """Whether a quote or bracket before the word that starts here belongs to it."""
    return text[start - 1 : start] in tuple("\"(['$") and text[max(0, start - 2) : start - 1] in (
        "", " "
    )  # fmt: skip


def _within(stop: Token, text: str) -> str:
    """Drop full stops within a sentence: those of unknown abbreviations."""
    start, end = stop.start, stop.end
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if not text[end : end + 12].strip(QUOTES) or before == "." or after == ".":
        return "."
    if after == " " and _LIST_NUMBER.search(text[max(0, start - 12) : start]):
        return "."
    if after in ('"', "'"):
        return ","
    if after.isspace() or after in tuple(")],;:-!?"):
        return ""
    joined = before.islower() and after.isupper() and text[end + 1 : end + 2].islower()
    return "." if joined else " "
