"""The vocoder stage: HiFi-GAN's losses by hand, batches, real steps, public generators."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import ModelConfig, VocoderConfig
from ttsf.data.clip_files import save_samples
from ttsf.data.manifest import Clip, Spoken, read_manifest, write_manifest
from ttsf.errors import TtsfError
from ttsf.mel import mel_spectrogram
from ttsf.presets import MINI, PRESETS
from ttsf.speech.vocoder import HifiGan, build_vocoder
from ttsf.training import warm_start
from ttsf.training.discriminators import Judgement
from ttsf.training.loop import RunSettings, total_loss, train
from ttsf.training.stages import vocoder as stage_module
from ttsf.training.stages.vocoder import (
    RECIPES,
    SEGMENT,
    VocoderNet,
    VocoderRecipe,
    VocoderStage,
    discriminator_score,
    feature_distance,
    gan_losses,
    generator_score,
    stft_loss,
    vocoder_recipe,
)
from ttsf.training.state import load_average
from ttsf.training.warm_start import load_hifigan, start_hifigan, without_weight_norm

SMALL: ModelConfig = replace(
    MINI,
    vocoder=VocoderConfig(
        channels=32, upsample_rates=(4,), upsample_kernels=(8,), resblock_kernels=(3,),
        resblock_dilations=(1, 3), istft_n_fft=160, istft_hop=40,
    ),
)  # fmt: skip
PUBLIC = replace(
    MINI,
    vocoder=VocoderConfig(
        channels=32, upsample_rates=(10, 4, 2, 2), upsample_kernels=(20, 8, 4, 4),
        resblock_kernels=(3, 5), resblock_dilations=(1, 3),
    ),
)  # fmt: skip
"""Every part of HiFi-GAN's generator, small."""
HIFIGAN = VocoderRecipe(divisor=8)
SPECTROGRAM = RECIPES["mini"]
PLAIN = VocoderRecipe("none", stft=2.0, learning_rate=2e-3)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "BATCH", 2)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rng, folder, rows = np.random.default_rng(0), tmp_path / "speech", []
    for i in range(12):
        length = 7_000 if i == 11 else int(rng.integers(SEGMENT, 2 * SEGMENT))
        t = np.arange(length) / 16_000
        voice = sum(np.sin(2 * np.pi * h * (100 + 10 * i) * t) / h for h in range(1, 9))
        sound = 0.1 * voice * np.sin(2 * np.pi * 3 * t) + 0.006 * rng.standard_normal(length)
        save_samples(folder / f"{i:02d}.flac", sound.astype(np.float32))
        split = "valid" if i < 2 else "train"
        rows.append(
            Clip(
                f"clip {i}", "made", "a voice", split, 0, length, "tones", "public domain",
                Spoken("sine", "a voice"), audio=f"{i:02d}.flac",
            )
        )  # fmt: skip
    write_manifest(folder, rows)
    return folder


def judgement(*features: list[list[float]]) -> Judgement:
    maps = tuple(torch.tensor(feature) for feature in features)
    return Judgement(maps[-1].flatten(1), maps)


def test_least_squares_and_feature_matching_by_hand() -> None:
    real = [judgement([[1.0, 2.0]], [[0.5, 1.5]]), judgement([[4.0]], [[1.0]])]
    made = [judgement([[0.0, 4.0]], [[0.5, 0.0]]), judgement([[1.0]], [[3.0]])]
    # (1-.5)^2, (1-0)^2 -> mean .625; (1-3)^2 = 4
    assert generator_score(made) == pytest.approx(0.625 + 4)
    # real: (.25 + .25) / 2 and 0; made: (.25 + 0) / 2 and 9
    assert discriminator_score(real, made) == pytest.approx(0.25 + 0 + 0.125 + 9)
    # |1-0|, |2-4| -> 1.5; |.5-.5|, |1.5-0| -> .75; |4-1| = 3; |1-3| = 2
    assert feature_distance(real, made) == pytest.approx(1.5 + 0.75 + 3 + 2)


