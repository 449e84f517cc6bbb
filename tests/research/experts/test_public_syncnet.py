"""SyncNet v2: the public layout in, an independent evaluation out; cepstra; offsets."""

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.support.public_networks import Weights, load_as_public, norm_of
from ttsf.errors import TtsfError
from ttsf.research.experts import public_syncnet
from ttsf.research.experts.files import MissingExpert
from ttsf.research.experts.public_syncnet import LipSyncNet, mfcc, network_frames

SOUND = {
    0: (64, 1, 3, 3), 4: (192, 64, 3, 3), 8: (384, 192, 3, 3), 11: (256, 384, 3, 3),
    14: (256, 256, 3, 3), 18: (512, 256, 5, 4),
}  # fmt: skip
LIPS = {
    0: (96, 3, 5, 7, 7), 4: (256, 96, 1, 5, 5), 8: (256, 256, 1, 3, 3), 11: (256, 256, 1, 3, 3),
    14: (256, 256, 1, 3, 3), 18: (512, 256, 1, 6, 6),
}  # fmt: skip


@pytest.fixture(scope="module")
def public_layout() -> Weights:
    """Names and shapes of syncnet_v2.model."""
    torch.manual_seed(0)
    weights: Weights = {}
    for tower, layers in (("netcnnaud", SOUND), ("netcnnlip", LIPS)):
        for n, shape in layers.items():
            fan = torch.Size(shape[1:]).numel()
            weights[f"{tower}.{n}.weight"] = torch.randn(shape) * (2 / fan) ** 0.5
            weights[f"{tower}.{n}.bias"] = torch.randn(shape[0]) * 0.1
            weights |= norm_of(f"{tower}.{n + 1}", shape[0])
    for tail in ("netfcaud", "netfclip"):
        for n, out in ((0, 512), (3, 1024)):
            weights[f"{tail}.{n}.weight"] = torch.randn(out, 512) * 512**-0.5
            weights[f"{tail}.{n}.bias"] = torch.randn(out) * 0.1
        weights |= norm_of(f"{tail}.1", 512)
    return weights


@pytest.fixture(scope="module")
def network(public_layout, tmp_path_factory) -> LipSyncNet:
    folder = tmp_path_factory.mktemp("experts")
    return load_as_public(LipSyncNet, public_layout, folder)


def test_the_file_has_the_known_size(public_layout):
    size = sum(x.numel() * x.element_size() for x in public_layout.values())
    assert round(size / 1e6, 1) == 54.6


