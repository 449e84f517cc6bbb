"""The x-vector network: the public layout in, the embedding of an independent evaluation out."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.public_networks import Weights, norm_of
from tests.support.sounds import sung
from ttsf.errors import TtsfError
from ttsf.research.experts.x_vector import XVector, log_mel

KERNELS, DILATIONS = (5, 3, 3, 1, 1), (1, 2, 3, 1, 1)
WIDTHS = (24, 512, 512, 512, 512, 1500)


@pytest.fixture(scope="module")
def public_layout() -> Weights:
    """Names and shapes of spkrec-xvect-voxceleb's embedding_model.ckpt."""
    torch.manual_seed(0)
    weights: Weights = {}
    for k, (a, b) in enumerate(pairwise(WIDTHS)):
        name = f"blocks.{3 * k}.conv"
        weights[f"{name}.weight"] = torch.randn(b, a, KERNELS[k]) * (a * KERNELS[k]) ** -0.5
        weights[f"{name}.bias"] = torch.randn(b) * 0.1
        weights |= norm_of(f"blocks.{3 * k + 2}.norm", b)
        weights[f"blocks.{3 * k + 2}.norm.num_batches_tracked"] = torch.tensor(7)
    weights["blocks.16.w.weight"] = torch.randn(512, 3000) * 3000**-0.5
    weights["blocks.16.w.bias"] = torch.randn(512)
    return weights


@pytest.fixture(scope="module")
def file(public_layout: Weights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("x") / "embedding_model.ckpt"
    torch.save(public_layout, path)
    return path


def evaluate(w: Weights, samples: np.ndarray) -> np.ndarray:
    """The network once more, from SpeechBrain's description, with numpy and loops over time."""
    padded = np.pad(samples.astype(np.float64), 200)
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(400) / 400)
    pieces = [padded[k : k + 400] * window for k in range(0, len(samples) + 1, 160)]
    power = np.abs(np.fft.rfft(pieces, 400)) ** 2
    mel = np.linspace(0, 2595 * np.log10(1 + 8_000 / 700), 26)
    hz = 700 * (10 ** (mel / 2595) - 1)
    bins = np.linspace(0, 8_000, 201)
    triangles = [
        np.maximum(0, np.minimum((bins - hz[m]) / (hz[m] - hz[m - 1]) + 1,
                                 1 - (bins - hz[m]) / (hz[m] - hz[m - 1])))
        for m in range(1, 25)
    ]  # fmt: skip
    x = 10 * np.log10(np.maximum(power @ np.array(triangles).T, 1e-10))
    x = np.maximum(x, x.max() - 80)
    x = x - x.mean(0)
    for k, (kernel, dilation) in enumerate(zip(KERNELS, DILATIONS, strict=True)):
        weight, bias = (w[f"blocks.{3 * k}.conv.{part}"].numpy() for part in ("weight", "bias"))
        reach = dilation * (kernel // 2)
        wide = np.pad(x, ((reach, reach), (0, 0)), mode="reflect")
        y = sum(
            wide[j * dilation : j * dilation + len(x)] @ weight[:, :, j].T for j in range(kernel)
        ) + bias  # fmt: skip
        y = np.where(y > 0, y, 0.01 * y)
        mean, var, gain, shift = (
            w[f"blocks.{3 * k + 2}.norm.{part}"].numpy()
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        x = (y - mean) / np.sqrt(var + 1e-5) * gain + shift
    pooled = np.concatenate([x.mean(0), x.std(0, ddof=1) + 1e-5])
    return w["blocks.16.w.weight"].numpy() @ pooled + w["blocks.16.w.bias"].numpy()


def test_embedding_equals_an_independent_evaluation(public_layout: Weights, file: Path) -> None:
    network = XVector.load_file(file)
    for samples in (sung(140, 0.7), sung(220, 0.3, tract=1.2)):
        found, expected = network.embed(samples), evaluate(public_layout, samples)
        assert found.shape == (512,) and np.abs(expected).max() > 1
        np.testing.assert_allclose(found, expected, atol=2e-3)
        np.testing.assert_array_equal(network.embed(samples), found)
    assert not any(x.requires_grad for x in network.parameters())


def test_loudness_does_not_count(file: Path) -> None:
    network, clip = XVector.load_file(file), sung(140, 0.7)
    louder, own = network.embed(2 * clip), network.embed(clip)
    np.testing.assert_allclose(louder, own, atol=2e-3)
    assert np.abs(network.embed(sung(220, 0.7)) - own).max() > 0.1


def test_frames_and_bands() -> None:
    bands = log_mel(torch.from_numpy(sung(140, 0.5))[None])
    assert bands.shape == (1, 24, 51)
    assert float(bands.max() - bands.min()) <= 80.001


def test_other_files_and_too_little_sound_are_refused_in_one_line(
    public_layout: Weights, file: Path, tmp_path: Path
) -> None:
    with pytest.raises(TtsfError, match=r"none\.ckpt: no such file; download it from https"):
        XVector.load_file(tmp_path / "none.ckpt")
    torch.save({"blocks.0.conv.weight": torch.zeros(1)}, tmp_path / "other.ckpt")
    with pytest.raises(TtsfError, match=r"other\.ckpt: \d+ weights missing"):
        XVector.load_file(tmp_path / "other.ckpt")
    (tmp_path / "code.ckpt").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(TtsfError, match="cannot read this file as weights"):
        XVector.load_file(tmp_path / "code.ckpt")
    with pytest.raises(TtsfError, match="an x-vector needs 640 samples or more, not 600"):
        XVector.load_file(file).embed(np.zeros(600, np.float32))
