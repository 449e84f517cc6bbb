"""Phases of voiced sound from pulses at its F0 [ours; compare the pulses of NSF and Wavehax].

A vocoder at the mel's frame rate predicts a phase for each frame, but a mel hardly determines how
far the phase of a harmonic advances between two frames. So in steady vowels neighbouring frames
cancel each other. Here a head predicts F0 from the vocoder's features, pulses at this F0 continue
through the whole sound, and the lowest bins of voiced frames take the phases of these pulses,
filtered by the sound's own envelope. Magnitudes and everything above stay the vocoder's.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LOWEST_HZ, CENTS, BINS = 55.0, 20.0, 190
"""F0 of the first bin, steps between bins [CREPE], and their number: up to 488 Hz."""
BLUR_CENTS = 25.0
"""Standard deviation of the target around F0 [CREPE]."""
NEIGHBOURS = 3
"""Bins on either side of the strongest whose mean is F0."""
VOICED = 0.2
"""Least probability of a voiced frame's strongest bin: false pulses harm less than gaps."""
ENVELOPE_S = 64 / 24_000
"""Quefrencies of the spectral envelope; a voice of 375 Hz has its first pitch peak there."""
FLOOR = 1e-4
"""Floor of magnitudes, before the logarithm and in divisions."""


class Pitch(NamedTuple):
    """F0 of mel frames."""

    f0: Tensor
    """[B, T] in Hz; anything where unvoiced."""
    voiced: Tensor
    """bool [B, T]."""


class PitchHead(nn.Module):
    """Probabilities of F0 bins from each frame's features."""

    cents: Tensor

    def __init__(self, channels: int, width: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(channels, width), nn.GELU(), nn.Linear(width, width), nn.GELU(),
            nn.Linear(width, BINS),
        )  # fmt: skip
        cents = torch.arange(BINS, device="cpu", dtype=torch.float32) * CENTS
        self.register_buffer("cents", cents, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """[B, T, C] -> logits [B, T, BINS]."""
        return self.layers(features)

    def loss(self, logits: Tensor, f0: Tensor) -> Tensor:
        """Binary cross-entropy to f0 [B, T] in Hz, 0 where unvoiced."""
        cents = 1200 * torch.log2(f0.clamp_min(1.0) / LOWEST_HZ)
        target = torch.exp(-((self.cents - cents[..., None]) ** 2) / (2 * BLUR_CENTS**2))
        return F.binary_cross_entropy_with_logits(logits, target * (f0 > 0)[..., None])

    def read(self, logits: Tensor) -> Pitch:
        """The mean around the strongest bin of logits [B, T, BINS]."""
        probability = logits.sigmoid()
        strongest, middle = probability.max(-1)
        around = torch.arange(-NEIGHBOURS, NEIGHBOURS + 1, device=logits.device)
        bins = (middle[..., None] + around).clamp(0, BINS - 1)
        weight = probability.gather(-1, bins)
        cents = (weight * self.cents[bins]).sum(-1) / weight.sum(-1)
        return Pitch(LOWEST_HZ * 2 ** (cents / 1200), strongest > VOICED)


def pulses(pitch: Pitch, hop: int, rate: int, limit: float) -> Tensor:
    """Pulses at F0, all harmonics up to `limit` Hz alike: [B, T * hop].

    Unvoiced frames keep the last F0, so that pulses resume in phase. Phases are summed in float64,
    on the CPU since not every device has it: after an hour they are exact to a millionth of a turn.
    """
    frames = torch.arange(pitch.f0.shape[1], device=pitch.f0.device)
    first = pitch.voiced.int().argmax(1, keepdim=True)
    last = torch.where(pitch.voiced, frames, -1).cummax(1).values
    held = pitch.f0.gather(1, torch.where(last < 0, first, last))
    f0 = F.interpolate(held[:, None], scale_factor=hop, mode="linear")[:, 0]
    turns = (f0.cpu().double() / rate).cumsum(1) % 1
    phase = 2 * torch.pi * turns.float().to(f0.device)
    count = (limit / f0).floor()
    half = (phase / 2).sin()  # sum of cos(k phase), k = 1 .. count, is a Dirichlet kernel
    ratio = ((count + 0.5) * phase).sin() / torch.where(half.abs() < FLOOR, 1.0, half)
    return torch.where(half.abs() < FLOOR, count, (ratio - 1) / 2)


def spectrum(sound: Tensor, window: Tensor, hop: int) -> Tensor:
    """STFT of sound [B, T * hop], frames centred on their hops: complex [B, bins, T]."""
    side = (len(window) - hop) // 2
    chunks = F.pad(sound, (side, side)).unfold(1, len(window), hop) * window
    return torch.fft.rfft(chunks).transpose(1, 2)


def minimum_phase(magnitude: Tensor, quefrencies: int) -> Tensor:
    """Phase of the minimum-phase filter that has the envelope of magnitude: both [B, bins, T].

    The envelope keeps the first `quefrencies` samples of the cepstrum.
    """
    size = 2 * (magnitude.shape[1] - 1)
    cepstrum = torch.fft.irfft(magnitude.clamp_min(FLOOR).log(), n=size, dim=1)
    quefrencies = min(quefrencies, size // 2)
    causal = F.pad(2 * cepstrum[:, 1:quefrencies], (0, 0, 1, size - quefrencies))
    return torch.fft.rfft(causal, dim=1).imag


def harmonic_spectrum(
    draft: Tensor, pitch: Pitch, window: Tensor, hop: int, rate: int, limit: float
) -> Tensor:
    """Return the spectrum of draft [B, T * hop] with phases of pulses: [B, bins, T].

    window: [n_fft] at `rate` Hz; limit: highest frequency with the phases of pulses, Hz.
    """
    own = spectrum(draft, window, hop)
    pulse = spectrum(pulses(pitch, hop, rate, 2 * limit), window, hop)
    magnitude = own.abs()
    phase = pulse.angle() + minimum_phase(magnitude, round(ENVELOPE_S * rate))
    bins = torch.arange(own.shape[1], device=own.device) * rate / len(window)
    takes = pitch.voiced[:, None] & (bins < limit)[:, None]
    return torch.where(takes, torch.polar(magnitude, phase), own)
