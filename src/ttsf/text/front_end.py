"""Sec. 3.3: text to the symbol ids that E_t embeds (e_t); punctuation is kept as symbols."""

# ruff: noqa: RUF001

import logging
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from ttsf.config import SpeechConfig
from ttsf.errors import TtsfError
from ttsf.symbols import BLANK, PUNCTUATION, SYMBOL_ID, SYMBOLS
from ttsf.text.accents.languages import Language, guess
from ttsf.text.english.fields.science import greek_name
from ttsf.text.english.marks.scripts import script_of
from ttsf.text.markup.brackets import read_script
from ttsf.text.markup.lexicon import Lexicon
from ttsf.text.markup.marked_text import Run, SourceMap, Stretch
from ttsf.text.markup.sentences import cuts
from ttsf.text.normalize import Cleaned, Reading, joined
from ttsf.text.phonemes import sounds

__all__ = ["SYMBOLS", "TextFrontEnd", "Utterance"]

LONGEST = 220
"""Letters of a sentence before a cut: about 250 symbols (1.12 each in the transcripts)."""
_GREEK_SIGN = re.compile("[\u0370-\u03ff]")
_BEFORE_STOP = re.compile(r"(?<!\s)\s++(?=[,.;:!?])")
_NAMED = 20
"""Maximum number of signs and words that a warning names."""
STOPS = ".!?…"
NO_LETTERS = "nothing to say: the text holds no letters or digits"
NO_SOUND = "nothing to say: the text contains nothing pronounceable"
Symbols = tuple[list[int], list[tuple[int, int]]]
logger = logging.getLogger("ttsf")


class NothingToSay(TtsfError):
    """The text contains nothing pronounceable."""


def _name_greek_signs(text: str) -> str:
    """Greek letters, as in mathematics, become their English names."""
    named = _GREEK_SIGN.sub(lambda m: f" {greek_name(m[0])} ", text)
    return " ".join(_BEFORE_STOP.sub("", named).split())


def _refuse_surrogates(text: str) -> None:
    if re.search("[\ud800-\udfff]", text):
        raise TtsfError("the text is not valid UTF-8")


class Utterance(NamedTuple):
    """Text that the model speaks in one pass, and the part of the user's text for each word.

    Words are separated by the spaces of the normalised text, and include their punctuation: "7:30"
    gives two, "seven" and "thirty"; "well-known" is one. A lone dash belongs to the word before it,
    and is dropped at the start of the text.
    """

    text: str
    """The user's text; with markup, the part that belongs to this utterance."""
    words: tuple[str, ...]
    """Spoken form of each word."""
    ids: list[int]
    """Indices in SYMBOLS, [L], with the blanks that the model's configuration asks for.

    Empty for a pause before the first word.
    """
    spans: tuple[tuple[int, int], ...]
    """Range [start, end) of `ids` for each word; ascending, without overlap.

    Pauses belong to no word. A blank belongs to the symbol before it, so one after a pause is
    silent too.
    """
    places: tuple[tuple[int, int], ...]
    """Range [start, end) of the user's text for each word."""
    written: tuple[str, ...]
    """The user's text in that range, without markup, for each word."""
    pause_s: float = 0.0
    """Pause requested by the user after the utterance; 0 leaves it to the engine."""
    rate: float = 1.0
    """Speaking rate set by the markup, a factor."""
    marks: tuple[tuple[str, int], ...] = ()
    """SSML marks: name, and the index of the word that follows."""
    ends_sentence: bool = True
    """False if the sentence continues in the next utterance."""


class _Word(NamedTuple):
    """A spoken word of a sentence."""

    text: str
    start: int
    """Its first character in the text, or in the stretch that the sentence is part of."""
    end: int
    written: str
    """The user's text at this place, without markup."""
    ipa: str = ""
    """Its symbols if the user gives them, else empty."""


