"""Pronunciations that are not left to espeak-ng: some names, interjections, letters, homographs."""

# ruff: noqa: RUF001 (IPA)

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from ttsf.text.english.lexicons import table
from ttsf.text.english.lists import words
from ttsf.text.markup.ipa import with_s
from ttsf.text.pronunciation.homographs import homograph

SOUNDS = table.words("pronunciations")
"""IPA of lower-case words that espeak-ng pronounces unlike educated Americans."""
CASED = {"AM": "ˌeɪˈɛm", "Xi": "ʃˈiː"}
"""IPA of words in exactly this case."""
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_LETTERED = words(
    "vitamin plan grade hepatitis type section class option part appendix exhibit point letter"
    " group team block table figure step level model room gate unit influenza serie series"
    " capital an"
)
_NUMBER = re.compile(
    r"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?$"
)


class Part(NamedTuple):
    """A part of a clause: IPA, or words for espeak-ng."""

    text: str
    is_ipa: bool


def parts(clause: str, before: str, given: Mapping[int, str], english: bool = True) -> list[Part]:
    """Split a clause into IPA for known exceptions, and words for espeak-ng.

    before: the preceding words of the sentence; given: IPA of words by the index of their first
    character, which is all that is used if the language is not `english`.
    """
    found = list(_WORD.finditer(clause))
    past = [m[0] for m in _WORD.finditer(before)]
    words = [_small(word, k) for k, word in enumerate([*past, *(m[0] for m in found)])]
    result, done = list[Part](), 0
    written = [m[0] for m in found]
    for k, match in enumerate(found):
        sound = given.get(match.start(), "")
        if english and not sound:
            sound = _sound(written, k) or homograph(words, len(past) + k, len(past))
        if sound:
            if clause[done : match.start()].strip():
                result.append(Part(clause[done : match.start()], False))
            result.append(Part(sound, True))
            done = match.end()
    if clause[done:].strip() or not result:
        result.append(Part(clause[done:], False))
    return result


def _small(word: str, k: int) -> str:
    name = k and word[0].isupper() and word[1:].islower() and len(word) > 1
    return word if name else word.lower()


def _sound(written: list[str], k: int) -> str:
    word = written[k]
    low = word.lower()
    if word in CASED:
        return CASED[word]
    if low == "a":
        return "ˈeɪ" if _is_letter(written, k) else ""
    if sound := _exception(low):
        return sound
    if word == "Reading" and k and written[k - 1] in ("in", "to", "from", "near", "at"):
        return "ɹˈɛdɪŋ" if k + 1 == len(written) or written[k + 1][0].isupper() else ""
    return ""


def _exception(word: str) -> str:
    """Look a word up in the tables, with or without its accents, also by its -s form."""
    bare = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    for form in (word, bare):
        if form in SOUNDS:
            return SOUNDS[form]
    for form in (word, bare):
        stem = form.removesuffix("s").removesuffix("'")
        if form.endswith("s") and stem in SOUNDS:
            return with_s(SOUNDS[stem])
    return ""


def _is_letter(written: list[str], k: int) -> bool:
    """Whether "A" names the letter: beside other letters and numbers, or at an end."""
    before = written[k - 1] if k else ""
    after = written[k + 1] if k + 1 < len(written) else ""
    if not after:
        return bool(before) or len(written) == 1
    if written[k] != "A":
        return False
    letter = len(after) == 1 and after.isupper()
    near = len(before) == 1 and before.isupper() and before not in ("I",)
    joined = after in ("and", "or", "to") and len("".join(written[k + 2 : k + 3])) == 1
    numbered = bool(_NUMBER.match(after.lower())) and k > 0
    return letter or near or joined or numbered or before.lower() in _LETTERED - {"an"}
