"""Sec. 3.3: graphemes to IPA by espeak-ng, called in process through ctypes (one lock)."""

import ctypes
import re
import threading
from functools import lru_cache

import espeakng_loader

from ttsf.errors import TtsfError

_SYNCHRONOUS, _DO_NOT_EXIT, _UTF8, _IPA = 2, 0x8000, 1, 0x02
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [
        ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int,
    ]  # fmt: skip
    data = espeakng_loader.get_data_path().encode()
    if library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DO_NOT_EXIT) < 0:
        raise TtsfError("espeak-ng did not start; reinstall the package espeakng-loader")
    return library


def phonemize(text: str, language: str) -> str:
    """IPA with stress marks of one clause without punctuation; '' for nothing pronounceable."""
    with _lock:
        library = _library()
        if library.espeak_SetVoiceByName(language.encode()) != 0:
            raise TtsfError(f"espeak-ng has no voice '{language}'; set speech.language")
        buffer = ctypes.create_string_buffer(text.encode())
        pointer = ctypes.c_void_p(ctypes.addressof(buffer))
        parts = []
        while pointer.value:
            parts.append(library.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _IPA) or b"")
    spoken = b" ".join(parts).decode()
    return re.sub(r"\s+", " ", re.sub(r"\([a-z-]+\)", "", spoken)).strip()
