"""Sec. 4.1: waveform to log-mel spectrogram, 100 frames a second; exactly N / hop frames."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.config import AudioConfig

LOUDNESS_RANGE = 4.5  # natural-log mel level from silence to loud frames


def hz_to_mel(hz: np.ndarray) -> np.ndarray:
    """Slaney's scale: linear below 1 kHz, logarithmic above."""
    linear = hz * 3 / 200
    log = 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000) / np.log(6.4)
    return np.where(hz < 1000, linear, log)


def mel_to_hz(mel: np.ndarray) -> np.ndarray:
    """The inverse of `hz_to_mel`."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def mel_filters(config: AudioConfig) -> np.ndarray:
    """Triangles of equal area on Slaney's scale: [mel_bins, n_fft / 2 + 1]."""
    ends = hz_to_mel(np.array([config.fmin, config.fmax], dtype=np.float64))
    edges = mel_to_hz(np.linspace(ends[0], ends[1], config.mel_bins + 2))
    bins = np.linspace(0, config.sample_rate / 2, config.n_fft // 2 + 1)
    rise = (bins[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    triangles = np.maximum(0, np.minimum(rise, fall))
    return (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


@lru_cache(maxsize=8)
@torch.inference_mode(False)  # the cache outlives inference, and training reads it too
def _constants(config: AudioConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    window = torch.hann_window(config.window, device=device, dtype=torch.float32)
    return window, torch.from_numpy(mel_filters(config)).to(device)


def stft(samples: Tensor, config: AudioConfig) -> Tensor:
    """Complex spectrum [B, n_fft / 2 + 1, N // hop] of samples [B, N], centred on the hops."""
    window, _ = _constants(config, samples.device)
    frames = samples.shape[-1] // config.hop
    left = (config.n_fft - config.hop) // 2
    mode = "reflect" if samples.shape[-1] > left else "constant"
    padded = F.pad(samples[:, None], (left, config.n_fft - config.hop - left), mode=mode)[:, 0]
    spectrum = torch.stft(
        padded, config.n_fft, config.hop, config.window, window, center=False, return_complex=True
    )
    return spectrum[..., :frames]


def mel_spectrogram(samples: Tensor, config: AudioConfig) -> Tensor:
    """Natural log of the mel magnitude, floored: samples [B, N] in [-1, 1] -> [B, 80, N // hop]."""
    _, filters = _constants(config, samples.device)
    magnitude = stft(samples, config).abs()
    return (filters @ magnitude).clamp_min(config.log_floor).log()


def loudness(mel: Tensor, loudest: float | None = None) -> Tensor:
    """Loudness from 0 (silence) to 1 (`loudest`, or the loudest frame): log-mel [80, T] -> [T].

    loudest: natural-log mel level.
    """
    level = mel.exp().mean(0).log()
    most = level.quantile(0.95) if loudest is None else loudest
    return (1 + (level - most) / LOUDNESS_RANGE).clamp(0, 1)
