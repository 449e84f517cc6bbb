"""Sec. 3.2-3.3: layers shared by the speech, face and motion models."""

import math
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvNextBlock(nn.Module):
    """ConvNeXt at the mel's frame rate [ConvNeXt, Vocos], with a residual path.

    A depthwise convolution over time, then two layers on each frame.
    """

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, 3 * channels)
        self.narrow = nn.Linear(3 * channels, channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C, T]."""
        y = self.norm(self.depthwise(x).transpose(1, 2))
        y = self.scale * self.narrow(F.gelu(self.widen(y)))
        return x + y.transpose(1, 2)


class DilatedResidual(nn.Module):
    """Pairs of a dilated and a plain convolution with a residual path [HiFi-GAN].

    padded: keep the length; else each pair shortens the time axis, by 2 `margin` in all.
    """

    def __init__(
        self, channels: int, kernel: int, dilations: tuple[int, ...], padded: bool = True
    ) -> None:
        super().__init__()
        reach = (kernel - 1) // 2 if padded else 0
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=d, padding=reach * d) for d in dilations
        )
        self.plain = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, padding=reach) for _ in dilations
        )
        self.margin = sum((kernel - 1) * (d + 1) for d in dilations) // 2

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C, T], or [B, C, T - 2 margin] without padding."""
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            y = plain(F.leaky_relu(dilated(F.leaky_relu(x, 0.1)), 0.1))
            cut = (x.shape[-1] - y.shape[-1]) // 2
            x = x[..., cut : x.shape[-1] - cut] + y
        return x


class TimeEmbedding(nn.Module):
    """Sinusoidal embedding of the flow time t, then a two-layer MLP."""

    def __init__(self, channels: int, hidden: int, scale: float = 1000.0) -> None:
        super().__init__()
        self.channels, self.scale = channels, scale
        self.mlp = nn.Sequential(nn.Linear(channels, hidden), nn.SiLU(), nn.Linear(hidden, hidden))

    def forward(self, t: Tensor) -> Tensor:
        """t: [B] in [0, 1] -> [B, hidden]."""
        half = self.channels // 2
        place = torch.arange(half, device=t.device, dtype=torch.float32)
        rates = torch.exp(place * (-math.log(10_000.0) / (half - 1)))
        angle = self.scale * t[:, None] * rates[None]
        return self.mlp(torch.cat([angle.sin(), angle.cos()], dim=1))


def rotate(x: Tensor, channels: int) -> Tensor:
    """Rotary position embedding of [..., T, D] along T, on the first `channels` of D, even."""
    half = channels // 2
    rates = 10_000.0 ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    angle = torch.arange(x.shape[-2], device=x.device)[:, None] * rates[None]
    sin, cos = angle.sin(), angle.cos()
    a, b = x[..., :half], x[..., half:channels]
    return torch.cat([a * cos - b * sin, b * cos + a * sin, x[..., channels:]], dim=-1)


def full_precision(device: torch.device) -> AbstractContextManager:
    """Disable autocast in the block, for spectra and gradient penalties."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)
