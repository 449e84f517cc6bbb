"""The vocoder stage: HiFi-GAN's losses by hand, batches, real steps, public generators."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from ttsf.config import ModelConfig, VocoderConfig
from ttsf.errors import TtsfError
from ttsf.model.mel import mel_spectrogram
from ttsf.model.ttsf import TTSF
from ttsf.research.data.clip_files import save_samples
from ttsf.research.data.manifest import Clip, Synthesised, read_manifest, write_manifest
from ttsf.research.hyperparameters import VocoderTraining
from ttsf.research.presets import MINI, PRESETS, Preset
from ttsf.research.training.adversarial.gan import (
    Seen,
    discriminator_score,
    feature_distance,
    gan_losses,
    generator_score,
)
from ttsf.research.training.loop import total_loss, train
from ttsf.research.training.parts import load_parts
from ttsf.research.training.settings import RunSettings, VocoderOptions
from ttsf.research.training.stages.vocoder import VocoderStage, stft_loss

SEGMENT = VocoderTraining().segment

SMALL: ModelConfig = replace(
    MINI.model,
    vocoder=VocoderConfig(
        channels=32, upsample_rates=(4,), upsample_kernels=(8,), resblock_kernels=(3,),
        resblock_dilations=(1, 3), istft_n_fft=160, istft_hop=40,
    ),
)  # fmt: skip
HIFIGAN = VocoderTraining(divisor=8, batch=2)
SPECTROGRAM = replace(MINI.vocoder, batch=2)
BOTH = replace(MINI.vocoder, batch=2, discriminators="both", divisor=8)
PLAIN = VocoderTraining(discriminators="none", stft=2.0, learning_rate=2e-3, batch=2)


def build(
    corpus: Path, model: ModelConfig, training: VocoderTraining, batches_a_step: int = 1
) -> VocoderStage:
    preset = Preset(model=model, vocoder=training)
    return VocoderStage(VocoderOptions(corpus), preset, batches_a_step=batches_a_step)


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
                Synthesised("sine", "a voice"), audio=f"{i:02d}.flac",
            )
        )  # fmt: skip
    write_manifest(folder, rows)
    return folder


def seen(*features: list[list[float]]) -> Seen:
    maps = tuple(torch.tensor(feature) for feature in features)
    return Seen(maps[-1].flatten(1), maps)


def test_least_squares_and_feature_matching_by_hand() -> None:
    real = [seen([[1.0, 2.0]], [[0.5, 1.5]]), seen([[4.0]], [[1.0]])]
    fake = [seen([[0.0, 4.0]], [[0.5, 0.0]]), seen([[1.0]], [[3.0]])]
    # (1-.5)^2, (1-0)^2 -> mean .625; (1-3)^2 = 4
    assert generator_score(fake) == pytest.approx(0.625 + 4)
    # real: (.25 + .25) / 2 and 0; fake: (.25 + 0) / 2 and 9
    assert discriminator_score(real, fake) == pytest.approx(0.25 + 0 + 0.125 + 9)
    # |1-0|, |2-4| -> 1.5; |.5-.5|, |1.5-0| -> .75; |4-1| = 3; |1-3| = 2
    assert feature_distance(real, fake) == pytest.approx(1.5 + 0.75 + 3 + 2)


def test_each_loss_teaches_its_own_side_alone() -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gain = nn.Parameter(torch.tensor(0.5))

        def forward(self, samples: torch.Tensor) -> list[Seen]:
            return [seen_of(samples * self.gain)]

    def seen_of(x: torch.Tensor) -> Seen:
        return Seen(x, (x,))

    discriminators, fake = Scale(), torch.full((1, 1), 2.0, requires_grad=True)
    found = gan_losses(discriminators, fake, torch.full((1, 1), 3.0))
    assert [float(loss.detach()) for loss in found] == pytest.approx([0, 0.5, 0.25 + 1])
    (found.adversarial + found.features).backward(retain_graph=True)
    assert discriminators.gain.grad is None and float(fake.grad) == pytest.approx(-0.5)
    found.discriminator.backward()
    # d/dg [(1 - 3 g)^2 + (2 g)^2] at g = .5: -6 (1 - 1.5) + 8 * .5
    assert float(discriminators.gain.grad) == pytest.approx(3 + 4) and float(fake.grad) == -0.5
    assert discriminators.gain.requires_grad


def test_stft_loss_of_the_same_and_of_half_the_sound() -> None:
    sound = torch.randn(2, SEGMENT)
    assert stft_loss(sound, sound) == 0
    assert stft_loss(sound / 2, sound) == pytest.approx(0.5 + np.log(2), rel=1e-3)


def test_the_paper_trains_by_hifigans_numbers() -> None:
    training = PRESETS["paper"].vocoder
    assert (training.discriminators, training.divisor, training.stft) == ("hifigan", 1, 0)
    assert (training.learning_rate, training.decay) == (2e-4, 0.999)
    assert PRESETS["mini-no-energy"].vocoder == MINI.vocoder
    assert MINI.vocoder.discriminators == "both" and MINI.vocoder.stft > 0


def test_batches_depend_on_the_number_alone(corpus: Path) -> None:
    a, b = (build(corpus, SMALL, PLAIN) for _ in range(2))
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
    stage = build(corpus, SMALL, PLAIN)
    batch = stage.batch(0)
    own = mel_spectrogram(batch.samples, SMALL.audio)
    assert (own - batch.mel)[..., 4:-4].abs().max() < 1e-3


def test_the_rate_falls_with_the_epochs(corpus: Path) -> None:
    stage = build(corpus, SMALL, HIFIGAN)
    group = stage.optimizer().param_groups[0]
    assert (group["lr"], group["betas"]) == (2e-4, (0.8, 0.99))
    assert stage.batches_per_epoch == 5
    assert [stage.learning_rate(step, 99) for step in (0, 4, 5, 9)] == [1, 1, 0.999, 0.999**2]
    doubled = build(corpus, SMALL, HIFIGAN, batches_a_step=2)
    assert doubled.learning_rate(9, 99) == pytest.approx(0.999**4)
    falls = build(corpus, SMALL, replace(stage.training, falling=0.2, decay=1.0))
    rates = [falls.learning_rate(step, 100) for step in (0, 80, 90, 100)]
    assert rates == pytest.approx([1, 1, 0.5, 0])


@pytest.mark.parametrize("training", [HIFIGAN, SPECTROGRAM, BOTH, PLAIN])
def test_one_real_step(corpus: Path, training: VocoderTraining) -> None:
    torch.manual_seed(0)
    stage = build(corpus, SMALL, training)
    losses = stage.losses(stage.batch(0))
    assert losses.keys() == stage.weights.keys()
    assert ("adversarial" in losses) == (training.discriminators != "none")
    assert ("stft" in losses) == (training.stft > 0)
    total_loss(losses, stage.weights).backward()
    parameters = dict(stage.net.named_parameters())
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in parameters.values())
    before = {name: p.detach().clone() for name, p in parameters.items()}
    stage.optimizer().step()
    moved = {
        name.split(".")[0] for name, p in parameters.items() if not torch.equal(p, before[name])
    }
    assert moved == (
        {"vocoder"} if training.discriminators == "none" else {"vocoder", "discriminators"}
    )


@pytest.mark.parametrize(
    ("training", "steps", "factor"), [(SPECTROGRAM, 25, 0.6), (PLAIN, 100, 0.45)]
)
def test_it_learns_one_batch(
    corpus: Path, training: VocoderTraining, steps: int, factor: float
) -> None:
    """The mel L1 falls below `factor` of its first value."""
    torch.manual_seed(0)
    stage = build(corpus, SMALL, replace(training, learning_rate=2e-3, segment=SEGMENT // 2))
    batch, optimizer, mel = stage.batch(0), stage.optimizer(), []
    for _ in range(steps):
        losses = stage.losses(batch)
        mel.append(float(losses["mel"].detach()))
        optimizer.zero_grad()
        total_loss(losses, stage.weights).backward()
        optimizer.step()
    assert mel[-1] < factor * mel[0]


def test_a_frame_rate_vocoder_learns_too(corpus: Path) -> None:
    torch.manual_seed(0)
    vocos = VocoderConfig(kind="vocos", channels=32, layers=2, istft_n_fft=640)
    stage = build(corpus, replace(SMALL, vocoder=vocos), replace(PLAIN, learning_rate=5e-3))
    batch, optimizer, mel = stage.batch(0), stage.optimizer(), []
    for _ in range(60):
        losses = stage.losses(batch)
        mel.append(float(losses["mel"].detach()))
        optimizer.zero_grad()
        total_loss(losses, stage.weights).backward()
        optimizer.step()
    assert mel[-1] < 0.5 * mel[0]


def test_a_head_for_f0_learns_alone(corpus: Path) -> None:
    """The loss falls to a third within 60 steps; the tones' F0 is found; the rest stays."""
    torch.manual_seed(0)
    vocos = VocoderConfig(
        kind="vocos", channels=32, layers=2, istft_n_fft=640, harmonics_hz=1_000.0
    )
    preset = Preset(model=replace(SMALL, vocoder=vocos), vocoder=replace(BOTH, learning_rate=1e-2))
    stage = VocoderStage(VocoderOptions(corpus, only="pitch"), preset)
    before = {name: p.detach().clone() for name, p in stage.net.named_parameters()}
    batch, optimizer, found = stage.batch(0), stage.optimizer(), []
    assert batch.f0 is not None and batch.f0.shape == (2, batch.mel.shape[-1])
    for _ in range(60):
        losses = stage.losses(batch)
        assert losses.keys() == stage.weights.keys() == {"pitch"}
        found.append(float(losses["pitch"].detach()))
        optimizer.zero_grad()
        total_loss(losses, stage.weights).backward()
        optimizer.step()
    assert found[-1] < found[0] / 3
    moved = {name for name, p in stage.net.named_parameters() if not torch.equal(p, before[name])}
    assert moved and all(name.startswith("vocoder.pitch.") for name in moved)
    vocoder = stage.model.vocoder
    pitch = vocoder.pitch.read(vocoder.pitch(vocoder.features(batch.mel)))
    for name, f0, voiced in zip(batch.names, pitch.f0, pitch.voiced, strict=True):
        tone = 100 + 10 * int(name.split()[1])
        assert (f0[voiced].median() / tone - 1).abs() < 0.03
    with torch.no_grad():
        figures = stage.validate(0, list(stage.held_out_batches())[:1]).figures
    assert figures.keys() == {"mel", "pitch"}


