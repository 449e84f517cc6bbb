"""ConvNeXt block for networks at the mel frame rate [ConvNeXt, Vocos]."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvNextBlock(nn.Module):
    """Depthwise convolution over time, then two layers on each frame, with a residual path."""

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
