"""Blocks that more than one part of the model uses."""

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
        rates = torch.exp(torch.arange(half, device=t.device) * (-math.log(10_000.0) / (half - 1)))
        angle = self.scale * t[:, None] * rates[None]
        return self.mlp(torch.cat([angle.sin(), angle.cos()], dim=1))


def resample_time(x: Tensor, frames: int) -> Tensor:
    """Linear interpolation of [B, C, T] to `frames` time steps, cell centres kept in place."""
    if x.shape[-1] == frames:
        return x
    return torch.nn.functional.interpolate(x, size=frames, mode="linear", align_corners=False)


def full_precision(device: torch.device) -> AbstractContextManager:
    """Whatever autocast is on is off within, for spectra and penalties."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)
