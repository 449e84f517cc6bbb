"""One real step of each stage in order, each reading the one before; they join into a model."""

import json

import torch

from tests.training.test_face_stage import write_faces
from tests.training.tiny import write_speech
from ttsf import checkpoint
from ttsf.model import GenerateOptions
from ttsf.presets import MINI
from ttsf.training.assemble import Runs, assemble
from ttsf.training.loop import to_device, total_loss
from ttsf.training.stages.face import FaceStage
from ttsf.training.stages.motion import CLIP_FRAMES, CrossingStage
from ttsf.training.stages.tts import TtsStage
from ttsf.training.stages.voice import VoiceStage
from ttsf.training.state import save_state


def one_step(stage, run):
    """One optimiser step; every trained tensor must be finite and something must have moved."""
    before = [p.detach().clone() for p in stage.net.parameters()]
    optimizer = stage.optimizer()
    loss = total_loss(stage.losses(stage.batch(0)), stage.weights)
    loss.backward()
    optimizer.step()
    after = list(stage.net.parameters())
    assert all(torch.isfinite(p).all() for p in after)
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    run.mkdir(exist_ok=True)
    average = {k: v.detach().clone() for k, v in stage.net.state_dict().items()}
    save_state(run, 1, stage.net, average, optimizer)


def losses_elsewhere(stage, batch, *more):
    """The losses on the device "meta", which like a GPU refuses to meet tensors of the CPU."""
    place = torch.device("meta")
    for part in (stage.net, *more):
        part.to(place)
    return {loss.device.type for loss in stage.losses(to_device(batch, place)).values()}


def test_every_stage_steps_and_the_model_speaks(tmp_path):
    torch.manual_seed(0)
    faces, speech = write_faces(tmp_path / "faces"), write_speech(tmp_path / "speech")
    tts, face = tmp_path / "tts", tmp_path / "face"
    stage = TtsStage(speech, MINI)
    one_step(stage, tts)
    (tts / "speakers.json").write_text(json.dumps(stage.data.speakers))
    painted = FaceStage(faces, faces, "mini", side=32, people=2, targets=2)
    one_step(painted, face)
    assert losses_elsewhere(painted, painted.batch(0)) == {"meta"}
    crossing = CrossingStage(speech, tts, face, "mini")
    batch = crossing.batch(0)
    assert batch.lips.shape[1] >= CLIP_FRAMES and batch.lips.shape == batch.head.shape
    assert torch.equal(batch.head, crossing.batch(0).head)
    one_step(crossing, tmp_path / "crossing")
    assert losses_elsewhere(crossing, batch, crossing.extractor) == {"meta"}
    voices = {"low": ["rms"], "high": ["slt"]}
    one_step(VoiceStage(face, tts, faces, faces, voices, "mini"), tmp_path / "voice")
    model = assemble("mini", Runs(None, tts, face, tmp_path / "crossing", tmp_path / "voice"))
    checkpoint.save(model, tmp_path / "model")
    loaded = checkpoint.load(tmp_path / "model").eval()
    out = loaded.generate(torch.zeros(3, 256, 256), [0, 20, 0], GenerateOptions(steps=2))
    assert out.samples.shape == (640 * out.frame_count,)
    assert torch.isfinite(out.samples).all()
