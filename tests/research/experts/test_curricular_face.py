"""CurricularFace: the public layout in, the embedding of an independent evaluation out."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.support.public_networks import Weights, conv_of, load_as_public, norm_of
from ttsf.errors import TtsfError
from ttsf.research.experts.curricular_face import ALIGNED_BOX, CurricularFace
from ttsf.research.experts.files import MissingExpert
from ttsf.research.landmarks.face_mesh import MEAN_STABLE, STABLE

WIDTHS = [64] * 3 + [128] * 13 + [256] * 30 + [512] * 3


@pytest.fixture(scope="module")
def public_layout() -> Weights:
    """Names and shapes of CurricularFace_Backbone.pth."""
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
        weights |= conv_of(f"{part}.3", width, width, 3) | norm_of(f"{part}.4", width, 0.1)
        channels = width
    weights |= norm_of("output_layer.0", 512)
    weights["output_layer.3.weight"] = torch.randn(512, 512 * 49) * (512 * 49) ** -0.5
    weights["output_layer.3.bias"] = torch.randn(512)
    weights["output_layer.4.running_mean"] = torch.randn(512) * 0.1
    weights["output_layer.4.running_var"] = torch.rand(512) + 0.5
    return weights


@pytest.fixture(scope="module")
def network(public_layout, tmp_path_factory) -> CurricularFace:
    folder = tmp_path_factory.mktemp("experts")
    return load_as_public(CurricularFace, public_layout, folder)


def test_the_file_has_the_known_size(public_layout):
    size = sum(x.numel() * x.element_size() for x in public_layout.values())
    assert 0 < 260_837_256 - size < 1.2 * 200 * len(public_layout)  # names, and counters


def evaluate(w: Weights, face: Tensor) -> Tensor:
    """The network once more, from its description; face: [B, 3, 112, 112]."""

    def norm(x: Tensor, name: str) -> Tensor:
        mean, var, scale, shift = (
            w[f"{name}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-5).sqrt() * scale + shift

    def prelu(x: Tensor, name: str) -> Tensor:
        return x.clamp_min(0) + w[f"{name}.weight"][:, None, None] * x.clamp_max(0)

    x = norm(F.conv2d(face, w["input_layer.0.weight"], padding=1), "input_layer.1")
    x = prelu(x, "input_layer.2")
    previous, channels = None, 64
    for n, width in enumerate(WIDTHS):
        stride, part = 1 if width == previous else 2, f"body.{n}.res_layer"
        y = F.conv2d(norm(x, f"{part}.0"), w[f"{part}.1.weight"], padding=1)
        y = F.conv2d(prelu(y, f"{part}.2"), w[f"{part}.3.weight"], padding=1, stride=stride)
        shortcut = x[:, :, ::stride, ::stride]
        if channels != width:
            shortcut = F.conv2d(shortcut, w[f"body.{n}.shortcut_layer.0.weight"])
            shortcut = norm(shortcut, f"body.{n}.shortcut_layer.1")
        x = norm(y, f"{part}.4") + shortcut
        previous = channels = width
    flat = norm(x, "output_layer.0").reshape(len(x), -1)
    flat = flat @ w["output_layer.3.weight"].T + w["output_layer.3.bias"]
    flat = flat - w["output_layer.4.running_mean"]
    flat = flat / (w["output_layer.4.running_var"] + 1e-5).sqrt()
    return flat / flat.square().sum(1, keepdim=True).sqrt()


def test_embedding_equals_an_independent_evaluation(public_layout, network):
    torch.manual_seed(1)
    face = torch.rand(2, 3, 112, 112) * 2 - 1
    with torch.no_grad():
        found, expected = network.embed(face), evaluate(public_layout, face)
    assert found.shape == (2, 512)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))


def test_the_box_lays_the_mean_face_on_the_template():
    """Canonical crop (`landmarks.face_mesh`): side 2.75 e, its centre .42 - .18 e below 168."""
    mean = dict(zip(STABLE, MEAN_STABLE, strict=True))
    eyes = [(mean[outer] + mean[inner])[:2] / 2 for outer, inner in ((33, 133), (263, 362))]
    left, top, right, bottom = ALIGNED_BOX
    assert right - left == pytest.approx(bottom - top)
    for (x, y), template in zip(eyes, (38.3, 73.5), strict=True):
        assert ((0.5 + x / 2.75) - left) / (right - left) * 112 == pytest.approx(template, abs=0.5)
        place = 0.5 + (y - (0.42 - 0.18)) / 2.75
        assert (place - top) / (bottom - top) * 112 == pytest.approx(51.6, abs=0.5)


def test_what_lies_outside_the_box_does_not_count(network):
    picture = torch.zeros(1, 3, 200, 200)
    framed = torch.ones(1, 3, 200, 200)
    framed[:, :, 12:172, 20:180] = 0
    with torch.no_grad():
        torch.testing.assert_close(network(framed), network(picture))
    assert not any(x.requires_grad for x in network.parameters())


def test_a_missing_file_and_any_other_file_are_refused(tmp_path):
    with pytest.raises(MissingExpert, match=r"ID-SIM.*needs CurricularFace: fetch https://hugging"):
        CurricularFace.load(tmp_path)
    torch.save({}, tmp_path / CurricularFace.FILE.file)
    with pytest.raises(TtsfError, match="not the public file of CurricularFace"):
        CurricularFace.load(tmp_path)
