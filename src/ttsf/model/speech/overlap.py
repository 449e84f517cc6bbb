"""Overlap-add of windowed chunks of sound."""

from torch import Tensor
from torch.nn import functional as F


def overlap_add(chunks: Tensor, window: Tensor, hop: int) -> Tensor:
    """Add windowed chunks [B, N, T], centred on their hops: samples [B, T * hop]."""
    size, frames = chunks.shape[1:]
    fold = {
        "output_size": (1, (frames - 1) * hop + size), "kernel_size": (1, size), "stride": (1, hop),
    }  # fmt: skip
    signal = F.fold(chunks, **fold)[:, 0, 0]
    power = window[None, :, None].expand(1, -1, frames) ** 2
    weight = F.fold(power, **fold)[:, 0, 0]
    left = (size - hop) // 2
    return (signal / weight.clamp_min(1e-3))[:, left : left + frames * hop]
