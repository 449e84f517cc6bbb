"""The loop: Eq. 8's table, bit-exact resume, no state from a diverged step."""

import json
from dataclasses import replace
from typing import ClassVar, NamedTuple

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file
from torch import nn

from ttsf.errors import TtsfError
from ttsf.research.presets import MINI
from ttsf.research.training import journal, start
from ttsf.research.training.journal import Validation
from ttsf.research.training.loop import total_loss, train
from ttsf.research.training.settings import RunSettings, TtsOptions
from ttsf.research.training.state import save_state


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

    def held_out_batches(self):
        yield Points(torch.zeros(1, 2), ("held out",))

    def validate(self, step, batches):
        assert [batch.names for batch in batches] == [("held out",)]
        return Validation({"step": float(step)}, {"grey": torch.zeros(3, 8, 8)})


def test_resuming_gives_the_same_bits_as_not_stopping(tmp_path):
    train(LineStage(), tmp_path / "whole", RunSettings(20))
    for steps in (3, 11, 20):
        train(LineStage(), tmp_path / "parts", RunSettings(steps))
    whole, parts = (load_file(tmp_path / name / "state.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[k], parts[k]) for k in whole)


def test_batches_of_several_threads_are_the_same_and_none_is_made_twice(tmp_path):
    stage, made = LineStage(), []
    batch = stage.batch
    stage.batch = lambda number: (made.append(number), batch(number))[1]
    train(stage, tmp_path / "four", RunSettings(20, loaders=4))
    train(LineStage(), tmp_path / "one", RunSettings(20))
    four, one = (load_file(tmp_path / name / "state.safetensors") for name in ("four", "one"))
    assert all(torch.equal(four[k], one[k]) for k in four)
    assert sorted(made) == list(range(20))


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


class Runaway(LineStage):
    """A loss that grows tenfold every 20 batches, or a gradient that is not finite."""

    def __init__(self, broken_gradient: int = -1) -> None:
        super().__init__()
        self.broken_gradient = broken_gradient

    def losses(self, batch):
        found = super().losses(batch)["fit"]
        number = int(batch.names[0].split()[1])
        if number == self.broken_gradient:
            weight = self.net[0].weight
            return {"fit": found + (weight - weight.detach()).abs().sum().sqrt()}  # 0, slope inf
        return {"fit": found.detach() * 0 + found / found.detach() * 10 ** (number / 20)}


def test_a_diverging_loss_stops_the_run(tmp_path):
    with pytest.raises(TtsfError, match="the loss diverges at step"):
        train(Runaway(), tmp_path, RunSettings(400, save_every=10))
    assert (tmp_path / "state.safetensors").is_file()
    assert (tmp_path / "previous.safetensors").is_file()


def test_a_gradient_that_is_not_finite_is_blamed_on_its_batch(tmp_path):
    with pytest.raises(TtsfError, match=r"the gradient is not finite at step 3, batch 3 \(clip 3"):
        train(Runaway(broken_gradient=3), tmp_path, RunSettings(20, divergence=1e9))


def test_a_state_that_is_not_finite_is_never_saved(tmp_path):
    net, optimizer = nn.Linear(1, 1), None
    optimizer = torch.optim.Adam(net.parameters())
    save_state(tmp_path, 1, net, {}, optimizer)
    before = (tmp_path / "state.safetensors").read_bytes()
    net.weight.data.fill_(float("nan"))
    with pytest.raises(TtsfError, match=r"net\.weight is not finite at step 2"):
        save_state(tmp_path, 2, net, {}, optimizer)
    assert (tmp_path / "state.safetensors").read_bytes() == before


def test_bfloat16_learns_and_the_weights_stay_float32(tmp_path):
    stage = LineStage()
    train(stage, tmp_path, RunSettings(150, precision="bfloat16", log_every=50))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    fits = [line["fit"] for line in lines if "fit" in line]
    assert fits[-1] < fits[0]
    assert all(p.dtype == torch.float32 for p in stage.net.parameters())


def test_a_validation_leaves_pictures_and_goes_on_with_its_own_weights(tmp_path):
    stage = LineStage()
    train(stage, tmp_path / "a", RunSettings(6, validate_every=2))
    train(LineStage(), tmp_path / "b", RunSettings(6))
    a, b = (load_file(tmp_path / name / "state.safetensors") for name in "ab")
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert (tmp_path / "a" / "valid" / "0000002_grey.png").is_file()


def test_a_slow_run_writes_a_line_every_minute(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "EVERY_S", 0.0)
    train(LineStage(), tmp_path, RunSettings(3, log_every=50))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "fit" in line] == [1, 2, 3]


def test_another_model_s_state_is_refused(tmp_path):
    train(LineStage(), tmp_path, RunSettings(1))
    other = LineStage()
    other.net = nn.Sequential(nn.Linear(2, 9), nn.Dropout(0.5), nn.Linear(9, 1))
    with pytest.raises(TtsfError, match="belongs to another model"):
        train(other, tmp_path, RunSettings(2))


@pytest.mark.parametrize(("processes", "steps"), [("1", 15), ("8", 2)])
def test_epochs_are_steps_of_all_processes(monkeypatch, tmp_path, processes, steps):
    ran = []
    line = LineStage()
    line.batches_per_epoch, line.training = 10, MINI.tts
    monkeypatch.setattr(start, "_announced", lambda *_: "")
    monkeypatch.setenv("WORLD_SIZE", processes)
    monkeypatch.setattr(start, "build_stage", lambda *_: line)
    monkeypatch.setattr(start, "train", lambda *given: ran.append(given[2].steps))
    options, settings = TtsOptions(tmp_path), RunSettings(1, accumulate=2)
    start.train_stage(options, MINI, tmp_path, settings, epochs=3)
    start.train_stage(options, MINI, tmp_path, settings, steps=7)
    start.train_stage(options, MINI, tmp_path, settings)
    assert ran == [steps, 7, MINI.tts.steps]


@pytest.mark.parametrize("field", ["steps", "loaders", "accumulate", "save_every", "log_every"])
@pytest.mark.parametrize("value", [0, -1])
def test_counts_start_at_one(field, value):
    with pytest.raises(ValidationError, match=field):
        replace(RunSettings(1), **{field: value})
