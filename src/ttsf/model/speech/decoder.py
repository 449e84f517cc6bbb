"""D_TTS, Sec. 3.3: v_t of Eq. 4 for mel-spectrograms, a 1-D U-Net with transformer blocks."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import SpeechDecoderConfig
from ttsf.model.layers import TimeEmbedding
from ttsf.model.speech.text_encoder import Attention, ChannelNorm


class SnakeBeta(nn.Module):
    """x + sin^2(alpha x) / beta with a learned frequency and height per channel of [B, C, T]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.log_alpha = nn.Parameter(torch.zeros(channels, 1))
        self.log_beta = nn.Parameter(torch.zeros(channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C, T]."""
        return x + torch.sin(x * self.log_alpha.exp()) ** 2 / (self.log_beta.exp() + 1e-9)


class ResidualBlock(nn.Module):
    """Two convolutions; the time embedding is added between them."""

    def __init__(self, in_channels: int, channels: int, time_channels: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv1d(in_channels, channels, 3, padding=1)
        self.conv_2 = nn.Conv1d(channels, channels, 3, padding=1)
        self.norm_1, self.norm_2 = nn.GroupNorm(8, channels), nn.GroupNorm(8, channels)
        self.from_time = nn.Linear(time_channels, channels)
        self.skip = nn.Conv1d(in_channels, channels, 1)

    def forward(self, x: Tensor, time: Tensor, mask: Tensor) -> Tensor:
        """x: [B, C, T]; time: [B, time_channels]; mask: [B, 1, T]."""
        y = F.silu(self.norm_1(self.conv_1(x * mask)))
        y = y + self.from_time(F.silu(time))[:, :, None]
        y = F.silu(self.norm_2(self.conv_2(y * mask)))
        return (y + self.skip(x)) * mask


class TransformerBlock(nn.Module):
    """Self-attention over time, then a feed-forward with SnakeBeta."""

    def __init__(self, channels: int, config: SpeechDecoderConfig) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = ChannelNorm(channels), ChannelNorm(channels)
        self.attention = Attention(channels, config.heads, config.head_channels, rotary=False)
        self.feed_forward = nn.Sequential(
            nn.Conv1d(channels, 4 * channels, 1),
            SnakeBeta(4 * channels),
            nn.Dropout(config.dropout),
            nn.Conv1d(4 * channels, channels, 1),
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, C, T] -> [B, C, T]."""
        x = x + self.attention(self.norm_1(x), mask)
        return (x + self.feed_forward(self.norm_2(x))) * mask


class Level(nn.Module):
    """One resolution: a residual block and its transformer blocks."""

    def __init__(self, in_channels: int, channels: int, config: SpeechDecoderConfig) -> None:
        super().__init__()
        self.residual = ResidualBlock(in_channels, channels, config.time_channels)
        self.blocks = nn.ModuleList(
            TransformerBlock(channels, config) for _ in range(config.blocks_per_level)
        )

    def forward(self, x: Tensor, time: Tensor, mask: Tensor) -> Tensor:
        """[B, C_in, T] -> [B, C, T]."""
        x = self.residual(x, time, mask)
        for block in self.blocks:
            x = block(x, mask)
        return x


class SpeechDecoder(nn.Module):
    """v_t(x | mu, voice): [B, mel_bins, T] -> [B, mel_bins, T]; any T, padded inside."""

    def __init__(self, config: SpeechDecoderConfig, mel_bins: int, voice_channels: int) -> None:
        super().__init__()
        widths = config.channels
        self.multiple = 2 ** (len(widths) - 1)
        self.time = TimeEmbedding(
            2 * mel_bins + voice_channels, config.time_channels, config.time_scale
        )
        ins = (2 * mel_bins + voice_channels, *widths[:-1])
        self.down = nn.ModuleList(Level(a, b, config) for a, b in zip(ins, widths, strict=True))
        self.shrink = nn.ModuleList(nn.Conv1d(w, w, 3, 2, 1) for w in widths[:-1])
        self.middle = nn.ModuleList(
            Level(widths[-1], widths[-1], config) for _ in range(config.mid_blocks)
        )
        self.grow = nn.ModuleList(
            nn.ConvTranspose1d(b, a, 4, 2, 1)
            for a, b in zip(widths[-2::-1], widths[:0:-1], strict=True)
        )
        self.up = nn.ModuleList(Level(2 * w, w, config) for w in widths[-2::-1])
        self.last = ResidualBlock(widths[0], widths[0], config.time_channels)
        self.out = nn.Conv1d(widths[0], mel_bins, 1)

    def forward(self, x: Tensor, t: Tensor, mu: Tensor, voice: Tensor, mask: Tensor) -> Tensor:
        """x, mu: [B, mel_bins, T]; t: [B]; voice: [B, V]; mask: [B, 1, T]."""
        frames = x.shape[-1]
        mask = F.pad(mask, (0, -frames % self.multiple))
        wide = voice[:, :, None].expand(-1, -1, frames)
        h = F.pad(torch.cat([x, mu, wide], dim=1), (0, mask.shape[-1] - frames)) * mask
        time = self.time(t)
        kept, masks = [], [mask]
        for i, level in enumerate(self.down):
            h = level(h, time, masks[-1])
            if i < len(self.shrink):
                kept.append(h)
                h = self.shrink[i](h * masks[-1])
                masks.append(masks[-1][:, :, ::2])
        for level in self.middle:
            h = level(h, time, masks[-1])
        for grow, level in zip(self.grow, self.up, strict=True):
            h = grow(h * masks.pop())
            h = level(torch.cat([h, kept.pop()], dim=1), time, masks[-1])
        return (self.out(self.last(h, time, mask)) * mask)[..., :frames]
