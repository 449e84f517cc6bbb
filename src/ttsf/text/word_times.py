"""Times of an utterance's words and phones, from the durations of its symbols."""

# ruff: noqa: RUF001 (the letters of IPA look like others)

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from ttsf.symbols import BLANK, PUNCTUATION, SYMBOLS
from ttsf.text.front_end import Utterance
from ttsf.timings.words import Mark, Phone, Word, WordTimes

_STRESS = "ˈˌ"
_ADDED = "ːˑʰʲʷʼ̩̃ˠˤ˞"
"""Symbols that modify the phone before them."""
_PAIRS = frozenset(("aɪ", "aʊ", "eɪ", "oʊ", "əʊ", "ɔɪ", "tʃ", "dʒ"))
"""Phones written with two symbols."""
_MOST = 6
"""Frames of a blank or space that belong to the sound after it [measured]; more is a pause."""


def word_times(
    utterance: Utterance, durations: Sequence[int], start_s: float, hop_s: float
) -> WordTimes:
    """Return words, phones and marks; durations: frames of `hop_s` seconds per symbol id."""
    sounding = sounding_durations(utterance.ids, durations)
    ends = [start_s + hop_s * frames for frames in accumulate(sounding, initial=0)]
    words = tuple(
        Word(text, ends[first], ends[last], *place, written)
        for text, (first, last), place, written in zip(
            utterance.words, utterance.spans, utterance.places, utterance.written, strict=True
        )
    )
    phones = tuple(
        Phone(ipa, ends[first], ends[last])
        for span in utterance.spans
        for ipa, first, last in phones_in(utterance.ids, *span)
    )
    marks = tuple(
        Mark(name, words[k].start_s if k < len(words) else ends[-1]) for name, k in utterance.marks
    )
    return WordTimes(words, phones, marks)


def sounding_durations(ids: Sequence[int], durations: Sequence[int]) -> list[int]:
    """Return durations in which each sound takes the blank or the space between words before it.

    A model with blanks begins a sound in the blank before it: against a forced alignment with
    pocketsphinx, words would otherwise begin 60 ms late (median of 360).
    """
    symbols, found = [SYMBOLS[k] for k in ids], list(durations)
    for k, (symbol, after) in enumerate(pairwise(symbols)):
        if symbol == BLANK and after != BLANK:
            _give(found, k, k + 1)
    sounds = [k for k, symbol in enumerate(symbols) if symbol != BLANK]
    for before, k, following in zip(sounds, sounds[1:], sounds[2:], strict=False):
        if symbols[k] == " " and {symbols[before], symbols[following]}.isdisjoint(PUNCTUATION):
            _give(found, k, following)
    return found


def _give(durations: list[int], place: int, to: int) -> None:
    given = min(durations[place], _MOST)
    durations[place] -= given
    durations[to] += given


def phones_in(ids: Sequence[int], first: int, last: int) -> Iterator[tuple[str, int, int]]:
    """Yield the phones of ids [first, last) with their id ranges; blanks belong to the phone
    before."""
    ipa, begin = "", first
    for place in range(first, last):
        symbol = SYMBOLS[ids[place]]
        if symbol == BLANK:
            continue
        bare = ipa.lstrip(_STRESS)
        if symbol in PUNCTUATION or (bare and symbol not in _ADDED and bare + symbol not in _PAIRS):
            if bare:
                yield ipa, begin, place
            ipa, begin = "", place
        if symbol not in PUNCTUATION:
            begin = begin if ipa else place
            ipa += symbol
    if ipa.lstrip(_STRESS):
        yield ipa, begin, last
