"""Eq. 2 at the mouth alone: the means of all teeth that fit are no teeth, and L1 draws the mean."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.face import adversarial
from ttsf.face.discriminator import Discriminator
from ttsf.presets import DiscriminatorConfig

ROOM = 1.2
"""Side of what is looked at, of the mouth's width."""


def mouths(image: Tensor, boxes: Tensor, picture: int, side: int) -> Tensor:
    """Squares around mouths: image [B, 3, s, s], boxes [B, 4] in px of a `picture`-px frame.

    Returns [B, 3, side, side].
    """
    low, high = boxes[:, :2], boxes[:, 2:]
    middle = (low + high) / picture - 1
    half = ROOM * (high - low).amax(1) / picture
    line = (torch.arange(side, device=image.device) + 0.5) * (2 / side) - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    grid = torch.stack([x, y], -1) * half[:, None, None, None] + middle[:, None, None]
    return F.grid_sample(image, grid.to(image), padding_mode="border", align_corners=False)


class MouthCritic(nn.Module):
    """D for mouths, and its losses; the terms of G come first, then its own."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.side = max(side for side, _ in config.channels)
        self.discriminator = Discriminator(config)

    def losses(self, image: Tensor, target: Tensor, boxes: Tensor, size: int) -> dict[str, Tensor]:
        """image and target: [B, 3, s, s]; boxes [B, 4] in px of `size`-px frames."""
        drawn, real = (mouths(x, boxes, size, self.side) for x in (image, target))
        self.discriminator.requires_grad_(False)
        seen, wanted = self.discriminator(drawn), self.discriminator(real)
        self.discriminator.requires_grad_(True)
        real = real.detach().requires_grad_()
        logits = self.discriminator(real).logits
        false = self.discriminator(drawn.detach()).logits
        return {
            "mouth_gan": adversarial.generator_loss(seen.logits),
            "mouth_features": adversarial.feature_matching(seen.maps, wanted.maps),
            "mouth_critic": adversarial.discriminator_loss(logits, false),
            "mouth_r1": adversarial.r1_penalty(logits, real),
        }
