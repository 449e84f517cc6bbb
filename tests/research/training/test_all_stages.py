"""One real step of each stage in order, each reading the previous ones, assembled into a model."""

from dataclasses import replace
from pathlib import Path

import torch

from tests.support.tiny_stages import TinyStages
from ttsf import checkpoint
from ttsf.config import CLIP_FRAMES, VoiceConfig
from ttsf.model.sampling import Sampling
from ttsf.model.ttsf import TTSF
from ttsf.research.hyperparameters import FaceTraining, MotionTraining
from ttsf.research.presets import MINI, Preset
from ttsf.research.training.assemble import assemble
from ttsf.research.training.loop import total_loss
from ttsf.research.training.parts import SPEAKERS, VOICES, read_weights, voices_text
from ttsf.research.training.state import save_state

SMALL_STEPS = replace(
    MINI,
    tts=replace(MINI.tts, batch=2),
    vocoder=replace(MINI.vocoder, batch=2),
    face=FaceTraining(side=32, people=2, targets=2),
    motion=MotionTraining(batch=2),
)


def one_step(stage, run: Path) -> Path:
    """One optimiser step; every trained tensor must be finite and something must have moved."""
    before = [p.detach().clone() for p in stage.net.parameters()]
    optimizer = stage.optimizer()
    loss = total_loss(stage.losses(stage.batch(0)), stage.weights)
    loss.backward()
    optimizer.step()
    after = list(stage.net.parameters())
    assert all(torch.isfinite(p).all() for p in after)
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    run.mkdir(parents=True)
    (run / SPEAKERS).write_text('["rms", "slt"]')
    average = {k: v.detach().clone() for k, v in stage.net.state_dict().items()}
    save_state(run, 1, stage.net, average, optimizer, {"parts": "[]"})
    return run


def test_every_stage_steps_and_the_model_speaks(tmp_path: Path) -> None:
    stages = TinyStages(tmp_path, SMALL_STEPS)
    runs = [one_step(stages.build(name), stages.runs / name) for name in ("tts", "face")]
    motion = stages.build("motion")
    batch = motion.batch(0)
    known, again = motion.tracks(batch), motion.tracks(motion.batch(0))
    assert known.lips.shape[1] >= CLIP_FRAMES and known.lips.shape == known.head.shape
    assert torch.equal(known.head, again.head)
    runs += [
        one_step(stage, tmp_path / name)
        for name, stage in (
            ("motion", motion),
            ("voice", stages.build("voice")),
            ("vocoder", stages.build("vocoder")),
        )
    ]
    voices = [VoiceConfig("rms", "low"), VoiceConfig("slt", "high")]
    (runs[3] / VOICES).write_text(voices_text(voices))
    model, untrained = assemble(SMALL_STEPS, runs)
    assert untrained == []
    state = model.state_dict()
    for run in runs:
        for name, value in read_weights(run).items():
            if name in state:
                assert torch.equal(state[name], value), name
    checkpoint.save(model, tmp_path / "model")
    loaded = checkpoint.load(tmp_path / "model")
    with torch.inference_mode():
        source = loaded.read_faces(torch.zeros(1, 3, 256, 256))
        voice = loaded.choose_voice(source)
    said = loaded.say(voice, [0, 20, 0], Sampling(steps=2))
    assert said.samples.shape == (960 * said.f_lip.shape[1],)
    assert torch.isfinite(said.samples).all()


def test_a_model_gives_what_no_run_has(
    stages: TinyStages, tmp_path: Path, tiny_model: TTSF
) -> None:
    checkpoint.save(tiny_model, tmp_path / "base")
    preset = Preset(model=tiny_model.config)
    model, untrained = assemble(preset, [tmp_path / "base", stages.run("tts")])
    run, base = read_weights(stages.run("tts")), read_weights(tmp_path / "base")
    assert untrained == []
    for name, value in model.state_dict().items():
        assert torch.equal(value, run[name] if name in run else base[name].float()), name
    _, untrained = assemble(preset, [stages.run("tts")])
    assert "generator" in untrained and "speech.voice_projection" in untrained
