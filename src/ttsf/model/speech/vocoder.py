"""Sec. 4.1: mel-spectrogram to waveform: HiFi-GAN, Vocos, or Griffin-Lim without weights."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import AudioConfig, VocoderConfig
from ttsf.model.flow_matching import generator_of
from ttsf.model.layers import ConvNextBlock, DilatedResidual
from ttsf.model.mel import mel_filters, stft
from ttsf.model.speech.harmonics import PitchHead, harmonic_spectrum
from ttsf.model.speech.mel_match import MelMatch

SLOPE = 0.1
"""Slope of every leaky ReLU but the last [HiFi-GAN]."""
LAST_SLOPE = 0.01
REFINEMENTS, MOMENTUM = 30, 0.99
"""Griffin-Lim's steps towards non-negative magnitudes, and weight of the last change."""


class Fusion(nn.Module):
    """Multi-receptive-field fusion: the mean of residual blocks of several kernel sizes."""

    def __init__(self, channels: int, config: VocoderConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            DilatedResidual(channels, kernel, config.resblock_dilations)
            for kernel in config.resblock_kernels
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C, T]."""
        return torch.stack([block(x) for block in self.blocks]).mean(0)


def spectrum_of(x: Tensor) -> Tensor:
    """Log-magnitude and phase [B, n_fft + 2, T] as complex values [B, n_fft / 2 + 1, T]."""
    log_magnitude, phase = x.float().chunk(2, dim=1)
    magnitude = log_magnitude.clamp_max(5.0).exp()
    return torch.complex(magnitude * phase.cos(), magnitude * phase.sin())


def overlap_add(chunks: Tensor, window: Tensor, hop: int) -> Tensor:
    """Add windowed chunks [B, N, T], centred on their hops: samples [B, T * hop]."""
    size, frames = chunks.shape[1:]
    fold = {
        "output_size": (1, (frames - 1) * hop + size), "kernel_size": (1, size), "stride": (1, hop),
    }  # fmt: skip
    signal = F.fold(chunks, **fold)[:, 0, 0]
    power = window[None, :, None].expand(1, -1, frames) ** 2
    weight = F.fold(power, **fold)[:, 0, 0]
    left = (size - hop) // 2
    return (signal / weight.clamp_min(1e-3))[:, left : left + frames * hop]


class HifiGan(nn.Module):
    """Upsampling stages with multi-receptive-field fusion; a waveform or inverse-STFT head."""

    window: Tensor

    def __init__(self, config: VocoderConfig, audio: AudioConfig) -> None:
        super().__init__()
        self.config, self.audio = config, audio
        self.first = nn.Conv1d(audio.mel_bins, config.channels, 7, padding=3)
        self.grow, self.fuse = nn.ModuleList(), nn.ModuleList()
        width = config.channels
        for rate, kernel in zip(config.upsample_rates, config.upsample_kernels, strict=True):
            spare = (kernel - rate) % 2
            self.grow.append(
                nn.ConvTranspose1d(
                    width, width // 2, kernel, rate, (kernel - rate + spare) // 2, spare
                )
            )
            width //= 2
            self.fuse.append(Fusion(width, config))
        outputs = config.istft_n_fft + 2 if config.istft_n_fft else 1
        self.last = nn.Conv1d(width, outputs, 7, padding=3)
        self.register_buffer(
            "window",
            torch.hann_window(max(config.istft_n_fft, 1), device="cpu", dtype=torch.float32),
            persistent=False,
        )

    def forward(self, mel: Tensor) -> Tensor:
        """Raw log-mel [B, 80, T] -> samples [B, T * hop] in [-1, 1]."""
        x = self.first((mel - self.audio.mel_mean) / self.audio.mel_std)
        for grow, fuse in zip(self.grow, self.fuse, strict=True):
            x = fuse(grow(F.leaky_relu(x, SLOPE)))
        x = self.last(F.leaky_relu(x, LAST_SLOPE))
        if not self.config.istft_n_fft:
            return torch.tanh(x[:, 0])
        return self._inverse_stft(x, mel.shape[-1] * self.audio.hop)

    def _inverse_stft(self, x: Tensor, length: int) -> Tensor:
        """Log-magnitude and phase [B, n_fft + 2, frames] to samples."""
        spectrum = F.pad(torch.view_as_real(spectrum_of(x)), (0, 0, 0, 1), mode="replicate")
        n_fft, hop = self.config.istft_n_fft, self.config.istft_hop
        samples = torch.istft(
            torch.view_as_complex(spectrum.contiguous()), n_fft, hop, window=self.window
        )
        return samples[:, :length]


class Vocos(nn.Module):
    """Magnitude and phase of an STFT from ConvNeXt blocks, all at the rate of the mel frames.

    The STFT may reach above the mel's band: what lies there follows from the mel [ours]. With
    `harmonics_hz` the lowest bins of voiced frames take their phases from pulses at F0 [ours]; in
    `mel_rounds` rounds the sound's mel is brought to the given one [ours].
    """

    window: Tensor

    def __init__(self, config: VocoderConfig, audio: AudioConfig) -> None:
        super().__init__()
        self.audio, width = audio, config.channels
        self.rate = config.sample_rate or audio.sample_rate
        self.hop = audio.hop * self.rate // audio.sample_rate
        self.harmonics_hz = config.harmonics_hz
        self.first = nn.Conv1d(audio.mel_bins, width, 7, padding=3)
        self.norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            ConvNextBlock(width, 1 / config.layers) for _ in range(config.layers)
        )
        self.last_norm = nn.LayerNorm(width)
        self.last = nn.Linear(width, config.istft_n_fft + 2)
        self.pitch = PitchHead(width) if config.harmonics_hz else None
        window = torch.hann_window(config.istft_n_fft, device="cpu", dtype=torch.float32)
        self.register_buffer("window", window, persistent=False)
        self.match = MelMatch(audio, self.rate, window) if config.mel_rounds else None
        self.rounds = config.mel_rounds

    def features(self, mel: Tensor) -> Tensor:
        """What the last layers read: raw log-mel [B, 80, T] -> [B, T, C]."""
        x = self.first((mel - self.audio.mel_mean) / self.audio.mel_std)
        x = self.norm(x.transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return self.last_norm(x.transpose(1, 2))

    def forward(self, mel: Tensor) -> Tensor:
        """Raw log-mel [B, 80, T] -> samples [B, T * hop], hop at the vocoder's rate."""
        features = self.features(mel)
        sound = self._samples(spectrum_of(self.last(features).transpose(1, 2)))
        if self.pitch is not None:
            with torch.no_grad():
                pitch = self.pitch.read(self.pitch(features))
            args = pitch, self.window, self.hop, self.rate, self.harmonics_hz
            sound = self._samples(harmonic_spectrum(sound, *args))
        if self.match is not None:
            for _ in range(self.rounds):
                sound = self._samples(self.match(sound, mel))
        return sound

    def _samples(self, spectrum: Tensor) -> Tensor:
        chunks = torch.fft.irfft(spectrum, n=len(self.window), dim=1) * self.window[:, None]
        return overlap_add(chunks, self.window, self.hop)


