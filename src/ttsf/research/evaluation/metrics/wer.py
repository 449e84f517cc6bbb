"""WER, Sec. 4.1: recognised words of a clip against its text.

Two recognisers, whose figures are never compared: the paper's Whisper, whose model the user
downloads, and pocketsphinx with its bundled US English model. Each clip uses a new pocketsphinx
decoder, since decoders adapt to earlier input.
"""

import hashlib
import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ttsf.errors import TtsfError, needing
from ttsf.research.data.recorded.recogniser import write_down
from ttsf.research.evaluation.metrics.metric import Metric, version

PAUSE = 4_000
"""Samples of silence before and after the clip; the decoder misses words at its edges."""
WHISPER = "Whisper"
WHISPER_SOURCE = (
    "fetch a model (a .pt file of openai-whisper, or a folder of faster-whisper), "
    "install the package and name the path; nothing is downloaded"
)


class LocalWhisper(NamedTuple):
    """A local model, with the package that loads it."""

    weights: Path
    package: str
    """Name of the installed package."""


def word_error_rate(reference: str, heard: str) -> float:
    """Word errors divided by the reference's words, both as Whisper's normaliser writes them."""
    with needing("WER", "jiwer and whisper-normalizer", "eval"):
        from jiwer import wer
        from whisper_normalizer.english import EnglishTextNormalizer
    normal = EnglishTextNormalizer()
    return float(wer(normal(reference), normal(heard) or "*"))


def transcribe(samples: np.ndarray) -> str:
    """Transcribe float32 [N] in [-1, 1] at 16 kHz with pocketsphinx; may be empty."""
    return write_down("pocketsphinx", np.pad(samples, PAUSE)) or ""


def offline_wer() -> Metric:
    """WER by pocketsphinx; raises TtsfError without its libraries."""
    scorer = version("pocketsphinx", "jiwer", "whisper-normalizer") + ", en-us"
    return Metric("WER", "lower", "Word error rate, mean over clips.", scorer, "offline")


def whisper_wer(model: Path) -> Metric:
    """WER by Whisper; hashes the model file, and raises like `check_whisper`."""
    found = check_whisper(model)
    with found.weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Metric(
        name="WER",
        better="lower",
        definition="Word errors over the reference's words, both sides normalised as Whisper does "
        "(English); mean over clips.",
        scorer=f"{WHISPER} {model.name} (SHA-256 {digest[:8]}), greedy, "
        f"{version(found.package, 'jiwer', 'whisper-normalizer')}",
        grade="public",
    )


def check_whisper(model: Path) -> LocalWhisper:
    """Find the model and its package; raises TtsfError that says what is missing."""
    if not model.exists():
        raise TtsfError(f"{model}: no such {WHISPER} model; {WHISPER_SOURCE}")
    if not model.is_dir():
        found = LocalWhisper(model, "openai-whisper")
    else:
        found = LocalWhisper(model / "model.bin", "faster-whisper")
        for part in ("model.bin", "tokenizer.json"):  # it would download a missing tokenizer
            if not (model / part).is_file():
                raise TtsfError(f"{model}: not a model of faster-whisper: {part} is missing")
    try:  # another package has a module `whisper`, too
        importlib.metadata.version(found.package)
    except importlib.metadata.PackageNotFoundError:
        raise TtsfError(f"{model} needs a package: pip install {found.package}") from None
    return found


def load_whisper(model: Path) -> Callable[[np.ndarray], str]:
    """float32 [N] at 16 kHz -> English words; raises like `check_whisper`.

    Greedy at temperature 0 without previous text, so that a transcript depends on its clip only.
    """
    found = check_whisper(model)
    options: dict[str, Any] = {
        "language": "en",
        "temperature": 0.0,
        "condition_on_previous_text": False,
    }
    try:
        if found.package == "openai-whisper":
            import whisper

            slow = whisper.load_model(str(model), device="cpu")
            return lambda samples: slow.transcribe(samples, fp16=False, **options)["text"].strip()
        from faster_whisper import WhisperModel

        fast = WhisperModel(str(model), device="cpu", local_files_only=True)
    except Exception:  # a damaged model raises whatever its reader meets
        raise TtsfError(f"{model}: {found.package} cannot read this model") from None
    return lambda samples: "".join(
        part.text for part in fast.transcribe(samples, beam_size=1, **options)[0]
    ).strip()
