"""Joint training: the losses of Eq. 8 with and without experts, and their gradients."""

from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.support.tiny_stages import TINY_PRESET, TinyStages
from ttsf import checkpoint
from ttsf.errors import TtsfError
from ttsf.research.experts.syncnet import SyncNet
from ttsf.research.hyperparameters import LossWeights
from ttsf.research.presets import PRESETS
from ttsf.research.training.assemble import assemble
from ttsf.research.training.frozen_experts import Experts, find_experts
from ttsf.research.training.loop import total_loss
from ttsf.research.training.settings import JointOptions, RunSettings
from ttsf.research.training.stages.joint import JointStage, loss_weights
from ttsf.research.training.start import train_stage
from ttsf.research.training.state import read_average


class Maps(nn.Module):
    """Stands in for VGG19."""

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        return F.avg_pool2d(picture, 4), F.avg_pool2d(picture, 16)


class Embedding(nn.Module):
    """Stands in for the identity network."""

    def forward(self, picture: Tensor) -> Tensor:
        return F.normalize(F.avg_pool2d(picture, 64).flatten(1), dim=1)


@pytest.fixture(scope="module")
def stage(stages: TinyStages) -> JointStage:
    torch.manual_seed(0)
    sync = SyncNet(TINY_PRESET.syncnet.network).requires_grad_(False)
    experts = Experts(Maps(), Embedding(), sync)  # type: ignore[arg-type]
    return JointStage(JointOptions(stages.corpus), TINY_PRESET, 0, experts)


def test_the_papers_weights_are_the_default() -> None:
    wanted = {
        "gan": 0.1, "rec": 1, "id": 0.3, "sync": 0.1,
        "ot_cfm": 0.1, "ae": 1, "prior": 0.1, "tts": 1,
    }  # fmt: skip
    assert asdict(LossWeights()) == wanted
    assert PRESETS["mini-no-energy"].joint == PRESETS["mini"].joint


def test_every_loss_of_eq_8_is_there(stage: JointStage) -> None:
    torch.manual_seed(0)
    losses = stage.losses(stage.batch(0))
    assert losses.keys() == stage.weights.keys() == {*asdict(LossWeights()), "discriminator", "r1"}
    assert all(torch.isfinite(loss) and loss >= 0 for loss in losses.values())
    total_loss(losses, stage.weights)


@pytest.mark.parametrize(
    ("loss", "learns", "keeps"),
    [
        ("gan", "generator", "discriminator"),
        ("rec", "generator", "discriminator"),
        ("id", "generator", "prior"),
        ("sync", "audio_mapper", "discriminator"),
        ("tts", "face_encoder", "generator"),  # through f_id
        ("ae", "normalizer", "face_encoder"),
        ("prior", "prior", "audio_mapper"),
        ("ot_cfm", "sampler", "generator"),
        ("discriminator", "discriminator", "generator"),
        ("r1", "discriminator", "generator"),
    ],
)
def test_a_loss_teaches_what_it_is_for(
    stage: JointStage, loss: str, learns: str, keeps: str
) -> None:
    torch.manual_seed(0)
    stage.net.zero_grad()
    stage.losses(stage.batch(0))[loss].backward()

    def taught(name: str) -> bool:
        part = stage.net.get_submodule(name)
        return any(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters())

    assert taught(learns) and not taught(keeps)


def test_it_begins_with_the_parts_that_a_run_holds(stages: TinyStages, tmp_path: Path) -> None:
    run = stages.run("tts")
    weights = read_average(run)
    torch.manual_seed(1)
    stage = JointStage(JointOptions(stages.corpus, run, allow_missing=True), TINY_PRESET)
    state = stage.model.state_dict()
    known = [name for name in weights if name.startswith("speech.encoder.")]
    assert known and all(torch.equal(state[name], weights[name]) for name in known)
    bias = state["speech.voice_projection.bias"]
    torch.testing.assert_close(bias, weights["table.weight"].mean(0))
    with pytest.raises(TtsfError, match="holds no part of the model"):
        JointStage(
            JointOptions(stages.corpus, stages.run("syncnet"), allow_missing=True), TINY_PRESET
        )
    with pytest.raises(TtsfError, match="no part of a model found there"):
        assemble(TINY_PRESET, [stages.run("syncnet")])
    with pytest.raises(TtsfError, match="is a training run; make a model of it with ttsf assemble"):
        checkpoint.load(run)


def test_r1_is_due_every_sixteenth_batch(stage: JointStage) -> None:
    assert [stage.batch(n).penalise for n in (0, 1, 15, 16)] == [True, False, False, True]
    assert float(stage.losses(stage.batch(1))["r1"]) == 0


def test_missing_experts_stop_the_run_or_are_named(tmp_path: Path) -> None:
    everything = r"vgg19-dcbb9e9d\.pth.*model_ir_se50\.pth.*--syncnet; or .* --allow-missing"
    with pytest.raises(TtsfError, match=everything):
        find_experts(tmp_path, None, TINY_PRESET.syncnet.network, allow_missing=False)
    experts = find_experts(tmp_path, None, TINY_PRESET.syncnet.network, allow_missing=True)
    assert experts == Experts(None, None, None) and len(experts.missing()) == 3
    weights = loss_weights(TINY_PRESET.joint, experts)
    assert {"id", "sync"}.isdisjoint(weights) and weights["features"] == weights["rec"]
    (tmp_path / "vgg19-dcbb9e9d.pth").write_bytes(b"another file")
    with pytest.raises(TtsfError, match="not the public file"):
        find_experts(tmp_path, None, TINY_PRESET.syncnet.network, allow_missing=True)


def test_validation_shows_and_speaks(stage: JointStage) -> None:
    stage.net.eval()
    with torch.no_grad():
        found = stage.validate(1, stage.held_out_batches())
    assert {"psnr", "copy", "tts"} == found.figures.keys()
    assert found.pictures["clips"].shape[0] == 3 and found.sounds["held_out"].dim() == 1
    stage.net.train()


def test_a_run_that_began_with_a_model_of_many_voices_can_be_assembled(
    stages: TinyStages, tmp_path: Path
) -> None:
    runs = [stages.run(name) for name in ("tts", "face", "motion", "voice", "vocoder")]
    begun, _ = assemble(TINY_PRESET, runs)
    checkpoint.save(begun, tmp_path / "model")
    options = JointOptions(stages.corpus, tmp_path / "model", allow_missing=True)
    train_stage(options, TINY_PRESET, tmp_path / "joint", RunSettings(1), 1)
    model, _ = assemble(TINY_PRESET, [tmp_path / "joint", stages.run("vocoder")])
    assert model.config.speech.voices == begun.config.speech.voices != ()
