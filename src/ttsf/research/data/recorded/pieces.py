"""Sec. 4.1, open data: insert commas at pauses, and cut recordings into training pieces."""

import re
from itertools import pairwise
from typing import NamedTuple

from ttsf.config import SAMPLE_RATE
from ttsf.research.data.speech.alignment import Phone

COMMA_S = 0.12
"""Pause that becomes a comma in a transcript without punctuation, s."""
CUT_S = 0.08
"""Minimum pause for a cut, s."""
EDGE_S = 0.06
"""Silence kept on either side of a cut, s."""
ENDS_S = 0.1
"""Sound kept before the first and after the last phone, s."""


class Piece(NamedTuple):
    """A piece of a recording."""

    start: int
    """First sample."""
    end: int
    words: str | None
    phones: list[Phone] | None
    """Phones, with times from the start of the piece."""


def small_letters(transcript: str) -> str:
    """Lower-case a transcript that is all capitals, which would otherwise be spelled out."""
    return transcript.lower() if transcript.isupper() else transcript


def with_commas(words: str, phones: list[Phone]) -> str:
    """Insert a comma at each pause of COMMA_S if the words have no punctuation."""
    if re.search(r"[,.;:!?…—]", words):
        return words
    written = words.split()
    for phone, after in pairwise(phones):
        if after.word != phone.word and round(after.start_s - phone.end_s, 3) >= COMMA_S:
            written[phone.word] += ","
    return " ".join(written)


def cut_evenly(samples: int, longest_s: float) -> list[Piece]:
    """Cut speech without a text into equal pieces of at most `longest_s`."""
    count = -(-samples // int(longest_s * SAMPLE_RATE))
    edges = [samples * i // count for i in range(count + 1)]
    return [Piece(start, end, None, None) for start, end in pairwise(edges)]


def cut_in_pauses(samples: int, text: str, phones: list[Phone], longest_s: float) -> list[Piece]:
    """Halve speech at its widest pause between words until no piece is longer than `longest_s`.

    Pieces without such a pause stay longer. Sound more than ENDS_S before or after all phones is
    cut.
    """
    words = text.split()
    first_s = max(0.0, phones[0].start_s - ENDS_S)
    start, end = (round(s * SAMPLE_RATE) for s in (first_s, phones[-1].end_s + ENDS_S))
    open_pieces = [(start, min(end, samples), 0, len(words), _moved(phones, first_s))]
    pieces: list[Piece] = []
    while open_pieces:
        start, end, first, last, spoken = open_pieces.pop()
        length_s = (end - start) / SAMPLE_RATE
        cut = _widest_pause(spoken, length_s) if length_s > longest_s else None
        if cut is None:
            pieces.append(Piece(start, end, " ".join(words[first:last]), spoken))
            continue
        before, after = spoken[:cut], spoken[cut:]
        pause = (before[-1].end_s, after[0].start_s)
        stop_s = min(pause[0] + EDGE_S, sum(pause) / 2)
        begin_s = max(pause[1] - EDGE_S, sum(pause) / 2)
        stop, begin = (start + round(time * SAMPLE_RATE) for time in (stop_s, begin_s))
        word = after[0].word
        right = (begin, end, word, last, _moved(after, begin_s))
        open_pieces += [right, (start, stop, first, word, before)]
    return pieces


def _moved(phones: list[Phone], by_s: float) -> list[Phone]:
    """Shift phones to a piece that starts `by_s` later."""
    return [p._replace(start_s=p.start_s - by_s, end_s=p.end_s - by_s) for p in phones]


def _widest_pause(phones: list[Phone], length_s: float) -> int | None:
    """Return the index of the phone after the widest pause, preferably in the middle half."""
    best, found = (False, 0.0), None
    for i in range(1, len(phones)):
        gap = phones[i].start_s - phones[i - 1].end_s
        if phones[i].word == phones[i - 1].word or gap < CUT_S:
            continue
        inner = length_s / 4 <= phones[i].start_s <= 3 * length_s / 4
        if (inner, gap) > best:
            best, found = (inner, gap), i
    return found
