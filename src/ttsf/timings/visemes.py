"""Map phones to visemes, named as in three widely supported tools.

Oculus' fifteen visemes (3-D characters), Rhubarb's nine mouths (2-D) and Amazon Polly's letters.
"""

# ruff: noqa: RUF001 (the letters of IPA look like others)

from collections.abc import Sequence
from operator import attrgetter
from typing import Literal, NamedTuple

from ttsf.timings.words import Phone

STILL_S = 0.12
"""Minimum silence in which the mouth closes, s."""


class Shape(NamedTuple):
    """A mouth shape, named for each tool."""

    oculus: str
    """sil PP FF TH DD kk CH SS nn RR aa E ih oh ou."""
    rhubarb: str
    """A to H, X for silence."""
    polly: str
    """p t S T f k i r s u @ a e E o O, sil."""


class Viseme(NamedTuple):
    """A mouth shape and its time."""

    name: str
    start_s: float
    end_s: float


SILENCE = Shape("sil", "X", "sil")
UNKNOWN = Shape("nn", "B", "t")
"""Shape for phones missing in the table."""
SHAPES: dict[str, Shape] = {
    **dict.fromkeys("pbmɓʙ", Shape("PP", "A", "p")),
    **dict.fromkeys("fvɱɸβʋ", Shape("FF", "G", "f")),
    **dict.fromkeys("θð", Shape("TH", "B", "T")),
    **dict.fromkeys("tdɾɗʈɖʔ", Shape("DD", "B", "t")),
    **dict.fromkeys("kɡgxŋhɣɢqχʁɦħʕ", Shape("kk", "B", "k")),
    **dict.fromkeys("ʃʒʤɕʑʂʐç", Shape("CH", "B", "S")),
    **dict.fromkeys("szɬɮ", Shape("SS", "B", "s")),
    **dict.fromkeys("nɲɳɴ", Shape("nn", "B", "t")),
    **dict.fromkeys("lɫʎɭɺ", Shape("nn", "H", "t")),
    **dict.fromkeys("ɹrɻʀɽ", Shape("RR", "E", "r")),
    **dict.fromkeys("ɚɜɝɞ", Shape("RR", "E", "@")),
    **dict.fromkeys("ɑaɐɒ", Shape("aa", "D", "a")),
    **dict.fromkeys("æɶ", Shape("aa", "C", "a")),
    **dict.fromkeys("ʌ", Shape("aa", "C", "E")),
    **dict.fromkeys("əɘɵɤ", Shape("E", "C", "@")),
    **dict.fromkeys("eø", Shape("E", "C", "e")),
    **dict.fromkeys("ɛœ", Shape("E", "C", "E")),
    **dict.fromkeys("iɪᵻɨyʏjɥ", Shape("ih", "B", "i")),
    **dict.fromkeys("ɔ", Shape("oh", "E", "O")),
    **dict.fromkeys("o", Shape("oh", "E", "o")),
    **dict.fromkeys("uʊwʉɯʍɰ", Shape("ou", "F", "u")),
}


def visemes(
    phones: Sequence[Phone], seconds: float, names: Literal["oculus", "rhubarb", "polly"] = "oculus"
) -> list[Viseme]:
    """Return visemes without gaps from 0 to `seconds`; neighbours differ.

    A diphthong gives half of its time to each vowel, an affricate all of it to its fricative.
    """
    name = attrgetter(names)
    found: list[Viseme] = []
    for phone in phones:
        if phone.start_s - (found[-1].end_s if found else 0.0) > STILL_S:
            _add(found, name(SILENCE), min(phone.start_s, seconds))
        shapes = _shapes(phone.ipa)
        for k, shape in enumerate(shapes, start=1):
            end_s = phone.start_s + (phone.end_s - phone.start_s) * k / len(shapes)
            _add(found, name(shape), min(end_s, seconds))
    if found and seconds - found[-1].end_s <= STILL_S:
        found[-1] = found[-1]._replace(end_s=seconds)
    _add(found, name(SILENCE), seconds)
    return found


def _shapes(ipa: str) -> list[Shape]:
    symbols = [c for c in ipa if c in SHAPES]
    if len(symbols) > 1 and symbols[-1] in "ʃʒ":
        symbols = symbols[-1:]
    return [SHAPES[c] for c in symbols] or [UNKNOWN]


def _add(found: list[Viseme], name: str, end_s: float) -> None:
    """Append a shape from the end of the last one to `end_s`."""
    start_s = found[-1].end_s if found else 0.0
    if end_s <= start_s:
        return
    if found and found[-1].name == name:
        found[-1] = found[-1]._replace(end_s=end_s)
    else:
        found.append(Viseme(name, start_s, end_s))