def test_sound_and_f0_are_taught_together(corpus: Path) -> None:
    vocos = VocoderConfig(
        kind="vocos", channels=32, layers=2, istft_n_fft=640, harmonics_hz=1_000.0
    )
    stage = build(corpus, replace(SMALL, vocoder=vocos), PLAIN)
    losses = stage.losses(stage.batch(0))
    assert losses.keys() == stage.weights.keys() == {"pitch", "mel", "stft"}
    total_loss(losses, stage.weights).backward()
    assert all(torch.isfinite(p.grad).all() for p in stage.net.parameters())


def test_a_vocoder_that_reads_no_f0_has_no_head_to_train(corpus: Path) -> None:
    with pytest.raises(TtsfError, match="reads no F0"):
        VocoderStage(VocoderOptions(corpus, only="pitch"), Preset(model=SMALL, vocoder=PLAIN))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_is_kept_heard_and_read_back(corpus: Path, tmp_path: Path, precision: str) -> None:
    torch.manual_seed(0)
    stage = build(corpus, SMALL, SPECTROGRAM)
    settings = RunSettings(2, validate_every=2, precision=precision)
    train(stage, tmp_path / "run", settings)
    for name in ("held_out", "real"):
        assert (tmp_path / f"run/valid/0000002_{name}.wav").stat().st_size > 10_000
    assert '"mel"' in (tmp_path / "run/log.jsonl").read_text()
    model = TTSF(SMALL)
    load_parts(model, tmp_path / "run", ("vocoder",))
    assert all(torch.isfinite(p).all() for p in model.vocoder.parameters())


