"""Hopenet [51], Sec. 4.1: yaw, pitch and roll of a head, and the features behind DIV."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.research.experts.files import ExpertFile, FrozenExpert
from ttsf.research.experts.vgg19 import ImagenetUnits

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
"""Inner channels and blocks of ResNet-50; a block gives four times as many channels."""
EXPANSION = 4
BINS = 66
BIN_WIDTH, FIRST_BIN = 3.0, -99.0  # degrees
INPUT = 224  # px


class HeadPose(NamedTuple):
    """Output of Hopenet for B pictures."""

    degrees: Tensor
    """Yaw, pitch and roll: [B, 3] in [-99, 96]."""
    features: Tensor
    """Input features of the three classifiers: [B, 2048]."""


class Bottleneck(nn.Module):
    """ResNet's block 1x1, 3x3, 1x1; the stride is that of the 3x3 [torchvision]."""

    def __init__(self, channels_in: int, inner: int, stride: int) -> None:
        super().__init__()
        channels_out = EXPANSION * inner
        self.conv1 = nn.Conv2d(channels_in, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, channels_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels_out)
        self.downsample: nn.Module = nn.Identity()
        if channels_in != channels_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),
                nn.BatchNorm2d(channels_out),
            )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C_in, s, s] -> [B, 4 inner, s / stride, s / stride]."""
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        return (self.bn3(self.conv3(y)) + self.downsample(x)).relu()


def expected_degrees(logits: Tensor) -> Tensor:
    """Expectation of the angle over its 66 bins: [B, 66] -> [B] degrees."""
    bins = torch.arange(BINS, device=logits.device, dtype=logits.dtype)
    return (logits.softmax(-1) * bins).sum(-1) * BIN_WIDTH + FIRST_BIN


class Hopenet(FrozenExpert):
    """ResNet-50 with a classifier per angle; attributes are named as in the public file."""

    FILE = ExpertFile(
        name="Hopenet",
        file="hopenet_robust_alpha1.pkl",
        purpose="head pose (DIV)",
        source="https://drive.google.com/uc?id=1m25PrSE7g9D2q2XJVMR6IA7RaCvWSzCR",
        sha256="1e0c6ddfda0e19a679607480c10875020de29b3984f187ec311c5e0802b6b6d5",
        unused=("fc_finetune.",),
    )

    def __init__(self) -> None:
        super().__init__()
        self.units = ImagenetUnits()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1, self.layer2, self.layer3, self.layer4 = _stages()
        channels = EXPANSION * STAGES[-1][0]
        self.fc_yaw = nn.Linear(channels, BINS)
        self.fc_pitch = nn.Linear(channels, BINS)
        self.fc_roll = nn.Linear(channels, BINS)

    def forward(self, picture: Tensor) -> HeadPose:
        """picture: [B, 3, s, s] RGB in [-1, 1], filled by one head; resampled to 224 px."""
        if picture.shape[-1] != INPUT:
            picture = F.interpolate(picture, size=INPUT, mode="bilinear", antialias=True)
        x = self.bn1(self.conv1(self.units(picture))).relu()
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))
        heads = (self.fc_yaw, self.fc_pitch, self.fc_roll)
        return HeadPose(torch.stack([expected_degrees(head(x)) for head in heads], dim=1), x)


def _stages() -> list[nn.Sequential]:
    stages = []
    channels = 64
    for stage, (inner, count) in enumerate(STAGES):
        blocks = []
        for k in range(count):
            stride = 2 if stage and not k else 1
            blocks.append(Bottleneck(channels, inner, stride))
            channels = EXPANSION * inner
        stages.append(nn.Sequential(*blocks))
    return stages
