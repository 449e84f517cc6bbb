"""Mean and spread of a corpus's log-mels, by which the model standardises them (Matcha-TTS)."""

import math
from pathlib import Path
from typing import NamedTuple

import torch

from ttsf.config import AudioConfig
from ttsf.errors import TtsfError
from ttsf.model.mel import mel_spectrogram
from ttsf.parallel import Progress
from ttsf.research.data.speech.speech_clips import SpeechClips


class MelStatistics(NamedTuple):
    """Mean and standard deviation over all bins of all frames."""

    mean: float
    std: float

    def toml(self) -> str:
        """Return them as a file for `--config`."""
        return f"[model.audio]\nmel_mean = {self.mean:.4f}\nmel_std = {self.std:.4f}\n"


def measure_mels(folder: Path, audio: AudioConfig, progress: Progress | None) -> MelStatistics:
    """Measure the training speech of a corpus, one clip at a time.

    Raises TtsfError for a corpus without speech, and for one that is silent throughout.
    """
    speech = SpeechClips(folder, ("train",))
    count, total, squares = 0, 0.0, 0.0
    for done, clip in enumerate(speech.clips, start=1):
        samples = torch.from_numpy(speech.waveform(clip))[None]
        mel = mel_spectrogram(samples, audio)[0].double()
        count += mel.numel()
        total += float(mel.sum())
        squares += float(mel.square().sum())
        if progress is not None:
            progress(done, len(speech.clips))
    mean = total / count
    variance = squares / count - mean**2
    if variance < 1e-6:
        raise TtsfError(f"{folder}: all speech sounds alike, so nothing can be measured")
    return MelStatistics(mean, math.sqrt(variance))
