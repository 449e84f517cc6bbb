"""Disturb log-mels of speech as heads, rooms, noises, channels and levels do."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.config import SAMPLE_RATE, AudioConfig
from ttsf.model.mel import mel_spectrogram

NOISES = 150
"""Stretches of noise and music that are drawn once and used again."""
HEAD = 0.06
"""Largest relative shift of all bins, as by a smaller or larger head."""
ROOM, ROOM_S, WET = 0.35, (0.1, 0.6), (0.02, 0.3)
"""Share of windows in a room, its reverberation time (60 dB), s, and how much is heard of it."""
TILT, UNEVEN, BANDS = 0.7, 0.5, 6
"""Standard deviations of a channel's slope and of its gain in bands, nepers."""
TELEPHONE, NARROW, MUFFLED = 0.15, (8, 60), 5.0
"""Share of windows on a telephone, the bins that it carries, and its damping of others, nepers."""
NOISY, SNR_DB = 0.7, (5.0, 70.0)
GAIN = 0.5
"""Largest change of the level, nepers."""
LOUD = 0.9
"""Quantile of a window's levels that is its loudness."""
SILENCE = -11.0
"""Log-mel below which nothing is heard."""
DB = float(np.log(10) / 20)
"""One dB in nepers."""


class Disturbances(NamedTuple):
    """Noises to disturb speech with."""

    noise: Tensor
    """Log-mels of level 0, [NOISES, mel_bins, T]."""

    @classmethod
    def of(cls, audio: AudioConfig, frames: int, seed: int) -> "Disturbances":
        """Draw the noises; frames: of the mel-spectrograms to disturb."""
        rng = np.random.default_rng(seed)
        size = frames * audio.hop
        samples = np.stack([speechless(size, rng) for _ in range(NOISES)]).astype(np.float32)
        mel = mel_spectrogram(torch.from_numpy(samples), audio)[:, :, :frames]
        return cls(mel - mel.exp().mean((1, 2), keepdim=True).log())

    def alone(self, rng: np.random.Generator) -> Tensor:
        """Return noise or music without speech, [mel_bins, T], at any level."""
        return (self.noise[rng.integers(NOISES)] + rng.uniform(-9, -2)).clamp(min=SILENCE)

    def on(self, mel: Tensor, rng: np.random.Generator) -> Tensor:
        """Disturb log-mels [B, mel_bins, T], each in its own way; times stay."""
        count, bins, frames = mel.shape
        level = mel.exp().mean(1).quantile(LOUD, dim=1).clamp(min=1e-4).log()[:, None, None]
        mel = _in_rooms(_by_heads(mel, rng), rng) + _channels(count, bins, rng)
        which = torch.from_numpy(rng.integers(NOISES, size=count))
        snr = torch.from_numpy(rng.uniform(*SNR_DB, (count, 1, 1))).float() * DB
        noise = self.noise[which][:, :, :frames] + level - snr
        noise[torch.from_numpy(rng.random(count) >= NOISY)] = SILENCE
        mel = torch.logaddexp(2 * mel, 2 * noise) / 2  # powers add up
        gain = torch.from_numpy(rng.uniform(-GAIN, GAIN, (count, 1, 1))).float()
        return (mel + gain).clamp(min=SILENCE)


def stretched(frames: Tensor, count: int) -> Tensor:
    """Return values [C, T] at another pace: [C, count]."""
    return F.interpolate(frames[None], size=count, mode="linear", align_corners=False)[0]


def speechless(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return coloured noise, hum or music of RMS 0.05, float64 [count]."""
    kind = rng.random()
    x = _chords(count, rng) if kind < 0.4 else _noise(count, rng)
    if kind > 0.85:
        hum = rng.choice((50.0, 60.0)) * np.arange(1, 6)[:, None]
        x = x + (np.sin(2 * np.pi * hum * np.arange(count) / SAMPLE_RATE) / 3).sum(0) * x.std()
    return x * (0.05 / (np.sqrt((x**2).mean()) + 1e-9))


def _noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """Noise with a spectrum of f^-a, whose level may change slowly."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.maximum(np.fft.rfftfreq(count, 1 / SAMPLE_RATE), 30)
    x = np.fft.irfft(spectrum * hz ** -rng.uniform(0, 1.2), count)
    places = np.linspace(0, count - 1, 2 + count // SAMPLE_RATE)
    level = np.interp(np.arange(count), places, rng.uniform(-6, 6, len(places)))
    return x * 10 ** (level / 20)


def _chords(count: int, rng: np.random.Generator) -> np.ndarray:
    """Notes with overtones that begin at random, in a scale of twelve steps, and beats."""
    x, clock = np.zeros(count), np.arange(count) / SAMPLE_RATE
    length = rng.uniform(0.15, 0.8)
    for begin in np.arange(0, count / SAMPLE_RATE, length):
        since = np.maximum(clock - begin, 0)
        decay = np.exp(-since / rng.uniform(0.1, 1.5)) * (clock >= begin) * (since < 3 * length)
        for step in rng.integers(-24, 25, rng.integers(1, 4)):
            hz = 220 * 2 ** (step / 12)
            tones = range(1, 1 + int(min(8, 7_000 / hz)))
            x += decay * sum(np.sin(2 * np.pi * k * hz * since) / k for k in tones)
        if rng.random() < 0.5:
            x += rng.standard_normal(count) * np.exp(-since / 0.03) * (clock >= begin)
    return x


def _by_heads(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Move all bins by up to HEAD of their height."""
    count, bins, frames = mel.shape
    size = 1 + torch.from_numpy(rng.uniform(-HEAD, HEAD, (count, 1))).float()
    y = torch.arange(bins) * size * (2 / (bins - 1)) - 1
    x = torch.linspace(-1, 1, frames)
    grid = torch.stack([x.expand(count, bins, -1), y[:, :, None].expand(-1, -1, frames)], dim=-1)
    return F.grid_sample(mel[:, None], grid, padding_mode="border", align_corners=True)[:, 0]


def _in_rooms(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Let some windows fade like in a room; the direct sound keeps its time."""
    wet = mel.clone()
    for index in np.flatnonzero(rng.random(len(mel)) < ROOM):
        frames = int(rng.uniform(*ROOM_S) * 100)
        tail = torch.exp(-60 * 2 * DB * torch.arange(frames + 1) / frames) * rng.uniform(*WET) ** 2
        tail[0] = 1
        power = F.pad((2 * mel[index]).exp()[:, None], (frames, 0))
        wet[index] = F.conv1d(power, tail.flip(0)[None, None])[:, 0].log() / 2
    return wet


def _channels(count: int, bins: int, rng: np.random.Generator) -> Tensor:
    """Return gains of random channels, some of them telephones, nepers: [B, bins, 1]."""
    place = torch.linspace(-1, 1, bins)
    slope = torch.from_numpy(rng.normal(0, TILT, (count, 1))).float() * place
    bands = torch.from_numpy(rng.normal(0, UNEVEN, (count, 1, BANDS))).float()
    gain = slope + F.interpolate(bands, size=bins, mode="linear")[:, 0]
    number = torch.arange(bins)
    outside = (number < NARROW[0]) | (number > NARROW[1])
    called = torch.from_numpy(rng.random((count, 1)) < TELEPHONE)
    return (gain - MUFFLED * (called & outside))[..., None]
