"""Losses of the face model, Sec. 3.1: Eq. 3, L_id, L_sync, and supports with known motion."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def box_weight(boxes: Tensor, side: int, picture: int, weight: float, reach: float = 0) -> Tensor:
    """1 everywhere, `weight` inside each box; boxes [B, 4] in px of a `picture`-px frame.

    `reach` px are added at each edge, twice that below for the chin. Returns [B, 1, side, side].
    """
    line = (torch.arange(side, device=boxes.device) + 0.5) * (picture / side)
    x0, y0, x1, y1 = (boxes + boxes.new_tensor([-1, -1, 1, 2]) * reach).split(1, dim=1)
    inside_x = (line[None] >= x0) & (line[None] <= x1)
    inside_y = (line[None] >= y0) & (line[None] <= y1)
    inside = inside_y[:, None, :, None] & inside_x[:, None, None, :]
    return 1 + (weight - 1) * inside.float()


def pyramid_l1(image: Tensor, target: Tensor, weight: Tensor, levels: int = 3) -> Tensor:
    """Weighted mean absolute difference, averaged over halved resolutions (Eq. 3's first term)."""
    total = image.new_zeros(())
    for level in range(levels):
        if level:
            image, target, weight = (F.avg_pool2d(x, 2) for x in (image, target, weight))
        total = total + ((image - target).abs() * weight).sum() / (weight.sum() * image.shape[1])
    return total / levels


def gradient_l1(image: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Weighted difference of horizontal and vertical image gradients: keeps edges sharp."""
    total = image.new_zeros(())
    for dim in (-1, -2):
        error = (image.diff(dim=dim) - target.diff(dim=dim)).abs()
        total = total + (error * weight.narrow(dim, 1, error.shape[dim])).mean()
    return total


def flow_l1(grid: Tensor, known: Tensor, valid: Tensor, weight: Tensor) -> Tensor:
    """Weighted difference from a known flow, in units of half a picture.

    grid: [B, s, s, 2] sampling grid; known: [B, r, r, 2]; valid: [B] of 0 and 1; weight:
    [B, 1, s, s].
    """
    side = min(grid.shape[1], known.shape[1])
    maps = (grid.permute(0, 3, 1, 2), known.permute(0, 3, 1, 2), weight)
    found, wanted, share = (F.interpolate(x, size=side, mode="area") for x in maps)
    error = ((found - wanted).abs() * share).sum((1, 2, 3)) / (2 * share.sum((1, 2, 3)))
    return (error * valid).sum() / valid.sum().clamp_min(1)


def code_mse(predicted: Tensor, labels: Tensor, known: Tensor) -> Tensor:
    """Mean squared error over the known labels; all [B, K]."""
    return ((predicted - labels) ** 2 * known).sum() / known.sum().clamp_min(1)


def perceptual(drawn: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Second term of Eq. 3: 1/N_f sum_i |phi(I^)_i - phi(I)_i|_2 over N_f maps [B, C_i, h_i, w_i].

    A norm is divided by the root of its map's size, as the first term is a mean too [ours].
    """
    distances = []
    for a, b in zip(drawn, real, strict=True):
        norm = torch.linalg.vector_norm(a - b, dim=(1, 2, 3))
        distances.append(norm.mean() / math.sqrt(a[0].numel()))
    return torch.stack(distances).mean()


def reconstruction(
    image: Tensor, target: Tensor, features_of: Callable[[Tensor], Sequence[Tensor]]
) -> Tensor:
    """L_rec, Eq. 3: mean |I^ - I| and the distance of the feature maps phi = `features_of`.

    image, target: [B, 3, s, s] in [-1, 1]; only `image` learns.
    """
    with torch.no_grad():
        wanted = features_of(target)
    return F.l1_loss(image, target) + perceptual(features_of(image), wanted)


def identity(drawn: Tensor, real: Tensor) -> Tensor:
    """L_id = 1 - cos(E_id(I^_d), E_id(I_d)), mean over embeddings [B, C]; within [0, 2]."""
    return (1 - F.cosine_similarity(drawn, real, dim=-1)).mean()


def synchronisation(v: Tensor, a: Tensor) -> Tensor:
    """L_sync = 1 - cos(S_v(I^_d), S_a(A_s)), mean over embeddings [B, C]; within [0, 2]."""
    return (1 - F.cosine_similarity(v, a, dim=-1)).mean()
