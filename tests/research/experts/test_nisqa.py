"""NISQA: the public layout in, an independent evaluation out; mel, segments, and known scores."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.support.public_networks import Weights, load_as_public, norm_of
from ttsf.errors import MissingPackage, TtsfError
from ttsf.research.experts.files import FOLDER_VARIABLE, MissingExpert
from ttsf.research.experts.nisqa import Nisqa, mel_db, segments_of

CONVOLUTIONS = {1: (16, 1), 2: (32, 16), 3: (64, 32), 4: (64, 64), 5: (64, 64), 6: (64, 64)}
LINEAR = {
    "time_dependency.model.linear": (64, 384),
    **{
        f"time_dependency.model.layers.{n}.{part}": (64, 64)
        for n in range(2)
        for part in ("self_attn.out_proj", "linear1", "linear2")
    },
    **{
        f"pool_layers.{n}.model.{part}": shape
        for n in range(5)
        for part, shape in (("linear1", (128, 64)), ("linear2", (1, 128)), ("linear3", (1, 64)))
    },
}
NORMS = ("norm1", "layers.0.norm1", "layers.0.norm2", "layers.1.norm1", "layers.1.norm2")


@pytest.fixture(scope="module")
def public_layout() -> Weights:
    """Names and shapes of the weights in nisqa.tar."""
    torch.manual_seed(0)
    weights: Weights = {}
    for n, (c_out, c_in) in CONVOLUTIONS.items():
        weights[f"cnn.model.conv{n}.weight"] = torch.randn(c_out, c_in, 3, 3) * (9 * c_in) ** -0.5
        weights[f"cnn.model.conv{n}.bias"] = torch.randn(c_out) * 0.1
        weights |= norm_of(f"cnn.model.bn{n}", c_out)
    for name, shape in LINEAR.items():
        weights[f"{name}.weight"] = torch.randn(shape) * shape[1] ** -0.5
        weights[f"{name}.bias"] = torch.randn(shape[0]) * 0.1
    for n in range(2):
        name = f"time_dependency.model.layers.{n}.self_attn.in_proj"
        weights[f"{name}_weight"] = torch.randn(192, 64) * 0.125
        weights[f"{name}_bias"] = torch.randn(192) * 0.1
    for name in NORMS:
        weights[f"time_dependency.model.{name}.weight"] = torch.rand(64) + 0.5
        weights[f"time_dependency.model.{name}.bias"] = torch.randn(64) * 0.1
    return weights


@pytest.fixture(scope="module")
def network(public_layout, tmp_path_factory) -> Nisqa:
    return load_as_public(Nisqa, public_layout, tmp_path_factory.mktemp("experts"))


def test_the_file_has_the_known_size(public_layout):
    assert sum(x.numel() for x in public_layout.values()) == 253_066


def evaluate(w: Weights, x: Tensor) -> Tensor:
    """The segments of a clip once more, from the paper's description: [W, 48, 15] -> []."""

    def linear(x: Tensor, name: str) -> Tensor:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x: Tensor, name: str) -> Tensor:
        name = f"time_dependency.model.{name}"
        centred = x - x.mean(-1, keepdim=True)
        std = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        return centred / std * w[f"{name}.weight"] + w[f"{name}.bias"]

    x = x[:, None]
    for n, size in enumerate([(24, 7), (12, 5), None, (6, 3), None, None], start=1):
        weight, bias = (w[f"cnn.model.conv{n}.{part}"] for part in ("weight", "bias"))
        x = F.conv2d(F.pad(x, (0, 0, 1, 1) if n == 6 else (1, 1, 1, 1)), weight, bias)
        mean, var, gain, shift = (
            w[f"cnn.model.bn{n}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        x = ((x - mean) / (var + 1e-5).sqrt() * gain + shift).clamp_min(0)
        x = x if size is None else F.adaptive_max_pool2d(x, size)
    assert x.shape[1:] == (64, 6, 1)
    x = norm(linear(x.flatten(1), "time_dependency.model.linear"), "norm1")
    for n in range(2):
        layer = f"time_dependency.model.layers.{n}"
        projected = x @ w[f"{layer}.self_attn.in_proj_weight"].T
        q, k, v = (projected + w[f"{layer}.self_attn.in_proj_bias"]).split(64, -1)
        attended = (q @ k.T / 8).softmax(-1) @ v
        x = norm(x + linear(attended, f"{layer}.self_attn.out_proj"), f"layers.{n}.norm1")
        inner = linear(x, f"{layer}.linear1").clamp_min(0)
        x = norm(x + linear(inner, f"{layer}.linear2"), f"layers.{n}.norm2")
    pool = "pool_layers.0.model"
    share = linear(linear(x, f"{pool}.linear1").clamp_min(0), f"{pool}.linear2").softmax(0)
    return linear((share * x).sum(0), f"{pool}.linear3")[0]


@pytest.mark.parametrize("count", [1, 7])
def test_the_network_equals_an_independent_evaluation(public_layout, network, count):
    segments = torch.randn(count, 48, 15, generator=torch.Generator().manual_seed(count))
    with torch.no_grad():
        found = network(segments)
    assert found.shape == ()
    torch.testing.assert_close(found, evaluate(public_layout, segments), atol=1e-4, rtol=1e-4)


def test_a_loaded_network_is_frozen(network):
    assert not any(x.requires_grad for x in network.parameters())
    assert not any(module.training for module in network.train().modules())


@pytest.mark.parametrize(("frames", "count"), [(15, 1), (18, 1), (19, 2), (100, 22)])
def test_segments_are_whole_and_four_frames_apart(frames, count):
    mel = np.arange(48 * frames, dtype=np.float32).reshape(48, frames)
    found = segments_of(mel)
    assert found.shape == (count, 48, 15)
    for n, segment in enumerate(found):
        np.testing.assert_array_equal(segment, mel[:, 4 * n : 4 * n + 15])


def test_less_than_a_segment_is_refused():
    with pytest.raises(TtsfError, match="15 mel frames, not 14"):
        segments_of(np.zeros((48, 14), np.float32))


def slow_mel_db(wave: np.ndarray) -> np.ndarray:
    """From the description, in double precision; wave: [N] at 48 kHz."""

    def hertz(mel: np.ndarray) -> np.ndarray:
        return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))

    edges = hertz(np.linspace(0, 15 + 27 * np.log(20) / np.log(6.4), 50))
    bins = np.arange(2049) * 48_000 / 4096
    padded = np.pad(wave.astype(np.float64), 2048, mode="reflect")
    window = np.zeros(4096)
    window[1568:2528] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(960) / 960)
    columns = []
    for start in range(0, len(wave) + 1, 480):
        amplitude = np.abs(np.fft.rfft(padded[start : start + 4096] * window))
        bands = []
        for a, b, c in zip(edges, edges[1:], edges[2:], strict=False):
            triangle = np.interp(bins, [a, b, c], [0, 1, 0])
            bands.append(triangle @ amplitude * 2 / (c - a))
        columns.append(bands)
    decibels = 20 * np.log10(np.maximum(np.array(columns).T, 1e-4))
    return np.maximum(decibels, decibels.max() - 80)


