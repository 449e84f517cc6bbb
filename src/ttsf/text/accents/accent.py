"""Replace the phones of other languages by the nearest phones of American English."""

# ruff: noqa: RUF001 (IPA)

import re
import unicodedata

_NEAREST = {
    "t͡s": "ts", "d͡z": "dz", "t͡ʃ": "tʃ", "d͡ʒ": "dʒ", "t͡ɕ": "tʃ", "d͡ʑ": "dʒ",
    "tɕ": "tʃ", "dʑ": "dʒ", "ɑ̃": "ɑːn", "ɔ̃": "ɔn", "ɛ̃": "æn", "œ̃": "ʌn", "ɐ̃": "ʌn", "ẽ": "eɪn",
    "õ": "oʊn", "ĩ": "iːn", "ũ": "uːn", "ʊ̃": "ʊn", "ɪ̃": "ɪn",
    "aɪ": "aɪ", "aʊ": "aʊ", "eɪ": "eɪ", "oʊ": "oʊ", "ɔø": "ɔɪ", "ɔʏ": "ɔɪ", "œy": "aʊ", "ɛi": "eɪ",
    "eː": "eɪ", "oː": "oʊ", "øː": "ɜː", "yː": "uː", "aː": "ɑː", "ɛː": "ɛ", "ʉː": "uː", "ɯː": "uː",
    "e": "ɛ", "o": "oʊ", "ø": "ɜː", "œ": "ɜː", "y": "uː", "ʏ": "ʊ", "ʉ": "uː", "ɯ": "ʊ", "ɨ": "ɪ",
    "a": "ɑː", "ɒ": "ɑː", "ɤ": "ʌ", "ɘ": "ə", "ɵ": "ʊ", "ɞ": "ɜː",
    "i": "iː", "u": "uː",
    "ç": "ʃ", "x": "k", "χ": "k", "ɣ": "ɡ", "ʁ": "ɹ", "ʀ": "ɹ", "r": "ɹ", "ɽ": "ɹ", "ɻ": "ɹ",
    "ɕ": "ʃ", "ʑ": "ʒ", "ʂ": "ʃ", "ʐ": "ʒ", "ɲ": "nj", "ɳ": "n", "ʎ": "lj", "ɭ": "l", "ɫ": "l",
    "β": "v", "ʋ": "v", "ɸ": "f", "ʈ": "t", "ɖ": "d", "c": "k", "ɟ": "ɡ", "q": "k", "ɢ": "ɡ",
    "ħ": "h", "ʕ": "ɑː", "ɦ": "h", "ʝ": "j", "ɥ": "w", "ɰ": "w", "ʍ": "w", "ɱ": "m", "ɬ": "l",
    "ɮ": "l", "ɺ": "ɹ", "ʙ": "b",
}  # fmt: skip
"""The nearest sound of American English to each sound; longer keys come first."""
_SOUND = re.compile("|".join(sorted(map(re.escape, _NEAREST), key=len, reverse=True)))
_MARKS = re.compile(r"[\u0300-\u0302\u0304-\u0328\u032a-\u036fʲʷˠˤʰʼ‿0-9-]")
"""Tones, places and secondary articulations; the tilde and the syllabic stroke stay."""


def accented(ipa: str) -> str:
    """Replace each phone in IPA by the nearest one of American English; keep stress marks."""
    plain = unicodedata.normalize("NFD", ipa).replace("c\u0327", "ç")
    plain = _SOUND.sub(lambda match: _NEAREST[match[0]], _MARKS.sub("", plain))
    return re.sub(r"ː+", "ː", plain.replace("\u0303", "n"))
