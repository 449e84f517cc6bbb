"""The speech stages: batches depend on the step only; runs learn, stop and resume."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.support.tiny_stages import write_speech
from ttsf.config import (
    DurationConfig,
    SpeechConfig,
    SpeechDecoderConfig,
    TextEncoderConfig,
)
from ttsf.errors import TtsfError
from ttsf.model.mel import mel_spectrogram
from ttsf.research.presets import MINI
from ttsf.research.training.loop import train
from ttsf.research.training.settings import RunSettings, TtsOptions
from ttsf.research.training.stages.tts import TtsStage

SMALL = replace(
    MINI,
    model=replace(
        MINI.model,
        speech=SpeechConfig(
            voice_channels=8,
            text_encoder=TextEncoderConfig(channels=24, layers=1, ffn_channels=32, prenet_layers=1),
            duration=DurationConfig(channels=16),
            decoder=SpeechDecoderConfig(
                channels=(16, 16), mid_blocks=1, head_channels=8, time_channels=16
            ),
        ),
    ),
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_speech(tmp_path / "speech")


def test_batches_depend_on_the_step_alone(corpus: Path) -> None:
    a, b = TtsStage(TtsOptions(corpus), SMALL), TtsStage(TtsOptions(corpus), SMALL)
    assert a.speakers == ["rms", "slt"] and len(a.speech.clips) == 12
    later = a.batch(7)
    for step in (0, 3, 7):
        seen = b.batch(step)
    assert later.spoken.log_f0 is None and seen.spoken.log_f0 is None
    assert all(torch.equal(x, y) for x, y in zip(later.spoken[:5], seen.spoken[:5], strict=True))
    assert torch.equal(later.speakers, seen.speakers) and later.names == seen.names
    everything = sorted(i for batch in a.speech.epoch(5, 12, 5_000) for i in batch)
    assert everything == list(range(12))


def test_sound_stays_on_disk_until_a_batch_needs_it(corpus: Path) -> None:
    """Every one of several processes holds the list of the corpus, and none its mels."""
    stage = TtsStage(TtsOptions(corpus), SMALL)
    held = [x for u in stage.speech.utterances for x in u if isinstance(x, torch.Tensor)]
    seconds = sum(clip.samples for clip in stage.speech.clips) / 16_000
    assert sum(x.nbytes for x in held) < 200 * seconds
    first = stage.batch(0)
    place = stage.speech.clips.index(next(c for c in stage.speech.clips if c.name == "05"))
    mel = stage.speech.collate([place]).spoken.mel
    samples = torch.from_numpy(stage.speech.speech.waveform(stage.speech.clips[place]))
    assert torch.equal(mel, mel_spectrogram(samples[None], SMALL.model.audio))
    (corpus / "05.flac").unlink()
    with pytest.raises(TtsfError, match=r"clip '05': cannot read .*05\.flac: No such file"):
        stage.speech.collate([place])
    assert "05" in first.names  # all twelve are one batch, read before


def test_voices_with_few_minutes_are_drawn_more_often(corpus: Path) -> None:
    speech = TtsStage(TtsOptions(corpus), SMALL).speech
    speech.clips = [
        replace(clip, speaker="rms" if i < 3 else "slt", samples=16_000)
        for i, clip in enumerate(speech.clips)
    ]
    drawn = [i for s in range(200) for batch in speech.epoch(s, 12, 5_000, 0.5) for i in batch]
    # 3 clips of the one and 9 of the other: half and one and a half of the mean
    assert drawn.count(0) / 200 == pytest.approx(0.5**-0.5, abs=0.15)
    assert drawn.count(11) / 200 == pytest.approx(1.5**-0.5, abs=0.15)
    assert speech.epoch(3, 12, 5_000, 0.5) == speech.epoch(3, 12, 5_000, 0.5)


def test_learning_rate_warms_up_and_decays(corpus: Path) -> None:
    stage = TtsStage(TtsOptions(corpus), SMALL)
    rates = [stage.learning_rate(s, 1_000) for s in (0, 199, 600, 1_000)]
    assert rates[0] < 0.01 and rates[1] > 0.85 and rates[1] > rates[2] > rates[3]
    assert rates[3] == pytest.approx(0.1)


def test_a_run_writes_state_and_sound(corpus: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    stage = TtsStage(TtsOptions(corpus), SMALL)
    train(stage, tmp_path / "run", RunSettings(3, validate_every=3))
    assert (tmp_path / "run/state.safetensors").is_file()
    assert (tmp_path / "run/valid/0000003_held_out.wav").stat().st_size > 1_000
    before = [p.detach().clone() for p in stage.net.parameters()]
    again = TtsStage(TtsOptions(corpus), SMALL)
    train(again, tmp_path / "run", RunSettings(3))
    assert all(torch.equal(a, b) for a, b in zip(before, again.net.parameters(), strict=True))


def test_a_corpus_without_speech_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "manifest.jsonl").write_text("")
    with pytest.raises(TtsfError, match="no speech with text of the split train"):
        TtsStage(TtsOptions(tmp_path), SMALL)
