"""Each stage overfits one batch: its main loss falls by the stated factor."""

import pytest
import torch

from tests.support.tiny_stages import TinyStages
from ttsf.research.training.loop import total_loss

STAGES = {
    # stage: (the losses that must fall, learning rate, steps, factor)
    "vocoder": (("mel",), 5e-3, 10, 0.9),
    "syncnet": (("contrast",), 2e-3, 40, 0.5),
    "tts": (("prior", "duration", "flow"), 5e-3, 60, 0.6),
    "face": (("rec", "codes"), 2e-3, 40, 0.7),
    "motion": (("lips", "ae"), 5e-3, 60, 0.6),
    "sound-lips": (("lips",), 3e-4, 30, 0.4),
    "voice": (("register",), 0.1, 200, 0.2),
    "joint": (("rec", "tts"), 3e-3, 15, 0.9),
}


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_learns_one_batch(stages: TinyStages, name: str) -> None:
    watched, rate, steps, factor = STAGES[name]
    stage = stages.build(name)
    if name == "voice":  # it begins fitted
        stage.mixture.register.requires_grad_(False).weight.zero_()
        stage.mixture.register.requires_grad_(True).bias.data.zero_()
    optimizer, batch = stage.optimizer(), stage.batch(0)
    for group in optimizer.param_groups:
        group["lr"] = rate
    history = []
    for _ in range(steps):
        torch.manual_seed(0)
        losses = stage.losses(batch)
        assert losses.keys() == stage.weights.keys()
        optimizer.zero_grad()
        total_loss(losses, stage.weights).backward()
        optimizer.step()
        history.append(sum(float(losses[key].detach()) for key in watched))
    assert history[-1] < factor * history[0], history