def test_a_run_goes_on_to_the_same_bits(corpus: Path, tmp_path: Path) -> None:
    for name, stops in (("whole", (3,)), ("parts", (1, 3))):
        for steps in stops:
            torch.manual_seed(0)
            train(build(corpus, SMALL, HIFIGAN), tmp_path / name, RunSettings(steps))
    whole, parts = (load_file(tmp_path / name / "state.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_bad_inputs_are_one_line(corpus: Path, tmp_path: Path) -> None:
    silent = replace(SMALL, vocoder=VocoderConfig(kind="griffin_lim"))
    with pytest.raises(TtsfError, match="griffin_lim vocoder has nothing to train"):
        build(corpus, silent, PLAIN)
    with pytest.raises(TtsfError, match=r"no manifest.jsonl"):
        build(tmp_path, SMALL, PLAIN)
    clips = read_manifest(corpus)
    write_manifest(
        corpus, [clip for clip in clips if clip.samples < SEGMENT or clip.split == "valid"]
    )
    with pytest.raises(TtsfError, match="no training clips of 8000 samples"):
        build(corpus, SMALL, PLAIN)
    write_manifest(corpus, [clip for clip in clips if clip.split == "train"])
    assert build(corpus, SMALL, PLAIN).notes
    odd = replace(SMALL, audio=replace(SMALL.audio, hop=128), video=replace(SMALL.video, fps=25),
                  vocoder=replace(SMALL.vocoder, istft_hop=32))  # fmt: skip
    with pytest.raises(TtsfError, match="must be a multiple of the hop"):
        build(corpus, odd, PLAIN)