class TextFrontEnd:
    """Converts text to words, IPA and symbol ids, for the language of `config`.

    other: language of the texts if it is a different one; they are read with the accent of a voice
    that knows only the model's language. read_code: read blocks of code instead of announcing them.
    """

    def __init__(
        self, config: SpeechConfig, other: Language | None = None, read_code: bool = False
    ) -> None:
        self.other, self.add_blank, self.read_code = other, config.add_blank, read_code
        self.first_blank = config.first_blank and not config.add_blank
        self.language = other.voice if other else config.language

    def normalize(self, text: str) -> str:
        """Return the spoken words and punctuation.

        Raises TtsfError if there are no words, or letters of another script.
        """
        return " ".join(word.text for word in self._read(text))

    def ids(self, text: str) -> list[int]:
        """Return only the ids of `utterance`."""
        ids, _ = self._symbols(self._read(text), ends=True)
        if not ids:
            raise NothingToSay(NO_SOUND)
        return ids

    def utterance(self, text: str) -> Utterance:
        """Read a text without markup, of any length, as one utterance.

        Symbols are IPA with stress marks, and the pauses , . ; : ! ? — …. Raises TtsfError like
        `normalize`, and for unpronounceable words.
        """
        places = SourceMap((Run(text, 0, len(text)),))
        utterance = self._utterance(places, self._read(text), ends=True)
        if utterance is None:
            raise NothingToSay(NO_SOUND)
        return utterance._replace(text=text)

    def utterances(
        self,
        text: str,
        lexicon: Mapping[str, str] | None = None,
        warn: Callable[[str], None] = logger.warning,
        ends: bool = True,
    ) -> Iterator[Utterance]:
        """Return an iterator over the utterances of a text with markup, each computed on demand.

        lexicon: IPA by word, see `read_lexicon`; warn: receives a sentence about each kind of
        ignored markup; ends: False if the last sentence continues in another text. Raises
        TtsfError at once for invalid markup, and for a text without digits or readable letters;
        the iterator raises it at the end if no word was pronounceable.
        """
        _refuse_surrogates(text)
        script, own = read_script(text), Lexicon(lexicon or {})
        stretches = script.stretches
        if stretches and not ends:
            stretches = (*stretches[:-1], stretches[-1]._replace(ends=False))
        parts = [_Part(stretch, own, self.other, self.read_code) for stretch in stretches]
        if not any(c.isalnum() for part in parts for c in part.cleaned.text):
            for part in parts:
                self._refuse_scripts(part.cleaned, 1)
            raise NothingToSay(NO_LETTERS)
        for warning in (*script.warnings, *self._doubts(parts)):
            warn(warning)
        return self._utterances(parts)

    def _utterances(self, parts: Sequence["_Part"]) -> Iterator[Utterance]:
        silent = True
        for part in parts:
            for utterance in self._of_part(part):
                silent = silent and not utterance.ids
                yield utterance
        if silent:
            raise NothingToSay(NO_SOUND)

    def _of_part(self, part: "_Part") -> Iterator[Utterance]:
        """The utterances of a part: the last gets its pause, marks go to their sentences."""
        stretch, done, empty = part.stretch, 0, True
        offsets = [offset for _, offset in stretch.marks]
        for reading, last in _with_last(part.cleaned.sentences()):
            words = part.words(reading)
            if not words:
                continue
            empty = False
            before = len(offsets) if last else bisect_left(offsets, words[-1].end)
            own, done = stretch.marks[done:before], before
            ends = reading.ends and (not last or stretch.ends or reading.stops)
            begins = [0, *cuts([word.text for word in words], LONGEST), len(words)]
            for begin, end in pairwise(begins):
                complete = end == len(words)
                utterance = self._utterance(part.places, words[begin:end], complete and ends)
                if complete and last:
                    utterance = (utterance or _silence(stretch))._replace(pause_s=stretch.pause_s)
                if utterance is not None:
                    yield utterance._replace(
                        rate=stretch.rate, marks=_marks(own, words, begin, end)
                    )
        if empty:
            yield _silence(stretch)

    def _doubts(self, parts: Sequence["_Part"]) -> Iterator[str]:
        """Yield warnings about parts of a text that will be left out or misread."""
        left_out = list(dict.fromkeys(sign for part in parts for sign in part.cleaned.silent))
        if left_out:
            more = " …" if len(left_out) > _NAMED else ""
            yield f"left out, for there is no way to say it: {' '.join(left_out[:_NAMED])}{more}"
        text = " ".join(part.cleaned.text for part in parts)
        if self.other:
            yield f"{self.other.name} is read with the accent of a voice that knows English alone"
        elif self.language.startswith("en") and (language := guess(text)):
            yield f"the text looks {language.name} and is read as English"

    def _refuse_scripts(self, cleaned: Cleaned, shortest: int) -> None:
        """Raises TtsfError for a word of a foreign script with `shortest` letters or more."""
        for word in cleaned.foreign:
            if len(word) >= shortest:
                name = script_of(word[0])
                script = {"CJK": "Han", "FULLWIDTH": "full-width"}.get(name, name.capitalize())
                voice = f"this voice speaks {self.language}"
                raise TtsfError(f"{voice} and cannot read {script} letters ('{word[0]}')")

    def _read(self, text: str) -> list[_Word]:
        """The words of a plain text, however long it is."""
        _refuse_surrogates(text)
        cleaned = Cleaned(text, self.other, self.read_code)
        self._refuse_scripts(cleaned, 2)
        words = _words(joined(cleaned.sentences()))
        if not words:
            raise NothingToSay(NO_LETTERS)
        return words

    def _utterance(self, places: SourceMap, words: Sequence[_Word], ends: bool) -> Utterance | None:
        """Make an utterance; None for words that have no sound."""
        ids, spans = self._symbols(words, ends)
        if not ids:
            return None
        return Utterance(
            places.text[words[0].start : words[-1].end],
            tuple(word.text for word in words),
            ids,
            tuple(spans),
            tuple(places.of(word.start, word.end) for word in words),
            tuple(word.written for word in words),
            ends_sentence=ends,
        )

    def _symbols(self, words: Sequence[_Word], ends: bool) -> Symbols:
        """The ids of a text, and the range of each word in them; empty if it has no sound."""
        given = {k: word.ipa for k, word in enumerate(words) if word.ipa}
        spoken, spans = sounds([word.text for word in words], given, self.language)
        if not spoken.strip(PUNCTUATION):
            return [], []
        if spoken[-1] not in STOPS:
            spoken = spoken.rstrip(PUNCTUATION) + ("." if ends else ",")
        spans = [(min(start, len(spoken)), min(end, len(spoken))) for start, end in spans]
        ids = [SYMBOL_ID[symbol] for symbol in spoken]
        if self.add_blank:
            blank = SYMBOL_ID[BLANK]
            ids = [blank if k % 2 == 0 else ids[k // 2] for k in range(2 * len(ids) + 1)]
            spans = [(2 * start + 1, 2 * end + 1) for start, end in spans]
        if self.first_blank:
            ids = [SYMBOL_ID[BLANK], *ids]
            spans = [(start + 1, end + 1) for start, end in spans]
        return ids, spans


class _Part:
    """A stretch of a text, cleaned, with the pronunciations given for its words."""

    def __init__(
        self, stretch: Stretch, lexicon: Lexicon, other: Language | None, read_code: bool
    ) -> None:
        self.stretch, self.places = stretch, SourceMap(stretch.runs)
        text = self.places.text
        self._given = lexicon.given(text, self.places.given(0, len(text)), 0)
        apart = list(text)
        for first, last, _ in self._given:  # "Ann-like" is then two words
            for k in (first - 1, last):
                if 0 <= k < len(text) and text[k] in "-–/":
                    apart[k] = " "
            for k in range(first, last):  # whatever they are, their sound is known
                apart[k] = "x" if script_of(text[k]) not in ("", "LATIN") else text[k]
        self.cleaned = Cleaned("".join(apart), other, read_code)

    def words(self, reading: Reading) -> list[_Word]:
        """The spoken words of a sentence; a word with a given pronunciation is not divided."""
        words, previous = list[_Word](), -1
        for word in _words(reading):
            k = bisect_right(self._given, word.start, key=lambda item: item[1])
            inside = k < len(self._given) and self._given[k][0] < word.end
            if inside and k == previous:
                word = word._replace(start=words.pop().start)
            if inside:
                text = " ".join(self.places.text[word.start : word.end].split())
                word = word._replace(text=text, written=text, ipa=self._given[k][2])
            words.append(word)
            previous = k if inside else -1
        return words


def _words(reading: Reading) -> list[_Word]:
    """The spoken words of a reading; a piece without letter or digit joins the word before."""
    words = list[_Word]()
    pieces = zip(reading.text.split(), reading.places, reading.written, strict=True)
    for piece, (start, end), written in pieces:
        if any(c.isalnum() for c in piece):
            words.append(_Word(_name_greek_signs(piece), start, end, written))
        elif words:
            last = words[-1]
            both = last.written if last.start == start else f"{last.written} {written}".strip()
            words[-1] = last._replace(text=f"{last.text} {piece}", end=end, written=both)
    for k in range(len(words) - 1, 0, -1):  # "1984?" is the place of both of its words
        if words[k - 1].start == words[k].start:
            words[k - 1] = words[k - 1]._replace(end=words[k].end, written=words[k].written)
    return words


def _with_last(readings: Iterator[Reading]) -> Iterator[tuple[Reading, bool]]:
    """Yield each item, and whether it is the last."""
    waiting: Reading | None = None
    for reading in readings:
        if waiting:
            yield waiting, False
        waiting = reading
    if waiting:
        yield waiting, True


def _silence(stretch: Stretch) -> Utterance:
    marks = tuple((name, 0) for name, _ in stretch.marks)
    return Utterance("", (), [], (), (), (), stretch.pause_s, stretch.rate, marks, stretch.ends)


def _marks(
    marks: Sequence[tuple[str, int]], words: Sequence[_Word], begin: int, end: int
) -> tuple[tuple[str, int], ...]:
    """Return the marks of a sentence that lie in its words [begin, end)."""
    starts = [word.start for word in words]
    found = [(name, bisect_left(starts, at)) for name, at in marks]
    complete = end == len(words)
    return tuple((name, k - begin) for name, k in found if begin <= k and (k < end or complete))
