"""The speech stages: batches depend on the step alone, a run learns, stops and goes on."""

# ruff: noqa: RUF001

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ttsf.config import (
    MINI,
    DurationConfig,
    ModelConfig,
    SpeechConfig,
    SpeechDecoderConfig,
    TextEncoderConfig,
    VocoderConfig,
)
from ttsf.data.speech_corpus import Clip
from ttsf.errors import TtsfError
from ttsf.training.loop import total_loss, train
from ttsf.training.tts import TtsStage
from ttsf.training.vocoder import VocoderStage, stft_loss

SMALL: ModelConfig = replace(
    MINI,
    speech=SpeechConfig(
        voice_channels=8,
        text_encoder=TextEncoderConfig(channels=24, layers=1, ffn_channels=32, prenet_layers=1),
        duration=DurationConfig(channels=16),
        decoder=SpeechDecoderConfig(
            channels=(16, 16), mid_blocks=1, head_channels=8, time_channels=16
        ),
    ),
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    clips, parts, start = [], [], 0
    for i in range(30):
        length = int(rng.integers(8_000, 16_000))
        tone = np.sin(2 * np.pi * (150 + 10 * i) * np.arange(length) / 16_000)
        split = "held_out" if i < 3 else "train"
        clips.append(
            Clip(start, length, "hello", "həlˈoʊ.", ("slt", "rms")[i % 2], split, "teacher")
        )
        parts.append((tone * 3_000).astype(np.int16))
        start += length
    folder = tmp_path / "speech"
    folder.mkdir()
    np.save(folder / "samples.npy", np.concatenate(parts))
    (folder / "index.json").write_text(json.dumps([asdict(c) for c in clips]))
    return folder


def test_batches_depend_on_the_step_alone(corpus: Path) -> None:
    a, b = TtsStage(corpus, SMALL, 10), TtsStage(corpus, SMALL, 10)
    assert a.data.speakers == ["rms", "slt"] and len(a.data.clips) == 27
    later = a.batch(7)
    for step in (0, 3, 7):
        seen = b.batch(step)
    assert all(torch.equal(x, y) for x, y in zip(later, seen, strict=True))
    everything = sorted(i for batch in a.data.epoch(5) for i in batch)
    assert everything == list(range(27))


def test_learning_rate_warms_up_and_decays(corpus: Path) -> None:
    stage = TtsStage(corpus, SMALL, 1_000)
    rates = [stage.learning_rate(s) for s in (0, 199, 600, 1_000)]
    assert rates[0] < 0.01 and rates[1] > 0.85 and rates[1] > rates[2] > rates[3]
    assert rates[3] == pytest.approx(0.1)


def test_a_run_writes_state_and_sound(corpus: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    stage = TtsStage(corpus, SMALL, 3)
    train(stage, tmp_path / "run", 3, validate_every=3)
    assert (tmp_path / "run/state.safetensors").is_file()
    assert (tmp_path / "run/000003.wav").stat().st_size > 1_000
    before = [p.detach().clone() for p in stage.net.parameters()]
    again = TtsStage(corpus, SMALL, 3)
    train(again, tmp_path / "run", 3)
    assert all(torch.equal(a, b) for a, b in zip(before, again.net.parameters(), strict=True))


def test_empty_corpus_is_an_error(tmp_path: Path) -> None:
    np.save(tmp_path / "samples.npy", np.zeros(1, np.int16))
    (tmp_path / "index.json").write_text("[]")
    with pytest.raises(TtsfError, match="no usable clips"):
        TtsStage(tmp_path, SMALL, 1)


@pytest.mark.parametrize("adversarial", [False, True])
def test_vocoder_losses_fall_and_are_named(
    corpus: Path, adversarial: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsf.training.vocoder.BATCH", 4)
    torch.manual_seed(0)
    config = replace(SMALL, vocoder=replace(MINI.vocoder, channels=16))
    stage = VocoderStage(corpus, config, 100, adversarial)
    optimizer, history = stage.optimizer(), []
    for _ in range(6):
        losses = stage.losses(stage.batch(0))
        history.append(float(losses["mel"].detach()))
        optimizer.zero_grad()
        total_loss(losses, stage.weights).backward()
        optimizer.step()
    assert history[-1] < history[0]
    assert torch.equal(stage.batch(3).mel, stage.batch(3).mel)


def test_generator_losses_do_not_teach_the_judges(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsf.training.vocoder.BATCH", 2)
    torch.manual_seed(0)
    config = replace(SMALL, vocoder=replace(MINI.vocoder, channels=16))
    stage = VocoderStage(corpus, config, 100, adversarial=True)
    losses = stage.losses(stage.batch(0))
    (losses["adversarial"] + losses["features"]).backward(retain_graph=True)
    assert all(p.grad is None for p in stage.net.judges.parameters())
    stage.net.zero_grad()
    losses["discriminator"].backward()
    assert all(p.grad is None for p in stage.net.vocoder.parameters())
    assert all(p.grad is not None for p in stage.net.judges.parameters())


def test_vocoder_validates_into_the_folder(corpus: Path, tmp_path: Path) -> None:
    config = replace(SMALL, vocoder=replace(MINI.vocoder, channels=16))
    figures = VocoderStage(corpus, config, 10, adversarial=False).validate(1, tmp_path)
    assert figures["mel"] > 0 and (tmp_path / "000001.wav").is_file()


def test_griffin_lim_has_nothing_to_train(corpus: Path) -> None:
    with pytest.raises(TtsfError, match="nothing to train"):
        VocoderStage(corpus, replace(SMALL, vocoder=VocoderConfig(kind="griffin_lim")), 1, False)


def test_stft_loss_is_zero_for_equal_sound() -> None:
    samples = torch.randn(1, 4_000)
    assert stft_loss(samples, samples) == 0 < stft_loss(samples, 0.5 * samples)
