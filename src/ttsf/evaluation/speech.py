"""Intelligibility, Sec. 4.1's WER with an offline judge: pocketsphinx and its own US English model.

    python -m ttsf.evaluation.speech --model DIR --portraits DIR

The judge is not the paper's (Whisper): compare its figures only with its own. Text is normalised on
both sides by whisper-normalizer.
"""

import argparse
import statistics
from pathlib import Path

import numpy as np

from ttsf.errors import TtsfError
from ttsf.evaluation.sentences import PLAIN


class Recogniser:
    """pocketsphinx with its bundled model."""

    def __init__(self) -> None:
        try:
            from pocketsphinx import Decoder
        except ImportError:
            raise TtsfError("the recogniser is missing; install ttsf[eval]") from None
        self.decoder = Decoder(samprate=16_000, loglevel="FATAL")

    def transcribe(self, samples: np.ndarray) -> str:
        """float [N] in [-1, 1] at 16 kHz -> words."""
        quiet = np.zeros(4_000, dtype=np.float32)
        padded = np.concatenate([quiet, samples, quiet])
        self.decoder.start_utt()
        self.decoder.process_raw((padded * 32_767).astype("<i2").tobytes(), False, True)
        self.decoder.end_utt()
        result = self.decoder.hyp()
        return result.hypstr if result else ""


def word_error_rate(reference: str, heard: str) -> float:
    """Word errors divided by the reference's words, after normalising both."""
    from jiwer import wer
    from whisper_normalizer.english import EnglishTextNormalizer

    normal = EnglishTextNormalizer()
    return float(wer(normal(reference), normal(heard) or "*"))


def main() -> None:
    """Speak every plain sentence with a portrait (in turn) and print each WER and the mean."""
    from ttsf.pipeline import load

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="model folder (default: bundled)")
    parser.add_argument("--portraits", type=Path, nargs="+", required=True)
    args = parser.parse_args()
    speaker, judge, rates = load(args.model), Recogniser(), []
    for i, sentence in enumerate(PLAIN):
        portrait = args.portraits[i % len(args.portraits)]
        samples = speaker.speak(portrait, sentence).samples
        heard = judge.transcribe(np.asarray(samples))
        rates.append(word_error_rate(sentence, heard))
        print(f"{rates[-1]:.2f}  {sentence}  ->  {heard}", flush=True)
    print(f"WER mean {statistics.mean(rates):.3f} median {statistics.median(rates):.3f}")


if __name__ == "__main__":
    main()
