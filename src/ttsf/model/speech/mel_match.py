"""Correct a vocoder's sound so that its mel is the one that it was made from [ours].

Overlapping frames whose phases do not fit cancel each other in part, so that the sound has another
mel than was asked for. The error is known: each mel band of each frame is scaled by the ratio of
the two, and the bins between two bands by a mean of their ratios.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.config import AudioConfig
from ttsf.model.mel import mel_filters, mel_spectrogram
from ttsf.model.speech.harmonics import spectrum

LARGEST = 1.0
"""Natural log of the largest factor of a round, and of the inverse of the smallest."""


class MelMatch(nn.Module):
    """One round: factors for the spectrum of a sound of `rate` Hz, with the vocoder's window."""

    window: Tensor
    spread: Tensor

    def __init__(self, audio: AudioConfig, rate: int, window: Tensor) -> None:
        super().__init__()
        self.scale = rate / audio.sample_rate
        self.heard = audio.at_rate(rate)
        self.register_buffer("window", window, persistent=False)
        filters = mel_filters(self.heard)
        hertz = np.linspace(0, rate / 2, filters.shape[1])
        middles = (filters @ hertz) / filters.sum(1).clip(1e-9)
        bins = np.linspace(0, rate / 2, len(window) // 2 + 1)
        rows = [np.interp(bins, middles, row) for row in np.eye(len(middles))]
        spread = torch.from_numpy(np.stack(rows, 1)).float()
        self.register_buffer("spread", spread, persistent=False)

    def forward(self, sound: Tensor, mel: Tensor) -> Tensor:
        """Return the spectrum of sound [B, T * hop], nearer to raw log-mel [B, 80, T]."""
        heard = mel_spectrogram(sound, self.heard) - math.log(self.scale)
        factor = (self.spread @ (mel - heard).clamp(-LARGEST, LARGEST)).exp()
        return spectrum(sound, self.window, self.heard.hop) * factor