class GriffinLim(nn.Module):
    """Least-squares magnitudes from the mel, then fast Griffin-Lim from a fixed phase."""

    filters: Tensor
    inverse: Tensor
    window: Tensor

    def __init__(self, config: VocoderConfig, audio: AudioConfig) -> None:
        super().__init__()
        self.audio, self.iterations = audio, config.griffin_lim_iterations
        filters = torch.from_numpy(mel_filters(audio))
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("inverse", torch.linalg.pinv(filters), persistent=False)
        window = torch.hann_window(audio.window, device="cpu", dtype=torch.float32)
        side = (audio.n_fft - audio.window) // 2
        self.register_buffer("window", F.pad(window, (side, side)), persistent=False)

    def magnitudes(self, mel: Tensor) -> Tensor:
        """Non-negative magnitudes [B, n_fft / 2 + 1, T] whose mel is closest to exp(mel)."""
        wanted = mel.exp()
        x = (self.inverse @ wanted).clamp_min(1e-7)
        top, bottom = self.filters.T @ wanted, self.filters.T @ self.filters
        for _ in range(REFINEMENTS):
            x = x * top / (bottom @ x).clamp_min(1e-10)
        return x

    def _samples(self, spectrum: Tensor) -> Tensor:
        chunks = torch.fft.irfft(spectrum, n=self.audio.n_fft, dim=1) * self.window[:, None]
        return overlap_add(chunks, self.window, self.audio.hop)

    def forward(self, mel: Tensor) -> Tensor:
        """Raw log-mel [B, 80, T] -> samples [B, T * hop]."""
        magnitude = self.magnitudes(mel)
        generator = generator_of(0)
        turns = torch.rand(magnitude.shape, generator=generator, dtype=magnitude.dtype)
        estimate = torch.polar(magnitude, 2 * torch.pi * turns.to(mel.device))
        before = torch.zeros_like(estimate)
        for _ in range(self.iterations):
            consistent = stft(self._samples(estimate), self.audio)
            fast = consistent + MOMENTUM * (consistent - before)
            before = consistent
            estimate = magnitude * fast / fast.abs().clamp_min(1e-8)
        return self._samples(estimate).clamp(-1, 1)


def build_vocoder(config: VocoderConfig, audio: AudioConfig) -> nn.Module:
    """The vocoder that `config.kind` names."""
    kinds = {"griffin_lim": GriffinLim, "hifigan": HifiGan, "vocos": Vocos}
    return kinds[config.kind](config, audio)
