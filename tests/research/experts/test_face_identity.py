"""IR-SE50: the public layout in, the embedding of an independent evaluation out."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.support.public_networks import Weights, conv_of, load_as_public, norm_of
from ttsf.errors import TtsfError
from ttsf.research.experts.face_identity import FaceIdentity

WIDTHS = [64] * 3 + [128] * 4 + [256] * 14 + [512] * 3


@pytest.fixture(scope="module")
def public_layout() -> Weights:
    """Names and shapes of model_ir_se50.pth."""
    torch.manual_seed(0)
    weights = conv_of("input_layer.0", 64, 3, 3) | norm_of("input_layer.1", 64)
    weights["input_layer.2.weight"] = torch.rand(64)
    channels = 64
    for n, width in enumerate(WIDTHS):
        unit, part = f"body.{n}", f"body.{n}.res_layer"
        if channels != width:
            weights |= conv_of(f"{unit}.shortcut_layer.0", width, channels, 1)
            weights |= norm_of(f"{unit}.shortcut_layer.1", width)
        weights |= norm_of(f"{part}.0", channels) | conv_of(f"{part}.1", width, channels, 3)
        weights[f"{part}.2.weight"] = torch.rand(width)
        weights |= conv_of(f"{part}.3", width, width, 3) | norm_of(f"{part}.4", width)
        weights |= conv_of(f"{part}.5.fc1", width // 16, width, 1)
        weights |= conv_of(f"{part}.5.fc2", width, width // 16, 1)
        channels = width
    weights |= norm_of("output_layer.0", 512) | norm_of("output_layer.4", 512)
    weights["output_layer.3.weight"] = torch.randn(512, 512 * 49) * (512 * 49) ** -0.5
    weights["output_layer.3.bias"] = torch.randn(512)
    return weights


@pytest.fixture(scope="module")
def network(public_layout, tmp_path_factory) -> FaceIdentity:
    folder = tmp_path_factory.mktemp("experts")
    return load_as_public(FaceIdentity, public_layout, folder)


def test_the_file_has_the_known_number_of_weights(network):
    assert sum(x.numel() for x in network.parameters()) == 43_797_696


def evaluate(w: Weights, crop: Tensor) -> Tensor:
    """The network once more, from its description; crop: [B, 3, 112, 112]."""

    def norm(x: Tensor, name: str) -> Tensor:
        shape = (1, -1) + (1,) * (x.ndim - 2)
        mean, var = w[f"{name}.running_mean"], w[f"{name}.running_var"]
        y = (x - mean.view(shape)) / (var.view(shape) + 1e-5).sqrt()
        return y * w[f"{name}.weight"].view(shape) + w[f"{name}.bias"].view(shape)

    def prelu(x: Tensor, name: str) -> Tensor:
        return x.clamp_min(0) + w[f"{name}.weight"][:, None, None] * x.clamp_max(0)

    x = prelu(norm(F.conv2d(crop, w["input_layer.0.weight"], padding=1), "input_layer.1"),
              "input_layer.2")  # fmt: skip
    previous, channels = None, 64
    for n, width in enumerate(WIDTHS):
        stride, part = 1 if width == previous else 2, f"body.{n}.res_layer"
        y = F.conv2d(norm(x, f"{part}.0"), w[f"{part}.1.weight"], padding=1)
        y = F.conv2d(prelu(y, f"{part}.2"), w[f"{part}.3.weight"], padding=1, stride=stride)
        y = norm(y, f"{part}.4")
        pooled = y.mean((2, 3))
        gate = torch.relu(pooled @ w[f"{part}.5.fc1.weight"].flatten(1).T)
        gate = torch.sigmoid(gate @ w[f"{part}.5.fc2.weight"].flatten(1).T)
        shortcut = x[:, :, ::stride, ::stride]
        if channels != width:
            shortcut = F.conv2d(shortcut, w[f"body.{n}.shortcut_layer.0.weight"])
            shortcut = norm(shortcut, f"body.{n}.shortcut_layer.1")
        x = y * gate[:, :, None, None] + shortcut
        previous = channels = width
    flat = norm(x, "output_layer.0").reshape(len(x), -1)
    flat = flat @ w["output_layer.3.weight"].T + w["output_layer.3.bias"]
    out = norm(flat, "output_layer.4")
    return out / out.square().sum(1, keepdim=True).sqrt()


def test_embedding_equals_an_independent_evaluation(public_layout, network):
    torch.manual_seed(1)
    picture = torch.rand(2, 3, 256, 256) * 2 - 1
    crop = F.adaptive_avg_pool2d(picture[:, :, 35:223, 32:220], (112, 112))
    with torch.no_grad():
        found = network(picture)
    assert found.shape == (2, 512)
    torch.testing.assert_close(found, evaluate(public_layout, crop), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))


def test_what_lies_outside_the_crop_does_not_count(network):
    picture = torch.zeros(1, 3, 256, 256)
    framed = torch.ones(1, 3, 256, 256)
    framed[:, :, 35:223, 32:220] = 0
    with torch.no_grad():
        torch.testing.assert_close(network(framed), network(picture))


def test_another_side_is_resampled_and_gradients_reach_the_picture_alone(network):
    picture = torch.zeros(1, 3, 64, 64, requires_grad=True)
    network(picture)[0, 0].backward()
    assert picture.grad is not None and picture.grad.abs().sum() > 0
    assert not any(x.requires_grad for x in network.parameters())


def test_any_other_file_is_refused(tmp_path):
    torch.save({}, tmp_path / FaceIdentity.FILE.file)
    with pytest.raises(TtsfError, match="not the public file of ArcFace IR-SE50"):
        FaceIdentity.load(tmp_path)
