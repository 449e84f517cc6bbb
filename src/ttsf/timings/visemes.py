"""Sounds to mouth shapes, by the names of three tools that many programs read.

Oculus' fifteen visemes (3-D characters), Rhubarb's nine mouths (2-D) and Amazon Polly's letters.
"""

# ruff: noqa: RUF001 (the letters of IPA look like others)

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ttsf.timings.words import Phone

STILL_S = 0.12
"""The mouth closes in a silence that is longer; a shorter one it passes over."""


class Shape(NamedTuple):
    """A mouth shape by each tool's name."""

    oculus: str
    rhubarb: str
    polly: str


class Viseme(NamedTuple):
    """A mouth shape, and when it is seen."""

    name: str
    start_s: float
    end_s: float


SILENCE = Shape("sil", "X", "sil")
UNKNOWN = Shape("nn", "B", "t")
"""Of a sound that the table lacks."""
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


def oculus(shape: Shape) -> str:
    """sil PP FF TH DD kk CH SS nn RR aa E ih oh ou."""
    return shape.oculus


def rhubarb(shape: Shape) -> str:
    """A to H, and X for silence."""
    return shape.rhubarb


def polly(shape: Shape) -> str:
    """p t S T f k i r s u @ a e E o O, and sil."""
    return shape.polly


def visemes(
    phones: Sequence[Phone], seconds: float, name: Callable[[Shape], str] = oculus
) -> list[Viseme]:
    """Shapes that follow each other without a gap from 0 to `seconds`; neighbours differ.

    A diphthong gives half its time to each of its vowels, an affricate all of it to its end.
    """
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
    """The shape that is seen from the last one's end on."""
    start_s = found[-1].end_s if found else 0.0
    if end_s <= start_s:
        return
    if found and found[-1].name == name:
        found[-1] = found[-1]._replace(end_s=end_s)
    else:
        found.append(Viseme(name, start_s, end_s))
