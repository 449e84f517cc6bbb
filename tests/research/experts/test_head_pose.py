"""Hopenet: the public layout in, the angles of an independent evaluation out."""

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.support import public_networks as public
from tests.support.public_networks import Weights, conv_of, load_as_public
from ttsf.errors import TtsfError
from ttsf.research.experts.head_pose import Hopenet, expected_degrees

BLOCKS = [(1, 64, 3), (2, 128, 4), (3, 256, 6), (4, 512, 3)]


norm_of = partial(public.norm_of, spread=0.5)


@pytest.fixture(scope="module")
def public_layout() -> Weights:
    """Names and shapes of hopenet_robust_alpha1.pkl."""
    torch.manual_seed(0)
    weights = conv_of("conv1", 64, 3, 7) | norm_of("bn1", 64)
    channels = 64
    for stage, inner, count in BLOCKS:
        for n in range(count):
            name = f"layer{stage}.{n}"
            weights |= conv_of(f"{name}.conv1", inner, channels, 1) | norm_of(
                f"{name}.bn1", inner, spread=0.5
            )
            weights |= conv_of(f"{name}.conv2", inner, inner, 3) | norm_of(
                f"{name}.bn2", inner, spread=0.5
            )
            weights |= conv_of(f"{name}.conv3", 4 * inner, inner, 1)
            weights |= norm_of(f"{name}.bn3", 4 * inner)
            if n == 0:
                weights |= conv_of(f"{name}.downsample.0", 4 * inner, channels, 1)
                weights |= norm_of(f"{name}.downsample.1", 4 * inner)
            channels = 4 * inner
    for head, size, width in (
        ("yaw", 66, 2048), ("pitch", 66, 2048), ("roll", 66, 2048), ("finetune", 3, 2051),
    ):  # fmt: skip
        weights[f"fc_{head}.weight"] = torch.randn(size, width) * 0.05
        weights[f"fc_{head}.bias"] = torch.randn(size)
    return weights


@pytest.fixture(scope="module")
def network(public_layout, tmp_path_factory) -> Hopenet:
    folder = tmp_path_factory.mktemp("experts")
    return load_as_public(Hopenet, public_layout, folder)


def test_the_file_has_the_known_number_of_weights(public_layout, network):
    learnt = sum(v.numel() for k, v in public_layout.items() if "running" not in k)
    assert learnt == 23_508_032 + 3 * 66 * 2049 + 3 * 2052  # ResNet-50 without its classifier
    assert sum(x.numel() for x in network.parameters()) == learnt - 3 * 2052


def test_degrees_of_known_logits():
    one_bin = torch.full((3, 66), -1e4)
    one_bin[0, 0] = one_bin[1, 33] = one_bin[2, 65] = 0
    torch.testing.assert_close(expected_degrees(one_bin), torch.tensor([-99.0, 0.0, 96.0]))
    torch.testing.assert_close(expected_degrees(torch.zeros(1, 66)), torch.tensor([-1.5]))
    two_bins = torch.full((1, 66), -1e4)
    two_bins[0, 30], two_bins[0, 40] = 0, torch.tensor(3.0).log()
    torch.testing.assert_close(expected_degrees(two_bins), torch.tensor([37.5 * 3 - 99]))


def evaluate(w: Weights, x: Tensor) -> tuple[Tensor, Tensor]:
    """The network once more, from its description; x: [B, 3, 224, 224] in ImageNet's units."""

    def layer(x: Tensor, conv: str, norm: str, stride: int = 1) -> Tensor:
        kernel = w[f"{conv}.weight"]
        x = F.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
        parts = (w[f"{norm}.{p}"] for p in ("running_mean", "running_var", "weight", "bias"))
        mean, var, scale, shift = (p[:, None, None] for p in parts)
        return (x - mean) * scale / (var + 1e-5).sqrt() + shift

    x = F.max_pool2d(layer(x, "conv1", "bn1", 2).clamp_min(0), 3, 2, 1)
    for stage, _, count in BLOCKS:
        for n in range(count):
            name, stride = f"layer{stage}.{n}", 2 if n == 0 and stage > 1 else 1
            y = layer(x, f"{name}.conv1", f"{name}.bn1").clamp_min(0)
            y = layer(y, f"{name}.conv2", f"{name}.bn2", stride).clamp_min(0)
            y = layer(y, f"{name}.conv3", f"{name}.bn3")
            if n == 0:
                x = layer(x, f"{name}.downsample.0", f"{name}.downsample.1", stride)
            x = (x + y).clamp_min(0)
    features = F.avg_pool2d(x, 7).flatten(1)
    angles = []
    for head in ("yaw", "pitch", "roll"):
        logits = features @ w[f"fc_{head}.weight"].T + w[f"fc_{head}.bias"]
        share = logits.exp() / logits.exp().sum(1, keepdim=True)
        angles.append(sum(share[:, k] * (3 * k - 99) for k in range(66)))
    return torch.stack(angles, dim=1), features


def test_pose_equals_an_independent_evaluation(public_layout, network):
    torch.manual_seed(1)
    picture = torch.rand(2, 3, 224, 224) * 2 - 1
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        found = network(picture)
    degrees, features = evaluate(public_layout, ((picture + 1) / 2 - mean) / std)
    torch.testing.assert_close(found.features, features, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(found.degrees, degrees, atol=0.05, rtol=1e-3)
    assert found.degrees.shape == (2, 3) and found.features.shape == (2, 2048)


def test_another_side_is_resampled_and_gradients_reach_the_picture_alone(network):
    picture = torch.zeros(1, 3, 64, 64, requires_grad=True)
    network(picture).degrees.sum().backward()
    assert picture.grad is not None and picture.grad.abs().sum() > 0
    assert not any(x.requires_grad for x in network.parameters())


def test_any_other_file_is_refused(tmp_path):
    torch.save({}, tmp_path / Hopenet.FILE.file)
    with pytest.raises(TtsfError, match="not the public file of Hopenet"):
        Hopenet.load(tmp_path)
