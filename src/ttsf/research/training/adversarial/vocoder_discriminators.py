"""Sec. 4.1: discriminators of the vocoder: HiFi-GAN's, or cheaper ones on spectrograms.

Both sets turn samples [B, N] in [-1, 1] into one `Seen` for each discriminator of the set.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from ttsf.model.layers import full_precision
from ttsf.research.hyperparameters import DiscriminatorKind
from ttsf.research.training.adversarial.gan import Seen, see

PERIODS = (2, 3, 5, 7, 11)
"""Samples [HiFi-GAN]."""
PERIOD_WIDTHS = (1, 32, 128, 512, 1024, 1024)
"""Channels of the period discriminators; all but the last layer take every third row [HiFi-GAN]."""
SCALE_WIDTHS = (1, 128, 128, 256, 512, 1024, 1024, 1024)
SCALE_LAYERS = (
    (15, 1, 1),
    (41, 2, 4),
    (41, 2, 16),
    (41, 4, 16),
    (41, 4, 16),
    (41, 1, 16),
    (5, 1, 1),
)
"""(kernel, stride, groups) of the scale discriminators [HiFi-GAN]."""
SCALES = 3
"""Number of scales; each halves the sampling rate [HiFi-GAN]."""
RESOLUTIONS = ((512, 128), (1024, 256), (2048, 512))
"""(n_fft, hop) in samples of the spectrogram discriminators and of the STFT loss [ours]."""


def magnitude(samples: Tensor, n_fft: int, hop: int) -> Tensor:
    """[B, N] -> [B, n_fft / 2 + 1, frames], in float32 under any autocast."""
    with full_precision(samples.device):
        window = torch.hann_window(n_fft, device=samples.device)
        spectrum = torch.stft(samples.float(), n_fft, hop, window=window, return_complex=True)
        return torch.view_as_real(spectrum).square().sum(-1).clamp_min(1e-7).sqrt()


class PeriodDiscriminator(nn.Module):
    """Convolutions over every `period`-th sample: the sound as rows of `period` samples."""

    def __init__(self, period: int, divisor: int = 1) -> None:
        super().__init__()
        self.period = period
        widths = [1, *(width // divisor for width in PERIOD_WIDTHS[1:])]
        strides = [3] * (len(widths) - 2) + [1]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 1), (stride, 1), (2, 0)))
            for (a, b), stride in zip(pairwise(widths), strides, strict=True)
        )
        self.last = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def rows(self, samples: Tensor) -> Tensor:
        """[B, N] -> [B, 1, ceil(N / period), period], the end filled up by reflection."""
        spare = -samples.shape[-1] % self.period
        return F.pad(samples[:, None], (0, spare), "reflect").unflatten(-1, (-1, self.period))

    def forward(self, samples: Tensor) -> Seen:
        """[B, N] -> Seen."""
        return see(self.layers, self.last, self.rows(samples))


class ScaleDiscriminator(nn.Module):
    """Long grouped 1-D convolutions over the waveform."""

    def __init__(self, spectral: bool, divisor: int = 1) -> None:
        super().__init__()
        norm = spectral_norm if spectral else weight_norm
        widths = [1, *(width // divisor for width in SCALE_WIDTHS[1:])]
        self.layers = nn.ModuleList(
            norm(nn.Conv1d(a, b, kernel, stride, kernel // 2, groups=groups))
            for (a, b), (kernel, stride, groups) in zip(pairwise(widths), SCALE_LAYERS, strict=True)
        )
        self.last = norm(nn.Conv1d(widths[-1], 1, 3, padding=1))

    def forward(self, samples: Tensor) -> Seen:
        """[B, N] -> Seen."""
        return see(self.layers, self.last, samples[:, None])


class SpectrogramDiscriminator(nn.Module):
    """Strided 2-D convolutions over one log-magnitude spectrogram [ours]."""

    def __init__(self, n_fft: int, hop: int, channels: int = 16) -> None:
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        widths = (1, channels, channels, 2 * channels, 2 * channels)
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (5, 3), (2 if i else 1, 1), (2, 1)))
            for i, (a, b) in enumerate(pairwise(widths))
        )
        self.last = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, samples: Tensor) -> Seen:
        """[B, N] -> Seen."""
        spectrogram = magnitude(samples, self.n_fft, self.hop).log()[:, None]
        return see(self.layers, self.last, spectrogram)


class HifiGanDiscriminators(nn.Module):
    """Five periods and three scales, the first of these with spectral norm [HiFi-GAN].

    `divisor` makes all layers narrower: 1, 2, 4 or 8.
    """

    def __init__(self, divisor: int = 1) -> None:
        super().__init__()
        self.periods = nn.ModuleList(PeriodDiscriminator(period, divisor) for period in PERIODS)
        self.scales = nn.ModuleList(ScaleDiscriminator(i == 0, divisor) for i in range(SCALES))

    def forward(self, samples: Tensor) -> list[Seen]:
        """[B, N] -> one Seen a discriminator."""
        found = [period(samples) for period in self.periods]
        for i, scale in enumerate(self.scales):
            if i:
                samples = F.avg_pool1d(samples[:, None], 4, 2, padding=2)[:, 0]
            found.append(scale(samples))
        return found


class SpectrogramDiscriminators(nn.Module):
    """One discriminator for each of RESOLUTIONS; a small fraction of HiFi-GAN's work [ours]."""

    def __init__(self) -> None:
        super().__init__()
        self.spectrograms = nn.ModuleList(
            SpectrogramDiscriminator(n, hop) for n, hop in RESOLUTIONS
        )

    def forward(self, samples: Tensor) -> list[Seen]:
        """[B, N] -> one Seen a discriminator."""
        return [spectrogram(samples) for spectrogram in self.spectrograms]


class PeriodsAndSpectrograms(nn.Module):
    """HiFi-GAN's periods, narrower, and the spectrogram discriminators [ours]."""

    def __init__(self, divisor: int) -> None:
        super().__init__()
        self.periods = nn.ModuleList(PeriodDiscriminator(period, divisor) for period in PERIODS)
        self.spectrograms = SpectrogramDiscriminators()

    def forward(self, samples: Tensor) -> list[Seen]:
        """[B, N] -> one Seen a discriminator."""
        return [period(samples) for period in self.periods] + self.spectrograms(samples)


def build_discriminators(kind: DiscriminatorKind, divisor: int = 1) -> nn.Module | None:
    """The set of that name; `divisor` narrows HiFi-GAN's layers."""
    if kind == "both":
        return PeriodsAndSpectrograms(divisor)
    if kind == "spectrogram":
        return SpectrogramDiscriminators()
    return None if kind == "none" else HifiGanDiscriminators(divisor)