def sung(rate: int) -> np.ndarray:
    """2 s of vowels in syllables, of a voice that glides up."""
    t = np.arange(2 * rate) / rate
    phase = 2 * np.pi * (110 * t + 12 * t**2)
    tone = sum(np.sin(k * phase) / k for k in range(1, 25))
    return (0.1 * tone * np.sin(3 * np.pi * t) ** 2).astype(np.float32)


@pytest.fixture
def needs_librosa() -> None:
    pytest.importorskip("librosa", reason="comes with ttsf[eval]")


def test_mel_equals_an_independent_evaluation(needs_librosa):
    wave = sung(48_000)[:20_000]
    found = mel_db(wave, 48_000)
    assert found.shape == (48, 42) and found.dtype == np.float32
    np.testing.assert_allclose(found, slow_mel_db(wave), atol=1e-3)


def test_other_rates_are_resampled(needs_librosa):
    """Up to the half of the lower rate nothing changes."""
    low, high = mel_db(sung(16_000), 16_000), mel_db(sung(48_000), 48_000)
    assert low.shape == high.shape
    np.testing.assert_allclose(low[:30], high[:30], atol=0.5)


def test_silence_has_a_score_and_a_fraction_of_a_segment_none(needs_librosa, network):
    assert np.isfinite(network.score(np.zeros(16_000, np.float32), 16_000))
    with pytest.raises(TtsfError, match="the clip is short"):
        network.score(np.zeros(2_000, np.float32), 16_000)


def test_without_librosa_the_extra_is_named(network, monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with pytest.raises(MissingPackage, match=r"NISQA needs librosa: pip install 'ttsf\[eval\]'"):
        network.score(np.zeros(16_000, np.float32), 16_000)


def test_a_missing_file_and_any_other_file_are_refused(tmp_path):
    with pytest.raises(MissingExpert, match=r"naturalness of speech needs NISQA: fetch https://gi"):
        Nisqa.load(tmp_path)
    torch.save({"model_state_dict": {}}, tmp_path / Nisqa.FILE.file)
    with pytest.raises(TtsfError, match="not the public file of NISQA"):
        Nisqa.load(tmp_path)


@pytest.mark.skipif(
    not (Path(os.environ.get(FOLDER_VARIABLE, "")) / Nisqa.FILE.file).is_file(),
    reason="needs the public file in TTSF_EXPERTS",
)
@pytest.mark.parametrize(
    ("wave", "rate", "mos"),
    [
        (sung(48_000), 48_000, 1.185383),
        (sung(16_000), 16_000, 1.185383),
        (sung(48_000)[:7000], 48_000, 1.149663),
        (np.zeros(48_000, np.float32), 48_000, 2.107655),
    ],
)
def test_scores_are_those_of_the_public_code(needs_librosa, wave, rate, mos):
    """Numbers that the package nisqa 2.0.post2 gave with the public file."""
    assert Nisqa.load().score(wave, rate) == pytest.approx(mos, abs=1e-3)
