"""Sec. 3.2-3.3: layers shared by the speech and motion models."""

import math
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn


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
