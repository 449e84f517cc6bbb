"""The prior network, Sec. 3.2 and Eq. 7: a 4-layer Conformer from f_{m,0} + f_lip to mu."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import MotionConfig
from ttsf.model.layers import rotate


def prior_nll(f_c: Tensor, mu: Tensor) -> Tensor:
    """L_prior, Eq. 7, under N(mu, I), averaged over elements; f_c, mu: [B, T, C]."""
    return 0.5 * ((f_c - mu).square() + math.log(2 * math.pi)).mean()


class FeedForward(nn.Sequential):
    """Conformer's feed-forward module."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__(
            nn.LayerNorm(channels),
            nn.Linear(channels, 4 * channels),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(4 * channels, channels),
            nn.Dropout(dropout),
        )


class LocalAttention(nn.Module):
    """Self-attention with rotary positions, `reach` frames to either side.

    The limited reach makes a prior trained on 32-frame clips work at any length.
    """

    def __init__(self, channels: int, heads: int, reach: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.reach = heads, reach
        self.norm = nn.LayerNorm(channels)
        self.project = nn.Linear(channels, 3 * channels)
        self.leave = nn.Sequential(nn.Linear(channels, channels), nn.Dropout(dropout))

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] -> [B, T, C]."""
        b, t, c = x.shape
        parts = self.project(self.norm(x)).view(b, t, 3, self.heads, c // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        place = torch.arange(t, device=x.device)
        near = (place[:, None] - place[None]).abs() <= self.reach
        q, k = rotate(q, q.shape[-1]), rotate(k, k.shape[-1])
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=near)
        return self.leave(y.transpose(1, 2).reshape(b, t, c))


class ConvolutionModule(nn.Module):
    """Conformer's convolution module, with a layer norm in place of the batch norm."""

    def __init__(self, channels: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.enter = nn.Linear(channels, 2 * channels)
        self.depthwise = nn.Conv1d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.middle = nn.LayerNorm(channels)
        self.leave = nn.Sequential(nn.SiLU(), nn.Linear(channels, channels), nn.Dropout(dropout))

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] -> [B, T, C]."""
        y = F.glu(self.enter(self.norm(x)))
        y = self.depthwise(y.transpose(1, 2)).transpose(1, 2)
        return self.leave(self.middle(y))


class ConformerBlock(nn.Module):
    """Half feed-forward, attention, convolution, half feed-forward, norm."""

    def __init__(self, config: MotionConfig) -> None:
        super().__init__()
        channels, dropout = config.prior_channels, config.dropout
        self.before = FeedForward(channels, dropout)
        self.attention = LocalAttention(
            channels, config.prior_heads, config.attention_reach, dropout
        )
        self.convolution = ConvolutionModule(channels, config.prior_kernel, dropout)
        self.after = FeedForward(channels, dropout)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] -> [B, T, C]."""
        x = x + 0.5 * self.before(x)
        x = x + self.attention(x)
        x = x + self.convolution(x)
        return self.norm(x + 0.5 * self.after(x))


class MotionPrior(nn.Module):
    """f_{m,0} + f_lip -> mu, the frame-wise mean of f_c."""

    def __init__(self, config: MotionConfig, style_channels: int) -> None:
        super().__init__()
        self.enter = nn.Linear(style_channels, config.prior_channels)
        self.blocks = nn.ModuleList(ConformerBlock(config) for _ in range(config.prior_layers))
        self.leave = nn.Linear(config.prior_channels, config.sampled_channels(style_channels))

    def forward(self, f_m0: Tensor, f_lip: Tensor) -> Tensor:
        """f_m0: [B, S], the first (at inference: the source's) motion; f_lip: [B, T, S].

        Returns mu: [B, T, C].
        """
        x = self.enter(f_m0[:, None] + f_lip)
        for block in self.blocks:
            x = block(x)
        return self.leave(x)
