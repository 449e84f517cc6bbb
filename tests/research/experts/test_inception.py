"""Inception v3: the public layout in, the features of an independent evaluation out."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.support.public_networks import Weights, load_as_public, norm_of
from ttsf.errors import TtsfError
from ttsf.research.experts.files import MissingExpert
from ttsf.research.experts.inception import Inception

Layer = tuple[str, int, int, int, int]
"""Name, channels out and in, height and width of the kernel."""
STEM: list[Layer] = [
    ("Conv2d_1a_3x3", 32, 3, 3, 3),
    ("Conv2d_2a_3x3", 32, 32, 3, 3),
    ("Conv2d_2b_3x3", 64, 32, 3, 3),
    ("Conv2d_3b_1x1", 80, 64, 1, 1),
    ("Conv2d_4a_3x3", 192, 80, 3, 3),
]


def layers_5(c: int, pooled: int) -> list[Layer]:
    return [
        ("branch1x1", 64, c, 1, 1), ("branch5x5_1", 48, c, 1, 1), ("branch5x5_2", 64, 48, 5, 5),
        ("branch3x3dbl_1", 64, c, 1, 1), ("branch3x3dbl_2", 96, 64, 3, 3),
        ("branch3x3dbl_3", 96, 96, 3, 3), ("branch_pool", pooled, c, 1, 1),
    ]  # fmt: skip


def layers_6(k: int) -> list[Layer]:
    return [
        ("branch1x1", 192, 768, 1, 1), ("branch7x7_1", k, 768, 1, 1), ("branch7x7_2", k, k, 1, 7),
        ("branch7x7_3", 192, k, 7, 1), ("branch7x7dbl_1", k, 768, 1, 1),
        ("branch7x7dbl_2", k, k, 7, 1), ("branch7x7dbl_3", k, k, 1, 7),
        ("branch7x7dbl_4", k, k, 7, 1), ("branch7x7dbl_5", 192, k, 1, 7),
        ("branch_pool", 192, 768, 1, 1),
    ]  # fmt: skip


def layers_7(c: int) -> list[Layer]:
    return [
        ("branch1x1", 320, c, 1, 1), ("branch3x3_1", 384, c, 1, 1),
        ("branch3x3_2a", 384, 384, 1, 3), ("branch3x3_2b", 384, 384, 3, 1),
        ("branch3x3dbl_1", 448, c, 1, 1), ("branch3x3dbl_2", 384, 448, 3, 3),
        ("branch3x3dbl_3a", 384, 384, 1, 3), ("branch3x3dbl_3b", 384, 384, 3, 1),
        ("branch_pool", 192, c, 1, 1),
    ]  # fmt: skip


BLOCKS: dict[str, list[Layer]] = {
    "Mixed_5b": layers_5(192, 32),
    "Mixed_5c": layers_5(256, 64),
    "Mixed_5d": layers_5(288, 64),
    "Mixed_6a": [
        ("branch3x3", 384, 288, 3, 3), ("branch3x3dbl_1", 64, 288, 1, 1),
        ("branch3x3dbl_2", 96, 64, 3, 3), ("branch3x3dbl_3", 96, 96, 3, 3),
    ],
    "Mixed_6b": layers_6(128),
    "Mixed_6c": layers_6(160),
    "Mixed_6d": layers_6(160),
    "Mixed_6e": layers_6(192),
    "Mixed_7a": [
        ("branch3x3_1", 192, 768, 1, 1), ("branch3x3_2", 320, 192, 3, 3),
        ("branch7x7x3_1", 192, 768, 1, 1), ("branch7x7x3_2", 192, 192, 1, 7),
        ("branch7x7x3_3", 192, 192, 7, 1), ("branch7x7x3_4", 192, 192, 3, 3),
    ],
    "Mixed_7b": layers_7(1280),
    "Mixed_7c": layers_7(2048),
}  # fmt: skip


@pytest.fixture(scope="module")
def public_layout() -> Weights:
    """Names and shapes of pt_inception-2015-12-05-6726825d.pth."""
    torch.manual_seed(0)
    names = STEM + [
        (f"{block}.{name}", *shape) for block, layers in BLOCKS.items() for name, *shape in layers
    ]
    weights: Weights = {}
    for name, out, into, high, wide in names:
        std = (2 / (into * high * wide)) ** 0.5
        weights[f"{name}.conv.weight"] = torch.randn(out, into, high, wide) * std
        weights |= norm_of(f"{name}.bn", out)
        weights[f"{name}.bn.num_batches_tracked"] = torch.tensor(0)
    weights["fc.weight"], weights["fc.bias"] = torch.zeros(1008, 2048), torch.zeros(1008)
    return weights


@pytest.fixture(scope="module")
def network(public_layout, tmp_path_factory) -> Inception:
    folder = tmp_path_factory.mktemp("experts")
    return load_as_public(Inception, public_layout, folder)


def test_the_file_has_the_known_number_and_size_of_weights(public_layout):
    assert len(public_layout) == 566
    size = sum(x.numel() * x.element_size() for x in public_layout.values())
    assert 0 < 95_628_359 - size < 566 * 200  # the public file holds their names beside them


def evaluate(w: Weights, x: Tensor) -> Tensor:
    """The network once more, from its description; x: [B, 3, 299, 299] in [-1, 1]."""

    def layer(x: Tensor, name: str, stride: int = 1, pad: bool = True) -> Tensor:
        kernel = w[f"{name}.conv.weight"]
        border = [k // 2 if pad else 0 for k in kernel.shape[2:]]
        x = F.conv2d(x, kernel, stride=stride, padding=border)
        parts = (w[f"{name}.bn.{p}"] for p in ("running_mean", "running_var", "weight", "bias"))
        mean, var, scale, shift = (p[:, None, None] for p in parts)
        return ((x - mean) * scale / (var + 1e-3).sqrt() + shift).clamp_min(0)

    def chain(x: Tensor, block: str, name: str, numbers: str, stride: int = 1) -> Tensor:
        for n in numbers:
            last = n == numbers[-1]
            x = layer(x, f"{block}.{name}_{n}", stride if last else 1, not last or stride == 1)
        return x

    def inner_mean(x: Tensor) -> Tensor:
        counted = F.avg_pool2d(torch.ones_like(x), 3, 1, 1)
        return F.avg_pool2d(x, 3, 1, 1) / counted

    def block_7(x: Tensor, block: str, pooled: Tensor) -> Tensor:
        single = layer(x, f"{block}.branch3x3_1")
        double = chain(x, block, "branch3x3dbl", "12")
        maps = [layer(x, f"{block}.branch1x1")]
        maps += [layer(single, f"{block}.branch3x3_2{ab}") for ab in "ab"]
        maps += [layer(double, f"{block}.branch3x3dbl_3{ab}") for ab in "ab"]
        return torch.cat([*maps, layer(pooled, f"{block}.branch_pool")], 1)

    x = layer(layer(x, "Conv2d_1a_3x3", 2, False), "Conv2d_2a_3x3", 1, False)
    x = F.max_pool2d(layer(x, "Conv2d_2b_3x3"), 3, 2)
    x = F.max_pool2d(layer(layer(x, "Conv2d_3b_1x1"), "Conv2d_4a_3x3", 1, False), 3, 2)
    for b in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
        pooled = layer(inner_mean(x), f"{b}.branch_pool")
        wide, double = chain(x, b, "branch5x5", "12"), chain(x, b, "branch3x3dbl", "123")
        x = torch.cat([layer(x, f"{b}.branch1x1"), wide, double, pooled], 1)
    short = layer(x, "Mixed_6a.branch3x3", 2, False)
    long = chain(x, "Mixed_6a", "branch3x3dbl", "123", 2)
    x = torch.cat([short, long, F.max_pool2d(x, 3, 2)], 1)
    for b in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
        pooled = layer(inner_mean(x), f"{b}.branch_pool")
        single, double = chain(x, b, "branch7x7", "123"), chain(x, b, "branch7x7dbl", "12345")
        x = torch.cat([layer(x, f"{b}.branch1x1"), single, double, pooled], 1)
    short = chain(x, "Mixed_7a", "branch3x3", "12", 2)
    long = chain(x, "Mixed_7a", "branch7x7x3", "1234", 2)
    x = torch.cat([short, long, F.max_pool2d(x, 3, 2)], 1)
    x = block_7(x, "Mixed_7b", inner_mean(x))
    x = block_7(x, "Mixed_7c", F.max_pool2d(x, 3, 1, 1))
    return F.avg_pool2d(x, 8).flatten(1)


def test_features_equal_an_independent_evaluation(public_layout, network):
    torch.manual_seed(1)
    picture = torch.rand(2, 3, 299, 299) * 2 - 1
    with torch.no_grad():
        found = network(picture)
        expected = evaluate(public_layout, picture)
    assert found.shape == (2, 2048)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_another_size_is_stretched_without_anti_aliasing(network):
    torch.manual_seed(2)
    picture = torch.rand(1, 3, 40, 50) * 2 - 1
    stretched = F.interpolate(picture, (299, 299), mode="bilinear", align_corners=False)
    with torch.no_grad():
        torch.testing.assert_close(network(picture), network(stretched))
    assert not any(x.requires_grad for x in network.parameters())


def test_a_missing_file_and_any_other_file_are_refused(tmp_path):
    with pytest.raises(
        MissingExpert, match=r"FID.*needs Inception v3: fetch https://github.com/ms"
    ):
        Inception.load(tmp_path)
    torch.save({}, tmp_path / Inception.FILE.file)
    with pytest.raises(TtsfError, match="not the public file of Inception v3"):
        Inception.load(tmp_path)
