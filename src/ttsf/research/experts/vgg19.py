"""phi of Eq. 3: feature maps of VGG19 (Simonyan and Zisserman), in torchvision's numbering."""

import torch
from torch import Tensor, nn

from ttsf.research.experts.files import ExpertFile, FrozenExpert

STAGES = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,))
"""Widths of the convolutions between two poolings, up to conv5_1."""
READ_AFTER = (1, 6, 11, 20, 29)
"""Layers of `features` that give relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1 [LIA's five]."""
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class ImagenetUnits(nn.Module):
    """From [-1, 1] to the units of networks trained on ImageNet; has no weights."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        """[B, 3, h, w] RGB -> the same shape."""
        return ((picture + 1) / 2 - self.mean) / self.std


class VGG19Features(FrozenExpert):
    """The part of VGG19 up to relu5_1; attributes are named as in torchvision's file."""

    FILE = ExpertFile(
        name="VGG19",
        file="vgg19-dcbb9e9d.pth",
        purpose="the perceptual loss (Eq. 3)",
        source="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
        unused=("features.30.", "features.32.", "features.34.", "classifier."),
    )

    def __init__(self) -> None:
        super().__init__()
        self.units = ImagenetUnits()
        layers: list[nn.Module] = []
        channels = 3
        for stage, widths in enumerate(STAGES):
            if stage:
                layers.append(nn.MaxPool2d(2))
            for width in widths:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
        self.features = nn.Sequential(*layers)

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        """picture: [B, 3, s, s] in [-1, 1] -> relu1_1 [B, 64, s, s] ... relu5_1 [B, 512, s/16]."""
        x = self.units(picture)
        maps = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in READ_AFTER:
                maps.append(x)
        return tuple(maps)
