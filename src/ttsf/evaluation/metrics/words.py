"""Intelligibility, Sec. 4.1's WER with an offline judge: pocketsphinx and its own US English model.

Not the paper's Whisper: compare its figures only with its own. Each clip has a fresh decoder, as
one adapts to what it has heard.
"""

import numpy as np

from ttsf.data.recorded.recogniser import write_down
from ttsf.errors import TtsfError
from ttsf.evaluation.metric import version

PAUSE = 4_000
"""Samples of silence before and after the clip; the decoder misses words at its edges."""


def transcribe(samples: np.ndarray) -> str:
    """What is heard in float32 [N] in [-1, 1] at 16 kHz; empty for nothing."""
    return write_down("pocketsphinx", np.pad(samples, PAUSE)) or ""


def word_error_rate(reference: str, heard: str) -> float:
    """Word errors divided by the reference's words, both as Whisper's normaliser writes them."""
    try:
        from jiwer import wer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError:
        raise TtsfError("jiwer or whisper-normalizer is missing; install ttsf[eval]") from None
    normal = EnglishTextNormalizer()
    return float(wer(normal(reference), normal(heard) or "*"))


def judge_name() -> str:
    """For a metric's `judge`."""
    return version("pocketsphinx", "jiwer", "whisper-normalizer") + ", en-us"
