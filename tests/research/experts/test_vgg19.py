"""VGG19: torchvision's layout in, the maps of an independent evaluation out."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.support.public_networks import load_as_public
from ttsf.errors import TtsfError
from ttsf.research.experts import vgg19

CONVOLUTIONS = {0: 64, 2: 64, 5: 128, 7: 128} | {
    index: 256 if index < 19 else 512 for index in (10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
}
"""Number in torchvision's `features` and output channels."""


@pytest.fixture(scope="module")
def public_layout() -> dict[str, Tensor]:
    """Names and shapes of vgg19-dcbb9e9d.pth; the unused classifier is cut short."""
    torch.manual_seed(0)
    weights, channels = {}, 3
    for index, width in CONVOLUTIONS.items():
        std = (2 / (9 * channels)) ** 0.5
        weights[f"features.{index}.weight"] = torch.randn(width, channels, 3, 3) * std
        weights[f"features.{index}.bias"] = torch.randn(width) * 0.1
        channels = width
    return weights | {"classifier.6.weight": torch.zeros(1, 1)}


@pytest.fixture(scope="module")
def network(public_layout, tmp_path_factory) -> vgg19.VGG19Features:
    folder = tmp_path_factory.mktemp("experts")
    return load_as_public(vgg19.VGG19Features, public_layout, folder)


def test_the_file_has_the_known_number_of_weights(public_layout, network):
    held = sum(v.numel() for k, v in public_layout.items() if k.startswith("features."))
    assert held == 20_024_384
    unused = 3 * (512 * 512 * 9 + 512)
    assert sum(x.numel() for x in network.parameters()) == held - unused


def test_the_name_of_the_file_begins_its_hash():
    file = vgg19.VGG19Features.FILE
    assert file.file == f"vgg19-{file.sha256[:8]}.pth"


def test_maps_equal_an_independent_evaluation(public_layout, network):
    picture = torch.rand(2, 3, 32, 32) * 2 - 1
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = ((picture * 0.5 + 0.5).permute(0, 2, 3, 1).sub(mean).div(std)).permute(0, 3, 1, 2)
    wanted = []
    for index in CONVOLUTIONS:
        if index in (5, 10, 19, 28):
            x = F.max_pool2d(x, 2, 2)
        weight, bias = (public_layout[f"features.{index}.{part}"] for part in ("weight", "bias"))
        x = F.conv2d(x, weight, bias, padding=1).clamp_min(0)
        if index in (0, 5, 10, 19, 28):
            wanted.append(x)
    maps = network(picture)
    assert [tuple(m.shape[1:]) for m in maps] == [
        (64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4), (512, 2, 2),
    ]  # fmt: skip
    for found, want in zip(maps, wanted[:5], strict=True):
        torch.testing.assert_close(found, want, atol=1e-4, rtol=1e-4)


def test_gradients_reach_the_picture_alone(network):
    picture = torch.zeros(1, 3, 16, 16, requires_grad=True)
    sum(m.mean() for m in network(picture)).backward()
    assert picture.grad is not None and picture.grad.abs().sum() > 0
    assert not any(x.requires_grad for x in network.parameters())


def test_any_other_file_is_refused(tmp_path):
    torch.save({}, tmp_path / vgg19.VGG19Features.FILE.file)
    with pytest.raises(TtsfError, match="not the public file of VGG19"):
        vgg19.VGG19Features.load(tmp_path)