def test_each_loss_teaches_its_own_side_alone() -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gain = nn.Parameter(torch.tensor(0.5))

        def forward(self, samples: torch.Tensor) -> list[Judgement]:
            return [judgement_of(samples * self.gain)]

    def judgement_of(x: torch.Tensor) -> Judgement:
        return Judgement(x, (x,))

    judges, made = Scale(), torch.full((1, 1), 2.0, requires_grad=True)
    found = gan_losses(judges, made, torch.full((1, 1), 3.0))
    assert [float(loss.detach()) for loss in found] == pytest.approx([0, 0.5, 0.25 + 1])
    (found.adversarial + found.features).backward(retain_graph=True)
    assert judges.gain.grad is None and float(made.grad) == pytest.approx(-0.5)
    found.discriminator.backward()
    # d/dg [(1 - 3 g)^2 + (2 g)^2] at g = .5: -6 (1 - 1.5) + 8 * .5
    assert float(judges.gain.grad) == pytest.approx(3 + 4) and float(made.grad) == -0.5
    assert judges.gain.requires_grad


def test_stft_loss_of_the_same_and_of_half_the_sound() -> None:
    sound = torch.randn(2, SEGMENT)
    assert stft_loss(sound, sound) == 0
    assert stft_loss(sound / 2, sound) == pytest.approx(0.5 + np.log(2), rel=1e-3)


def test_the_paper_trains_by_hifigans_numbers() -> None:
    recipe = vocoder_recipe("paper")
    assert (recipe.discriminators, recipe.divisor, recipe.stft) == ("hifigan", 1, 0)
    assert (recipe.learning_rate, recipe.decay) == (2e-4, 0.999)
    assert vocoder_recipe("mini-no-energy") is RECIPES["mini"]
    assert RECIPES["mini"].discriminators == "spectrogram" and RECIPES["mini"].stft > 0


def test_batches_depend_on_the_number_alone(corpus: Path) -> None:
    a, b = (VocoderStage(corpus, SMALL, PLAIN, seed=3) for _ in range(2))
    assert len(a.clips) == 9  # the short one is left out
    later = a.batch(7)
    for number in (0, 9, 7):
        seen = b.batch(number)
    assert torch.equal(later.samples, seen.samples) and torch.equal(later.mel, seen.mel)
    assert later.names == seen.names and all(name.startswith("clip ") for name in later.names)
    assert later.samples.shape == (2, SEGMENT) and later.mel.shape == (2, 80, SEGMENT // 160)
    names = [name for number in range(9) for name in a.batch(number).names]
    assert all(names.count(name) == 2 for name in names)  # two epochs in nine batches of two


def test_the_segment_is_where_its_mel_is(corpus: Path) -> None:
    stage = VocoderStage(corpus, SMALL, PLAIN)
    batch = stage.batch(0)
    own = mel_spectrogram(batch.samples, SMALL.audio)
    assert (own - batch.mel)[..., 4:-4].abs().max() < 1e-3


def test_the_rate_falls_with_the_epochs(corpus: Path) -> None:
    stage = VocoderStage(corpus, SMALL, HIFIGAN)
    group = stage.optimizer().param_groups[0]
    assert (group["lr"], group["betas"]) == (2e-4, (0.8, 0.99))
    assert stage.batches_per_epoch == 5
    assert [stage.learning_rate(step, 99) for step in (0, 4, 5, 9)] == [1, 1, 0.999, 0.999**2]
    doubled = VocoderStage(corpus, SMALL, HIFIGAN, batches_a_step=2)
    assert doubled.learning_rate(9, 99) == pytest.approx(0.999**4)


@pytest.mark.parametrize("recipe", [HIFIGAN, SPECTROGRAM, PLAIN])
def test_one_real_step(corpus: Path, recipe: VocoderRecipe) -> None:
    torch.manual_seed(0)
    stage = VocoderStage(corpus, SMALL, recipe)
    losses = stage.losses(stage.batch(0))
    assert losses.keys() == stage.weights.keys()
    assert ("adversarial" in losses) == (recipe.discriminators != "none")
    assert ("stft" in losses) == (recipe.stft > 0)
    total_loss(losses, stage.weights).backward()
    parameters = dict(stage.net.named_parameters())
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in parameters.values())
    before = {name: p.detach().clone() for name, p in parameters.items()}
    stage.optimizer().step()
    moved = {
        name.split(".")[0] for name, p in parameters.items() if not torch.equal(p, before[name])
    }
    assert moved == ({"vocoder"} if recipe.discriminators == "none" else {"vocoder", "judges"})


