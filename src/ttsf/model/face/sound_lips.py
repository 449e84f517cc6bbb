"""f_lip from sound alone [ours]: a convolutional network for recordings without a text."""

import math

from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import AudioConfig, SoundLipsConfig
from ttsf.model.layers import ConvNextBlock


class SoundLips(nn.Module):
    """mel -> f_lip, at half the mel's frame rate inside; the sound's level must be normalised."""

    def __init__(
        self, config: SoundLipsConfig, audio: AudioConfig, mel_per_video: int, style_channels: int
    ) -> None:
        super().__init__()
        self.audio = audio
        self.fold = math.gcd(2, mel_per_video)
        self.pool = mel_per_video // self.fold
        width, pad = config.channels, config.kernel // 2
        self.enter = nn.Conv1d(self.fold * audio.mel_bins, width, config.kernel, padding=pad)
        scale = 1 / config.layers
        self.blocks = nn.ModuleList(ConvNextBlock(width, scale) for _ in range(config.layers))
        self.leave = nn.Conv1d(width, style_channels, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """Raw log-mel [B, mel_bins, mel_per_video * T] -> f_lip [B, T, S]."""
        x = (mel - self.audio.mel_mean) / self.audio.mel_std
        x = x.unflatten(2, (-1, self.fold)).transpose(2, 3).flatten(1, 2)
        x = self.enter(x)
        for block in self.blocks:
            x = block(x)
        return self.leave(F.avg_pool1d(x, self.pool)).transpose(1, 2)
