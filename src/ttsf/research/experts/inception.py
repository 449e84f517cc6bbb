"""Inception v3 behind FID (Sec. 4.1): the weights and the layer variants that pytorch-fid uses."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.research.experts.files import ExpertFile, FrozenExpert

INPUT = 299  # px

Kernel = tuple[int, int]
Step = tuple[str, int, Kernel]
"""Name in the public file, channels out, kernel."""
Pool = Literal["average", "max", "halve"]
ONE, THREE, FIVE = (1, 1), (3, 3), (5, 5)
ROW7, COLUMN7, ROW3, COLUMN3 = (1, 7), (7, 1), (1, 3), (3, 1)
DOUBLE = [
    ("branch3x3dbl_1", 64, ONE), ("branch3x3dbl_2", 96, THREE), ("branch3x3dbl_3", 96, THREE),
]  # fmt: skip


class Convolution(nn.Module):
    """Convolution, batch normalisation, ReLU; attributes are named as in the public file."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: Kernel, stride: int = 1, pad: bool = True
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if pad else (0, 0)
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(channels_out, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C_in, h, w] -> [B, C_out, h', w']."""
        return self.bn(self.conv(x)).relu()


class Mixed(nn.Module):
    """Branches side by side, their maps stacked in the order given; pooling comes last.

    branches: each a chain of steps; forks: by the name of a chain's last step, the two steps that
    both read it and whose maps are stacked in its place.
    pool: `average` and `max` keep the side and are followed by 1x1 `branch_pool`; with `halve`
    the last step of every branch has stride 2, and so has the pooling, which stands alone.
    """

    def __init__(
        self,
        channels: int,
        branches: Sequence[Sequence[Step]],
        pool: Pool,
        pooled: int = 0,
        forks: dict[str, tuple[Step, Step]] | None = None,
    ) -> None:
        super().__init__()
        self.pool = pool
        self.chains = [[name for name, _, _ in branch] for branch in branches]
        self.forks = {k: (a[0], b[0]) for k, (a, b) in (forks or {}).items()}
        for branch in branches:
            width = channels
            for k, (name, out, kernel) in enumerate(branch):
                halves = pool == "halve" and k == len(branch) - 1
                self.add_module(name, Convolution(width, out, kernel, 1 + halves, not halves))
                width = out
            for name, out, kernel in (forks or {}).get(branch[-1][0], ()):
                self.add_module(name, Convolution(width, out, kernel))
        if pool != "halve":
            self.branch_pool = Convolution(channels, pooled, ONE)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C_in, s, s] -> [B, C_out, s, s], or about half the side."""
        maps = []
        for chain in self.chains:
            y = x
            for name in chain:
                y = self.get_submodule(name)(y)
            fork = self.forks.get(chain[-1])
            maps += [self.get_submodule(name)(y) for name in fork] if fork else [y]
        return torch.cat([*maps, self._pooled(x)], dim=1)

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pool == "halve":
            return F.max_pool2d(x, 3, stride=2)
        if self.pool == "max":
            return self.branch_pool(F.max_pool2d(x, 3, stride=1, padding=1))
        # as in the TensorFlow network, the border has no say in the mean
        return self.branch_pool(F.avg_pool2d(x, 3, 1, padding=1, count_include_pad=False))


def _mixed_5(channels: int, pooled: int) -> Mixed:
    narrow = [("branch1x1", 64, ONE)]
    wide = [("branch5x5_1", 48, ONE), ("branch5x5_2", 64, FIVE)]
    return Mixed(channels, [narrow, wide, DOUBLE], "average", pooled)


def _mixed_6a() -> Mixed:
    return Mixed(288, [[("branch3x3", 384, THREE)], DOUBLE], "halve")


def _mixed_6(inner: int) -> Mixed:
    single = [
        ("branch7x7_1", inner, ONE), ("branch7x7_2", inner, ROW7), ("branch7x7_3", 192, COLUMN7),
    ]  # fmt: skip
    double = [
        ("branch7x7dbl_1", inner, ONE),
        ("branch7x7dbl_2", inner, COLUMN7),
        ("branch7x7dbl_3", inner, ROW7),
        ("branch7x7dbl_4", inner, COLUMN7),
        ("branch7x7dbl_5", 192, ROW7),
    ]
    return Mixed(768, [[("branch1x1", 192, ONE)], single, double], "average", 192)


def _mixed_7a() -> Mixed:
    short = [("branch3x3_1", 192, ONE), ("branch3x3_2", 320, THREE)]
    long = [
        ("branch7x7x3_1", 192, ONE),
        ("branch7x7x3_2", 192, ROW7),
        ("branch7x7x3_3", 192, COLUMN7),
        ("branch7x7x3_4", 192, THREE),
    ]
    return Mixed(768, [short, long], "halve")


def _mixed_7(channels: int, pool: Pool) -> Mixed:
    forks: dict[str, tuple[Step, Step]] = {
        "branch3x3_1": (("branch3x3_2a", 384, ROW3), ("branch3x3_2b", 384, COLUMN3)),
        "branch3x3dbl_2": (("branch3x3dbl_3a", 384, ROW3), ("branch3x3dbl_3b", 384, COLUMN3)),
    }
    double = [("branch3x3dbl_1", 448, ONE), ("branch3x3dbl_2", 384, THREE)]
    chains = [[("branch1x1", 320, ONE)], [("branch3x3_1", 384, ONE)], double]
    return Mixed(channels, chains, pool, 192, forks)


class Inception(FrozenExpert):
    """Inception v3 up to its last mean; attributes are named as in the public file."""

    FILE = ExpertFile(
        name="Inception v3",
        file="pt_inception-2015-12-05-6726825d.pth",
        purpose="picture quality (FID)",
        source="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
        "pt_inception-2015-12-05-6726825d.pth",
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        unused=("fc.",),
    )

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Convolution(3, 32, THREE, 2, pad=False)
        self.Conv2d_2a_3x3 = Convolution(32, 32, THREE, pad=False)
        self.Conv2d_2b_3x3 = Convolution(32, 64, THREE)
        self.Conv2d_3b_1x1 = Convolution(64, 80, ONE)
        self.Conv2d_4a_3x3 = Convolution(80, 192, THREE, pad=False)
        self.Mixed_5b = _mixed_5(192, 32)
        self.Mixed_5c = _mixed_5(256, 64)
        self.Mixed_5d = _mixed_5(288, 64)
        self.Mixed_6a = _mixed_6a()
        self.Mixed_6b = _mixed_6(128)
        self.Mixed_6c = _mixed_6(160)
        self.Mixed_6d = _mixed_6(160)
        self.Mixed_6e = _mixed_6(192)
        self.Mixed_7a = _mixed_7a()
        self.Mixed_7b = _mixed_7(1280, "average")
        self.Mixed_7c = _mixed_7(2048, "max")

    def forward(self, picture: Tensor) -> Tensor:
        """picture: [B, 3, h, w] RGB in [-1, 1] -> pool3 [B, 2048].

        Stretched to 299 x 299 px without anti-aliasing, as pytorch-fid does: a figure depends on
        it, so pictures of unlike sizes must not be compared.
        """
        if picture.shape[-2:] != (INPUT, INPUT):
            picture = F.interpolate(
                picture, size=(INPUT, INPUT), mode="bilinear", align_corners=False
            )
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(picture)))
        x = F.max_pool2d(x, 3, stride=2)
        x = F.max_pool2d(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)), 3, stride=2)
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        return self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x))).mean((2, 3))
