"""A HiFi-GAN generator of the public layout in our vocoder, against plain maths on its tensors."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from recipes import warm_start
from recipes.warm_start import load_hifigan, start_hifigan, without_weight_norm
from ttsf.config import VocoderConfig
from ttsf.errors import TtsfError
from ttsf.model.speech.vocoder import HifiGan
from ttsf.model.ttsf import TTSF
from ttsf.research.hyperparameters import VocoderTraining
from ttsf.research.presets import MINI, PRESETS, Preset
from ttsf.research.training.parts import load_parts

PUBLIC = replace(
    MINI.model,
    vocoder=VocoderConfig(
        channels=32, upsample_rates=(10, 4, 2, 2), upsample_kernels=(20, 8, 4, 4),
        resblock_kernels=(3, 5), resblock_dilations=(1, 3),
    ),
)  # fmt: skip
"""Every part of HiFi-GAN's generator, small."""
PLAIN = VocoderTraining(discriminators="none", stft=2.0, learning_rate=2e-3)


def normed_layer(name: str, *shape: int, rows: int) -> dict[str, Tensor]:
    """Old weight_norm's names."""
    v = torch.randn(shape)
    g = (1 + torch.rand(shape[0])).view(-1, *[1] * (len(shape) - 1)) / math.sqrt(shape[1])
    return {f"{name}.weight_g": g, f"{name}.weight_v": v, f"{name}.bias": 0.1 * torch.randn(rows)}


