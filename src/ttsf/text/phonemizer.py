"""Sec. 3.3: graphemes to IPA by espeak-ng, called in process through ctypes (one lock)."""

# ruff: noqa: RUF001 (IPA)

import ctypes
import os
import re
import threading
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import espeakng_loader

from ttsf.errors import TtsfError
from ttsf.text.accents.accent import accented
from ttsf.text.pronunciation.exceptions import Part, parts

_SYNCHRONOUS, _DO_NOT_EXIT, _UTF8, _IPA = 2, 0x8000, 1, 0x02
_VOWELS = "ɑɐɒæɔəɚɛɜaeiouɪʊʌᵻ"
_STAND_INS = {True: ("oxpob", "ˈɑːkspɑːb"), False: ("boxpob", "bˈɑːkspɑːb")}
"""Words given to espeak-ng in place of one with a known pronunciation, and its IPA for them.

So the words around it keep the sounds they have beside a vowel, or beside a consonant.
"""
_STAND_IN_SOUND = re.compile("|".join(sound for _, sound in _STAND_INS.values()))
NONE_GIVEN: Mapping[int, str] = MappingProxyType({})
_LONGEST_PATH, _OPEN_FILES = 160, b"/proc/self/fd"
"""Longest path that espeak-ng can take, bytes, and the folder in which Linux shows open files."""
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [
        ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int,
    ]  # fmt: skip
    data = _short(os.fsencode(espeakng_loader.get_data_path()))
    if library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DO_NOT_EXIT) < 0:
        raise TtsfError("espeak-ng did not start; reinstall the package espeakng-loader")
    return library


def _short(path: bytes) -> bytes:
    """A folder's path; if espeak-ng would cut it off, a shorter path to the same folder."""
    if len(path) < _LONGEST_PATH:
        return path
    if not os.path.isdir(_OPEN_FILES):
        raise TtsfError(
            f"the path of the installation is too long for espeak-ng ({len(path)} bytes); "
            "install ttsf in a folder with a shorter one"
        )
    return b"%s/%d" % (_OPEN_FILES, os.open(path, os.O_RDONLY | os.O_DIRECTORY))


def phonemize(
    text: str, language: str, before: str = "", given: Mapping[int, str] = NONE_GIVEN
) -> str:
    """Return IPA with stress marks for a clause without punctuation; '' if it is unpronounceable.

    before: the preceding words of the sentence, which help to disambiguate homographs; given: IPA
    of words whose pronunciation is known, by the index of their first character in the clause.
    """
    english = language.startswith("en")
    pieces = parts(text, before, given, english)
    known = [piece.text for piece in pieces if piece.is_ipa]
    if not known:
        return _said(text, language)
    spoken = espeak(" ".join(map(_stand_in, pieces)), language) if english else ""
    if len(_STAND_IN_SOUND.findall(spoken)) != len(known):
        return " ".join(p.text if p.is_ipa else _said(p.text, language) for p in pieces)
    sounds = iter(known)
    return _STAND_IN_SOUND.sub(lambda _: next(sounds), spoken)


def _stand_in(piece: Part) -> str:
    if not piece.is_ipa:
        return piece.text.strip()
    return _STAND_INS[piece.text.lstrip("ˈˌ")[0] in _VOWELS][0]


def _said(text: str, language: str) -> str:
    """Convert by espeak-ng; a language that the model has not learned is given English sounds."""
    spoken = espeak(text, language)
    return spoken if language.startswith("en") else accented(spoken)


def espeak(text: str, language: str) -> str:
    """Return espeak-ng's own IPA for a text, without our exceptions."""
    with _lock:
        library = _library()
        if library.espeak_SetVoiceByName(language.encode()) != 0:
            raise TtsfError(f"espeak-ng has no voice '{language}'; set speech.language")
        buffer = ctypes.create_string_buffer(text.encode())
        pointer = ctypes.c_void_p(ctypes.addressof(buffer))
        found = []
        while pointer.value:
            found.append(library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _IPA) or b"")
    spoken = b" ".join(found).decode()
    return re.sub(r"\s+", " ", re.sub(r"\([a-z-]+\)", "", spoken)).strip()
