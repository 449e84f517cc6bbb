"""The loop: Eq. 8's table, bit-exact resume, no state from a diverged step."""

from typing import ClassVar, NamedTuple

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from ttsf.errors import TtsfError
from ttsf.training.journal import Validation
from ttsf.training.loop import RunSettings, total_loss, train


class Points(NamedTuple):
    x: torch.Tensor
    names: tuple[str, ...]


class LineStage:
    """Fits a noisy line through a network with dropout, so that random states matter."""

    batches_per_epoch = 4
    weights: ClassVar = {"fit": 1.0}

    def __init__(self, poison: int = -1) -> None:
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        self.poison = poison

    def optimizer(self):
        return torch.optim.Adam(self.net.parameters(), lr=1e-2)

    def learning_rate(self, step, steps):
        return 1 / (1 + step)

    def batch(self, number):
        x = torch.randn(8, 2, generator=torch.Generator().manual_seed(number))
        return Points(x * (float("nan") if number == self.poison else 1.0), (f"clip {number}",))

    def losses(self, batch):
        wanted = batch.x.sum(1, keepdim=True)
        return {"fit": (self.net(batch.x) - wanted).square().mean()}

    def validate(self, step):
        return Validation({"step": float(step)}, {"grey": torch.zeros(3, 8, 8)})


def test_resuming_gives_the_same_bits_as_not_stopping(tmp_path):
    train(LineStage(), tmp_path / "whole", RunSettings(20))
    for steps in (3, 11, 20):
        train(LineStage(), tmp_path / "parts", RunSettings(steps))
    whole, parts = (load_file(tmp_path / name / "state.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[k], parts[k]) for k in whole)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_state(tmp_path):
    train(LineStage(), tmp_path, RunSettings(5))
    before = (tmp_path / "state.safetensors").read_bytes()
    with pytest.raises(TtsfError, match=r"step 7, batch 7 \(clip 7\)"):
        train(LineStage(poison=7), tmp_path, RunSettings(20))
    assert (tmp_path / "state.safetensors").read_bytes() == before


def test_the_loss_table_refuses_missing_and_unknown_names():
    one = torch.ones(())
    assert total_loss({"a": one, "b": 2 * one}, {"a": 1.0, "b": 0.5}) == 2
    for losses in ({"a": one}, {"a": one, "b": one, "c": one}):
        with pytest.raises(TtsfError, match="do not match"):
            total_loss(losses, {"a": 1.0, "b": 1.0})
