"""Sec. 4.1: phone times of speech whose text is known, by forced alignment with pocketsphinx.

The acoustic model and the dictionary of US English come inside its wheel (an extra, ttsf[data]).
Other words get espeak-ng's pronunciation. Each call uses a new decoder, since decoders adapt to
earlier input.
"""

import json
import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.config import SAMPLE_RATE, SpeechConfig
from ttsf.errors import TtsfError, needing
from ttsf.media.files import write_new
from ttsf.text.phonemizer import phonemize

FRAMES_PER_S = 100
FEWEST_SAMPLES = SAMPLE_RATE // 5
MISFIT = "the speech does not fit its text"
BEAM = 1e-80
"""Search beam; wide, since the words are known."""
# ruff: noqa: RUF001 (the letters of IPA look like others)
IPA = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "tʃ",
    "D": "d", "DH": "ð", "EH": "ɛ", "ER": "ɜ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h",
    "IH": "ɪ", "IY": "i", "JH": "dʒ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ",
    "OW": "oʊ", "OY": "ɔɪ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ",
    "UH": "ʊ", "UW": "u", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
}  # fmt: skip
"""Phones of the dictionary (ARPAbet) as symbols of `visemes.SHAPES`."""
PHONES = {symbols: phone for phone, symbols in IPA.items()} | {
    "ə": "AH", "ɐ": "AH", "ᵻ": "IH", "ɚ": "ER", "e": "EH", "o": "OW", "a": "AA", "ɒ": "AA",
    "ɾ": "T", "ʔ": "T", "x": "K", "r": "R",
}  # fmt: skip
"""The inverse mapping, with further symbols of espeak-ng's US English."""
_PHONE = re.compile("|".join(sorted(PHONES, key=len, reverse=True)))


class Phone(NamedTuple):
    """A phone and its time; there may be silence between phones."""

    symbols: str
    """IPA, one or two symbols of `visemes.SHAPES`."""
    start_s: float
    end_s: float
    word: int
    """Index of its word, as separated by spaces."""


def spoken_words(text: str) -> list[list[str]]:
    """Return the dictionary words of each space-separated word: "Well-known," -> well, known."""
    plain = text.lower().replace("’", "'")
    words = [re.findall(r"[^\W_]+(?:'[^\W_]+)*'?", word) for word in plain.split()]
    return [[part.removesuffix("'") for part in parts] for parts in words]


def align(samples: np.ndarray, words: str, least_likely: float = -math.inf) -> list[Phone]:
    """Align speech, float32 [N] at 16 kHz, with its text of normal words; return the phones.

    least_likely: minimum mean log-likelihood per 10 ms of phones; right texts have about -15, wrong
    ones about -65. Raises TtsfError if speech and words do not match, and without pocketsphinx.
    """
    decoder = _decoder()
    parts = spoken_words(words)
    flat = [(part, i) for i, group in enumerate(parts) for part in group]
    if not flat:
        raise TtsfError("no words to align")
    if len(samples) < FEWEST_SAMPLES:
        raise TtsfError("too short to be aligned")
    for word in sorted({word for word, _ in flat}):
        if decoder.lookup_word(word) is None:
            decoder.add_word(word, _phones_of(word), True)
    phones: list[Phone] = []
    heard, likely, frames = 0, 0, 0
    for name, times in _decode(decoder, samples, " ".join(word for word, _ in flat)):
        if name.startswith(("<", "[")):
            continue
        if heard == len(flat) or re.sub(r"\(\d+\)$", "", name) != flat[heard][0]:
            raise TtsfError(MISFIT)
        for phone, start, length, score in times:
            begin, end = start / FRAMES_PER_S, (start + length) / FRAMES_PER_S
            phones.append(Phone(IPA[phone], begin, end, flat[heard][1]))
            likely, frames = likely + score, frames + length
        heard += 1
    if heard < len(flat) or likely < least_likely * frames:
        raise TtsfError(MISFIT)
    return phones


def _phones_of(word: str) -> str:
    """Return a word's phones in dictionary notation; raises TtsfError if it has none."""
    spoken = phonemize(word, SpeechConfig().language).replace("ː", "")
    found = [PHONES[symbols] for symbols in _PHONE.findall(spoken)]
    if not found:
        raise TtsfError(f"no pronunciation is known for the word '{word}'")
    return " ".join(found)


def _decoder():
    with needing("forced alignment", "pocketsphinx", "data"):
        from pocketsphinx import Decoder
    return Decoder(
        samprate=SAMPLE_RATE,
        loglevel="FATAL",
        lm=None,
        beam=BEAM,
        pbeam=BEAM,
        wbeam=BEAM,
        bestpath=False,  # it shortens phones to times that the second pass cannot follow
    )


Entry = tuple[str, list[tuple[str, int, int, int]]]
"""A word or silence, with (name, first frame, frames, log-likelihood) of its phones."""


def to_16_bit(samples: np.ndarray) -> bytes:
    """Convert float [N] in [-1, 1] to 16-bit PCM."""
    return (np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()


def _decode(decoder, samples: np.ndarray, text: str) -> list[Entry]:
    """Align in two passes, first words and then their phones."""
    data = to_16_bit(samples)
    try:
        decoder.set_align_text(text)
        for second in (False, True):
            if second:
                decoder.set_alignment()
            decoder.start_utt()
            decoder.process_raw(data, full_utt=True)
            decoder.end_utt()
        found = decoder.get_alignment()
    except RuntimeError:
        found = None
    if found is None:
        raise TtsfError(MISFIT)
    return [(word.name, [(p.name, p.start, p.duration, p.score) for p in word]) for word in found]


def phone_times(samples: np.ndarray, words: str | None) -> tuple[list[Phone] | None, str | None]:
    """Align, and return the phones and the problem, if any."""
    if words is None:
        return None, None
    try:
        return align(samples, words), None
    except TtsfError as error:
        return None, str(error)


def save_phones(name: str, phones: list[Phone] | None, out: Path) -> str | None:
    """Write [[symbols, start s, end s], ...]; returns the file relative to `out`."""
    if phones is None:
        return None
    rows = [[p.symbols, round(p.start_s, 4), round(p.end_s, 4)] for p in phones]
    path = f"phones/{name}.json"
    write_new(out / path, json.dumps(rows, ensure_ascii=False))
    return path


def read_phones(path: Path) -> list[Phone]:
    """Read phones written by `save_phones`, all with word 0; raises TtsfError for other files."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Phone(str(symbols), float(start), float(end), 0) for symbols, start, end in rows]
    except (OSError, ValueError, TypeError) as error:
        raise TtsfError(f"{path}: cannot read the phone times ({error})") from None