def evaluate(w: Weights, x: Tensor, tower: str, tail: str) -> Tensor:
    """A window once more, from the description: [B, 3, 5, 224, 224] or [B, 1, 13, 20]."""

    def norm(x: Tensor, name: str) -> Tensor:
        shape = (1, -1) + (1,) * (x.ndim - 2)
        mean, var, scale, shift = (
            w[f"{name}.{part}"].view(shape)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return ((x - mean) * scale / (var + 1e-5).sqrt() + shift).clamp_min(0)

    def layer(x: Tensor, n: int) -> Tensor:
        weight, bias = w[f"{tower}.{n}.weight"], w[f"{tower}.{n}.bias"]
        if x.ndim == 4:
            x = F.conv2d(x, weight, bias, padding=0 if n == 18 else 1)
        else:
            flat = (0, 0, 0) if n in (0, 18) else (0, 1, 1)
            x = F.conv3d(x, weight, bias, stride=(1, 2, 2) if n < 8 else 1, padding=flat)
        return norm(x, f"{tower}.{n + 1}")

    sound = x.ndim == 4
    x = layer(x, 0)
    x = x if sound else F.max_pool3d(x, (1, 3, 3), (1, 2, 2))
    x = layer(x, 4)
    x = F.max_pool2d(x, 3, (1, 2)) if sound else F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
    x = layer(layer(layer(x, 8), 11), 14)
    x = F.max_pool2d(x, 3, 2) if sound else F.max_pool3d(x, (1, 3, 3), (1, 2, 2))
    x = layer(x, 18).flatten(1)
    x = norm(x @ w[f"{tail}.0.weight"].T + w[f"{tail}.0.bias"], f"{tail}.1")
    return x @ w[f"{tail}.3.weight"].T + w[f"{tail}.3.bias"]


@pytest.fixture(scope="module")
def clip() -> tuple[np.ndarray, np.ndarray]:
    """9 pictures with their sound."""
    rng = np.random.default_rng(3)
    frames = rng.integers(0, 256, (9, 60, 70, 3)).astype(np.uint8)
    return frames, rng.normal(0, 0.1, 9 * 640).astype(np.float32)


def test_windows_equal_explicit_slices(public_layout, network, clip, monkeypatch):
    monkeypatch.setattr(public_syncnet, "AT_ONCE", 3)
    frames, samples = clip
    seen, heard = network.embed(frames, samples)
    assert seen.shape == heard.shape == (4, 1024)
    pictures = torch.from_numpy(frames.astype(np.float32)).permute(0, 3, 1, 2)
    pictures = F.interpolate(pictures, (224, 224), mode="bilinear").round().flip(1)
    cepstra = torch.from_numpy(mfcc(samples)).float()
    with torch.no_grad():
        for k in range(4):
            window = pictures[k : k + 5].permute(1, 0, 2, 3)[None]
            expected = evaluate(public_layout, window, "netcnnlip", "netfclip")[0]
            torch.testing.assert_close(seen[k], expected, atol=1e-3, rtol=1e-3)
            window = cepstra[4 * k : 4 * k + 20].T[None, None]
            expected = evaluate(public_layout, window, "netcnnaud", "netfcaud")[0]
            torch.testing.assert_close(heard[k], expected, atol=1e-3, rtol=1e-3)


def test_a_loaded_network_is_frozen(network):
    assert not any(x.requires_grad for x in network.parameters())


def test_the_shorter_of_frames_and_sound_counts(network, clip):
    frames, samples = clip
    assert network.embed(frames, samples[: 7 * 640 - 1])[0].shape == (1, 1024)
    assert network.embed(frames[:6], samples)[1].shape == (1, 1024)
    for few in ((frames[:5], samples), (frames, samples[: 6 * 640 - 1])):
        with pytest.raises(TtsfError, match="at least 6 frames"):
            network.embed(*few)


def slow_mfcc(levels: np.ndarray) -> np.ndarray:
    """From the description, sample by sample; levels: 16-bit numbers."""
    signal = [float(levels[0])]
    signal += [levels[k] - 0.97 * levels[k - 1] for k in range(1, len(levels))]
    edges = [2595 * np.log10(1 + 8000 / 700) * k / 27 for k in range(28)]
    bins = [int(513 * 700 * (10 ** (m / 2595) - 1) / 16000) for m in edges]
    rows, start = [], 0
    while start == 0 or start + 400 - 160 < len(signal):
        part = np.array((signal[start : start + 400] + [0.0] * 400)[:400])
        angle = 2 * np.pi / 512 * np.outer(np.arange(257), np.arange(400))
        power = ((np.cos(angle) @ part) ** 2 + (np.sin(angle) @ part) ** 2) / 512
        bands = []
        for a, b, c in zip(bins, bins[1:], bins[2:], strict=False):
            up = sum(power[k] * (k - a) / (b - a) for k in range(a, b))
            bands.append(up + sum(power[k] * (c - k) / (c - b) for k in range(b, c)))
        row = [np.log(power.sum())]
        for n in range(1, 13):
            turns = np.cos(np.pi * n * (2 * np.arange(26) + 1) / 52)
            row.append(np.log(bands) @ turns * (2 / 26) ** 0.5 * (1 + 11 * np.sin(np.pi * n / 22)))
        rows.append(row)
        start += 160
    return np.array(rows)


@pytest.mark.parametrize(("length", "steps"), [(300, 1), (400, 1), (401, 2), (560, 2), (561, 3)])
def test_cepstra_equal_an_independent_evaluation(length, steps):
    levels = np.random.default_rng(length).integers(-9_000, 9_000, length)
    found = mfcc((levels / 32768).astype(np.float32))
    assert found.shape == (steps, 13)
    np.testing.assert_allclose(found, slow_mfcc(levels), atol=1e-7)


def test_cepstra_equal_those_of_python_speech_features():
    """Numbers that version 0.6 of that package gave for this sweep."""
    levels = np.round(np.sin(np.arange(700) ** 2 / 900) * 16_384)
    known = [
        [22.6101, 12.0888, -46.0556, -14.6265, 11.1302, -14.345, -18.4852, 2.9818, -2.4614,
         -14.9445, -4.5061, 0.9562, -7.1077],
        [24.0906, -30.8214, -37.5972, 45.6193, -10.572, -10.8103, 3.3921, -6.6675, 15.198,
         -12.2628, -7.0119, 9.5024, -6.8532],
    ]  # fmt: skip
    np.testing.assert_allclose(mfcc(levels / 32768)[[0, 2]], known, atol=6e-5)


def test_silence_and_clipped_sound_have_finite_cepstra():
    assert np.isfinite(mfcc(np.zeros(1000, np.float32))).all()
    loud = np.where(np.arange(1000) % 50 < 25, 1.0, -1.0)
    np.testing.assert_array_equal(mfcc(2 * loud), mfcc(loud))


def test_pictures_are_stretched_as_opencv_does():
    frames = np.random.default_rng(7).integers(0, 256, (2, 300, 250, 3)).astype(np.uint8)
    found = network_frames(frames).permute(0, 2, 3, 1).numpy()
    for picture, frame in zip(found, frames, strict=True):
        expected = cv2.resize(np.ascontiguousarray(frame[..., ::-1]), (224, 224))
        assert np.abs(picture - expected.astype(np.float32)).max() <= 1


def test_a_missing_file_and_any_other_file_are_refused(tmp_path):
    with pytest.raises(MissingExpert, match=r"LSE-C.*needs SyncNet v2: fetch http://www.robots.ox"):
        LipSyncNet.load(tmp_path)
    torch.save({}, tmp_path / LipSyncNet.FILE.file)
    with pytest.raises(TtsfError, match="not the public file of SyncNet v2"):
        LipSyncNet.load(tmp_path)
