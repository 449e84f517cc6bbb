"""The motion normaliser, Sec. 3.2: an auto-encoder f_m -> f_c -> f_m-hat that takes noise out."""

from torch import Tensor, nn

from ttsf.config import MotionConfig


class MotionNormalizer(nn.Module):
    """A per-frame MLP with a bottleneck; f_c is what the motion sampler draws.

    f_c is standardised, so that the noise N(0, I) of Eq. 6 meets data of its own size.
    """

    def __init__(self, config: MotionConfig, style_channels: int) -> None:
        super().__init__()
        hidden, width = config.normalizer_hidden, config.compressed_channels
        self.encoder = nn.Sequential(
            nn.Linear(style_channels, hidden), nn.GELU(), nn.Linear(hidden, width)
        )
        self.standard = nn.BatchNorm1d(width, affine=False)
        self.decoder = nn.Sequential(
            nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, style_channels)
        )

    def compress(self, f_m: Tensor) -> Tensor:
        """f_m [B, T, S] -> f_c [B, T, C]."""
        return self.standard(self.encoder(f_m).transpose(1, 2)).transpose(1, 2)

    def restore(self, f_c: Tensor) -> Tensor:
        """f_c [B, T, C] -> f_m-hat [B, T, S]."""
        return self.decoder(f_c)

    def loss(self, f_m: Tensor) -> Tensor:
        """L_AE: mean squared error of the reconstruction."""
        return (self.restore(self.compress(f_m)) - f_m).square().mean()
