"""Least-squares GAN losses with feature matching, for sound and for mels [HiFi-GAN]."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.1
"""Slope of every leaky ReLU [HiFi-GAN]."""


class Seen(NamedTuple):
    """Scores (1 real, 0 fake) and feature maps of one discriminator."""

    score: Tensor
    """[B, places]."""
    features: tuple[Tensor, ...]
    """Feature maps of all layers, the score map last."""


class GanLosses(NamedTuple):
    """Sums over the discriminators of a set [HiFi-GAN]."""

    adversarial: Tensor
    features: Tensor
    discriminator: Tensor


def see(layers: nn.ModuleList, last: nn.Module, x: Tensor) -> Seen:
    """Apply a discriminator's layers to its input."""
    features = []
    for layer in layers:
        x = F.leaky_relu(layer(x), SLOPE)
        features.append(x)
    score = last(x)
    return Seen(score.flatten(1), (*features, score))


def generator_score(fake: list[Seen]) -> Tensor:
    """Least squares towards 1, summed over discriminators."""
    return torch.stack([(1 - seen.score).square().mean() for seen in fake]).sum()


def discriminator_score(real: list[Seen], fake: list[Seen]) -> Tensor:
    """Least squares towards 1 for real and 0 for fake, summed over discriminators."""
    terms = [(1 - r.score).square().mean() for r in real] + [f.score.square().mean() for f in fake]
    return torch.stack(terms).sum()


def feature_distance(real: list[Seen], fake: list[Seen]) -> Tensor:
    """L1 of every layer, summed over layers and discriminators; the real side is a fixed target."""
    pairs = zip(real, fake, strict=True)
    layers = (pair for r, f in pairs for pair in zip(r.features, f.features, strict=True))
    return torch.stack([(a.detach() - b).abs().mean() for a, b in layers]).sum()


@contextmanager
def frozen(net: nn.Module) -> Iterator[None]:
    """Freeze the weights of `net` in the block; gradients still pass through it."""
    net.requires_grad_(False)
    try:
        yield
    finally:
        net.requires_grad_(True)


def gan_losses(
    discriminators: nn.Module, fake: Tensor, real: Tensor, *condition: Tensor
) -> GanLosses:
    """Return all three losses of a batch; each has gradients for the side it trains only.

    condition: further inputs of the discriminators, the same for both sides.
    """
    seen_real = discriminators(real, *condition)
    seen_fake = discriminators(fake.detach(), *condition)
    with frozen(discriminators):
        passed = discriminators(fake, *condition)
    return GanLosses(
        generator_score(passed),
        feature_distance(seen_real, passed),
        discriminator_score(seen_real, seen_fake),
    )