@pytest.fixture
def generator() -> dict[str, Tensor]:
    """A generator of HiFi-GAN's layout with random weights."""
    torch.manual_seed(2)
    config, width = PUBLIC.vocoder, 32
    found = normed_layer("conv_pre", width, 80, 7, rows=width)
    for i, kernel in enumerate(config.upsample_kernels):
        found |= normed_layer(f"ups.{i}", width, width // 2, kernel, rows=width // 2)
        width //= 2
        for j, size in enumerate(config.resblock_kernels):
            for group in ("convs1", "convs2"):
                for m in range(len(config.resblock_dilations)):
                    name = f"resblocks.{i * 2 + j}.{group}.{m}"
                    found |= normed_layer(name, width, width, size, rows=width)
    return found | normed_layer("conv_post", 1, width, 7, rows=1)


def generated(c: dict[str, Tensor], mel: Tensor, edge: float) -> Tensor:
    """HiFi-GAN's generator on its tensors; the mel goes on as `edge` at both ends."""

    def weight(name: str) -> Tensor:
        return torch._weight_norm(c[f"{name}.weight_v"], c[f"{name}.weight_g"], 0)

    x = F.conv1d(F.pad(mel, (3, 3), value=edge), weight("conv_pre"), c["conv_pre.bias"])
    for i, (rate, kernel) in enumerate(((10, 20), (4, 8), (2, 4), (2, 4))):
        x = torch.where(x > 0, x, 0.1 * x)
        name, pad = f"ups.{i}", (kernel - rate) // 2
        x = F.conv_transpose1d(x, weight(name), c[f"{name}.bias"], rate, pad)
        branches = []
        for j, size in enumerate((3, 5)):
            y, block = x, f"resblocks.{2 * i + j}"
            for m, step in enumerate((1, 3)):
                one, two = f"{block}.convs1.{m}", f"{block}.convs2.{m}"
                z = torch.where(y > 0, y, 0.1 * y)
                z = F.conv1d(z, weight(one), c[f"{one}.bias"], 1, step * (size - 1) // 2, step)
                z = torch.where(z > 0, z, 0.1 * z)
                y = y + F.conv1d(z, weight(two), c[f"{two}.bias"], padding=size // 2)
            branches.append(y)
        x = sum(branches) / 2
    x = torch.where(x > 0, x, 0.01 * x)
    return F.conv1d(x, weight("conv_post"), c["conv_post.bias"], padding=3).tanh()[:, 0]


@torch.no_grad()
def test_the_whole_generator(generator: dict[str, Tensor]) -> None:
    """Equal but for what lies beyond the ends: our generator normalises its mel first."""
    vocoder = HifiGan(PUBLIC.vocoder, PUBLIC.audio).eval()
    start = load_hifigan(generator, vocoder, PUBLIC.vocoder, PUBLIC.audio)
    assert not start.own and not start.unplaced
    assert not start.near
    mel = torch.randn(2, 80, 40) * 2 - 5
    found = vocoder(mel)
    wanted = generated(generator, mel, edge=PUBLIC.audio.mel_mean)
    assert wanted.abs().mean() > 0.01
    assert torch.allclose(found, wanted, atol=1e-5)
    padded = generated(generator, mel, edge=0.0)
    assert torch.allclose(found[:, 1_600:-1_600], padded[:, 1_600:-1_600], atol=1e-5)


@torch.no_grad()
def test_weights_without_norm_are_taken_as_they_are(generator: dict[str, Tensor]) -> None:
    plain = without_weight_norm(generator)
    vocoders = [HifiGan(PUBLIC.vocoder, PUBLIC.audio) for _ in range(2)]
    for vocoder, tensors in zip(vocoders, (generator, plain), strict=True):
        load_hifigan(tensors, vocoder, PUBLIC.vocoder, PUBLIC.audio)
    states = [vocoder.state_dict() for vocoder in vocoders]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_another_upsampling_is_refused_or_left_out(generator: dict[str, Tensor]) -> None:
    config = replace(PUBLIC.vocoder, upsample_rates=(5, 4, 4, 2), upsample_kernels=(11, 8, 8, 4))
    vocoder = HifiGan(config, PUBLIC.audio)
    before = {name: value.clone() for name, value in vocoder.state_dict().items()}
    wanted = "ups.0.weight is 32 x 16 x 20, not the 32 x 16 x 11 of grow.0.weight"
    with pytest.raises(TtsfError, match=wanted):
        load_hifigan(generator, vocoder, config, PUBLIC.audio)
    start = load_hifigan(generator, vocoder, config, PUBLIC.audio, partial=True)
    assert start.own == ["grow.0.bias", "grow.0.weight", "grow.2.bias", "grow.2.weight"]
    assert start.unplaced == ["ups.0.bias", "ups.0.weight", "ups.2.bias", "ups.2.weight"]
    assert not start.same and "grow.3.weight" in start.near
    after = vocoder.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in start.own)
    assert not any(torch.equal(after[name], before[name]) for name in start.near)


def test_other_layouts_of_generators_are_refused(generator: dict[str, Tensor]) -> None:
    vocoder = HifiGan(PUBLIC.vocoder, PUBLIC.audio)

    def load(tensors: dict[str, Tensor], partial: bool = False) -> None:
        load_hifigan(tensors, vocoder, PUBLIC.vocoder, PUBLIC.audio, partial)

    with pytest.raises(TtsfError, match=r"ups.4.weight has no place"):
        load(generator | {"ups.4.weight": torch.zeros(2, 1, 4)})
    second = {name.replace("convs1", "convs"): value for name, value in generator.items()}
    with pytest.raises(TtsfError, match=r"no resblocks.0.convs1.0.weight"):
        load(second)
    with pytest.raises(TtsfError, match=r"no conv_pre.weight_g that fits"):
        load({name: value for name, value in generator.items() if name != "conv_pre.weight_g"})
    with pytest.raises(TtsfError, match="nothing in the file fits"):
        load({"encoder.weight": torch.zeros(2, 2)}, partial=True)


def test_a_vocoder_run_starts_too(generator: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({"generator": generator}, tmp_path / "g_02500000")
    start_hifigan(tmp_path / "g_02500000", PUBLIC, PLAIN, False, tmp_path / "run")
    model, other = TTSF(PUBLIC), HifiGan(PUBLIC.vocoder, PUBLIC.audio)
    load_parts(model, tmp_path / "run", ("vocoder",))
    load_hifigan(generator, other, PUBLIC.vocoder, PUBLIC.audio)
    own = model.vocoder.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in other.state_dict().items())


def test_warm_start_by_command(
    generator: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = VocoderTraining(discriminators="spectrogram", stft=15.0)
    monkeypatch.setitem(PRESETS, "tiny", Preset(model=PUBLIC, vocoder=training))
    save_file(generator, tmp_path / "generator.safetensors")
    line = ["hifigan", str(tmp_path / "generator.safetensors"), "--preset", "tiny"]
    for choice in ("none", "spectrogram"):
        out = tmp_path / choice
        monkeypatch.setattr("sys.argv", ["x", *line, "--discriminators", choice, "--out", str(out)])
        warm_start.main()
        state = load_file(out / "state.safetensors")
        assert any("discriminators" in name for name in state) == (choice == "spectrogram")
