"""D of Eq. 2, Sec. 3.1: tells real from drawn frames (StyleGAN2's residual form, without blur).

The paper does not describe D. Unlike StyleGAN2 there is no equalised learning rate but a plain
Kaiming start: equalisation evens out large Adam steps (2e-3), ours are 1e-4 [P 4.1]. One layer
per side reads RGB, so that D follows G when it stops at a smaller picture.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import DiscriminatorConfig
from ttsf.model.face.encoder import SLOPE, ResidualBlock, initialise


class DiscriminatorOutput(NamedTuple):
    """D's logits for B frames, and its feature maps."""

    logits: Tensor
    """[B]; positive: real."""
    maps: tuple[Tensor, ...]
    """Feature maps [B, C, s, s] of every level from the picture's side down, in this order."""


def append_deviation(x: Tensor, group: int) -> Tensor:
    """One more channel: the mean standard deviation over groups of pictures [StyleGAN2].

    [B, C, s, s] -> [B, C + 1, s, s]. A group is of the largest size up to `group` that divides B;
    its pictures are B / size apart, which takes them from different clips where frames of one clip
    follow each other.
    """
    size = max(g for g in range(1, group + 1) if len(x) % g == 0)
    groups = x.unflatten(0, (size, -1))
    deviation = (groups.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    channel = deviation.repeat(size)[:, None, None, None].expand(-1, 1, *x.shape[2:])
    return torch.cat([x, channel], dim=1)


class Discriminator(nn.Module):
    """D: a picture of any side among the configured levels to a logit."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.sides = tuple(side for side, _ in config.channels)
        self.group = config.group
        widths = [channels for _, channels in config.channels]
        last = widths[-1]
        self.from_rgb = nn.ModuleList(nn.Conv2d(3, width, 1) for width in widths)
        self.blocks = nn.ModuleList(ResidualBlock(a, b) for a, b in pairwise(widths))
        self.mix = nn.Conv2d(last + 1, last, 3, padding=1)
        self.hidden = nn.Linear(last * self.sides[-1] ** 2, last)
        self.to_logit = nn.Linear(last, 1)
        initialise(self)
        nn.init.normal_(self.to_logit.weight, std=1 / math.sqrt(last))

    def forward(self, image: Tensor) -> DiscriminatorOutput:
        """image: [B, 3, s, s] in [-1, 1], s a side of the configuration (else ValueError)."""
        side = image.shape[-1]
        if side not in self.sides:
            raise ValueError(f"the discriminator has no level of {side} px, only {self.sides}")
        level = self.sides.index(side)
        x = F.leaky_relu(self.from_rgb[level](image), SLOPE)
        maps = [x]
        for block in self.blocks[level:]:
            x = block(x)
            maps.append(x)
        x = F.leaky_relu(self.mix(append_deviation(x, self.group)), SLOPE)
        x = F.leaky_relu(self.hidden(x.flatten(1)), SLOPE)
        return DiscriminatorOutput(self.to_logit(x)[:, 0], tuple(maps))
