"""Eq. 2, Sec. 3.1: the non-saturating adversarial losses, R1 and feature matching.

With logits l, D(I) = sigmoid(l), so -log D = softplus(-l) and -log(1 - D) = softplus(l). Eq. 2 is
printed in its minimax form; the text says non-saturating, so G minimises -log D(G(f_z)).
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def generator_loss(fake: Tensor) -> Tensor:
    """Eq. 2 for G: E[-log D(G(f_z))]; fake: logits [B]."""
    return F.softplus(-fake).mean()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Eq. 2 for D, to be minimised: E[-log D(I_d)] + E[-log(1 - D(G(f_z)))]; logits [B]."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def r1_penalty(logits: Tensor, real_images: Tensor) -> Tensor:
    """E[|dD/dI|^2] at real pictures [StyleGAN2]; logits: [B]; real_images: [B, 3, s, s].

    `real_images` must require gradients before D sees them. The customary loss is weight / 2 times
    this value (times the steps between two penalties); the caller multiplies.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), real_images, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


def feature_matching(fake: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference of D's feature maps, averaged over levels; only `fake` learns.

    Stands in for the VGG19 term of Eq. 3 where its weights are not at hand [ours].
    """
    levels = [F.l1_loss(a, b.detach()) for a, b in zip(fake, real, strict=True)]
    return torch.stack(levels).mean()
