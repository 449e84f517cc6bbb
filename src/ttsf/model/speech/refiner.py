"""Refine upsampled f_t to a mu that varies within symbols, with ConvNeXt blocks [ours]."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import RefinerConfig
from ttsf.model.layers import ConvNextBlock
from ttsf.model.speech.duration import symbols_of_frames

PLACE = 3
"""Number of features for the position of a frame in its symbol."""
NEAR = 10.0
"""Unit of the distances to a symbol's ends, frames; distances are capped at 2 units."""


def place_in_symbols(durations: Tensor, frames: int) -> Tensor:
    """Return relative position in the symbol, frames since start and until end: [B, 3, frames].

    durations: int64 [B, L]; frames past their sum are 0.
    """
    index, inside = symbols_of_frames(durations, frames)
    clock = torch.arange(frames, device=durations.device)
    end, length = durations.cumsum(1).gather(1, index), durations.gather(1, index)
    since = (clock - end + length + 0.5) * inside
    until = (end - clock - 0.5) * inside
    share = since / length.clamp_min(1)
    near = [(x / NEAR).clamp(0, 2) for x in (since, until)]
    return torch.stack([share, *near], dim=1)


class MelRefiner(nn.Module):
    """f_t at mel rate -> mu."""

    def __init__(self, config: RefinerConfig, channels: int, mel_bins: int) -> None:
        super().__init__()
        width = config.channels
        self.first = nn.Conv1d(channels + PLACE, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            ConvNextBlock(width, 1 / config.layers) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.last = nn.Linear(width, mel_bins)

    def forward(self, hidden: Tensor, durations: Tensor, mask: Tensor) -> Tensor:
        """hidden [B, C, T] upsampled; durations [B, L]; mask [B, 1, T] -> [B, mel_bins, T]."""
        place = place_in_symbols(durations, hidden.shape[-1])
        x = self.first(torch.cat([hidden, place.to(hidden)], dim=1)) * mask
        for block in self.blocks:
            x = block(x) * mask
        return self.last(F.gelu(self.norm(x.transpose(1, 2)))).transpose(1, 2) * mask