@pytest.mark.parametrize(
    ("recipe", "steps", "factor"), [(SPECTROGRAM, 25, 0.6), (PLAIN, 100, 0.45)]
)
def test_it_learns_one_batch(
    corpus: Path, recipe: VocoderRecipe, steps: int, factor: float
) -> None:
    """The mel L1 falls below `factor` of its first value."""
    torch.manual_seed(0)
    stage = VocoderStage(corpus, SMALL, replace(recipe, learning_rate=2e-3))
    batch, optimizer, mel = stage.batch(0), stage.optimizer(), []
    for _ in range(steps):
        losses = stage.losses(batch)
        mel.append(float(losses["mel"].detach()))
        optimizer.zero_grad()
        total_loss(losses, stage.weights).backward()
        optimizer.step()
    assert mel[-1] < factor * mel[0]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_is_kept_heard_and_read_back(corpus: Path, tmp_path: Path, precision: str) -> None:
    torch.manual_seed(0)
    stage = VocoderStage(corpus, SMALL, SPECTROGRAM)
    settings = RunSettings(2, validate_every=2, precision=precision)
    train(stage, tmp_path / "run", settings)
    for name in ("held_out", "real"):
        assert (tmp_path / f"run/valid/0000002_{name}.wav").stat().st_size > 10_000
    assert '"mel"' in (tmp_path / "run/log.jsonl").read_text()
    vocoder = build_vocoder(SMALL.vocoder, SMALL.audio)
    load_average(tmp_path / "run/state.safetensors", vocoder, "vocoder.")
    assert all(torch.isfinite(p).all() for p in vocoder.parameters())


def test_a_run_goes_on_to_the_same_bits(corpus: Path, tmp_path: Path) -> None:
    for name, stops in (("whole", (3,)), ("parts", (1, 3))):
        for steps in stops:
            torch.manual_seed(0)
            train(VocoderStage(corpus, SMALL, HIFIGAN), tmp_path / name, RunSettings(steps))
    whole, parts = (load_file(tmp_path / name / "state.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_bad_inputs_are_one_line(corpus: Path, tmp_path: Path) -> None:
    silent = replace(SMALL, vocoder=VocoderConfig(kind="griffin_lim"))
    with pytest.raises(TtsfError, match="griffin_lim vocoder has nothing to train"):
        VocoderStage(corpus, silent, PLAIN)
    with pytest.raises(TtsfError, match=r"no manifest.jsonl"):
        VocoderStage(tmp_path, SMALL, PLAIN)
    clips = read_manifest(corpus)
    write_manifest(
        corpus, [clip for clip in clips if clip.samples < SEGMENT or clip.split == "valid"]
    )
    with pytest.raises(TtsfError, match="no training clips of 8000 samples"):
        VocoderStage(corpus, SMALL, PLAIN)
    write_manifest(corpus, [clip for clip in clips if clip.split == "train"])
    with pytest.raises(TtsfError, match="no speech of the split valid"):
        VocoderStage(corpus, SMALL, PLAIN)
    odd = replace(SMALL, audio=replace(SMALL.audio, hop=128), video=replace(SMALL.video, fps=25),
                  vocoder=replace(SMALL.vocoder, istft_hop=32))  # fmt: skip
    with pytest.raises(TtsfError, match="does not divide"):
        VocoderStage(corpus, odd, PLAIN)


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
    vocoder = HifiGan(PUBLIC.vocoder, PUBLIC.audio)
    load_average(tmp_path / "run/state.safetensors", vocoder, "vocoder.")
    other = VocoderNet(PUBLIC, PLAIN).vocoder
    load_hifigan(generator, other, PUBLIC.vocoder, PUBLIC.audio)
    assert all(torch.equal(v, other.state_dict()[k]) for k, v in vocoder.state_dict().items())


def test_warm_start_by_command(
    generator: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRESETS, "tiny", PUBLIC)
    monkeypatch.setitem(RECIPES, "tiny", SPECTROGRAM)
    save_file(generator, tmp_path / "generator.safetensors")
    line = ["hifigan", str(tmp_path / "generator.safetensors"), "--preset", "tiny"]
    for choice in ("none", "spectrogram"):
        out = tmp_path / choice
        monkeypatch.setattr("sys.argv", ["x", *line, "--discriminators", choice, "--out", str(out)])
        warm_start.main()
        state = load_file(out / "state.safetensors")
        assert any("judges" in name for name in state) == (choice == "spectrogram")
