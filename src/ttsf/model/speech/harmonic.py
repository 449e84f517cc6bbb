"""Harmonic-plus-noise vocoder: per-frame filters of a pulse train and of noise [ours].

Vocos predicts phases without a reference. Here harmonics take their phase from a pulse train with
the F0 estimated from the mel, so it is continuous by construction; noise is added separately.
ConvNeXt blocks at the mel's rate give both filters [HiFTNet, Wavehax]. The sound may have a higher
rate than the mel: the upper band follows from the lower.
"""

import torch
from torch import Tensor, nn

from ttsf.config import AudioConfig, VocoderConfig
from ttsf.model.layers import ConvNextBlock
from ttsf.model.speech.overlap import overlap_add
from ttsf.model.speech.pitch import Pitch, PitchReader

QUIET = -3.0
"""Log-magnitude of both filters at the start of training."""
MOST = 6.0
"""Maximum log-magnitude of a filter."""
MIDDLE_HZ = 160.0


def pulse_train(f0: Tensor, hop: int, rate: int) -> Tensor:
    """Generate all harmonics of F0 [B, T] in Hz below rate / 2, power 1: samples [B, T * hop]."""
    wide = nn.functional.interpolate(f0[:, None], scale_factor=hop, mode="linear")[:, 0]
    turns = (wide.double() / rate).cumsum(1)
    half = torch.pi * (turns - turns.floor()).float()  # of the phase
    count = (rate / 2 / wide).floor()
    ground = half.sin()
    middle = ground.abs() > 1e-3
    sines = ((2 * count + 1) * half).sin() / torch.where(middle, ground, 1.0)
    sound: Tensor = (torch.where(middle, sines, 2 * count + 1) - 1) / 2  # Dirichlet's kernel
    return sound * (2 / count).sqrt()


class HarmonicVocoder(nn.Module):
    """Filters of a pulse train and of noise, magnitude and phase, at the rate of the mel frames."""

    window: Tensor

    def __init__(self, config: VocoderConfig, audio: AudioConfig) -> None:
        super().__init__()
        self.audio, width = audio, config.channels
        self.rate = config.sample_rate or audio.sample_rate
        self.hop = self.rate * audio.hop // audio.sample_rate
        self.pitch = PitchReader(audio, config.pitch_channels)
        self.first = nn.Conv1d(audio.mel_bins + 2, width, 7, padding=3)
        self.norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            ConvNextBlock(width, 1 / config.layers) for _ in range(config.layers)
        )
        self.last_norm = nn.LayerNorm(width)
        self.bins = config.istft_n_fft // 2 + 1
        self.last = nn.Linear(width, 3 * self.bins)
        window = torch.hann_window(config.istft_n_fft, device="cpu", dtype=torch.float32)
        self.register_buffer("window", window, persistent=False)
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            self.last.bias.zero_()
            self.last.bias[: 2 * self.bins] = QUIET

    def forward(self, mel: Tensor) -> Tensor:
        """Raw log-mel [B, mel_bins, T] -> samples [B, T * hop] at the vocoder's rate."""
        samples, _ = self.speak(mel)
        return samples

    def speak(self, mel: Tensor) -> tuple[Tensor, Pitch]:
        """Return the samples, and the estimated F0."""
        x = (mel - self.audio.mel_mean) / self.audio.mel_std
        pitch = self.pitch(x)
        f0 = pitch.f0()
        known = torch.stack([(f0 / MIDDLE_HZ).log2(), pitch.voiced.detach().sigmoid()], dim=1)
        x = self.first(torch.cat([x, known.to(x)], dim=1))
        x = self.norm(x.transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        x = self.last(self.last_norm(x.transpose(1, 2))).transpose(1, 2)
        harmonic, noisy, phase = x.float().split(self.bins, dim=1)
        pulses = self._spectrum(pulse_train(f0, self.hop, self.rate))
        noise = self._spectrum(self._noise(mel))
        spectrum = pulses * torch.polar(harmonic.clamp_max(MOST).exp(), phase)
        spectrum = spectrum + noise * noisy.clamp_max(MOST).exp()
        chunks = torch.fft.irfft(spectrum, n=len(self.window), dim=1) * self.window[:, None]
        return overlap_add(chunks, self.window, self.hop), pitch

    def _noise(self, mel: Tensor) -> Tensor:
        """Return white noise of power 1 [B, T * hop]; fixed at inference, random in training."""
        generator = None if self.training else torch.Generator().manual_seed(0)
        noise = torch.randn(1, mel.shape[-1] * self.hop, generator=generator)
        return noise.to(mel.device).expand(len(mel), -1)

    def _spectrum(self, samples: Tensor) -> Tensor:
        """[B, N] -> complex [B, bins, N / hop], centred on the hops."""
        size = len(self.window)
        left = (size - self.hop) // 2
        padded = nn.functional.pad(samples, (left, size - self.hop - left))
        return torch.stft(
            padded, size, self.hop, window=self.window, center=False, return_complex=True
        )
