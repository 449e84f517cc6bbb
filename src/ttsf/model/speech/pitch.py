"""F0 of each mel frame, estimated from the mel by a small network of the vocoder [ours]."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import AudioConfig
from ttsf.model.layers import ConvNextBlock

LOWEST_HZ, BINS, BINS_PER_OCTAVE = 60.0, 104, 32
"""F0 classes: 60 to 559 Hz, 37.5 cents apart."""
LAYERS = 4
NEAR = 2
"""Classes on either side of the likeliest one that enter the mean."""
BLUR = 1.0
"""Standard deviation of the training target, classes."""


class Pitch(NamedTuple):
    """Pitch estimates of T frames."""

    logits: Tensor
    """[B, BINS, T]."""
    voiced: Tensor
    """Logit of being voiced, [B, T]."""

    def f0(self) -> Tensor:
        """F0 in Hz [B, T], without gradient; interpolated over unvoiced frames."""
        with torch.no_grad():
            best = self.logits.argmax(1, keepdim=True)
            near = torch.arange(-NEAR, NEAR + 1, device=best.device)[None, :, None]
            places = (best + near).clamp(0, BINS - 1)
            shares = self.logits.float().gather(1, places).softmax(1)
            octaves = (shares * places).sum(1) / BINS_PER_OCTAVE
            return LOWEST_HZ * 2 ** carry_over(octaves, self.voiced > 0)


def carry_over(values: Tensor, known: Tensor) -> Tensor:
    """Interpolate [B, T] linearly between known positions [B, T], with constant ends.

    Rows without known positions are unchanged.
    """
    size = values.shape[1]
    place = torch.arange(size, device=values.device).expand_as(values)
    before = torch.where(known, place, -1).cummax(1).values
    after = torch.where(known, place, size).flip(1).cummin(1).values.flip(1)
    first = torch.where(before < 0, after, before)
    last = torch.where(after >= size, before, after)
    some = known.any(1, keepdim=True)
    first, last = (torch.where(some, x, place).clamp(0, size - 1) for x in (first, last))
    share = (place - first) / (last - first).clamp_min(1)
    return values.gather(1, first).lerp(values.gather(1, last), share.to(values))


class PitchReader(nn.Module):
    """Normalised log-mel -> Pitch."""

    def __init__(self, audio: AudioConfig, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(audio.mel_bins, channels, 5, padding=2)
        self.blocks = nn.ModuleList(ConvNextBlock(channels, 1 / LAYERS) for _ in range(LAYERS))
        self.norm = nn.LayerNorm(channels)
        self.last = nn.Linear(channels, BINS + 1)

    def forward(self, mel: Tensor) -> Pitch:
        """[B, mel_bins, T], normalised to mean 0 and std 1."""
        x = self.first(mel)
        for block in self.blocks:
            x = block(x)
        x = self.last(self.norm(x.transpose(1, 2))).transpose(1, 2)
        return Pitch(x[:, :BINS], x[:, BINS])


def pitch_loss(pitch: Pitch, f0: Tensor) -> Tensor:
    """Cross-entropies of class and voicing; f0: Hz [B, T], 0 where unvoiced."""
    voiced = (f0 > 0).float()
    place = BINS_PER_OCTAVE * (f0.clamp_min(LOWEST_HZ) / LOWEST_HZ).log2()
    distance = place[:, None] - torch.arange(BINS, device=f0.device)[None, :, None]
    wanted = (-0.5 * (distance / BLUR) ** 2).softmax(1)
    classes = -(wanted * pitch.logits.log_softmax(1)).sum(1)
    entropy = math.log(BLUR * math.sqrt(2 * math.pi * math.e))  # its minimum
    classes = ((classes - entropy) * voiced).sum() / voiced.sum().clamp_min(1)
    return classes + F.binary_cross_entropy_with_logits(pitch.voiced, voiced)
