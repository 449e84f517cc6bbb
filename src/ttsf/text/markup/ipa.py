"""Convert IPA given by a user to the model's symbols."""

# ruff: noqa: RUF001 (the letters of IPA look like others)

import unicodedata

from ttsf.errors import TtsfError
from ttsf.symbols import IPA, LETTERS

_STRESS = "ˈˌ"
_SAME = str.maketrans({"g": "ɡ", "r": "ɹ", ":": "ː", "'": "ˈ", "’": "ˈ"})
"""Substitutes that people type for symbols of the English voice."""
_LEFT_OUT = ".‿\u0361\u035c|"  # ends of syllables, links, ties
_KNOWN = frozenset(LETTERS + IPA + " ")


def read_ipa(written: str, where: str) -> str:
    """Convert IPA with common substitutes (g r : ') to symbols; errors begin with `where`."""
    sound = "".join(
        c if c in _KNOWN else unicodedata.normalize("NFD", c) for c in written.translate(_SAME)
    )
    sound = " ".join("".join(c for c in sound if c not in _LEFT_OUT).split())
    for c in sound:
        if c not in _KNOWN:
            raise TtsfError(f"{where}: this voice has no sound for the IPA symbol '{c}'")
    if not sound.strip(_STRESS + " ː"):
        raise TtsfError(f"{where}: the IPA between the slashes has no sound")
    return sound


def with_s(sound: str) -> str:
    """Append the sound of an -s (plural, possessive, third person): "dʒˈɔːɹdʒ" -> "dʒˈɔːɹdʒᵻz"."""
    last = sound.rstrip("ː")[-1:]
    if last and last in "szʃʒ":
        return sound + "ᵻz"
    return sound + ("s" if last and last in "ptkfθ" else "z")
