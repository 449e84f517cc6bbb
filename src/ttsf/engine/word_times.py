"""Times of an utterance's words and phones, from the durations of its symbols."""

# ruff: noqa: RUF001 (the letters of IPA look like others)

from collections.abc import Iterator, Sequence
from itertools import accumulate

from ttsf.symbols import BLANK, PUNCTUATION, SYMBOLS
from ttsf.text.front_end import Utterance
from ttsf.timings.words import Mark, Phone, Word, WordTimes

_STRESS = "ˈˌ"
_ADDED = "ːˑʰʲʷʼ̩̃ˠˤ˞"
"""Symbols that modify the phone before them."""
_PAIRS = frozenset(("aɪ", "aʊ", "eɪ", "oʊ", "əʊ", "ɔɪ", "tʃ", "dʒ"))
"""Phones written with two symbols."""


def word_times(
    utterance: Utterance, durations: Sequence[int], start_s: float, hop_s: float
) -> WordTimes:
    """Return words, phones and marks; durations: frames of `hop_s` seconds per symbol id."""
    ends = [start_s + hop_s * frames for frames in accumulate(durations, initial=0)]
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
