"""The speech stages on speech with known times and F0, and a 24 kHz vocoder."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.support.readings import write_reading
from ttsf.research.data.manifest import read_manifest, write_manifest
from ttsf.research.data.synthetic.timed_voices import timed_jobs, timed_one
from ttsf.research.presets import MINI
from ttsf.research.training.journal import Validation
from ttsf.research.training.loop import train
from ttsf.research.training.parts import SPEAKERS
from ttsf.research.training.settings import RunSettings, TtsOptions, VocoderOptions
from ttsf.research.training.stages.tts import TtsStage
from ttsf.research.training.stages.vocoder import VocoderStage, output_audio
from ttsf.research.training.state import read_average

SMALL = replace(
    MINI,
    model=replace(MINI.model, vocoder=replace(MINI.model.vocoder, channels=16, layers=1)),
    vocoder=replace(MINI.vocoder, batch=2, discriminators="spectrogram"),
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder, out = tmp_path / "read", tmp_path / "corpus"
    for number in (25, 26, 27):
        write_reading(folder, f"{number:012x}")
    clips = [clip for job in timed_jobs(folder, 5.0) for clip in timed_one(job, out).clips]
    narrow = replace(clips[1], name="narrow", wide=None)
    write_manifest(out, [*clips, narrow])
    return out


def test_tts_learns_from_known_times(corpus: Path) -> None:
    stage = TtsStage(TtsOptions(corpus), MINI)
    batch = stage.batch(0)
    spoken = batch.spoken
    assert spoken.durations is not None and spoken.log_f0 is not None
    assert torch.equal(spoken.durations.sum(1), spoken.mel_lengths)
    assert spoken.log_f0.exp().median() == pytest.approx(150, abs=2)
    assert stage.losses(batch).keys() == stage.weights.keys() == {
        "prior", "duration", "flow", "prosody",
    }  # fmt: skip


def test_a_vocoder_of_24_khz_learns_from_wide_and_narrow_sound(corpus: Path) -> None:
    stage = VocoderStage(VocoderOptions(corpus), SMALL)
    assert output_audio(SMALL.model).fmax == 12_000
    batches = [stage.batch(k) for k in range(4)]
    assert {bool(x) for batch in batches for x in batch.narrow} == {False, True}
    batch = next(batch for batch in batches if batch.narrow.any())
    assert batch.samples.shape == (2, 3 * 11_200 // 2)
    losses = stage.losses(batch)
    assert losses.keys() == stage.weights.keys()
    sum(losses.values()).backward()
    cut = stage._in_band(torch.randn(2, 16_800), torch.tensor([True, False]))
    power = torch.fft.rfft(cut).abs().square()
    above = power[:, 5_400:].sum(1) / power.sum(1)
    assert above[0] < 1e-6 and above[1] > 0.3
    with torch.no_grad():
        found = stage.validate(1, stage.held_out_batches())
    assert found.rate == 24_000 and found.figures["mel"] > 0


def test_f0_that_a_corpus_lacks_is_found_in_the_sound(corpus: Path) -> None:
    stage = TtsStage(TtsOptions(corpus), MINI)
    known = stage.batch(0).spoken.log_f0
    write_manifest(corpus, [replace(clip, f0=None) for clip in stage.speech.clips])
    found = TtsStage(TtsOptions(corpus), MINI).batch(0).spoken.log_f0
    assert known is not None and found is not None
    torch.testing.assert_close(known, found, atol=0.05, rtol=0)


def test_the_finish_teaches_d_tts_by_discriminators(corpus: Path) -> None:
    torch.manual_seed(0)
    stage = TtsStage(TtsOptions(corpus, adversarial=True), MINI)
    losses = stage.losses(stage.batch(0))
    assert losses.keys() == stage.weights.keys() > {"adversarial", "features", "discriminator"}
    (losses["adversarial"] + losses["features"]).backward()
    speech, discriminators = stage.model.speech, stage.discriminators
    assert discriminators is not None
    assert speech.decoder.out.weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in speech.encoder.parameters())
    assert all(p.grad is None for p in discriminators.parameters())
    stage.losses(stage.batch(0))["discriminator"].backward()
    assert all(p.grad is not None for p in discriminators.parameters())


def test_a_run_begins_with_another_ones_weights(corpus: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    first = TtsStage(TtsOptions(corpus), MINI)
    first.validate = lambda step, batches: Validation()  # type: ignore[method-assign]
    train(first, tmp_path / "run", RunSettings(1))
    (tmp_path / "run" / SPEAKERS).write_text('["ann"]')
    second = TtsStage(TtsOptions(corpus, adversarial=True, warm_start=tmp_path / "run"), MINI)
    kept = read_average(tmp_path / "run")
    own = second.net.state_dict()
    assert {name for name in own if name not in kept} == {
        name for name in own if name.startswith("discriminators.")
    }
    assert all(torch.equal(own[name], value) for name, value in kept.items())
    assert any(name.startswith("speech.refiner.") for name in kept)


def test_without_held_out_speech_the_training_clips_validate(corpus: Path) -> None:
    clips = [replace(clip, split="train") for clip in read_manifest(corpus)]
    write_manifest(corpus, clips)
    tts, vocoder = TtsStage(TtsOptions(corpus), MINI), VocoderStage(VocoderOptions(corpus), SMALL)
    assert tts.held_out is tts.speech and "on training clips" in tts.notes[0]
    assert vocoder.held_out is vocoder.speech and "on training clips" in vocoder.notes[0]
    write_manifest(corpus, [*clips[:-1], replace(clips[-1], split="valid", speaker="stranger")])
    assert TtsStage(TtsOptions(corpus), MINI).notes
    assert not VocoderStage(VocoderOptions(corpus), SMALL).notes
