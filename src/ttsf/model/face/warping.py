"""Warp maps by a flow (Sec. 3.1), whole or in a window of G's frame."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Window(NamedTuple):
    """A rectangle of the map of G's last scale, in its cells; all four edges are even."""

    top: int
    left: int
    bottom: int
    right: int

    def of(self, x: Tensor) -> Tensor:
        """View of this part of a map [..., s, s]."""
        return x[..., self.top : self.bottom, self.left : self.right]

    def coarse(self, more: int) -> "Window":
        """The same part of the map of half the side, with `more` of its cells around it."""
        top, left = (max(edge // 2 - more, 0) for edge in self[:2])
        return Window(top, left, self.bottom // 2 + more, self.right // 2 + more)

    def fade(self, cells: int, like: Tensor) -> Tensor:
        """Weights [h, w] that fall from 1 to near 0 over some cells inside the edges."""
        across, down = (
            torch.arange(size, device=like.device, dtype=like.dtype) + 0.5
            for size in (self.right - self.left, self.bottom - self.top)
        )
        x, y = (
            torch.minimum(line, line.flip(0)).div(cells).clamp(max=1) for line in (across, down)
        )
        return y[:, None] * x


def each(x: Tensor, count: int) -> Tensor:
    """Repeat each item of [B, ...] in a row to `count` items; without copying if it can be."""
    n = count // len(x)
    if n == 1:
        return x
    return x.expand(n, *x.shape[1:]) if len(x) == 1 else x.repeat_interleave(n, 0)


def identity_grid(side: int, like: Tensor) -> Tensor:
    """Pixel centres in [-1, 1] as (x, y): [1, side, side, 2]."""
    line = (2 * torch.arange(side, device=like.device, dtype=like.dtype) + 1) / side - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], dim=-1)[None]


def warp(image: Tensor, grid: Tensor) -> Tensor:
    """Bilinear sampling of [B, C, s, s] at grid [B, h, w, 2]; the edge is repeated outside.

    The grid is clamped to the pixel centres: Apple's GPUs lack padding by the border.
    """
    edge = 1 - 1 / image.shape[-1]
    return F.grid_sample(image, grid.clamp(-edge, edge), align_corners=False)


def sampling_grid(offset: Tensor) -> Tensor:
    """Where to read the source, [B, s, s, 2], from the flow [B, 2, s, s]."""
    return identity_grid(offset.shape[-1], offset) + offset.permute(0, 2, 3, 1)


def warp_masked(skip: Tensor, offset: Tensor, mask: Tensor, window: Window | None = None) -> Tensor:
    """Compute `warp` times a mask; three times as fast if no gradient is needed.

    skip: [S, C, s, s]; offset: [S n, 2, h, w], in half sides; mask: [S n, 1, h, w]; window: the
    part of the map that these are of (None: all). Returns [S n, C, h, w].
    """
    if offset.is_cpu and not torch.is_grad_enabled():
        return _warp_rows(skip, offset, mask, *(window or (0, 0))[:2])
    skip = each(skip, len(offset))
    grid = identity_grid(skip.shape[-1], offset).permute(0, 3, 1, 2)
    grid = (grid if window is None else window.of(grid)) + offset
    return warp(skip, grid.permute(0, 2, 3, 1)) * mask


def _warp_rows(
    skip: Tensor, offset: Tensor, mask: Tensor, first_row: int, first_column: int
) -> Tensor:
    """`warp_masked` as sums of four rows of a table that has a pixel's channels in each row."""
    side, n = skip.shape[-1], len(offset) // len(skip)
    height, width = offset.shape[2:]
    columns = torch.arange(first_column, first_column + width)
    rows = torch.arange(first_row, first_row + height)
    x = (columns + offset[:, 0] * (side / 2)).clamp_(0, side - 1)
    y = (rows[:, None] + offset[:, 1] * (side / 2)).clamp_(0, side - 1)
    left, top = x.floor().clamp_(max=side - 2), y.floor().clamp_(max=side - 2)
    of_source = torch.arange(len(skip)).repeat_interleave(n)[:, None, None] * side**2
    corner = (top * side + left).int() + of_source.int()
    index = torch.stack([corner, corner + 1, corner + side, corner + side + 1], -1)
    all_four = mask[:, 0]
    right, low = all_four * (x - left), all_four * (y - top)
    both = right * (y - top)
    weights = torch.stack([all_four - right - low + both, right - both, low - both, both], -1)
    table = skip.permute(0, 2, 3, 1).flatten(0, 2)
    sums = F.embedding_bag(
        index.view(-1, 4), table, mode="sum", per_sample_weights=weights.view(-1, 4)
    )
    return sums.view(*mask.shape[:1], height, width, -1).permute(0, 3, 1, 2)
