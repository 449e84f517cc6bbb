"""E_v, Sec. 3.1: the visual encoder of source and driving frames (LIA's form, without blur)."""

import math
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import FaceConfig

SLOPE = 0.2  # of every leaky ReLU in the face model [LIA]


class VisualFeatures(NamedTuple):
    """Output of E_v."""

    style: Tensor
    """f_s (or f_d): [B, S]."""
    skips: tuple[Tensor, ...]
    """Feature maps [B, C, s, s] for s = 8, 16 ... picture size, in this order."""


def initialise(module: nn.Module) -> None:
    """Kaiming initialisation; with PyTorch's default the codes hardly vary with the picture."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, a=SLOPE)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions that halve the side, with a 1x1 shortcut."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels_in, channels_in, 3, padding=1)
        self.second = nn.Conv2d(channels_in, channels_out, 3, padding=1, stride=2)
        self.shortcut = nn.Conv2d(channels_in, channels_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C_in, s, s] -> [B, C_out, s/2, s/2]."""
        y = F.leaky_relu(self.second(F.leaky_relu(self.first(x), SLOPE)), SLOPE)
        return (y + self.shortcut(F.avg_pool2d(x, 2))) / math.sqrt(2)


class VisualEncoder(nn.Module):
    """E_v: a picture to its style feature and the feature maps that G warps."""

    def __init__(self, config: FaceConfig) -> None:
        super().__init__()
        widths = [channels for _, channels in reversed(config.channels)]
        self.from_rgb = nn.Conv2d(3, widths[0], 1)
        self.blocks = nn.ModuleList(ResidualBlock(a, b) for a, b in pairwise(widths))
        self.to_style = nn.Conv2d(widths[-1], config.style_channels, 4)
        initialise(self)
        nn.init.normal_(self.to_style.weight, std=0.25 / math.sqrt(16 * widths[-1]))

    def forward(self, image: Tensor) -> VisualFeatures:
        """image: [B, 3, size, size] in [-1, 1]."""
        x = F.leaky_relu(self.from_rgb(image), SLOPE)
        maps = [x]
        for block in self.blocks:
            x = block(x)
            maps.append(x)
        return VisualFeatures(self.to_style(x).flatten(1), tuple(reversed(maps[:-1])))
