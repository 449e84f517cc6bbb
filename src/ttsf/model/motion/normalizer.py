"""The motion normaliser, Sec. 3.2: an auto-encoder f_m -> f_c -> f_m-hat that removes noise."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import MotionConfig


class TimeConv(nn.Conv1d):
    """Convolution over the middle axis of [B, T, C]; the ends are held."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C_in] -> [B, T, C_out]."""
        reach = self.kernel_size[0] // 2
        held = F.pad(x.transpose(1, 2), (reach, reach), mode="replicate")
        return super().forward(held).transpose(1, 2)


class MotionNormalizer(nn.Module):
    """Compresses each frame; restores from a few neighbouring frames.

    f_c is what the motion sampler generates. It is standardised to match the scale of the noise
    N(0, I) of Eq. 6. The decoder is trained on noisy f_c and sees neighbouring frames, so that it
    learns to smooth the sampled motion, which is shaky.
    """

    def __init__(self, config: MotionConfig, style_channels: int) -> None:
        super().__init__()
        hidden, width = config.normalizer_hidden, config.compressed_channels
        self.noise = config.normalizer_noise
        self.encoder = nn.Sequential(
            nn.Linear(style_channels, hidden), nn.GELU(), nn.Linear(hidden, width)
        )
        self.standard = nn.BatchNorm1d(width, affine=False)
        self.decoder = nn.Sequential(
            TimeConv(width, hidden, config.normalizer_kernel),
            nn.GELU(),
            TimeConv(hidden, style_channels, config.normalizer_kernel),
        )

    def compress(self, f_m: Tensor) -> Tensor:
        """f_m [B, T, S] -> f_c [B, T, C]."""
        return self.standard(self.encoder(f_m).transpose(1, 2)).transpose(1, 2)

    def restore(self, f_c: Tensor) -> Tensor:
        """f_c [B, T, C] -> f_m-hat [B, T, S]."""
        return self.decoder(f_c)

    def loss(self, f_m: Tensor, f_c: Tensor, emphasis: Tensor | None = None) -> Tensor:
        """L_AE: mean squared error of f_m restored from its f_c with noise.

        emphasis: directions [S, K]; the squared error along them is added, scaled by their length.
        """
        noisy = f_c + self.noise * torch.randn_like(f_c)
        error = self.restore(noisy) - f_m
        if emphasis is None:
            return error.square().mean()
        both = error.square().sum(-1) + (error @ emphasis).square().sum(-1)
        return both.mean() / error.shape[-1]


class NoNormalizer(nn.Module):
    """The comparison of Sec. 3.2: x_1 = f_m, nothing is compressed."""

    def compress(self, f_m: Tensor) -> Tensor:
        """f_m itself."""
        return f_m

    def restore(self, f_c: Tensor) -> Tensor:
        """f_m itself."""
        return f_c

    def loss(self, f_m: Tensor, f_c: Tensor, emphasis: Tensor | None = None) -> Tensor:
        """Zero loss."""
        return (f_c - f_m).square().mean()


def build_normalizer(config: MotionConfig, style_channels: int) -> MotionNormalizer | NoNormalizer:
    """Build the normaliser that the configuration names."""
    return MotionNormalizer(config, style_channels) if config.normalizer else NoNormalizer()
