"""Discriminators of log-mels, for fine-tuning D_TTS [2203.01080].

Two see the same windows, at full and at half resolution. Each is conditioned on the mu that the mel
was generated from, so that it also checks the match with the text.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from ttsf.research.training.adversarial.gan import Seen, see

WIDTHS = (2, 32, 64, 64, 96)
"""Channels; the input has two, mel and mu."""
SCALES = 2


class MelDiscriminator(nn.Module):
    """Strided 2-D convolutions over normalised log-mels beside their mu."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (3, 5), (2, 2 if i else 1), (1, 2)))
            for i, (a, b) in enumerate(pairwise(WIDTHS))
        )
        self.last = nn.Conv2d(WIDTHS[-1], 1, 3, padding=1)

    def forward(self, pair: Tensor) -> Seen:
        """[B, 2, mel_bins, T] -> Seen."""
        return see(self.layers, self.last, pair)


class MelDiscriminators(nn.Module):
    """One discriminator per scale, conditioned on mu."""

    def __init__(self) -> None:
        super().__init__()
        self.scales = nn.ModuleList(MelDiscriminator() for _ in range(SCALES))

    def forward(self, mel: Tensor, mu: Tensor) -> list[Seen]:
        """Normalised log-mel and mu [B, mel_bins, T] -> one Seen a scale."""
        pair, found = torch.stack([mel, mu], dim=1), []
        for i, scale in enumerate(self.scales):
            if i:
                pair = F.avg_pool2d(pair, 2)
            found.append(scale(pair))
        return found
